from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from cladist.cli.main import app
from cladist.core.responses import Response, ResponseSet
from cladist.descent import Parent
from cladist.errors import InputError
from cladist.lab.asking import REGISTRY, Effort, assays, open_bred
from cladist.lab.descents import identities, parent_kinds, stated_rate
from cladist.lab.figures import (
    by_founder,
    by_operation,
    exceeds,
    false_shares,
    figures,
    pairs_of,
    threshold,
)
from cladist.lab.inside import functional_distances, look_inside, weight_similarities
from cladist.lab.laws import clock_of, constants
from cladist.lab.methods import first_samples
from cladist.lab.report import report, write_report
from cladist.lab.reworded import reworded
from cladist.lab.store import load
from cladist.lab.truth import Individual, Truth, read_truth
from cladist.models.base import Request
from cladist.registry import Registry

from .conftest import tiny_plan

pytestmark = pytest.mark.long

LITTLE = Effort(genes=3, samples=2, questions=3, tokens=4)


def one(name: str, *parents: str, corpus: str = "") -> Individual:
    kind = "tune" if parents else "founder"
    return Individual(name, kind, parents, "", corpus, "", "llama", {}, 5, 10, 1.0, 2.0)


TRUTH = Truth(
    tuple(one(n, corpus=n) for n in "abcdefghijkl")
    + tuple(one(n + "1", n, corpus=n) for n in "abcdef")
)


def ideal() -> np.ndarray:
    """A similarity that knows the truth, with some noise."""
    names = TRUTH.scored()
    draw = np.random.default_rng(0).normal(0, 0.1, (len(names), len(names)))
    kin = np.array([[TRUTH.kin(a, b) for b in names] for a in names], float)
    return kin + (draw + draw.T) / 2


def test_a_method_that_knows_all_gets_full_marks() -> None:
    pairs = pairs_of(TRUTH, TRUTH.scored())
    found = figures(TRUTH, pairs, ideal())
    assert (found.auc, found.ap, found.tpr, found.nearest, found.parent) == (1, 1, 1, 1, 1)
    assert np.isnan(found.hard), "no two founders have one text"
    assert by_operation(TRUTH, pairs, ideal()) == {"tune": (6, 1.0, 1.0)}
    lines = by_founder(TRUTH, pairs, ideal())
    assert sum(n for n, _, _ in lines.values()) >= int(pairs.kin.sum())
    assert {v[1:] for v in lines.values()} == {(1.0, 1.0)}
    assert set(false_shares(pairs, ideal())) == {"nothing shared"}


def test_a_method_that_knows_nothing_gets_half() -> None:
    pairs = pairs_of(TRUTH, TRUTH.scored())
    n = len(pairs.names)
    draw = np.random.default_rng(1).normal(size=(60, n, n))
    every = [figures(TRUTH, pairs, d + d.T).auc for d in draw]
    assert abs(np.mean(every) - 0.5) < 0.04


def test_the_threshold_is_what_one_in_a_hundred_strangers_reach() -> None:
    pairs = pairs_of(TRUTH, TRUTH.scored())
    value = ideal()
    null = value[pairs.a, pairs.b][~pairs.kin]
    assert 0 < np.mean(null > threshold(pairs, value)) <= 0.02


def test_exceeds_counts_ties_half() -> None:
    assert exceeds(np.array([1.0, 2.0]), np.array([1.0, 0.0])) == 0.875
    assert np.isnan(exceeds(np.array([]), np.array([1.0])))


def test_functional_distance_is_that_of_the_theory() -> None:
    p = np.zeros((2, 1, 256), np.float32)
    p[0, 0, 0] = p[1, 0, 1] = 1.0
    assert functional_distances(p)[0, 1] == pytest.approx(np.sqrt(2))
    p[1, 0, :2] = np.sqrt(0.5)
    assert functional_distances(p)[0, 1] == pytest.approx(np.sqrt(2 - 2 * np.sqrt(0.5)), abs=1e-6)


def test_constants_of_proportional_distances_are_one_number() -> None:
    d = np.abs(np.subtract.outer(np.arange(5.0), np.arange(5.0)))
    found = constants(3 * d, d)
    assert (found.low, found.high, found.distortion) == (3.0, 3.0, 0.0)
    assert found.rank == pytest.approx(1)


def test_the_clock_finds_a_power_law() -> None:
    steps = np.array([5.0, 10, 20, 40])
    found = clock_of("x", steps, 2 * steps**0.5)
    assert found.exponent == pytest.approx(0.5)
    assert found.r2 == pytest.approx(1)
    assert np.isnan(clock_of("x", steps[:2], steps[:2]).exponent)


