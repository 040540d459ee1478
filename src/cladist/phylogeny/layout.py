"""Where the nodes of a drawn tree go: rectangular, circular and unrooted layouts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cladist.phylogeny.arrays import FloatVector, TreeArrays
from cladist.phylogeny.collapse import Fold

Points = NDArray[np.float64]


@dataclass(frozen=True)
class TreeLayout:
    """Places of the drawn nodes; arrays hold all nodes of the tree, hidden ones at zero.

    shown   bool (m,): neither hidden in a fold nor below one
    row     float64 (m,): position across the tree, tips one row apart, folds higher
    height  float64 (m,): rows that a tip takes; 0 at inner nodes
    x, y    float64 (m,): coordinates, in units of branch length (rectangular: y in rows)
    angle   float64 (m,): direction of a label in radians; 0 in the rectangular layout
    rows    rows in all
    """

    shown: NDArray[np.bool_]
    row: FloatVector
    height: FloatVector
    x: FloatVector
    y: FloatVector
    angle: FloatVector
    rows: float


def rectangular(flat: TreeArrays, folds: Mapping[int, Fold]) -> TreeLayout:
    """Depth to the right, tips from top to bottom."""
    shown, row, height, rows = _rows(flat, folds)
    depth = np.where(shown, flat.depths(), 0.0)
    return TreeLayout(shown, row, height, depth, -row, np.zeros(len(flat)), rows)


def circular(flat: TreeArrays, folds: Mapping[int, Fold]) -> TreeLayout:
    """Depth outwards, tips around the circle with a gap of a tenth at the right."""
    shown, row, height, rows = _rows(flat, folds)
    angle = np.where(shown, 0.05 * 2 * np.pi + row / max(rows, 1.0) * 0.9 * 2 * np.pi, 0.0)
    depth = np.where(shown, flat.depths(), 0.0)
    return TreeLayout(shown, row, height, depth * np.cos(angle), depth * np.sin(angle), angle, rows)


def unrooted(flat: TreeArrays, folds: Mapping[int, Fold]) -> TreeLayout:
    """Equal angles (Felsenstein 2004, Inferring Phylogenies, ch. 34): no branches cross.

    Every node has a wedge as wide as the rows of its tips and lies in its middle.
    """
    shown, row, height, rows = _rows(flat, folds)
    m = len(flat)
    children = flat.children()
    weight = height.copy()
    for i in range(m - 1, 0, -1):
        if shown[i]:
            weight[flat.parent[i]] += weight[i]
    turn = 2 * np.pi / max(float(weight[0]), 1.0)
    begin, angle = np.zeros(m), np.zeros(m)
    x, y = np.zeros(m), np.zeros(m)
    for i in range(m):
        if not shown[i] or i in folds:
            continue
        at = begin[i]
        for c in children[i]:
            begin[c] = at
            at += weight[c]
            angle[c] = (begin[c] + weight[c] / 2) * turn
            x[c] = x[i] + flat.length[c] * np.cos(angle[c])
            y[c] = y[i] + flat.length[c] * np.sin(angle[c])
    return TreeLayout(shown, row, height, x, y, angle, rows)


def _rows(
    flat: TreeArrays, folds: Mapping[int, Fold]
) -> tuple[NDArray[np.bool_], FloatVector, FloatVector, float]:
    m = len(flat)
    children = flat.children()
    parent = flat.parent.tolist()
    hidden = [False] * m
    row, height = np.zeros(m), np.zeros(m)
    at = 0.0
    for i in range(m):
        above = parent[i]
        hidden[i] = above >= 0 and (hidden[above] or above in folds)
        if hidden[i] or (children[i] and i not in folds):
            continue
        height[i] = 1.0 + 0.35 * np.log2(folds[i].size) if i in folds else 1.0
        row[i] = at + height[i] / 2
        at += height[i]
    for i in range(m - 1, -1, -1):
        if not hidden[i] and children[i] and i not in folds:
            row[i] = (row[children[i][0]] + row[children[i][-1]]) / 2
    return ~np.array(hidden), row, height, at
