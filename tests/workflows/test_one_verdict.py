"""One pair has one verdict, for one reason, wherever it is asked."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from made_families import population, sentence
from typer.testing import CliRunner

import cladist
from cladist.atlas.build import Wishes, build
from cladist.atlas.families import Whose
from cladist.atlas.kin import AnswerKin
from cladist.cli.main import app
from cladist.compare import resolve_assay
from cladist.core.assay import Assay
from cladist.core.lineage import DeclaredLink, Lineage
from cladist.core.responses import Response, ResponseSet
from cladist.errors import UNTESTED, CoverageError
from cladist.formats.labels import DeclaredModel, read_labels
from cladist.kinship.inference.decision import Policy
from cladist.kinship.inference.pair_test import KinshipResult, judge_candidates
from cladist.nearest import Nearest
from cladist.provenance.audit import audit
from cladist.provenance.material import Material, gather
from cladist.provenance.report import build_report
from cladist.registry import Registry
from cladist.registry.search import Neighbour
from cladist.workflows.identify import FamilyAnswer, identify_here
from cladist.workflows.kinship import Question, question, sequential
from cladist.workflows.kinship_asked import ask_one
from cladist.workflows.relatives import with_verdicts
from tests.conftest import ScriptedModel

pytestmark = pytest.mark.long

PROBES = 40
PROMPTS = [f"please continue the text number {p} from here" for p in range(PROBES)]
CANNED = "I am sorry, but I cannot help with this request of yours."
PAIRS = {
    "kin": ("f0-m0", "f0-m1"),
    "unrelated": ("f2-m0", "f5-m1"),
    "refusals": ("no-0", "no-1"),
    "echoes": ("echo-0", "echo-1"),
    "canned": ("some-0", "some-1"),
    "few": ("few-0", "few-1"),
}
CODES = {
    "kin": {("related", "beyond-unrelated")},
    "unrelated": {("unrelated", "below-kin"), ("inconclusive", "above-alpha")},
    "refusals": {("inconclusive", "constant-answers")},
    "echoes": {("inconclusive", "prompt-echo")},
    "canned": {("inconclusive", "canned-answers")},
    "few": {("inconclusive", "few-probes")},
}


def models() -> tuple[list[ResponseSet], dict[str, str]]:
    """A panel of forty families, and pairs of models that say nothing, each in its own way.

    These are of no known family, so that the panel is one of models that speak.
    """
    made, names = population(families=40, members=3, probes=PROBES, kept=0.75)
    draw = np.random.default_rng(3)
    texts: dict[str, list[str | None]] = {}
    for k in range(2):
        own: list[str | None] = [sentence(draw) for _ in range(PROBES)]
        texts[f"no-{k}"] = ["I cannot help with that."] * PROBES
        texts[f"echo-{k}"] = [f"{q} and so on" for q in PROMPTS]
        texts[f"some-{k}"] = [CANNED if p % 5 == 0 else t for p, t in enumerate(own)]
        texts[f"few-{k}"] = [t if p < 9 else None for p, t in enumerate(made[k].texts())]
    labels = {m.model: n for m, n in zip(made, names, strict=True)}
    odd = [ResponseSet.of_texts(n, t) for n, t in texts.items()]
    return [*made, *odd], labels


@dataclass(frozen=True)
class World:
    folder: Path
    store: Registry
    assay: Assay
    asked: Question
    declared: dict[str, DeclaredModel]
    told: dict[str, KinshipResult]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("verdicts")
    made, families = models()
    lines = [
        {"model": m.model, "prompt_id": f"q{p:02}", "prompt": PROMPTS[p], "response": t}
        for m in made
        for p, t in enumerate(m.texts())
        if t is not None
    ]
    (folder / "a.jsonl").write_text("".join(json.dumps(x) + "\n" for x in lines))
    rows = "".join(f"{m},{f}\n" for m, f in families.items())
    (folder / "labels.csv").write_text("model,family\n" + rows)
    run("registry", "import", folder / "a.jsonl", "-r", folder / "r", "--allow-sparse")
    with Registry.open(folder / "r", create=False) as store:
        assay = resolve_assay(store)
        assert [p.text for p in assay.protocol.probes.probes] == PROMPTS
        declared = dict(read_labels(folder / "labels.csv"))
        asked = question(store, assay, declared)
        told = {kind: judge_candidates(asked.made, a, [b])[0] for kind, (a, b) in PAIRS.items()}
        yield World(folder, store, assay, asked, declared, told)


def run(*arguments: str | Path, code: int = 0) -> str:
    found = CliRunner().invoke(app, [str(a) for a in arguments])
    assert found.exit_code == code, found.output
    return found.stdout


def same(world: World, kind: str, verdict: str, code: str) -> None:
    assert (verdict, code) == (world.told[kind].verdict, world.told[kind].code)


@pytest.mark.parametrize("kind", PAIRS)
def test_the_verdict_is_what_it_should_be(world: World, kind: str) -> None:
    assert (world.told[kind].verdict, world.told[kind].code) in CODES[kind]


@pytest.mark.parametrize("kind", PAIRS)
def test_the_command(world: World, kind: str) -> None:
    a, b = PAIRS[kind]
    call = [
        "compare",
        "kinship",
        a,
        b,
        "-r",
        world.folder / "r",
        "--labels",
        world.folder / "labels.csv",
    ]
    found = json.loads(run(*call, "--json"))["results"][0]
    same(world, kind, found["verdict"], found["code"])


@pytest.mark.parametrize("kind", PAIRS)
def test_a_list_of_relatives(world: World, kind: str) -> None:
    a, b = PAIRS[kind]
    near = Nearest(a, "kinship", (Neighbour(b, 1.0),), 1, "all pairs", 1)
    judged = with_verdicts(world.store, world.assay, near, world.declared)
    same(world, kind, judged.decisions[0].verdict, judged.decisions[0].reason)


@pytest.mark.parametrize("kind", PAIRS)
def test_interim_looks(world: World, kind: str) -> None:
    a, b = PAIRS[kind]
    (found,) = sequential(world.asked, a, [b])
    if kind == "unrelated":  # a look has a share of beta only, so it may stay open
        assert (found.verdict, found.code) in CODES[kind]
    else:
        same(world, kind, found.verdict, found.code)


@pytest.mark.parametrize("kind", ["refusals", "echoes", "canned"])
def test_asking(world: World, kind: str, tmp_path: Path) -> None:
    """The first of the pair is asked as a new model; the panel is all others."""
    a, b = PAIRS[kind]
    answers = next(r for r in world.asked.responses if r.model == a)
    texts = dict(zip(PROMPTS, answers.texts(), strict=True))
    model = ScriptedModel("asked", {q: Response.of(t or "") for q, t in texts.items()})
    recorded = world.assay.protocol
    protocol_asked = replace(recorded, decoding=replace(recorded.decoding, interface="raw"))
    assay = replace(world.assay, protocol=protocol_asked)
    with Registry.open(tmp_path / "r") as store:
        protocol = store.add_protocol(assay.protocol)
        for r in world.asked.responses:
            if r.model != a:
                record = store.add_model(r.model, r.model, r.model)
                slots = [(p, 0, s[0]) for p, s in enumerate(r.slots) if s]
                store.write_responses(protocol, record, slots, sync=False)
        found = ask_one(model, b, assay, store, world.declared).answer
    same(world, kind, found.verdict, found.code)


@pytest.mark.parametrize("kind", PAIRS)
def test_a_report_on_a_declared_parent(world: World, kind: str) -> None:
    a, b = PAIRS[kind]
    made = build_report(world.store, material(world, Lineage((DeclaredLink(a, b),))), a)
    (link,) = made.links
    assert link.test is not None
    same(world, kind, link.test.verdict, link.test.code)
    words = {"related": "confirmed", "unrelated": "contradicted", "inconclusive": "cannot tell"}
    assert link.finding == words[link.test.verdict]


def material(world: World, lineage: Lineage) -> Material:
    return gather(world.store, world.assay, lineage, world.declared)


@pytest.mark.parametrize("kind", PAIRS)
def test_an_audit_of_a_declared_parent(world: World, kind: str) -> None:
    a, b = PAIRS[kind]
    found = audit(material(world, Lineage((DeclaredLink(a, b),))))
    about = [f for f in found.findings if f.models == (a, b) and f.kind != "duplicate"]
    kinds = [f.kind for f in about]
    told = world.told[kind]
    if kind == "kin":
        assert kinds == []
    elif kind == "unrelated":
        # The link that is audited makes the two one family, so known kin are others here.
        assert kinds in (["contradiction"], ["unconfirmed"])
    elif kind in ("refusals", "echoes"):  # the very same answers are a matter of their own
        assert kinds == [] and not any(f.kind == "duplicate" for f in found.findings)
    else:
        assert kinds == ["untested"] and about[0].level == "note"
        assert told.reason in about[0].message
        assert found.untested == 1 and found.could_not_test


@pytest.mark.parametrize("kind", PAIRS)
def test_identify_lists_the_same(world: World, kind: str) -> None:
    a, _ = PAIRS[kind]
    found = json.loads(run("identify", a, "-r", world.folder / "r", "--json"))
    unlabelled = question(world.store, world.assay, {})
    rows = found["nearest"]
    wanted = judge_candidates(unlabelled.made, a, [r["model"] for r in rows])
    assert [(r["verdict"], r["code"]) for r in rows] == [(r.verdict, r.code) for r in wanted]


@pytest.fixture(scope="module")
def kin(world: World) -> AnswerKin:
    made = build(world.store, world.assay, Wishes(maps=(), labels=world.folder / "labels.csv"))
    assert isinstance(made.kin, AnswerKin)
    return made.kin


@pytest.mark.parametrize("kind", PAIRS)
def test_the_atlas(world: World, kin: AnswerKin, kind: str) -> None:
    i, j = (kin.pairs.index(m) for m in PAIRS[kind])
    for found in (kin.pair(i, j)[0], kin.pair(j, i)[0], kin.tests.listed(i, [j], [1.0])[0]):
        same(world, kind, found.verdict, found.reason)
    (found,) = kin.declared([(i, j)])
    same(world, kind, found.verdict, found.reason)


def test_duplicates_are_none_of_those_that_say_nothing(world: World) -> None:
    found: dict[str, Any] = json.loads(
        run("registry", "dedupe", "-r", world.folder / "r", "--json")
    )
    grouped = {m for g in found["groups"] for m in (g["keep"], *g["others"])}
    nothing = {f"{kind}-{k}" for kind in ("no", "echo") for k in range(2)}
    assert nothing <= set(found["say_nothing"]) and not nothing & grouped


def test_the_old_name_of_alpha_still_works(world: World) -> None:
    call = ["compare", "kinship", *PAIRS["kin"], "-r", str(world.folder / "r")]
    old = CliRunner().invoke(app, [*call, "--rate", "0.02", "--json"])
    new = CliRunner().invoke(app, [*call, "--alpha", "0.02", "--json"])
    assert old.stdout == new.stdout and json.loads(new.stdout)["results"][0]["alpha"] == 0.02
    assert "--rate is now called --alpha" in old.stderr and not new.stderr


@pytest.mark.parametrize("kind", PAIRS)
def test_the_lines_of_the_documents(
    world: World, kind: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Lines that said nothing of prompts called a pair of echoes related."""
    page = (Path(__file__).parents[2] / "docs" / "verdicts.md").read_text(encoding="utf-8")
    (lines,) = re.findall(r"## From Python\n\n```python\n(.+?)```", page, re.S)
    a, b = PAIRS[kind]
    said = lines.replace('"suspect"', repr(a)).replace('"llama-2-7b"', repr(b))
    exec(compile(said, "verdicts.md", "exec"), {"registry": world.store, "assay": world.assay})
    unlabelled = question(world.store, world.assay, {})
    (wanted,) = judge_candidates(unlabelled.made, a, [b])
    assert capsys.readouterr().out.startswith(f"{wanted.verdict} {wanted.code} ")
    assert wanted.verdict != "related" or kind == "kin"


