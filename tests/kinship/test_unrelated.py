"""Pairs by the millions: the same pairs, in the same order, whatever the parts they are read in."""

from __future__ import annotations

import numpy as np
import pytest

from cladist.kinship.evidence import standard
from cladist.kinship.inference import unrelated
from cladist.kinship.inference.null import guess_families
from cladist.kinship.inference.unrelated import Unrelated, pairs_of, parts_of


@pytest.mark.parametrize("rows_at_a_time", [1, 7, 1000])
def test_pairs_of_different_makers_come_row_by_row(
    rows_at_a_time: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(standard, "ROWS", rows_at_a_time)
    makers = np.random.default_rng(0).integers(-1, 5, 300)
    every = [
        (i, j)
        for i in range(300)
        for j in range(i + 1, 300)
        if makers[i] >= 0 and makers[j] >= 0 and makers[i] != makers[j]
    ]
    pairs = Unrelated.of(makers)
    a, b = pairs[:]
    assert list(zip(a.tolist(), b.tolist(), strict=True)) == every
    assert (pairs.a.dtype.name, a.dtype.name) == ("uint16", "int64"), "few bytes hold them"
    cell = np.minimum(makers[a], makers[b]) * 5 + np.maximum(makers[a], makers[b])
    size = np.bincount(cell)
    np.testing.assert_array_equal(pairs.weight[:], 1.0 / size[cell])
    assert pairs.cells == np.count_nonzero(size) == 10


def test_parts_cover_all_pairs_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unrelated, "PART", 10)
    pairs = Unrelated.of(np.arange(9))
    read = np.concatenate([pairs.weight[part] for part in parts_of(len(pairs))])
    assert len(read) == len(pairs.weight) == 36
    np.testing.assert_array_equal(read, np.ones(36))


def test_nobody_has_no_pairs() -> None:
    assert not len(Unrelated.of(np.full(4, -1)))
    assert not len(Unrelated.of(np.zeros(4, np.int64)))
    one, two = pairs_of(np.zeros(0, np.int64), lambda i, j: i < j)
    assert not len(one) and not len(two)


def test_families_are_guessed_as_by_the_whole_matrix() -> None:
    """Copies tie, and scores may be in single precision: families and their numbers are those of
    average linkage of all distances."""
    from scipy.cluster.hierarchy import fcluster, linkage

    draw = np.random.default_rng(1)
    family = draw.integers(0, 12, 80)
    score = draw.normal(size=(80, 80)).round(1) + 9.0 * (family[:, None] == family)
    score = (score + score.T)[:, draw.integers(0, 80, 80)][draw.integers(0, 80, 80)]
    score = np.triu(score, 1) + np.triu(score, 1).T
    upper = score[np.triu_indices(80, 1)].astype(np.float32).astype(np.float64)
    middle = np.median(upper)
    limit = upper.max() - middle - 6.0 * 1.4826 * np.median(np.abs(upper - middle))
    expected = fcluster(linkage(upper.max() - upper, "average"), limit, "distance") - 1
    stored = score.astype(np.float32)
    found = guess_families(stored)
    np.testing.assert_array_equal(found, expected)
    assert 1 < len(np.unique(found)) < 80
    np.testing.assert_array_equal(stored, score.astype(np.float32), "what is given stays as it is")
