"""What a decision asks of a calibration: residuals and p-values of pairs of rows."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cladist.kinship.evidence.standard import Floats
from cladist.kinship.inference.calibration import FAMILY_KIN, Calibration, Labels, PairEvidence

__all__ = [
    "excess_of",
    "floor_of",
    "kin_p_of",
    "makers_of",
    "null_of",
    "p_of",
    "power_of",
    "uncovered_of",
]

MINIMUM_KIN = 30
"""Known kin pairs below which nothing is said about power, nor is anybody called unrelated."""

Ints = NDArray[np.int64]


def excess_of(c: Calibration, pairs: PairEvidence, a: Ints, b: Ints) -> Floats:
    """Standardised residuals of the pairs (a, b), float64 (m,)."""
    return c.matching.excess(np.asarray(pairs.score[a, b]), pairs.covariates(a, b))


def p_of(c: Calibration, pairs: PairEvidence, a: Ints, b: Ints) -> Floats:
    """p-values among unrelated pairs, float64 (m,)."""
    return c.p_value(excess_of(c, pairs, a, b))


def kin_p_of(c: Calibration, pairs: PairEvidence, a: Ints, b: Ints) -> Floats:
    """p-values among known kin, that of the large family where so little is most common; NaN
    without enough of them, and of two models that write reasoning traces."""
    if len(c.kin) < MINIMUM_KIN:
        return np.full(len(a), np.nan)
    excess = excess_of(c, pairs, a, b)
    worst = c.kin_p(excess)
    for family in np.flatnonzero(np.bincount(c.kin_order) >= FAMILY_KIN):
        own = c.kin[c.kin_order == family]
        below = np.searchsorted(own, excess, side="right")
        worst = np.maximum(worst, (1.0 + below) / (1.0 + len(own)))
    return np.where(pairs.both_aloud(a, b), np.nan, np.minimum(worst, 1.0))


def floor_of(c: Calibration) -> float:
    """The smallest p-value that the panel can give."""
    return 1.0 / (1.0 + len(c.null))


def null_of(c: Calibration) -> Floats:
    """Standardised residuals of the unrelated pairs of the panel, rising, float64 (m,)."""
    return c.null


def uncovered_of(c: Calibration, pairs: PairEvidence, i: int, j: int) -> str:
    """Why the panel holds nothing like these two models, '' where it does."""
    return c.unheard(pairs, i, j).replace("both think aloud", "both write a reasoning trace")


def power_of(c: Calibration, alpha: float) -> float:
    """Share of known kin that reach `alpha`; NaN without enough of them."""
    if len(c.kin) < MINIMUM_KIN:
        return float("nan")
    return float(np.mean(c.p_value(c.kin) <= alpha))


def makers_of(labels: Labels) -> tuple[str, ...]:
    """The maker of each model, or its family where no maker is known; '' for neither."""
    return labels.circles
