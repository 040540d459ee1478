"""Facts about pairs of models, gathered once for all who ask for a verdict.

Cheap facts (residuals, p-values, flags) are there for every pair. The two checks over probes cost
thousands of times as much, and no verdict needs them of a pair that is not rare among unrelated
ones, so they are made where p is within alpha.

What takes the answers of a pair is asked of a keeper, who may know it from another run: then no
answer is read.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cladist.core.distributions import holds_distributions
from cladist.core.responses import ResponseSet
from cladist.errors import CoverageError, InputError
from cladist.kinship.evidence.functional import apart, read_functions, tells_functions
from cladist.kinship.evidence.standard import Floats
from cladist.kinship.inference.calibration import Calibration, calibrate
from cladist.kinship.inference.coverage import standing_apart
from cladist.kinship.inference.decision import DEFAULT, Decision, PairFacts, Policy, decide
from cladist.kinship.inference.labels import Labels
from cladist.kinship.inference.null import maker_numbers
from cladist.kinship.inference.pairs import PairEvidence
from cladist.kinship.inference.probe_checks import (
    mean_interval,
    mismatch_p,
    probe_excess,
    sign_flip_p,
)
from cladist.kinship.inference.probe_index import MOST_INDEXED, ProbeIndex, index_probes
from cladist.kinship.inference.silence import why_silent
from cladist.kinship.inference.states import ModelFlags, model_flags, pair_flags, said

__all__ = ["Gatherer", "Keeper", "gatherer"]

Keeper = Callable[[Sequence[object], Callable[[], Any]], Any]
"""Gives plain data that depend on what a gatherer is made of and on what is named: from another
run, or made. Lists come for tuples."""

_UNCHECKED = math.nan, math.nan, ""

_MOST_SAID = 512
"""Models whose texts are held in memory; a server is asked about all of them in time."""


def _anew(on: Sequence[object], make: Callable[[], Any]) -> Any:
    """The keeper who keeps nothing."""
    return make()


@dataclass(frozen=True, eq=False)
class Gatherer:
    """All that facts of pairs of n models are gathered from.

    calibration  None where there is none; `missing` then says why
    flags        of each model
    doubted      models -> settings in which they may differ from the others, in words; a pair of
                 one such and one other is never called unrelated (`assumed`)
    index        all answers read once; None where few pairs are asked about (see `indexed`)
    keep         who knows what answers of pairs say, from another run
    """

    responses: Sequence[ResponseSet]
    pairs: PairEvidence
    labels: Labels | None
    calibration: Calibration | None
    missing: str
    flags: tuple[ModelFlags, ...]
    seed: int = 0
    doubted: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    index: ProbeIndex | None = None
    keep: Keeper = _anew
    _said: dict[int, Mapping[str, str]] = field(default_factory=dict)
    _excess: dict[tuple[int, int], Floats] = field(default_factory=dict)
    _mismatch: dict[tuple[int, int], float] = field(default_factory=dict)

    def p_values(self, i: int) -> Floats:
        """p of model i with everybody, float64 (n,); 1 with itself, NaN without calibration."""
        n = len(self.pairs)
        if self.calibration is None:
            return np.full(n, np.nan)
        p = self.calibration.p(self.pairs, np.full(n, i), np.arange(n))
        p[i] = 1.0
        return p

    def facts(self, i: int, j: int, policy: Policy = DEFAULT, *, whole: bool = False) -> PairFacts:
        """Facts of models i and j; with `whole` the checks over probes are made in any case."""
        pairs, c = self.pairs, self.calibration
        common = int((pairs.present[i] & pairs.present[j]).sum())
        flags, functions = self._heard(i, j)
        a, b = pairs.models[i], pairs.models[j]
        if c is None:
            return PairFacts(
                a, b, common, flags, p_mismatch=self.mismatch(i, j), missing=self.missing
            )
        rows = np.array([i]), np.array([j])
        doubts = self.doubts(i, j)
        p = float(c.p(pairs, *rows)[0])
        checked = whole or p <= policy.alpha
        p_probes, p_mismatch, outside = self._checks(i, j) if checked else _UNCHECKED
        return PairFacts(
            a,
            b,
            common,
            flags,
            excess=float(c.excess(pairs, *rows)[0]),
            p=p,
            kin_p=math.nan if doubts else float(c.kin_p(pairs, *rows)[0]),
            p_less=float(c.p_less(pairs, *rows)[0]),
            p_probes=p_probes,
            p_mismatch=p_mismatch,
            uncovered=c.uncovered(pairs, i, j) or outside,
            floor=c.floor,
            labelled=c.labelled,
            null=c.size,
            makers=c.families,
            doubts=doubts,
            functions=functions,
        )

    def _heard(self, i: int, j: int) -> tuple[tuple[str, ...], bool]:
        """Flags of models i and j, and whether they told distributions."""

        def make() -> tuple[tuple[str, ...], bool]:
            flags = pair_flags(self.flags[i], self.flags[j], self._texts(i), self._texts(j))
            return flags, self._functions(i, j)

        flags, functions = self.keep(["heard", *self._named(i, j)], make)
        return tuple(flags), functions

    def _checks(self, i: int, j: int) -> tuple[float, float, str]:
        """p over probes, p against shuffled probes, and why the panel holds nothing like them."""

        def make() -> tuple[float, float, str]:
            p_probes = sign_flip_p(self.probe_excess(i, j), seed=self.seed)
            return p_probes, self.mismatch(i, j), self._outside(i, j)

        p_probes, p_mismatch, outside = self.keep(["checks", *self._named(i, j)], make)
        return p_probes, p_mismatch, outside

    def per_probe(self, i: int, j: int) -> tuple[float, float, float]:
        """Mean of `probe_excess` with its 95% interval over probes."""
        on = ["per probe", *self._named(i, j)]
        mean, low, high = self.keep(on, lambda: mean_interval(self.probe_excess(i, j), self.seed))
        return mean, low, high

    def _named(self, i: int, j: int) -> tuple[str, str]:
        one, two = self._ordered(i, j)
        return self.pairs.models[one], self.pairs.models[two]

    def doubts(self, i: int, j: int) -> tuple[str, ...]:
        """Settings in which models i and j may differ; none where the same holds of both."""
        one, two = (self.doubted.get(self.pairs.models[k], ()) for k in (i, j))
        return () if one == two else one or two

    def silent(self, i: int) -> str:
        """Why the answers of model i say nothing of its descent, '' where they do."""
        return why_silent(self.flags[i], self._texts(i))

    def require_voice(self, model: str) -> None:
        """Raise `CoverageError` for a model whose answers say nothing of its descent."""
        why = self.silent(self.pairs.index(model))
        if why:
            raise CoverageError(
                f"'{model}' cannot be placed among families, as its answers say nothing of its "
                f"descent: {why}. See them with 'cladist registry show', and whether it was asked "
                "through the right interface"
            )

    def decide(self, i: int, j: int, policy: Policy = DEFAULT) -> Decision:
        """The verdict on models i and j."""
        return decide(self.facts(i, j, policy), policy)

    def probe_excess(self, i: int, j: int) -> Floats:
        """Evidence of the pair on every common probe beyond its controls, float64 (m,).

        What two models say alike on several probes counts once where it is a canned text.
        """
        key = self._ordered(i, j)
        if key not in self._excess:
            self._excess[key] = probe_excess(
                self.responses, self.pairs, *key, self.labels, said=self._once(*key),
                makers=self._makers, index=self.index,
            )  # fmt: skip
        return self._excess[key]

    def indexed(self) -> Gatherer:
        """The same for whoever asks about thousands of pairs: all answers are read once.

        Verdicts and numbers are the same, and nothing of single pairs is kept. More than
        MOST_INDEXED answers, and answers that are distributions, are not indexed.
        """
        if self.index is not None:
            return self
        n, p = self.pairs.present.shape
        many = replace(self, keep=_anew)
        if n * p > MOST_INDEXED or tells_functions(self.responses):
            return many
        return replace(many, index=index_probes(self.responses))

    def _functions(self, i: int, j: int) -> bool:
        """Whether models i and j told distributions; nobody else's answers are read for it."""
        return any(holds_distributions(self.responses[k]) for k in (i, j))

    def _outside(self, i: int, j: int) -> str:
        """Why the panel holds nothing like these two, '' where it does or texts were told."""
        if not self._functions(i, j):
            return ""
        return standing_apart(self._far, self._makers, i, j)

    @cached_property
    def _far(self) -> Floats:
        """d_H of all pairs of models that told distributions."""
        return apart(read_functions(self.responses))

    @cached_property
    def _makers(self) -> NDArray[np.int64]:
        """Whose each model is, for controls: as calibrated, else of labels, else guessed."""
        made = None if self.calibration is None else self.calibration.makers
        return maker_numbers(self.pairs, self.labels) if made is None else made

    def probes_of(self, i: int, j: int) -> NDArray[np.int64]:
        """Numbers of the probes that `probe_excess` is of, rising, int64 (m,)."""
        two = self._once(*self._ordered(i, j))
        if tells_functions(two):
            return np.flatnonzero(read_functions(two).present.all(axis=0))
        texts = [r.texts() for r in two]
        both = [bool(a) and bool(b) for a, b in zip(*texts, strict=True)]
        return np.flatnonzero(both)

    def mismatch(self, i: int, j: int) -> float:
        """p-value against the same answers on shuffled probes."""
        key = self._ordered(i, j)
        if key not in self._mismatch:
            self._mismatch[key] = mismatch_p(*self._once(*key), seed=self.seed)
        return self._mismatch[key]

    def _once(self, i: int, j: int) -> tuple[ResponseSet, ResponseSet]:
        """The answers of both, without repetitions of a canned text against the same answer."""
        one, two = self.flags[i], self.flags[j]
        seen: set[tuple[str, str]] = set()
        again: set[str] = set()
        for probe in self.responses[i].probe_ids:
            both = self._texts(i).get(probe), self._texts(j).get(probe)
            if both[0] is None or both[1] is None:
                continue
            if both[0] in one.canned or both[1] in two.canned:
                if (both[0], both[1]) in seen:
                    again.add(probe)
                seen.add((both[0], both[1]))
        return _without(self.responses[i], again), _without(self.responses[j], again)

    def _texts(self, i: int) -> Mapping[str, str]:
        if i not in self._said:
            if len(self._said) >= _MOST_SAID:
                del self._said[next(iter(self._said))]
            self._said[i] = said(self.responses[i])
        return self._said[i]

    def _ordered(self, i: int, j: int) -> tuple[int, int]:
        """By name, so that a pair is shuffled alike whoever asks."""
        return (i, j) if self.pairs.models[i] <= self.pairs.models[j] else (j, i)


