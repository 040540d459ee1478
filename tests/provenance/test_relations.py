"""Audit: relations that nobody declared are found, at the rate stated; contradictions are said."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from made_families import population
from typer.testing import CliRunner

from cladist.cli.main import app
from cladist.core.lineage import DeclaredLink, Lineage
from cladist.core.responses import ResponseSet
from cladist.errors import InputError
from cladist.kinship.inference.pairs import pair_evidence
from cladist.kinship.inference.states import ModelFlags, model_flags
from cladist.provenance import relations
from cladist.provenance.audit import audit
from cladist.provenance.duplicates import duplicates
from cladist.provenance.licences import conflicts, licence_of
from cladist.provenance.material import Material
from cladist.provenance.relations import Families, held_against, tail_p, undocumented
from tests.conftest import small_assay

MODELS, NAMES = population(families=20, members=3, kept=0.75)
PAIRS = pair_evidence(MODELS)


def flags_of(models: list[ResponseSet]) -> tuple[ModelFlags, ...]:
    return tuple(model_flags(m) for m in models)


FLAGS = flags_of(MODELS)


def families(hidden: set[int]) -> Families:
    number = np.unique(NAMES, return_inverse=True)[1].astype(np.int64)
    for k in hidden:
        number[k] = 1000 + k
    speaking = np.array([k not in hidden for k in range(len(NAMES))])
    return Families(number, number, speaking)


def found_in(said: Families, **options: Any) -> relations.Tested:
    return undocumented(held_against(MODELS, PAIRS, said, FLAGS), **options)


def material(lineage: Lineage, models: list[ResponseSet] = MODELS) -> Material:
    pairs = PAIRS if models is MODELS else pair_evidence(models)
    return Material(small_assay(40), tuple(models), pairs, flags_of(models), lineage, {}, {})


def declared(skip: tuple[str, ...] = (), **more: str) -> Lineage:
    links = [
        DeclaredLink(m.model, f"{m.model[:-1]}0", "finetune", "cards")
        for m in MODELS
        if not m.model.endswith("m0") and m.model not in (*skip, *more)
    ]
    links += [DeclaredLink(c, p, "finetune", "cards") for c, p in more.items()]
    return Lineage(tuple(links), {}, {}, tuple(m.model for m in MODELS if m.model not in skip))


def test_hidden_kin_are_found_and_strangers_are_not() -> None:
    hidden = {1, 16, 31}
    found = found_in(families(hidden), control="bh")
    assert found.control == "bh" and found.tests > 1000
    pairs = {frozenset((r.model, r.other)) for r in found.relations}
    assert {m for p in pairs for m in p} >= {"f0-m1", "f5-m1", "f10-m1"}
    assert all(len({m.split("-")[0] for m in p}) == 1 for p in pairs)
    assert all(r.q <= 0.05 and r.p_probes <= 0.05 for r in found.relations)
    strict = found_in(families(hidden))
    assert strict.control == "by"
    assert {(r.model, r.other) for r in strict.relations} <= {
        (r.model, r.other) for r in found.relations
    }


def test_nothing_is_found_where_everything_is_declared() -> None:
    assert found_in(families(set()), rate=0.1).relations == ()


def test_without_declarations_the_control_is_that_of_any_dependence() -> None:
    nobody = replace(families(set()), speaking=np.zeros(len(NAMES), np.bool_))
    alone = replace(nobody, family=np.arange(len(NAMES)), maker=np.arange(len(NAMES)))
    found = found_in(alone)
    assert found.control == "by" and "guessed" in found.basis
    right = [r.model.split("-")[0] == r.other.split("-")[0] for r in found.relations]
    assert len(right) >= 10 and all(right)


def test_tail_is_counted_in_the_middle_and_fitted_at_the_end() -> None:
    draw = np.random.default_rng(0)
    null = np.sort(draw.exponential(size=4000))
    p = tail_p(null, np.array([-1.0, 1.0, 12.0, 14.0]))
    assert p[0] == 1 and p[1] == pytest.approx(np.exp(-1), rel=0.1)
    assert p[2] == pytest.approx(np.exp(-12), rel=3) and p[3] < p[2] < 1 / 4000
    fresh = np.concatenate(
        [
            tail_p(np.sort(draw.exponential(size=2000)), draw.exponential(size=500))
            for _ in range(20)
        ]
    )
    assert np.mean(fresh <= 0.01) == pytest.approx(0.01, abs=0.004)


def test_audit_says_what_is_wrong() -> None:
    lineage = declared(skip=("f3-m1",), **{"f4-m1": "f9-m0"})
    lineage = replace(
        lineage,
        licences={"f1-m0": ("cc-by-nc-4.0",), "f1-m1": ("mit",), "f2-m0": ("apache-2.0",)},
        dates={"f2-m0": "2025", "f2-m1": "2024-01"},
    )
    found = audit(material(lineage), control="bh")
    by_kind: dict[str, list[tuple[str, ...]]] = {}
    for f in found.findings:
        by_kind.setdefault(f.kind, []).append(f.models)
    assert any("f3-m1" in m for m in by_kind["undocumented"])
    assert ("f4-m1", "f9-m0") in by_kind["contradiction"]
    assert ("f2-m1", "f2-m0") in by_kind["contradiction"]
    assert by_kind["licence"][0] == ("f1-m1", "f1-m0")
    assert found.worst() == "error" and found.findings[0].level == "error"
    with pytest.raises(InputError, match="rate"):
        audit(material(lineage), rate=2)


def test_copies() -> None:
    twin = replace(MODELS[4], model="twin")
    (found,) = duplicates([*MODELS[:10], twin])
    assert {found.a, found.b} == {MODELS[4].model, "twin"} and found.equal == found.probes == 40
    dull = [ResponseSet.of_texts(n, ["the same"] * 40) for n in "ab"]
    assert duplicates(dull) == []
    lineage = Lineage((DeclaredLink("twin", "x"), DeclaredLink(MODELS[4].model, "y")))
    copied = audit(material(lineage, [*MODELS[:10], twin]))
    assert copied.tests == 0 or copied.findings
    assert any(f.kind == "contradiction" and "twin" in f.models for f in copied.findings)


def test_small_registries_say_that_nothing_was_tested() -> None:
    found = audit(material(Lineage(), MODELS[:6]))
    assert found.tests == 0 and "not tested" in found.basis and found.findings == ()
    assert found.could_not_test


@pytest.mark.parametrize(
    ("parent", "child", "name", "rules"),
    [
        ("apache-2.0", "mit", "", []),
        ("mit", "cc-by-nc-4.0", "", []),
        ("cc-by-nc-4.0", "apache-2.0", "", ["non-commercial"]),
        ("llama2", "apache-2.0", "", ["terms"]),
        ("llama3", "llama3", "org/My-Model", ["name"]),
        ("llama3.1", "llama3.1", "org/Llama-3.1-X", []),
        ("gpl-3.0", "mit", "", ["share-alike"]),
        ("cc-by-nc-nd-4.0", "cc-by-nc-nd-4.0", "", ["derivatives"]),
        ("whatever", "mit", "", []),
        ("", "mit", "", []),
    ],
)
def test_licences(parent: str, child: str, name: str, rules: list[str]) -> None:
    assert [c.rule for c in conflicts(parent, child, name)] == rules
    assert licence_of("LLaMA2") is licence_of("llama-2") is not None


def test_command_and_exit_codes(tmp_path: Path) -> None:
    lines = [
        {"model": m.model, "prompt_id": p, "response": t}
        for m in MODELS
        for p, t in enumerate(m.texts())
    ]
    (tmp_path / "r.jsonl").write_text("".join(json.dumps(x) + "\n" for x in lines))
    run = CliRunner().invoke
    assert (
        run(
            app, ["registry", "import", str(tmp_path / "r.jsonl"), "-r", str(tmp_path / "lab")]
        ).exit_code
        == 0
    )
    rows = "".join(f"{k.child},{k.parent}\n" for k in declared(skip=("f3-m1",)).links)
    heads = "".join(f"f{i}-m0,\n" for i in range(20))
    (tmp_path / "d.csv").write_text("model,parent\n" + rows + heads)
    call = ["provenance", "audit", "-r", str(tmp_path / "lab"), "-d", str(tmp_path / "d.csv")]
    found = run(app, [*call, "--control", "bh", "--json"])
    assert found.exit_code == 10
    data = json.loads(found.stdout)
    assert data["failed"] and any(f["kind"] == "undocumented" for f in data["findings"])
    assert run(app, [*call, "--fail-on", "error"]).exit_code == 0
    assert "false discovery rate 0.05" in run(app, [*call, "--fail-on", "never"]).output
