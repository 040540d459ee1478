"""The one orchestrator: ask a model what an assay wants to know, keep every answer, make DNA."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

from cladist.core.assay import Assay
from cladist.core.comparable import assumptions
from cladist.core.dna import DNA
from cladist.core.hashing import mix64
from cladist.core.responses import Response
from cladist.errors import CoverageError, ModelError
from cladist.extraction.derive import derive, stored_dna
from cladist.extraction.progress import Progress, silent
from cladist.models.base import AskedInterface, Model, Request
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


def extract(
    model: Model,
    assay: Assay,
    registry: Registry,
    *,
    allow_sparse: bool = False,
    progress: Progress = silent,
    budget: Budget | None = None,
    counts_as: Assay | None = None,
) -> Extraction:
    """Ask `model` whatever of `assay` is still open, store it, and make its DNA.

    Answers are stored as they come; a run that was killed goes on where it was, and a finished
    one asks nothing and makes nothing. When `budget` is spent the rest is left for a later run,
    and there is no DNA. Raises `ModelError` for failures no retry can mend; answers that came
    before stay stored. `counts_as` names the assay on recorded answers that these are comparable
    with (`cladist.core.comparable`): the DNA is made by it then.
    """
    identity = model.identity
    record = registry.add_model(
        identity.name, identity.uri, identity.fingerprint, dict(identity.metadata)
    )
    protocol = registry.add_protocol(assay.protocol)
    chosen = choose_interface(model, assay)
    interface = registry.set_interface(protocol, record, chosen)
    if counts_as is not None and counts_as.protocol.digest != assay.protocol.digest:
        interface = stand_in(registry, counts_as, record, chosen)
    if interface != chosen:
        raise ModelError(
            f"'{record.name}' answered this assay through the {interface} interface before, and "
            f"now offers {chosen}; the two are not comparable. Give the model another name"
        )
    settled = registry.settled(protocol, record)
    wanted = [
        (p, s)
        for s in range(assay.protocol.decoding.samples)
        for p in range(len(assay.protocol.probes))
    ]
    todo = [slot for slot in wanted if slot not in settled]
    start = time.monotonic()
    try:
        failed, tokens, left = _ask(
            within(model, budget), assay, registry, record, protocol, chosen, todo, progress, budget
        )
    except ModelError:
        # A model that never said anything, such as a mistyped address, is not worth a name.
        registry.forget_if_silent(record)
        raise
    seconds = time.monotonic() - start
    usage = model.usage if isinstance(model, Metered) else None
    remarks = model.remarks if isinstance(model, Metered) else ()
    if left:
        reason = (
            f"'{record.name}': the budget was spent with {left} of {len(wanted)} requests to go; "
            "what was answered is stored, and the same command with a new budget goes on"
        )
        asked, known = len(todo) - left, len(wanted) - len(todo)
        return Extraction(
            record, interface, asked, known, failed, tokens, seconds, None, reason, left, usage,
            remarks,
        )  # fmt: skip
    if counts_as is not None:
        remarks += assumptions(counts_as.protocol.decoding, assay.protocol.decoding)
    made_by = counts_as or assay
    dna, refusal = (None if todo else stored_dna(registry, made_by, record.name)), ""
    if dna is None:
        dnas, refused = derive(registry, made_by, [record.name], allow_sparse=allow_sparse)
        dna = dnas[0] if dnas else None
        refusal = refused[0].reason if refused else ""
    return Extraction(
        record,
        interface,
        len(todo),
        len(wanted) - len(todo),
        failed,
        tokens,
        seconds,
        dna,
        refusal,
        0,
        usage,
        remarks,
    )


def stand_in(registry: Registry, recorded: Assay, record: ModelRecord, interface: str) -> str:
    """Let a model's answers, asked through `interface`, count for a recorded protocol as well.

    Returns the interface remembered. Raises `ModelError` for a model that has recorded answers
    to the protocol: those are its answers.
    """
    row = registry.add_protocol(recorded.protocol)
    if registry.settled(row, record):
        raise ModelError(
            f"'{record.name}' has recorded answers to these prompts already; give the model "
            "that is asked another name (append #NAME to its URI)"
        )
    return registry.set_interface(row, record, interface)


def choose_interface(model: Model, assay: Assay) -> AskedInterface:
    """The interface an assay uses with a model; auto prefers raw continuation.

    Raises `ModelError` when the model does not offer what the assay fixes.
    """
    wanted = assay.protocol.decoding.interface
    if wanted == "recorded":
        raise CoverageError(
            f"assay {assay.short} rests on recorded responses, and how they were asked is not "
            "known. To ask a model the same prompts use 'cladist extract URI --like REGISTRY', or "
            "choose another assay, for example --assay cladist"
        )
    if wanted == "auto":
        return "raw" if "raw" in model.interfaces else "chat"
    if wanted not in model.interfaces:
        raise ModelError(
            f"'{model.identity.name}' offers {' and '.join(sorted(model.interfaces))}, assay "
            f"{assay.short} asks through {wanted}; choose an assay with interface = 'auto'"
        )
    return wanted


def requests_for(
    assay: Assay, interface: AskedInterface, slots: Sequence[tuple[int, int]]
) -> list[Request]:
    """One request a (probe, sample); every one has a seed of its own, the same in every run."""
    decoding = assay.protocol.decoding
    probes = assay.protocol.probes.probes
    return [
        Request(
            probes[p].text,
            decoding.max_tokens,
            decoding.temperature,
            decoding.top_p,
            mix64(mix64(decoding.seed) ^ (p << 20) ^ s) & 0x7FFFFFFF,
            interface,
        )
        for p, s in slots
    ]


def _ask(
    model: Model,
    assay: Assay,
    registry: Registry,
    record: ModelRecord,
    protocol: int,
    interface: AskedInterface,
    slots: Sequence[tuple[int, int]],
    progress: Progress,
    budget: Budget | None,
) -> tuple[int, int, int]:
    """Ask for all slots and store the answers; returns failed ones, tokens, and ones not asked."""
    what, failed, tokens, done = f"asking {record.name}", 0, 0, 0
    if not slots:
        return failed, tokens, 0
    progress(what, 0, len(slots))
    last_sync = time.monotonic()
    answered: set[int] = set()
    for index, response in model.answer(requests_for(assay, interface, slots)):
        if index in answered:
            continue
        answered.add(index)
        now = time.monotonic()
        sync = now - last_sync > SYNC_SECONDS
        probe, sample = slots[index]
        registry.write_responses(protocol, record, [(probe, sample, response)], sync=sync)
        last_sync = now if sync else last_sync
        done += 1
        failed += not response.final
        tokens += response.tokens or 0
        progress(what, done, len(slots))
    if budget is not None and budget.over:
        registry.write_responses(protocol, record, [])  # to the disk with all of it
        return failed, tokens, len(slots) - len(answered)
    silent_slots = [
        (*slots[i], Response.error("the backend gave no answer"))
        for i in range(len(slots))
        if i not in answered
    ]
    registry.write_responses(protocol, record, silent_slots)
    return failed + len(silent_slots), tokens, 0
