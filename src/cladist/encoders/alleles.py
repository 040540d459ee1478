"""AlleleEncoder: the first characters of an answer, as PhyloLM reads them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cladist.core.features import SparseFeatures
from cladist.core.hashing import key64
from cladist.errors import AssayError


@dataclass(frozen=True)
class AlleleEncoder:
    """One feature of value 1 a text: the string of its first `length` characters.

    Blanks before the text are dropped first (PhyloLM, arXiv 2404.04671, section 3). The mean
    over samples of a probe is then the frequency of each allele at that gene.
    """

    length: int = 4

    @property
    def version(self) -> str:
        """What encodes."""
        return f"alleles/1 length {self.length}"

    def encode(self, texts: Sequence[str]) -> SparseFeatures:
        """One (key, 1.0) pair a text, n rows. O(n)."""
        known: dict[str, int] = {}
        keys = np.empty(len(texts), dtype=np.uint64)
        for row, text in enumerate(texts):
            allele = text.lstrip()[: self.length]
            key = known.get(allele)
            if key is None:
                key = known[allele] = key64(allele)
            keys[row] = key
        ones = np.ones(len(texts), dtype=np.float32)
        return SparseFeatures(np.arange(len(texts) + 1, dtype=np.int64), keys, ones)


def make(length: int = 4) -> AlleleEncoder:
    """AlleleEncoder of `length` characters."""
    if not isinstance(length, int) or length < 1:
        raise AssayError(f"encoder 'alleles': length must be at least 1, not {length!r}")
    return AlleleEncoder(length)
