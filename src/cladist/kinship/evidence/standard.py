"""Putting similarities of different kinds on one scale, at every panel size."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from cladist.kinship.config import SPREADS

__all__ = [
    "ROWS",
    "Floats",
    "RowLevels",
    "blocks_of",
    "in_turn",
    "level_of",
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


class RowLevels(NamedTuple):
    """Where the pairs of each model lie: mean and spread float64 (n,), and the pooled variance."""

    mean: Floats
    spread: Floats
    pooled: float


def row_levels(
    rows_of: Callable[[slice], Floats],
    members: NDArray[np.bool_],
    own: NDArray[np.int64] | None = None,
    weights: Floats | None = None,
    beyond: float = np.inf,
) -> RowLevels:
    """Mean and spread of every row of a similarity (n, n), as `standardise` takes them; `rows_of`
    gives a block of its rows, float64 (b, n).

    Everybody but the row itself counts, and but the member `own[i]` that says just what i says.
    The mean is without what lies `beyond` spreads above it (`_lower_mean`).
    """
    n = len(members)
    counted = members.astype(np.float64) if weights is None else weights
    m = float(counted.sum())
    mean, square, apart, count = (np.zeros(n) for _ in range(4))
    for rows in blocks_of(n):
        view = np.broadcast_to(members, (rows.stop - rows.start, n)).copy()
        at = np.arange(rows.stop - rows.start)
        view[at, at + rows.start] = False
        if own is not None:
            twin = np.flatnonzero(own[rows] >= 0)
            view[twin, own[rows][twin]] = False
        t = np.where(view, rows_of(rows), 0.0)
        seen = view * counted
        mean[rows], apart[rows], count[rows] = _level(t, seen, m, beyond)
        square[rows] = (t**2 * seen).sum(1)
    pairs = m**2 - float((counted**2).sum())
    pooled = (float(square @ counted) + SPREADS.pseudo * SPREADS.least**2) / (
        pairs + SPREADS.pseudo
    )
    return RowLevels(mean, _spread(apart, count, pooled), pooled)


def level_of(
    values: Floats, seen: NDArray[np.bool_], pooled: float, beyond: float = np.inf
) -> tuple[float, float]:
    """Mean and spread of one outsider's likeness with the m members, float64 (m,), of whom those
    in `seen` count, as `row_levels` has them with the members' pooled variance."""
    row = np.where(seen, values, 0.0)[None]
    mean, apart, count = _level(row, seen[None].astype(np.float64), len(seen), beyond)
    return float(mean[0]), float(_spread(apart, count, pooled)[0])


def _level(
    values: Floats, counted: Floats, m: float, beyond: float
) -> tuple[Floats, Floats, Floats]:
    """Mean of rows, squares of what lies apart from it, and how many count, float64 (b,) each."""
    mean = _lower_mean(values, counted, beyond) * max((m - 2) / m, 0.0)
    return mean, ((values - mean[:, None]) ** 2 * counted).sum(1), counted.sum(1)


def _spread(apart: Floats, count: Floats, pooled: float) -> Floats:
    return np.asarray(np.sqrt((apart + SPREADS.pseudo * pooled) / (count + SPREADS.pseudo)))


def _lower_mean(values: Floats, counted: Floats, beyond: float) -> Floats:
    """Weighted mean of every row without what lies `beyond` spreads above it, float64 (b,).

    Kin lie above, and where they are many they would raise the mean that they are held against.
    """
    kept = counted
    if np.isfinite(beyond):
        most = [_highest(np.sort(v[c > 0]), beyond) for v, c in zip(values, counted, strict=True)]
        kept = np.where(values <= np.array(most)[:, None], counted, 0.0)
    return np.asarray((values * kept).sum(1) / kept.sum(1))


def _highest(rising: Floats, beyond: float) -> float:
    """The highest of sorted values that does not lie `beyond` spreads above the mean of those up
    to it.

    What lies above is left out, mean and spread are taken anew from the rest, until nothing
    changes (one-sided sigma clipping). Of ten values or fewer none can lie three spreads above, nor
    more than a tenth that lie equally far above the rest.
    """
    total, square = np.cumsum(rising), np.cumsum(rising**2)
    kept = len(rising)
    while kept:
        mean = total[kept - 1] / kept
        spread = np.sqrt(max(square[kept - 1] / kept - mean**2, 0.0))
        fewer = int(np.searchsorted(rising[:kept], mean + beyond * spread, side="right"))
        if fewer == kept:
            return float(rising[kept - 1])
        kept = fewer
    return np.inf


def standardise(
    similarity: Floats,
    members: NDArray[np.bool_],
    own: NDArray[np.int64] | None = None,
    weights: Floats | None = None,
    beyond: float = np.inf,
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
    level = row_levels(lambda rows: similarity[rows], members, own, weights, beyond)
    z = (similarity - level.mean[:, None]) / level.spread[:, None]
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
