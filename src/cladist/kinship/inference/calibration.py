"""Calibration: what the evidence of unrelated pairs looks like, so that errors can be counted.

A score of a pair means nothing by itself. Its null is the scores of pairs of the panel that are
not kin, after taking out what the manner of the pair, its tokenizer and thinking aloud explain:
expectation and spread of the score are fitted as rising, convex functions of these, over unrelated
pairs, and the excess in units of that spread is what is compared. A p-value is (1 + k) / (1 + n),
k of n unrelated pairs reaching the excess. Since those pairs share models and families, the share
is also resampled by family; the upper bound of it is what verdicts rest on.

Which pairs are unrelated is read from labels. Without labels, families are guessed from tight
clusters; kin that are missed stay in the null and make the test milder, never sharper.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import squareform

from cladist.core.responses import ResponseSet
from cladist.errors import InputError
from cladist.kinship.evidence.corpus import read_corpus
from cladist.kinship.evidence.similarity import evidence_of
from cladist.kinship.evidence.standard import Floats
from cladist.kinship.inference.matching import Matching, fit_matching
from cladist.kinship.inference.states import thinks_aloud

__all__ = [
    "FAMILY_KIN",
    "MINIMUM_ALOUD",
    "MINIMUM_MODELS",
    "MINIMUM_NULL",
    "MISS",
    "Calibration",
    "Labels",
    "PairEvidence",
    "calibrate",
    "guess_families",
    "pair_evidence",
]

MINIMUM_MODELS = 12
"""Panel members below which unrelated pairs are too few and too dependent to calibrate on."""

MINIMUM_NULL = 100
"""Unrelated pairs without which no false-accusation rate of 1% can be stated at all."""

SHARED = frozenset({"alleles", "phrases"})
"""Channels of the evidence that rest on what the two models of a pair said, and nobody else."""

TOKENIZER = frozenset({"clock", "rate"})
"""Channels of the evidence that tell tokenizers and not weights."""

CONFIDENCE = 0.9
"""Confidence that the true share of unrelated pairs is below the upper bound of a p-value."""

RESAMPLES = 400

MINIMUM_ALOUD = 10
"""Unrelated pairs that both think aloud, below which nothing is claimed of such a pair. Models
taught to think by one teacher share more than any others: all 12 unrelated such pairs of recorded
chat would be called related (docs/verdicts.md)."""

MISS = 0.05
"""Share of known kin that may wrongly be called unrelated, over all looks if there are several."""

FAMILY_KIN = 20
"""Kin pairs from which a share of MISS can be told of a family by itself."""

CLUSTER_CUT = 6.0
"""Robust spreads above the median from which on average linkage calls a cluster one family."""


Rows = NDArray[np.int64] | list[int] | slice | int


@dataclass(frozen=True, eq=False)
class PairEvidence:
    """What is known of all pairs of n models.

    models   n names
    combined float64 (n, n): all evidence, what ranks relatives and makes distances
    score    float64 (n, n): shared alleles and phrases beyond the panel's, symmetric
    manner   float64 (n, n) in 0..1: agreement across different probes
    clock    float64 (n, n): agreement of tokenizers, around 0
    present  bool (n, p): which probes have a usable answer
    digest   one hash a model of all its answers
    aloud    bool (n,): which models write their reasoning into their answers
    """

    models: tuple[str, ...]
    combined: Floats
    score: Floats
    manner: Floats
    clock: Floats
    present: NDArray[np.bool_]
    digest: tuple[bytes, ...]
    aloud: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.models)

    def covariates(self, a: Rows, b: Rows) -> Floats:
        """What unrelated pairs are matched on, float64 (3, ...): manner, tokenizer, and whether
        both think aloud."""
        both = self.both_aloud(a, b).astype(np.float64)
        return np.stack([self.manner[a, b], self.clock[a, b], both])

    def both_aloud(self, a: Rows, b: Rows) -> NDArray[np.bool_]:
        """Whether both models of pairs think aloud. Known kin that do are too few to say of such
        a pair that it has less in common than kin, so it is never called unrelated."""
        return np.asarray(self.aloud[a] & self.aloud[b], np.bool_)

    def index(self, model: str) -> int:
        """Row of a model; `InputError` when it has no answers here."""
        try:
            return self.models.index(model)
        except ValueError:
            raise InputError(
                f"'{model}' is not among the {len(self.models)} models that answered"
            ) from None


def pair_evidence(
    responses: Sequence[ResponseSet], members: NDArray[np.bool_] | None = None
) -> PairEvidence:
    """Evidence, manner and tokenizer agreement of all pairs. Cost of `kinship_similarity`.

    `members` bool (n,) says who is the panel that all statistics come from; everybody by default.

    The score leaves out what tells tokenizers, as unrelated models share those; it comes back
    as something to match on, and so does manner. Nor does it hold what other models say of the
    pair: a test of two models rests on these two.
    """
    corpus = read_corpus(responses)
    n = len(corpus)
    found = evidence_of(corpus, np.ones(n, np.bool_) if members is None else members)
    nothing = np.zeros((n, n))
    return PairEvidence(
        corpus.models,
        found.combined,
        sum((v for k, v in found.channels.items() if k in SHARED), nothing),
        found.manner,
        sum((v for k, v in found.channels.items() if k in TOKENIZER), nothing),
        corpus.present,
        tuple(corpus.digests()),
        np.array([thinks_aloud(row) for row in corpus.texts], np.bool_),
    )


@dataclass(frozen=True)
class Labels:
    """What is declared about descent: a family a model ('' unknown).

    groups  wider circles within which pairs of different families are neither kin nor
            unrelated (generations of one maker); the families themselves where not given
    """

    families: tuple[str, ...]
    groups: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.groups and len(self.groups) != len(self.families):
            raise InputError("labels: as many groups as families are needed")

    @property
    def circles(self) -> tuple[str, ...]:
        """Groups, or families where a model has no group."""
        if not self.groups:
            return self.families
        return tuple(g or f for g, f in zip(self.groups, self.families, strict=True))


@dataclass(frozen=True, eq=False)
class Calibration:
    """Null and alternative of kinship scores.

    matching  expected score given manner and tokenizer
    null      sorted excess of unrelated pairs, float64 (m,)
    order     families of those pairs, int64 (m, 2), in the same order
    kin       sorted excess of known kin pairs, float64 (k,); empty without labels
    kin_order family of each of those pairs, int64 (k,)
    models    panel members it rests on
    families  families among them
    labelled  whether families were declared; else they were guessed
    aloud     unrelated pairs that both think aloud
    """

    matching: Matching
    null: Floats
    order: NDArray[np.int64]
    kin: Floats
    kin_order: NDArray[np.int64]
    models: int
    families: int
    labelled: bool
    aloud: int

    def unheard(self, pairs: PairEvidence, i: int, j: int) -> str:
        """Why the null says too little of a pair to call it related, or ''."""
        if not pairs.both_aloud(i, j) or self.aloud >= MINIMUM_ALOUD:
            return ""
        return (
            f"both think aloud, and {self.aloud} unrelated pairs of the panel do: models taught to "
            "think by one teacher have as much in common"
        )

    def p_value(self, excess: Floats | float) -> Floats:
        """(1 + #null >= excess) / (1 + n), of the shape given."""
        above = len(self.null) - np.searchsorted(self.null, excess, side="left")
        return np.asarray((1.0 + above) / (1.0 + len(self.null)))

    def upper_p(self, excess: float, *, seed: int = 0) -> float:
        """Upper bound of the p-value at CONFIDENCE, by resampling families; never below it."""
        counts = self._counts(0)
        start = int(np.searchsorted(self.null, excess, side="left"))
        tail = self._counts(start)
        weight = self._weights(seed)
        total = np.maximum(np.einsum("bi,ij,bj->b", weight, counts, weight), 1.0)
        share = (1.0 + np.einsum("bi,ij,bj->b", weight, tail, weight)) / (1.0 + total)
        return max(float(np.quantile(share, CONFIDENCE)), float(self.p_value(excess)))

    def threshold(self, rate: float, *, bound: bool = True, seed: int = 0) -> float:
        """Smallest null excess whose p-value (its upper bound, with `bound`) is within `rate`.

        Infinite when no excess can reach it: too few unrelated pairs were seen.
        """
        low, high = 0, len(self.null)
        while low < high:
            middle = (low + high) // 2
            value = float(np.nextafter(self.null[middle], np.inf))
            p = self.upper_p(value, seed=seed) if bound else float(self.p_value(value))
            low, high = (low, middle) if p <= rate else (middle + 1, high)
        return float(np.nextafter(self.null[low], np.inf)) if low < len(self.null) else np.inf

    def plain_rate(self, rate: float, *, seed: int = 0) -> float:
        """The plain share of unrelated pairs whose upper bound is `rate`: what may be spent."""
        t = self.threshold(rate, seed=seed)
        return float(self.p_value(t)) if np.isfinite(t) else 0.0

    def plain_miss(self, miss: float, *, seed: int = 0) -> float:
        """The plain share of known kin whose upper bound is `miss`; 0 without enough of them."""
        t = self.kin_threshold(miss, seed=seed)
        return float(self.kin_p(t)) if np.isfinite(t) else 0.0

    def kin_p(self, excess: Floats | float) -> Floats:
        """(1 + #kin <= excess) / (1 + n): how rare so little is among known kin; 1 without any."""
        below = np.searchsorted(self.kin, excess, side="right")
        return np.asarray((1.0 + below) / (1.0 + len(self.kin)))

    def upper_kin_p(self, excess: float, *, seed: int = 0) -> float:
        """Upper bound of `kin_p`; 1 without known kin.

        The greater of two: at CONFIDENCE by resampling families, and in the family, of those
        with FAMILY_KIN pairs, where so little is most common. Kin of one family may have much
        less in common than those of all others, and resampling the others does not show it.
        """
        if not len(self.kin):
            return 1.0
        below = int(np.searchsorted(self.kin, excess, side="right"))
        size = int(self.kin_order.max()) + 1
        every = np.bincount(self.kin_order, minlength=size)
        under = np.bincount(self.kin_order[:below], minlength=size)
        here = np.flatnonzero(every)
        draw = np.random.default_rng(seed)
        weight = draw.multinomial(len(here), np.full(len(here), 1 / len(here)), size=RESAMPLES)
        share = (1.0 + weight @ under[here]) / (1.0 + weight @ every[here])
        large = every >= FAMILY_KIN
        worst = float(((1.0 + under[large]) / (1.0 + every[large])).max()) if large.any() else 0.0
        return max(float(np.quantile(share, CONFIDENCE)), worst, float(self.kin_p(excess)))

    def kin_threshold(self, miss: float, *, seed: int = 0) -> float:
        """Largest kin excess whose `upper_kin_p` is within `miss`; -inf when there is none."""
        low, high = 0, len(self.kin)
        while low < high:
            middle = (low + high) // 2
            if self.upper_kin_p(float(self.kin[middle]), seed=seed) <= miss:
                low = middle + 1
            else:
                high = middle
        return float(self.kin[low - 1]) if low else -np.inf

    def power(self, rate: float) -> float:
        """Share of known kin that reach a false-accusation rate; NaN without known kin."""
        if not len(self.kin):
            return float("nan")
        return float(np.mean(self.kin >= self.threshold(rate)))

    def _counts(self, start: int) -> Floats:
        f = self.families
        cell = self.order[start:, 0] * f + self.order[start:, 1]
        return np.bincount(cell, minlength=f * f).reshape(f, f).astype(np.float64)

    def _weights(self, seed: int) -> Floats:
        draw = np.random.default_rng(seed)
        f = self.families
        return draw.multinomial(f, np.full(f, 1.0 / f), size=RESAMPLES).astype(np.float64)


def calibrate(
    pairs: PairEvidence,
    labels: Labels | None = None,
    *,
    leave_out: Collection[int] = (),
    matched: bool = True,
) -> Calibration:
    """Fit the null of unrelated pairs, without any pair of the models in `leave_out`.

    Copies (equal answers throughout) and models without answers take no part; nor do, with
    labels, models whose family is unknown. `matched` False leaves out what is matched on.
    Raises `InputError` when fewer than MINIMUM_MODELS models or MINIMUM_NULL pairs are left.
    """
    n = len(pairs)
    ok = np.array(pairs.present.any(axis=1), dtype=np.bool_)
    ok[list(leave_out)] = False
    if labels is None:
        families = guess_families(pairs)
        circles = families
    else:
        if len(labels.families) != n:
            raise InputError(f"labels: {len(labels.families)} for {n} models")
        ok &= np.array([bool(f) for f in labels.families])
        families = np.unique(np.array(labels.families), return_inverse=True)[1]
        circles = np.unique(np.array(labels.circles), return_inverse=True)[1]
    kept = np.flatnonzero(ok)
    if len(kept) < MINIMUM_MODELS:
        raise InputError(f"{len(kept)} other models to calibrate on, {MINIMUM_MODELS} are needed")
    a, b = (kept[i] for i in np.triu_indices(len(kept), 1))
    digest = np.unique(np.array(pairs.digest), return_inverse=True)[1]
    unrelated = circles[a] != circles[b]
    kin = (families[a] == families[b]) & (digest[a] != digest[b])
    if int(unrelated.sum()) < MINIMUM_NULL:
        raise InputError(
            f"{int(unrelated.sum())} unrelated pairs to calibrate on, {MINIMUM_NULL} are needed"
        )
    score, covariates = pairs.score[a, b], pairs.covariates(a, b)
    aloud = int(covariates[2, unrelated].sum())
    if not matched:
        covariates = np.zeros_like(covariates)
    matching = fit_matching(score[unrelated], covariates[:, unrelated])
    excess = matching.excess(score, covariates)
    number = np.unique(circles[kept], return_inverse=True)[1]
    of = np.zeros(n, np.int64)
    of[kept] = number
    rank = np.argsort(excess[unrelated], kind="stable")
    order = np.stack([of[a][unrelated], of[b][unrelated]], axis=1)[rank]
    return Calibration(
        matching,
        excess[unrelated][rank],
        order,
        *(_sorted_kin(excess[kin], families[a[kin]]) if labels is not None else _NO_KIN),
        len(kept),
        int(number.max()) + 1,
        labels is not None,
        aloud,
    )


_NO_KIN = (np.zeros(0), np.zeros(0, np.int64))


def _sorted_kin(excess: Floats, family: NDArray[np.int64]) -> tuple[Floats, NDArray[np.int64]]:
    rank = np.argsort(excess, kind="stable")
    return excess[rank], family[rank]


def guess_families(pairs: PairEvidence, cut: float = CLUSTER_CUT) -> NDArray[np.int64]:
    """Family numbers (n,) by average linkage, for panels without labels.

    Pairs merge where the mean score between clusters lies `cut` robust spreads above the median
    pair. A high cut leaves distant kin among the unrelated, which costs power and accuses nobody.
    """
    n = len(pairs)
    if n < 3:
        return np.arange(n)
    upper = pairs.score[np.triu_indices(n, 1)]
    middle = float(np.median(upper))
    spread = 1.4826 * float(np.median(np.abs(upper - middle)))
    top = float(upper.max())
    distance = top - pairs.score
    np.fill_diagonal(distance, 0.0)
    tree = linkage(squareform(distance, checks=False), "average")
    limit = top - (middle + cut * max(spread, 1e-9))
    if limit <= 0:
        return np.arange(n)
    return np.asarray(fcluster(tree, limit, "distance") - 1, np.int64)
