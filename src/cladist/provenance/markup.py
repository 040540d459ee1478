"""Text of unknown origin in a page: nothing in it can act, and nothing in it is invisible."""

from __future__ import annotations

from html import escape

__all__ = ["answer", "escaped", "number", "row"]


def escaped(text: str) -> str:
    """For HTML text and attributes; control, format and bidirectional characters as \\uXXXX."""
    plain = "".join(c if c.isprintable() or c in " \n" else _visible(c) for c in text)
    return escape(plain, quote=True)


def _visible(c: str) -> str:
    return " " if c == "\u00a0" else c.encode("unicode_escape", "backslashreplace").decode("ascii")


def answer(text: str, shared: int = 0, longest: int = 600) -> str:
    """An answer in a box of its own direction; its first `shared` characters are marked."""
    if not text:
        return '<p class="answer empty">(no answer)</p>'
    same, rest = text[:shared], text[shared:]
    marked = f"<mark>{escaped(same)}</mark>" if same else ""
    more = "…" if len(text) >= longest else ""
    return f'<p class="answer" dir="auto">{marked}{escaped(rest)}{more}</p>'


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
