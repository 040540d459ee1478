"""Pictures of trees: rectangular, circular and unrooted, as SVG, PNG or PDF."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypedDict, Unpack

import numpy as np

from cladist.core.optional import needed
from cladist.core.text import printable
from cladist.core.tree import Tree
from cladist.errors import InputError
from cladist.phylogeny.arrays import to_arrays
from cladist.phylogeny.collapse import fold
from cladist.phylogeny.draw_text import round_length
from cladist.phylogeny.layout import circular, rectangular, unrooted
from cladist.phylogeny.palette import INK, OTHER_COLOUR, Mark, marks
from cladist.phylogeny.picture import kind_of, save_figure, steadily
from cladist.phylogeny.rooting import root_midpoint
from cladist.phylogeny.sketch import Sketch, sketch

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Shape = Literal["rectangular", "circular", "unrooted"]
_LAYOUTS = {"rectangular": rectangular, "circular": circular, "unrooted": unrooted}
_TIPS = {"rectangular": 140, "circular": 140, "unrooted": 90}
_FULL, _HALF = "#222222", "#BBBBBB"


def check_picture(path: Path) -> str:
    """The format that a picture's ending chooses; `InputError` for another or a missing folder.

    Examples
    --------
    >>> check_picture(Path("tree.pdf"))
    'pdf'
    """
    kind = kind_of(path)
    if not path.absolute().parent.is_dir():
        raise InputError(f"cannot draw to {path}: there is no folder {path.parent}")
    return kind


class Drawing(TypedDict, total=False):
    """How a tree is drawn.

    title    a line above the picture
    unit     what branch lengths measure, for the scale bar; 'distance'
    support  percentages on branches that have room, else a dot: full from 95, half from 70; True
    tips     clades are folded until at most so many tips are left; 140, unrooted 90
    dpi      dots per inch of a PNG; 150
    """

    title: str
    unit: str
    support: bool
    tips: int | None
    dpi: int


def draw_tree(
    tree: Tree,
    path: Path,
    layout: Shape = "rectangular",
    groups: Mapping[str, str] | None = None,
    **how: Unpack[Drawing],
) -> None:
    """Draw the tree into `path`, whose ending chooses SVG, PNG or PDF.

    layout   'rectangular', 'circular' or 'unrooted'
    groups   leaf name -> group; groups get a colour and a mark, smaller ones beyond 24 grey

    See `Drawing` for the rest.
    Names are drawn as they are, never as formulas, with control characters escaped and long
    ones cut. The same tree gives the same bytes. Errors: `InputError` for an unknown ending or
    layout.
    """
    check_picture(path)
    if layout not in _LAYOUTS:
        raise InputError(f"no layout '{layout}': choose {', '.join(_LAYOUTS)}")
    if layout == "unrooted" and len(tree.leaves()) > 2:
        # From the middle of the longest path, which uses the page best.
        tree = root_midpoint(tree).tree
    flat = to_arrays(tree)
    known = groups or {}
    folds = fold(flat, how.get("tips") or _TIPS[layout], groups)
    legend = marks(known, flat.leaf_names)
    placed = _LAYOUTS[layout](flat, folds)
    picture = sketch(layout, flat, folds, placed, known, legend, tree.rooted)
    others = len({g for n in flat.leaf_names if (g := known.get(n))} - set(legend))
    with steadily():
        figure = _figure(picture, legend, others, how)
        save_figure(figure, path, dpi=how.get("dpi", 150))


def _figure(
    picture: Sketch,
    legend: Mapping[str, Mark],
    others: int,
    how: Drawing,
) -> Figure:
    title, unit = how.get("title", ""), how.get("unit", "distance")
    with needed("Drawing pictures", "plots"):
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.collections import LineCollection, PolyCollection
        from matplotlib.figure import Figure

    left, bottom, right, top = _extent(picture)
    shown = how.get("support", True) and any(s == s for _, _, s, _ in picture.shares)
    rows = [*legend.items(), *([(f"{others} smaller groups", None)] if others else [])]
    entries = len(rows) + (2 if shown else 0)
    legend_width = 0.45 + max((text_width(printable(g), 8.0) for g, _ in rows), default=0.9)
    page_left, page_bottom = left - 0.2, bottom - 0.55
    page_right = right + 0.2 + (legend_width if entries else 0.0)
    page_top = max(top, bottom + 0.2 * entries) + (0.45 if title else 0.15)
    figure = Figure(figsize=(page_right - page_left, page_top - page_bottom))
    FigureCanvasAgg(figure)
    axes = figure.add_axes((0, 0, 1, 1), xlim=(page_left, page_right), ylim=(page_bottom, page_top))
    axes.set_axis_off()
    axes.add_collection(LineCollection(picture.leaders, colors="#AAAAAA", lw=0.5, ls=":"))
    if picture.folds:
        shapes, fills = zip(*picture.folds, strict=True)
        axes.add_collection(
            PolyCollection(shapes, facecolors=fills, edgecolors=fills, alpha=0.7, lw=0.6)
        )
    paths, inks = zip(*picture.lines, strict=True)
    axes.add_collection(LineCollection(paths, colors=inks, lw=0.9, capstyle="projecting"))
    for mark in dict.fromkeys(m for _, _, m in picture.points):
        at = np.array([(x, y) for x, y, m in picture.points if m == mark])
        _scatter(axes, at, mark, min(22.0, picture.size * 2.6))
    for label in picture.labels:
        axes.text(
            label.x,
            label.y,
            label.text,
            fontsize=picture.size,
            color=label.colour,
            rotation=label.turn,
            rotation_mode="anchor",
            ha=label.align,
            va="center_baseline",
            parse_math=False,
        )
    if shown:
        _supports(axes, picture)
    if title:
        axes.text(
            page_left + 0.2,
            page_top - 0.1,
            printable(title),
            fontsize=11,
            va="top",
            color=INK,
            parse_math=False,
        )
    _scale_bar(axes, picture.scale, left, bottom - 0.25, right - left, unit)
    if entries:
        _legend(axes, rows, shown, page_right - legend_width, max(top, bottom + 0.2 * entries))
    return figure


def _extent(picture: Sketch) -> tuple[float, float, float, float]:
    """Left, bottom, right and top of all lines and names."""
    corners = [p for p, _ in (*picture.lines, *picture.folds)]
    for label in picture.labels:
        away = text_width(label.text, picture.size) * (-1 if label.align == "right" else 1)
        a = np.radians(label.turn)
        end = [label.x + away * np.cos(a), label.y + away * np.sin(a)]
        corners.append(np.array([[label.x, label.y], end]))
    points = np.concatenate(corners)
    half = picture.size / 72
    low, high = points.min(axis=0), points.max(axis=0)
    return float(low[0]), float(low[1]) - half, float(high[0]), float(high[1]) + half


def text_width(text: str, size: float) -> float:
    """Width of a text in inches."""
    with needed("Drawing pictures", "plots"):
        from matplotlib.font_manager import FontProperties
        from matplotlib.textpath import text_to_path

    width, _, _ = text_to_path.get_text_width_height_descent(
        text, FontProperties(size=size), ismath=False
    )
    return float(width) / 72


def _scatter(axes: Axes, at: Any, mark: Mark, area: float) -> None:
    axes.scatter(
        at[:, 0], at[:, 1], s=area, c=mark.colour, marker=mark.shape, lw=0.4, ec="white", zorder=3
    )


def _supports(axes: Axes, picture: Sketch) -> None:
    """Percentages where the branch has room, else a dot that is full, half or missing."""
    size = min(6.0, picture.size * 0.8)
    dots: dict[str, list[tuple[float, float]]] = {_FULL: [], _HALF: []}
    for x, y, share, room in picture.shares:
        if share != share:
            continue
        text = f"{share * 100:.0f}"
        if room > text_width(text, size) + 0.06:
            axes.text(x - 0.03, y + 0.015, text, fontsize=size, color="#666666", ha="right")
        elif share >= 0.7:
            dots[_FULL if share >= 0.95 else _HALF].append((x, y))
    for fill, places in dots.items():
        if places:
            _dots(axes, places, fill)


def _dots(axes: Axes, places: list[tuple[float, float]], fill: str) -> None:
    x, y = zip(*places, strict=True)
    axes.scatter(x, y, s=7, c=fill, ec=INK, lw=0.5, zorder=4)


def _scale_bar(axes: Axes, scale: float, x: float, y: float, room: float, unit: str) -> None:
    if not np.isfinite(scale) or scale > 1e200:
        return  # all branches are zero
    length = round_length(min(1.4, room / 3) / scale)
    axes.plot(
        [x, x, x, x + length * scale, x + length * scale, x + length * scale],
        [y - 0.04, y + 0.04, y, y, y - 0.04, y + 0.04],
        color=INK,
        lw=0.9,
    )
    axes.text(
        x + length * scale + 0.08,
        y,
        f"{length:g} {printable(unit)}",
        fontsize=7,
        va="center",
        color=INK,
        parse_math=False,
    )


def _legend(
    axes: Axes, rows: list[tuple[str, Mark | None]], shown: bool, x: float, top: float
) -> None:
    y = top - 0.1
    for group, mark in rows:
        _scatter(axes, np.array([[x + 0.1, y]]), mark or Mark(OTHER_COLOUR, "o"), 22.0)
        axes.text(
            x + 0.25,
            y,
            printable(group),
            fontsize=8,
            va="center_baseline",
            color=INK,
            parse_math=False,
        )
        y -= 0.2
    if shown:
        for fill, said in ((_FULL, "support ≥ 95 %"), (_HALF, "support ≥ 70 %")):
            _dots(axes, [(x + 0.1, y)], fill)
            axes.text(x + 0.25, y, said, fontsize=8, va="center_baseline", color=INK)
            y -= 0.2
