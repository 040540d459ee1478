"""Border inputs: short contexts at which a model nearly gives another first token."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from cladist.errors import InputError

__all__ = [
    "Border", "BorderInput", "Kind", "Profile", "Query", "Reading", "departs", "from_data",
    "query_of", "to_data",
]  # fmt: skip

Kind = Literal["token", "log-probs"]
"""What is read at an input: the token that is said, or the log-probabilities of two tokens."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What one query brought.

    token  first token without blanks around it, '' for a blank one; None where none was told
    tops   log-probabilities of the likeliest tokens, by their text without blanks around it
    error  why there is no answer; '' when there is one
    """

    token: str | None = None
    tops: Mapping[str, float] | None = None
    error: str = ""

    @property
    def answered(self) -> bool:
        """Whether the query brought what it asked for."""
        return not self.error


@dataclass(frozen=True, slots=True)
class BorderInput:
    """A context, and what the reference said after it.

    token   the token that was said, or the likeliest
    rival   the next likeliest token; '' where that is not known
    margin  log-probability of `token` less that of `rival` (of `token` alone without a rival)
    slack   by how much an honest margin may differ
    """

    text: str
    kind: Kind
    token: str
    rival: str = ""
    margin: float = 0.0
    slack: float = 0.0


@dataclass(frozen=True, slots=True)
class Profile:
    """A context, and the log-probabilities of the likeliest tokens after it."""

    text: str
    tops: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Border:
    """What was learnt of a server: its inputs, and how often an honest answer departs.

    inputs    the pool that queries are drawn from
    interface through which it is asked: raw or chat
    limit     max_tokens of a query; more than 1 only where the server refuses 1
    drawn     queries that the rate of departures was learnt from, and `departed` of them
    needed    how many are to be drawn before the watch begins
    greedy    whether the server answers the same at temperature 0
    served    under which id it answered
    notes     what was found out about the server on the way
    queries   queries that learning took
    firm      inputs far from the border, which tell one kind of change from another
    by_look   (departed, drawn) of every look that the rate was learnt in
    profile   log-probabilities of the likeliest tokens at contexts that nothing was chosen by
    """

    inputs: tuple[BorderInput, ...]
    interface: Literal["raw", "chat"] = "chat"
    limit: int = 1
    drawn: int = 0
    departed: int = 0
    needed: int = 0
    greedy: bool = True
    served: str = ""
    notes: tuple[str, ...] = ()
    queries: int = 0
    firm: tuple[BorderInput, ...] = ()
    by_look: tuple[tuple[int, int], ...] = ()
    profile: tuple[Profile, ...] = ()

    @property
    def learnt(self) -> bool:
        """Whether enough was drawn for the watch to begin."""
        return self.drawn >= self.needed


@dataclass(frozen=True, slots=True)
class Query:
    """One query of a look, as it is kept: enough to tell again whether its answer departs.

    place  of the input in the pool, as the pool was then
    said   the token, or the margin where that is read (None where it was not told)
    longer whether more tokens were asked for: then the answer begins with the reference's
    error  why there is no answer; '' where there is one
    """

    place: int
    said: str | float | None = None
    longer: bool = False
    error: str = ""

    def departs(self, known: BorderInput) -> bool:
        """Whether the answer departs from the reference's; of an answered query alone.

        >>> Query(0, "b").departs(BorderInput("x", "token", "a"))
        True
        """
        if known.kind == "log-probs":
            close = isinstance(self.said, int | float) and not isinstance(self.said, bool)
            return not close or abs(float(self.said or 0.0) - known.margin) > known.slack
        if self.longer:
            return not str(self.said or "").startswith(known.token)
        return self.said != known.token


def query_of(place: int, reading: Reading, known: BorderInput, *, longer: bool = False) -> Query:
    """What is kept of a reading."""
    if not reading.answered:
        return Query(place, error=reading.error)
    if known.kind == "token":
        return Query(place, reading.token, longer)
    return Query(place, margin_of(reading.tops or {}, known.token, known.rival))


def departs(reading: Reading, known: BorderInput) -> bool:
    """Whether an answer departs from the reference's.

    >>> near = BorderInput("a b", "log-probs", "c", "d", 0.01, 0.02)
    >>> departs(Reading("c", {"c": -1.0, "d": -1.02}), near)
    False
    >>> departs(Reading("c", {"c": -1.0, "e": -1.02}), near)
    True
    """
    if known.kind == "token":
        return reading.token != known.token
    margin = margin_of(reading.tops or {}, known.token, known.rival)
    return margin is None or abs(margin - known.margin) > known.slack


def margin_of(tops: Mapping[str, float], token: str, rival: str) -> float | None:
    """Log-probability of a token less that of its rival; None where either was not told."""
    if token not in tops or (rival and rival not in tops):
        return None
    return tops[token] - (tops[rival] if rival else 0.0)


def to_data(border: Border) -> dict[str, Any]:
    """The border as JSON data."""
    return asdict(border)


def from_data(data: object) -> Border:
    """The border from JSON data; `InputError` says what is wrong with it."""
    try:
        fields = dict(_mapping(data))
        inputs = tuple(_input(_mapping(i)) for i in fields.pop("inputs"))
        firm = tuple(_input(_mapping(i)) for i in fields.pop("firm"))
        notes = tuple(map(str, fields.pop("notes")))
        # Version 0.3.0 kept no counts by look and no profile: its one rate stands.
        looks = tuple((int(a), int(b)) for a, b in fields.pop("by_look", ()))
        profile = tuple(_profile(_mapping(p)) for p in fields.pop("profile", ()))
        made = Border(
            inputs=inputs, firm=firm, notes=notes, by_look=looks, profile=profile, **fields
        )
    except (KeyError, TypeError, ValueError, AttributeError) as problem:
        raise InputError(f"no border inputs of a watch: {problem}") from None
    counts = (made.drawn, made.departed, made.needed, made.queries)
    whole = all(type(c) is int and c >= 0 for c in counts) and type(made.limit) is int
    if not whole or not inputs or made.departed > made.drawn or made.limit < 1:
        raise InputError("no border inputs of a watch: counts out of range, or no inputs")
    if any(not 0 <= a <= b for a, b in looks):
        raise InputError("no border inputs of a watch: counts of its looks out of range")
    if made.interface not in ("raw", "chat"):
        raise InputError(f"no border inputs of a watch: interface '{made.interface}'")
    return made


def _mapping(data: object) -> Mapping[str, Any]:
    if not isinstance(data, dict):
        raise TypeError("an object was expected")
    return data


def _profile(data: Mapping[str, Any]) -> Profile:
    made = Profile(str(data["text"]), {str(t): float(p) for t, p in data["tops"].items()})
    if not all(math.isfinite(p) and p <= 1e-3 for p in made.tops.values()):
        raise ValueError("a profile without log-probabilities")
    return made


def _input(data: Mapping[str, Any]) -> BorderInput:
    made = BorderInput(**data)
    texts: Sequence[object] = (made.text, made.token, made.rival)
    if not all(isinstance(t, str) for t in texts) or made.kind not in ("token", "log-probs"):
        raise TypeError("an input without text, token or kind")
    if not (math.isfinite(made.margin) and math.isfinite(made.slack) and made.slack >= 0):
        raise ValueError("an input without a margin")
    return made
