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
from cladist.kinship.config import EVIDENCE
from cladist.kinship.evidence.corpus import Corpus, read_corpus, said_once
from cladist.kinship.evidence.standard import Floats, standardise
from cladist.kinship.evidence.style import style_similarity
from cladist.kinship.evidence.tokens_per_character import density_evidence, fit_densities
from cladist.kinship.evidence.truncation import truncation_evidence
from cladist.kinship.evidence.wording import Wording, wording
from cladist.kinship.evidence.words import ORDERS

__all__ = [
    "Evidence",
    "combined_of",
    "copies_of",
    "distance_of",
    "evidence_of",
    "kinship_distances",
    "kinship_similarity",
    "lacking",
    "standing",
    "unrelated_spread",
]

CLIPPED = 8
"""Panel members from which the spread of unrelated pairs can be told from the pairs."""

USUAL = 0.5
"""Spread of unrelated pairs, by their lower half, in panels of many families: recorded ones show
.39 to .55 of a model's spread. Evidence keeps its unit there."""

OFFSET = 3.0
"""Similarity at which distances begin to flatten, in units of the evidence. Unrelated pairs lie
around similarity 0, thus at a distance around 3; kin from 3 upwards lie below ln 2."""


@dataclass(frozen=True, eq=False)
class Evidence:
    """Evidence of kinship between n models; larger is closer.

    ids       n names
    channels  float64 (n, n) by name, each on the scale on which it enters the sum:
              wording    how alike two models go on where models part, on the same probes
              tokenizer  whether the two cut their text into tokens alike
              identical  what is missing to `EVIDENCE.identical` where all answers are the same
    combined  float64 (n, n), the sum, symmetric, zero diagonal; unrelated pairs lie around zero,
              and the unit is that of panels of many families
    halves    wording from even and from odd probes alone, each float64 (n, n)
    style     float64 (n, n) in 0..1: how alike two models sound whatever they are asked; no
              part of the sum, but what unrelated pairs are compared by
    unit      how much narrower or wider unrelated pairs lie than in panels of many families
    """

    ids: tuple[str, ...]
    channels: Mapping[str, Floats]
    combined: Floats
    halves: tuple[Floats, Floats]
    style: Floats
    unit: float = 1.0


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
        nothing = np.zeros((n, n))
        return Evidence(corpus.models, {}, nothing, (nothing, nothing), nothing)
    with threadpool_limits(1, user_api="blas"):
        return _evidence(corpus, members)


def _evidence(corpus: Corpus, members: NDArray[np.bool_]) -> Evidence:
    own = _own(corpus, members)
    with ThreadPoolExecutor(1) as aside:
        # Much of either side runs on one thread only, so the two fill two cores together.
        tokens = aside.submit(_tokenizer, corpus, members)
        found = wording(said_once(corpus), members)
        style = style_similarity(corpus, members)
        whole, even, odd = (standing(found, members, own, half) for half in (None, 0, 1))
        tokenizer = EVIDENCE.tokenizer * tokens.result()
    middle, unit = unrelated_spread(whole + tokenizer, members)
    # Two models without a common probe show neither likeness nor unlikeness.
    likeness = np.where(found.common.sum(0) > 0, (whole - middle) / unit, 0.0)
    channels = {"wording": _off_diagonal(likeness), "tokenizer": tokenizer / unit}
    channels["identical"] = lacking(channels["wording"] + channels["tokenizer"], copies_of(corpus))
    combined = sum(channels.values(), np.zeros_like(whole))
    return Evidence(corpus.models, channels, combined, (even, odd), style, unit)


def combined_of(found: Wording, tokenizer: Floats, members: NDArray[np.bool_]) -> Floats:
    """All evidence from wording and what the tokenizer says already weighted, float64 (n, n)."""
    total = standing(found, members, np.full(len(members), -1), None) + tokenizer
    middle, unit = unrelated_spread(total, members)
    return _off_diagonal(
        np.where(found.common.sum(0) > 0, (total - middle) / unit, tokenizer / unit)
    )


def unrelated_spread(evidence: Floats, members: NDArray[np.bool_]) -> tuple[float, float]:
    """Middle and unit of evidence from unrelated pairs, where kin may be half of all pairs.

    Kin lie above. Pairs three spreads above the middle are left out, middle and spread are taken
    anew from the others, the spread from the lower half alone, until nothing changes (one-sided
    sigma clipping). Where a few families fill a panel, kin sit in every row's mean and spread;
    this gives evidence the unit that it has elsewhere, a spread of USUAL. Panels of fewer than
    CLIPPED models have 0 and 1.
    """
    inside = np.flatnonzero(members)
    if len(inside) < CLIPPED:
        return 0.0, 1.0
    values = np.sort(evidence[np.ix_(inside, inside)][np.triu_indices(len(inside), 1)])
    kept, middle, spread = values, 0.0, 0.0
    while len(kept):
        middle = float(np.median(kept))
        spread = 1.4826 * float(np.median(middle - kept[kept <= middle]))
        fewer = kept[: int(np.searchsorted(kept, middle + 3 * spread, side="right"))]
        if len(fewer) == len(kept):
            break
        kept = fewer
    return (middle, spread / USUAL) if spread > 1e-6 else (0.0, 1.0)


def _off_diagonal(matrix: Floats) -> Floats:
    np.fill_diagonal(matrix, 0.0)
    return matrix


def standing(
    found: Wording, members: NDArray[np.bool_], own: NDArray[np.int64], half: int | None
) -> Floats:
    """How far a pair stands out from the pairs of either model, all orders of context together."""
    weights = [EVIDENCE.single, *[1.0] * (ORDERS - 1)]
    total = sum(
        (
            weight * standardise(found.of(order, half), members, own)
            for order, weight in enumerate(weights)
        ),
        np.zeros(found.common.shape[1:]),
    )
    return total / sum(weights)


def copies_of(corpus: Corpus) -> NDArray[np.bool_]:
    """Pairs with the same answers throughout, three different ones at least, bool (n, n)."""
    varied = [len(set(row) - {""}) >= 3 for row in corpus.texts]
    _, code = np.unique(np.array(corpus.digests()), return_inverse=True)
    same = (code[:, None] == code[None, :]) & np.array(varied)[:, None]
    np.fill_diagonal(same, False)
    return np.asarray(same, np.bool_)


def lacking(found: Floats, copies: NDArray[np.bool_]) -> Floats:
    """What copies lack of `EVIDENCE.identical`; 0 for all other pairs, float64 (n, n).

    Of two models alone nothing can be called rare, and yet copies are copies.
    """
    return np.where(copies, np.maximum(EVIDENCE.identical - found, 0.0), 0.0)


def _tokenizer(corpus: Corpus, members: NDArray[np.bool_]) -> Floats:
    """Nats for common descent from what answers tell of tokenizers, float64 (n, n).

    Unrelated models may share a tokenizer and kin may differ in it, each with its share, so what
    one tokenizer against two says is worth ln((e + (1 - e) L) / (s L + 1 - s)) of its likelihood
    ratio L: at most -ln s, however sure it is.
    """
    lengths = truncation_evidence(corpus, members)
    # Where one limit cut all answers, their lengths say a part of it already.
    ratio = np.exp(
        (1 - lengths.limit / 2) * density_evidence(fit_densities(corpus, members), len(corpus))
    )
    new, same = EVIDENCE.new_tokenizer, EVIDENCE.same_tokenizer
    bounded = np.log((new + (1 - new) * ratio) / (same * ratio + 1 - same))
    bounded[ratio == 1.0] = 0.0
    return np.asarray(bounded + lengths.evidence)


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
