"""Whose descendant is it? Families ranked by probability, with a real 'none of these'.

A family speaks through the evidence its members share with the model, tokenizer included: the
best member, the mean of the best three, and how many members there are to be best of. A
conditional logit with an outside option turns that into probabilities (McFadden 1974): the
utility of 'none' is 0, that of a family linear in its features. It is fitted on the panel's own
models, each asked twice: with its family present (itself left out), and with its family taken
away, when 'none' is right.

Of models that both think aloud only what they share beyond unrelated ones that do is counted, and
nothing where too few of these are known: being taught by one teacher is no descent.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from cladist.errors import InputError
from cladist.kinship.evidence.standard import Floats
from cladist.kinship.inference.calibration import MINIMUM_REASONING, Labels, PairEvidence

__all__ = ["FamilyModel", "Identification", "fit_identifier", "identify", "ranking"]

MINIMUM_QUERIES = 20
"""Models with a relative in the panel below which probabilities cannot be calibrated."""

RIDGE = 0.1
FEATURES = 3


@dataclass(frozen=True, eq=False)
class FamilyModel:
    """Calibrated utilities of families.

    weights  float64 (FEATURES + 1,): best member, mean of three, ln members, constant
    prior    probability that the true family is not in the registry, before anything is known
    queries  models it was fitted on
    families families they belong to
    aloud    what unrelated models that both think aloud share beyond others; infinite where
             fewer than MINIMUM_REASONING such pairs are known
    """

    weights: Floats
    prior: float
    queries: int
    families: int
    aloud: float


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
    out = pairs.score[chosen] + pairs.clock[chosen]
    digest = np.unique(np.array(pairs.digest), return_inverse=True)[1]
    out[digest[chosen][:, None] == digest[None, :]] = -np.inf  # copies make it look easy
    out[np.arange(len(chosen)), chosen] = -np.inf
    return out


def _aloud(
    pairs: PairEvidence, labels: Labels, rows: NDArray[np.int64], usable: NDArray[np.bool_]
) -> float:
    """What unrelated pairs among `rows` that both think aloud share beyond the others."""
    known = np.array([bool(f) for f in labels.families]) & usable
    kept = rows[known[rows]]
    circle = np.unique(np.array(labels.makers), return_inverse=True)[1]
    a, b = (kept[k] for k in np.triu_indices(len(kept), 1))
    unrelated = circle[a] != circle[b]
    a, b = a[unrelated], b[unrelated]
    both = pairs.both_aloud(a, b)
    if both.sum() < MINIMUM_REASONING:
        return np.inf
    shared = pairs.score[a, b] + pairs.clock[a, b]
    usual = float(shared[~both].mean()) if not both.all() else 0.0
    return max(float(shared[both].mean()) - usual, 0.0)


def _counted(shared: Floats, pairs: PairEvidence, rows: NDArray[np.int64], aloud: float) -> Floats:
    """Evidence (q, n) of `rows` less what thinking aloud together is worth."""
    both = pairs.aloud[rows][:, None] & pairs.aloud[None, :]
    return np.where(both, shared - aloud, shared)


def _features(
    excess: Floats, families: Sequence[str], usable: NDArray[np.bool_]
) -> tuple[list[str], Floats, NDArray[np.int64]]:
    """Names of families, features (q, f, FEATURES) and members (q, f) for rows of `excess`."""
    names = sorted({f for f, ok in zip(families, usable, strict=True) if f and ok})
    label = np.array(families)
    x = np.full((len(excess), len(names), FEATURES), -np.inf)
    count = np.zeros((len(excess), len(names)), np.int64)
    for k, name in enumerate(names):
        columns = excess[:, np.flatnonzero((label == name) & usable)]
        real = np.isfinite(columns)
        size = real.sum(axis=1)
        ordered = -np.sort(-columns, axis=1)
        best = ordered[:, 0]
        top = ordered[:, :3]
        kept = np.isfinite(top)
        mean = np.where(kept, top, 0.0).sum(axis=1) / np.maximum(kept.sum(axis=1), 1)
        x[:, k] = np.stack([best, mean, np.log(np.maximum(size, 1))], axis=1)
        count[:, k] = size
    return names, x, count


def fit_identifier(
    pairs: PairEvidence,
    labels: Labels,
    *,
    prior: float = 0.5,
    queries: Sequence[int] | None = None,
    without: str = "",
) -> FamilyModel:
    """Fit on the panel's models (or the rows `queries` of it); see the module's head.

    `without` names the model in question, whose label must not help it.

    Raises `InputError` with fewer than MINIMUM_QUERIES models that have a relative of other
    answers, or a prior outside 0 to 1. O(n f) memory for f families.
    """
    if not 0 < prior < 1:
        raise InputError(f"the prior probability of none, {prior}, is outside 0 to 1")
    rows = np.arange(len(pairs)) if queries is None else np.asarray(queries, np.int64)
    usable = np.array(pairs.present.any(axis=1), dtype=np.bool_)
    if without:
        usable[pairs.index(without)] = False
    aloud = _aloud(pairs, labels, rows, usable)
    excess = _counted(ranking(pairs, rows), pairs, rows, aloud)
    names, x, count = _features(excess, labels.families, usable)
    place = {name: k for k, name in enumerate(names)}
    own = np.array([place.get(labels.families[i], -1) for i in rows])
    ok = (own >= 0) & usable[rows]
    ok[ok] = count[ok, own[ok]] > 0
    rows, own, x, count = rows[ok], own[ok], x[ok], count[ok]
    if len(rows) < MINIMUM_QUERIES:
        raise InputError(
            f"{len(rows)} labelled models have a relative here; {MINIMUM_QUERIES} are needed to "
            "calibrate probabilities of families"
        )
    live = count > 0
    absent = live.copy()
    absent[np.arange(len(rows)), own] = False
    # Within a group of related families a wrong family is no clean 'none': take all of it away.
    circle = np.array(labels.makers)
    of = np.array([circle[np.flatnonzero(np.array(labels.families) == n)[0]] for n in names])
    absent &= of[None, :] != circle[rows][:, None]
    design = np.where(live[..., None], np.nan_to_num(x, neginf=0.0), 0.0)
    # Every family weighs the same, however many models it sent.
    weight = 1.0 / np.bincount(own, minlength=len(names))[own]
    weight /= weight.sum()

    def loss(w: Floats) -> float:
        u = design @ w[:-1] + w[-1]
        here = _log_shares(u, live)[np.arange(len(rows)), 1 + own]
        gone = _log_shares(u, absent)[:, 0]
        fit = (1 - prior) * (weight @ here) + prior * (weight @ gone)
        return float(-fit + RIDGE / len(rows) * (w[:-1] @ w[:-1]))

    start = np.array([0.5, 0.2, -0.2, -4.0])
    found = minimize(loss, start, method="L-BFGS-B", bounds=[(0, 5), (0, 5), (-3, 3), (-30, 10)])
    return FamilyModel(np.asarray(found.x), prior, len(rows), len(set(own.tolist())), aloud)


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
    shared = pairs.score[i : i + 1] + pairs.clock[i : i + 1]
    excess = _counted(shared, pairs, np.array([i]), fitted.aloud)
    usable = np.array(pairs.present.any(axis=1), dtype=np.bool_)
    usable[i] = False
    usable &= ~np.isin(np.array(labels.families), list(without))
    usable &= np.array([bool(f) for f in labels.families])
    unheard = int((usable & ~np.isfinite(excess[0])).sum())
    note = (
        f"{unheard} of the models think aloud as this one does and were not counted: fewer than "
        f"{MINIMUM_REASONING} unrelated pairs that do are here to say what that is worth"
        if unheard
        else ""
    )
    usable &= np.isfinite(excess[0])
    names, x, count = _features(excess, labels.families, usable)
    if not names:
        problem = "no labelled family is left to choose from"
        raise InputError(f"{problem}; {note}" if note else problem)
    design = np.where((count > 0)[..., None], np.nan_to_num(x, neginf=0.0), 0.0)
    shares = np.exp(_log_shares(design @ fitted.weights[:-1] + fitted.weights[-1], count > 0))[0]
    order = np.argsort(-shares[1:], kind="stable")
    label = np.array(labels.families)
    members = []
    for k in order:
        rows = np.flatnonzero((label == names[k]) & usable)
        best = rows[int(np.argmax(excess[0, rows]))]
        members.append((pairs.models[best], float(excess[0, best])))
    return Identification(
        model,
        tuple(names[k] for k in order),
        tuple(float(shares[1 + k]) for k in order),
        float(shares[0]),
        tuple(members),
        note,
    )
