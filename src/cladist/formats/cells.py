"""Cells of the CSV files that are written here, of which no spreadsheet makes a formula.

A cell that begins with =, +, -, @, a tab or a carriage return is run by spreadsheets, and names
of models come from anywhere. Such a text gets a leading apostrophe, as OWASP recommends ("CSV
Injection"), and readers here take it off again, so that a table tells the same names after it was
written and read. Numbers stay as they are.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Sequence

__all__ = ["csv_text", "guarded", "unguarded"]

_RUN = re.compile(r"'*[=+\-@\t\r]")
_GUARDED = re.compile(r"'+[=+\-@\t\r]")
_BOTH = "\r\n"
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)


def guarded(cell: object) -> object:
    """A cell as it is written: text that would be run is led by an apostrophe.

    >>> [guarded(x) for x in ("=1+1", "'=x", "org/a", "-1.5", -1.5, None)]
    ["'=1+1", "''=x", 'org/a', '-1.5', -1.5, None]
    """
    if isinstance(cell, str) and _RUN.match(cell) and not _NUMBER.fullmatch(cell):
        return f"'{cell}"
    return cell


def unguarded(text: str) -> str:
    """A cell as it is read: what `guarded` made of it is undone.

    >>> [unguarded(x) for x in ("'=1+1", "''=x", "'tis", "org/a")]
    ['=1+1', "'=x", "'tis", 'org/a']
    """
    return text[1:] if _GUARDED.match(text) else text


def csv_text(rows: Iterable[Sequence[object]], *, delimiter: str = ",", newline: str = "\n") -> str:
    """Rows, the header first, as the text of a table.

    >>> csv_text([("model", "x"), ("=cmd", -1.0), ("a,b", 2)])
    'model,x\\n\\'=cmd,-1.0\\n"a,b",2\\n'
    """
    # A writer of lines that end in both characters quotes cells that hold either of them.
    writer = csv.writer(_Line(), delimiter=delimiter, lineterminator=_BOTH)
    lines = (str(writer.writerow([guarded(cell) for cell in row])) for row in rows)
    return "".join(line.removesuffix(_BOTH) + newline for line in lines)


class _Line:
    """Hands back what is written to it."""

    def write(self, text: str) -> str:
        return text
