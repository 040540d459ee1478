"""Quartet and triplet counts of two trees of the same leaves, exactly, in O(n^2).

A quartet of leaves is resolved by a tree as ab|cd when a path separates the pairs. Following
Christiansen et al. 2006 (Algorithms Mol Biol 1:16), each resolved quartet is counted at the node
where the paths of a and b meet and in the direction that c and d lie, so twice in all; what two
trees share is then a sum over pairs of nodes of products of sizes of intersections. Rooted
triplets ab|c are counted likewise at the last common ancestor of a and b. Any degree of node is
allowed. Checked against enumeration in the tests.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from cladist.phylogeny.arrays import TreeArrays

Counts = NDArray[np.int64]


def shared_quartets(a: TreeArrays, b: TreeArrays) -> int:
    """Quartets that both trees resolve in the same way. Time O(n^2), memory O(n)."""
    node, size, up = _directions(b)
    n = len(a.leaves)
    twice = 0
    for part, below in _parts(a, b, with_rest=True):
        # x[e, i]: leaves of part i of the node of `a` that lie in direction e of `b`.
        x = np.where(up[:, None], part[None, :] - below[_branch(b)], below[_branch(b)])
        square = x * x
        rest = part[None, :] - x
        outside = size[:, None] - x
        at_node = np.zeros((len(b), len(part)), dtype=np.int64)
        np.add.at(at_node, node, square)
        column = np.zeros_like(at_node)
        np.add.at(column, node, outside * outside)
        s = n - part[None, :] - size[:, None] + x
        rows = (rest * rest).sum(axis=1, keepdims=True) - rest * rest
        columns = column[node] - outside * outside
        cells = at_node.sum(axis=1)[node][:, None] - at_node[node]
        cells = cells - square.sum(axis=1, keepdims=True) + square
        pairs = (s * s - rows - columns + cells) // 2
        twice += int((x * (x - 1) // 2 * pairs).sum())
    return twice // 2


def shared_triplets(a: TreeArrays, b: TreeArrays) -> int:
    """Rooted triplets that both trees resolve in the same way. Time O(n^2), memory O(n)."""
    n = len(a.leaves)
    parent = b.parent[1:]
    size = b.leaf_stop - b.leaf_start
    total = 0
    for part, below in _parts(a, b, with_rest=False):
        inside = below.sum(axis=1)
        cells = np.zeros(len(b), dtype=np.int64)
        np.add.at(cells, parent, (below[1:] * below[1:]).sum(axis=1))
        columns = np.zeros(len(b), dtype=np.int64)
        np.add.at(columns, parent, inside[1:] * inside[1:])
        rows = (below * below).sum(axis=1)
        pairs = (inside * inside - rows - columns + cells) // 2
        # Leaves of `b` have no pair below them; their own square is no pair either.
        pairs[b.leaves] = 0
        outside = n - int(part.sum()) - size + inside
        total += int((pairs * outside).sum())
    return total


def resolved_quartets(flat: TreeArrays) -> int:
    """Quartets that the tree resolves."""
    node, size, _ = _directions(flat)
    n = len(flat.leaves)
    square = np.zeros(len(flat), dtype=np.int64)
    np.add.at(square, node, size * size)
    away = n - size
    pairs = (away * away - (square[node] - size * size)) // 2
    return int((size * (size - 1) // 2 * pairs).sum()) // 2


def resolved_triplets(flat: TreeArrays) -> int:
    """Rooted triplets that the tree resolves."""
    size = flat.leaf_stop - flat.leaf_start
    square = np.zeros(len(flat), dtype=np.int64)
    np.add.at(square, flat.parent[1:], size[1:] * size[1:])
    pairs = (size * size - square) // 2
    pairs[flat.leaves] = 0
    return int((pairs * (len(flat.leaves) - size)).sum())


def _branch(flat: TreeArrays) -> NDArray[np.int64]:
    """Node whose branch each direction of `_directions` follows."""
    inner = np.flatnonzero(flat.leaf_stop - flat.leaf_start > 1)
    return np.concatenate([np.arange(1, len(flat)), inner[inner > 0]]).astype(np.int64)


def _directions(
    flat: TreeArrays,
) -> tuple[NDArray[np.int64], Counts, NDArray[np.bool_]]:
    """All ways out of inner nodes: the node, the leaves that way, and whether it leads up."""
    branch = _branch(flat)
    down = len(flat) - 1
    up = np.arange(len(branch)) >= down
    node = np.where(up, branch, flat.parent[branch])
    below = (flat.leaf_stop - flat.leaf_start)[branch]
    return node, np.where(up, len(flat.leaves) - below, below), up


def _parts(
    a: TreeArrays, b: TreeArrays, with_rest: bool
) -> Iterator[tuple[Counts, NDArray[np.int64]]]:
    """For every inner node of `a`: sizes of its parts, and how many of each lie below b's nodes.

    Parts are the children's leaves and, `with_rest`, the leaves not below the node. Yields
    int64 (d,) and (nodes of b, d).
    """
    position = {name: k for k, name in enumerate(a.leaf_names)}
    order = np.array([position[name] for name in b.leaf_names])
    n = len(order)
    for node, children in enumerate(a.children()):
        if not children:
            continue
        ends = a.leaf_start[[*children, children[-1]]].copy()
        ends[-1] = a.leaf_stop[children[-1]]
        owner = np.searchsorted(ends, order, side="right") - 1
        d = len(children)
        outside = (owner < 0) | (owner >= d)
        owner[outside] = d
        member = np.zeros((n + 1, d + 1), dtype=np.int64)
        member[np.arange(1, n + 1), owner] = 1
        np.cumsum(member, axis=0, out=member)
        keep = d + 1 if with_rest and node > 0 else d
        below = (member[b.leaf_stop] - member[b.leaf_start])[:, :keep]
        yield member[n, :keep], below
