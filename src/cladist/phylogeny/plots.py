"""Trees and distances on axes that somebody has: for notebooks and figures of their own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from cladist.core.distances import DistanceMatrix
from cladist.core.optional import needed
from cladist.core.text import printable
from cladist.core.tree import Shape, Tree
from cladist.errors import InputError
from cladist.phylogeny.arrays import to_arrays
from cladist.phylogeny.collapse import fold
from cladist.phylogeny.layout import circular, rectangular, unrooted
from cladist.phylogeny.palette import marks
from cladist.phylogeny.sketch import sketch

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["new_axes", "plot_distances", "plot_intervals", "plot_tree"]


class PlottedInterval(Protocol):
    """What `plot_intervals` draws: an estimate with its ends, of a pair."""

    @property
    def a(self) -> str:
        """The model in question."""

    @property
    def b(self) -> str:
        """What it is held against."""

    @property
    def per_probe(self) -> tuple[float, float, float]:
        """Mean, and the ends of its interval."""


_LAYOUTS = {"rectangular": rectangular, "circular": circular, "unrooted": unrooted}
TIPS = 140


def new_axes() -> Axes:
    """Axes of a new figure of pyplot. Raises `MissingExtraError` where matplotlib is missing."""
    with needed("A figure", "plots"):
        from matplotlib import pyplot
    return pyplot.subplots()[1]


def plot_tree(
    tree: Tree,
    ax: Axes | None = None,
    *,
    layout: Shape = "rectangular",
    groups: Mapping[str, str] | None = None,
    tips: int = TIPS,
) -> Axes:
    """Draw a tree on axes, and give them back; without axes a new figure of pyplot is made.

    Parameters
    ----------
    tree : Tree
        What to draw.
    ax : matplotlib Axes, optional
        Where to draw.
    layout : {'rectangular', 'circular', 'unrooted'}
        How nodes are placed.
    groups : mapping of str to str, optional
        Groups of leaves, which get a colour and a mark.
    tips : int
        Clades are folded until at most so many tips are left.

    Raises
    ------
    InputError
        For another layout.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> from cladist.formats.trees.newick import read_newick
    >>> axes = plot_tree(read_newick("((a:1,b:1):1,c:2);"), Figure().add_subplot())
    >>> sorted(t.get_text() for t in axes.texts)
    ['a', 'b', 'c']
    """
    if layout not in _LAYOUTS:
        raise InputError(f"no layout '{layout}': choose {', '.join(_LAYOUTS)}")
    axes = ax if ax is not None else new_axes()
    from matplotlib.collections import LineCollection, PolyCollection

    flat, known = to_arrays(tree), groups or {}
    folds = fold(flat, tips, groups)
    legend = marks(known, flat.leaf_names)
    placed = _LAYOUTS[layout](flat, folds)
    picture = sketch(layout, flat, folds, placed, known, legend, tree.rooted)
    for shape, fill in picture.folds:
        axes.add_collection(PolyCollection([shape], facecolors=fill, edgecolors=fill, alpha=0.7))
    paths, inks = zip(*picture.lines, strict=True)
    axes.add_collection(LineCollection(list(paths), colors=list(inks), lw=0.9))
    axes.add_collection(LineCollection(picture.leaders, colors="#AAAAAA", lw=0.5, ls=":"))
    for x, y, mark in picture.points:
        axes.scatter([x], [y], s=16, c=mark.colour, marker=mark.shape, lw=0.4, ec="white", zorder=3)
    for label in picture.labels:
        axes.text(
            label.x, label.y, label.text, fontsize=picture.size, color=label.colour,
            rotation=label.turn, rotation_mode="anchor", ha=label.align, va="center_baseline",
            parse_math=False,
        )  # fmt: skip
    axes.autoscale_view()
    axes.set_axis_off()
    return axes


def plot_distances(distances: DistanceMatrix, ax: Axes | None = None, **how: Any) -> Axes:
    """Draw distances as a grid of colours; names are written where up to 40 models are there.

    `how` goes to `imshow` of matplotlib.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> far = DistanceMatrix.from_condensed("ab", [1], metric="cosine")
    >>> plot_distances(far, Figure().add_subplot()).get_title()
    'cosine'
    """
    axes = ax if ax is not None else new_axes()
    axes.imshow(distances.matrix, **how)
    if len(distances) <= 40:
        names = [printable(n).replace("$", "\\$") for n in distances.ids]
        axes.set_xticks(np.arange(len(names)), names, rotation=90)
        axes.set_yticks(np.arange(len(names)), names)
    axes.set_title(printable(distances.metric), parse_math=False)
    return axes


def plot_intervals(results: Sequence[PlottedInterval], ax: Axes | None = None) -> Axes:
    """Draw the excess a probe of pairs with 95% intervals; a pair without one is left blank.

    Examples
    --------
    >>> import cladist
    >>> from matplotlib.figure import Figure
    >>> with cladist.toy_registry() as lab:
    ...     test = cladist.KinshipTest().fit(lab, labels=cladist.toy_families())
    ...     found = test.test("m00-chat", ["m00-base"])
    >>> axes = plot_intervals(found, Figure().add_subplot())
    >>> axes.get_yticklabels()[0].get_text()
    'm00-chat and m00-base'
    """
    axes = ax if ax is not None else new_axes()
    for row, found in enumerate(results):
        mean, low, high = found.per_probe
        axes.plot([low, high], [row, row], color="#222222", lw=1.2)
        axes.plot([mean], [row], marker="o", color="#222222")
    names = [printable(f"{r.a} and {r.b}").replace("$", "\\$") for r in results]
    axes.set_yticks(np.arange(len(names)), names)
    axes.axvline(0.0, color="#AAAAAA", lw=0.8, ls=":")
    axes.set_xlabel("excess over controls, a probe (95% interval)")
    return axes