def test_what_could_not_be_tested_has_its_own_way_out(world: World, tmp_path: Path) -> None:
    table = tmp_path / "d.csv"
    call = [
        "provenance",
        "audit",
        "-r",
        world.folder / "r",
        "--labels",
        world.folder / "labels.csv",
    ]
    table.write_text("model,parent\nsome-0,some-1\nf0-m0,gone\n")
    told = run(*call, "-d", table, "--fail-on", "error", code=UNTESTED)
    first, second = told.splitlines()[:2]
    assert first.startswith("Not tested: 1 of 1 declared links among the models here")
    assert second == "Not here: 1 declared links name a model without answers."
    run(*call, "-d", table, "--fail-on", "never")
    table.write_text("model,parent\nf0-m0,f0-m1\n")
    assert "Not tested" not in run(*call, "-d", table, "--fail-on", "error")


def test_a_policy_is_kept_to(world: World) -> None:
    a, b = PAIRS["kin"]
    (strict,) = judge_candidates(world.asked.made, a, [b], Policy(alpha=1e-5))
    assert (strict.verdict, strict.code) == ("not tested", "panel-too-small")
    assert "448 makers" in strict.reason


SILENT = {"refusals": "it says the same", "echoes": "it mostly repeats", "few": "9 usable answers"}


