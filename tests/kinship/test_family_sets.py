from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from made_families import population, taught

from cladist.errors import InputError
from cladist.kinship.inference.family_sets import (
    FamilySet,
    Scores,
    SetCalibration,
    conformity,
    family_set,
    fit_sets,
    makers_needed,
)
from cladist.kinship.inference.identify import fit_identifier, identify
from cladist.kinship.inference.labels import Labels
from cladist.kinship.inference.pairs import PairEvidence, Pairwise, pair_evidence
from cladist.provenance.report import Foundation

ASKED = ("here", "alone", "gone")


@pytest.fixture(scope="module")
def panel() -> tuple[PairEvidence, Labels]:
    models, names = population(families=12, members=4, kept=0.6)
    return pair_evidence(models), Labels(tuple(names))


@pytest.fixture(scope="module")
def sets(panel: tuple[PairEvidence, Labels]) -> SetCalibration:
    return fit_sets(*panel)


def set_of(
    pairs: PairEvidence,
    labels: Labels,
    calibration: SetCalibration,
    model: str,
    without: tuple[str, ...] = (),
    coverage: float = 0.9,
) -> FamilySet:
    found = identify(pairs, labels, fit_identifier(pairs, labels), model, without=without)
    return family_set(pairs, labels, calibration, found, coverage=coverage, without=without)


def made_pairs(score: np.ndarray, copies: dict[int, int] | None = None) -> PairEvidence:
    n = len(score)
    digest = [(copies or {}).get(i, i).to_bytes(4, "little") for i in range(n)]
    known, nothing = Pairwise(score), Pairwise(np.zeros((n, n)))
    return PairEvidence(
        tuple(f"m{i}" for i in range(n)), known, known, (known, known), nothing, nothing,
        np.ones((n, 5), np.bool_), tuple(digest), np.zeros(n, np.bool_),
    )  # fmt: skip


def made_panel(seed: int, makers: int = 24) -> tuple[PairEvidence, Labels]:
    """Makers of one to three families of one to nine members, with kinship that differs from
    family to family, makers that sound alike, and tails of three degrees of freedom."""
    draw = np.random.default_rng(seed)
    families, circles = [], []
    for m in range(makers):
        for k in range(draw.integers(1, 4)):
            size = int(min(1 + draw.geometric(0.35), 9))
            families += [f"f{m}-{k}"] * size
            circles += [f"maker{m}"] * size
    family, circle = np.array(families), np.array(circles)
    n = len(family)
    noise = draw.standard_t(3, (n, n))
    score = np.triu(noise, 1) + np.triu(noise, 1).T
    for name in np.unique(family):
        mine = family == name
        score[np.ix_(mine, mine)] += draw.gamma(2.0, 2.0)
    for name in np.unique(circle):
        mine = circle == name
        score[np.ix_(mine, mine)] += draw.gamma(1.0, 0.7)
    return made_pairs(score), Labels(tuple(families), tuple(circles))


def covered(seed: int, coverage: float) -> tuple[dict[str, list[float]], list[int]]:
    """Per way of asking the shares of covered models of makers held out, and sizes of sets."""
    pairs, labels = made_panel(seed)
    family, circle = np.array(labels.families), np.array(labels.makers)
    draw = np.random.default_rng(10_000 + seed)
    out = draw.choice(np.unique(circle), 3, replace=False)
    known = np.flatnonzero(~np.isin(circle, out)).tolist()
    fitted, calibration = (f(pairs, labels, queries=known) for f in (fit_identifier, fit_sets))
    right: dict[str, list[float]] = {how: [] for how in ASKED}
    sizes = []
    for maker in out:
        hits: dict[str, list[bool]] = {how: [] for how in ASKED}
        for i in draw.permutation(np.flatnonzero(circle == maker))[:6]:
            gone = ((), (family[i],), tuple(np.unique(family[circle == maker])))
            for how, without in zip(ASKED, gone, strict=True):
                if how == "here" and (family == family[i]).sum() < 2:
                    continue
                found = identify(pairs, labels, fitted, pairs.models[i], without=without)
                s = family_set(
                    pairs, labels, calibration, found, coverage=coverage, without=without
                )
                assert not s.refused
                hits[how].append(family[i] in s.families if how == "here" else s.none)
                if how == "here":
                    sizes.append(len(s))
        for how in ASKED:
            if hits[how]:
                right[how].append(float(np.mean(hits[how])))
    return right, sizes


def test_sets_hold_the_truth_as_often_as_they_say() -> None:
    """Over 60 panels, makers held out: unequal sizes, effects of families and makers, heavy
    tails; the family present, taken away, and all of its maker taken away."""
    shares: dict[str, list[float]] = {how: [] for how in ASKED}
    sizes = []
    for seed in range(60):
        right, some = covered(seed, 0.8)
        sizes += some
        for how in ASKED:
            shares[how] += right[how]
    for how in ASKED:
        assert len(shares[how]) > 140
        error = np.std(shares[how]) / np.sqrt(len(shares[how]))
        assert np.mean(shares[how]) >= 0.8 - 2 * error, how
    assert np.mean(shares["here"]) < 0.9  # not by naming everything
    assert np.median(sizes) < 10  # of some 48 families


