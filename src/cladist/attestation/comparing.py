"""A verdict as stated beside one that was computed again: where they differ, and how much."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

__all__ = ["Differences", "differences"]

RELATIVE, ABSOLUTE = 1e-6, 1e-9
"""Differences of numbers that other processors and libraries make by rounding."""
WORDS = frozenset({"reason", "basis"})
"""Fields that say in words what others say in numbers, rounded: a rounding may turn a digit."""
MOST = 20
_NUMBER = re.compile(r"\d+(?:\.\d+)?(?:e-?\d+)?%?")


@dataclass(frozen=True)
class Differences:
    """Where two results differ, as 'place: stated, computed'.

    real      what is not rounding, the first MOST
    rounding  how many numbers, or words about them, differ by rounding alone
    """

    real: tuple[str, ...]
    rounding: int


def differences(stated: Any, computed: Any) -> Differences:
    """Compare two results of plain JSON data.

    >>> differences({"p": 0.1, "verdict": "same"}, {"p": 0.1 + 1e-12, "verdict": "changed"}).real
    ("verdict: stated 'same', computed 'changed'",)
    """
    real: list[str] = []
    close = _walk(stated, computed, "", real)
    return Differences(tuple(real[:MOST]), close)


def _walk(a: Any, b: Any, place: str, real: list[str]) -> int:
    if isinstance(a, dict) and isinstance(b, dict) and set(a) == set(b):
        return sum(_walk(a[k], b[k], f"{place}.{k}".lstrip("."), real) for k in a)
    if isinstance(a, list) and isinstance(b, list) and len(a) == len(b):
        return sum(_walk(x, y, f"{place}[{i}]", real) for i, (x, y) in enumerate(zip(a, b)))
    if a == b and isinstance(a, bool) == isinstance(b, bool):
        return 0
    if _number(a) and _number(b):
        if abs(a - b) <= ABSOLUTE + RELATIVE * max(abs(a), abs(b)):
            return 1
    elif _words(a, b) and place.rpartition(".")[2] in WORDS:
        return 1
    real.append(f"{place or 'result'}: stated {a!r:.60}, computed {b!r:.60}")
    return 0


def _words(a: Any, b: Any) -> bool:
    """Whether two sentences differ in numbers alone."""
    if not isinstance(a, str) or not isinstance(b, str):
        return False
    return _NUMBER.sub("#", a) == _NUMBER.sub("#", b)


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
