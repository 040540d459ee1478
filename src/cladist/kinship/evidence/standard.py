"""Putting similarities of different kinds on one scale, at every panel size."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from cladist.kinship.config import SPREADS

__all__ = [
    "ROWS",
    "Floats",
    "blocks_of",
    "in_turn",
    "mirror",
    "row_levels",
    "standardise",
]

Floats = NDArray[np.float64]
_T = TypeVar("_T")

ROWS = 256
"""Rows of a matrix of all pairs that are worked on at a time. Nothing but memory depends on it."""


def blocks_of(n: int) -> Iterator[slice]:
    """Blocks of up to ROWS of n rows, one after the other."""
    for first in range(0, n, ROWS):
        yield slice(first, min(first + ROWS, n))


def mirror(upper: NDArray[np.float32]) -> None:
    """Write what is right of the diagonals of (..., n, n) to their left, and 0 on them."""
    n = upper.shape[-1]
    for rows in blocks_of(n):
        for part in upper.reshape(-1, n, n):
            square = part[rows, rows]
            square[:] = np.triu(square, 1)
            square += square.T.copy()
            part[rows.stop :, rows] = part[rows, rows.stop :].T


def row_levels(
    rows_of: Callable[[slice], Floats],
    members: NDArray[np.bool_],
    own: NDArray[np.int64] | None = None,
    weights: Floats | None = None,
) -> tuple[Floats, Floats]:
    """Mean and spread of every row of a similarity (n, n), float64 (n,) each, as `standardise`
    takes them; `rows_of` gives a block of its rows, float64 (b, n).

    Everybody but the row itself counts, and but the member `own[i]` that says just what i says.
    """
    n = len(members)
    counted = members.astype(np.float64) if weights is None else weights
    m = float(counted.sum())
    row, square, apart, count = (np.zeros(n) for _ in range(4))
    for rows in blocks_of(n):
        view = np.broadcast_to(members, (rows.stop - rows.start, n)).copy()
        at = np.arange(rows.stop - rows.start)
        view[at, at + rows.start] = False
        if own is not None:
            twin = np.flatnonzero(own[rows] >= 0)
            view[twin, own[rows][twin]] = False
        t = np.where(view, rows_of(rows), 0.0)
        seen = view if weights is None else view * weights
        count[rows] = seen.sum(1)
        row[rows] = (t * seen).sum(1) / count[rows] * max((m - 2) / m, 0.0)
        square[rows] = (t**2 * seen).sum(1)
        apart[rows] = ((t - row[rows, None]) ** 2 * seen).sum(1)
    pairs = m**2 - float((counted**2).sum())
    pooled = (float(square @ counted) + SPREADS.pseudo * SPREADS.least**2) / (
        pairs + SPREADS.pseudo
    )
    return row, np.sqrt((apart + SPREADS.pseudo * pooled) / (count + SPREADS.pseudo))


def standardise(
    similarity: Floats,
    members: NDArray[np.bool_],
    own: NDArray[np.int64] | None = None,
    weights: Floats | None = None,
) -> Floats:
    """Mean of each entry's z-scores in its row and its column, (n, n), zero diagonal.

    Takes out what a model has in common with everybody (style, length, a language), so that no
    model is everybody's neighbour. Mean and spread of a row are over the panel's members without
    the model itself; `own[i]` is the member that says just what model i says (-1 for none): to i
    it is itself. A panel of two has no mean but its own pair's: of the mean only the part
    (m - 2)/m is removed, and spreads are shrunk to the panel's. `weights` float64 (n,), 0 outside
    the panel, say how much each member counts, 1 by default; m is their sum.
    """
    n = len(similarity)
    if n < 2 or members.sum() < 2:
        return np.zeros((n, n))
    row, spread = row_levels(lambda rows: similarity[rows], members, own, weights)
    z = (similarity - row[:, None]) / spread[:, None]
    z = (z + z.T) / 2
    np.fill_diagonal(z, 0.0)
    return np.asarray(z)


def in_turn(work: Callable[[int], _T], count: int) -> Iterator[_T]:
    """Results of work(0), work(1), ... in that order, two at a time on two threads.

    Sums over them come out the same on any machine; no more than two results wait while the
    caller has a third.
    """
    with ThreadPoolExecutor(2) as pool:
        ahead = deque(pool.submit(work, k) for k in range(min(2, count)))
        for k in range(2, count + 2):
            if not ahead:
                break
            result = ahead.popleft().result()
            if k < count:
                ahead.append(pool.submit(work, k))
            yield result
