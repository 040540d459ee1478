"""What a reader who does not know an answer's language should know of it: script, repetition."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter

__all__ = ["told_of"]

_SCRIPTS = {
    "CJK": "Chinese characters", "HIRAGANA": "Japanese", "KATAKANA": "Japanese",
    "HANGUL": "Korean", "CYRILLIC": "Cyrillic", "ARABIC": "Arabic", "DEVANAGARI": "Devanagari",
    "GREEK": "Greek", "HEBREW": "Hebrew", "THAI": "Thai", "BENGALI": "Bengali", "TAMIL": "Tamil",
}  # fmt: skip
MOSTLY = 0.3
"""Share of letters from which on a script is told."""
TIMES = 3
"""Repetitions from which on an answer is said to repeat itself."""
_LOOP = re.compile(r"(.{1,120}?)\1{2,}", re.DOTALL)


def told_of(text: str) -> str:
    """A sentence on the writing of an answer and on its going in circles, '' for neither.

    >>> told_of("To be, or not to be.")
    ''
    >>> told_of("明月光。" * 5)
    'Written in Chinese characters. From character 1 on it repeats the same 4 characters.'
    """
    letters = Counter(unicodedata.name(c, "").partition(" ")[0] for c in text if c.isalpha())
    total = sum(letters.values())
    found = [
        _SCRIPTS[s] for s, n in letters.most_common(3) if s in _SCRIPTS and n >= MOSTLY * total
    ]
    out = [f"Written in {' and '.join(dict.fromkeys(found))}."] if found else []
    loop = max(_LOOP.finditer(text), key=lambda m: len(m.group()), default=None)
    if loop is not None and len(loop.group()) >= len(text) / 3 and len(loop.group()) >= 12:
        unit = len(loop.group(1))
        same = "the same character" if unit == 1 else f"the same {unit} characters"
        out.append(f"From character {loop.start() + 1} on it repeats {same}.")
    return " ".join(out)
