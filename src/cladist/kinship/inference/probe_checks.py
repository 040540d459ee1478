"""Two checks of a pair over probes: is it spread over them, and is it more than style?

sign flips  the per-probe excess over controls, its signs drawn anew: a few lucky probes fail
mismatch    the same answers on shuffled probes: needs no panel, and tells agreement from style,
            not kin from truth
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from cladist.core.responses import ResponseSet
from cladist.kinship.evidence.corpus import Corpus, read_corpus
from cladist.kinship.evidence.functional import (
    context_cosines,
    crossed_kernel,
    read_functions,
    tells_functions,
)
from cladist.kinship.evidence.standard import Floats
from cladist.kinship.evidence.style import opening_keys
from cladist.kinship.inference.labels import Labels
from cladist.kinship.inference.null import maker_numbers
from cladist.kinship.inference.pairs import PairEvidence

if TYPE_CHECKING:
    from scipy import sparse

__all__ = ["mean_interval", "mismatch_p", "probe_excess", "shingles", "sign_flip_p"]

CONTROLS = 40
"""Controls a side for the per-probe excess: the panel members most alike in style."""

FLIPS = 9_999
READ = 400  # characters of an answer whose wording is compared
SHINGLE = 5
REMEMBERED = 1 << 16
"""Texts whose shingles are remembered: controls are the same for pair after pair.
They take 200 MB at most."""
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)


def probe_excess(
    responses: Sequence[ResponseSet],
    pairs: PairEvidence,
    i: int,
    j: int,
    labels: Labels | None = None,
    *,
    makers: NDArray[np.int64] | None = None,
    said: tuple[ResponseSet, ResponseSet] | None = None,
) -> Floats:
    """Evidence of the pair on every common probe beyond its controls, float64 (m,).

    Shared openings (-ln of the share of controls that begin alike) and shared wording, each less
    the mean over controls and in units of their spread over controls. Controls of a side are
    the CONTROLS models most alike in style that are of neither's maker. `makers` int64 (n,) says
    whose each is; without, labels do, and without labels it is guessed from the scores. `said`
    are answers of the two to be read in place of theirs.
    """
    family = maker_numbers(pairs, labels) if makers is None else makers
    other = (family != family[i]) & (family != family[j]) & pairs.present.any(axis=1)
    other[[i, j]] = False
    free = np.flatnonzero(other)
    if len(free) < 2:
        return np.zeros(0)
    sides = [free[np.argsort(-pairs.style[k, free], kind="stable")[:CONTROLS]] for k in (i, j)]
    chosen = np.unique(np.concatenate(sides))
    two = (responses[i], responses[j]) if said is None else said
    answers = [*two, *(responses[k] for k in chosen)]
    if tells_functions(answers):
        return _beyond_controls(answers, sides, chosen)
    corpus = read_corpus(answers)
    place = {int(k): 2 + n for n, k in enumerate(chosen)}
    both = np.flatnonzero(corpus.present[0] & corpus.present[1])
    total = np.zeros(len(both))
    for values in (_openings(corpus), _wordings(corpus)):
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


def _openings(corpus: Corpus) -> Floats:
    """(2, n, p) nats of the longest shared opening of models 0 and 1 with everybody."""
    n, p = corpus.length.shape
    out = np.zeros((2, n, p))
    for key in opening_keys(corpus.codes):
        for row in (0, 1):
            same = (key == key[row]) & (key > 0)
            nats = np.log((n + 1) / (same.sum(axis=0) + 1))
            out[row] = np.maximum(out[row], np.where(same, nats, 0.0))
    return out


def _wordings(corpus: Corpus) -> Floats:
    """(2, n, p) square-rooted cosines of shingles of models 0 and 1 with everybody."""
    n, p = corpus.length.shape
    out = np.zeros((2, n, p))
    for probe in range(p):
        found = _cosines([row[probe][:READ] for row in corpus.texts], 2)
        out[:, :, probe] = np.sqrt(np.clip(found, 0.0, None))
    return out


def sign_flip_p(excess: Floats, *, flips: int = FLIPS, seed: int = 0) -> float:
    """One-sided p-value that the mean excess is not above zero, signs flipped over probes.

    (1 + k) / (1 + n). 1 for no probes. A few huge probes cannot make it small.
    """
    m = len(excess)
    if m == 0:
        return 1.0
    draw = np.random.default_rng(seed)
    signs = draw.integers(0, 2, (flips, m), dtype=np.int8) * 2 - 1
    return float((1 + np.sum(signs @ excess >= excess.sum() - 1e-12)) / (1 + flips))


def mismatch_p(a: ResponseSet, b: ResponseSet, *, shuffles: int = 9_999, seed: int = 0) -> float:
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
    draw = np.random.default_rng(seed)
    observed = float(np.trace(kernel))
    order = np.argsort(draw.random((shuffles, m)), axis=1)
    shuffled = kernel[np.arange(m), order].sum(axis=1)
    return float((1 + np.sum(shuffled >= observed - 1e-9)) / (1 + shuffles))


def _wording_kernel(a: ResponseSet, b: ResponseSet) -> Floats:
    """Agreement of a's answer to each common probe with b's to each, (m, m)."""
    corpus = read_corpus([a, b])
    both = np.flatnonzero(corpus.present.all(axis=0))
    m = len(both)
    if m < 2:
        return np.zeros((m, m))
    found = _cosines([corpus.texts[k][p][:READ] for k in (0, 1) for p in both], m)
    return np.asarray(np.sqrt(np.clip(found[:, m:], 0.0, None)))


def shingles(texts: Sequence[str]) -> sparse.csr_array:
    """(n, f) unit rows of SHINGLE-character shingles, each weighing -ln of its share of texts."""
    from scipy import sparse

    owner, place, weight, width = _weighed(texts)
    return sparse.csr_array((weight, (owner, place)), shape=(len(texts), width))


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
    hashes = [_hashes(text) for text in texts]
    owners = [np.full(len(h), number) for number, h in enumerate(hashes)]
    owner: NDArray[np.int64] = np.concatenate(owners)
    _, place, users = np.unique(np.concatenate(hashes), return_inverse=True, return_counts=True)
    weight = np.log((len(texts) + 1) / users)[place]
    norm = np.sqrt(np.bincount(owner, weight**2, len(texts)))
    return owner, place, weight / norm[owner], len(users)


@lru_cache(maxsize=REMEMBERED)
def _hashes(text: str) -> NDArray[np.uint64]:
    """Hashes of the different shingles of a text, rising, uint64."""
    raw = (text + "\0" * (SHINGLE - 1)).encode("utf-32-le", "surrogatepass") if text else b""
    codes = np.frombuffer(raw, "<u4")
    width = max(len(codes) - SHINGLE + 1, 0)
    h = np.zeros(width, np.uint64)
    for d in range(SHINGLE):
        h = (h + codes[d : d + width].astype(np.uint64) + np.uint64(1)) * _GOLDEN
    found: NDArray[np.uint64] = np.unique(h)
    found.setflags(write=False)
    return found


def mean_interval(excess: Floats, seed: int, resamples: int = 2_000) -> tuple[float, float, float]:
    """Mean over probes with its 95% percentile interval; NaN below two probes."""
    if len(excess) < 2:
        return (float("nan"),) * 3
    draw = np.random.default_rng(seed)
    picks = draw.integers(0, len(excess), (resamples, len(excess)))
    low, high = np.quantile(excess[picks].mean(axis=1), [0.025, 0.975])
    return float(excess.mean()), float(low), float(high)
