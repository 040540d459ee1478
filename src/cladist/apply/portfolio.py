"""A few models that are strong and fail on different questions, picked by DNA.

Greedy maximisation of a determinantal point process (Kulesza and Taskar 2012, Foundations and
Trends in Machine Learning 5:123): the volume that the chosen models span, each as long as it is
strong and two as nearly parallel as they are near relatives.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cladist.errors import InputError

__all__ = ["Portfolio", "k_centre", "majority", "oracle", "portfolio", "top_k"]

Floats = NDArray[np.float64]
STRENGTH = 2.0
"""What a spread of quality is worth against distance. On recorded right and wrong answers .5 to 4
differ by a tenth of a point."""


@dataclass(frozen=True, slots=True)
class Portfolio:
    """Chosen models by number, in order of choice.

    quality    mean quality of the chosen
    diversity  mean distance between two of them; NaN for one
    beside     the same two of the k best by quality alone
    """

    members: tuple[int, ...]
    quality: float
    diversity: float
    beside: tuple[float, float]


def portfolio(
    quality: Sequence[float] | Floats,
    distance: Floats,
    k: int,
    strength: float = STRENGTH,
    required: Sequence[int] = (),
) -> Portfolio:
    """k of n models by quality (n,) and distance (n, n), with those in `required` among them.

    `strength` 0 looks at distance alone, a large one at quality alone. Equal qualities count as
    none. Models at distance 0 of one already chosen come last. Ties go to the earlier model.
    Raises `InputError` for k beyond 1 to n and qualities that are not finite. O(k^3 n).
    """
    q = _checked(quality, distance, k)
    if len(set(required)) > k:
        raise InputError(f"{len(set(required))} models are required, {k} are wanted")
    spread = float(q.std())
    length = np.exp(strength * (q - q.mean()) / spread / 2) if spread > 0 else np.ones(len(q))
    apart = distance[np.triu_indices(len(q), 1)]
    typical = float(np.median(apart[apart > 0])) if (apart > 0).any() else 1.0
    kernel = np.exp(-((distance / typical) ** 2)) * length[:, None] * length
    chosen = list(dict.fromkeys(int(r) for r in required))
    while len(chosen) < k:
        rest = [j for j in range(len(q)) if j not in chosen]
        gain = [_gain(kernel, chosen, j) for j in rest]
        best = int(np.argmax(gain))
        if gain[best] <= 1e-9 * float(kernel.max()):  # only copies are left: take the strongest
            best = int(np.argmax(q[rest]))
        chosen.append(rest[best])
    alone = top_k(q, k)
    return Portfolio(
        tuple(chosen),
        float(q[chosen].mean()),
        _diversity(distance, chosen),
        (float(q[alone].mean()), _diversity(distance, alone)),
    )


def top_k(quality: Sequence[float] | Floats, k: int) -> list[int]:
    """The k best, best first."""
    return [int(i) for i in np.argsort(-np.asarray(quality), kind="stable")[:k]]


def k_centre(distance: Floats, k: int, first: int = 0) -> list[int]:
    """k models by farthest-first traversal (Gonzalez 1985) from `first`; quality plays no part."""
    _checked(np.zeros(len(distance)), distance, k)
    chosen = [first]
    nearest = distance[first].copy()
    while len(chosen) < k:
        nearest[chosen] = -1.0
        chosen.append(int(nearest.argmax()))
        nearest = np.minimum(nearest, distance[chosen[-1]])
    return chosen


def oracle(right: Floats) -> Floats:
    """Whether any of k models is right, from records (k, q); NaN where none has a record."""
    known = ~np.isnan(right)
    best = np.where(known, right, -np.inf).max(axis=0)
    return np.where(known.any(0), best, np.nan)


def majority(right: Floats) -> Floats:
    """Whether more than half of k models are right, from records (k, q).

    A lower bound of what a vote brings, as wrong answers may differ among themselves.
    """
    known = ~np.isnan(right)
    share = np.nansum(right, axis=0) / np.maximum(known.sum(0), 1)
    return np.where(known.any(0), (share > 0.5).astype(np.float64), np.nan)


def _gain(kernel: Floats, chosen: list[int], j: int) -> float:
    """Squared length of model j beyond the space of those chosen."""
    own = float(kernel[j, j])
    if not chosen:
        return own
    cross = kernel[chosen, j]
    inside = kernel[np.ix_(chosen, chosen)]
    ridge = 1e-12 * float(np.trace(inside))
    solved = np.linalg.solve(inside + ridge * np.eye(len(chosen)), cross)
    return own - float(cross @ solved)


def _diversity(distance: Floats, members: Sequence[int]) -> float:
    part = distance[np.ix_(list(members), list(members))]
    apart = part[np.triu_indices(len(members), 1)]
    return float(apart.mean()) if len(apart) else float("nan")


def _checked(quality: Sequence[float] | Floats, distance: Floats, k: int) -> Floats:
    q = np.asarray(quality, np.float64)
    if distance.shape != (len(q), len(q)):
        raise InputError(f"distances of shape {distance.shape} for {len(q)} models")
    if not np.isfinite(q).all():
        raise InputError("every model needs a quality that is a finite number")
    if not 1 <= k <= len(q):
        raise InputError(f"{k} models cannot be chosen of {len(q)}")
    return q
