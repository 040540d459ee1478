"""Pairs that stand apart from all of a panel are not called related by it."""

from __future__ import annotations

import numpy as np
from made_functions import CONTEXTS, families, model

from cladist.kinship.evidence.functional import apart, functional_distances, read_functions
from cladist.kinship.inference.coverage import standing_apart
from cladist.kinship.inference.decision import DEFAULT, Policy
from cladist.kinship.inference.facts import gatherer
from cladist.kinship.inference.labels import Labels
from cladist.kinship.inference.pairs import pair_evidence

MAKERS = np.array([0, 0, 1, 1, 2, 2, 3, 4])


def distances(outside: float) -> np.ndarray:
    """Makers 0 to 2 are .4 apart; the models of makers 3 and 4 are `outside` from them."""
    far = np.full((8, 8), 0.4)
    far[6:, :6] = far[:6, 6:] = outside
    far[6, 7] = far[7, 6] = 0.3
    np.fill_diagonal(far, 0.0)
    return far


def test_two_that_are_far_from_everybody_else_are_not_covered() -> None:
    said = standing_apart(distances(0.9), MAKERS, 6, 7)
    assert "0.90" in said and "within 0.40" in said
    assert standing_apart(distances(0.4), MAKERS, 6, 7) == ""


def test_one_of_two_that_is_near_the_panel_is_enough() -> None:
    far = distances(0.9)
    far[7, 0] = far[0, 7] = 0.35
    assert standing_apart(far, MAKERS, 6, 7) == ""
    assert standing_apart(distances(0.9), MAKERS, 0, 6) == ""


def test_models_of_the_same_two_makers_say_nothing_of_coverage() -> None:
    makers = MAKERS.copy()
    far = distances(0.9)
    makers[0], far[6, 0], far[0, 6], far[7, 0], far[0, 7] = 3, 0.1, 0.1, 0.1, 0.1
    assert standing_apart(far, makers, 6, 7) != ""


def test_models_of_unknown_makers_and_missing_distances_are_no_evidence() -> None:
    far, makers = distances(0.9), MAKERS.copy()
    makers[0] = -1
    far[6, 0] = far[0, 6] = 0.1
    assert standing_apart(far, makers, 6, 7) != ""
    assert standing_apart(np.full((8, 8), np.nan), MAKERS, 6, 7) == ""
    assert standing_apart(far[:3, :3], np.array([0, 1, 2]), 0, 1) == ""


def test_distances_are_those_of_the_assay() -> None:
    answers = families(3, 2)
    found = apart(read_functions(answers))
    assert np.allclose(found, functional_distances(answers).matrix, atol=1e-5)


def test_two_capable_strangers_among_others_are_not_called_related() -> None:
    """Two models with one thing in common that nobody else has, and otherwise unrelated."""
    draw = np.random.default_rng(2)
    answers = families(18, 3)
    names = [a.model.split("-")[0] for a in answers]
    shared = draw.normal(0, 2, (CONTEXTS, 257)) * 2.5
    for k in range(2):
        own = shared + draw.normal(0, 1, shared.shape)
        answers.append(model(f"x{k}", own))
    labels = Labels((*names, "x0", "x1"), ())
    made = gatherer(answers, pair_evidence(answers), labels)
    policy = Policy(alpha=0.3)
    facts = made.facts(54, 55, policy)
    assert facts.p <= policy.alpha
    assert made.decide(54, 55, policy).reason == "uncovered"
    assert "stand apart" in facts.uncovered
    kin = made.facts(0, 1, DEFAULT, whole=True)
    assert kin.uncovered == ""
