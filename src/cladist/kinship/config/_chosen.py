"""How a constant is written down: what it is, where it comes from, and what depends on it."""

from __future__ import annotations

from dataclasses import field
from typing import Any, TypeVar

_T = TypeVar("_T")


def chosen(value: _T, what: str, origin: str, moves: str) -> _T:
    """A field of a frozen config with this default; the words stand in its metadata.

    what    in a few words, what it is
    origin  a source, a derivation, or what it was chosen by
    moves   what depends on it, and how much
    """
    told = {"what": what, "origin": origin, "moves": moves}
    made: Any = field(default=value, metadata=told)
    return made  # type: ignore[no-any-return]
