"""Responses that already exist become a protocol of their own, and DNA."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict, Unpack

from cladist.core.assay import Assay, Decoding, Method, Protocol
from cladist.core.dna import DNA
from cladist.core.probes import Probe, ProbeSet
from cladist.core.progress import Progress, silent
from cladist.core.responses import Response
from cladist.errors import InputError, NotComparableError
from cladist.extraction.derive import Refusal, derive
from cladist.formats.responses.checks import same_everywhere
from cladist.formats.responses.recorded import RecordedTable, read_recorded
from cladist.registry import ModelRecord, Registry

RECORDED = Decoding(interface="recorded", max_tokens=1)
"""How recorded answers were decoded is not known; the protocol says just that. What somebody
states of it (`extraction.stated`) takes its place."""

SHOWN_FILES = 10
LOOKED_AT = 3
"""Models imported, and models that were there, that are held against each other."""


@dataclass(frozen=True)
class Imported:
    """What an import came to.

    models   models in the files
    added    responses that were not stored before
    made     DNAs made now, without their per-probe blocks, which are in the registry
    refused  models without a DNA, each with the reason
    readings by file, how it was understood
    notes    what people should know of the answers
    """

    assay: Assay
    models: int
    added: int
    made: list[DNA]
    refused: list[Refusal]
    readings: Mapping[str, str]
    notes: tuple[str, ...] = ()


class Stated(TypedDict, total=False):
    """What somebody says of the prompts of recorded answers.

    prompts   texts of prompts that the files know by id
    decoding  how they were asked
    """

    prompts: Mapping[str, str] | None
    decoding: Decoding


def import_responses(
    registry: Registry,
    files: Sequence[Path],
    method: Method,
    *,
    model: str | None = None,
    columns: Mapping[str, str] | None = None,
    allow_sparse: bool = False,
    progress: Progress = silent,
    **stated: Unpack[Stated],
) -> Imported:
    """Store the responses of recorded files and make DNA by `method`.

    `columns` says which column has which role (see `formats.responses.recorded.read_recorded`).
    How answers were sampled, where a file tells it, becomes metadata of the model.

    All files must answer the same prompts. Where the registry has a recorded protocol whose
    prompts include those of the files, the import joins it, and prompts that were not asked are
    missing, not empty. Nothing is stored when a file is bad, and the error tells what is wrong with
    every one. Importing twice changes nothing;
    other answers under a known name are refused (`NotComparableError`).

    See `Stated` for what may be told of the prompts; with both a new model can be asked the same
    (`cladist.extraction.like`).
    """
    prompts, decoding = stated.get("prompts"), stated.get("decoding", RECORDED)
    tables = _read(files, model, columns)
    probes = _with_texts(_all_probes(tables), prompts or {})
    protocol = _protocol_for(registry, probes, decoding)
    if prompts and any(p.text == "" for p in protocol.probes.probes):
        raise NotComparableError(
            f"{registry.folder} has these prompts without their texts, and a stored protocol never "
            "changes; import files and prompts into a new registry"
        )
    place = {probe_id: i for i, probe_id in enumerate(protocol.probes.ids)}
    per_model = _by_model(tables, place)
    protocol_id = registry.add_protocol(protocol)
    known = registry.models_named(per_model)
    for name, slots in per_model.items():
        if name in known:
            _same_answers(registry, protocol, known[name], slots)
    added = 0
    for number, (name, slots) in enumerate(per_model.items()):
        progress("storing responses", number, len(per_model))
        told = _settings(tables, name)
        record = registry.add_model(name, f"recorded:{name}", f"recorded:{name}", told, sync=False)
        before = registry.settled(protocol_id, record)
        fresh = [(p, s, r) for (p, s), r in slots.items() if (p, s) not in before]
        if fresh:
            registry.write_responses(protocol_id, record, fresh, sync=False)
        added += len(fresh)
    progress("storing responses", len(per_model), len(per_model))
    assay = Assay(method.name, protocol, method, "recorded responses")
    names = list(per_model)
    readings = {t.source: t.reading for t in tables}
    notes = [f"{t.source}: {n}" for t in tables for n in t.notes]
    notes += _copies(registry, protocol, per_model)
    # All answers are in the registry now; making DNA needs the memory.
    del tables, per_model
    made, refused = derive(
        registry,
        assay,
        names,
        allow_sparse=allow_sparse,
        progress=progress,
        blocks=False,
    )
    return Imported(assay, len(names), added, made, refused, readings, tuple(notes))


def _read(
    files: Iterable[Path], model: str | None, columns: Mapping[str, str] | None
) -> list[RecordedTable]:
    """All files; `InputError` says what is wrong with any of them."""
    tables, wrong = [], []
    for path in files:
        try:
            tables.append(read_recorded(path, model=model, columns=columns))
        except InputError as problem:
            wrong.append(str(problem))
    if wrong:
        more = f"; and more files: {len(wrong) - SHOWN_FILES}" if len(wrong) > SHOWN_FILES else ""
        raise InputError("; ".join(wrong[:SHOWN_FILES]) + more)
    return tables


def _settings(tables: Iterable[RecordedTable], name: str) -> dict[str, str]:
    """How a model's answers were sampled, by what the files tell."""
    return {f"recorded {k}": v for t in tables for k, v in t.settings.get(name, {}).items()}


