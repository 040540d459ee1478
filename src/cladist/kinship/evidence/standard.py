"""Putting similarities of different kinds on one scale, at every panel size."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

__all__ = ["PSEUDO", "Floats", "in_turn", "panel_view", "standardise"]

Floats = NDArray[np.float64]
_T = TypeVar("_T")

PSEUDO = 10.0
"""Pseudo-members behind every spread: a spread from fewer observations is not worth having."""

SPREAD = 0.03
"""Spread that those pseudo-members show. It says
something of panels of a few models alone. Unrelated models of recorded panels show .04 to .4."""


def panel_view(
    members: NDArray[np.bool_], own: NDArray[np.int64] | None = None
) -> NDArray[np.bool_]:
    """Which panel members count for a model's statistics, bool (n, n): all but itself.

    `own[i]` is the member that says just what model i says (-1 for none): to i it is itself.
    """
    n = len(members)
    seen = np.broadcast_to(members, (n, n)).copy()
    np.fill_diagonal(seen, False)
    if own is not None:
        twin = np.flatnonzero(own >= 0)
        seen[twin, own[twin]] = False
    return seen


def standardise(
    similarity: Floats,
    members: NDArray[np.bool_],
    own: NDArray[np.int64] | None = None,
    weights: Floats | None = None,
) -> Floats:
    """Mean of each entry's z-scores in its row and its column, (n, n), zero diagonal.

    Takes out what a model has in common with everybody (style, length, a language), so that no
    model is everybody's neighbour. Mean and spread of a row are over the panel's members without
    the model itself; `own[i]` is the member that says just what model i says (-1 for none). A
    panel of two has no mean but its own pair's: of the mean only the part (m - 2)/m is removed,
    and spreads are shrunk to the panel's. `weights` float64 (n,), 0 outside the panel, say how
    much each member counts, 1 by default; m is their sum.
    """
    n = len(similarity)
    if n < 2 or members.sum() < 2:
        return np.zeros((n, n))
    counted = members.astype(np.float64) if weights is None else weights
    m = float(counted.sum())
    view = panel_view(members, own)
    t = np.where(view, similarity, 0.0)
    seen = view if weights is None else view * weights
    count = seen.sum(1)
    row = (t * seen).sum(1) / count * max((m - 2) / m, 0.0)
    total = float((t**2 * seen).sum(1) @ counted)
    pairs = m**2 - float((counted**2).sum())
    pooled = (total + PSEUDO * SPREAD**2) / (pairs + PSEUDO)
    var = (((t - row[:, None]) ** 2 * seen).sum(1) + PSEUDO * pooled) / (count + PSEUDO)
    z = (similarity - row[:, None]) / np.sqrt(var)[:, None]
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
