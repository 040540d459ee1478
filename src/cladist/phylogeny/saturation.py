"""Distances for trees from evidence of kinship.

Evidence says much about relatives and nothing about strangers: how unrelated two unrelated
models are is noise. Neighbour joining adds all distances up, so that noise, spread over most
pairs, breaks clades that the evidence shows clearly; methods that look at the nearest pairs
only, such as UPGMA, do not notice. Putting all strangers at one distance mends it. Measured on
740 recorded models of 96 foundations: with ln(1 + exp(3 - s)) 6% of the foundations are exact
clades of the neighbour-joining tree, with this 55% (UPGMA: 56% and 55%).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from cladist.core.distances import DistanceMatrix, symmetric
from cladist.errors import InputError

TOP = 0.9995


def bounded_distances(
    ids: Sequence[str],
    similarity: NDArray[np.float64],
    unrelated: float = 0.0,
    assay: str = "",
) -> DistanceMatrix:
    """Distances 0 to 1 from evidence (n, n), larger for closer, for building trees.

    unrelated  evidence that a pair of strangers shows on average; all pairs at or below it are
               at distance 1

    Above it distance falls linearly to 0 at the evidence that only one pair in two thousand
    exceeds. O(n^2).
    """
    n = len(ids)
    if similarity.shape != (n, n):
        raise InputError(f"{n} names do not fit evidence of shape {similarity.shape}")
    if not np.isfinite(similarity).all():
        raise InputError("the evidence of kinship holds NaN or infinity")
    if n < 2:
        return symmetric(ids, np.zeros((n, n)), "bounded", assay)
    both = (similarity + similarity.T) / 2
    pairs = both[np.triu_indices(n, 1)]
    top = float(np.quantile(pairs, TOP)) - unrelated
    if top <= 0:  # nobody is related to anybody
        return symmetric(ids, np.ones((n, n)), "bounded", assay)
    return symmetric(ids, 1.0 - np.clip((both - unrelated) / top, 0.0, 1.0), "bounded", assay)
