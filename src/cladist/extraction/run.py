"""The one orchestrator: ask a model what an assay wants to know, keep every answer, make DNA."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

from cladist.core.assay import Assay
from cladist.core.comparable import assumptions
from cladist.core.dna import DNA
from cladist.core.progress import NOBODY, Listener, Progress
from cladist.core.responses import Response, ResponseSet
from cladist.errors import ModelError
from cladist.extraction.asking import Asking, stand_in
from cladist.extraction.comparable import about_origins, about_refused, about_roundings
from cladist.extraction.derive import derive, stored_dna
from cladist.extraction.missing import reasons
from cladist.models.base import Model
from cladist.models.budget import Budget, Metered, Usage, within
from cladist.registry import ModelRecord, Registry

SYNC_SECONDS = 0.25
"""Longest time between two writes that wait for the disk. Every answer is committed as it
comes, which a killed process cannot lose; a lost machine can lose this much."""


@dataclass(frozen=True, slots=True)
class Extraction:
    """What asking one model came to.

    asked     requests made now
    known     answers that were there before
    failed    requests that got no answer; the next run asks them again
    tokens    generated tokens told by the backend
    left      requests that the budget had no room for; a later run makes them
    usage     calls and tokens of an endpoint, None for models that cost no calls
    remarks   what users of the answers should know
    seconds   wall-clock time of asking
    dna       the DNA, None when coverage forbids it; `refusal` then says why
    reasons   why answers are missing, each with how many, the commonest first
    """

    model: ModelRecord
    interface: str
    asked: int
    known: int
    failed: int
    tokens: int
    seconds: float
    dna: DNA | None
    refusal: str = ""
    left: int = 0
    usage: Usage | None = None
    remarks: tuple[str, ...] = ()
    reasons: tuple[tuple[str, int], ...] = ()


def extract(
    model: Model,
    assay: Assay,
    registry: Registry,
    *,
    allow_sparse: bool = False,
    listener: Listener = NOBODY,
    budget: Budget | None = None,
    counts_as: Assay | None = None,
    only: Sequence[int] | None = None,
) -> Extraction:
    """Ask `model` whatever of `assay` is still open, store it, and make its DNA.

    Answers are stored as they come; a run that was killed goes on where it was, and a finished
    one asks nothing and makes nothing. When `budget` is spent the rest is left for a later run,
    and there is no DNA. `listener` hears why nothing comes while an endpoint is waited for. Raises
    `ModelError` for failures no retry can mend; answers that came before stay stored.
    `counts_as` names the assay on recorded answers that these are comparable with
    (`cladist.core.comparable`): the DNA is made by it then. `only` are the numbers of the probes to
    ask, in that order, None for all.
    """
    asking = Asking.begin(within(model, budget), assay, registry, hear=listener.hear)
    if counts_as is not None and counts_as.protocol.digest != assay.protocol.digest:
        stand_in(registry, counts_as, asking.record, asking.interface)
    record, wanted, todo = asking.record, asking.wanted(), asking.open()
    if only is not None:
        place = {probe: k for k, probe in enumerate(only)}
        wanted = [slot for slot in wanted if slot[0] in place]
        todo = sorted((s for s in todo if s[0] in place), key=lambda s: (s[1], place[s[0]]))
    start = time.monotonic()
    try:
        failed, tokens, left = _ask(asking, todo, listener.progress, budget)
    except ModelError:
        # A model that never said anything, such as a mistyped address, is not worth a name.
        registry.forget_if_silent(record)
        raise
    (answers,) = registry.responses(assay.protocol, [record.name])
    made = Extraction(
        record,
        asking.interface,
        len(todo) - left,
        len(wanted) - len(todo),
        failed,
        tokens,
        time.monotonic() - start,
        None,
        left=left,
        usage=model.usage if isinstance(model, Metered) else None,
        remarks=_remarks(asking, answers, model, counts_as),
        reasons=reasons(answers),
    )
    if left:
        reason = (
            f"'{record.name}': the budget was spent with {left} of {len(wanted)} requests to go; "
            "what was answered is stored, and the same command with a new budget goes on"
        )
        return replace(made, refusal=reason)
    made_by = counts_as or assay
    dna = None if todo else stored_dna(registry, made_by, record.name)
    if dna is not None:
        return replace(made, dna=dna)
    dnas, refused = derive(registry, made_by, [record.name], allow_sparse=allow_sparse)
    return replace(
        made,
        dna=dnas[0] if dnas else None,
        refusal=refused[0].reason if refused else "",
    )


def _remarks(
    asking: Asking, answers: ResponseSet, model: Model, counts_as: Assay | None
) -> tuple[str, ...]:
    """What users of the answers should know: how they came, and what cannot be compared."""
    said = list(about_refused(asking.refused, asking.assay.protocol.decoding))
    said += about_origins(answers.origins())
    said += model.remarks if isinstance(model, Metered) else ()
    if model.identity.name != asking.record.name:
        said.append(
            f"this model is registered here as '{asking.record.name}'; the name "
            f"'{model.identity.name}' is not used"
        )
    said += about_roundings(answers)
    if counts_as is not None:
        said += assumptions(counts_as.protocol.decoding, asking.assay.protocol.decoding)
    return tuple(said)


def _ask(
    asking: Asking,
    slots: Sequence[tuple[int, int]],
    progress: Progress,
    budget: Budget | None,
) -> tuple[int, int, int]:
    """Ask for all slots and store the answers; returns failed ones, tokens, and ones not asked."""
    what, failed, tokens = f"asking {asking.record.name}", 0, 0
    if not slots:
        return failed, tokens, 0
    progress(what, 0, len(slots))
    last_sync = time.monotonic()
    answered: set[int] = set()
    for index, response in asking.answers(slots):
        answered.add(index)
        now = time.monotonic()
        sync = now - last_sync > SYNC_SECONDS
        asking.store([(*slots[index], response)], sync=sync)
        last_sync = now if sync else last_sync
        failed += not response.final
        tokens += response.tokens or 0
        progress(what, len(answered), len(slots))
    if budget is not None and budget.over:
        asking.store([])  # to the disk with all of it
        return failed, tokens, len(slots) - len(answered)
    silent_slots = [
        (*slots[i], Response.error("the backend gave no answer"))
        for i in range(len(slots))
        if i not in answered
    ]
    asking.store(silent_slots)
    return failed + len(silent_slots), tokens, 0
