"""What a tree picture consists of, in inches, before any of it is drawn."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from cladist.core.text import printable
from cladist.phylogeny.arrays import TreeArrays
from cladist.phylogeny.collapse import Fold
from cladist.phylogeny.layout import TreeLayout
from cladist.phylogeny.palette import INK, OTHER_COLOUR, Mark

Points = NDArray[np.float64]
_LONGEST = 48
_TREE = 6.0  # inches for the longest path in the rectangular layout


@dataclass(frozen=True)
class Label:
    """A text at a point: degrees turned, 'left' or 'right' aligned, in a colour."""

    x: float
    y: float
    text: str
    turn: float = 0.0
    align: str = "left"
    colour: str = INK


@dataclass
class Sketch:
    """Everything to draw, in inches with y upwards; `size` is the font size in points."""

    size: float
    scale: float  # inches per unit of branch length
    ring: float = 0.0  # radius from which names stand, in the round layouts
    lines: list[tuple[Points, str]] = field(default_factory=list)
    leaders: list[Points] = field(default_factory=list)
    folds: list[tuple[Points, str]] = field(default_factory=list)
    points: list[tuple[float, float, Mark]] = field(default_factory=list)
    labels: list[Label] = field(default_factory=list)
    shares: list[tuple[float, float, float, float]] = field(default_factory=list)  # x, y, s, room


def sketch(
    shape: str,
    flat: TreeArrays,
    folds: Mapping[int, Fold],
    layout: TreeLayout,
    groups: Mapping[str, str],
    legend: Mapping[str, Mark],
    rooted: bool,
) -> Sketch:
    """The picture of a laid-out tree."""
    colours = _branch_colours(flat, groups, legend)
    if shape == "rectangular":
        out = _rectangular(flat, folds, layout, colours, rooted)
    else:
        out = _round(shape, flat, folds, layout, colours)
    _tips(shape, out, flat, folds, layout, groups, legend)
    return out


def tip_text(flat: TreeArrays, node: int, folds: Mapping[int, Fold]) -> str:
    """What is written at a tip: the name, or what a fold holds."""
    if node not in folds:
        return _short(flat.names[node])
    held = folds[node]
    if not held.counts:
        return f"{held.size} models with {_short(flat.leaf_names[flat.leaf_start[node]])}"
    named = [(g or "unlabelled", c) for g, c in held.counts]
    if len(named) == 1:
        return f"{_short(named[0][0])}: {held.size} models"
    said = ", ".join(f"{_short(g, 24)} {c}" for g, c in named[:3])
    return f"{held.size} models: {said}" + (", …" if len(named) > 3 else "")


def _short(name: str, longest: int = _LONGEST) -> str:
    shown = printable(name[: 2 * longest])
    return shown if len(shown) <= longest else shown[: longest - 1] + "…"


def _branch_colours(
    flat: TreeArrays, groups: Mapping[str, str], legend: Mapping[str, Mark]
) -> list[str]:
    """The group's colour where all leaves below are of one group, else ink."""
    numbers = {g: k for k, g in enumerate(legend)}
    palette = [m.colour for m in legend.values()]
    of_leaf = np.array([numbers.get(groups.get(n, ""), -1) for n in flat.leaf_names])
    out = []
    for start, stop in zip(flat.leaf_start.tolist(), flat.leaf_stop.tolist(), strict=True):
        first = of_leaf[start]
        one = first >= 0 and bool((of_leaf[start:stop] == first).all())
        out.append(palette[first] if one else INK)
    return out


def _rectangular(
    flat: TreeArrays,
    folds: Mapping[int, Fold],
    layout: TreeLayout,
    colours: list[str],
    rooted: bool,
) -> Sketch:
    row = 0.17 if layout.rows <= 70 else 0.135
    scale = _TREE / max(float(layout.x.max()), 1e-300)
    out = Sketch(min(8.0, row * 72 * 0.72), scale)
    depth = flat.depths()
    for i in np.flatnonzero(layout.shown).tolist():
        x, y, above = layout.x[i] * scale, layout.y[i] * row, int(flat.parent[i])
        if above >= 0:
            left, top = layout.x[above] * scale, layout.y[above] * row
            out.lines.append((np.array([[left, top], [left, y], [x, y]]), colours[i]))
            out.shares.append((x, y, float(flat.support[i]), x - left))
        elif rooted:
            out.lines.append((np.array([[x - 0.12, y], [x, y]]), INK))
        if i in folds:
            below = depth[flat.leaves[flat.leaf_start[i] : flat.leaf_stop[i]]] * scale
            half = layout.height[i] * row * 0.42
            corner = [[x, y], [below.max(), y + half], [below.min(), y - half]]
            out.folds.append((np.array(corner), _fill(colours[i])))
    return out


