"""Tables on terminals too narrow for them: a row becomes a few lines, its numbers whole."""

from __future__ import annotations

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderResult
from rich.table import Column, Table
from rich.text import Text

__all__ = ["LEAST_NAME", "FittingTable"]

LEAST_NAME = 12
"""Columns of the terminal below which a name is broken into too many pieces to be read."""


class FittingTable(Table):
    """A table whose rows are told line by line where the terminal has no room for its columns.

    Columns that may not wrap are numbers. All others are names, and need LEAST_NAME columns or as
    many as the longest of them has.
    """

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """The table, or its rows one under the other."""
        if self.row_count == 0 or self._needed() <= options.max_width:
            yield from super().__rich_console__(console, options)
            return
        if self.title:
            yield _text(self.title)
        texts = [[_text(cell) for cell in column._cells] for column in self.columns]
        heads = [_text(column.header).plain for column in self.columns]
        for cells in zip(*texts, strict=True):
            first, *rest = [(h, c) for h, c in zip(heads, cells, strict=True) if c.plain.strip()]
            yield Text("")
            yield Text.assemble(f"{first[0]} " if first[0] else "", first[1], style="bold")
            for head, cell in rest:
                yield Text.assemble(f"  {head}: " if head else "  ", cell)
        yield Text("")

    def _needed(self) -> int:
        return sum(_least(column) for column in self.columns) + 3 * len(self.columns)


def _least(column: Column) -> int:
    """Columns of the terminal that a column of the table cannot do without."""
    longest = max((cell_len(_text(c).plain) for c in [column.header, *column._cells]), default=0)
    return longest if column.no_wrap else min(longest, LEAST_NAME)


def _text(cell: object) -> Text:
    return cell.copy() if isinstance(cell, Text) else Text(str(cell))
