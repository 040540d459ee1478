"""Two trees face to face, with lines between equal names."""

from __future__ import annotations

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

MOST_TIPS = 250
WIDTH = 13.0
"""Of the picture, in inches."""
Floats = NDArray[np.float64]

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def draw_tanglegram(
    left: Tree,
    right: Tree,
    path: Path,
    groups: Mapping[str, str] | None = None,
    titles: tuple[str, str] = ("declared", "measured"),
) -> None:
    """Draw both trees into `path` (.svg, .png, .pdf), turned so that few lines cross.

    Lines bear the colours of the groups. Leaves of one tree only have no line. `InputError` for
    another ending, no common leaf, or more than `MOST_TIPS` leaves in a tree: select some.
    """
    kind_of(path)
    common = set(left.leaves()) & set(right.leaves())
    most = max(len(left.leaves()), len(right.leaves()))
    if not common or most > MOST_TIPS:
        raise InputError(
            f"a tanglegram needs common leaves and at most {MOST_TIPS}; there are {len(common)} "
            f"common, and {most} in the larger tree"
        )
    with needed("Drawing pictures", "plots"):
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure

    known = groups or {}
    legend = marks(known, sorted(common))
    height = 0.155 * most + 0.6
    with steadily():
        figure = Figure(figsize=(WIDTH, height))
        FigureCanvasAgg(figure)
        axes = figure.add_axes((0, 0, 1, 1), xlim=(0, WIDTH), ylim=(0, height))
        axes.set_axis_off()
        ends = [
            _side(axes, tree, height, titles[side], mirrored=bool(side))
            for side, tree in enumerate(untangled(left, right))
        ]
        for name in sorted(common):
            group = known.get(name, "")
            colour = legend[group].colour if group in legend else OTHER_COLOUR
            (x0, y0), (x1, y1) = ends[0][name], ends[1][name]
            axes.plot([x0, x1], [y0, y1], color=colour, lw=0.8, alpha=0.8)
        save_figure(figure, path)


def _side(
    axes: Axes, tree: Tree, height: float, title: str, *, mirrored: bool
) -> dict[str, tuple[float, float]]:
    """One tree with its names; where the line of each leaf ends."""
    with needed("Drawing pictures", "plots"):
        from matplotlib.collections import LineCollection

    flat = to_arrays(tree)
    placed = rectangular(flat, {})
    deepest = max(float(placed.x.max()), 1e-300)
    x = 0.2 + placed.x / deepest * 2.8
    x = WIDTH - x if mirrored else x
    y = (1 - placed.row / placed.rows) * (height - 0.6) + 0.1
    lines = [
        np.array([[x[p], y[p]], [x[p], y[i]], [x[i], y[i]]])
        for i, p in enumerate(flat.parent.tolist())
        if p >= 0
    ]
    axes.add_collection(LineCollection(lines, colors=INK, lw=0.8))
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
    return _names(axes, flat, x, y, mirrored=mirrored)


def _names(
    axes: Axes, flat: TreeArrays, x: Floats, y: Floats, *, mirrored: bool
) -> dict[str, tuple[float, float]]:
    edge = WIDTH - 3.1 if mirrored else 3.1
    places: dict[str, tuple[float, float]] = {}
    for i in flat.leaves.tolist():
        shown = printable(flat.names[i][:64])
        shown = shown if len(shown) <= 34 else shown[:33] + "…"
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
    return places
