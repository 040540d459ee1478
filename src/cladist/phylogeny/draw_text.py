"""A tree in plain text for the terminal."""

from __future__ import annotations

import math
from dataclasses import dataclass

from rich.cells import cell_len, set_cell_size

from cladist.core.text import printable
from cladist.core.tree import Tree
from cladist.errors import InputError
from cladist.phylogeny.arrays import TreeArrays, to_arrays

_UP, _DOWN, _LEFT, _RIGHT = 1, 2, 4, 8
# Indexed by the sum of the directions in which a cell has a line.
_UNICODE = " ╵╷│╴┘┐┤╶└┌├─┴┬┼"
_ASCII = " |||-'.+-`.+-+++"


def draw_text(tree: Tree, width: int = 100, support: bool = True, unicode: bool = True) -> str:
    """The tree as lines of text, at most `width` columns wide, one leaf a line.

    Branches are drawn to scale as far as the columns allow, and every inner node gets a column
    of its own where there are enough of them. A model on an inner node is shown as a leaf at
    that node, marked '*'. Support is a percentage on the branch, where it has room. Long names
    are cut; control characters in them are shown escaped. The last line is a scale bar.
    """
    if width < 20:
        raise InputError(f"a tree needs at least 20 columns, got {width}")
    picture = _arrange(to_arrays(tree), width)
    glyphs = _UNICODE if unicode else _ASCII
    grid = [[0] * picture.columns for _ in range(picture.lines)]
    for i, above in enumerate(picture.parent):
        if above < 0:
            continue
        x, y, top = picture.x[above], picture.y[i], picture.y[above]
        _line(grid[y], x, picture.x[i])
        for row in range(min(y, top), max(y, top)):
            grid[row][x] |= _DOWN
            grid[row + 1][x] |= _UP
    text = [[glyphs[cell] for cell in row] for row in grid]
    if support:
        for i, share in enumerate(picture.support):
            if share is not None:
                _write(text[picture.y[i]], picture.x[picture.parent[i]], picture.x[i], share)
    out: list[str] = []
    for line, label, end in zip(text, picture.labels, picture.end, strict=True):
        # The line stops where its leaf stands; the name follows at once.
        out.append(_cut("".join(line[: end + 1]) + " " + label, width, unicode).rstrip())
    if picture.unit:
        bar = glyphs[_RIGHT | _UP | _DOWN] + glyphs[_LEFT | _RIGHT] * (picture.bar - 2)
        out.append(f"{bar}{glyphs[_LEFT | _UP | _DOWN]} {picture.unit:g}")
    return "\n".join(out) + "\n"


@dataclass(frozen=True)
class _Picture:
    """Cells of every drawn node, and per line the label and the column where its leaf stands."""

    parent: list[int]
    x: list[int]
    y: list[int]
    support: list[str | None]
    labels: list[str]
    end: list[int]
    lines: int
    columns: int
    unit: float
    bar: int


def _arrange(flat: TreeArrays, width: int) -> _Picture:
    flat_children = flat.children()
    parent = flat.parent.tolist()
    depth = flat.depths().tolist()
    levels = [0] * len(flat)
    for i in range(1, len(flat)):
        levels[i] = levels[parent[i]] + 1
    shown = [printable(name) for name in flat.names]
    longest = max(cell_len(s) for s in shown) + 3
    area = width - min(longest, max(width // 2, width - max(levels) * 3 - 2)) - 1
    area = max(area, 8)
    # Two columns a level if they fit, then one; a ladder deeper than the page shares columns.
    step = 2 if max(levels) * 2 <= area else int(max(levels) <= area)
    scale = area / max(depth) if max(depth) > 0 else 0.0
    x, scale = _columns(parent, depth, levels, step, scale, area)
    y = [0] * len(flat)
    labels: list[str] = []
    end: list[int] = []
    extra: list[tuple[int, int]] = []  # (node, line) of models that sit on inner nodes
    for i in range(len(flat)):
        if flat_children[i] and not shown[i]:
            continue
        if flat_children[i]:
            extra.append((i, len(labels)))
        y[i] = len(labels)
        labels.append(shown[i] + (" *" if flat_children[i] else ""))
        end.append(x[i])
    for i in range(len(flat) - 1, -1, -1):
        if flat_children[i]:
            rows = [y[c] for c in flat_children[i]]
            first = y[i] if shown[i] else rows[0]
            y[i] = (first + rows[-1]) // 2
    support = [
        None if s != s or flat.parent[i] < 0 else f"{s * 100:.0f}"
        for i, s in enumerate(flat.support.tolist())
    ]
    for node, line in extra:
        parent.append(node)
        x.append(x[node])
        y.append(line)
        support.append(None)
    unit, bar = _scale_bar(scale, area)
    return _Picture(parent, x, y, support, labels, end, len(labels), max(x) + 1, unit, bar)


def _columns(
    parent: list[int], depth: list[float], levels: list[int], step: int, scale: float, area: int
) -> tuple[list[int], float]:
    """Column of every node: to scale, `step` past its parent at least, within the area.

    Also the scale that they have in the end, in columns per unit.
    """
    while True:
        x = [0] * len(parent)
        for i in range(1, len(parent)):
            x[i] = max(x[parent[i]] + step, round(depth[i] * scale))
        # Columns that short branches were given push the deepest leaves out of the area.
        if max(x) <= area or step == 0 or max(depth) * scale < 0.5:
            return [min(value, area) for value in x], scale
        scale *= 0.8


def _scale_bar(scale: float, area: int) -> tuple[float, int]:
    """A round number of distance and its columns, about a fifth of the area; (0, 0) if none."""
    if scale <= 0:
        return 0.0, 0
    unit = round_length(area / 5 / scale)
    return unit, max(round(unit * scale), 2)


def round_length(wanted: float) -> float:
    """The largest of 1, 2 or 5 times a power of ten that is not above `wanted` > 0."""
    power = 10.0 ** math.floor(math.log10(wanted))
    return max((m * power for m in (1, 2, 5) if m * power <= wanted), default=power)


def _line(row: list[int], start: int, stop: int) -> None:
    """A horizontal line in a row of cells."""
    if start == stop:
        return
    row[start] |= _RIGHT
    for column in range(start + 1, stop):
        row[column] |= _LEFT | _RIGHT
    row[stop] |= _LEFT


def _write(row: list[str], start: int, stop: int, text: str) -> None:
    """Text on a branch, one cell of line left on either side of it."""
    if stop - start - 1 >= len(text) + 1:
        row[stop - len(text) : stop] = text


def _cut(line: str, width: int, unicode: bool) -> str:
    if cell_len(line) <= width:
        return line
    mark = "…" if unicode else "~"
    return set_cell_size(line, width - 1).rstrip() + mark
