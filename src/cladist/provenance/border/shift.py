"""How far first-token probabilities moved since the reference, and whether alike everywhere.

Light changes of a deployment turn few tokens, and move all probabilities. Rounding the weights
moves each context in a way of its own; long training moves a token alike at many contexts.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

__all__ = ["LEAST", "MOST", "Shift", "shifted"]

MOST = 120
"""Contexts that are kept of a learning, and read again after a change."""
LEAST = 40
"""Contexts below which nothing is said."""

Tops = Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Shift:
    """What moved.

    size    share of the probability of the likeliest tokens that went elsewhere, mean of contexts
    shared  share of the squared change of a token that is the same at other contexts
    """

    size: float
    shared: float


def shifted(before: Sequence[Tops], now: Sequence[Tops | None]) -> Shift | None:
    """The shift between log-probabilities of the likeliest tokens at the same contexts.

    None for a context that was not answered; None is returned for fewer than `LEAST` others.

    >>> calm = [{"a": -0.7, "b": -0.9}] * 60
    >>> shifted(calm, calm)
    Shift(size=0.0, shared=0.0)
    >>> round(shifted(calm, [{"a": -0.9, "b": -0.7}] * 60).shared, 6)
    1.0
    """
    told = [(a, b) for a, b in zip(before, now, strict=True) if b and len(a) > 1]
    if len(told) < LEAST:
        return None
    gone = [sum(max(0.0, math.exp(p) - _chance(b, t)) for t, p in a.items()) for a, b in told]
    by_token: dict[str, list[float]] = defaultdict(list)
    for a, b in told:
        for token, change in _changes(a, b).items():
            by_token[token].append(change)
    alike = squares = 0.0
    for found in by_token.values():
        if len(found) > 1:
            square = sum(x * x for x in found)
            alike += (sum(found) ** 2 - square) / (len(found) - 1)
            squares += square
    return Shift(sum(gone) / len(gone), alike / squares if squares else 0.0)


def _chance(tops: Tops, token: str) -> float:
    return math.exp(tops[token]) if token in tops else 0.0


def _changes(before: Tops, now: Tops) -> dict[str, float]:
    """Changes of log-probabilities of the tokens told both times, less their weighted mean."""
    common = [t for t in before if t in now]
    weight = sum(math.exp(before[t]) for t in common)
    if len(common) < 2 or not weight:
        return {}
    mean = sum(math.exp(before[t]) * (now[t] - before[t]) for t in common) / weight
    return {t: now[t] - before[t] - mean for t in common}
