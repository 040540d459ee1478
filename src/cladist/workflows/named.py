"""Tables that people bring, under the names of a registry."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

from cladist.core.dates import dates_of
from cladist.core.lineage import Lineage
from cladist.core.progress import Hear, unheard
from cladist.errors import InputError
from cladist.formats.columns import read_column, read_groups
from cladist.formats.labels import DeclaredModel, read_labels
from cladist.known import facts_of
from cladist.provenance.sources import read_declared
from cladist.registry import ModelRecord
from cladist.registry.names import name_index

__all__ = [
    "LabelsLike",
    "columns_here",
    "dates_here",
    "families_here",
    "groups_here",
    "known_dates",
    "known_families",
    "named_here",
    "parents_here",
    "tell",
]

T = TypeVar("T")

LabelsLike = str | Path | Mapping[str, str] | Mapping[str, DeclaredModel] | None
"""Families of models: a CSV with the columns model and family, or a mapping by name."""

ColumnLike = str | Path | Mapping[str, str] | None
"""One fact a model: a CSV with the column model and another, or a mapping by name."""

SHOWN = 20
"""Remarks told one by one; more are counted."""


def named_here(
    table: Mapping[str, T],
    models: Iterable[ModelRecord | str],
    source: str = "the table",
    hear: Hear = unheard,
) -> dict[str, T]:
    """A table by model under the names of the registry; what was not decided is told.

    >>> named_here({"org/a": 1}, ["org/a", "b"])
    {'org/a': 1}
    """
    if not table:
        return {}
    made, remarks = name_index(models).apply(table, source)
    for remark in remarks:
        hear(f"remark: {remark}")
    return made


def columns_here(
    given: ColumnLike, column: str, models: Iterable[ModelRecord | str], hear: Hear = unheard
) -> dict[str, str]:
    """A column of a CSV, or a mapping, under the names of the registry; nothing for None.

    Raises `InputError` with the line for a file that cannot be read.

    >>> columns_here({"a": "llama"}, "group", ["a", "b"])
    {'a': 'llama'}
    """
    if given is None:
        return {}
    if isinstance(given, Mapping):
        return named_here(given, models, f"the {column}s given", hear)
    path = Path(given)
    return named_here(read_column(path, column), models, str(path), hear)


def groups_here(
    given: ColumnLike, models: Iterable[ModelRecord | str], hear: Hear = unheard
) -> dict[str, str]:
    """What a colour stands for: a group a model, or a family where a table has no groups.

    Raises `InputError` with the line for a file that cannot be read.

    >>> groups_here({"a": "llama"}, ["a", "b"])
    {'a': 'llama'}
    """
    if given is None or isinstance(given, Mapping):
        return columns_here(given, "group", models, hear)
    return named_here(read_groups(Path(given)), models, str(given), hear)


def dates_here(
    given: ColumnLike, models: Iterable[ModelRecord | str], hear: Hear = unheard
) -> dict[str, float]:
    """Release dates as years under the names of the registry; those that are known for None.

    Raises `InputError` with the line for a date that cannot be read.

    >>> dates_here({"a": "2024"}, ["a"])
    {'a': 2024.5}
    """
    every = list(models)
    if given is None:
        return dates_of(known_dates(every, hear), "known facts")
    told = columns_here(given, "date", every, hear)
    return dates_of(told, "the dates given" if isinstance(given, Mapping) else str(given))


def families_here(
    labels: LabelsLike, models: Iterable[ModelRecord | str], hear: Hear = unheard
) -> dict[str, DeclaredModel]:
    """Declared families under the names of the registry's models, nothing for None.

    Raises `InputError` with the line for a file that cannot be read.

    >>> families_here({"a": "llama"}, ["a", "b"])["a"].family
    'llama'
    """
    if labels is None:
        return {}
    if not isinstance(labels, Mapping):
        return named_here(read_labels(Path(labels)), models, str(labels), hear)
    told = {m: f if isinstance(f, DeclaredModel) else DeclaredModel(f) for m, f in labels.items()}
    return named_here(told, models, "the labels given", hear)


def tell(lineage: Lineage, hear: Hear = unheard) -> None:
    """Tell the remarks of a reading: what was not read, and what was not decided."""
    for remark in lineage.remarks[:SHOWN]:
        hear(f"remark: {remark}")
    if len(lineage.remarks) > SHOWN:
        hear(
            f"and {len(lineage.remarks) - SHOWN} more remarks; 'cladist provenance declared "
            "--json' with the same sources prints all"
        )


def parents_here(path: Path, models: Sequence[ModelRecord], hear: Hear = unheard) -> dict[str, str]:
    """First declared parents ('' for none) of a file, under the names of the registry.

    A link of a model to itself is left out, and what was left out, not read or not decided is
    told. `InputError` for models that descend from each other, and where no link is left.
    """
    whole = read_declared([str(path)], models, own=False)
    for wrong in whole.disagreements():
        if wrong.kind == "cycle":
            raise InputError(f"{path}: {wrong.message}")
    lineage = whole.without_circles()
    if not lineage.links:
        told = "; ".join(lineage.remarks[-2:])
        raise InputError(f"{path}: declares no parent of any model{told and f' ({told})'}")
    tell(lineage, hear)
    named: dict[str, set[str]] = {}
    for k in lineage.links:
        named.setdefault(k.child, set()).add(k.parent)
    several = sum(len(parents) > 1 for parents in named.values())
    if several:
        hear(f"remark: {several} models have several parents; a tree shows the first of each")
    return lineage.first_parents()


FROM_FACTS = (
    "are taken from the facts that ship with cladist and from your corrections; 'cladist "
    "provenance lineage show MODEL' tells where they are from"
)


def known_dates(models: Iterable[ModelRecord | str], hear: Hear = unheard) -> dict[str, str]:
    """Release dates that are known beforehand, which is told; nothing where none is."""
    every = list(models)
    found = {m: f.released for m, f in facts_of(every).items() if f.released}
    if found:
        hear(f"remark: no --dates, so release dates of {len(found)} of {len(every)} {FROM_FACTS}")
    return found


def known_families(models: Sequence[str], hear: Hear = unheard) -> dict[str, str]:
    """Foundations that are known beforehand, which is told; nothing where none is."""
    found = {m: f.foundation for m, f in facts_of(models).items() if f.foundation}
    if found:
        hear(f"remark: no --labels, so families of {len(found)} of {len(models)} {FROM_FACTS}")
    return found
