"""Things that several commands show."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.cells import cell_len

from cladist.cli.common import one_line, out, table

if TYPE_CHECKING:
    from rich.table import Table

    from cladist.core.distances import DistanceMatrix
    from cladist.core.tree import Tree

SHOWN = 16
"""Models of a matrix that are shown."""


def matrix_tables(matrix: DistanceMatrix, title: str, width: int) -> list[Table]:
    """The upper left of a distance matrix for people, as many columns beside each other as fit.

    `width` is that of the terminal; what has no room beside the first columns stands below them.
    """
    ids = matrix.ids[:SHOWN]
    names = [
        f"{i + 1:2} {one_line(name, min(40, max(12, width // 3)))}" for i, name in enumerate(ids)
    ]
    cells = [[f"{matrix.matrix[i, j]:.3f}" for j in range(i)] + ["·"] for i in range(len(ids))]
    number = max(len(c) for row in cells for c in row) + 3
    beside = max(1, (width - max(map(cell_len, names)) - 3) // number)
    made = []
    for start in range(0, len(ids), beside):
        block = range(start, min(start + beside, len(ids)))
        heads = [str(j + 1) for j in block]
        rows = table("", *heads, right=tuple(heads), title=title if start == 0 else None)
        for i in range(start, len(ids)):
            rows.add_row(names[i], *(cells[i][j] if j <= i else "" for j in block))
        made.append(rows)
    return made


def print_tree(made: Tree) -> None:
    """A tree as text, as wide as the terminal."""
    import cladist

    console = out()
    console.print(
        cladist.draw_text(made, width=min(console.width, 120)), soft_wrap=True, markup=False
    )
