"""Sentences of a report: no name is ever altered, and no count is in the wrong number."""

from __future__ import annotations

from collections.abc import Iterable

__all__ = ["listing", "many", "sentence"]


def sentence(text: str, names: Iterable[str] = ()) -> str:
    """A reason as a sentence: a capital at its start unless a name stands there, and a stop.

    >>> sentence("too few probes"), sentence("unsloth_x is later", ["unsloth_x"])
    ('Too few probes.', 'unsloth_x is later.')
    """
    named = any(n and text.startswith(n) for n in names)
    made = text if named else text[:1].upper() + text[1:]
    return made if made.endswith((".", "!", "?")) else made + "."


def listing(names: Iterable[str]) -> str:
    """Names as 'a', 'a and b', or 'a, b and c'.

    >>> listing(["a", "b", "c"])
    'a, b and c'
    """
    every = list(names)
    return " and ".join([", ".join(every[:-1]), every[-1]] if len(every) > 2 else every)


def many(count: int, one: str, several: str = "") -> str:
    """A count with its noun.

    >>> many(1, "character"), many(3, "character")
    ('1 character', '3 characters')
    """
    return f"{count} {one if count == 1 else several or one + 's'}"
