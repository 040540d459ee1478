"""Nearest neighbours, exact, from distances or vectors, in memory that does not grow with n^2."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cladist.errors import InputError

__all__ = ["Distances", "Space", "Vectors", "kept_neighbours", "nearest", "unit_rows"]

Index = NDArray[np.int64]
Floats = NDArray[np.float64]

BLOCK = 8_000_000
"""Distances held at once: 32 MB of single precision."""

ASKED = 1_000
"""Models on which it is measured how well neighbours are kept."""


@dataclass(frozen=True, eq=False)
class Distances:
    """Models known by all their distances, float64 (n, n), symmetric, zero diagonal."""

    matrix: Floats

    def __len__(self) -> int:
        return len(self.matrix)

    def select(self, rows: Index) -> Distances:
        """Only these models."""
        return Distances(self.matrix[np.ix_(rows, rows)])

    def to(self, rows: Index, among: Index) -> Floats:
        """Distances (r, m) from some models to others."""
        return self.matrix[np.ix_(rows, among)]


@dataclass(frozen=True, eq=False)
class Vectors:
    """Models known by finite vectors, float32 (n, L), compared by Euclidean distance."""

    rows: NDArray[np.float32]

    def __post_init__(self) -> None:
        if self.rows.ndim != 2 or not np.isfinite(self.rows).all():
            raise InputError(f"vectors must be a finite table, got shape {self.rows.shape}")

    def __len__(self) -> int:
        return len(self.rows)

    def select(self, rows: Index) -> Vectors:
        """Only these models."""
        return Vectors(self.rows[rows])

    def to(self, rows: Index, among: Index) -> Floats:
        """Distances (r, m) from some models to others; rounding of equal rows is taken out."""
        a, b = self.rows[rows], self.rows[among]
        square_a = np.einsum("ij,ij->i", a, a)[:, None]
        square_b = np.einsum("ij,ij->i", b, b)[None, :]
        square = square_a + square_b - 2 * (a @ b.T)
        square[square < 1e-6 * (square_a + square_b)] = 0
        return np.sqrt(square)  # type: ignore[no-any-return]


Space = Distances | Vectors


def unit_rows(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    """Rows of length 1, between which Euclidean order is that of the cosine; zeros stay zero."""
    norm = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.asarray(rows / np.where(norm > 0, norm, 1), dtype=np.float32)


def nearest(
    space: Space,
    count: int,
    *,
    among: Index | None = None,
    asked: Index | None = None,
    progress: Callable[[str, int, int], None] | None = None,
) -> tuple[Index, Floats]:
    """The `count` nearest others of each model and their distances, both (n, count), nearest first.

    `asked` limits whose neighbours are sought, `among` who may be one; with `among`, numbers in
    the answer are places in it, and a model of it is its own nearest. Ties go to the lower
    number. O(n m L) time.
    """
    rows = np.arange(len(space)) if asked is None else asked
    others = np.arange(len(space)) if among is None else among
    count = min(count, len(others) - (among is None))
    index = np.empty((len(rows), count), dtype=np.int64)
    distance = np.empty((len(rows), count))
    for at, block in _blocks(space, rows, others):
        if among is None:
            block[np.arange(len(block)), rows[at : at + len(block)]] = np.inf
        # Room beyond the count, so that ties at its edge are all there to be sorted.
        room = min(count + 16, block.shape[1])
        found = np.sort(np.argpartition(block, room - 1, axis=1)[:, :room], axis=1)
        values = np.take_along_axis(block, found, axis=1)
        order = np.argsort(values, axis=1, kind="stable")[:, :count]
        index[at : at + len(block)] = np.take_along_axis(found, order, axis=1)
        distance[at : at + len(block)] = np.take_along_axis(values, order, axis=1)
        if progress is not None:
            progress("nearest models", at + len(block), len(rows))
    return index, distance


def _blocks(space: Space, rows: Index, others: Index) -> Iterator[tuple[int, Floats]]:
    step = max(1, BLOCK // max(len(others), 1))
    for at in range(0, len(rows), step):
        yield at, space.to(rows[at : at + step], others)


def kept_neighbours(space: Space, xy: Floats, count: int) -> tuple[float, float | None, int]:
    """How well a map (n, 2) keeps neighbours: share kept, trustworthiness, models asked.

    The share is of the `count` nearest in `space` that are among the `count` nearest on the map.
    Trustworthiness (Venna & Kaski 2001, ICANN) is 1 where nobody is near on the map who is far
    in truth; None for fewer than 2 count + 2 models, where it is not defined.
    """
    n = len(space)
    count = min(count, n - 1)
    asked = np.unique(np.linspace(0, n - 1, min(n, ASKED)).round().astype(np.int64))
    plane = Vectors(np.asarray(xy, dtype=np.float32))
    shown, _ = nearest(plane, count, asked=asked)
    everybody = np.arange(n)
    kept, intruded = 0, 0
    for at, block in _blocks(space, asked, everybody):
        own = asked[at : at + len(block)]
        block[np.arange(len(block)), own] = -np.inf
        rank = np.empty(block.shape, dtype=np.int32)
        order = np.argsort(block, axis=1, kind="stable")
        np.put_along_axis(rank, order, np.arange(n, dtype=np.int32)[None, :], axis=1)
        ranks = np.take_along_axis(rank, shown[at : at + len(block)], axis=1)
        kept += int((ranks <= count).sum())
        intruded += int(np.maximum(ranks - count, 0).sum())
    share = kept / (len(asked) * count)
    if n < 2 * count + 2:
        return share, None, len(asked)
    worst = len(asked) * count * (2 * n - 3 * count - 1) / 2
    return share, 1 - intruded / worst, len(asked)