def test_a_family_is_named_and_its_absence_is_noticed(
    panel: tuple[PairEvidence, Labels], sets: SetCalibration
) -> None:
    only = absent = 0
    for f in range(12):
        here = set_of(*panel, sets, f"f{f}-m0")
        only += here.families == (f"family{f}",) and not here.none
        away = set_of(*panel, sets, f"f{f}-m0", (f"family{f}",))
        assert f"family{f}" not in dict(away.p_values)
        absent += away.families == () and away.none
    assert only >= 10
    assert absent >= 10


def test_its_own_label_does_not_help(
    panel: tuple[PairEvidence, Labels], sets: SetCalibration
) -> None:
    pairs, labels = panel
    wrong = Labels(("family5", *labels.families[1:]))
    found = []
    for given in (labels, wrong):
        fitted = fit_identifier(pairs, given, without="f0-m0")
        made = fit_sets(pairs, given, without="f0-m0")
        found.append(family_set(pairs, given, made, identify(pairs, given, fitted, "f0-m0")))
    assert found[0] == found[1]


def test_a_merge_holds_both_parents() -> None:
    """Where some true families are hard to tell, two that show alike both stay."""
    draw = np.random.default_rng(2)
    family = np.repeat([f"f{m}" for m in range(20)], 5)
    noise, same = draw.normal(size=(100, 100)), family[:, None] == family[None, :]
    score = noise + noise.T + np.where(same, np.repeat(np.linspace(2, 8, 20), 5), 0.0)
    score[0, 5:10] = score[5:10, 0] = score[0, :5] = score[:5, 0] = 8.0
    pairs, labels = made_pairs(score), Labels(tuple(family))
    found = identify(pairs, labels, fit_identifier(pairs, labels), "m0")
    s = family_set(pairs, labels, fit_sets(pairs, labels), found)
    assert set(s.families) == {"f0", "f1"} and not s.none


def test_rivals_that_are_no_better_take_nothing() -> None:
    chance = np.array([[0.1, 0.45, 0.45], [0.1, 0.9, 0.0], [0.2, 0.6, 0.2], [1.0, 0.0, 0.0]])
    assert conformity(chance) == pytest.approx(
        np.array([[0.1, 9 / 11, 9 / 11], [0.1, 0.9, 0.0], [0.2, 0.75, 0.25], [1.0, 0.0, 0.0]])
    )
    assert conformity(np.array([[1.0]])) == pytest.approx(np.array([[1.0]]))


def test_makers_needed() -> None:
    assert [makers_needed(c) for c in (0.5, 0.8, 0.9, 0.95, 0.99)] == [2, 5, 10, 20, 100]
    for bad in (0.0, 1.0, -0.5, float("nan")):
        with pytest.raises(InputError, match="outside 0 to 1"):
            makers_needed(bad)


def test_too_few_makers_exclude_nobody_and_say_so(
    panel: tuple[PairEvidence, Labels], sets: SetCalibration
) -> None:
    s = set_of(*panel, sets, "f0-m0", coverage=0.95)
    assert len(s.families) == 12 and s.none
    assert s.refused.startswith("12 makers have kin")
    assert "20 are needed for sets of 95%" in s.refused
    assert s.best == "family0" and str(s).startswith("No set at 95%, no family is excluded: 12")
    just = set_of(*panel, sets, "f0-m0", coverage=0.91)
    assert makers_needed(0.91) == 12 and not just.refused and just.families == ("family0",)


def test_one_family_only_and_two_models() -> None:
    draw = np.random.default_rng(0)
    noise = draw.normal(size=(25, 25))
    pairs, labels = made_pairs(noise + noise.T), Labels(("one",) * 25)
    s = set_of(pairs, labels, fit_sets(pairs, labels), "m0")
    assert s.families == ("one",) and s.none
    assert s.refused == "all models that have kin of other answers are of one maker"
    two, both = made_pairs(noise[:2, :2]), Labels(("one", "one"))
    assert fit_sets(two, both).refused
    with pytest.raises(InputError, match="2 labelled models have a relative here; 20"):
        fit_identifier(two, both)


def test_no_labels_make_no_sets() -> None:
    pairs = made_pairs(np.zeros((30, 30)))
    made = fit_sets(pairs, Labels(("",) * 30))
    assert made.refused == "no model has a declared family and answers"
    assert made.makers == ()


def test_ties_exclude_nobody() -> None:
    """Where all models are equally alike the true family has the largest p-value there is."""
    labels = Labels(tuple(f"f{i // 2}" for i in range(40)))
    pairs = made_pairs(np.ones((40, 40)))
    made = fit_sets(pairs, labels)
    for i in (0, 17, 39):
        s = set_of(pairs, labels, made, f"m{i}")
        assert dict(s.p_values)[f"f{i // 2}"] == pytest.approx(1.0)