def _copies(
    registry: Registry,
    protocol: Protocol,
    imported: Mapping[str, Mapping[tuple[int, int], Response]],
) -> list[str]:
    """Said where what was imported is word for word what a model of the registry answered."""
    others = [m for m in registry.answering(protocol) if m.name not in imported]
    said = []
    for name, slots in list(imported.items())[:LOOKED_AT]:
        asked = sorted(slots)[:: max(1, len(slots) // 50)][:50]
        for other in others[:LOOKED_AT]:
            stored = registry.answers_by_slot(protocol, other)
            told = same_everywhere(
                {
                    name: [_usable_text(slots.get(s)) for s in asked],
                    other.name: [_usable_text(stored.get(s)) for s in asked],
                }
            )
            if told:
                said.append(f"'{name}' and '{other.name}': {told}")
    return said


def _usable_text(response: Response | None) -> str | None:
    return response.text.strip() if response is not None and response.usable else None


def _all_probes(tables: Sequence[RecordedTable]) -> tuple[Probe, ...]:
    found: dict[str, Probe] = {}
    for table in tables:
        for probe_id, text in table.probes.items():
            old = found.get(probe_id)
            if old is not None and old.text and text and old.text != text:
                raise InputError(
                    f"{table.source}: prompt '{probe_id}' has another text than in an earlier "
                    "file; import different prompt sets into different registries"
                )
            if old is None or (text and not old.text):
                found[probe_id] = Probe(probe_id, text)
    return tuple(found[i] for i in sorted(found, key=_natural))


def _with_texts(probes: tuple[Probe, ...], prompts: Mapping[str, str]) -> tuple[Probe, ...]:
    """The probes with the texts that `prompts` has for them; all must have one then."""
    if not prompts:
        return probes
    lacking = [p.id for p in probes if not p.text and p.id not in prompts]
    if lacking:
        raise InputError(
            f"{len(lacking)} of {len(probes)} prompts have no text in the file of prompts, such "
            f"as '{lacking[0][:60]}'; ids must be those of the responses"
        )
    other = next((p for p in probes if p.text and prompts.get(p.id, p.text) != p.text), None)
    if other is not None:
        raise InputError(f"prompt '{other.id[:60]}' has another text in the file of prompts")
    return tuple(Probe(p.id, p.text or prompts[p.id]) for p in probes)


def _natural(probe_id: str) -> tuple[int, int, str]:
    """Whole numbers in numeric order before all other ids, so row order does not matter."""
    if probe_id.isascii() and probe_id.isdecimal() and len(probe_id) < 16:
        return (0, int(probe_id), probe_id)
    return (1, 0, probe_id)


def _protocol_for(registry: Registry, probes: tuple[Probe, ...], decoding: Decoding) -> Protocol:
    """The recorded protocol that these probes belong to: one of the registry's, or a new one."""
    recorded = [p for p in registry.protocols() if p.decoding == decoding]
    for protocol in recorded:
        texts = {p.id: p.text for p in protocol.probes.probes}
        # A text that one side does not know is no contradiction.
        if all(
            p.id in texts and ("" in (p.text, texts[p.id]) or p.text == texts[p.id]) for p in probes
        ):
            return protocol
    otherwise = next(
        (p for p in registry.protocols() if p.decoding.unsure and p.decoding != decoding), None
    )
    if otherwise and set(otherwise.probes.ids) & {p.id for p in probes}:
        said = ", ".join(f"{k} {v}" for k, v in otherwise.decoding.told().items())
        raise NotComparableError(
            f"{registry.folder} has answers to these prompts with another statement of how they "
            f"were asked ({said}); state the same with --decoding, or use another registry"
        )
    overlapping = next(
        (r for r in recorded if set(r.probes.ids) & {p.id for p in probes}),
        None,
    )
    if overlapping is not None:
        raise NotComparableError(
            f"the file answers {len(probes)} prompts, the registry's recorded protocol has "
            f"{len(overlapping.probes)}, and only some agree. DNAs of different prompts are not "
            "comparable: import all files in one command, or use another registry"
        )
    return Protocol("recorded", ProbeSet("recorded", probes), decoding)


def _by_model(
    tables: Sequence[RecordedTable], place: dict[str, int]
) -> dict[str, dict[tuple[int, int], Response]]:
    merged: dict[str, dict[tuple[int, int], Response]] = {}
    for table in tables:
        for name, probe_id, sample, response in table.rows():
            slots = merged.setdefault(name, {})
            if not response.final:
                # Nothing was recorded for this slot: it is missing, not a failed request.
                continue
            key = (place[probe_id], sample)
            if key in slots and slots[key] != response:
                raise InputError(
                    f"{table.source}: model '{name}' has two different answers to prompt "
                    f"'{probe_id}'; number them in a column 'sample', or rename one model"
                )
            slots[key] = response
    return merged


def _same_answers(
    registry: Registry,
    protocol: Protocol,
    record: ModelRecord,
    slots: dict[tuple[int, int], Response],
) -> None:
    """Refuse answers under a known name that differ from those stored."""
    if record.fingerprint != f"recorded:{record.name}":
        raise NotComparableError(
            f"'{record.name}' is a model that this registry asked itself ({record.uri}); rename "
            "it in the file, or use another registry"
        )
    stored = registry.answers_by_slot(protocol, record)
    for (probe, sample), response in slots.items():
        old = stored.get((probe, sample))
        if old is not None and old.final and old.text != response.text:
            raise NotComparableError(
                f"'{record.name}' is in this registry with another answer to prompt "
                f"'{protocol.probes.ids[probe]}'; rename the model in the file, or use another "
                "registry"
            )
