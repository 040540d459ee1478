"""Names of declarations as those of a registry's models."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TypeVar

from cladist.core.name_index import Matched, NameIndex
from cladist.registry.records import ModelRecord

__all__ = ["name_index", "under_registry"]

T = TypeVar("T")

_DISGUISES = ("system=", "temperature=", "top_p=")


def name_index(models: Iterable[ModelRecord]) -> NameIndex:
    """An index of the models by name, by what they were opened from, and by their file's title.

    A disguise is no name: a model asked with a system prompt is not what its address names.

    >>> name_index([ModelRecord(1, "m", "hf:org/some-7b", "f")]).find("org/some-7b")
    ('m',)
    """
    forms: dict[str, tuple[str, ...]] = {}
    titles: dict[str, str] = {}
    for record in models:
        scheme, colon, target = record.uri.partition(":")
        worn = any(d in record.uri.partition("?")[2] for d in _DISGUISES)
        known = bool(colon and target) and scheme not in ("simulated", "recorded", "builtin")
        forms[record.name] = (record.uri,) if known and not worn else ()
        if title := record.metadata.get("title", ""):
            titles[record.name] = title
    return NameIndex(forms, titles)


def under_registry(
    table: Mapping[str, T], models: Sequence[ModelRecord], where: str
) -> tuple[dict[str, T], list[str]]:
    """A table by model name under the names of a registry, and remarks on what was not decided.

    Parameters
    ----------
    table
        Anything by the names that somebody wrote.
    models
        The registry's models.
    where
        The file, for the remarks.

    Returns
    -------
    tuple
        The table, in which names that fit no model stay as written; of two names of one model
        the first is kept unless both say the same, which is a remark. Without models it is as
        it was.
    """
    found: Matched = name_index(models).match(table)
    out: dict[str, T] = {}
    remarks = [f"{where}: {r}" for r in (*_undecided(found),)]
    exact = {r.name for r in models}
    # A row under the very name of the registry goes before one that is merely the same model.
    for name in sorted(table, key=lambda n: n not in exact):
        own = found.found.get(name, name)
        if own in out and out[own] != table[name]:
            remarks.append(
                f"{where}: two rows are of '{own}' and differ; that of '{name}' is left out"
            )
        out.setdefault(own, table[name])
    return out, remarks


def _undecided(found: Matched) -> list[str]:
    return Matched(found.found, found.unsure, found.rivals).remarks()