def test_copies_alone_are_no_kin() -> None:
    labels = Labels(tuple(f"f{i // 2}" for i in range(40)))
    noise = np.random.default_rng(1).normal(size=(40, 40))
    pairs = made_pairs(noise + noise.T, copies={i: i // 2 for i in range(40)})
    assert fit_sets(pairs, labels).refused
    with pytest.raises(InputError, match="0 labelled models have a relative"):
        fit_identifier(pairs, labels)


def test_every_maker_counts_once() -> None:
    """A hundred scores of one maker weigh as much as one of another; the own maker not at all."""
    scores = Scores(
        np.array([0.1] * 100 + [0.9, 0.9]),
        np.zeros(102, np.int64),
        np.array([0] * 100 + [1, 2]),
    )
    p = scores.p_values(np.array([[0.5, 0.5, 0.95, 0.05]]), np.array([-1, 0, 1, -1]))
    assert p == pytest.approx([2 / 4, 1 / 3, 3 / 3, 1 / 4])
    tied = scores.p_values(np.array([[0.1]]), np.array([-1]))
    assert tied == pytest.approx([2 / 4])


def test_scores_are_compared_within_their_fold() -> None:
    scores = Scores(np.array([0.2, 0.6]), np.array([0, 1]), np.array([0, 1]))
    p = scores.p_values(np.array([[0.3], [0.5]]), np.array([-1]))
    assert p == pytest.approx([2 / 3])


def test_families_that_cannot_be_held_against_it_stay() -> None:
    """Members without a common probe, and reasoning traces of a worth that nobody knows."""
    models, names = population(families=12, members=4, kept=0.6)
    pairs, labels = pair_evidence(models), Labels(tuple(names))
    present = pairs.present.copy()
    present[0, 20:] = False
    present[4:8, :20] = False
    blind = PairEvidence(
        pairs.models, pairs.combined, pairs.score, pairs.halves, pairs.style, pairs.tokenizer,
        present, pairs.digest, pairs.reasoning,
    )  # fmt: skip
    s = set_of(blind, labels, fit_sets(blind, labels), "f0-m0")
    assert set(s.families) == {"family0", "family1"}
    assert s.note.startswith("1 families could not be held against it")
    taught_models, schools = taught(2)
    thinking, named = pair_evidence(taught_models), Labels(tuple(schools))
    t = set_of(thinking, named, fit_sets(thinking, named), "pupil0")
    assert "school1" in t.families and t.note


def test_it_reads_and_travels(panel: tuple[PairEvidence, Labels], sets: SetCalibration) -> None:
    s = set_of(*panel, sets, "f3-m1")
    assert str(s) == "Not excluded at 90%: family3"
    data = json.loads(json.dumps(s.to_dict()))
    assert data["families"] == ["family3"] and data["none"] is False
    assert data["p_values"]["family3"] == dict(s.p_values)["family3"]
    assert "12 makers asked with their family present" in s.basis
    many = FamilySet(
        tuple(f"f{i}" for i in range(12)), 0.9, True, "f0", 0.5, (("f0", 0.5),), 0.5, "made up"
    )
    assert str(many).endswith("f9, 2 more families, none of these") and len(many) == 13
    empty = FamilySet((), 0.9, False, "f0", 0.5, (("f0", 0.05),), 0.02, "made up")
    assert len(empty) == 0 and str(empty).startswith("Nothing is left at 90%")


def test_a_prior_beyond_reason_is_refused(panel: tuple[PairEvidence, Labels]) -> None:
    with pytest.raises(InputError, match="outside 0 to 1"):
        fit_sets(*panel, prior=0.0)


@pytest.mark.parametrize(
    ("families", "none", "refused", "told"),
    [
        (("a",), False, "", ""),
        (("a",), True, "", "not the only answer"),
        (("a", "b"), False, "", "not the only answer"),
        (("b",), False, "", "excluded itself"),
        ((), True, "", "excluded itself"),
        ((), False, "", "excluded itself"),
        (("a",), True, "too few makers", "no family is excluded"),
    ],
)
def test_the_likeliest_family_is_the_one_answer_left_or_it_is_open(
    families: tuple[str, ...], none: bool, refused: str, told: str
) -> None:
    found = FamilySet(families, 0.9, none, "a", 0.99, (("a", 0.5), ("b", 0.5)), 0.5, "", refused)
    foundation = Foundation((("a", 0.99, "m"), ("b", 0.01, "n")), 0.0, 0.5, 9, kept=found)
    assert told in found.open and bool(told) == bool(found.open)
    assert foundation.named == (None if told else ("a", 0.99, "m"))
    assert replace(foundation, families=(("a", 0.94, "m"),)).named is None
