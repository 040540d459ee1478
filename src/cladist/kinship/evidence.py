"""All evidence of kinship between models, and the distances that follow from it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from cladist.core.distances import DistanceMatrix, symmetric
from cladist.core.responses import ResponseSet
from cladist.kinship.alleles import (
    local_alleles,
    redundancy_weights,
    relationship,
    whole_alleles,
)
from cladist.kinship.clock import clock_evidence
from cladist.kinship.corpus import Corpus, read_corpus
from cladist.kinship.phrases import ALIVE, phrase_cosines, phrase_kernel
from cladist.kinship.standard import Floats, standardise

__all__ = ["Evidence", "kinship_distances", "kinship_similarity"]

OFFSET = 3.0
"""Similarity at which distances begin to flatten, in units of the evidence. Unrelated pairs lie
around similarity 0, thus at a distance around 3; kin from 3 upwards lie below ln 2."""


@dataclass(frozen=True, eq=False)
class Evidence:
    """Evidence of kinship between n models; larger is closer.

    ids       n names
    channels  float64 (n, n) by name, each on the scale on which it enters the sum
    combined  float64 (n, n), symmetric, zero diagonal; its unit is about one spread over
              pairs of a single channel, and unrelated pairs lie around zero
    """

    ids: tuple[str, ...]
    channels: Mapping[str, Floats]
    combined: Floats


def kinship_similarity(responses: Sequence[ResponseSet]) -> Evidence:
    """Evidence of kinship between all models, each measured against the others as a panel."""
    return _evidence(read_corpus(responses))


def _evidence(corpus: Corpus) -> Evidence:
    n = len(corpus)
    if n < 2:
        return Evidence(corpus.models, {}, np.zeros((n, n)))
    present = corpus.present
    one = np.ones(n)
    whole, local = whole_alleles(corpus), local_alleles(corpus)
    weight = redundancy_weights(relationship(whole, present, one)) if n > 2 else one
    alike = relationship(whole, present, weight) + relationship(local, present, weight)
    raw = {
        "alleles": standardise(alike / 2),
        "phrases": standardise(phrase_cosines(phrase_kernel(corpus), present.mean(1) > ALIVE)),
        "clock": clock_evidence(corpus),
    }
    total = sum(raw.values(), np.zeros((n, n)))
    return Evidence(corpus.models, raw, total)


def kinship_distances(responses: Sequence[ResponseSet], *, assay: str = "") -> DistanceMatrix:
    """Distances ln(1 + exp(OFFSET - similarity)) between all models."""
    found = kinship_similarity(responses)
    distance = np.logaddexp(0.0, OFFSET - found.combined)
    np.fill_diagonal(distance, 0.0)
    return symmetric(found.ids, distance, "kinship", assay)
