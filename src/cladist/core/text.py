"""Text from outside, made safe to show."""

from __future__ import annotations


def printable(text: str) -> str:
    """`text` with control, format and other invisible characters escaped as in Python source.

    Names and answers of models may hold terminal escapes, line breaks or marks that turn the
    direction of writing; shown like this they cannot act. O(length).
    """
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
