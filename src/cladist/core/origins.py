"""Who gave an answer, by the server's own word, and whether answers come from several."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

__all__ = ["UNTOLD", "Origin", "listed", "mixed_models", "mixture", "parts"]


@dataclass(frozen=True, slots=True)
class Origin:
    """Who gave an answer, by the server's own word; '' for what it does not tell.

    model          id that the answer carries
    configuration  system fingerprint: the version of the serving software and its settings
    provider       who served it, where a router tells
    """

    model: str = ""
    configuration: str = ""
    provider: str = ""


UNTOLD = Origin()
"""The origin of answers whose server tells nothing, and of those that no server gave."""

PARTS = {"model": "models", "configuration": "configurations", "provider": "providers"}
"""Fields of an origin, and the plural that people read."""


def parts(origins: Mapping[Origin, int], field: str) -> dict[str, int]:
    """How many answers carry which value of one field, most first; '' where none was told.

    >>> parts({Origin("a"): 2, Origin("a", "f"): 1}, "model")
    {'a': 3}
    """
    counts: dict[str, int] = {}
    for origin, count in origins.items():
        value = str(getattr(origin, field))
        counts[value] = counts.get(value, 0) + count
    return dict(sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])))


def mixed_models(origins: Mapping[Origin, int]) -> tuple[str, ...]:
    """Ids of the models that gave the answers, where they are more than one; else nothing."""
    named = tuple(name for name in parts(origins, "model") if name)
    return named if len(named) > 1 else ()


def mixture(origins: Mapping[Origin, int]) -> tuple[str, ...]:
    """Marks for answers that do not all come from one model, configuration and provider.

    A value that some answers carry and others do not is a mark of its own, since nobody can tell
    whether they are the same.

    >>> mixture({Origin("a", "f"): 2, Origin("a", "g"): 1})
    ('several-configurations',)
    """
    marks = []
    for field, plural in PARTS.items():
        told = parts(origins, field)
        if len([name for name in told if name]) > 1:
            marks.append(f"several-{plural}")
        elif len(told) > 1 and field == "model":
            marks.append("partly-unknown-model")
    return tuple(marks)


def listed(counts: Mapping[str, int], most: int = 6) -> str:
    """'a (12), b (3)' for people; the rest is counted.

    >>> listed({"a": 12, "": 3})
    'a (12), not told (3)'
    """
    shown: Iterable[tuple[str, int]] = list(counts.items())[:most]
    text = ", ".join(f"{name or 'not told'} ({count})" for name, count in shown)
    more = len(counts) - most
    return text + (f" and {more} more" if more > 0 else "")
