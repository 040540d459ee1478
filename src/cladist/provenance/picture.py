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
COLOURS = 8
"""Families that get a colour of the page (classes g0 to g7); others are drawn in grey."""


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
    colour = {g: f"g{k}" for k, g in enumerate(ranked[:COLOURS])}
    parts = [
        f'<svg class="tree" viewBox="0 0 {WIDTH + LABEL} {height}" role="img" '
        f'aria-label="Tree of {escaped(model[:80])} and its nearest relatives">'
    ]
    for i, p in enumerate(flat.parent.tolist()):
        if p >= 0:
            parts.append(f'<path class="branch" d="M{x[p]:.1f} {y[p]:.1f}V{y[i]:.1f}H{x[i]:.1f}"/>')
    leaves = set(flat.leaves.tolist())
    for i in range(len(flat)):
        share = float(flat.support[i])
        if i not in leaves and i and not np.isnan(share):
            parts.append(
                f'<text class="support" x="{x[i] - 4:.1f}" y="{y[i] - 3:.1f}" '
                f'text-anchor="end">{share:.0%}</text>'
            )
    for i in flat.leaves.tolist():
        name = flat.names[i]
        kind = colour.get(groups.get(name, ""), "g")
        own = name == model
        parts.append(
            f'<circle class="tip {kind}" cx="{x[i]:.1f}" cy="{y[i]:.1f}" r="{6 if own else 4}"/>'
        )
        parts.append(
            f'<text class="name{" own" if own else ""}" x="{x[i] + 10:.1f}" y="{y[i] + 4:.1f}">'
            f"{escaped(_cut(name))}</text>"
        )
    bar = _round(deepest / 4)
    at, wide = height - 18, bar / deepest * WIDTH
    parts.append(f'<path class="branch" d="M12 {at - 4}V{at + 4}M12 {at}H{12 + wide:.1f}m0 -4v8"/>')
    parts.append(
        f'<text class="support" x="{20 + wide:.1f}" y="{at + 4}">{bar:g} '
        "(distance; unrelated models are at 1)</text></svg>"
    )
    legend = "".join(
        f'<li><svg class="mark" viewBox="0 0 12 12"><circle class="tip {c}" cx="6" cy="6" r="5"/>'
        f"</svg>{escaped(g[:60])}</li>"
        for g, c in colour.items()
    )
    return "".join(parts) + (f'<ul class="legend">{legend}</ul>' if legend else "")


def _cut(name: str) -> str:
    wide = sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in name[:LONGEST])
    most = LONGEST if wide <= LONGEST else LONGEST // 2
    return name if len(name) <= most else name[: most - 1] + "…"


def _round(value: float) -> float:
    power = 10 ** np.floor(np.log10(max(value, 1e-9)))
    return float(next(s for s in (5, 2, 1) if s * power <= value * 1.0001) * power)
