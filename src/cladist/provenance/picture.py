"""The tree around one model as SVG that stands in a page: no styles of its own, no scripts.

Colours come from classes of the page, so the picture follows light and dark.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping

import numpy as np

from cladist.core.tree import Tree
from cladist.phylogeny.arrays import ladderized, to_arrays
from cladist.phylogeny.layout import rectangular
from cladist.provenance.markup import escaped

__all__ = ["tree_svg"]

ROW, WIDTH, LABEL, SIZE = 22, 420, 330, 13
LONGEST = 38
FILLS = (
    "#4477aa", "#cc6677", "#3f9a5c", "#c9a227", "#66b8dd", "#a34a78", "#44aa99", "#999933",
)  # fmt: skip
"""Colours of families, as classes g0 to g7 of the page have them."""
SHAPES: tuple[tuple[tuple[float, float], ...], ...] = (
    (), ((-1, -1), (1, -1), (1, 1), (-1, 1)), ((0, -1.2), (1.2, 1), (-1.2, 1)),
)  # fmt: skip
"""A disc, a square and a triangle: with the colours 24 pairs, and no two families share one."""
# What stands in attributes too is for readers of SVG that know no style sheet of the page.
LINE = 'fill="none" stroke="#5b6068" stroke-width="1.4"'
TEXT = 'fill="#1d1f23" font-size="13" font-family="sans-serif"'
SMALL = 'fill="#5b6068" font-size="10" font-family="sans-serif"'
BOLD = ' font-weight="bold"'


def tree_svg(tree: Tree, model: str, groups: Mapping[str, str]) -> str:
    """The tree as an <svg> element, `model` marked, families coloured, support as percentages.

    `groups` are families by leaf ('' for unknown). Names are escaped and cut.
    """
    flat = to_arrays(ladderized(tree))
    placed = rectangular(flat, {})
    deepest = max(float(placed.x.max()), 1e-12)
    x = 12 + placed.x / deepest * WIDTH
    y = placed.row * ROW + 8
    height = int(placed.rows * ROW + 44)
    names = [flat.names[i] for i in flat.leaves.tolist()]
    ranked = sorted(
        {g for n in names if (g := groups.get(n, ""))},
        key=lambda g: (-sum(groups.get(n) == g for n in names), g),
    )
    marked = {g: k for k, g in enumerate(ranked[: len(FILLS) * len(SHAPES)])}
    parts = [
        f'<svg class="tree" viewBox="0 0 {WIDTH + LABEL} {height}" role="img" '
        f'aria-label="Tree of {escaped(model[:80])} and its nearest relatives">'
    ]
    for i, p in enumerate(flat.parent.tolist()):
        if p >= 0:
            parts.append(
                f'<path class="branch" {LINE} d="M{x[p]:.1f} {y[p]:.1f}V{y[i]:.1f}H{x[i]:.1f}"/>'
            )
    leaves = set(flat.leaves.tolist())
    for i in range(len(flat)):
        share = float(flat.support[i])
        if i not in leaves and i and not np.isnan(share):
            parts.append(
                f'<text class="support" {SMALL} x="{x[i] - 4:.1f}" y="{y[i] - 3:.1f}" '
                f'text-anchor="end">{share:.0%}</text>'
            )
    for i in flat.leaves.tolist():
        name = flat.names[i]
        own = name == model
        parts.append(
            _mark(marked.get(groups.get(name, "")), float(x[i]), float(y[i]), 6 if own else 4)
        )
        parts.append(
            f'<text class="name{" own" if own else ""}" {TEXT}{BOLD if own else ""} '
            f'x="{x[i] + 10:.1f}" y="{y[i] + 4:.1f}">'
            f"{escaped(_cut(name))}</text>"
        )
    bar = _round(deepest / 4)
    at, wide = height - 18, bar / deepest * WIDTH
    parts.append(
        f'<path class="branch" {LINE} d="M12 {at - 4}V{at + 4}M12 {at}H{12 + wide:.1f}m0 -4v8"/>'
    )
    parts.append(
        f'<text class="support" {SMALL} x="{20 + wide:.1f}" y="{at + 4}">{bar:g} '
        "(distance; unrelated models are at 1)</text></svg>"
    )
    legend = "".join(
        f'<li><svg class="mark" viewBox="0 0 12 12">{_mark(k, 6.0, 6.0, 5)}</svg>'
        f"{escaped(g[:60])}</li>"
        for g, k in marked.items()
    )
    return "".join(parts) + (f'<ul class="legend">{legend}</ul>' if legend else "")


def _mark(number: int | None, x: float, y: float, r: float) -> str:
    """A tip in the colour and shape of its family; a small grey disc for no family."""
    if number is None:
        return f'<circle class="tip" fill="#5b6068" cx="{x:.1f}" cy="{y:.1f}" r="{r}"/>'
    fill, shape = number % len(FILLS), SHAPES[number // len(FILLS) % len(SHAPES)]
    told = f'class="tip g{fill}" fill="{FILLS[fill]}"'
    if not shape:
        return f'<circle {told} cx="{x:.1f}" cy="{y:.1f}" r="{r}"/>'
    points = " ".join(f"{a * r:+.1f},{b * r:+.1f}" for a, b in shape)
    return f'<path {told} transform="translate({x:.1f} {y:.1f})" d="M{points}Z"/>'


def _cut(name: str) -> str:
    wide = sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in name[:LONGEST])
    most = LONGEST if wide <= LONGEST else LONGEST // 2
    return name if len(name) <= most else name[: most - 1] + "…"


def _round(value: float) -> float:
    power = 10 ** np.floor(np.log10(max(value, 1e-9)))
    return float(next(s for s in (5, 2, 1) if s * power <= value * 1.0001) * power)
