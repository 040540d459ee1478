"""Few prompts first: a new model is looked at before all are asked, at the rate that was stated.

How often, and after how many prompts, is planned before anything is asked, from how many makers
the reference has. Looks share the rate (`kinship.inference.sequential`), so that over all of them
together a stranger is called related no more often than it says. The last look has the most of
it, as an early one is meant for clear cases. Where the reference has too few
makers to share the rate out, there is one look, after all prompts.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from cladist.core.responses import ResponseSet
from cladist.errors import CoverageError
from cladist.extraction.like import LOOKED_AT, reading_length
from cladist.kinship.config import STATES
from cladist.kinship.inference.assumed import repeated_answers
from cladist.kinship.inference.sequential import (
    affordable_looks,
    first_probes,
    interim_looks,
    levels,
)
from cladist.workflows.placing import LEAST, Placement, least_p, place, require_answers
from cladist.workflows.reference_fit import Fit

__all__ = ["Decided", "LookPlan", "Looks", "never", "plan_looks"]

EARLY = 30
"""Prompts after which a first look is taken where two are all that the makers carry: by then a
near relation can show, and most of the asking is still to come."""

Decided = Callable[[ResponseSet], bool]
"""Whether the answers so far settle the question, so that no more need be asked."""


def never(answers: ResponseSet) -> bool:
    """Say of no answers that they settle the question: all are asked, and looked at once."""
    return False


@dataclass(frozen=True)
class LookPlan:
    """After how many prompts the answers are looked at, and the rate that each look has."""

    looks: tuple[int, ...]
    rates: tuple[float, ...]

    def rate(self, probes: int) -> float:
        """The rate of the look after so many prompts; of the last one for any other number."""
        return dict(zip(self.looks, self.rates, strict=True)).get(probes, self.rates[-1])


def plan_looks(probes: int, alpha: float, makers: int, decided: Decided | None = None) -> LookPlan:
    """The looks for a number of prompts, fixed before any is asked.

    With `decided` the looks are those of that rule, which must not look at kinship, and the
    verdict of whichever is the last has the whole rate; with `never` there is one.

    >>> plan_looks(100, 0.05, 80).looks, plan_looks(100, 0.01, 80).looks
    ((30, 100), (100,))
    """
    if decided is never or probes < LEAST:
        return LookPlan((probes,), (alpha,))
    if decided is not None:
        looks = interim_looks(probes)
        return LookPlan(looks, (alpha,) * len(looks))
    looks = affordable_looks(probes, alpha, least_p(makers))
    if len(looks) == 2 and probes > EARLY:
        looks = (EARLY, probes)
    return LookPlan(looks, tuple(levels(len(looks), alpha)[::-1].tolist()))


@dataclass
class Looks:
    """Looks at one model's answers.

    `last` is what the last of them showed, after `probes` prompts; `seconds` is what all took.

    `doubts` says, told whether the reference's answers are seen to be greedy, in which settings
    they may differ from the model's, and `cut` after how many characters they were cut when they
    were recorded, 0 for none.
    `fit` gives what is fitted on the reference for a number of prompts and a length of answers;
    `next_fit` says which will be wanted, so that it is made while the model is still asked.
    """

    fit: Callable[[int, int], Fit]
    prompts: Sequence[str]
    plan: LookPlan
    last: Placement | None = None
    probes: int = 0
    seconds: float = 0.0
    doubts: Callable[[bool], tuple[str, ...]] = lambda greedy: ()
    cut: int = 0

    def next_fit(self, answers: ResponseSet, probes: int) -> tuple[int, int] | None:
        """What `fit` will be called with at the first look after `probes` prompts, once it is
        known how far the model speaks; None before, and after the last look."""
        try:
            require_answers(answers, dict(zip(answers.probe_ids, self.prompts, strict=False)))
        except CoverageError:  # nothing will be compared, unless later answers say more
            return None
        if int(answers.usable().sum()) < LOOKED_AT:
            return None
        following = [k for k in self.plan.looks if k >= probes]
        return (following[0], self._length(answers)) if following else None

    def _length(self, answers: ResponseSet) -> int:
        """Characters that both sides are read to: as far as the shorter goes, 0 for all."""
        lengths = [n for n in (reading_length(answers), self.cut) if n]
        return min(lengths, default=0)

    def __call__(self, answers: ResponseSet) -> bool:
        """Look at the answers to the prompts asked so far, and say whether that is enough."""
        try:
            return self.look(answers, len(answers.probe_ids)).verdict == "related"
        except CoverageError:
            return False

    def look(self, answers: ResponseSet, probes: int) -> Placement:
        """Place the model by its first answers; raises as `require_answers` and `place` do."""
        asked = first_probes(answers, probes)
        require_answers(asked, dict(zip(answers.probe_ids, self.prompts, strict=False)))
        if self.last is None or self.probes != probes:
            rate = self.plan.rate(probes)
            start = time.monotonic()
            fit = self.fit(probes, self._length(asked))
            greedy = repeated_answers(fit.members.pairs.digest) >= STATES.repeated
            self.last = place(fit, asked, alpha=rate, doubts=self.doubts(greedy))
            self.probes, self.seconds = probes, self.seconds + time.monotonic() - start
        return self.last