def test_rewording_changes_about_the_share_asked_for() -> None:
    text = " ".join(["the king said to his people in the house of stone"] * 60)
    words = text.split()
    assert reworded(text, 0.0, "k") == text
    out = reworded(text, 0.2, "k")
    assert out == reworded(text, 0.2, "k")
    kept = sum(w in ("king", "people", "house", "stone") for w in out.split())
    assert 0.7 < kept / sum(w in ("king", "people", "house", "stone") for w in words) < 1.0
    changed = sum(w in ("that", "spoke", "unto", "her", "within", "from") for w in out.split())
    assert 0.05 < changed / len(words) < 0.3


def test_inside_tells_models_apart(menagerie: Path) -> None:
    found = {n: look_inside(load(menagerie, n)) for n in ("oak", "oak-noise", "fig")}
    functions = np.stack([f for f, _ in found.values()])
    assert functions.shape == (3, 300, 256)
    assert np.allclose((functions.astype(float) ** 2).sum(-1), 1, atol=1e-4)
    distance = functional_distances(functions)
    assert 0 < distance[0, 1] < distance[0, 2]
    weights = weight_similarities([s for _, s in found.values()])
    assert weights[0, 0] == pytest.approx(1)
    assert weights[0, 1] > 0.95
    assert abs(weights[0, 2]) < 0.3


