"""Prediction intervals that hold for models of families never seen.

Models of one family resemble each other, so 50 residuals from one family say little more than
one. The calibration here gives every family the same weight, shared among its models, and the
family to come a weight as well (hierarchical conformal prediction: Lee, Barber and Willett,
arXiv 2306.06342, for exchangeable families and exchangeable models within them). With too few
families the weight to come exceeds what may be missed, and nothing can be said.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from cladist.errors import InputError

__all__ = [
    "Basis",
    "Interval",
    "IntervalCalibration",
    "calibrate",
    "families_needed",
    "models_needed",
]

Floats = NDArray[np.float64]
Basis = Literal["new family", "known family", "known families", "nothing can be said"]


@dataclass(frozen=True, slots=True)
class Interval:
    """From `lower` to `upper`; infinite, or the scale's ends, where nothing can be said.

    basis   what it holds for: a model of a family that nobody saw ('new family'), one more of
            its own family, or one more of families that were seen
    reason  why nothing can be said, '' where something can
    """

    lower: float
    upper: float
    basis: Basis
    reason: str = ""


@dataclass(frozen=True, eq=False)
class IntervalCalibration:
    """Relative residuals of models that were predicted without knowing them.

    families  family of each model, (n,)
    between   |residual| / predicted spread, its whole family left out, (n,); NaN where there is
              only one family
    within    the same with the model alone left out, (n,)
    """

    families: NDArray[np.str_]
    between: Floats
    within: Floats

    def radius(self, level: float, family: str | None = None) -> tuple[float, Basis, str]:
        """In units of the predicted spread: the radius, what it holds for, and why not.

        Infinite with 'nothing can be said'. A model of a known family is held against its own
        family where that is large enough, else against all models of families with two or more.
        """
        own = self.families == family
        if family is not None and own.any():
            if own.sum() >= models_needed(level):
                return _quantile(self.within[own], None, level), "known family", ""
            seen = np.array([(self.families == f).sum() > 1 for f in self.families])
            if seen.sum() >= models_needed(level):
                return _quantile(self.within[seen], None, level), "known families", ""
        names = sorted(set(self.families.tolist()))
        needed = families_needed(level)
        if len(names) < needed:
            reason = (
                f"an interval of {level:.0%} for a new family needs {needed} families with "
                f"scores, here {'is' if len(names) == 1 else 'are'} {len(names)}"
            )
            return math.inf, "nothing can be said", reason
        weights = np.array([1.0 / (self.families == f).sum() for f in self.families])
        return _quantile(self.between, weights, level), "new family", ""


def families_needed(level: float) -> int:
    """Fewest families from which an interval for a new family can be had at a level."""
    return math.ceil(level / (1 - level) - 1e-9)


def models_needed(level: float) -> int:
    """Fewest models of a family from which an interval for one more can be had."""
    return families_needed(level)


def calibrate(families: Sequence[str], between: Floats, within: Floats) -> IntervalCalibration:
    """A calibration from absolute relative residuals; `InputError` where lengths differ."""
    if not len(families) == len(between) == len(within):
        raise InputError("calibration: families and residuals differ in length")
    return IntervalCalibration(np.array(families, np.str_), between, within)


def _quantile(values: Floats, weights: Floats | None, level: float) -> float:
    """Smallest value with weight `level` of (all + one to come) at or below it."""
    order = np.argsort(values, kind="stable")
    w = np.ones(len(values)) if weights is None else weights[order]
    total = len(values) if weights is None else round(float(w.sum()))
    reached = np.cumsum(w) >= level * (total + 1) - 1e-9
    return float(values[order][np.argmax(reached)]) if reached.any() else math.inf
