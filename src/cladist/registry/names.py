"""Names of declarations as those of a registry's models."""

from __future__ import annotations

from collections.abc import Iterable

from cladist.core.name_index import NameIndex
from cladist.registry.records import ModelRecord

__all__ = ["name_index"]

_DISGUISES = ("system=", "temperature=", "top_p=")


def name_index(models: Iterable[ModelRecord | str]) -> NameIndex:
    """An index of the models by name, by what they were opened from, and by their file's title.

    Of a model given by its name alone no more is known.

    A disguise is no name: a model asked with a system prompt is not what its address names.

    >>> name_index([ModelRecord(1, "m", "hf:org/some-7b", "f")]).find("org/some-7b")
    ('m',)
    """
    forms: dict[str, tuple[str, ...]] = {}
    titles: dict[str, str] = {}
    for record in models:
        if isinstance(record, str):
            forms[record] = ()
            continue
        scheme, colon, target = record.uri.partition(":")
        worn = any(d in record.uri.partition("?")[2] for d in _DISGUISES)
        known = bool(colon and target) and scheme not in ("simulated", "recorded", "builtin")
        forms[record.name] = (record.uri,) if known and not worn else ()
        if title := record.metadata.get("title", ""):
            titles[record.name] = title
    return NameIndex(forms, titles)
