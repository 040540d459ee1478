"""What single answers show besides their meaning: habits of writing, words, and a conclusion."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

__all__ = ["HABITS", "conclusion", "habits", "read", "words"]

LONGEST = 4000
"""Characters of an answer that are read; the end is always read for the conclusion."""

HABITS = (
    "characters",
    "words",
    "sentences",
    "words a sentence",
    "lines",
    "share of list lines",
    "characters a word",
    "distinct among first 80 words",
    "repeated 4-grams of words",
    "digits",
    "capitals",
    "beyond ASCII",
    "commas",
    "bold marks",
    "exclamation marks",
    "double quotes",
    "parentheses",
    "ends with a closing mark",
    "begins with I",
    "says sorry early",
    "begins in lower case",
    "has a backslash",
    "colons",
    "share of long words",
)
"""Names of the entries of `habits`; counts of characters and lines are logarithms or shares."""

LONG = 7
"""Characters that a long word has more of."""

_WORD = re.compile(r"\w+")
_STOP = re.compile(r"[.!?。]+(?:\s|$)")
_ITEM = re.compile(r"^[^\S\n]*(?:[-*•]|\d+[.)])[^\S\n]", re.MULTILINE)
_UNEVEN = "İΣ"
"""Letters that a whole text and a single word do not lower alike."""
_ASCII = re.compile(r"[\x00-\x7f]+")
_DIGITS, _CAPITALS = b"0123456789", b"ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_BOXED = re.compile(r"boxed\{([^{}]*(?:\{[^{}]*\}[^{}]*)*)\}")
_ANSWER = re.compile(r"\"?answer\"?\s*(?:[:=]|is)+\s*\"?([^\n\"]+)", re.IGNORECASE)
_VALUE = re.compile(r"-?\d[\d,]*(?:\.\d+)?|\\frac\{[^{}]*\}\{[^{}]*\}|\b[A-J]\b")
_NOISE = re.compile(r"[\s$,.{}\"\\]|dfrac|frac|text|left|right")


def words(text: str) -> list[str]:
    """Lower-cased words of the part of an answer that is read."""
    return _WORD.findall(text[:LONGEST].lower())


def habits(text: str) -> NDArray[np.float64]:
    """Numbers of one answer that is not blank, float64 (24,); `HABITS` names them."""
    return read(text)[0]


def read(text: str) -> tuple[NDArray[np.float64], list[str]]:
    """`habits` and `words` of an answer that is not blank; about 0.15 ms, counted in C."""
    text = text[:LONGEST]
    found = _WORD.findall(text)
    # Words are lowered one by one: a letter that becomes two must not part a word.
    low = " ".join(found).lower().split(" ") if found else []
    plain = words(text) if any(letter in text for letter in _UNEVEN) else low
    return _habits(text, low), plain


def _habits(text: str, low: Sequence[str]) -> NDArray[np.float64]:
    n, count = len(text), len(low)
    line_count = text.count("\n") + 1
    sentences = max(1, len(_STOP.findall(text)))
    grams = max(0, count - 3)
    distinct = len(set(zip(low, low[1:], low[2:], low[3:], strict=False)))
    head, lengths = low[:80], list(map(len, low))
    digits, capitals, foreign = _kinds(text)
    return np.array(
        [
            np.log1p(n),
            np.log1p(count),
            np.log(sentences),
            np.log1p(count / sentences),
            np.log1p(line_count),
            len(_ITEM.findall(text)) / line_count,
            sum(lengths) / max(1, count),
            len(set(head)) / max(1, len(head)),
            1 - distinct / grams if grams else 0.0,
            digits / n,
            capitals / n,
            foreign / n,
            100 * text.count(",") / n,
            100 * text.count("**") / n,
            100 * text.count("!") / n,
            100 * text.count('"') / n,
            100 * text.count("(") / n,
            float(text.rstrip()[-1:] in tuple('.!?`)}”"')),
            float(low[:1] == ["i"]),
            float("sorry" in low[:20]),
            float(text.lstrip()[:1].islower()),
            float("\\" in text),
            100 * text.count(":") / n,
            sum(map(LONG.__lt__, lengths)) / max(1, count),
        ]
    )


def _kinds(text: str) -> tuple[int, int, int]:
    """Digits, capitals, and characters beyond ASCII of a text."""
    plain = text.encode("ascii", "ignore")
    digits = len(plain) - len(plain.translate(None, _DIGITS))
    capitals = len(plain) - len(plain.translate(None, _CAPITALS))
    foreign = len(text) - len(plain)
    if foreign:
        rest = _ASCII.sub("", text)
        digits += sum(map(str.isdigit, rest))
        capitals += sum(map(str.isupper, rest))
    return digits, capitals, foreign


def conclusion(text: str) -> str:
    """What an answer comes to, in a form that can be compared; '' where none is seen.

    The last boxed expression, else what follows the last 'answer:' or 'answer is', else the last
    number, fraction or option letter within the last 200 characters; without blanks and marks.
    No key of right answers is used: models that conclude alike may all be wrong.
    """
    boxed = _BOXED.findall(text[-600:])
    stated = [] if boxed else _ANSWER.findall(text[-400:])
    values = [] if boxed or stated else _VALUE.findall(text[-200:])
    last = next((found[-1] for found in (boxed, stated, values) if found), "")
    return _NOISE.sub("", last).lower()[:40]
