"""Roots of next-byte distributions: the function of a model, as the DNA paper defines it.

Euclidean distances of roots are sqrt(2) times Hellinger distances, so with a weight of one over
the number of contexts the distance of two models is d_H of arXiv 2509.24496, section 3.
"""

from __future__ import annotations

from collections.abc import Sequence

from cladist.core.distributions import roots_of
from cladist.core.features import DenseFeatures

__all__ = ["Hellinger", "make"]


class Hellinger:
    """257 roots a context: the 256 bytes and the end."""

    version = "hellinger 1"

    def encode_distributions(self, packed: Sequence[bytes]) -> DenseFeatures:
        """One row of length 1 a distribution."""
        return DenseFeatures(roots_of(packed))


def make() -> Hellinger:
    """The encoder; it has no options."""
    return Hellinger()
