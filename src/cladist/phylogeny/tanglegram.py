"""Two trees face to face, with lines between equal names."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from cladist.core.optional import needed
from cladist.core.text import printable
from cladist.core.tree import Tree
from cladist.errors import InputError
from cladist.phylogeny.arrays import TreeArrays, to_arrays
from cladist.phylogeny.declared import untangled
from cladist.phylogeny.draw import text_width
from cladist.phylogeny.layout import rectangular
from cladist.phylogeny.palette import INK, OTHER_COLOUR, marks
from cladist.phylogeny.picture import kind_of, save_figure, steadily
from cladist.phylogeny.row_words import labels_of, remarks_of
from cladist.phylogeny.rows import MOST_ROWS, Row, RowTree, collapsed_pair, parting

WIDTH = 13.0
"""Of the picture, in inches."""
CAPTION = 200
"""Characters of a line of the caption, which fill the width."""
Floats = NDArray[np.float64]

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def draw_tanglegram(
    left: Tree,
    right: Tree,
    path: Path,
    groups: Mapping[str, str] | None = None,
    titles: tuple[str, str] = ("declared", "measured"),
    families: Mapping[str, str] | None = None,
) -> tuple[str, ...]:
    """Draw both trees into `path` (.svg, .png, .pdf), turned so that few lines cross.

    Lines bear the colours of the groups. Leaves of one tree only have no line. Where a tree has
    more than `MOST_ROWS` leaves, both are collapsed by `families` (the groups unless given), as
    `rows.collapsed_pair` says; without any, clades that both trees have come first. Rows bear
    their counts, and lines are as wide as their models are many.

    Returns what was collapsed, in sentences that also stand below the picture; none where every
    leaf has its row. `InputError` for another ending or no common leaf.
    """
    kind_of(path)
    common = set(left.leaves()) & set(right.leaves())
    if not common:
        raise InputError("a tanglegram needs common leaves; there are 0 common")
    with needed("Drawing pictures", "plots"):
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure

    known = groups or {}
    kin = parting(known if families is None else families, left, right)
    pair = collapsed_pair(left, right, kin, MOST_ROWS)
    remarks = remarks_of(pair, kin, titles)
    models = _links(pair, common)
    links = {(str(a), str(b)): len(names) for (a, b), names in models.items()}
    height = 0.155 * max(len(side.rows) for side in pair) + 0.6
    lines = [line for r in remarks for line in textwrap.wrap(printable(r), CAPTION)]
    floor = 0.14 * len(lines) + 0.15 if lines else 0.0
    with steadily():
        figure = Figure(figsize=(WIDTH, height + floor))
        FigureCanvasAgg(figure)
        axes = figure.add_axes((0, 0, 1, 1), xlim=(0, WIDTH), ylim=(-floor, height))
        axes.set_axis_off()
        turned = untangled(pair[0].tree, pair[1].tree, links=links)
        ends = [
            _side(axes, tree, made, labels_of(made, kin), height, titles[at], mirrored=bool(at))
            for at, (tree, made) in enumerate(zip(turned, pair, strict=True))
        ]
        _draw_links(axes, models, ends, known)
        for k, line in enumerate(lines):
            axes.text(
                0.2, -0.14 * k, line, fontsize=7, va="top", color=INK, parse_math=False
            )  # fmt: skip
        save_figure(figure, path)
    return remarks


def _links(
    pair: tuple[RowTree, RowTree], common: set[str]
) -> dict[tuple[int, int], tuple[str, ...]]:
    """The models that a row of the left and one of the right have in common."""
    left, right = pair[0].row_of(), pair[1].row_of()
    found: dict[tuple[int, int], list[str]] = {}
    for name in sorted(common):
        found.setdefault((left[name], right[name]), []).append(name)
    return {key: tuple(names) for key, names in found.items()}


def _draw_links(
    axes: Axes,
    models: Mapping[tuple[int, int], tuple[str, ...]],
    ends: list[dict[str, tuple[float, float]]],
    known: Mapping[str, str],
) -> None:
    legend = marks(known, sorted(n for names in models.values() for n in names))
    met = Counter(a for a, _ in models)
    for (a, b), names in models.items():
        inside = {known.get(name, "") for name in names}
        group = inside.pop() if len(inside) == 1 else ""
        colour = legend[group].colour if group in legend else OTHER_COLOUR
        (x0, y0), (x1, y1) = ends[0][str(a)], ends[1][str(b)]
        many = len(names)
        axes.plot([x0, x1], [y0, y1], color=colour, lw=0.8 + 0.6 * np.log2(many), alpha=0.8)
        if many > 1:
            # Lines that leave one row part with the way, so their numbers stand further on.
            at = 0.06 if met[a] == 1 else 0.45
            place = (x0 + at * (x1 - x0), y0 + at * (y1 - y0))
            box = {"boxstyle": "square,pad=0.1", "fc": "white", "ec": "none", "alpha": 0.8}
            axes.text(
                *place,
                str(many),
                fontsize=6,
                ha="center",
                va="center",
                color=INK,
                bbox=box,
                zorder=4,
            )


def _side(
    axes: Axes,
    tree: Tree,
    made: RowTree,
    labels: tuple[str, ...],
    height: float,
    title: str,
    *,
    mirrored: bool,
) -> dict[str, tuple[float, float]]:
    """One tree with the names of its rows; where the line of each begins."""
    with needed("Drawing pictures", "plots"):
        from matplotlib.collections import LineCollection, PolyCollection

    flat = to_arrays(tree)
    placed = rectangular(flat, {})
    reach = {i: _row(made, flat, i).reach for i in flat.leaves.tolist()}
    deepest = max(*(float(placed.x[i]) + r for i, r in reach.items()), 1e-300)
    wide = {i: r / deepest * 2.8 for i, r in reach.items()}
    x = 0.2 + placed.x / deepest * 2.8
    x = WIDTH - x if mirrored else x
    y = (1 - placed.row / placed.rows) * (height - 0.6) + 0.1
    lines = [
        np.array([[x[p], y[p]], [x[p], y[i]], [x[i], y[i]]])
        for i, p in enumerate(flat.parent.tolist())
        if p >= 0
    ]
    axes.add_collection(LineCollection(lines, colors=INK, lw=0.8))
    turn = -1 if mirrored else 1
    folds = [
        np.array([[x[i], y[i]], [x[i] + turn * w, y[i] + 0.05], [x[i] + turn * w, y[i] - 0.05]])
        for i, w in wide.items()
        if len(_row(made, flat, i).models) > 1
    ]
    if folds:
        axes.add_collection(PolyCollection(folds, facecolors="#BBBBBB", edgecolors=INK, lw=0.5))
    axes.text(
        WIDTH - 0.2 if mirrored else 0.2,
        height - 0.12,
        printable(title),
        fontsize=10,
        ha="right" if mirrored else "left",
        va="top",
        color=INK,
        parse_math=False,
    )
    tips = {i: float(x[i]) + turn * w for i, w in wide.items()}
    return _names(axes, flat, tips, y, labels, mirrored=mirrored, aligned=bool(folds))


def _row(made: RowTree, flat: TreeArrays, leaf: int) -> Row:
    return made.rows[int(flat.names[leaf])]


def _names(
    axes: Axes,
    flat: TreeArrays,
    x: Mapping[int, float],
    y: Floats,
    labels: tuple[str, ...],
    *,
    mirrored: bool,
    aligned: bool,
) -> dict[str, tuple[float, float]]:
    edge = WIDTH - 3.1 if mirrored else 3.1
    places: dict[str, tuple[float, float]] = {}
    for i in flat.leaves.tolist():
        shown = labels[int(flat.names[i])]
        axes.plot([x[i], edge], [y[i], y[i]], color="#C8C8C8", lw=0.5, ls=":")
        axes.text(
            edge + (-0.05 if mirrored else 0.05),
            y[i],
            shown,
            fontsize=6.5,
            ha="right" if mirrored else "left",
            va="center_baseline",
            color=INK,
            parse_math=False,
        )
        room = text_width(shown, 6.5) + 0.12
        places[flat.names[i]] = (edge - room if mirrored else edge + room, float(y[i]))
    return _flush(axes, places, mirrored=mirrored) if aligned else places


def _flush(
    axes: Axes, places: Mapping[str, tuple[float, float]], *, mirrored: bool
) -> dict[str, tuple[float, float]]:
    """All lines begin at one place, so that none runs through the names of other rows."""
    farthest = (min if mirrored else max)(x for x, _ in places.values())
    for x, y in places.values():
        axes.plot([x, farthest], [y, y], color="#C8C8C8", lw=0.5, ls=":")
    return {name: (farthest, y) for name, (_, y) in places.items()}
