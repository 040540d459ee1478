"""The different values of an array of whole numbers, and their numbers."""

from __future__ import annotations

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

__all__ = ["distinct", "numbered"]

Whole = TypeVar("Whole", np.int64, np.uint64)


def distinct(values: NDArray[Whole]) -> NDArray[Whole]:
    """What `numpy.unique` gives of whole numbers (n,), by sorting.

    From version 2.3 on NumPy looks values up in a hash table first, which takes five to twenty
    times as long where most of them differ.

    Examples
    --------
    >>> distinct(np.array([3, 1, 3, 2])).tolist()
    [1, 2, 3]
    """
    ordered: NDArray[Whole] = np.sort(values)
    if len(ordered) < 2:
        return ordered
    found: NDArray[Whole] = ordered[np.concatenate([[True], ordered[1:] != ordered[:-1]])]
    return found


def numbered(hashes: NDArray[np.uint64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Where each different hash stands first, and the number of every hash among them, rising.

    What `numpy.unique` gives as index and inverse, in a third of the time: sorting numbers is ten
    times as fast as sorting their places. So places stand in the low bits of what is sorted, and
    where different hashes agree in all the other bits, as ill-mixed ones may, places are sorted.

    Examples
    --------
    >>> first, number = numbered(np.array([3, 1, 3, 2], np.uint64))
    >>> first.tolist(), number.tolist()
    ([1, 3, 0], [2, 0, 2, 1])
    """
    n = len(hashes)
    if not n:
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    low = np.uint64((1 << (n - 1).bit_length()) - 1)
    packed = (hashes & ~low) | np.arange(n, dtype=np.uint64)
    packed.sort()
    packed &= low
    order = packed.view(np.int64)
    ordered = hashes[order]
    if (ordered[1:] < ordered[:-1]).any():
        order = np.argsort(hashes, kind="stable")
        ordered = hashes[order]
    begins = np.ones(n, np.bool_)
    np.not_equal(ordered[1:], ordered[:-1], out=begins[1:])
    number = np.empty(n, np.int64)
    number[order] = np.cumsum(begins) - 1
    return order[begins], number
