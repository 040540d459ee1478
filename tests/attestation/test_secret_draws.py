"""From the hash told before to the verdict after: what was drawn is what was asked."""

from __future__ import annotations

import json
import stat
from dataclasses import replace
from pathlib import Path

import pytest
from made_families import population
from typer.testing import CliRunner, Result

from cladist.attestation.case import Case
from cladist.attestation.checking import Checked, Trust, check_statement
from cladist.attestation.of_deployments import identity_case
from cladist.attestation.stated import payload_of
from cladist.cli.main import app
from cladist.core.assay import Protocol
from cladist.core.responses import ResponseSet
from cladist.core.secret import Secret, new_secret, restrict
from cladist.errors import InputError, UsageError
from cladist.provenance.deployments import Side
from tests.attestation.conftest import CREATED, Keys, protocol_of
from tests.attestation.test_tampering import signed

PROTOCOL = protocol_of(30)
POOL = PROTOCOL.probes


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, [str(a) for a in arguments])


def answers(name: str, protocol: Protocol = PROTOCOL) -> ResponseSet:
    texts = [f"answer to {p.text}" for p in protocol.probes.probes]
    return ResponseSet.of_texts(name, texts, protocol.probes.ids)


def case_of(secret: Secret | None, second: ResponseSet, protocol: Protocol = PROTOCOL) -> Case:
    first = Side(answers("claimed", protocol))
    return identity_case(first, Side(second), protocol, rate=0.01, tolerance=0.2, secret=secret)


def told(found: Checked) -> list[tuple[str, str]]:
    return [(c.outcome, c.words) for c in found.checks if c.what == "secret"]


def test_a_draw_that_was_told_before(keys: Keys, tmp_path: Path) -> None:
    secret = new_secret(POOL, 20)
    pack = keys.sign(tmp_path / "v.zip", case_of(secret, restrict(answers("now"), secret, POOL)))
    found = check_statement(pack, Trust(keys.trusted, commitment=secret.commitment))
    assert found.holds
    assert told(found) == [("passed", "the 20 probes asked are those that the seed draws from 30")]
    untold = check_statement(pack, Trust(keys.trusted))
    assert not untold.holds and not untold.failed
    assert [o for o, _ in told(untold)] == ["passed", "open"]
    other = check_statement(pack, Trust(keys.trusted, commitment="0" * 64))
    assert other.failed and "you were told 0000" in told(other)[0][1]


def test_probes_chosen_by_their_answers(keys: Keys, tmp_path: Path) -> None:
    secret = new_secret(POOL, 20)
    trust = Trust(keys.trusted, commitment=secret.commitment)
    drawn = restrict(answers("now"), secret, POOL)
    gone = secret.places(POOL)[0]
    fewer = replace(drawn, slots=(*drawn.slots[:gone], (), *drawn.slots[gone + 1 :]))
    pack = keys.sign(tmp_path / "fewer.zip", case_of(secret, fewer))
    assert "was asked 0 others and lacks 1 of them" in told(check_statement(pack, trust))[0][1]
    pack = keys.sign(tmp_path / "more.zip", case_of(secret, answers("now")))
    assert "was asked 10 others and lacks 0" in told(check_statement(pack, trust))[0][1]
    pack = keys.sign(tmp_path / "none.zip", case_of(None, answers("now")))
    assert "reveals no seed for it" in told(check_statement(pack, trust))[0][1]


def test_a_seed_that_was_changed_after(keys: Keys, tmp_path: Path) -> None:
    secret = new_secret(POOL, 20)
    case = case_of(secret, restrict(answers("now"), secret, POOL))
    payload = json.loads(payload_of(case, CREATED))
    payload["predicate"]["secret"]["revealed"] = new_secret(POOL, 20).as_data()
    pack = signed(keys, tmp_path / "v.zip", json.dumps(payload).encode(), dict(case.files))
    assert "is not that of the hash" in told(check_statement(pack, Trust(keys.trusted)))[0][1]
    payload = json.loads(payload_of(case, CREATED))
    payload["predicate"]["secret"]["asked"] = "somebody"
    pack = signed(keys, tmp_path / "w.zip", json.dumps(payload).encode(), dict(case.files))
    assert "has no answers in the pack" in told(check_statement(pack, Trust(keys.trusted)))[0][1]


def test_passages_need_their_text(keys: Keys, tmp_path: Path) -> None:
    text = " ".join(f"w{i}" for i in range(900))
    secret = new_secret(text, 30)
    protocol = Protocol("p", secret.passages(text), PROTOCOL.decoding)
    pack = keys.sign(tmp_path / "v.zip", case_of(secret, answers("now", protocol), protocol))
    trust = Trust(keys.trusted, commitment=secret.commitment, text=text)
    assert check_statement(pack, trust).holds
    untold = check_statement(pack, replace(trust, text=None))
    assert not untold.failed and "give it with --text" in told(untold)[0][1]
    assert check_statement(pack, replace(trust, text=text + " x")).failed
    lied = keys.sign(tmp_path / "w.zip", case_of(secret, answers("now")))  # other probes
    assert "not the passages" in told(check_statement(lied, trust))[0][1]


