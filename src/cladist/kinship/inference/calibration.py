"""Calibration: how much unrelated pairs have in common, so that errors can be counted.

A score of a pair means nothing by itself. Its null is the scores of pairs of the panel that are
of different makers, after taking out what the style of the pair, its tokenizer and reasoning
traces explain: the expectation of the score is fitted as a rising, convex function of these, and
the residual in units of its usual size is what is compared.

The p-value of a pair counts cells of two makers, not pairs of models: the sum over cells of the
share of their pairs that reach as much, the pair's own cell counted as one that does, so

    p = (1 + sum over cells of the share of their pairs with a residual as large) / (1 + cells).

If no two makers are related, any two of them are as likely as any others to be the two in
question; then a pair drawn from a cell drawn at random has p <= alpha with probability at most
alpha, exactly, whatever the sizes of makers, their effects and the tails of scores (conformal
prediction with makers as the exchangeable units: Vovk, Gammerman and Shafer 2005; Dunn, Wasserman
and Ramdas 2023, JASA 118:2491). A maker of two hundred models weighs as one of two. A model
outside the panel brings its own cells along. What it rests on: the makers of the panel are such
as those in question, and labels are right. The least p-value is 1 / (1 + cells), so 15 makers
carry an alpha of 1%, and 46 one of .1%.

Without labels, families are guessed on one half of the probes and tested on the other, both ways
round, and the two p-values are added: what is guessed on the scores that are tested would take
the largest unrelated scores out of their own null.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cladist.core.responses import ResponseSet
from cladist.errors import InputError
from cladist.kinship.evidence.corpus import read_corpus
from cladist.kinship.evidence.functional import (
    Functions,
    functional_evidence,
    read_functions,
    tells_functions,
)
from cladist.kinship.evidence.similarity import evidence_of
from cladist.kinship.evidence.standard import Floats
from cladist.kinship.inference.matching import Matching, fit_matching
from cladist.kinship.inference.states import thinks_aloud

__all__ = [
    "FAMILY_KIN",
    "MINIMUM_KIN",
    "MINIMUM_MODELS",
    "MINIMUM_REASONING",
    "MISS",
    "Calibration",
    "Labels",
    "Null",
    "PairEvidence",
    "calibrate",
    "guess_families",
    "pair_evidence",
]

MINIMUM_MODELS = 12
"""Panel members below which unrelated pairs are too few and too dependent to calibrate on."""

MINIMUM_REASONING = 10
"""Unrelated pairs that both write reasoning traces, below which nothing is claimed of such a pair.
Models taught to reason by one teacher share more than any others: all 12 unrelated such pairs of
recorded chat would be called related (docs/verdicts.md)."""

MINIMUM_KIN = 30
"""Known kin pairs below which nothing is said about power, nor is anybody called unrelated."""

MISS = 0.05
"""Share of known kin that may wrongly be called unrelated, over all looks if there are several."""

FAMILY_KIN = 20
"""Kin pairs from which a share of MISS can be told of a family by itself."""

CLUSTER_CUT = 6.0
"""Robust spreads above the median from which on average linkage calls a cluster one family."""

Rows = NDArray[np.int64] | list[int] | slice | int
Index = NDArray[np.int64] | list[int] | int


@dataclass(frozen=True, eq=False)
class PairEvidence:
    """What is known of all pairs of n models.

    models   n names
    combined float64 (n, n): all evidence, what ranks relatives and makes distances
    score    float64 (n, n): likeness of wording beyond the panel's, symmetric
    halves   the same of even and of odd probes, each float64 (n, n)
    manner   float64 (n, n) in 0..1: agreement across different probes
    clock    float64 (n, n): agreement of tokenizers, around 0
    present  bool (n, p): which probes have a usable answer
    digest   one hash a model of all its answers
    aloud    bool (n,): which models write their reasoning into their answers
    """

    models: tuple[str, ...]
    combined: Floats
    score: Floats
    halves: tuple[Floats, Floats]
    manner: Floats
    clock: Floats
    present: NDArray[np.bool_]
    digest: tuple[bytes, ...]
    aloud: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.models)

    def scored(self, half: int | None) -> Floats:
        """Scores of all probes, or of the even (0) or odd (1) ones."""
        return self.score if half is None else self.halves[half]

    def covariates(self, a: Rows, b: Rows) -> Floats:
        """What explains a score without kinship, float64 (3, ...): style, tokenizer, and whether
        both write reasoning traces."""
        both = np.asarray(self.both_aloud(a, b), np.float64)
        return np.stack([self.manner[a, b], self.clock[a, b], both])

    def both_aloud(self, a: Rows, b: Rows) -> NDArray[np.bool_]:
        """Whether both models of pairs write reasoning traces. Known kin that do are too few to
        say of such a pair that it has less in common than kin: it is never called unrelated."""
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
    """Evidence, style and tokenizer agreement of all pairs. Cost of `kinship_similarity`.

    `members` bool (n,) says who is the panel that all statistics come from; everybody by default.

    The score leaves out what tells tokenizers, as unrelated models share those; it comes back
    as something that explains a score. All is rounded to float32, which is what a fitted panel
    keeps, so that what is kept and what is measured afresh say the same to the last digit.
    """
    inside = np.ones(len(responses), np.bool_) if members is None else members
    if tells_functions(responses):
        return _of_functions(read_functions(responses), inside)
    corpus = read_corpus(responses)
    n = len(corpus)
    found = evidence_of(corpus, inside)
    nothing = np.zeros((n, n))
    return PairEvidence(
        corpus.models,
        _rounded(found.combined),
        _rounded(found.channels.get("wording", nothing)),
        (_rounded(found.halves[0]), _rounded(found.halves[1])),
        _rounded(found.style),
        _rounded(found.channels.get("tokenizer", nothing)),
        corpus.present,
        tuple(corpus.digests()),
        np.array([thinks_aloud(row) for row in corpus.texts], np.bool_),
    )


def _of_functions(read: Functions, members: NDArray[np.bool_]) -> PairEvidence:
    """Evidence from distributions: nothing tells of tokenizers, and nobody writes traces."""
    n, found = len(read.models), functional_evidence(read, members)
    return PairEvidence(
        read.models,
        _rounded(found.combined),
        _rounded(found.score),
        (_rounded(found.halves[0]), _rounded(found.halves[1])),
        _rounded(found.style),
        np.zeros((n, n)),
        read.present,
        read.digests,
        np.zeros(n, np.bool_),
    )


def _rounded(matrix: Floats) -> Floats:
    return matrix.astype(np.float32).astype(np.float64)


@dataclass(frozen=True)
class Labels:
    """What is declared about descent: a family a model ('' unknown).

    groups  makers, within which pairs of different families are neither kin nor unrelated
            (generations of one maker); the families themselves where not given
    """

    families: tuple[str, ...]
    groups: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.groups and len(self.groups) != len(self.families):
            raise InputError("labels: as many groups as families are needed")

    @property
    def makers(self) -> tuple[str, ...]:
        """Groups, or families where a model has no group."""
        if not self.groups:
            return self.families
        return tuple(g or f for g, f in zip(self.groups, self.families, strict=True))


@dataclass(frozen=True, eq=False)
class Null:
    """Standardised residuals of unrelated pairs, by the cells of two makers that they are of.

    half      which probes they rest on: None all, 0 the even ones, 1 the odd ones
    expected  what style, tokenizer and reasoning traces explain of a score
    residual  float64 (m,), sorted
    tail      float64 (m + 1,): sum over cells of the share of their pairs from here on
    cells     how many cells
    makers    int64 (n,): the maker of each model of the panel, -1 where it takes no part
    """

    half: int | None
    expected: Matching
    residual: Floats
    tail: Floats
    cells: int
    makers: NDArray[np.int64]

    def excess(self, pairs: PairEvidence, a: Rows, b: Rows) -> Floats:
        """Standardised residuals of pairs of rows, float64 of their shape."""
        score = np.asarray(pairs.scored(self.half)[a, b])
        return self.expected.excess(score, pairs.covariates(a, b))

    def p(self, pairs: PairEvidence, a: NDArray[np.int64], b: NDArray[np.int64]) -> Floats:
        """p-values of k pairs, float64 (k,)."""
        residual = self.excess(pairs, a, b)
        above = self.tail[np.searchsorted(self.residual, residual, side="left")]
        cells = np.full(len(residual), float(self.cells))
        for mine, other in ((a, b), (b, a)):
            for model in np.unique(mine[self.makers[mine] < 0]):
                at = np.flatnonzero(mine == model)
                more, count = self._joined(pairs, int(model), residual[at], other[at])
                above[at] += more
                cells[at] += count
        return np.asarray((1.0 + above) / (1.0 + cells))

    def _joined(
        self, pairs: PairEvidence, model: int, residual: Floats, other: NDArray[np.int64]
    ) -> tuple[Floats, NDArray[np.int64]]:
        """Cells that a model outside the panel makes with all makers but that of `other`."""
        known = np.flatnonzero(self.makers >= 0)
        names, number = np.unique(self.makers[known], return_inverse=True)
        own = self.excess(pairs, np.full(len(known), model), known)
        reached = own[None, :] >= residual[:, None]
        size = np.bincount(number)
        share = np.stack([np.bincount(number, row, len(names)) / size for row in reached])
        same = self.makers[other][:, None] == names[None, :]
        return np.where(same, 0.0, share).sum(1), len(names) - same.sum(1)


@dataclass(frozen=True, eq=False)
class Calibration:
    """Null and kin distribution of a panel, fitted once; see the head of this module.

    nulls      one with declared families; without, two that rest on one half of the probes each
    kin        sorted residuals of known kin pairs, float64 (k,); empty without labels
    kin_order  family of each of those pairs, int64 (k,)
    models     panel members it rests on
    families   makers among them
    labelled   whether families were declared; else they were guessed
    reasoning  unrelated pairs that both write reasoning traces
    """

    nulls: tuple[Null, ...]
    kin: Floats
    kin_order: NDArray[np.int64]
    models: int
    families: int
    labelled: bool
    reasoning: int

    def excess(self, pairs: PairEvidence, a: Rows, b: Rows) -> Floats:
        """Standardised residuals of pairs of rows a and b: what style does not explain."""
        return np.asarray(np.mean([null.excess(pairs, a, b) for null in self.nulls], axis=0))

    def p(self, pairs: PairEvidence, a: Index, b: Index) -> Floats:
        """p-values that pairs of rows a and b are unrelated, float64 of their shape.

        The share of cells of makers that reach as much, the pair's own cell counted as one that
        does. Of two nulls the p-values are added: twice a mean of p-values is one (Rueschendorf
        1982; Vovk and Wang 2020, Biometrika 107:791).
        """
        one, two = np.broadcast_arrays(np.asarray(a, np.int64), np.asarray(b, np.int64))
        each = [null.p(pairs, one.ravel(), two.ravel()) for null in self.nulls]
        total: Floats = np.minimum(np.sum(each, axis=0), 1.0)
        return total.reshape(one.shape)

    @property
    def floor(self) -> float:
        """The least p-value that this panel can give; nobody is related at a lower alpha."""
        return float(sum(1.0 / (1.0 + null.cells) for null in self.nulls))

    @property
    def size(self) -> int:
        """Unrelated pairs that the null rests on."""
        return min(len(null.residual) for null in self.nulls)

    def uncovered(self, pairs: PairEvidence, i: int, j: int) -> str:
        """Why the panel says too little of such a pair to call it related, or ''."""
        if not pairs.both_aloud(i, j) or self.reasoning >= MINIMUM_REASONING:
            return ""
        return (
            f"both write reasoning traces, and {self.reasoning} unrelated pairs of the panel do: "
            "models taught to reason by one teacher have as much in common"
        )

    def kin_p(self, pairs: PairEvidence, a: Rows, b: Rows) -> Floats:
        """How rare so little in common is among known kin; NaN with too few of them.

        The greater of two shares: of the mean over families, each counting once and the pair's
        own counted in, and of the family of FAMILY_KIN pairs or more where so little is most
        common. Kin of one family may have much less in common than those of all others.
        """
        residual = np.asarray(self.excess(pairs, a, b))
        if len(self.kin) < MINIMUM_KIN:
            return np.full(residual.shape, np.nan)
        flat = residual.ravel()
        size = np.bincount(self.kin_order)
        mean, worst = np.ones(len(flat)), np.zeros(len(flat))
        for family in np.flatnonzero(size):
            below = np.searchsorted(self.kin[self.kin_order == family], flat, side="right")
            mean += below / size[family]
            if size[family] >= FAMILY_KIN:
                worst = np.maximum(worst, (1.0 + below) / (1.0 + size[family]))
        share = np.maximum(mean / (1.0 + np.count_nonzero(size)), worst).reshape(residual.shape)
        # Known kin that both write reasoning traces are too few to say how little they share.
        return np.asarray(np.where(pairs.both_aloud(a, b), np.nan, np.minimum(share, 1.0)))

    def power(self, alpha: float) -> float:
        """Share of known kin, each family counting once, that reach `alpha`; NaN without any."""
        if len(self.kin) < MINIMUM_KIN or len(self.nulls) > 1:
            return float("nan")
        (null,) = self.nulls
        p = (1.0 + null.tail[np.searchsorted(null.residual, self.kin)]) / (1.0 + null.cells)
        size = np.bincount(self.kin_order)
        found = np.bincount(self.kin_order, p <= alpha)
        return float(np.mean(found[size > 0] / size[size > 0]))


def calibrate(
    pairs: PairEvidence, labels: Labels | None = None, speaking: NDArray[np.bool_] | None = None
) -> Calibration:
    """Fit the null of unrelated pairs and, with labels, the distribution of known kin.

    Models without answers take no part, nor those that are not `speaking`, bool (n,): what is
    said whatever was asked is alike among strangers. With labels, models whose family is unknown
    are left out too, and copies (equal answers throughout) are no kin that power is counted on.
    Raises `InputError` when fewer than MINIMUM_MODELS models or two makers are left. O(n^2).
    """
    answered = np.array(pairs.present.any(axis=1), dtype=np.bool_)
    if speaking is not None:
        answered &= speaking
    if labels is None:
        return _guessed(pairs, answered)
    if len(labels.families) != len(pairs):
        raise InputError(f"labels: {len(labels.families)} for {len(pairs)} models")
    known = answered & np.array([bool(f) for f in labels.families], np.bool_)
    makers = np.where(known, np.unique(np.array(labels.makers), return_inverse=True)[1], -1)
    null = _null(pairs, makers, None)
    families = np.unique(np.array(labels.families), return_inverse=True)[1]
    digest = np.unique(np.array(pairs.digest), return_inverse=True)[1]
    a, b = _pairs_of(np.flatnonzero(known))
    kin = (families[a] == families[b]) & (digest[a] != digest[b])
    residual = null.excess(pairs, a[kin], b[kin])
    rank = np.argsort(residual, kind="stable")
    return Calibration(
        (null,),
        residual[rank],
        families[a[kin]][rank],
        int(known.sum()),
        len(np.unique(makers[known])),
        True,
        _reasoning(pairs, makers),
    )


def _guessed(pairs: PairEvidence, answered: NDArray[np.bool_]) -> Calibration:
    """Two nulls: families of each half of the probes, tested on the other."""
    made = []
    for half in (0, 1):
        makers = np.where(answered, guess_families(pairs.scored(half)), -1)
        made.append(_null(pairs, makers, 1 - half))
    number = min(len(np.unique(null.makers[answered])) for null in made)
    reasoning = _reasoning(pairs, made[0].makers)
    nobody = np.zeros(0), np.zeros(0, np.int64)
    return Calibration(tuple(made), *nobody, int(answered.sum()), number, False, reasoning)


def _pairs_of(rows: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    a, b = np.triu_indices(len(rows), 1)
    return rows[a], rows[b]


def _reasoning(pairs: PairEvidence, makers: NDArray[np.int64]) -> int:
    a, b = _pairs_of(np.flatnonzero(pairs.aloud & (makers >= 0)))
    return int((makers[a] != makers[b]).sum())


def _null(pairs: PairEvidence, makers: NDArray[np.int64], half: int | None) -> Null:
    """The null of the pairs of different makers, every cell of two makers weighing the same."""
    kept = np.flatnonzero(makers >= 0)
    if len(kept) < MINIMUM_MODELS:
        raise InputError(f"{len(kept)} models to calibrate on, {MINIMUM_MODELS} are needed")
    a, b = _pairs_of(kept)
    apart = makers[a] != makers[b]
    a, b = a[apart], b[apart]
    if not len(a):
        raise InputError("all models to calibrate on are of one maker; two makers are the least")
    cell = np.minimum(makers[a], makers[b]) * (int(makers.max()) + 1)
    cell += np.maximum(makers[a], makers[b])
    place, size = np.unique(cell, return_inverse=True, return_counts=True)[1:]
    weight = 1.0 / size[place]
    score, covariates = pairs.scored(half)[a, b], pairs.covariates(a, b)
    expected = fit_matching(score, covariates, weight)
    residual = expected.excess(score, covariates)
    rank = np.argsort(residual, kind="stable")
    tail = np.concatenate([np.cumsum(weight[rank][::-1])[::-1], [0.0]])
    return Null(half, expected, residual[rank], tail, len(size), makers)


def guess_families(score: Floats, cut: float = CLUSTER_CUT) -> NDArray[np.int64]:
    """Family numbers (n,) by average linkage of scores (n, n), for panels without labels.

    Models merge where the mean score between clusters lies `cut` robust spreads above the median
    pair. A high cut leaves distant kin among the unrelated, which costs power and accuses nobody.
    """
    n = len(score)
    if n < 3:
        return np.arange(n)
    from scipy.cluster.hierarchy import fcluster, linkage  # takes a third of a second to import

    upper = score[np.triu_indices(n, 1)]
    middle = float(np.median(upper))
    spread = 1.4826 * float(np.median(np.abs(upper - middle)))
    top = float(upper.max())
    distance = top - score
    np.fill_diagonal(distance, 0.0)
    tree = linkage(distance[np.triu_indices(n, 1)], "average")
    limit = top - (middle + cut * max(spread, 1e-9))
    if limit <= 0:
        return np.arange(n)
    return np.asarray(fcluster(tree, limit, "distance") - 1, np.int64)
