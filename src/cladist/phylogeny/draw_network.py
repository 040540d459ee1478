"""A split network as a picture: its outer boundary, with the models around it.

The boundary is that of a phylogenetic outline (Bagci, Bryant, Cetinkaya & Huson 2021, Genome
Biol Evol 13:evab213): walking once round the circle of models, every split is crossed where its
models begin and crossed back where they end, always in its own direction and as far as it
weighs. A tree-like part of the network collapses to a line; a box says that two groupings are
both supported, and its sides say by how much.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from cladist.core.optional import needed
from cladist.core.text import printable
from cladist.phylogeny.network import SplitNetwork
from cladist.phylogeny.palette import INK, OTHER_COLOUR, marks
from cladist.phylogeny.picture import kind_of, save_figure, steadily

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def outline(network: SplitNetwork) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The closed boundary, (steps + 1, 2), and the place of every model, (n, 2) by position.

    In units of the distance: the way from one model to another, taking every split that parts
    them once, is as long as the fitted distance. O(splits log splits).
    """
    n = len(network.cycle)
    turn = {model: place for place, model in enumerate(network.cycle)}
    first = network.cycle[0]
    opens: list[list[tuple[int, float]]] = [[] for _ in range(n)]
    for members, weight in network.splits:
        inside = set(members)
        if first in inside:
            inside = set(range(n)) - inside
        places = sorted(turn[m] for m in inside)
        opens[places[0]].append((places[-1], weight))
    walk = [np.zeros(2)]
    spot = np.zeros((n, 2))
    going: list[list[tuple[int, float]]] = [[] for _ in range(n)]
    for place in range(n):
        # Larger groups are crossed first on the way in and last on the way out.
        for last, weight in sorted(opens[place], key=lambda s: -s[0]):
            going[last].append((place, weight))
            walk.append(walk[-1] + weight * _direction(place, last, n))
        spot[network.cycle[place]] = walk[-1]
        for begun, weight in sorted(going[place], key=lambda s: -s[0]):
            walk.append(walk[-1] - weight * _direction(begun, place, n))
    return np.array(walk), spot


def _direction(begin: int, end: int, n: int) -> NDArray[np.float64]:
    angle = np.pi * (begin + end) / n
    return np.array([np.cos(angle), np.sin(angle)])


def draw_network(
    network: SplitNetwork, path: Path, groups: Mapping[str, str] | None = None
) -> None:
    """Draw the outline of a network into `path` (.svg, .png, .pdf), coloured by `groups`.

    The same network gives the same bytes. `InputError` for another ending.
    """
    kind_of(path)
    with needed("Drawing pictures", "plots"):
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure

    walk, spot = outline(network)
    size = float(np.ptp(walk, axis=0).max()) or 1.0
    with steadily():
        figure = Figure(figsize=(10.0, 8.0))
        FigureCanvasAgg(figure)
        axes = figure.add_axes((0.02, 0.02, 0.96, 0.96))
        axes.set_aspect("equal", adjustable="datalim")
        axes.set_axis_off()
        axes.fill(walk[:, 0], walk[:, 1], facecolor="#E4E4E4", edgecolor="none")
        axes.plot(walk[:, 0], walk[:, 1], color=INK, lw=0.8)
        _models(axes, network, spot, groups or {}, size)
        _scale(axes, network, walk, size)
        save_figure(figure, path, dpi=150, bbox_inches="tight")


def _models(
    axes: Axes,
    network: SplitNetwork,
    spot: NDArray[np.float64],
    known: Mapping[str, str],
    size: float,
) -> None:
    """A mark and the name of every model, and the legend of their groups."""
    legend, n = marks(known, network.names), len(network.names)
    for place, model in enumerate(network.cycle):
        # A model's own branch points where its place on the circle says.
        angle = 2 * np.pi * place / n
        mark = legend.get(known.get(network.names[model], ""))
        x, y = spot[model]
        axes.plot(
            [x],
            [y],
            marker=mark.shape if mark else "o",
            color=mark.colour if mark else OTHER_COLOUR,
            ms=5,
        )
        left = np.cos(angle) < 0
        axes.annotate(
            printable(network.names[model])[:48],
            (x + 0.015 * size * np.cos(angle), y + 0.015 * size * np.sin(angle)),
            rotation=np.degrees(angle) + (180 if left else 0),
            rotation_mode="anchor",
            ha="right" if left else "left",
            va="center",
            fontsize=8,
            color=INK,
            parse_math=False,
        )
    for group, mark in legend.items():
        axes.plot([], [], marker=mark.shape, color=mark.colour, ls="", label=printable(group))
    if legend:
        axes.legend(loc="upper right", frameon=False, fontsize=8)


def _scale(axes: Axes, network: SplitNetwork, walk: NDArray[np.float64], size: float) -> None:
    unit = 10 ** np.floor(np.log10(size / 4))
    low = walk.min(axis=0)
    bar = (low[0], low[1] - 0.24 * size)
    axes.plot([bar[0], bar[0] + unit], [bar[1], bar[1]], color=INK, lw=1.2)
    axes.annotate(
        f"{unit:g} distance; {network.fit:.1%} of the squared distances",
        (bar[0], bar[1] - 0.02 * size),
        va="top",
        fontsize=8,
        color=INK,
    )
