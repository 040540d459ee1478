"""Different values and their numbers are those that NumPy finds."""

from __future__ import annotations

import numpy as np
import pytest

from cladist.core.distinct import distinct, numbered

DRAW = np.random.default_rng(0)


@pytest.mark.parametrize("size", [0, 1, 2, 3, 64, 65, 5000])
@pytest.mark.parametrize(
    "kinds", [1, 7, 1 << 63, None], ids=["one", "seven", "mixed", "alike but in low bits"]
)
def test_values_are_numbered_as_numpy_does(size: int, kinds: int | None) -> None:
    if kinds is None:
        hashes = DRAW.integers(0, 100, size).astype(np.uint64) + np.uint64(5 << 40)
    else:
        hashes = DRAW.integers(0, kinds, size).astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    before = hashes.copy()
    found, first, number = np.unique(hashes, return_index=True, return_inverse=True)
    mine = numbered(hashes)
    assert np.array_equal(mine[0], first) and np.array_equal(mine[1], number)
    assert np.array_equal(distinct(hashes), found)
    assert np.array_equal(hashes, before)
