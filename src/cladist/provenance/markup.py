"""Text of unknown origin in a page: nothing in it can act, and nothing in it is invisible."""

from __future__ import annotations

import re
import unicodedata
from html import escape

from cladist.provenance.wording import many

__all__ = ["answer", "escaped", "number", "row"]

LONGEST_WORD = 200
"""Characters of a word, such as a name, that are shown; as on the page of the atlas."""

_LONG = re.compile(rf"\S{{{LONGEST_WORD + 1},}}")

MOST_LINES = 12
"""Lines of an answer that are shown."""


def escaped(text: str, *, whole: bool = False) -> str:
    """For HTML text and attributes; control, format and bidirectional characters as \\uXXXX.

    Words of more than LONGEST_WORD characters are cut unless `whole` is asked for: one name of some
    thousands would keep a layout of pages busy for minutes.

    >>> escaped("<b>"), escaped("x" * 300)[-3:]
    ('&lt;b&gt;', 'xx…')
    """
    if not whole:
        text = _LONG.sub(lambda m: f"{m.group()[:LONGEST_WORD]}…", text)
    plain = "".join(c if c.isprintable() or c in " \n" else _visible(c) for c in text)
    return escape(plain, quote=True)


def _visible(c: str) -> str:
    # Spaces of other widths are spaces: Chinese paragraphs begin with two.
    return (
        " "
        if unicodedata.category(c) == "Zs"
        else c.encode("unicode_escape", "backslashreplace").decode("ascii")
    )


def answer(text: str, shared: int = 0, longest: int = 600, lines: int = MOST_LINES) -> str:
    """An answer in a box of its own direction; its first `shared` characters are marked.

    Of more than `lines` lines the first are shown and the others counted: an answer of line
    breaks alone would fill page after page.
    """
    if not text:
        return '<p class="answer empty">(no answer)</p>'
    every = text.split("\n")
    shown = "\n".join(every[:lines])
    same, rest = shown[:shared], shown[shared:]
    marked = f"<mark>{escaped(same, whole=True)}</mark>" if same else ""
    more = "…" if len(text) >= longest or len(every) > lines else ""
    left = many(len(every) - lines, "more line")
    note = f'<p class="small soft">… {left}, not shown here.</p>' if len(every) > lines else ""
    return f'<p class="answer" dir="auto">{marked}{escaped(rest, whole=True)}{more}</p>{note}'


def number(value: float | None, form: str = ".2g") -> str:
    """A number, or a dash for None and NaN."""
    return "–" if value is None or value != value else format(value, form)


def row(cells: list[str], head: bool = False) -> str:
    """A table row of ready-made cells; the first one is a heading of its row."""
    if head:
        return "<tr>" + "".join(f'<th scope="col">{c}</th>' for c in cells) + "</tr>"
    return (
        f'<tr><th scope="row">{cells[0]}</th>'
        + "".join(f"<td>{c}</td>" for c in cells[1:])
        + "</tr>"
    )
