"""Tables and numbers of the lab's documents."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["images", "number", "share", "table_of"]


def table_of(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table in Markdown."""
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return "\n".join([*lines, *("| " + " | ".join(r) + " |" for r in rows)])


def number(value: float | None, digits: int = 3) -> str:
    """A number, '-' where there is none."""
    return "-" if value is None else f"{value:.{digits}f}"


def share(value: float | None) -> str:
    """A share in percent, '-' where there is none."""
    return "-" if value is None else f"{value:.0%}"


def images(pictures: Sequence[str], *wanted: str) -> str:
    """Those of the `wanted` pictures that there are, in Markdown; '' for none."""
    shown = [f"![{p.removesuffix('.png')}](images/{p})" for p in wanted if p in pictures]
    return "\n\n" + "\n\n".join(shown) if shown else ""
