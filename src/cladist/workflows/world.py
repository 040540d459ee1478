"""The models of a reference and those that were held against it, in one registry.

The reference stays as it was installed. Where models were asked its prompts, a copy of its
registry is kept beside the references, and their answers are brought into it.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

from cladist.core.assay import Protocol
from cladist.core.hashing import digest
from cladist.core.progress import Progress, silent
from cladist.extraction.derive import derive
from cladist.models.base import AskedInterface
from cladist.references.home import data_folder, require_space
from cladist.references.installed import Reference
from cladist.registry import ModelRecord, Registry
from cladist.registry.backup import backup
from cladist.registry.connection import FILE
from cladist.workflows.identify_model import asked_registry

__all__ = ["ASKED", "world", "world_folder"]

ASKED = " (asked)"
"""Follows the name of a model that was asked where a model of the reference bears it too."""


def world_folder(reference: Reference) -> Path:
    """Where the registry of a reference and of the models asked is kept; it may not exist yet."""
    f = reference.facts
    return data_folder() / "worlds" / f"{f.name}-{digest([f.tree, f.assay, f.added])[:8]}"


def world(reference: Reference, *, progress: Progress = silent) -> Path:
    """The folder of a registry with the models of a reference and those held against it.

    The reference's own where nobody was. Copies of an earlier content of the reference are
    removed. Raises `InputError` where the disk has no room for a copy, and what the registries
    raise.
    """
    assay = reference.assay()
    if not (asked_registry() / FILE).is_file():
        return reference.folder
    with Registry.open(asked_registry(), create=False) as asked:
        rows = asked.standing_in(assay.protocol)
        names = asked.names_of(list(rows)) if rows else []
        if not names:
            return reference.folder
        folder = _copied(reference)
        with Registry.open(folder, create=False) as store:
            present = {m.fingerprint: m.name for m in store.models()}
            for done, name in enumerate(names):
                progress("bringing in models asked", done, len(names))
                record = asked.model(name)
                row = rows[record.id]
                under = next(p for p in asked.protocols() if asked.add_protocol(p) == row)
                _bring(asked, store, record, under, assay.protocol, present)
            brought = store.names_of(list(store.standing_in(assay.protocol)))
            derive(store, assay, brought, allow_sparse=True, blocks=False)
    return folder


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
