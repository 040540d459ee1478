"""Text from outside: made safe to show, and compared but for what changes every time."""

from __future__ import annotations

import re


def printable(text: str) -> str:
    """`text` with control, format and other invisible characters escaped as in Python source.

    Names and answers of models may hold terminal escapes, line breaks or marks that turn the
    direction of writing; shown like this they cannot act. O(length).
    """
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def same_words(words: str) -> str:
    """Words without what differs from call to call: numbers, ids, times.

    >>> same_words("try again in 12 s (req_8f3a9c)") == same_words("try again in 3 s (req_77aa01)")
    True
    """
    return re.sub(r"[\w-]*\d[\w.-]*", "0", words).casefold()[:200]
