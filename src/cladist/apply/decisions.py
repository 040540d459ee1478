"""From expected accuracies and costs to a choice, and what a rule of choice costs and brings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from cladist.errors import InputError

__all__ = ["FrontierPoint", "best_value", "calibration_error", "choose", "frontier"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class FrontierPoint:
    """One rule of choice: what it costs a question, and what it brings.

    price     what one unit of cost is worth, in expected accuracy
    cost      mean cost of a question
    expected  mean expected accuracy
    actual    mean record of the chosen models; NaN where none is known
    """

    price: float
    cost: float
    expected: float
    actual: float


def choose(
    expected: Floats,
    costs: Sequence[float] | Floats | None,
    threshold: float | None = None,
    otherwise: Literal["best", "abstain"] = "best",
) -> Ints:
    """The model for each of q questions, int64 (q,), -1 for none, from expected (m, q).

    With a threshold: the cheapest model whose expected accuracy reaches it, the better of two
    that cost the same; where none does, the best of all, or none ('abstain'). Without: the best
    of all. Raises `InputError` for missing costs with a threshold, and a threshold beyond [0, 1].
    """
    if expected.ndim != 2 or not len(expected):
        raise InputError("there is no model to choose from")
    best = expected.argmax(axis=0)
    if threshold is None:
        return np.asarray(best, np.int64)
    if not 0 <= threshold <= 1:
        raise InputError(f"threshold {threshold:g} is no expected accuracy: it lies in 0 to 1")
    prices = _costs(costs, len(expected))
    enough = expected >= threshold
    ranked = np.where(enough, prices[:, None], np.inf)
    cheapest = ranked.min(axis=0)
    tied = np.where(ranked == cheapest, expected, -1.0).argmax(axis=0)
    return np.where(enough.any(0), tied, best if otherwise == "best" else -1)


def best_value(expected: Floats, costs: Sequence[float] | Floats, price: float) -> Ints:
    """The model of greatest expected accuracy less `price` times its cost, int64 (q,)."""
    return np.asarray((expected - price * _costs(costs, len(expected))[:, None]).argmax(0))


def frontier(
    expected: Floats,
    costs: Sequence[float] | Floats,
    actual: Floats | None = None,
    points: int = 41,
) -> list[FrontierPoint]:
    """The rules 'best value at a price', from the dearest to the cheapest.

    `actual` (m, q) are records, NaN where unknown. Rules that cost more and bring no more
    expected accuracy than another are left out.
    """
    prices = _costs(costs, len(expected))
    spread = max(float(np.ptp(prices)), 1e-12)
    found = []
    for price in (0.0, *(np.geomspace(1e-3, 3.0, points - 1) / spread)):
        pick = best_value(expected, prices, float(price))
        at = np.arange(expected.shape[1])
        real = float("nan") if actual is None else _mean(actual[pick, at])
        found.append(
            FrontierPoint(
                float(price), float(prices[pick].mean()), float(expected[pick, at].mean()), real
            )
        )
    out: list[FrontierPoint] = []
    for point in sorted(found, key=lambda p: (p.cost, -p.expected)):
        if not out or point.expected > out[-1].expected + 1e-12:
            out.append(point)
    return out


def calibration_error(expected: Floats, actual: Floats, bins: int = 10) -> float:
    """Mean distance of expected from actual accuracy over equally large bins; NaN left out."""
    known = ~np.isnan(actual)
    p, y = expected[known], actual[known]
    if not len(p):
        return float("nan")
    parts = np.array_split(np.argsort(p, kind="stable"), min(bins, len(p)))
    return float(sum(abs(p[k].mean() - y[k].mean()) * len(k) for k in parts) / len(p))


def _costs(costs: Sequence[float] | Floats | None, count: int) -> Floats:
    if costs is None:
        raise InputError("choosing by cost needs the costs of the models")
    prices = np.asarray(costs, np.float64)
    if prices.shape != (count,):
        raise InputError(f"{prices.size} costs for {count} models")
    missing = np.flatnonzero(~np.isfinite(prices))
    if missing.size:
        raise InputError(f"{missing.size} of {count} models have no cost; give each one")
    if (prices < 0).any():
        raise InputError("costs must not be negative")
    return prices


def _mean(values: Floats) -> float:
    known = values[~np.isnan(values)]
    return float(known.mean()) if len(known) else float("nan")
