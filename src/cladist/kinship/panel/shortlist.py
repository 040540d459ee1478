"""Kinship of one model with a few others, against a reference that none of them belongs to."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cladist.core.hashing import key64, mix64
from cladist.core.responses import ResponseSet
from cladist.kinship.evidence.corpus import read_corpus
from cladist.kinship.evidence.similarity import evidence_of
from cladist.kinship.evidence.standard import Floats

__all__ = ["evidence_with", "sample_of"]


def evidence_with(
    model: ResponseSet, candidates: Sequence[ResponseSet], reference: Sequence[ResponseSet]
) -> Floats:
    """Evidence of kinship of a model with each of k candidates, float64 (k,).

    The reference is the panel of all statistics, so that a candidate's figure does not depend on
    which others are candidates. Names must differ. Cost: that of the evidence among all of them.
    """
    corpus = read_corpus([model, *candidates, *reference])
    members = np.arange(len(corpus)) > len(candidates)
    return evidence_of(corpus, members).combined[0, 1 : 1 + len(candidates)].copy()


def sample_of(names: Sequence[str], count: int) -> list[str]:
    """`count` of the names in a fixed pseudo-random choice that more names change little."""
    return sorted(names, key=lambda n: (mix64(key64(n)), n))[:count]
