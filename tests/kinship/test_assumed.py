"""What is claimed of models that may have been asked differently from those beside them."""

from __future__ import annotations

import numpy as np
from made_families import population

from cladist.kinship.inference.assumed import KEPT, restored
from cladist.kinship.inference.calibration import Labels, calibrate, pair_evidence
from cladist.kinship.inference.decision import PairFacts, decide
from cladist.kinship.inference.facts import gatherer
from cladist.kinship.inference.family_sets import FamilySet, SetCalibration, family_set, fit_sets
from cladist.kinship.inference.identify import fit_identifier, identify
from tests.kinship.test_family_sets import made_pairs, made_panel


def kept_of(
    score: np.ndarray, labels: Labels, sets: SetCalibration, i: int, kept: float
) -> FamilySet:
    pairs = made_pairs(score)
    found = identify(pairs, labels, fit_identifier(pairs, labels), pairs.models[i])
    return family_set(pairs, labels, sets, found, kept=kept)


def weakened(score: np.ndarray, labels: Labels, i: int, share: float) -> np.ndarray:
    """The same, with what model i has in common with its family cut down to a share."""
    out = score.copy()
    own = np.array(labels.families) == labels.families[i]
    own[i] = False
    row = np.where((out[i] > 0) & own, out[i] * share, out[i])
    out[i], out[:, i] = row, row
    return out


def test_evidence_is_restored_and_its_absence_is_not() -> None:
    assert restored(np.array([3.0, 0.0, -2.0]), 0.25).tolist() == [12.0, 0.0, -2.0]
    assert 0 < KEPT < 1


def test_sets_hold_the_family_of_kin_that_show_a_part_of_what_they_share() -> None:
    plain, wide, strong = [], [], []
    for seed in range(3):
        pairs, labels = made_panel(seed)
        sets = fit_sets(pairs, labels)
        family = np.array(labels.families)
        kin = [i for i in range(len(pairs)) if (family == family[i]).sum() > 1]
        for i in kin[::4]:
            cut = weakened(pairs.score, labels, i, KEPT)
            plain.append(family[i] in kept_of(cut, labels, sets, i, 1.0).families)
            wide.append(family[i] in kept_of(cut, labels, sets, i, KEPT).families)
            strong.append(family[i] in kept_of(pairs.score, labels, sets, i, 1.0).families)
    assert len(plain) > 60
    assert np.mean(wide) >= np.mean(strong) - 0.02 and np.mean(wide) >= 0.88
    assert np.mean(plain) < np.mean(wide) - 0.02


def test_a_widened_set_is_never_smaller_and_none_of_these_is_as_it_was() -> None:
    pairs, labels = made_panel(7)
    sets = fit_sets(pairs, labels)
    for i in range(0, len(pairs), 5):
        plain = kept_of(pairs.score, labels, sets, i, 1.0)
        wide = kept_of(pairs.score, labels, sets, i, KEPT)
        assert set(plain.families) <= set(wide.families)
        assert (plain.none, plain.none_p) == (wide.none, wide.none_p)
        assert "kept" not in plain.to_dict() and wide.to_dict()["kept"] == KEPT


def test_a_pair_is_called_unrelated_less_easily_where_one_was_asked_otherwise() -> None:
    models, names = population(families=12, members=4, kept=0.6)
    pairs, labels = pair_evidence(models), Labels(tuple(names))
    plain = gatherer(models, pairs, labels)
    one, other = models[0].model, models[1].model
    told = {one: ("temperature",)}
    doubting = gatherer(models, pairs, labels, calibration=plain.calibration, doubted=told)
    both = {one: ("temperature",), other: ("temperature",)}
    alike = gatherer(models, pairs, labels, calibration=plain.calibration, doubted=both)
    for j in range(1, len(models)):
        before, after = plain.facts(0, j), doubting.facts(0, j)
        assert after.kin_p >= before.kin_p and after.p == before.p
        assert after.doubts == ("temperature",) and not before.doubts
    assert doubting.facts(0, 1).kin_p > plain.facts(0, 1).kin_p
    assert alike.facts(0, 1) == plain.facts(0, 1)


def test_restoring_is_asking_of_kin_that_share_less() -> None:
    pairs, labels = made_panel(1)
    c = calibrate(pairs, labels)
    residual = c.excess(pairs, 0, slice(1, 9))
    weaker = np.where(c.kin > 0, c.kin * KEPT, c.kin)
    size = np.bincount(c.kin_order)
    for k, got in enumerate(c.kin_p(pairs, 0, slice(1, 9), KEPT)):
        below = np.bincount(c.kin_order, weaker <= residual[k])[size > 0] / size[size > 0]
        assert got >= (1 + below.sum()) / (1 + len(below)) - 1e-12


def test_the_sentence_says_what_may_differ() -> None:
    facts = PairFacts("a", "b", 40, p=0.5, kin_p=0.01, floor=0.001, doubts=("temperature", "top-p"))
    found = decide(facts)
    assert (
        found.verdict == "unrelated" and "their temperature and top-p may differ" in found.sentence
    )
