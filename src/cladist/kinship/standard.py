"""Putting similarities of different kinds on one scale, at every panel size."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["PSEUDO", "Floats", "standardise"]

Floats = NDArray[np.float64]

PSEUDO = 10.0
"""Pseudo-members behind every spread: a spread from fewer observations is not worth having."""

SPREAD = 0.03
"""Spread that those pseudo-members show: what unrelated models of real panels show."""


def _off(n: int) -> NDArray[np.bool_]:
    return np.asarray(~np.eye(n, dtype=np.bool_))


def standardise(similarity: Floats) -> Floats:
    """Mean of each entry's z-scores in its row and its column, (n, n), zero diagonal.

    Takes out what a model has in common with everybody (style, length, a language), so that no
    model is everybody's neighbour. A panel of two has no mean but its own pair's: of the mean
    only the part (n - 2)/n is removed, and spreads are shrunk to the panel's.
    """
    n = len(similarity)
    if n < 2:
        return np.zeros((n, n))
    off = _off(n)
    t = np.where(off, similarity, 0.0)
    row = t.sum(1) / (n - 1) * ((n - 2) / n)
    total = float((t**2).sum())
    pooled = (total + PSEUDO * SPREAD**2) / (n * (n - 1) + PSEUDO)
    var = (((t - row[:, None]) ** 2 * off).sum(1) + PSEUDO * pooled) / (n - 1 + PSEUDO)
    z = (t - row[:, None]) / np.sqrt(var)[:, None]
    return np.where(off, (z + z.T) / 2, 0.0)
