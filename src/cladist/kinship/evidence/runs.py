"""Runs of equal values: sorting numbers and going through them in order, where
`numpy.unique` would cost several times as much.

`ends` are where the parts of an array end that are looked at each by itself, rising; a run never
goes on into the next part.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

__all__ = ["distinct", "distinct_of_each", "groups", "run_lengths"]

_Int = TypeVar("_Int", np.uint64, np.int64, np.uint16)
_Ints = NDArray[np.int64]


def groups(values: NDArray[_Int], ends: _Ints | None = None) -> tuple[_Ints, _Ints]:
    """Where runs of equal values begin, and for each value the number of its run."""
    new = np.ones(len(values), np.bool_)
    np.not_equal(values[1:], values[:-1], out=new[1:])
    if ends is not None:
        new[ends[ends < len(values)]] = True
    return np.flatnonzero(new), np.cumsum(new) - 1


def run_lengths(values: NDArray[_Int], ends: _Ints | None = None) -> _Ints:
    """Lengths of runs of equal values."""
    return np.diff(groups(values, ends)[0], append=len(values))


def distinct(values: NDArray[_Int]) -> NDArray[_Int]:
    """Sorted values without repeats."""
    values = np.sort(values)
    return values[groups(values)[0]]


def distinct_of_each(values: NDArray[_Int], ends: _Ints) -> tuple[NDArray[_Int], _Ints]:
    """Each part sorted without repeats, and where the parts end then. Sorts `values` in place."""
    for first, last in pairwise([0, *ends.tolist()]):
        values[first:last].sort()
    first, _ = groups(values, ends)
    return values[first], np.searchsorted(first, ends)
