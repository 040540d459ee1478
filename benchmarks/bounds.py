"""What lemmas of the Johnson-Lindenstrauss kind promise, and how far a projection is from exact."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.stats import chi2

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Kept:
    """How DNA distances stand to the distances that they are made of, over pairs.

    c1, c2      smallest and largest ratio
    middle      median ratio
    distortion  median, 99% and largest of |squared ratio - 1|
    """

    c1: float
    c2: float
    middle: float
    distortion: tuple[float, float, float]

    @property
    def width(self) -> float:
        """(c2 - c1) / (c2 + c1), the paper's distortion."""
        return (self.c2 - self.c1) / (self.c2 + self.c1)


def kept(before: Floats, after: Floats) -> Kept:
    """Ratios of distances after to distances before, both (pairs,), before above nought."""
    ratio = after / before
    off = np.abs(ratio**2 - 1)
    worst = float(np.median(off)), float(np.quantile(off, 0.99)), float(off.max())
    return Kept(float(ratio.min()), float(ratio.max()), float(np.median(ratio)), worst)


def existence(dimension: int, models: int) -> float:
    """Smallest eps with 4 ln K <= (eps^2/2 - eps^3/3) L (Dasgupta and Gupta 2003, theorem 2.1).

    *Some* map then keeps the squared distances of all pairs to within 1 - eps to 1 + eps. inf where
    no eps below 1 does.
    """

    def slack(eps: float) -> float:
        return float((eps**2 / 2 - eps**3 / 3) * dimension - 4 * np.log(models))

    return brentq(slack, 0.0, 1.0) if slack(1.0) > 0 else np.inf


def drawn(dimension: int, models: int, risk: float = 0.05) -> float:
    """Smallest eps to within which a matrix drawn at random keeps all squared distances.

    Of independent N(0, 1/L), with probability 1 - risk at least. One pair's squared ratio is
    chi-square with L degrees over L; the risk is shared by all pairs (Boole). May exceed 1, for
    then it is the upper side that counts.
    """
    share = risk / (models * (models - 1) / 2)

    def over(eps: float) -> float:
        low = chi2.cdf(max(0.0, 1 - eps) * dimension, dimension)
        return float(low + chi2.sf((1 + eps) * dimension, dimension)) - share

    return brentq(over, 0.0, 100.0)
