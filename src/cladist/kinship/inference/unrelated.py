"""Pairs of models by the tens of millions, held in few bytes and read part by part."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cladist.kinship.evidence.standard import Floats, blocks_of

__all__ = ["PART", "ReadPairs", "Unrelated", "pairs_of", "parts_of"]

Ints = NDArray[np.int64]

PART = 1 << 20
"""Pairs that are worked on at a time."""


def parts_of(m: int) -> Iterator[slice]:
    """Parts of up to PART of m pairs, one after the other."""
    for first in range(0, m, PART):
        yield slice(first, min(first + PART, m))


def pairs_of(
    rows: Ints, wanted: Callable[[Ints, Ints], NDArray[np.bool_]]
) -> tuple[NDArray[Any], NDArray[Any]]:
    """Both rows of the pairs of `rows` that are wanted, each once, in the least unsigned type.

    `wanted` is asked about rows that broadcast against each other.

    >>> pairs_of(np.array([2, 5, 9]), lambda a, b: a + b != 11)
    (array([2, 5], dtype=uint8), array([5, 9], dtype=uint8))
    """
    one: list[NDArray[Any]] = []
    two: list[NDArray[Any]] = []
    small = np.min_scalar_type(int(rows.max(initial=0)))
    for block in blocks_of(len(rows)):
        a, b = rows[block], rows[block.start :]
        later = np.arange(len(b)) > np.arange(len(a))[:, None]
        i, j = np.nonzero(later & wanted(a[:, None], b[None, :]))
        one.append(a.astype(small)[i])
        two.append(b.astype(small)[j])
    nobody = [np.zeros(0, small)]
    return np.concatenate(one or nobody), np.concatenate(two or nobody)


@dataclass(frozen=True, eq=False)
class Unrelated:
    """All m pairs of models of different makers, ordered by the first model, then by the second.

    makers  int64 (n,), -1 where a model takes no part
    a, b    both rows of each pair, unsigned (m,)
    """

    makers: Ints
    a: NDArray[Any]
    b: NDArray[Any]

    @classmethod
    def of(cls, makers: Ints) -> Unrelated:
        """Those of n models. O(n^2) time, 4 bytes a pair up to 65,536 models."""
        kept = np.flatnonzero(makers >= 0)
        return cls(makers, *pairs_of(kept, lambda i, j: makers[i] != makers[j]))

    def __len__(self) -> int:
        return len(self.a)

    def __getitem__(self, where: slice | Ints) -> tuple[Ints, Ints]:
        """Both rows of the pairs there, int64."""
        return self.a[where].astype(np.int64), self.b[where].astype(np.int64)

    @property
    def cells(self) -> int:
        """How many cells of two makers they are of."""
        makers = len(np.unique(self.makers[self.makers >= 0]))
        return makers * (makers - 1) // 2

    @property
    def weight(self) -> ReadPairs:
        """One over the pairs of a pair's cell, so that every cell weighs the same."""
        number, models = np.unique(self.makers, return_inverse=True)[1], self.makers >= 0
        size = np.bincount(number, models)[number]
        return ReadPairs(self, lambda i, j: np.asarray(1.0 / (size[i] * size[j])))


@dataclass(frozen=True, eq=False)
class ReadPairs:
    """A number for every unrelated pair, made when it is read: all at once take 8 bytes a pair."""

    pairs: Unrelated
    of: Callable[[Ints, Ints], Floats]

    def __len__(self) -> int:
        return len(self.pairs)

    def __getitem__(self, where: slice | Ints) -> Floats:
        return self.of(*self.pairs[where])
