"""Asking a new model look by look, every answer kept as it comes."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from cladist.core.progress import Progress
from cladist.core.responses import ResponseSet
from cladist.errors import CladistError, ModelError
from cladist.extraction.asking import Asking, stand_in
from cladist.extraction.like import Like
from cladist.kinship.inference.sequential import first_probes, interim_looks
from cladist.models.base import Model
from cladist.registry import ModelRecord, Registry
from cladist.workflows.looks import Decided, LookPlan
from cladist.workflows.placing import LEAST

__all__ = ["AskingCost", "Course", "ask_by_looks", "in_order"]


@dataclass(frozen=True)
class AskingCost:
    """What asking came to: requests made now, answers known before, requests without an answer.

    probes of `available` were asked; `saved` were not needed.
    """

    made: int
    known: int
    failed: int
    tokens: int
    seconds: float
    probes: int
    available: int

    @property
    def saved(self) -> int:
        """Probes that were not asked."""
        return self.available - self.probes


@dataclass(frozen=True)
class Course:
    """How a model is asked.

    plan     after how many probes it is looked at
    order    numbers of the probes, in the order in which they are asked; no others are asked
    decided  whether answers settle it, so that the rest need not be asked
    ready    told of the answers before each look, with the number of probes
    """

    plan: LookPlan
    order: Sequence[int]
    decided: Decided
    ready: Callable[[ResponseSet, int], None]


def in_order(answers: ResponseSet, order: Sequence[int]) -> ResponseSet:
    """The answers to the probes of these numbers, in this order.

    >>> in_order(ResponseSet.of_texts("m", ["a", "b", "c"]), [2, 0]).texts()
    ['c', 'a']
    """
    ids = tuple(answers.probe_ids[k] for k in order)
    return replace(answers, probe_ids=ids, slots=tuple(answers.slots[k] for k in order))


def ask_by_looks(
    model: Model, how: Like, store: Registry, course: Course, progress: Progress
) -> tuple[AskingCost, ResponseSet]:
    """Ask look by look until it is decided, or all was asked; every answer is stored at once.

    A look sees the answers to its own prompts alone, whatever else is known: so a second run
    ends where the first did. Returns what it took and the answers to the probes of the course, in
    its order. Raises `ModelError` where the model cannot be asked.
    """
    record, assay = _record(model, store), how.asked
    row = store.add_protocol(assay.protocol)
    plan, order = course.plan, course.order
    most = plan.looks[-1]
    known = {p for p, _ in store.settled(row, record)}.intersection(order[:most])
    start, waited, tokens, look = time.monotonic(), 0.0, 0, 0
    tried: set[int] = set()
    try:
        asking = Asking.begin(model, assay, store)
        if how.counts.protocol.digest != assay.protocol.digest:
            stand_in(store, how.counts, record, asking.interface)
        # More steps than looks: an endpoint that died is noticed at the end of one.
        for look in sorted({*plan.looks, *interim_looks(most)}):
            todo = [p for p in order[:look] if p not in known and p not in tried]
            begun = len(known) + len(tried)
            tried.update(todo)
            tokens += _ask_some(asking, todo, begun, most, progress)
            (whole,) = store.responses(assay.protocol, [record.name])
            answers = in_order(whole, order)
            course.ready(answers, look)
            looking = time.monotonic()
            ended = (
                look < most and look in plan.looks and course.decided(first_probes(answers, look))
            )
            waited += time.monotonic() - looking
            if ended:
                break
    except (CladistError, KeyboardInterrupt) as problem:
        kept = len(store.settled(row, record))
        store.forget_if_silent(record)
        if isinstance(problem, ModelError):
            raise _with_what_is_kept(problem, how, kept) from problem
        raise
    asked = set(order[:look])
    failed = len(asked - {p for p, _ in store.settled(row, record)})
    seconds = time.monotonic() - start - waited
    cost = AskingCost(
        len(tried), len(known & asked), failed, tokens, seconds, look, len(order)
    )  # fmt: skip
    return cost, answers


def _record(model: Model, store: Registry) -> ModelRecord:
    identity = model.identity
    return store.add_model(
        identity.name, identity.uri, identity.fingerprint, dict(identity.metadata)
    )


def _with_what_is_kept(problem: ModelError, how: Like, kept: int) -> ModelError:
    """The same, and what is left to the user of it."""
    told = str(problem).rstrip(". ")
    if "answers are kept" in told or "nothing was answered" in told:
        more = ""
    elif kept:
        more = f". {kept} answers are kept, and the same command goes on from there"
        if kept >= LEAST:
            more += f"; with --probes {kept} these alone are compared"
    else:
        more = ". Nothing was answered"
    through = how.asked.protocol.decoding.interface
    if through == "raw" and "interface=chat" in told:  # which would be refused next
        more += (
            ". The models of this reference were asked raw, so a server that offers chat alone "
            "cannot be held against them: name a reference asked through chat with --reference "
            "('cladist reference list' says which there are)"
        )
    return type(problem)(told + more)


def _ask_some(
    asking: Asking, todo: Sequence[int], begun: int, most: int, progress: Progress
) -> int:
    """Ask some probes and store each answer as it comes; returns the tokens written.

    Raises `ModelError` where not one of them was answered: the model is gone.
    """
    record, slots, tokens, problems = asking.record, [(p, 0) for p in todo], 0, []
    for done, (slot, response) in enumerate(asking.answers(slots) if todo else (), 1):
        if response.final:  # a slot without an answer is open, and asked in another run
            asking.store([(*slots[slot], response)], sync=False)
        else:
            problems.append(response.detail)
        tokens += response.tokens or 0
        progress(f"asking {record.name}", min(begun + done, most), most)
    if todo and len(problems) == len(todo):
        before = len(asking.registry.settled(asking.protocol, record))
        kept = (
            f"{before} answers are kept, and the same command goes on from there"
            if before
            else "nothing was answered"
        )
        why = problems[-1] or "no reason given"
        raise ModelError(f"'{record.name}' gave no answer to {len(todo)} requests: {why}; {kept}")
    return tokens