def _round(
    shape: str, flat: TreeArrays, folds: Mapping[int, Fold], layout: TreeLayout, colours: list[str]
) -> Sketch:
    """Circular and unrooted layouts, the root at the origin."""
    depth = flat.depths()
    reach = np.hypot(layout.x, layout.y)
    for i in folds:
        reach[i] = float(depth[flat.leaves[flat.leaf_start[i] : flat.leaf_stop[i]]].max())
        if shape == "unrooted":
            reach[i] += float(np.hypot(layout.x[i], layout.y[i])) - float(depth[i])
    # A few far outliers must not shrink the rest: nine tenths of the tips fill the circle, and
    # the rest may reach half as far again.
    tips = reach[layout.shown & (layout.height > 0)]
    longest = max(float(np.quantile(tips, 0.9)), float(tips.max()) / 1.5, 1e-300)
    radius = max(2.4, layout.rows * 0.018)
    scale = radius / longest
    turn = 2 * np.pi * (0.9 if shape == "circular" else 1.0) / max(layout.rows, 1.0)
    out = Sketch(min(8.0, turn * (radius + 0.1) * 72 * 0.75), scale, radius)
    for i in np.flatnonzero(layout.shown).tolist():
        here, above = np.array([layout.x[i], layout.y[i]]) * scale, int(flat.parent[i])
        if above >= 0:
            start = np.array([layout.x[above], layout.y[above]]) * scale
            if shape == "circular":
                r = float(depth[above]) * scale
                sweep = np.linspace(layout.angle[above], layout.angle[i], 24)
                arc = np.stack([r * np.cos(sweep), r * np.sin(sweep)], axis=1)
                points = np.concatenate([arc, here[None, :]])
            else:
                points = np.stack([start, here])
            out.lines.append((points, colours[i]))
            out.shares.append((here[0], here[1], float(flat.support[i]), 0.0))
        if i in folds:
            below = depth[flat.leaves[flat.leaf_start[i] : flat.leaf_stop[i]]]
            half = layout.height[i] * turn * 0.42
            spans = (float(below.max()), float(below.min()))
            sides = (layout.angle[i] + half, layout.angle[i] - half)
            if shape == "circular":
                ends = [
                    [s * scale * np.cos(a), s * scale * np.sin(a)] for s, a in zip(spans, sides)
                ]
            else:
                ends = [
                    here + (s - depth[i]) * scale * np.array([np.cos(a), np.sin(a)])
                    for s, a in zip(spans, sides)
                ]
            out.folds.append((np.array([here, *ends]), _fill(colours[i])))
    return out


def _direction(angle: float) -> Points:
    return np.array([np.cos(angle), np.sin(angle)])


def _fill(colour: str) -> str:
    """Colour of a folded clade: light grey where it is of several groups."""
    return "#BDBDBD" if colour == INK else colour


def _tips(
    shape: str,
    out: Sketch,
    flat: TreeArrays,
    folds: Mapping[int, Fold],
    layout: TreeLayout,
    groups: Mapping[str, str],
    legend: Mapping[str, Mark],
) -> None:
    """Marks and names at the tips, and at models that sit on inner nodes."""
    row = 0.17 if layout.rows <= 70 else 0.135
    depth = flat.depths()
    leaf = set(flat.leaves.tolist())
    for i in np.flatnonzero(layout.shown).tolist():
        tip = i in leaf or i in folds
        if not tip and not flat.names[i]:
            continue
        if shape == "rectangular":
            x, y = layout.x[i] * out.scale, layout.y[i] * row
        else:
            x, y = layout.x[i] * out.scale, layout.y[i] * out.scale
        group = groups.get(flat.names[i], "")
        mark = legend.get(group, Mark(OTHER_COLOUR, "o"))
        if i not in folds and groups:
            out.points.append((x, y, mark))
        if not tip:
            out.labels.append(Label(x - 0.05, y + 0.03, _short(flat.names[i], 28), 0.0, "right"))
            continue
        text = tip_text(flat, i, folds)
        if shape == "rectangular":
            if i in folds:
                x = float(depth[flat.leaves[flat.leaf_start[i] : flat.leaf_stop[i]]].max())
                x *= out.scale
            out.labels.append(Label(x + 0.08, y, text))
            continue
        a = float(layout.angle[i])
        reach = float(np.hypot(x, y))
        if i in folds:
            below = depth[flat.leaves[flat.leaf_start[i] : flat.leaf_stop[i]]]
            reach += float(below.max() - depth[i]) * out.scale
        edge = _direction(a) * (max(reach, out.ring) + 0.12)
        if i not in folds:
            out.leaders.append(np.stack([[x, y], edge]))
        flip = bool(np.cos(a) < 0)
        degrees = float(np.degrees(a)) + (180 if flip else 0)
        at = edge + 0.04 * _direction(a)
        side = "right" if flip else "left"
        out.labels.append(Label(float(at[0]), float(at[1]), text, degrees, side))
