"""Every command's verdict, written, and computed again from the pack alone."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from made_families import population
from typer.testing import CliRunner, Result

from cladist.attestation.answers import answers_from, answers_to
from cladist.attestation.checking import Trust, check_statement
from cladist.attestation.of_deployments import identity_case, watch_case
from cladist.cli.main import app
from cladist.core.origins import Origin
from cladist.core.responses import Response, ResponseSet, State
from cladist.errors import InputError, UsageError
from cladist.provenance.deployments import Side
from cladist.provenance.watch import Looked, WatchPlan, looks
from tests.attestation.conftest import Keys, protocol_of
from tests.conftest import ScriptedModel, scripted, small_assay


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, [str(a) for a in arguments])


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("lab")
    models, names = population(families=24, members=3, kept=0.75)
    rows = [{"model": m.model, "prompt_id": p, "response": t}
            for m in models for p, t in enumerate(m.texts())]  # fmt: skip
    (folder / "r.jsonl").write_text("".join(json.dumps(x) + "\n" for x in rows))
    lines = [f"{m.model},{n}" for m, n in zip(models, names)]
    (folder / "labels.csv").write_text("model,family\n" + "\n".join(lines) + "\n")
    links = ["f0-m1,f0-m0", "f1-m1,f0-m0", "f2-m1,f2-m0"]
    (folder / "declared.csv").write_text("model,parent\n" + "\n".join(links) + "\n")
    assert run("import", folder / "r.jsonl", "-r", folder / "r").exit_code == 0
    assert run("panel", "build", folder / "panel.parquet", "-r", folder / "r").exit_code == 0
    return folder


COMMANDS = {
    "kinship": ("kinship", "f0-m0", "f0-m1", "f5-m0", "--labels", "labels.csv", "--adjust", "bh"),
    "panel": ("kinship", "f0-m0", "f0-m1", "--panel", "panel.parquet"),
    "families": ("identify", "f0-m0", "--labels", "labels.csv"),
    "audit": (
        "audit",
        "--declared",
        "declared.csv",
        "--labels",
        "labels.csv",
        "--fail-on",
        "never",
    ),
    "report": ("report", "f0-m1", "--declared", "declared.csv", "--labels", "labels.csv"),
}


@pytest.mark.parametrize("name", list(COMMANDS))
def test_a_command_states_what_it_says(
    name: str, lab: Path, keys: Keys, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(lab)
    pack = tmp_path / "v.zip"
    made = run(*COMMANDS[name], "-r", "r", "--statement", pack, "--key", keys.private)
    assert made.exit_code == 0 and pack.exists(), made.output
    checked = run("verify-statement", pack, "--key", keys.public, "--json")
    assert checked.exit_code == 0, checked.output
    found = json.loads(checked.stdout)
    assert found["holds"] and found["checks"][-1]["words"].startswith("computed again")
    shown = run("verify-statement", pack)
    assert shown.exit_code == 12 and "says" in shown.stdout
    assert (
        "f0-m1" if name != "audit" else "3 declared links"
    ) in shown.stdout or name == "families"


def test_statement_and_key_go_together(lab: Path, keys: Keys, tmp_path: Path) -> None:
    call = ("kinship", "f0-m0", "f0-m1", "-r", lab / "r")
    assert isinstance(run(*call, "--statement", tmp_path / "v.zip").exception, UsageError)
    assert isinstance(run(*call, "--key", keys.private).exception, UsageError)
    taken = run(*call, "--statement", lab / "labels.csv", "--key", keys.private)
    assert "exists already" in str(taken.exception)
    nowhere = run(*call, "--statement", tmp_path / "a" / "v.zip", "--key", keys.private)
    assert "there is no folder" in str(nowhere.exception)
    wrong = run("verify-statement", tmp_path / "v.zip", "--key-id", "abc")
    assert isinstance(wrong.exception, UsageError)
    assert not list(tmp_path.iterdir())


def test_a_changed_pack_says_nothing(lab: Path, keys: Keys, tmp_path: Path) -> None:
    pack = tmp_path / "v"
    call = (
        "kinship",
        "f0-m0",
        "f0-m1",
        "-r",
        lab / "r",
        "--statement",
        pack,
        "--key",
        keys.private,
    )
    assert run(*call).exit_code == 0
    raw = (pack / "answers.jsonl").read_bytes()
    (pack / "answers.jsonl").write_bytes(raw.replace(b"f0-m1", b"f9-m9", 1))
    found = run("verify-statement", pack, "--key", keys.public)
    assert found.exit_code == 3 and "answers.jsonl was changed" in found.stdout
    assert "Nothing that it says can be relied on" in found.stdout
    assert "related" not in found.stdout


def test_identity_greedy_and_sampled(keys: Keys, tmp_path: Path) -> None:
    protocol = protocol_of(20)
    ids = protocol.probes.ids
    first = ResponseSet.of_texts("m", [f"yes {i}" for i in range(20)], ids)
    second = ResponseSet.of_texts("now", [f"no {i}" for i in range(20)], ids)
    case = identity_case(Side(first), Side(second), protocol, rate=0.01, tolerance=None)
    assert case.result["verdict"] == "changed"
    pack = keys.sign(tmp_path / "v.zip", case)
    assert check_statement(pack, Trust(keys.trusted)).holds
    refused = identity_case(
        Side(first, {"temperature": "no"}), Side(second), protocol, rate=0.01, tolerance=0.5
    )
    assert refused.result["verdict"] == "inconclusive"
    assert check_statement(keys.sign(tmp_path / "r.zip", refused), Trust(keys.trusted)).holds


def watched(models: list[ScriptedModel]) -> tuple[WatchPlan, list[Looked]]:
    assay = small_assay(12, max_tokens=8)
    texts = [f"m says {p.text}" for p in assay.protocol.probes.probes]
    plan = WatchPlan(
        ResponseSet.of_texts("m", texts, assay.protocol.probes.ids), assay, "raw", planned=9
    )
    looked: list[Looked] = []
    spent = 0
    from dataclasses import replace

    for model in models:
        (found,) = looks(model, replace(plan, before=spent))
        spent += found.look.status != "failed"
        looked.append(found)
    return plan, looked


def test_a_watch_with_a_change_and_a_failure(keys: Keys, tmp_path: Path) -> None:
    assay = small_assay(12, max_tokens=8)
    dead = {p.text: Response.error("gone") for p in assay.protocol.probes.probes}
    models = [scripted("m", assay), ScriptedModel("dead", dead), scripted("other", assay)]
    plan, looked = watched(models)
    assert [k.look.status for k in looked] == ["inconclusive", "failed", "changed"]
    case = watch_case(plan, looked)
    found = check_statement(keys.sign(tmp_path / "w.zip", case), Trust(keys.trusted))
    assert found.holds, found.checks
    for k, order in enumerate(([1, 0], [0, 0], [2, 1])):
        with pytest.raises(InputError, match="looks are missing from the watch"):
            keys.sign(tmp_path / f"{k}.zip", watch_case(plan, [looked[i] for i in order]))
    with pytest.raises(InputError, match="without a look"):
        watch_case(plan, [])


def test_answers_come_back_as_they_went() -> None:
    odd = ResponseSet(
        "m\n\ud800", ("a", "b", "c"),
        (
            (Response("\ud83d half", State.OK, 3, "d", Origin("x", "y", "z"), "thought"),),
            (),
            (Response.error("gone"), Response.of(" "), Response("cut", State.TRUNCATED)),
        ),
    )  # fmt: skip
    other = ResponseSet.of_texts("n", ["1"])
    raw = answers_to([odd, other])
    assert answers_from(raw, "a") == [odd, other]
    lines = raw.split(b"\n")
    for broken, words in (
        (raw[:-1], "whole line"),
        (b"\n".join([*lines[:-2], b""]), "answers of 'n' are missing"),
        (raw.replace(b'"state": "error"', b'"state": "maybe"'), "line 4: no answers"),
        (raw.replace(b'"tokens": 3', b'"tokens": true'), "line 2: no answers"),
        (raw.replace(b'"provider"', b'"vendor"'), "line 2: no answers"),
        (raw.replace(b'"model": "n"', b'"model": 1'), "line 5: names no model"),
        (b"nonsense\n", "line 1: not readable"),
    ):
        with pytest.raises(InputError, match=words):
            answers_from(broken, "a")
