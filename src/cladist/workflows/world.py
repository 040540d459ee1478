"""The models of a reference and those that were held against it, in one registry.

The reference stays as it was installed. Where models were asked its prompts, a copy of its
registry is kept beside the references, and their answers are brought into it.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from cladist.core.assay import Assay, Protocol
from cladist.core.hashing import digest
from cladist.core.progress import Progress, silent
from cladist.errors import UsageError
from cladist.extraction.derive import derive
from cladist.extraction.like import reading_length
from cladist.models.base import AskedInterface
from cladist.references.home import data_folder, require_space
from cladist.references.installed import Reference
from cladist.registry import ModelRecord, Registry
from cladist.registry.backup import backup
from cladist.registry.connection import FILE
from cladist.workflows.identify_model import asked_registry

__all__ = ["ASKED", "Beside", "beside_reference", "world", "world_folder"]

ASKED = " (asked)"
"""Follows the name of a model that was asked where a model of the reference bears it too."""


def world_folder(reference: Reference) -> Path:
    """Where the registry of a reference and of the models asked is kept; it may not exist yet."""
    f = reference.facts
    return data_folder() / "worlds" / f"{f.name}-{digest([f.tree, f.assay, f.added])[:8]}"


def world(reference: Reference, *, asked: Path | None = None, progress: Progress = silent) -> Path:
    """The folder of a registry with the models of a reference and those held against it.

    `asked` is the registry that `identify` kept their answers in, where it was another than its
    own. The reference's folder where nobody was asked. Copies of an earlier content of the
    reference are removed. Raises `InputError` where the disk has no room for a copy, and what
    the registries raise.
    """
    assay = reference.assay()
    place = asked or asked_registry()
    if not (place / FILE).is_file():
        return reference.folder
    with Registry.open(place, create=False) as answered:
        rows = answered.standing_in(assay.protocol)
        names = answered.names_of(list(rows)) if rows else []
        if not names:
            return reference.folder
        folder = _copied(reference)
        with Registry.open(folder, create=False) as store:
            present = {m.fingerprint: m.name for m in store.models()}
            for done, name in enumerate(names):
                progress("bringing in models asked", done, len(names))
                record = answered.model(name)
                row = rows[record.id]
                under = next(p for p in answered.protocols() if answered.add_protocol(p) == row)
                _bring(answered, store, record, under, assay.protocol, present)
            brought = store.names_of(list(store.standing_in(assay.protocol)))
            derive(store, assay, brought, allow_sparse=True, blocks=False)
    return folder


@dataclass(frozen=True)
class Beside:
    """One model that was held against a reference, among all its models.

    name    of the model there: ASKED follows it where a model of the reference bears it too
    length  characters that answers are read to, so that all are as long as the model's own
    others  models there that were asked too, and are none of the reference's
    """

    folder: Path
    name: str
    assay: Assay
    length: int
    others: frozenset[str]


def beside_reference(
    reference: Reference, model: str, *, asked: Path | None = None, progress: Progress = silent
) -> Beside:
    """A model that `identify` asked, in a registry with all models of the reference.

    Raises `UsageError` where it was not asked this reference's prompts, and what `world` raises.
    """
    folder, assay = world(reference, asked=asked, progress=progress), reference.assay()
    with Registry.open(folder, create=False) as store:
        rows = store.standing_in(assay.protocol)
        there = store.names_of(list(rows)) if rows else []
        name = next((n for n in (model + ASKED, model) if n in there), "")
        if not name:
            raise UsageError(
                f"'{model}' was not held against {reference.name}; ask it with 'cladist identify "
                f"URI --reference {reference.name}'"
            )
        (answers,) = store.responses(assay.protocol, [name])
    return Beside(folder, name, assay, reading_length(answers), frozenset(there) - {name})


def _copied(reference: Reference) -> Path:
    folder = world_folder(reference)
    if not (folder / FILE).is_file():
        size = (reference.folder / FILE).stat().st_size
        require_space(data_folder(), size, f"a copy of reference '{reference.name}'")
        for old in folder.parent.glob(f"{reference.name}-" + "[0-9a-f]" * 8):
            shutil.rmtree(old, ignore_errors=True)
        backup(reference.folder, folder)
    return folder


def _bring(
    asked: Registry,
    store: Registry,
    record: ModelRecord,
    under: Protocol,
    recorded: Protocol,
    present: Mapping[str, str],
) -> None:
    """Write one model's answers into the copy, under the protocol that it was asked by."""
    row = store.add_protocol(under)
    if record.fingerprint in present:
        own = store.model(present[record.fingerprint])
    else:
        name = record.name + (ASKED if store.models_named([record.name]) else "")
        own = store.add_model(name, record.uri, record.fingerprint, dict(record.metadata))
    (answers,) = asked.responses(under, [record.name])
    slots = [
        (probe, sample, response)
        for probe, slot in enumerate(answers.slots)
        for sample, response in enumerate(slot)
        if response.final
    ]
    store.write_responses(row, own, slots)
    through = asked.interface(asked.add_protocol(under), record)
    interface: AskedInterface = "chat" if through == "chat" else "raw"
    store.set_interface(row, own, interface)
    mine = store.add_protocol(recorded)
    if own.id not in store.standing_in(recorded):
        store.set_interface(mine, own, interface)
