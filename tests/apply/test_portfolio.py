"""Portfolios weigh strength against kinship; duplicates are groups in which all pairs agree."""

from __future__ import annotations

import numpy as np
import pytest

from cladist.apply.duplicates import duplicate_groups, same_answers
from cladist.apply.portfolio import k_centre, majority, oracle, portfolio, top_k
from cladist.core.responses import ResponseSet
from cladist.errors import InputError

# Two tight pairs and a loner.
DISTANCE = np.array(
    [
        [0.0, 0.1, 3, 3, 3],
        [0.1, 0, 3, 3, 3],
        [3, 3, 0, 0.1, 3],
        [3, 3, 0.1, 0, 3],
        [3, 3, 3, 3, 0],
    ]
)


def test_strength_and_distance_are_weighed() -> None:
    quality = [0.9, 0.89, 0.8, 0.79, 0.3]
    assert top_k(quality, 2) == [0, 1]
    assert portfolio(quality, DISTANCE, 2).members == (0, 2)
    assert portfolio(quality, DISTANCE, 3, strength=0).members == (0, 2, 4)
    found = portfolio(quality, DISTANCE, 2, required=[4])
    assert found.members == (4, 0)
    assert found.diversity == 3.0
    assert found.beside == (pytest.approx(0.895), pytest.approx(0.1))
    assert k_centre(DISTANCE, 3, 1) == [1, 2, 4]


def test_copies_come_last() -> None:
    copies = np.zeros((3, 3))
    assert portfolio([0.1, 0.3, 0.2], copies, 3).members == (1, 2, 0)
    assert portfolio([0.5, 0.5], np.array([[0, 1.0], [1, 0]]), 1).members == (0,)


@pytest.mark.parametrize(
    ("quality", "k", "message"),
    [([0.1] * 5, 6, "cannot be chosen"), ([0.1] * 4, 2, "shape"), ([np.nan] * 5, 1, "finite")],
)
def test_bad_portfolios_are_told(quality, k: int, message: str) -> None:
    with pytest.raises(InputError, match=message):
        portfolio(quality, DISTANCE, k)
    with pytest.raises(InputError, match="required"):
        portfolio([1.0] * 5, DISTANCE, 1, required=[0, 1])


def test_oracle_and_majority() -> None:
    right = np.array([[1, 0, np.nan, 1], [0, 0, np.nan, 1], [1, 0, np.nan, np.nan]])
    assert oracle(right)[[0, 1, 3]].tolist() == [1, 0, 1]
    assert np.isnan(oracle(right)[2])
    assert majority(right)[[0, 1, 3]].tolist() == [1, 0, 1]


def test_duplicates_hold_for_every_pair() -> None:
    chain = np.array([[0, 1.0, 2], [1, 0, 1], [2, 1, 0]])
    groups = duplicate_groups(["a", "b", "c"], chain, 1.0)
    assert len(groups) == 1
    assert groups[0].farthest <= 1.0
    (pair,) = duplicate_groups(["a", "b", "c"], chain, 2.0)
    assert (pair.keep, pair.others) == ("b", ("a", "c"))
    assert pair.reason == "nearest to all others of the group"
    (best,) = duplicate_groups(["a", "b", "c"], chain, 2.0, [1, 0, 2], "score")
    assert (best.keep, best.reason) == ("c", "best by score")
    assert duplicate_groups(["a"], np.zeros((1, 1)), 1.0) == []
    with pytest.raises(InputError, match="negative"):
        duplicate_groups(["a", "b"], np.zeros((2, 2)), -1.0)


def test_same_answers_counts_common_probes_alone() -> None:
    sets = [
        ResponseSet.of_texts("a", ["x", "y", None, "z"]),
        ResponseSet.of_texts("b", ["x ", "n", "q", "z"]),
        ResponseSet.of_texts("c", [None, None, "q", None]),
    ]
    found = same_answers(sets)
    assert found[0, 1] == pytest.approx(1 / 3)
    assert found[1, 2] == 0
    assert found[0, 2] == 1
