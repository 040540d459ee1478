"""What single answers show besides their meaning: habits of writing, words, and a conclusion."""

from __future__ import annotations

import re

import numpy as np
from numpy.typing import NDArray

__all__ = ["HABITS", "conclusion", "habits", "words"]

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

_WORD = re.compile(r"\w+")
_STOP = re.compile(r"[.!?。]+(?:\s|$)")
_ITEM = re.compile(r"\s*([-*•]|\d+[.)])\s")
_BOXED = re.compile(r"boxed\{([^{}]*(?:\{[^{}]*\}[^{}]*)*)\}")
_ANSWER = re.compile(r"\"?answer\"?\s*(?:[:=]|is)+\s*\"?([^\n\"]+)", re.IGNORECASE)
_VALUE = re.compile(r"-?\d[\d,]*(?:\.\d+)?|\\frac\{[^{}]*\}\{[^{}]*\}|\b[A-J]\b")
_NOISE = re.compile(r"[\s$,.{}\"\\]|dfrac|frac|text|left|right")


def words(text: str) -> list[str]:
    """Lower-cased words of the part of an answer that is read."""
    return _WORD.findall(text[:LONGEST].lower())


def habits(text: str) -> NDArray[np.float64]:
    """Numbers of one answer that is not blank, float64 (24,); `HABITS` names them."""
    text = text[:LONGEST]
    found = _WORD.findall(text)
    low = [w.lower() for w in found]
    n, count = len(text), len(found)
    lines = text.split("\n")
    sentences = max(1, len(_STOP.findall(text)))
    grams = list(zip(low, low[1:], low[2:], low[3:], strict=False))
    head = low[:80]
    return np.array(
        [
            np.log1p(n),
            np.log1p(count),
            np.log(sentences),
            np.log1p(count / sentences),
            np.log1p(len(lines)),
            sum(bool(_ITEM.match(line)) for line in lines) / len(lines),
            sum(map(len, low)) / max(1, count),
            len(set(head)) / max(1, len(head)),
            1 - len(set(grams)) / len(grams) if grams else 0.0,
            sum(map(str.isdigit, text)) / n,
            sum(map(str.isupper, text)) / n,
            sum(c > "\x7f" for c in text) / n,
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
            sum(len(w) > 7 for w in low) / max(1, count),
        ]
    )


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
