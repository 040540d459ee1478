"""What is wrong with a file, gathered to its end: every kind once, with its first places."""

from __future__ import annotations

from dataclasses import dataclass, field

from cladist.errors import InputError

__all__ = ["Problems", "RowProblem"]

SHOWN_PLACES = 3
SHOWN_KINDS = 8


class RowProblem(Exception):
    """One row cannot be used; the text says why and names no place.

    kind  what makes it the same problem as that of another row; the text where it is not given
    """

    def __init__(self, text: str, kind: str = "") -> None:
        super().__init__(text)
        self.text = text
        self.kind = kind or text


@dataclass
class _Found:
    text: str
    places: list[str]
    times: int = 0


@dataclass
class Problems:
    """Problems of one file, in the order in which their kinds were met.

    Examples
    --------
    >>> found = Problems("a.jsonl")
    >>> found.add("line 2", "model is missing")
    >>> found.add("line 5", "model is missing")
    >>> found.message()
    'a.jsonl, line 2: model is missing (also line 5)'
    """

    source: str
    _kinds: dict[str, _Found] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self._kinds)

    def add(self, place: str, text: str, kind: str = "") -> None:
        """One more problem at `place` ('' for the file itself)."""
        found = self._kinds.setdefault(kind or text, _Found(text, []))
        found.times += 1
        if len(found.places) < SHOWN_PLACES:
            found.places.append(place)

    def take(self, place: str, problem: RowProblem) -> None:
        """The problem of a row."""
        self.add(place, problem.text, problem.kind)

    def message(self) -> str:
        """All kinds on one line, each with its first places and how often it occurs."""
        parts = [self._said(f) for f in list(self._kinds.values())[:SHOWN_KINDS]]
        if len(self._kinds) > SHOWN_KINDS:
            parts.append(f"and {len(self._kinds) - SHOWN_KINDS} kinds of problems more")
        text = "; ".join(parts)
        return f"{self.source}{'' if text.startswith(': ') else ', '}{text}"

    def raise_any(self) -> None:
        """`InputError` with the message when there is any problem."""
        if self._kinds:
            raise InputError(self.message())

    def _said(self, found: _Found) -> str:
        first, *others = found.places
        said = f"{first}: {found.text}"
        more = found.times - len(found.places)
        if others:
            said += f" (also {', '.join(others)}{f' and {more} more' if more else ''})"
        return said
