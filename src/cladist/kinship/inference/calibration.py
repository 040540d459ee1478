"""Calibration: how much unrelated pairs have in common, so that errors can be counted.

A score of a pair means nothing by itself. Its null is the scores of pairs of the panel that are
of different makers, after taking out what the style of the pair, its tokenizer and reasoning
traces explain: the expectation of the score is fitted as a rising, convex function of these. What
is compared is the residual beyond what either model has in common with families of other makers,
each family counting once, in spreads of that (`levels`).

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

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cladist.errors import InputError
from cladist.kinship.config import CALIBRATION
from cladist.kinship.evidence.standard import Floats
from cladist.kinship.inference.labels import Labels
from cladist.kinship.inference.levels import Groups
from cladist.kinship.inference.null import Null, fit_null, guess_families, maker_numbers
from cladist.kinship.inference.pairs import Index, PairEvidence, Rows
from cladist.kinship.inference.unrelated import pairs_of

__all__ = [
    "Calibration",
    "calibrate",
]


@dataclass(frozen=True, eq=False)
class Calibration:
    """Null and kin distribution of a panel, fitted once; see the head of this module.

    nulls      one with declared families; without, two that rest on one half of the probes each
    kin        what style does not explain of known kin pairs, sorted, float64 (k,); empty without
               labels. Levels take no part: with them 3.6% of kin and .4% of unrelated pairs of
               recorded continuations were called unrelated, without .8% and 1.0%
    kin_excess the same pairs' standardised residuals, float64 (k,)
    kin_order  family of each of those pairs, int64 (k,)
    models     panel members it rests on
    families   makers among them
    labelled   whether families were declared; else they were guessed
    reasoning_pairs  unrelated pairs that both write reasoning traces
    makers     int64 (n,), whose each model is, to choose controls of other makers by
    """

    nulls: tuple[Null, ...]
    kin: Floats
    kin_excess: Floats
    kin_order: NDArray[np.int64]
    models: int
    families: int
    labelled: bool
    reasoning_pairs: int
    makers: NDArray[np.int64]

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
        if not pairs.both_reason(i, j) or self.reasoning_pairs >= CALIBRATION.reasoning:
            return ""
        return (
            f"both write reasoning traces, and {self.reasoning_pairs} unrelated pairs of the panel "
            "do: models taught to reason by one teacher have as much in common"
        )

    def kin_p(self, pairs: PairEvidence, a: Rows, b: Rows) -> Floats:
        """How rare so little in common is among known kin; NaN with too few of them.

        The greater of two shares: of the mean over families, each counting once and the pair's
        own counted in, and of the families that the two are declared to be of. Kin of one family
        may have much less in common than those of all others. Where none is declared, or one has
        fewer than `CALIBRATION.family_kin` pairs of kin, it is the family of so many or more where
        so little is most common.
        """
        left = [null.unexplained(pairs, a, b) for null in self.nulls]
        residual = np.asarray(np.mean(left, axis=0))
        if len(self.kin) < CALIBRATION.kin:
            return np.full(residual.shape, np.nan)
        flat = residual.ravel()
        size = np.bincount(self.kin_order)
        one, other = (x.ravel() for x in self._families(pairs, a, b))
        mean, worst, own = np.ones(len(flat)), np.zeros(len(flat)), np.zeros(len(flat))
        # Declared families of a pair whose kin are too few to tell a share of.
        untold = (one >= 0).astype(np.int64) + (other >= 0)
        for family in np.flatnonzero(size):
            below = np.searchsorted(self.kin[self.kin_order == family], flat, side="right")
            mean += below / size[family]
            if size[family] >= CALIBRATION.family_kin:
                share = (1.0 + below) / (1.0 + size[family])
                declared = (one == family).astype(np.int64) + (other == family)
                worst = np.maximum(worst, share)
                own = np.maximum(own, np.where(declared > 0, share, 0.0))
                untold -= declared
        told = (untold == 0) & ((one >= 0) | (other >= 0))
        share = np.maximum(mean / (1.0 + np.count_nonzero(size)), np.where(told, own, worst))
        share = share.reshape(residual.shape)
        # Known kin that both write reasoning traces are too few to say how little they share.
        return np.asarray(np.where(pairs.both_reason(a, b), np.nan, np.minimum(share, 1.0)))

    def _families(
        self, pairs: PairEvidence, a: Rows, b: Rows
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """The declared families of pairs, by their numbers, -1 where there is none."""
        declared = self.nulls[0].levels.groups.families
        every = np.append(declared, np.full(len(pairs) - len(declared), -1))
        one, other = np.broadcast_arrays(every[a], every[b])
        return one, other

    def p_less(self, pairs: PairEvidence, a: Rows, b: Rows) -> Floats:
        """Share of unrelated pairs, every cell weighing the same, with as little in common."""
        left = [null.share_below(null.unexplained(pairs, a, b)) for null in self.nulls]
        return np.asarray(np.mean(left, axis=0))

    def power(self, alpha: float) -> float:
        """Share of known kin, each family counting once, that reach `alpha`; NaN without any."""
        if len(self.kin) < CALIBRATION.kin or len(self.nulls) > 1:
            return float("nan")
        (null,) = self.nulls
        p = (1.0 + null.tail[np.searchsorted(null.residual, self.kin_excess)]) / (1.0 + null.cells)
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
    Raises `InputError` when fewer than `CALIBRATION.models` models or two makers are left. O(n^2).
    """
    answered = np.array(pairs.present.any(axis=1), dtype=np.bool_)
    if speaking is not None:
        answered &= speaking
    if labels is None:
        return _guessed(pairs, answered)
    if len(labels.families) != len(pairs):
        raise InputError(f"labels: {len(labels.families)} for {len(pairs)} models")
    known = answered & np.array([bool(f) for f in labels.families], np.bool_)
    if known.sum() < CALIBRATION.models <= answered.sum():
        there = "1 model" if known.sum() == 1 else f"{known.sum()} models"
        declared = sum(bool(f) for f in labels.families)
        raise InputError(
            f"{there} of declared family to calibrate on, {CALIBRATION.models} are needed: labels "
            f"name {declared} of {len(pairs)} models here"
        )
    makers = np.where(known, np.unique(np.array(labels.makers), return_inverse=True)[1], -1)
    families = np.unique(np.array(labels.families), return_inverse=True)[1]
    groups = Groups.of(makers, families)
    null = fit_null(pairs, groups, None)
    digest = np.unique(np.array(pairs.digest), return_inverse=True)[1]
    # Copies are no kin that power is counted on.
    a, b = (
        x.astype(np.int64)
        for x in pairs_of(
            np.flatnonzero(known),
            lambda i, j: (families[i] == families[j]) & (digest[i] != digest[j]),
        )
    )
    left = null.unexplained(pairs, a, b)
    rank = np.argsort(left, kind="stable")
    return Calibration(
        (null,),
        left[rank],
        null.excess(pairs, a, b)[rank],
        groups.families[a][rank],
        int(known.sum()),
        len(np.unique(makers[known])),
        True,
        _reasoning(pairs, makers),
        maker_numbers(pairs, labels),
    )


def _guessed(pairs: PairEvidence, answered: NDArray[np.bool_]) -> Calibration:
    """Two nulls: families of each half of the probes, tested on the other."""
    # All are guessed first, since a null takes more memory than what was guessed.
    every = maker_numbers(pairs, None)
    guessed = [guess_families(pairs.scored(half).stored) for half in (0, 1)]
    made = [
        fit_null(pairs, Groups.of(np.where(answered, families, -1)), 1 - half)
        for half, families in enumerate(guessed)
    ]
    number = min(len(np.unique(null.makers[answered])) for null in made)
    reasoning = _reasoning(pairs, made[0].makers)
    nobody = np.zeros(0), np.zeros(0), np.zeros(0, np.int64)
    return Calibration(tuple(made), *nobody, int(answered.sum()), number, False, reasoning, every)


def _reasoning(pairs: PairEvidence, makers: NDArray[np.int64]) -> int:
    """Pairs of different makers that both write reasoning traces."""
    size = np.unique(makers[pairs.reasoning & (makers >= 0)], return_counts=True)[1]
    return int(size.sum() ** 2 - (size**2).sum()) // 2
