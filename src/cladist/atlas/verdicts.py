"""Verdicts on many pairs of one registry, by the rules of the test of one pair.

`kinship.pair_test.judge_kinship` tests a pair with both models taken out of the calibration. Here
one calibration serves all pairs: a pair that is counted among the unrelated ones counts against
itself, so p only grows. A list of nearest models is a choice among all others, so there p is
adjusted for all of them (Benjamini & Hochberg 1995); a pair that somebody names is not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from cladist.core.assay import Assay
from cladist.core.responses import ResponseSet
from cladist.errors import InputError
from cladist.kinship.inference.calibration import (
    MINIMUM_MODELS,
    MISS,
    Calibration,
    Labels,
    PairEvidence,
    calibrate,
)
from cladist.kinship.inference.pair_test import (
    MINIMUM_KIN,
    MINIMUM_PROBES,
    STABLE,
    adjust,
    mismatch_p,
    sign_flip_p,
)
from cladist.kinship.inference.states import pair_states

__all__ = ["Relation", "Tests", "Verdict", "make_tests"]

Verdict = Literal["related", "unrelated", "inconclusive", "not tested"]
Floats = NDArray[np.float64]

SHUFFLES = 999
_STATES = {
    "constant-answers": "one of them says the same whatever it is asked",
    "prompt-echo": "one of them mostly repeats the prompts",
}


@dataclass(frozen=True)
class Relation:
    """What is known of a model and another one.

    index       the other
    similarity  evidence of kinship, around 0 for strangers; None where only DNA was compared
    p           upper bound of the share of unrelated pairs with as much in common, adjusted in
                lists of relatives; None where nothing was tested
    rate        rate of false accusations that the verdict keeps to
    """

    index: int
    distance: float
    similarity: float | None
    verdict: Verdict
    p: float | None
    rate: float | None
    note: str


@dataclass(frozen=True, eq=False)
class Tests:
    """One calibration for all pairs of n models.

    calibration  None where there is none; `missing` then says why
    tail, upper  upper bounds of p by the number of unrelated pairs with as much in common
    kin, least   the same of the share of known kin with no more; empty without known kin
    odd          per model what makes its answers say nothing, '' for nothing
    """

    responses: Sequence[ResponseSet]
    pairs: PairEvidence
    calibration: Calibration | None
    missing: str
    rate: float
    odd: tuple[str, ...]
    tail: NDArray[np.int64]
    upper: Floats
    kin: NDArray[np.int64]
    least: Floats
    _rows: dict[int, Floats] = field(default_factory=dict)
    _checks: dict[tuple[int, int], tuple[float, float]] = field(default_factory=dict)

    def p_values(self, i: int) -> Floats:
        """Upper bounds of p of model i with everybody, (n,); 1 with itself."""
        if i not in self._rows:
            assert self.calibration is not None
            covariates = self.pairs.covariates(i, slice(None))
            excess = self.calibration.matching.excess(self.pairs.score[i], covariates)
            p = self._bounded(excess)
            p[i] = 1.0
            self._rows[i] = p
        return self._rows[i]

    def adjusted(self, i: int) -> Floats:
        """The same adjusted for having looked at all others; empty without a calibration."""
        if self.calibration is None:
            return np.zeros(0)
        p = self.p_values(i)
        others = np.flatnonzero(np.arange(len(p)) != i)
        out = np.ones(len(p))
        out[others] = adjust(np.minimum(p[others], 1.0).tolist(), "bh")
        return out

    def among_all(
        self, i: int, j: int, distance: float, adjusted: Floats, weights: NDArray[np.float32]
    ) -> Relation:
        """Model j in the list of the nearest of model i."""
        if self.calibration is None:
            return self._untested(i, j, distance)
        verdict, note = self._verdict(i, j, float(adjusted[j]), weights)
        if verdict == "inconclusive" and self.p_values(i)[j] <= self.rate < adjusted[j]:
            note = (
                f"as a pair alone p is {self.p_values(i)[j]:.2g}; among all "
                f"{len(adjusted) - 1} others somebody may come as near by chance"
            )
        return self._relation(i, j, distance, verdict, float(adjusted[j]), note)

    def alone(self, i: int, j: int, distance: float, weights: NDArray[np.float32]) -> Relation:
        """Models i and j as one pair that somebody asked about."""
        if self.calibration is None:
            return self._untested(i, j, distance)
        p = float(self.p_values(i)[j])
        verdict, note = self._verdict(i, j, p, weights)
        return self._relation(i, j, distance, verdict, p, note)

    def _relation(
        self, i: int, j: int, distance: float, verdict: Verdict, p: float, note: str
    ) -> Relation:
        return Relation(j, distance, self._similarity(i, j), verdict, p, self.rate, note)

    def _untested(self, i: int, j: int, distance: float) -> Relation:
        p, _ = self._checked(i, j, None)
        agree = "more" if p <= self.rate else "no more"
        note = (
            f"{self.missing}; the two agree {agree} on the same probe than across probes "
            f"(p = {p:.2g}), which alone shows no kinship"
        )
        return Relation(j, distance, self._similarity(i, j), "not tested", None, None, note)

    def _similarity(self, i: int, j: int) -> float:
        return float(self.pairs.score[i, j] + self.pairs.clock[i, j])

    def _verdict(
        self, i: int, j: int, p: float, weights: NDArray[np.float32]
    ) -> tuple[Verdict, str]:
        assert self.calibration is not None
        common = int((self.pairs.present[i] & self.pairs.present[j]).sum())
        if common < MINIMUM_PROBES:
            return "inconclusive", (
                f"both answered only {common} probes, {MINIMUM_PROBES} are the least"
            )
        if odd := self.odd[i] or self.odd[j]:
            return "inconclusive", odd
        if p <= self.rate:
            if unheard := self.calibration.unheard(self.pairs, i, j):
                return "inconclusive", unheard
            p_mismatch, p_probes = self._checked(i, j, weights)
            if max(p_mismatch, p_probes) > STABLE:
                return "inconclusive", "what they share rests on a few probes, or on manner alone"
            return "related", "more in common than unrelated pairs, spread over probes"
        raw = float(self.p_values(i)[j])
        told = len(self.least) and not self.pairs.both_aloud(i, j)
        if told and raw > STABLE and self._kin_p(i, j) <= MISS:
            return "unrelated", "known kin hardly ever have so little in common"
        floor = 1 / (1 + len(self.calibration.null))
        if floor > self.rate:
            return "inconclusive", (
                f"{len(self.calibration.null)} unrelated pairs are too few for a rate of "
                f"{self.rate:g}"
            )
        return "inconclusive", "unrelated pairs of the same manner have as much in common"

    def _checked(self, i: int, j: int, weights: NDArray[np.float32] | None) -> tuple[float, float]:
        key = (min(i, j), max(i, j))
        if key not in self._checks:
            known = np.zeros(0) if weights is None else weights[np.isfinite(weights)]
            self._checks[key] = (
                mismatch_p(self.responses[key[0]], self.responses[key[1]], shuffles=SHUFFLES),
                sign_flip_p(known.astype(np.float64), flips=SHUFFLES),
            )
        return self._checks[key]

    def _bounded(self, excess: Floats) -> Floats:
        assert self.calibration is not None
        above = len(self.calibration.null) - np.searchsorted(self.calibration.null, excess, "left")
        place = np.minimum(np.searchsorted(self.tail, above, "left"), len(self.tail) - 1)
        return np.maximum(self.upper[place], self.calibration.p_value(excess))

    def _kin_p(self, i: int, j: int) -> float:
        assert self.calibration is not None
        covariates = self.pairs.covariates(i, [j])
        excess = self.calibration.matching.excess(self.pairs.score[i, j : j + 1], covariates)
        below = int(np.searchsorted(self.calibration.kin, excess[0], "right"))
        place = min(int(np.searchsorted(self.kin, below, "left")), len(self.kin) - 1)
        return max(float(self.least[place]), float(self.calibration.kin_p(excess[0])))


def make_tests(
    responses: Sequence[ResponseSet],
    pairs: PairEvidence,
    labels: Labels | None,
    assay: Assay,
    rate: float = 0.01,
) -> Tests:
    """Calibrate on all models. Bounds are tabulated at rising ranks, each good for those below."""
    prompts = [p.text for p in assay.protocol.probes.probes]
    odd = tuple(
        next((_STATES[s] for s in pair_states(r, r, prompts) if s in _STATES), "")
        for r in responses
    )
    nothing, none = np.zeros(0, np.int64), np.zeros(0)
    calibration, missing = None, ""
    if len(pairs) < MINIMUM_MODELS:
        missing = f"{len(pairs)} models are too few to calibrate a test, {MINIMUM_MODELS} are least"
    else:
        try:
            calibration = calibrate(pairs, labels)
        except InputError as problem:
            missing = str(problem)
    if calibration is None:
        return Tests(responses, pairs, None, missing, rate, odd, nothing, none, nothing, none)
    null, kin = calibration.null, calibration.kin
    tail = _ranks(len(null))
    upper = np.maximum.accumulate(
        [
            calibration.upper_p(
                float(np.nextafter(null[-k - 1], np.inf)) if k < len(null) else -np.inf
            )
            for k in tail.tolist()
        ]
    )
    below, least = nothing, none
    if len(kin) >= MINIMUM_KIN:
        below = _ranks(len(kin))
        least = np.maximum.accumulate(
            [
                calibration.upper_kin_p(
                    float(np.nextafter(kin[k], -np.inf)) if k < len(kin) else np.inf
                )
                for k in below.tolist()
            ]
        )
    return Tests(responses, pairs, calibration, "", rate, odd, tail, upper, below, least)


def _ranks(count: int) -> NDArray[np.int64]:
    """0 to `count`, every number at first and then ever wider apart."""
    steps = np.unique(np.geomspace(1, max(count, 1), 160).astype(np.int64))
    return np.unique(np.concatenate([[0], steps, [count]]))
