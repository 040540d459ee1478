"""Which families cannot be excluded: a set that holds the true one as often as it says.

The probability of a family (`identify`) is as good as the model behind it; a set is as good as
its count of makers. Models of the panel are asked as if nobody knew them, by a fit that has not
seen their maker, and the score of the true family is noted: its probability, set against none and
the best of the others (`conformity`). A family is left out of the set of a model when its score
is as low as those of true families seldom are. 'None of these' is a candidate like the others,
held against the scores that it got from models whose family was taken away, and against those
from models whose whole maker was; it stays when either lets it. So the set holds the truth as
often as it says where the family is there, where only others of its maker are, and where nothing
of its maker is.

Models of one maker are alike, so makers are what is counted (hierarchical conformal prediction:
Dunn, Wasserman and Ramdas 2023; Lee, Barber and Willett 2023). With F_g(s) the share of the
models of maker g whose true answer scored at most s, and G other makers,

    p(s) = (1 + sum over g of F_g(s)) / (1 + G),

and a candidate stays when p exceeds 1 - coverage. Give every score of maker g the weight
1 / ((1 + G) n_g): when the asked model is of a maker drawn as the others are, and is drawn
evenly among the models of that maker, then the weight at or below its own true score is at most
p(s), and the chance that this weight is at most a is at most a, whatever the scores are. That is
split conformal prediction (Vovk, Gammerman and Shafer 2005) with makers in the place of cases.
The candidate's own maker is not among the G, for its other models are not strangers to it.

Scores come from several fits, each without the makers of one fold, and a candidate's score from
a fit is compared with those of that fit's fold (cross-conformal prediction, Vovk 2015). The
exact result then falls to twice the stated rate of misses (Barber, Candes, Ramdas and Tibshirani
2021); with a fit of four numbers the folds hardly differ, and the rate is as stated in simulation
and on recorded answers (docs/verdicts.md). What is promised is a share over makers drawn as those
of the panel were: a maker unlike all others can have its models missed more often.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cladist.errors import InputError
from cladist.kinship.config import FAMILIES
from cladist.kinship.evidence.standard import Floats
from cladist.kinship.inference.identify import (
    FamilyModel,
    HeldFamilies,
    Identification,
    ask,
    fit_asked,
    has_kin,
    heard_models,
    reasoning_excess_of,
    shares,
)
from cladist.kinship.inference.labels import Labels
from cladist.kinship.inference.pairs import PairEvidence

__all__ = [
    "FamilySet",
    "Scores",
    "SetCalibration",
    "conformity",
    "family_set",
    "fit_sets",
    "makers_needed",
]

_SHOWN = 10
"""Families of a set that are written out."""

_EQUAL = 1e-12  # scores that differ by less are tied; sums in another order do


@dataclass(frozen=True, eq=False)
class Scores:
    """Scores that true answers got from fits without their makers, m of them.

    value  float64 (m,) the score
    fold   int64 (m,) the fit that gave it
    maker  int64 (m,) whose model was asked
    """

    value: Floats
    fold: NDArray[np.int64]
    maker: NDArray[np.int64]

    @property
    def makers(self) -> int:
        """How many makers there are."""
        return len(np.unique(self.maker))

    def p_values(self, score: Floats, own: NDArray[np.int64]) -> Floats:
        """p-values (c,) of candidates with the scores float64 (folds, c).

        `own` int64 (c,) is the maker of each candidate, which is not counted; -1 is nobody.
        """
        if not len(self.value):
            return np.ones(score.shape[1])
        weight = 1.0 / np.bincount(self.maker)[self.maker]
        low = self.value[:, None] <= score[self.fold] + _EQUAL
        low &= self.maker[:, None] != own[None, :]
        others = self.makers - np.isin(own, self.maker)
        return np.asarray((1.0 + weight @ low) / (1.0 + others))


@dataclass(frozen=True, eq=False)
class SetCalibration:
    """All that a set needs of a panel; made once by `fit_sets`.

    folds   fits of the probabilities, each without the makers of one fold
    here    scores of true families that are in the panel
    alone   scores of 'none of these' for models whose family was taken away
    gone    scores of 'none of these' for models whose maker was taken away
    makers  names of the makers in the three
    refused why there are no fits, '' where there are
    """

    folds: tuple[FamilyModel, ...]
    here: Scores
    alone: Scores
    gone: Scores
    makers: tuple[str, ...]
    refused: str = ""


@dataclass(frozen=True)
class FamilySet:
    """The families that cannot be excluded for one model.

    families     those families, most probable first; all of them where no set can be stated
    coverage     how often such sets hold the true answer, over makers
    none         whether 'none of these' cannot be excluded either
    best         the most probable family, in the set or not
    probability  of the best family
    p_values     every family of the panel and its p-value, most probable first
    none_p       p-value of 'none of these'
    basis        what the set rests on
    refused      why no set can be stated at this level, '' where it can
    note         families that could not be held against the model, '' where all could

    A set without families says that the model is of none of them; with neither families nor
    'none of these' it says that the model is like nothing that the panel can show, which is a
    reason to look at its answers and not a finding about descent.
    """

    families: tuple[str, ...]
    coverage: float
    none: bool
    best: str
    probability: float
    p_values: tuple[tuple[str, float], ...]
    none_p: float
    basis: str
    refused: str = ""
    note: str = ""

    def __len__(self) -> int:
        """How many answers the set holds, 'none of these' among them."""
        return len(self.families) + self.none

    @property
    def open(self) -> str:
        """Why the most probable family is not the one answer that is left, a clause; '' where it
        is."""
        if self.refused:
            return "no family is excluded"
        if self.best not in self.families:
            return "it is excluded itself"
        return "it is not the only answer that cannot be excluded" if len(self) > 1 else ""

    def __str__(self) -> str:
        level = f"{100 * self.coverage:g}%"
        if self.refused:
            return f"No set at {level}, no family is excluded: {self.refused}"
        if not len(self):
            return f"Nothing is left at {level}: neither a family of the panel nor 'none of these'"
        names = [*self.families[:_SHOWN]]
        if len(self.families) > _SHOWN:
            names.append(f"{len(self.families) - _SHOWN} more families")
        if self.none:
            names.append("none of these")
        return f"Not excluded at {level}: " + ", ".join(names)

    def to_dict(self) -> dict[str, Any]:
        """The same as plain values for JSON; 'p_values' is a mapping from families."""
        return {**asdict(self), "p_values": dict(self.p_values)}


def conformity(chance: Floats) -> Floats:
    """Scores (q, 1 + f) of none and of families, from their probabilities.

    The score of none is its probability. That of a family is its probability over the sum of the
    best family's and none's: what it would be with at most one rival, and that one no better than
    itself. So the two parents of a merge, or several families of one teacher, do not push each
    other out of the set by sharing the probability.
    """
    best = chance[:, 1:].max(axis=1, keepdims=True, initial=0.0)
    return np.concatenate([chance[:, :1], chance[:, 1:] / (chance[:, :1] + best)], axis=1)


def makers_needed(coverage: float = FAMILIES.coverage) -> int:
    """Makers with kin in the panel without which nothing can be excluded at this level.

    A p-value is at least 1 in the number of makers, the candidate's among them.

    Raises `InputError` for a coverage outside 0 to 1.

    >>> makers_needed(0.9), makers_needed(0.95)
    (10, 20)
    """
    if not 0 < coverage < 1:
        raise InputError(f"the coverage of a set, {coverage:g}, is outside 0 to 1")
    return math.ceil(round(1.0 / _missed(coverage), 6))


def fit_sets(
    pairs: PairEvidence,
    labels: Labels,
    *,
    prior: float = FAMILIES.prior,
    queries: Sequence[int] | None = None,
    without: str = "",
) -> SetCalibration:
    """Ask the labelled models of the panel (or the rows `queries` of it), each by a fit that has
    not seen its maker; see the module's head.

    `without` names a member that is itself in question, whose label must not help it. Too few
    makers are no error here: `family_set` says so. Raises `InputError` for a prior outside 0 to 1.
    O(n f) memory for f families; .5 s for 740 models of 243 families.

    Examples
    --------
    >>> calibration = fit_sets(pairs, labels)  # doctest: +SKIP
    >>> found = identify(pairs, labels, fit_identifier(pairs, labels), "suspect")  # doctest: +SKIP
    >>> print(family_set(pairs, labels, calibration, found))  # doctest: +SKIP
    Not excluded at 90%: llama-2-7b
    """
    if not 0 < prior < 1:
        raise InputError(f"the prior probability of none, {prior}, is outside 0 to 1")
    usable = heard_models(pairs, without)
    rows = np.arange(len(pairs)) if queries is None else np.asarray(queries, np.int64)
    rows = rows[usable[rows] & (np.array(labels.families)[rows] != "")]
    nobody = Scores(np.zeros(0), np.zeros(0, np.int64), np.zeros(0, np.int64))
    if not len(rows):
        return SetCalibration(
            (), nobody, nobody, nobody, (), "no model has a declared family and answers"
        )
    makers, maker = np.unique(np.array(labels.makers)[rows], return_inverse=True)
    asked: dict[float, HeldFamilies] = {}

    def questions(excess_of_traces: float) -> HeldFamilies:
        if excess_of_traces not in asked:
            asked[excess_of_traces] = ask(pairs, labels, rows, excess_of_traces, usable)
        return asked[excess_of_traces]

    fold = _spread(maker)
    fits, scores = [], []
    for k in range(fold.max() + 1):
        out = fold == k
        excess_of_traces = reasoning_excess_of(pairs, labels, rows[~out], usable)
        put = questions(excess_of_traces)
        try:
            fits.append(fit_asked(put.at(~out), excess_of_traces, prior, minimum=1))
        except InputError:
            refused = "all models that have kin of other answers are of one maker"
            return SetCalibration((), nobody, nobody, nobody, tuple(map(str, makers)), refused)
        scores.append(_true_scores(fits[-1], put.at(out), k, maker[out]))
    here, alone, gone = (_joined(parts) for parts in zip(*scores, strict=True))
    return SetCalibration(tuple(fits), here, alone, gone, tuple(map(str, makers)))


def family_set(
    pairs: PairEvidence,
    labels: Labels,
    calibration: SetCalibration,
    found: Identification,
    *,
    coverage: float = FAMILIES.coverage,
    without: Sequence[str] = (),
    refused: str = "",
) -> FamilySet:
    """The families that cannot be excluded for the model of `found`, its own label not looked at.

    `without` takes families out of the panel, as for `identify`. A family whose members cannot
    be held against the model stays in the set. `refused` is a reason to exclude nobody, as of
    `assumed.no_exclusion`. Raises `InputError` for a coverage outside 0 to 1.
    """
    needed = makers_needed(coverage)
    i = pairs.index(found.model)
    label = np.array(labels.families)
    usable = heard_models(pairs, found.model) & (label != "") & ~np.isin(label, list(without))
    place = {name: k for k, name in enumerate(found.families)}
    names = sorted(set(label[usable].tolist()), key=lambda f: (place.get(f, len(place)), f))
    kin = calibration.here.makers
    refused = calibration.refused or refused
    if not refused and kin < needed:
        refused = (
            f"{kin} makers have kin of other answers in this panel, and {needed} are needed for "
            f"sets of {100 * coverage:g}%"
        )
    base = FamilySet(
        tuple(names), coverage, True, found.families[0], found.probabilities[0],
        tuple((f, 1.0) for f in names), 1.0,
        f"{kin} makers asked with their family present, {calibration.gone.makers} with it taken "
        "away, each by a fit without the maker; every maker counts once",
        refused,
    )  # fmt: skip
    if refused:
        return base
    p, none_p, held = _candidates(pairs, labels, calibration, i, usable)
    p_values = tuple((f, p[f]) for f in names)
    missed = _missed(coverage)
    kept = tuple(f for f, value in p_values if value > missed)
    lost = len(names) - held
    note = f"{lost} families could not be held against it and stay in the set" if lost else ""
    return replace(
        base, families=kept, none=none_p > missed, p_values=p_values, none_p=none_p, note=note
    )  # fmt: skip


def _candidates(
    pairs: PairEvidence,
    labels: Labels,
    calibration: SetCalibration,
    i: int,
    usable: NDArray[np.bool_],
) -> tuple[dict[str, float], float, int]:
    """p-values of families and of none, and how many families could be held against row i."""
    answered = np.asarray(pairs.present, np.float32)
    met = usable & (answered @ answered[i] > 0)
    row = np.array([i])
    by_reasoning = {
        excess_of_traces: ask(pairs, labels, row, excess_of_traces, met, copies=True)
        for excess_of_traces in {f.reasoning_excess for f in calibration.folds}
    }
    chance, live = [], []
    for f in calibration.folds:
        asked = by_reasoning[f.reasoning_excess]
        chance.append(conformity(shares(f, asked, asked.live))[0])
        live.append(asked.live[0])
    score, held = np.array(chance), np.all(live, axis=0)
    code = {name: k for k, name in enumerate(calibration.makers)}
    own = np.array([code.get(m, -1) for m in asked.makers], np.int64)
    values = np.where(held, calibration.here.p_values(score[:, 1:], own), 1.0)
    nobody = np.array([-1])
    none_p = max(
        float(s.p_values(score[:, :1], nobody)[0]) for s in (calibration.alone, calibration.gone)
    )
    p = dict.fromkeys(np.array(labels.families)[usable].tolist(), 1.0)
    p |= dict(zip(asked.names, values.tolist(), strict=True))
    return p, none_p, int(held.sum())


def _true_scores(
    fitted: FamilyModel, asked: HeldFamilies, fold: int, maker: NDArray[np.int64]
) -> tuple[Scores, Scores, Scores]:
    """Scores of the true families of models with kin, of none without these, and without makers."""
    kin = has_kin(asked)
    own = asked.own[kin]
    rows = np.arange(len(own))
    here = conformity(shares(fitted, asked.at(kin), asked.live[kin]))[rows, 1 + own]
    alone = asked.live.copy()
    alone[np.arange(len(alone)), asked.own] = False
    none = [
        conformity(shares(fitted, asked, live))[:, 0]
        for live in (alone, asked.live & ~asked.kindred)
    ]
    return (
        Scores(here, np.full(len(here), fold), maker[kin]),
        Scores(none[0], np.full(len(maker), fold), maker),
        Scores(none[1], np.full(len(maker), fold), maker),
    )


def _joined(parts: Sequence[Scores]) -> Scores:
    value, fold, maker = (
        np.concatenate([getattr(s, name) for s in parts]) for name in ("value", "fold", "maker")
    )
    return Scores(value, fold, maker)


def _spread(maker: NDArray[np.int64]) -> NDArray[np.int64]:
    """A fold for every model, whole makers each, of even size."""
    size = np.bincount(maker)
    fold, load = np.zeros(len(size), np.int64), np.zeros(min(FAMILIES.folds, len(size)), np.int64)
    for m in np.argsort(-size, kind="stable"):
        fold[m] = load.argmin()
        load[fold[m]] += size[m]
    return fold[maker]


def _missed(coverage: float) -> float:
    """1 - coverage, without the dust of its subtraction: 1 of 10 makers is not above .1."""
    return round(1.0 - coverage, 12)