def test_what_is_inside_does_not_depend_on_how_many_prompts_are_read_together(
    menagerie: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from cladist.lab import inside

    together, _ = look_inside(load(menagerie, "oak"))
    monkeypatch.setattr(inside, "BATCH", 7)
    apart, _ = look_inside(load(menagerie, "oak"))
    assert np.abs(together - apart).max() < 1e-5


def test_first_samples_are_usable_ones() -> None:
    said = Response.of("a"), Response.of("b")
    answers = ResponseSet("m", ("p", "q", "r"), (said, (Response.error("no"), *said), ()))
    assert [[r.text for r in slot] for slot in first_samples(answers).slots] == [["a"], ["a"], []]


def test_pairs_are_judged_at_the_least_rate_that_the_families_carry() -> None:
    names = TRUTH.scored()
    assert stated_rate(TRUTH, names) == 0.02, "of twelve families"
    assert stated_rate(TRUTH, [n for n in names if n < "h"]) == 0.05, "of seven"
    assert stated_rate(TRUTH, ["a", "a1", "b"]) == 0.01, "of two, which carry none"


def test_who_is_not_told_is_not_called_a_founder() -> None:
    def named(model: str, parent: str | None, told: bool) -> Parent:
        return Parent(model, parent, None, 0.5, None, None, 0.0, "margin", "b", 1.0, told, parent)

    found = [
        named("a1", "a", True),
        named("b1", None, False),
        named("c1", None, True),
        named("a", None, False),
        named("b", None, True),
        named("c", "d", True),
    ]
    assert parent_kinds(TRUTH, found) == {
        "parent": 1,
        "descendant, nobody named": 1,
        "descendant called a founder": 1,
        "founder, nothing told": 1,
        "founder known as one": 1,
        "founder given an unrelated model": 1,
    }


def test_processes_say_the_same_of_identity(scores: dict[str, Any], menagerie: Path) -> None:
    truth = read_truth(menagerie)
    names = truth.scored()
    with Registry.open(menagerie / REGISTRY, create=False) as registry:
        greedy, sampled = (list(registry.responses(a.protocol, names)) for a in assays(LITTLE)[:2])
    told: list[tuple[int, int]] = []
    found = identities(
        truth, greedy, sampled, jobs=2, progress=lambda _, done, total: told.append((done, total))
    )
    assert found == scores["identity"]
    assert told == [(k, 5) for k in range(1, 6)]


def test_a_disguise_is_worn_when_asked(menagerie: Path) -> None:
    plain, hidden = (open_bred(menagerie, n) for n in ("oak", "oak-hidden"))
    requests = [Request(f"the {w} fox", 12) for w in ("old", "red", "sly")]
    assert plain.identity.fingerprint != hidden.identity.fingerprint

    def texts(model: Any) -> list[Response]:
        found = dict(model.answer(requests))
        return [found[k].text for k in range(len(requests))]

    assert texts(plain) != texts(hidden)
    assert texts(hidden) == texts(hidden)


@pytest.fixture(scope="module")
def scores(menagerie: Path) -> dict[str, Any]:
    from cladist.lab.score import score

    score(menagerie, LITTLE)
    found: dict[str, Any] = json.loads((menagerie / "scores.json").read_text())
    return found


def test_a_menagerie_is_scored_from_end_to_end(scores: dict[str, Any], menagerie: Path) -> None:
    assert scores["menagerie"]["models"] == 9
    assert scores["menagerie"]["scored"] == 7
    weights = scores["methods"]["weights (white box, upper bound)"]
    assert weights["auc"] == 1.0
    assert weights["nearest"] == 1.0
    assert sum(scores["parents"].values()) == 7
    assert [p["series"] for p in scores["laws"]["points"]] == ["bits", "bits"]
    by_amount = {p["amount"]: p["functional"] for p in scores["laws"]["points"]}
    assert 0 < by_amount[4.0] < by_amount[2.0]
    assert scores["laws"]["constants"]["default assay"]["pairs"] == 20, "a disguise is no change"
    assert set(scores["tokens"]) == {"cladist", "phylolm", "reptrace"}


def test_scoring_again_asks_nobody(
    scores: dict[str, Any], menagerie: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from cladist.lab import asking

    def never(root: Path, name: str) -> None:
        raise AssertionError(f"{name} was opened again")

    monkeypatch.setattr(asking, "open_bred", never)
    asking.ask_all(menagerie, read_truth(menagerie), LITTLE)


def test_the_report_says_what_the_scores_say(
    scores: dict[str, Any], menagerie: Path, tmp_path: Path
) -> None:
    write_report(menagerie, tmp_path / "lab.md")
    text = (tmp_path / "lab.md").read_text()
    assert text == report(scores, sorted(p.name for p in (tmp_path / "images").iterdir()))
    assert "9 models, 7 of them scored" in text
    for picture in ("lab-operations", "lab-kin", "lab-laws", "lab-function"):
        assert f"![{picture}](images/{picture}.png)" in text
        assert (tmp_path / "images" / f"{picture}.png").stat().st_size > 5_000
    rows = [line for line in text.splitlines() if line.startswith("| functional assay, ")]
    assert len(rows) == 4, "two methods, among all and among unrelated models"
    assert "distributions of 6 models, without oak-hidden, which tell none" in text
    assert "**By distributions**" in text
    (head,) = (line for line in text.splitlines() if line.startswith("| operation | pairs "))
    assert "| functional assay, kinship |" in head
    bare = {k: v for k, v in scores.items() if k != "functional"}
    assert "functional assay, " not in report(bare)
    assert "nan" not in text
    assert "None" not in text


def test_nothing_scored_nothing_reported(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="has no scores"):
        write_report(tmp_path, tmp_path / "lab.md")


def test_published_methods_are_taken_as_they_are() -> None:
    from cladist import catalog
    from cladist.lab.asking import PUBLISHED

    ours, phylolm, reptrace = assays(PUBLISHED)
    assert ours.digest == catalog.assay().digest
    assert phylolm.digest == catalog.assay("phylolm").digest
    assert reptrace.method == catalog.assay("reptrace").method
    assert reptrace.protocol.probes.digest == catalog.assay("reptrace").protocol.probes.digest
    assert reptrace.protocol.decoding.interface == "auto", "base models know no chat"


def test_the_command_checks_grows_and_complains(tmp_path: Path) -> None:
    plan = tmp_path / "plan.toml"
    plan.write_text(tiny_plan("", steps=1))
    run = CliRunner()
    shown = run.invoke(app, ["lab", "grow", "--plan", str(plan), "--check"])
    assert shown.exit_code == 0
    assert "2 founders and 0 descendants" in shown.output
    assert not (tmp_path / "out").exists()
    grow = ["lab", "grow", "--plan", str(plan), "--out", str(tmp_path / "out"), "--jobs", "1"]
    made = run.invoke(app, [*grow, "--json"])
    assert made.exit_code == 0, made.output
    assert json.loads(made.stdout)["made"] == ["oak", "fig"]
    assert json.loads(run.invoke(app, [*grow, "--json"]).stdout)["kept"] == ["oak", "fig"]
    nowhere = run.invoke(app, ["lab", "score", "--out", str(tmp_path / "nowhere")])
    assert isinstance(nowhere.exception, InputError)
    assert "cladist lab grow" in str(nowhere.exception)


def test_the_functional_assay_is_scored_beside_the_others(
    scores: dict[str, Any], menagerie: Path, tmp_path: Path
) -> None:
    from cladist.lab.report_functional import write_functional
    from cladist.lab.score import score_distributions

    found = scores["functional"]
    assert found["left_out"] == ["oak-hidden"], "whose texts are reworded"
    assert found["models"] == 6
    assert set(found["methods"]) == {"functional assay, kinship", "functional assay, d_H"}
    assert found["methods"]["functional assay, d_H"]["nearest"] == 1.0
    assert found["inheritance"]["noise"][1] < found["inheritance"]["tune"][1] * 10
    by_amount = {p["amount"]: p["functional"] for p in found["series"]}
    assert 0 < by_amount[4.0] < by_amount[2.0]
    assert 0.7 < found["constants"]["low"] < found["constants"]["high"] < 1.4
    alone = score_distributions(menagerie, ask=False)
    assert json.loads(json.dumps(alone)) == found
    write_functional(menagerie, tmp_path / "f.md")
    text = (tmp_path / "f.md").read_text()
    assert "6 models, 100 contexts each" in text
    assert "nan" not in text
    assert "None" not in text