def test_on_the_command_line(keys: Keys, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    commit = run("statement", "commit", "draw.json", "--count", "30")
    assert commit.exit_code == 0, commit.output
    commitment = commit.stdout.strip()
    assert len(commitment) == 64
    assert stat.S_IMODE(Path("draw.json").stat().st_mode) == 0o600
    assert isinstance(run("statement", "commit", "draw.json").exception, InputError)
    assert run("extract", "builtin:tiny-stage#claimed", "-r", "a", "-q").exit_code == 0
    asked = run("extract", "builtin:tiny-stage#served", "-r", "b", "-q", "--secret", "draw.json",
                "--json")  # fmt: skip
    assert json.loads(asked.stdout)[0]["asked"] == 30
    call = ("same", "claimed", "served", "-r", "a", "--other", "b", "--secret", "draw.json")
    made = run(*call, "--statement", "v.zip", "--key", keys.private)
    assert made.exit_code == 0 and "same" in made.stdout, made.output
    checked = run("verify-statement", "v.zip", "--key", keys.public, "--commitment", commitment)
    assert checked.exit_code == 0, checked.output
    assert "30 probes asked are those that the seed draws from 100" in checked.stdout
    wrong = run("verify-statement", "v.zip", "--commitment", "abc")
    assert isinstance(wrong.exception, UsageError)


def test_passages_on_the_command_line(
    keys: Keys, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("notes.txt").write_text(" ".join(f"word{i % 97} and{i}" for i in range(800)))
    commit = run("statement", "commit", "d.json", "--text", "notes.txt", "--count", "25")
    assert commit.exit_code == 0, commit.output
    secret = ("--secret", "d.json", "--text", "notes.txt")
    assert isinstance(run("extract", "builtin:tiny-stage", *secret[:2]).exception, UsageError)
    for name, folder in (("tiny-stage#claimed", "a"), ("tiny-scripture#served", "b")):
        assert run("extract", f"builtin:{name}", "-r", folder, "-q", *secret).exit_code == 0
    made = run("same", "claimed", "served", "-r", "a", "--other", "b", "--secret", "d.json",
               "--statement", "v", "--key", keys.private)  # fmt: skip
    assert made.exit_code == 0 and "changed" in made.stdout, made.output
    trust = ("--key", keys.public, "--commitment", commit.stdout.strip())
    assert run("verify-statement", "v", *trust, "--text", "notes.txt").exit_code == 0
    assert run("verify-statement", "v", *trust).exit_code == 12
    both = run("statement", "commit", "e.json", "--text", "notes.txt", "--assay", "cladist")
    assert isinstance(both.exception, UsageError)


def test_an_audit_by_a_secret(keys: Keys, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    models, names = population(families=20, members=2, kept=0.8, probes=40)
    rows = [{"model": m.model, "prompt_id": p, "response": t}
            for m in models for p, t in enumerate(m.texts())]  # fmt: skip
    Path("r.jsonl").write_text("".join(json.dumps(x) + "\n" for x in rows))
    Path("labels.csv").write_text(
        "model,family\n" + "".join(f"{m.model},{n}\n" for m, n in zip(models, names))
    )
    Path("declared.csv").write_text("model,parent\nf0-m1,f3-m0\nf2-m1,f2-m0\n")
    assert run("import", "r.jsonl", "-r", "r").exit_code == 0
    commit = run("statement", "commit", "draw.json", "-r", "r", "--count", "25")
    call = ("audit", "-r", "r", "--declared", "declared.csv", "--labels", "labels.csv",
            "--fail-on", "never", "-q")  # fmt: skip
    drawn = ("--secret", "draw.json", "--asked", "f0-m1")
    made = run(*call, *drawn, "--statement", "v.zip", "--key", keys.private, "--json")
    assert made.exit_code == 0, made.output
    whole = json.loads(run(*call, "--json").stdout)
    found = json.loads(made.stdout)
    assert found["links"] == whole["links"] and found["findings"] != whole["findings"]
    trust = ("verify-statement", "v.zip", "--key", keys.public, "--commitment")
    checked = run(*trust, commit.stdout.strip())
    assert checked.exit_code == 0, checked.output
    assert "the 25 probes asked are those that the seed draws from 40" in checked.stdout
    assert run(*trust, "0" * 64).exit_code == InputError.exit_code
    assert isinstance(run(*call, "--secret", "draw.json").exception, UsageError)
    assert isinstance(
        run(*call, "--secret", "draw.json", "--asked", "nobody").exception, UsageError
    )
