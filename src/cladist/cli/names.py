"""Tables that people bring, under the names of a registry."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from cladist.cli.common import note

if TYPE_CHECKING:
    from cladist.core.lineage import Lineage
    from cladist.formats.labels import DeclaredModel
    from cladist.registry import ModelRecord

T = TypeVar("T")

SHOWN = 20
"""Remarks told one by one; more are counted."""


def named_here(
    table: Mapping[str, T], models: Iterable[ModelRecord | str], path: Path | None
) -> dict[str, T]:
    """A table by model under the names of the registry; what was not decided is told."""
    from cladist.registry.names import name_index

    if not table:
        return {}
    made, remarks = name_index(models).apply(table, str(path or "the table"))
    for remark in remarks:
        note(f"remark: {remark}")
    return made


def families_here(
    path: Path | None, models: Iterable[ModelRecord | str]
) -> dict[str, DeclaredModel]:
    """Declared families under the names of the registry's models, nothing without a file."""
    if path is None:
        return {}
    from cladist.formats.labels import read_labels

    return named_here(read_labels(path), models, path)


def tell(lineage: Lineage) -> None:
    """Remarks of a reading, on standard error: what was not read, and what was not decided."""
    for remark in lineage.remarks[:SHOWN]:
        note(f"remark: {remark}")
    if len(lineage.remarks) > SHOWN:
        note(
            f"and {len(lineage.remarks) - SHOWN} more remarks; 'cladist provenance declared "
            "--json' with the same sources prints all"
        )


def parents_here(path: Path, models: Sequence[ModelRecord]) -> dict[str, str]:
    """First declared parents ('' for none) of a file, under the names of the registry.

    A link of a model to itself is left out, and what was left out, not read or not decided is
    told. `InputError` for models that descend from each other, and where no link is left.
    """
    from cladist.errors import InputError
    from cladist.provenance.sources import read_declared

    whole = read_declared([str(path)], models, own=False)
    for wrong in whole.disagreements():
        if wrong.kind == "cycle":
            raise InputError(f"{path}: {wrong.message}")
    lineage = whole.without_circles()
    if not lineage.links:
        told = "; ".join(lineage.remarks[-2:])
        raise InputError(f"{path}: declares no parent of any model{told and f' ({told})'}")
    tell(lineage)
    named: dict[str, set[str]] = {}
    for k in lineage.links:
        named.setdefault(k.child, set()).add(k.parent)
    several = sum(len(parents) > 1 for parents in named.values())
    if several:
        note(f"remark: {several} models have several parents; a tree shows the first of each")
    return lineage.first_parents()


FROM_FACTS = (
    "are taken from the facts that ship with cladist and from your corrections; 'cladist "
    "provenance lineage show MODEL' tells where they are from"
)


def known_dates(models: Iterable[ModelRecord | str]) -> dict[str, str]:
    """Release dates that are known beforehand, which is told; nothing where none is."""
    from cladist.known import facts_of

    every = list(models)
    found = {m: f.released for m, f in facts_of(every).items() if f.released}
    if found:
        note(f"remark: no --dates, so release dates of {len(found)} of {len(every)} {FROM_FACTS}")
    return found


def known_families(models: Sequence[str]) -> dict[str, str]:
    """Foundations that are known beforehand, which is told; nothing where none is."""
    from cladist.known import facts_of

    found = {m: f.foundation for m, f in facts_of(models).items() if f.foundation}
    if found:
        note(f"remark: no --labels, so families of {len(found)} of {len(models)} {FROM_FACTS}")
    return found
