"""Whose descendant is it? Families ranked by probability, with a real 'none of these'.

A family speaks through the evidence its members share with the model, tokenizer included: the
best member, the mean of the best three, and how many members there are to be best of. A
conditional logit with an outside option turns that into probabilities (McFadden 1974): the
utility of 'none' is 0, that of a family linear in its features. It is fitted on the panel's own
models, each asked twice: with its family present (itself left out), and with its family taken
away, when 'none' is right.

Of models that both write reasoning traces only what they share beyond unrelated ones that do is
counted, and nothing where too few of these are known: being taught by one teacher is no descent.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cladist.errors import InputError
from cladist.kinship.config import CALIBRATION, DECISION, FAMILIES, STATES
from cladist.kinship.evidence.standard import Floats
from cladist.kinship.inference.labels import Labels
from cladist.kinship.inference.pairs import PairEvidence

__all__ = [
    "FamilyModel",
    "HeldFamilies",
    "Identification",
    "ask",
    "fit_asked",
    "fit_identifier",
    "has_kin",
    "heard_models",
    "identify",
    "ranking",
    "reasoning_excess_of",
    "shares",
]

_FEATURES = 3
"""Best member, mean of the best, ln members."""


@dataclass(frozen=True, eq=False)
class FamilyModel:
    """Calibrated utilities of families.

    weights  float64 (features + 1,): best member, mean of three, ln members, constant
    prior    probability that the true family is not in the registry, before anything is known
    queries  models it was fitted on
    families families they belong to
    reasoning_excess  what unrelated models that both write reasoning traces share beyond
             others; infinite where fewer than `CALIBRATION.reasoning` such pairs are known
    """

    weights: Floats
    prior: float
    queries: int
    families: int
    reasoning_excess: float


@dataclass(frozen=True)
class Identification:
    """The answer: families with probabilities, best first, and that of none of them.

    members  per family the nearest member and its evidence
    note     which members could not be counted and why, '' where all were
    """

    model: str
    families: tuple[str, ...]
    probabilities: tuple[float, ...]
    none: float
    members: tuple[tuple[str, float], ...]
    note: str


def ranking(pairs: PairEvidence, rows: Sequence[int] | NDArray[np.int64]) -> Floats:
    """Evidence to rank by, float64 (q, n) for `rows`; -inf for the model itself and its copies.

    Unlike an accusation, a ranking may use the tokenizer: it tells most families apart.
    """
    chosen = np.asarray(rows, np.int64)
    out = pairs.score[chosen] + pairs.tokenizer[chosen]
    digest = np.unique(np.array(pairs.digest), return_inverse=True)[1]
    out[digest[chosen][:, None] == digest[None, :]] = -np.inf  # copies make it look easy
    out[np.arange(len(chosen)), chosen] = -np.inf
    return out


def reasoning_excess_of(
    pairs: PairEvidence, labels: Labels, rows: NDArray[np.int64], usable: NDArray[np.bool_]
) -> float:
    """What unrelated pairs of `rows` that both write reasoning traces share beyond the others."""
    known = np.array([bool(f) for f in labels.families]) & usable
    kept = rows[known[rows]]
    circle = np.unique(np.array(labels.makers), return_inverse=True)[1]
    a, b = (kept[k] for k in np.triu_indices(len(kept), 1))
    unrelated = circle[a] != circle[b]
    a, b = a[unrelated], b[unrelated]
    both = pairs.both_reason(a, b)
    if both.sum() < CALIBRATION.reasoning:
        return np.inf
    shared = pairs.score[a, b] + pairs.tokenizer[a, b]
    usual = float(shared[~both].mean()) if not both.all() else 0.0
    return max(float(shared[both].mean()) - usual, 0.0)


def _counted(shared: Floats, pairs: PairEvidence, rows: NDArray[np.int64], excess: float) -> Floats:
    """Evidence (q, n) of `rows` less what reasoning traces of both are worth."""
    both = pairs.reasoning[rows][:, None] & pairs.reasoning[None, :]
    return np.where(both, shared - excess, shared)


@dataclass(frozen=True, eq=False)
class HeldFamilies:
    """What q models share with the f families of a panel, the label of no model helping itself.

    rows    int64 (q,) the models asked
    names   f families, in order
    makers  f wider circles, one a family
    own     int64 (q,) which family each model is declared to be of, -1 none of the panel's
    kindred bool (q, f) families of the maker that the model is declared to be of
    x       float64 (q, f, features), 0 where a family cannot be held against a model
    count   int64 (q, f) members that can be held against a model
    """

    rows: NDArray[np.int64]
    names: tuple[str, ...]
    makers: tuple[str, ...]
    own: NDArray[np.int64]
    kindred: NDArray[np.bool_]
    x: Floats
    count: NDArray[np.int64]

    @property
    def live(self) -> NDArray[np.bool_]:
        """Families that can be held against a model, bool (q, f)."""
        return self.count > 0

    def at(self, chosen: NDArray[np.bool_]) -> HeldFamilies:
        """The same of some of the models, bool (q,)."""
        return HeldFamilies(
            self.rows[chosen], self.names, self.makers, self.own[chosen], self.kindred[chosen],
            self.x[chosen], self.count[chosen],
        )  # fmt: skip


def ask(
    pairs: PairEvidence,
    labels: Labels,
    rows: NDArray[np.int64],
    excess: float,
    usable: NDArray[np.bool_],
    *,
    copies: bool = False,
) -> HeldFamilies:
    """Hold the families of the models `usable`, bool (n,), against the models `rows`.

    `copies` counts models of the same answers too; a model itself never counts. O(q n) time,
    O(q f) memory beside a block of q rows of the evidence.
    """
    shared = ranking(pairs, rows)
    if copies:
        shared = pairs.score[rows] + pairs.tokenizer[rows]
        shared[np.arange(len(rows)), rows] = -np.inf
    counted = _counted(shared, pairs, rows, excess)
    family, circle = np.array(labels.families), np.array(labels.makers)
    heard = np.flatnonzero((family != "") & usable)
    names, first, place = np.unique(family[heard], return_index=True, return_inverse=True)
    x = np.zeros((len(rows), len(names), _FEATURES))
    count = np.zeros((len(rows), len(names)), np.int64)
    for k in range(len(names)):
        columns = counted[:, heard[place == k]]
        size = np.isfinite(columns).sum(axis=1)
        ordered = -np.sort(-columns, axis=1)
        top = ordered[:, : FAMILIES.best]
        mean = np.where(np.isfinite(top), top, 0.0).sum(axis=1) / np.clip(size, 1, top.shape[1])
        x[:, k] = np.stack([ordered[:, 0], mean, np.log(np.maximum(size, 1))], axis=1)
        count[:, k] = size
    x[count == 0] = 0.0
    own = np.full(len(rows), -1, np.int64)
    known = {str(name): k for k, name in enumerate(names)}
    for q, i in enumerate(rows):
        own[q] = known.get(labels.families[i], -1)
    makers = circle[heard[first]] if len(heard) else circle[:0]
    kindred = makers[None, :] == circle[rows][:, None]
    return HeldFamilies(
        rows, tuple(map(str, names)), tuple(map(str, makers)), own, kindred, x, count
    )  # fmt: skip


def heard_models(pairs: PairEvidence, without: str = "") -> NDArray[np.bool_]:
    """Models that answered enough to say anything, bool (n,), less the one in question.

    One that hardly answers has no verdict with anybody, so it does not speak for a family.
    """
    probes = pairs.present.shape[1]
    least = max(STATES.empty * probes, min(DECISION.minimum_probes, probes), 1)
    usable = np.array(pairs.present.sum(axis=1) >= least, dtype=np.bool_)
    if without:
        usable[pairs.index(without)] = False
    return usable


def fit_identifier(
    pairs: PairEvidence,
    labels: Labels,
    *,
    prior: float = FAMILIES.prior,
    queries: Sequence[int] | None = None,
    without: str = "",
) -> FamilyModel:
    """Fit on the panel's models (or the rows `queries` of it); see the module's head.

    `without` names the model in question, whose label must not help it.

    Raises `InputError` with fewer than `FAMILIES.queries` models that have a relative of other
    answers, or a prior outside 0 to 1. O(n f) memory for f families.
    """
    rows = np.arange(len(pairs)) if queries is None else np.asarray(queries, np.int64)
    usable = heard_models(pairs, without)
    excess = reasoning_excess_of(pairs, labels, rows, usable)
    asked = ask(pairs, labels, rows[usable[rows]], excess, usable)
    return fit_asked(asked, excess, prior)


def fit_asked(
    asked: HeldFamilies, excess: float, prior: float, minimum: int = FAMILIES.queries
) -> FamilyModel:
    """Fit on models whose families are known; raises what `fit_identifier` does."""
    from scipy.optimize import minimize  # a third of a second to import

    if not 0 < prior < 1:
        raise InputError(f"the prior probability of none, {prior}, is outside 0 to 1")
    asked = asked.at(has_kin(asked))
    rows, own = np.arange(len(asked.rows)), asked.own
    if len(rows) < minimum:
        raise InputError(
            f"{len(rows)} labelled models have a relative here; {minimum} are needed to "
            "calibrate probabilities of families"
        )
    # Within a group of related families a wrong family is no clean 'none': take all of it away.
    here, gone = asked.live, asked.live & ~asked.kindred
    z = np.concatenate([asked.x, np.ones((*here.shape, 1))], axis=2)
    # Every family weighs the same, however many models it sent.
    weight = 1.0 / np.bincount(own, minlength=len(asked.names))[own]
    weight /= weight.sum()
    ridge = np.array([FAMILIES.ridge / len(rows)] * _FEATURES + [0.0])

    def loss(w: Floats) -> tuple[float, Floats]:
        u = z @ w
        with_it, without_it = _log_shares(u, here), _log_shares(u, gone)
        fit = (1 - prior) * (weight @ with_it[rows, 1 + own])
        fit += prior * (weight @ without_it[:, 0])
        share = (1 - prior) * np.exp(with_it[:, 1:]) + prior * np.exp(without_it[:, 1:])
        share[rows, own] -= 1 - prior
        slope = np.einsum("q,qf,qfk->k", weight, share, z, optimize=True)
        return float(ridge @ w**2 - fit), np.asarray(slope + 2 * ridge * w)

    start = np.array([0.5, 0.2, -0.2, -4.0])
    bounds = [(0, 5), (0, 5), (-3, 3), (-30, 10)]
    found = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds)
    return FamilyModel(np.asarray(found.x), prior, len(rows), len(set(own.tolist())), excess)


def has_kin(asked: HeldFamilies) -> NDArray[np.bool_]:
    """Models whose declared family can be held against them, bool (q,)."""
    found = asked.own >= 0
    found[found] = asked.count[found, asked.own[found]] > 0
    return found


def shares(fitted: FamilyModel, asked: HeldFamilies, live: NDArray[np.bool_]) -> Floats:
    """Probabilities (q, 1 + f) of none and of every family, where those `live` (q, f) are there."""
    return np.exp(_log_shares(asked.x @ fitted.weights[:-1] + fitted.weights[-1], live))


def _log_shares(utility: Floats, live: NDArray[np.bool_]) -> Floats:
    """Log probabilities (q, 1 + f) of none and of every family."""
    u = np.where(live, utility, -np.inf)
    u = np.concatenate([np.zeros((len(u), 1)), u], axis=1)
    top = u.max(axis=1, keepdims=True)
    return np.asarray(u - top - np.log(np.exp(u - top).sum(axis=1, keepdims=True)))


def identify(
    pairs: PairEvidence,
    labels: Labels,
    fitted: FamilyModel,
    model: str,
    *,
    without: Sequence[str] = (),
) -> Identification:
    """Rank the families of the panel for one of its models, its own label not looked at.

    `without` takes families out of the panel. Raises `InputError` when no family is left.
    """
    i = pairs.index(model)
    shared = pairs.score[i : i + 1] + pairs.tokenizer[i : i + 1]
    excess = _counted(shared, pairs, np.array([i]), fitted.reasoning_excess)[0]
    label = np.array(labels.families)
    usable = heard_models(pairs, model) & (label != "") & ~np.isin(label, list(without))
    unheard = int((usable & ~np.isfinite(excess)).sum())
    note = (
        f"{unheard} of the models write reasoning traces as this one does and were not counted: "
        f"fewer than {CALIBRATION.reasoning} unrelated pairs that do are here to say what that is "
        "worth"
        if unheard
        else ""
    )
    usable &= np.isfinite(excess)
    asked = ask(pairs, labels, np.array([i]), fitted.reasoning_excess, usable, copies=True)
    if not asked.names:
        problem = "no labelled family is left to choose from"
        raise InputError(f"{problem}; {note}" if note else problem)
    chance = shares(fitted, asked, asked.live)[0]
    order = np.argsort(-chance[1:], kind="stable")
    members = []
    for k in order:
        rows = np.flatnonzero((label == asked.names[k]) & usable)
        best = rows[int(np.argmax(excess[rows]))]
        members.append((pairs.models[best], float(excess[best])))
    return Identification(
        model,
        tuple(asked.names[k] for k in order),
        tuple(float(chance[1 + k]) for k in order),
        float(chance[0]),
        tuple(members),
        note,
    )
