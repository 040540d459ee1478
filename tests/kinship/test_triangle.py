"""Half of a symmetric matrix is held, and all of it is read."""

from __future__ import annotations

import numpy as np
import pytest

from cladist.kinship.evidence.triangle import Triangle

N = 23


def symmetric(seed: int, *kinds: int) -> np.ndarray:
    """Float32 (..., N, N) with zero diagonals."""
    upper = np.triu(np.random.default_rng(seed).normal(size=(*kinds, N, N)), 1).astype(np.float32)
    return upper + upper.swapaxes(-1, -2)


def filled(whole: np.ndarray, step: int) -> Triangle:
    """Added block by block, with something else left of the diagonal."""
    held = Triangle(whole.shape[:-2], N)
    for first in range(0, N, step):
        rows = slice(first, min(first + step, N))
        part = whole[..., rows, first:].copy()
        part[..., np.tri(rows.stop - first, N - first, dtype=np.bool_)] = np.nan
        held.add((), rows, part)
    return held


@pytest.mark.parametrize("size", [1, 4, 7, 256])
@pytest.mark.parametrize("step", [1, 5, 7, 23])
def test_all_is_read_whatever_the_blocks(
    size: int, step: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cladist.kinship.evidence.standard.ROWS", size)
    whole = symmetric(1, 2, 3)
    for held in (filled(whole, step), Triangle.of(whole)):
        assert len(held) == N
        assert np.array_equal(held.whole(), whole)
        for first, stop in ((0, 23), (3, 9), (4, 8), (7, 7), (11, 12), (20, 23)):
            rows = slice(first, stop)
            assert np.array_equal(held.rows((1, 2), rows), whole[1, 2, rows])
            assert np.array_equal(held.rows((0, 1), rows, first), whole[0, 1, rows, first:])


@pytest.mark.parametrize("size", [1, 4, 256])
@pytest.mark.parametrize("step", [1, 3, 9])
def test_pairs_among_some_models(size: int, step: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cladist.kinship.evidence.standard.ROWS", size)
    models, value = np.array([0, 2, 3, 9, 10, 11, 17, 21, 22]), symmetric(2)
    held = Triangle((1,), N)
    for first in range(0, len(models), step):
        some = models[first:]
        held.add_among(0, some, value[np.ix_(some[:step], some)])
    expected = np.zeros((1, N, N), np.float32)
    expected[0][np.ix_(models, models)] = value[np.ix_(models, models)]
    assert np.array_equal(held.whole(), expected)


def test_what_is_forgotten_leaves_the_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cladist.kinship.evidence.standard.ROWS", 4)
    whole = symmetric(3, 2)
    held = filled(whole, 6)
    held.forget(8)
    for rows in (slice(8, 12), slice(9, 23)):
        assert np.array_equal(held.rows(1, rows, rows.start), whole[1, rows, rows.start :])
    # Never made up from whatever stands in memory.
    for rows, first in ((slice(8, 12), 0), (slice(0, 4), 0), (slice(7, 9), 7)):
        with pytest.raises(ValueError, match="was let go"):
            held.rows(1, rows, first)


def test_nobody_is_compared_with_nobody() -> None:
    assert Triangle((2,), 0).rows(0, slice(0, 0)).shape == (0, 0)
