"""A model held against a reference, stated so that others can compute it again."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from made_collections import families
from typer.testing import CliRunner

from cladist.attestation.case import Case
from cladist.attestation.checking import Checked, Trust, check_statement
from cladist.attestation.of_reference import placement_case
from cladist.attestation.stated import payload_of
from cladist.cli.main import app
from cladist.core.secret import Secret, new_secret
from cladist.errors import InputError
from cladist.references.installed import find
from cladist.workflows.identify_model import Identified, identify_model
from cladist.workflows.looks import never
from tests.attestation.conftest import CREATED, Keys
from tests.attestation.test_tampering import signed
from tests.workflows.test_identify_model import Answering, add, descendant

pytestmark = pytest.mark.long

MADE = families(40, 2, 40)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """An installed reference, in a data folder of its own."""
    folder = tmp_path_factory.mktemp("world")
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("CLADIST_HOME", str(folder / "home"))
        yield add(folder, *MADE)


def child(name: str = "child") -> Answering:
    return Answering(name, descendant(MADE, "org/f5-m1", 0.9))


def words(found: Checked, what: str) -> list[tuple[str, str]]:
    return [(c.outcome, c.words) for c in found.checks if c.what == what]


def altered(keys: Keys, path: Path, case: Case, **question: Any) -> Checked:
    """What a check says of a statement whose question was changed before it was signed."""
    payload = json.loads(payload_of(case, CREATED))
    payload["predicate"]["question"].update(question)
    pack = signed(keys, path, json.dumps(payload).encode(), dict(case.files))
    return check_statement(pack, Trust(keys.trusted))


def test_it_is_computed_again_from_the_pack_alone(
    world: str, keys: Keys, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = identify_model(child())
    assert found.placement.verdict == "related"
    pack = keys.sign(tmp_path / "v.zip", placement_case(found))
    monkeypatch.setenv("CLADIST_HOME", str(tmp_path / "nothing"))
    checked = check_statement(pack, Trust(keys.trusted))
    assert checked.holds, checked.checks
    assert checked.stated is not None and checked.stated.result["verdict"] == "related"
    assert checked.stated.question["order"] == list(range(found.asked.probes))


def test_a_report_among_a_reference_is_stated_too(world: str, keys: Keys, tmp_path: Path) -> None:
    identify_model(child("reported"))
    pack = tmp_path / "r.zip"
    words = f"report reported --reference {world} --alpha 0.05"
    command = [*words.split(), "--statement", str(pack), "--key", str(keys.private)]
    made = CliRunner().invoke(app, command)
    assert made.exit_code == 0, made.output
    assert check_statement(pack, Trust(keys.trusted)).holds
    refused = CliRunner().invoke(app, [*command[:4], "--assay", "cladist"])
    assert "leave --assay away" in str(refused.exception)


def test_a_stranger_and_a_look_at_all(world: str, keys: Keys, tmp_path: Path) -> None:
    stranger = Answering("odd", {p: f"odd {i * 7919 % 101}" for i, p in enumerate(MADE[1])})
    for name, found in (
        ("stranger", identify_model(stranger)), ("all", identify_model(child(), decided=never)),
    ):  # fmt: skip
        assert found.asked.probes == 40
        pack = keys.sign(tmp_path / f"{name}.zip", placement_case(found))
        assert check_statement(pack, Trust(keys.trusted)).holds


def test_what_does_not_follow_is_refused(world: str, keys: Keys, tmp_path: Path) -> None:
    case = placement_case(identify_model(child(), decided=never))
    order = case.question["order"]
    for name, question, said in (
        ("picked", {"order": order[1:] + order[:1]}, "neither the first ones"),
        ("fewer", {"order": order[:20]}, "asked more probes"),
        ("unplanned", {"most": 60}, "the plan has looks after"),
        ("undrawn", {"drawn": True}, "reveals no seed"),
        ("rate", {"alpha": 0.0001}, "another one"),
    ):
        checked = altered(keys, tmp_path / f"{name}.zip", case, **question)
        assert checked.failed, name
        assert any(said in c.words for c in checked.checks), (name, checked.checks)
    lied = dict(case.result) | {"verdict": "not shown"}
    checked = altered(keys, tmp_path / "lied.zip", replace(case, result=lied))
    assert "another one" in words(checked, "verdict")[0][1]


def test_looks_of_a_rule_of_ones_own_are_not_stated(world: str) -> None:
    found = identify_model(child(), decided=lambda answers: False)
    with pytest.raises(InputError, match="rule of one's own"):
        placement_case(found)


def drawn(world: str, name: str) -> tuple[Secret, Identified, Answering]:
    secret = new_secret(find(world).assay().protocol.probes, 30)
    asked = child(name)
    return secret, identify_model(asked, probes=secret), asked


def test_probes_of_a_secret_draw(world: str, keys: Keys, tmp_path: Path) -> None:
    secret, found, asked = drawn(world, "drawn")
    pool = find(world).assay().protocol.probes
    places = secret.places(pool)
    made = [r.prompt for r in asked.asked]
    assert made == [pool.probes[k].text for k in places[: len(made)]]
    assert found.placement.verdict == "related" and found.placement.tested.startswith("org/f5-")
    pack = keys.sign(tmp_path / "v.zip", placement_case(found))
    checked = check_statement(pack, Trust(keys.trusted, commitment=secret.commitment))
    assert checked.holds, checked.checks
    told = check_statement(pack, Trust(keys.trusted, commitment="0" * 64))
    assert told.failed
    other = replace(placement_case(found), secret=new_secret(pool, 30))
    checked = altered(keys, tmp_path / "other.zip", other)
    assert "another order" in words(checked, "secret")[0][1]


def test_a_draw_asks_the_same_again_and_keeps_to_its_pool(world: str) -> None:
    secret, found, _ = drawn(world, "twice")
    again = identify_model(child("twice"), probes=secret)
    assert again.asked.made == 0 and again.placement == found.placement
    with pytest.raises(InputError, match="not from the probe set"):
        identify_model(child(), probes=Secret("0" * 64, "pool", "0" * 64, 9))


def test_on_the_command_line(world: str, keys: Keys, tmp_path: Path) -> None:
    def run(*given: str | Path) -> Any:
        return CliRunner().invoke(app, [str(a) for a in given])

    said = tmp_path / "said.jsonl"
    texts = descendant(MADE, "org/f5-m1", 0.9)
    rows = [{"model": "filed", "prompt": p, "response": t} for p, t in texts.items()]
    said.write_text("\n".join(map(json.dumps, rows)) + "\n")
    draw = tmp_path / "draw.json"
    told = run("statement", "commit", draw, "--reference", world, "--count", "30")
    assert told.exit_code == 0, told.output
    pack = tmp_path / "v.zip"
    call = ("identify", f"recorded:{said}", "--secret", draw, "--statement", pack)
    made = run(*call, "--key", keys.private, "-q")
    assert made.exit_code == 0 and "is related to" in made.stdout, made.output
    checked = run(
        "verify-statement", pack, "--key", keys.public, "--commitment", told.stdout.strip()
    )
    assert checked.exit_code == 0, checked.output
    assert "30" in checked.stdout and "related" in checked.stdout
    both = run("identify", f"recorded:{said}", "--secret", draw, "--probes", "9")
    assert both.exception is not None and "leave --probes" in str(both.exception)
