"""Things that several commands show."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cladist.cli.common import one_line, out, table

if TYPE_CHECKING:
    from rich.table import Table

    from cladist.core.distances import DistanceMatrix
    from cladist.core.tree import Tree

SHOWN = 16
"""Models of a matrix that are shown."""


def matrix_table(matrix: DistanceMatrix, title: str) -> Table:
    """The upper left of a distance matrix as a table for people."""
    ids = matrix.ids[:SHOWN]
    rows = table("", *(str(i + 1) for i in range(len(ids))), title=title)
    for column in rows.columns[1:]:
        column.justify = "right"
    for i, name in enumerate(ids):
        cells = [
            "·" if i == j else f"{matrix.matrix[i, j]:.3f}" if j < i else ""
            for j in range(len(ids))
        ]
        rows.add_row(f"{i + 1:2} {one_line(name, 40)}", *cells)
    return rows


def print_tree(made: Tree) -> None:
    """A tree as text, as wide as the terminal."""
    import cladist

    console = out()
    console.print(
        cladist.draw_text(made, width=min(console.width, 120)), soft_wrap=True, markup=False
    )
