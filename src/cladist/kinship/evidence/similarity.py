"""All evidence of kinship between models, and the distances that follow from it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from cladist.core.distances import DistanceMatrix, symmetric
from cladist.core.responses import ResponseSet
from cladist.kinship.evidence.alleles import local_alleles, relationship, whole_alleles
from cladist.kinship.evidence.circle import background, controls, sounding_alike, support
from cladist.kinship.evidence.clock import clock_evidence
from cladist.kinship.evidence.corpus import Corpus, read_corpus
from cladist.kinship.evidence.manner import manner_agreement
from cladist.kinship.evidence.phrases import ALIVE, CIRCLES, phrase_cosines, phrase_kernel
from cladist.kinship.evidence.rate import fit_rates, rate_evidence
from cladist.kinship.evidence.standard import Floats, panel_view, standardise

__all__ = ["Evidence", "distance_of", "evidence_of", "kinship_distances", "kinship_similarity"]

ALLELES = 0.5
"""Weight of the alleles: phrases read the same openings, so the two are not independent."""

BORROWED = 0.5
"""Part of the phrases that is held against manner, beside all of the alleles: openings carry
more of it than wording does."""

SAID_TWICE = 0.5
"""Part of the rate that the clock says too, where answers were cut by one limit."""

OFFSET = 3.0
"""Similarity at which distances begin to flatten, in units of the evidence. Unrelated pairs lie
around similarity 0, thus at a distance around 3; kin from 3 upwards lie below ln 2."""


@dataclass(frozen=True, eq=False)
class Evidence:
    """Evidence of kinship between n models; larger is closer.

    ids       n names
    channels  float64 (n, n) by name, each on the scale on which it enters the sum:
              alleles, phrases  what two models share on the same probes
              manner            less what others of their manner share with them
              clock, rate       agreement of tokenizers
              circle            what their apparent kin add
    combined  float64 (n, n), the sum, symmetric, zero diagonal; its unit is about one spread
              over pairs of a single channel, and unrelated pairs lie around zero
    manner    float64 (n, n) in 0..1: how alike two models sound whatever they are asked
    """

    ids: tuple[str, ...]
    channels: Mapping[str, Floats]
    combined: Floats
    manner: Floats


def kinship_similarity(responses: Sequence[ResponseSet]) -> Evidence:
    """Evidence of kinship between all models, each measured against the others as a panel.

    At n = 2 there is no panel: what all models share cannot be told from what these two share,
    and the numbers rest on the prior spreads alone. Raises `InputError` when a name occurs
    twice. Costs are those of the channels; the n x n matrices are the memory.
    """
    corpus = read_corpus(responses)
    return evidence_of(corpus, np.ones(len(corpus), np.bool_))


def evidence_of(corpus: Corpus, members: NDArray[np.bool_]) -> Evidence:
    """Evidence between all n models with those in `members`, bool (n,), as the panel.

    Models outside the panel add nothing to any statistic: the evidence among members, and that
    of one outsider, do not depend on which other outsiders are there. Runs on two threads, and
    matrix products on one each, so that rounding is the same however many cores there are.
    """
    n = len(corpus)
    if n < 2:
        return Evidence(corpus.models, {}, np.zeros((n, n)), np.zeros((n, n)))
    with threadpool_limits(1, user_api="blas"):
        return _evidence(corpus, members)


def _evidence(corpus: Corpus, members: NDArray[np.bool_]) -> Evidence:
    n = len(corpus)
    present = corpus.present
    own = _own(corpus, members)
    seen = panel_view(members, own)
    with ThreadPoolExecutor(1) as aside:
        # Much of either side runs on one thread only, so the two fill two cores together.
        rates = aside.submit(lambda: rate_evidence(fit_rates(corpus, members), n))
        lengths = aside.submit(lambda: clock_evidence(corpus, members))
        alleles = ALLELES * standardise(_alleles(corpus, members), members, own)
        manner = manner_agreement(corpus, members)
        kernel = phrase_kernel(corpus, members, sounding_alike(manner, seen, CIRCLES))
        phrases = standardise(
            phrase_cosines(kernel, present.mean(1) > ALIVE, members), members, own
        )
        clock = lengths.result()
        rate = (1 - SAID_TWICE * clock.limit) * rates.result()
    direct = alleles + phrases + clock.evidence + rate
    near = controls(manner, direct, seen)
    borrowed = background(alleles + BORROWED * phrases, near, seen)
    channels = {
        "alleles": alleles,
        "phrases": phrases,
        "manner": -borrowed,
        "clock": clock.evidence,
        "rate": rate,
        "circle": support(direct - borrowed, seen, own),
    }
    combined = sum(channels.values(), np.zeros((n, n)))
    return Evidence(corpus.models, channels, combined, manner)


def _alleles(corpus: Corpus, members: NDArray[np.bool_]) -> Floats:
    weight = members.astype(np.float64)
    both = np.zeros((len(corpus), len(corpus)))
    for read in (whole_alleles, local_alleles):
        both += relationship(read(corpus), corpus.present, weight)
    return both / 2


def _own(corpus: Corpus, members: NDArray[np.bool_]) -> NDArray[np.int64]:
    """For each model outside the panel, the first member that said exactly the same, or -1."""
    own = np.full(len(corpus), -1)
    if members.all():
        return own
    said = corpus.digests()
    first: dict[bytes, int] = {}
    for i in np.flatnonzero(members):
        first.setdefault(said[i], int(i))
    for i in np.flatnonzero(~members):
        own[i] = first.get(said[i], -1)
    return own


def kinship_distances(responses: Sequence[ResponseSet], *, assay: str = "") -> DistanceMatrix:
    """Distances ln(1 + exp(OFFSET - similarity)) between all models; copies are near zero."""
    found = kinship_similarity(responses)
    return symmetric(found.ids, distance_of(found.combined), "kinship", assay)


def distance_of(similarity: Floats) -> Floats:
    """Distances from combined similarities: positive, strictly decreasing, float64, same shape."""
    return np.asarray(np.logaddexp(0.0, OFFSET - similarity), np.float64)
