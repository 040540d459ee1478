"""Two checks of a pair over probes: is it spread over them, and is it more than style?

sign flips  the per-probe excess over controls, its signs drawn anew: a few lucky probes fail
mismatch    the same answers on shuffled probes: needs no panel, and tells agreement from style,
            not kin from truth
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from cladist.core.responses import ResponseSet, answers_at
from cladist.kinship.config import CHECKS
from cladist.kinship.evidence.corpus import read_corpus
from cladist.kinship.evidence.functional import (
    context_cosines,
    crossed_kernel,
    read_functions,
    tells_functions,
)
from cladist.kinship.evidence.standard import Floats
from cladist.kinship.inference.labels import Labels
from cladist.kinship.inference.null import maker_numbers
from cladist.kinship.inference.pairs import PairEvidence
from cladist.kinship.inference.probe_index import ProbeIndex, index_probes, shingle_hashes

__all__ = ["mean_interval", "mismatch_p", "probe_excess", "sign_flip_p"]

_KEPT_DRAWS = 8
"""Draws that are remembered, by the number of probes: of 100 probes 2 MB each."""


def probe_excess(
    responses: Sequence[ResponseSet],
    pairs: PairEvidence,
    i: int,
    j: int,
    labels: Labels | None = None,
    *,
    makers: NDArray[np.int64] | None = None,
    said: tuple[ResponseSet, ResponseSet] | None = None,
    index: ProbeIndex | None = None,
) -> Floats:
    """Evidence of the pair on every common probe beyond its controls, float64 (m,).

    Shared openings (-ln of the share of controls that begin alike) and shared wording, each less
    the mean over controls and in units of their spread over controls. Controls of a side are
    the `CHECKS.controls` models most alike in style that are of neither's maker. `makers`
    int64 (n,) says whose each is; without, labels do, and without labels it is guessed from the
    scores. `said` are answers of the two to be read in place of theirs. Whoever asks about many
    pairs gives an `index` of all `responses`: the same numbers in less time.
    """
    family = maker_numbers(pairs, labels) if makers is None else makers
    other = (family != family[i]) & (family != family[j]) & pairs.present.any(axis=1)
    other[[i, j]] = False
    free = np.flatnonzero(other)
    if len(free) < 2:
        return np.zeros(0)
    sides = [
        free[np.argsort(-pairs.style[k, free], kind="stable")[: CHECKS.controls]] for k in (i, j)
    ]
    chosen = np.unique(np.concatenate(sides))
    two = (responses[i], responses[j]) if said is None else said
    if index is not None:
        found, both = index.compared(i, j, chosen, two)
        return _beyond(found, both, sides, chosen)
    answers = [*two, *answers_at(responses, chosen.tolist())]
    if tells_functions(answers):
        return _beyond_controls(answers, sides, chosen)
    few = index_probes(answers)
    found, both = few.compared(0, 1, np.arange(2, len(answers)), two)
    return _beyond(found, both, sides, chosen)


def _beyond(
    found: tuple[Floats, Floats],
    both: NDArray[np.int64],
    sides: Sequence[NDArray[np.int64]],
    chosen: NDArray[np.int64],
) -> Floats:
    """Agreement of a pair on the probes `both` less that with its controls, in their spread.

    `found` are openings and wordings of models 0 and 1 with all, the controls `chosen` after them.
    """
    place = {int(k): 2 + n for n, k in enumerate(chosen)}
    total = np.zeros(len(both))
    for values in found:
        mine = values[0, 1, both]
        ground = np.zeros(len(both))
        means = []
        for side, row in zip(sides, (0, 1), strict=True):
            against = values[row][[place[int(k)] for k in side]][:, both]
            ground += against.mean(axis=0) / 2
            means.append(against.mean(axis=1))
        spread = float(np.concatenate(means).std())
        total += (mine - ground) / max(spread, 1e-6)
    return np.asarray(total / 2)


def _beyond_controls(
    answers: Sequence[ResponseSet], sides: Sequence[NDArray[np.int64]], chosen: NDArray[np.int64]
) -> Floats:
    """The same of distributions: cosines at every context beyond those with the controls.

    `answers` are of the pair and of the models `chosen`, in that order.
    """
    read = read_functions(answers)
    both = read.present[:2].all(axis=0)
    found = context_cosines(read, [0, 1], range(len(answers)))[:, :, both]
    ground = np.zeros(found.shape[2])
    means = []
    for side, row in zip(sides, (0, 1), strict=True):
        against = found[row, 2 + np.searchsorted(chosen, side)]
        ground += against.mean(axis=0) / 2
        means.append(against.mean(axis=1))
    spread = float(np.concatenate(means).std())
    return np.asarray((found[0, 1] - ground) / max(spread, 1e-6))


def sign_flip_p(excess: Floats, *, flips: int = CHECKS.draws, seed: int = 0) -> float:
    """One-sided p-value that the mean excess is not above zero, signs flipped over probes.

    (1 + k) / (1 + n). 1 for no probes. A few huge probes cannot make it small.
    """
    m = len(excess)
    if m == 0:
        return 1.0
    signs = _signs(m, flips, seed)
    return float((1 + np.sum(signs @ excess >= excess.sum() - 1e-12)) / (1 + flips))


@lru_cache(maxsize=_KEPT_DRAWS)
def _signs(m: int, flips: int, seed: int) -> NDArray[np.int8]:
    """Signs of m probes drawn anew, int8 (flips, m): the same for every pair of as many probes."""
    draw = np.random.default_rng(seed)
    found: NDArray[np.int8] = draw.integers(0, 2, (flips, m), dtype=np.int8) * 2 - 1
    found.setflags(write=False)
    return found


def mismatch_p(
    a: ResponseSet, b: ResponseSet, *, shuffles: int = CHECKS.draws, seed: int = 0
) -> float:
    """p-value that two models agree on the same probe no more than on different ones.

    A's answer to probe p is held against B's to probe pi(p) for random pi: both keep their
    style, and whatever they agree on because they were asked the same is lost. Agreement is the
    cosine of 5-character shingles weighted by rarity in the two models' own answers, square-
    rooted, so no panel is needed. 1 with fewer than two common probes.
    """
    kernel = crossed_kernel(a, b) if tells_functions([a, b]) else _wording_kernel(a, b)
    m = len(kernel)
    if m < 2:
        return 1.0
    observed = float(np.trace(kernel))
    shuffled = kernel[np.arange(m), _orders(m, shuffles, seed)].sum(axis=1)
    return float((1 + np.sum(shuffled >= observed - 1e-9)) / (1 + shuffles))


@lru_cache(maxsize=_KEPT_DRAWS)
def _orders(m: int, shuffles: int, seed: int) -> NDArray[np.int64]:
    """Random orders of m probes, (shuffles, m): the same for every pair of as many probes."""
    draw = np.random.default_rng(seed)
    found = np.argsort(draw.random((shuffles, m)), axis=1)
    found = found.astype(np.uint16 if m < 1 << 16 else np.int64)
    found.setflags(write=False)
    return found


def _wording_kernel(a: ResponseSet, b: ResponseSet) -> Floats:
    """Agreement of a's answer to each common probe with b's to each, (m, m)."""
    corpus = read_corpus([a, b])
    both = np.flatnonzero(corpus.present.all(axis=0))
    m = len(both)
    if m < 2:
        return np.zeros((m, m))
    found = _cosines([corpus.texts[k][p][: CHECKS.read] for k in (0, 1) for p in both], m)
    return np.asarray(np.sqrt(np.clip(found[:, m:], 0.0, None)))


def _cosines(texts: Sequence[str], rows: int) -> Floats:
    """Of shingles of the first `rows` texts with those of all n, float64 (rows, n)."""
    owner, place, weight, width = _weighed(texts)
    ends = np.searchsorted(owner, np.arange(rows + 1))
    out = np.empty((rows, len(texts)))
    one = np.zeros(width)
    for row, (first, last) in enumerate(pairwise(ends.tolist())):
        one[place[first:last]] = weight[first:last]
        out[row] = np.bincount(owner, weight * one[place], len(texts))
        one[place[first:last]] = 0.0
    return out


def _weighed(
    texts: Sequence[str],
) -> tuple[NDArray[np.int64], NDArray[np.int64], Floats, int]:
    """Owner, number and weight of every shingle of every text, and how many there are."""
    hashes = [shingle_hashes(text) for text in texts]
    owners = [np.full(len(h), number) for number, h in enumerate(hashes)]
    owner: NDArray[np.int64] = np.concatenate(owners)
    _, place, users = np.unique(np.concatenate(hashes), return_inverse=True, return_counts=True)
    weight = np.log((len(texts) + 1) / users)[place]
    norm = np.sqrt(np.bincount(owner, weight**2, len(texts)))
    return owner, place, weight / norm[owner], len(users)


def mean_interval(
    excess: Floats, seed: int, resamples: int = CHECKS.resamples
) -> tuple[float, float, float]:
    """Mean over probes with its 95% percentile interval; NaN below two probes."""
    if len(excess) < 2:
        return (float("nan"),) * 3
    draw = np.random.default_rng(seed)
    picks = draw.integers(0, len(excess), (resamples, len(excess)))
    low, high = np.quantile(excess[picks].mean(axis=1), [0.025, 0.975])
    return float(excess.mean()), float(low), float(high)