def _without(responses: ResponseSet, probes: set[str]) -> ResponseSet:
    """The same with no answer to `probes`."""
    if not probes:
        return responses
    slots = tuple(
        () if probe in probes else slot
        for probe, slot in zip(responses.probe_ids, responses.slots, strict=True)
    )
    return replace(responses, slots=slots)


def gatherer(
    responses: Sequence[ResponseSet],
    pairs: PairEvidence,
    labels: Labels | None = None,
    *,
    prompts: Sequence[str] | None = None,
    calibration: Calibration | None = None,
    flags: Sequence[ModelFlags] | None = None,
    seed: int = 0,
    doubted: Mapping[str, tuple[str, ...]] | None = None,
) -> Gatherer:
    """Flag every model and calibrate on those that speak, unless either is given.

    `responses` and `pairs` are of the same models in the same order; `prompts` (p) let repeated
    prompts be told from answers. A panel too small to calibrate on is no error: facts then say
    so, and nothing is tested. With `flags` only the answers that a question needs are read.
    """
    missing = ""
    flags = tuple(model_flags(r, prompts) for r in responses) if flags is None else tuple(flags)
    if calibration is None:
        try:
            calibration = calibrate(pairs, labels, np.array([f.speaks for f in flags], np.bool_))
        except InputError as problem:
            missing = str(problem)
    return Gatherer(
        responses, pairs, labels, calibration, missing, flags, seed, dict(doubted or {})
    )