@pytest.mark.parametrize("kind", SILENT)
def test_no_family_is_named_or_excluded_of_one_that_says_nothing(
    world: World, kin: AnswerKin, kind: str
) -> None:
    a, _ = PAIRS[kind]
    call = ["identify", a, "-r", str(world.folder / "r"), "--labels"]
    told = CliRunner().invoke(app, [*call, str(world.folder / "labels.csv")]).exception
    assert isinstance(told, CoverageError) and SILENT[kind] in str(told)
    material = gather(world.store, world.assay, Lineage(()), world.declared)
    foundation = build_report(world.store, material, a).foundation
    assert foundation.none is None and SILENT[kind] in foundation.problem
    whose = Whose(kin, world.asked.pairs.models)
    assert SILENT[kind] in whose.silent(world.asked.pairs.index(a))


def test_nobody_is_of_a_family_by_one_who_hardly_answers(world: World) -> None:
    """It was named with near certainty by nine answers, of a pair that nothing is said of."""
    a = PAIRS["few"][0]
    declared = world.declared | {a: DeclaredModel("lone")}
    asked = question(world.store, world.assay, declared)
    found = identify_here(asked, "f0-m0", ())
    assert isinstance(found, FamilyAnswer) and "lone" not in found.found.families


def test_labels_of_other_models_do_not_take_a_panel_its_own(world: World, tmp_path: Path) -> None:
    labels = world.folder / "labels.csv"
    cladist.build_panel(world.store, labels=labels).save(tmp_path / "p.parquet")
    (tmp_path / "others.csv").write_text("model,family\nsomebody,else\n")
    pair = PAIRS["kin"]
    made = [
        cladist.KinshipTest().fit(
            world.store, labels=told, panel=tmp_path / "p.parquet", models=pair
        )
        for told in (None, tmp_path / "others.csv")
    ]
    own, others = (t.test(pair[0], pair[1:])[0] for t in made)
    assert own.rows() == others.rows() and own.basis == others.basis
    assert "declared families" in own.basis
    assert made[1].remarks_ and not made[0].remarks_
