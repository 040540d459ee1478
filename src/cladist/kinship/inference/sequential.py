"""Stopping as soon as the question is decided.

Probes come in a fixed order and evidence is looked at after 10, 15, 20, ... of them. At every
look some of the allowed error is spent (Lan & DeMets 1983, Biometrika 70:659): the boundary of a
look is the excess that, among unrelated pairs not stopped before, only the share to be spent
reaches. So the rate holds over all looks together, on the pairs calibrated on, whatever the
correlation between looks is. What is spent is not the stated rate but the plain share whose
upper bound by families it is (`Calibration.plain_rate`), as new families differ from those seen.
A lower boundary does the same with known kin, for 'unrelated'. Both are fitted on the panel; a
pair that meets neither by the last look is inconclusive.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from cladist.core.responses import ResponseSet
from cladist.errors import InputError
from cladist.kinship.evidence.standard import Floats
from cladist.kinship.inference.calibration import (
    MISS,
    Calibration,
    Labels,
    PairEvidence,
    calibrate,
    guess_families,
    pair_evidence,
)

__all__ = [
    "LOOKS",
    "Boundaries",
    "Decisions",
    "EarlyAnswer",
    "decide",
    "first_probes",
    "fit_boundaries",
    "known_pairs",
    "looks_at",
    "path_excess",
    "paths",
    "stop_early",
    "verdict_of",
]

LOOKS = (10, 15, 20, 30, 60, 100, 200, 400)
"""Probes after which evidence is looked at, and after all. More looks leave less error to each."""

Spending = Literal["early", "even", "late"]
_POWER: Mapping[Spending, float] = {"early": 0.5, "even": 1.0, "late": 3.0}
Verdict = Literal["related", "unrelated", "inconclusive"]
_VERDICTS: Mapping[int, Verdict] = {1: "related", -1: "unrelated", 0: "inconclusive"}


@dataclass(frozen=True, eq=False)
class Boundaries:
    """Where to stop.

    looks   probes seen at each look, rising
    upper   float64 (l,): excess from which a pair is called related; inf where none is spent
    lower   float64 (l,): excess below which it is called unrelated; -inf without known kin
    rate    false accusations spent over all looks
    miss    kin wrongly called unrelated, over all looks
    """

    looks: tuple[int, ...]
    upper: Floats
    lower: Floats
    rate: float
    miss: float


@dataclass(frozen=True)
class EarlyAnswer:
    """When a question was decided: `probes` of `available` were needed, `saved` were not."""

    a: str
    b: str
    verdict: Verdict
    probes: int
    available: int
    saved: int


@dataclass(frozen=True, eq=False)
class Decisions:
    """Outcomes of m pairs: verdict (m,) 1 related, -1 unrelated, 0 inconclusive; probes (m,)."""

    verdict: NDArray[np.int8]
    probes: NDArray[np.int64]


def looks_at(probes: int) -> tuple[int, ...]:
    """The looks for a number of probes, ending with all of them."""
    return (*(k for k in LOOKS if k < probes), probes)


def spent(count: int, rate: float, spending: Spending = "early") -> Floats:
    """Cumulative error allowed after each of `count` looks: a power of the share of looks taken.

    The square root (early), the first power (even) or the cube (late); Kim & DeMets 1987,
    Biometrika 74:149. Early saves most questions, and finds a little less of what only all of
    them show.
    """
    return np.asarray(rate * (np.arange(1, count + 1) / count) ** _POWER[spending])


def fit_boundaries(
    looks: Sequence[int],
    null: Floats,
    kin: Floats,
    *,
    rate: float = 0.01,
    miss: float = MISS,
    spending: Spending = "early",
    planned: int | None = None,
) -> Boundaries:
    """Boundaries from paths of unrelated pairs `null` (m, l) and of known kin `kin` (k, l).

    At every look (1 + those beyond the boundary so far) / (1 + m) stays within what may be
    spent, so a null of too few pairs never stops early. `planned` is the number of looks that
    errors are spent over when only the first of them have been taken. Raises `InputError` when
    shapes disagree. O((m + k) l log).
    """
    count = len(looks)
    if null.ndim != 2 or null.shape[1] != count or kin.shape[1:] != (count,):
        raise InputError("sequential boundaries: one excess a look is needed for every pair")
    upper, lower = np.full(count, np.inf), np.full(count, -np.inf)
    in_all = count if planned is None else planned
    allowed, tolerated = spent(in_all, rate, spending), spent(in_all, miss, spending)
    open_null, open_kin = np.ones(len(null), np.bool_), np.ones(len(kin), np.bool_)
    for look in range(count):
        used = int((~open_null).sum())
        spare = int(np.floor(allowed[look] * (1 + len(null)))) - 1 - used
        upper[look] = _beyond(null[open_null, look], spare)
        open_null &= null[:, look] < upper[look]
        lost = int((~open_kin).sum())
        spare = int(np.floor(tolerated[look] * (1 + len(kin)))) - 1 - lost
        lower[look] = -_beyond(-kin[open_kin, look], spare)
        # A pair is never both: the boundaries may meet, not cross.
        lower[look] = min(lower[look], upper[look])
        open_kin &= kin[:, look] > lower[look]
    return Boundaries(tuple(looks), upper, lower, rate, miss)


def _beyond(values: Floats, spare: int) -> float:
    """Smallest boundary that at most `spare` values reach; infinite when none may."""
    if spare < 0 or not len(values):
        return float("inf")
    if spare >= len(values):
        return float(values.min())
    cut = np.partition(values, len(values) - 1 - spare)[len(values) - 1 - spare]
    return float(np.nextafter(cut, np.inf))


def decide(boundaries: Boundaries, excess: Floats) -> Decisions:
    """Run paths `excess` (m, l) through the boundaries; the first one met decides."""
    related = excess >= boundaries.upper
    unrelated = excess <= boundaries.lower
    stop = related | unrelated
    met = stop.any(axis=1)
    first = np.where(met, stop.argmax(axis=1), excess.shape[1] - 1)
    rows = np.arange(len(excess))
    verdict = np.where(met, np.where(related[rows, first], 1, -1), 0).astype(np.int8)
    return Decisions(verdict, np.array(boundaries.looks)[first])


def verdict_of(
    decided: Decisions, calibration: Calibration, pairs: PairEvidence, i: int, j: int
) -> Verdict:
    """The verdict on models i and j, the first of the pairs decided."""
    word = _VERDICTS[int(decided.verdict[0])]
    if word == "related" and calibration.unheard(pairs, i, j):
        return "inconclusive"
    return "inconclusive" if word == "unrelated" and pairs.both_aloud(i, j) else word


def first_probes(responses: ResponseSet, count: int) -> ResponseSet:
    """The answers to the first `count` probes."""
    return replace(responses, probe_ids=responses.probe_ids[:count], slots=responses.slots[:count])


def paths(responses: Sequence[ResponseSet], looks: Sequence[int]) -> list[PairEvidence]:
    """Evidence of all pairs after each look; the cost of `pair_evidence` at every one."""
    return [pair_evidence([first_probes(r, k) for r in responses]) for k in looks]


def path_excess(
    evidence: Sequence[PairEvidence],
    a: NDArray[np.int64],
    b: NDArray[np.int64],
    labels: Labels | None = None,
    *,
    leave_out: Sequence[int] = (),
) -> Floats:
    """Excess of pairs (a, b) over matched unrelated pairs at every look, float64 (m, l)."""
    columns = []
    for pairs in evidence:
        fitted = calibrate(pairs, labels, leave_out=leave_out)
        columns.append(fitted.matching.excess(pairs.score[a, b], pairs.covariates(a, b)))
    return np.stack(columns, axis=1)


def stop_early(
    responses: Sequence[ResponseSet],
    a: str,
    b: str,
    *,
    labels: Labels | None = None,
    rate: float = 0.01,
    evidence: Sequence[PairEvidence] | None = None,
) -> EarlyAnswer:
    """After how many probes the question of one pair was decided.

    `evidence` of `paths` over `looks_at` saves its cost for further pairs. Raises what
    `calibrate` raises when the panel is too small.
    """
    looks = looks_at(len(responses[0].probe_ids))
    found = paths(responses, looks) if evidence is None else evidence
    last = found[-1]
    i, j = last.index(a), last.index(b)
    kin, unrelated = known_pairs(last, labels, (i, j))
    rows = np.concatenate([np.array([[i, j]]), unrelated, kin])
    excess = path_excess(found, rows[:, 0], rows[:, 1], labels, leave_out=(i, j))
    null, own = excess[1 : 1 + len(unrelated)], excess[1 + len(unrelated) :]
    fitted = calibrate(last, labels, leave_out=(i, j))
    allowed, missed = fitted.plain_rate(rate), fitted.plain_miss(MISS)
    bounds = fit_boundaries(looks, null, own, rate=allowed, miss=missed)
    decided = decide(bounds, excess[:1])
    word = verdict_of(decided, fitted, last, i, j)
    used = int(decided.probes[0])
    return EarlyAnswer(a, b, word, used, looks[-1], looks[-1] - used)


def known_pairs(
    pairs: PairEvidence, labels: Labels | None, tested: tuple[int, int]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Pairs (k, 2) of known kin and (m, 2) of unrelated models, without those tested."""
    ok = np.array(pairs.present.any(axis=1), dtype=np.bool_)
    ok[list(tested)] = False
    if labels is None:
        family = circle = guess_families(pairs)
    else:
        ok &= np.array([bool(f) for f in labels.families])
        family = np.unique(np.array(labels.families), return_inverse=True)[1]
        circle = np.unique(np.array(labels.circles), return_inverse=True)[1]
    kept = np.flatnonzero(ok)
    a, b = (kept[x] for x in np.triu_indices(len(kept), 1))
    digest = np.unique(np.array(pairs.digest), return_inverse=True)[1]
    kin = (family[a] == family[b]) & (digest[a] != digest[b]) & (labels is not None)
    other = circle[a] != circle[b]
    return np.stack([a, b], axis=1)[kin], np.stack([a, b], axis=1)[other]
