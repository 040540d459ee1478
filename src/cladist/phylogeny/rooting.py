"""Roots for unrooted trees: midpoint, outgroup, minimal ancestor deviation.

Every method returns a `Rooting`, which says how sure the choice is. Supports belong to branches
and move with them; a root placed inside a branch gives both halves its support. (By dates:
`phylogeny.dating`.)
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np

from cladist.core.tree import Node, Tree
from cladist.errors import InputError
from cladist.phylogeny.arrays import FloatVector, TreeArrays, build, optional, to_arrays
from cladist.phylogeny.edges import distances_to_branches


@dataclass(frozen=True)
class Rooting:
    """A rooted tree and how it came to its root.

    method     'midpoint', 'outgroup', 'minimal ancestor deviation' or 'dates'
    ambiguity  0 to 1: score of the best root over that of the best root on another branch; near
               1 another branch would do as well. For an outgroup, the share of strangers among
               the models that the outgroup's side and the outgroup hold together
    note       the same in a sentence for people
    """

    tree: Tree
    method: str
    ambiguity: float
    note: str


def root_midpoint(tree: Tree) -> Rooting:
    """The root halfway along the longest path between two leaves (Farris 1972). O(n).

    The score of a branch is the depth of the deepest leaf below the best root on it.
    """
    flat = unrooted_arrays(tree)
    below, above = _farthest(flat)
    length = flat.length[1:]
    b, a = below[1:], above[1:]
    # From the upper end of the branch, where both sides' deepest leaves are equally far.
    place = np.clip((b + length - a) / 2, 0.0, length)
    depth = np.maximum(a + place, b + length - place)
    return _rooted(flat, tree, place, depth, "midpoint")


def root_mad(tree: Tree) -> Rooting:
    """Minimal ancestor deviation (Tria, Landan & Dagan 2017, Nat Ecol Evol 1:0193).

    Every pair of leaves should be equally far from its common ancestor; the root is put where
    the relative deviations from that, 2 d(leaf, ancestor)/d(pair) - 1, have the smallest root
    mean square. Pairs at distance zero say nothing and count zero. Memory: depth of the tree x
    n numbers. Time: the sum of path lengths over all pairs, n^2 log n on a balanced tree.
    """
    flat = unrooted_arrays(tree)
    place, deviation = ancestor_deviations(flat)
    return _rooted(flat, tree, place, deviation, "minimal ancestor deviation")


def root_outgroup(tree: Tree, outgroup: Collection[str]) -> Rooting:
    """The root in the middle of the branch that sets the outgroup apart. O(n).

    Where the outgroup is no clade of the unrooted tree, the branch is taken whose side is most
    alike (Jaccard index), and the ambiguity and the note say what does not fit.
    """
    flat = unrooted_arrays(tree)
    names = flat.leaf_names
    wanted = set(outgroup)
    if missing := sorted(wanted - set(names)):
        raise InputError(f"outgroup: '{missing[0]}' is not among the {len(names)} leaves")
    if not wanted or len(wanted) == len(names):
        raise InputError("outgroup: name at least one leaf, and leave at least one out of it")
    member = np.array([name in wanted for name in names], dtype=np.int64)
    before = np.concatenate([[0], np.cumsum(member)])
    inside = before[flat.leaf_stop[1:]] - before[flat.leaf_start[1:]]
    size = flat.leaf_stop[1:] - flat.leaf_start[1:]
    below = inside / (len(wanted) + size - inside)
    rest = len(wanted) - inside
    above = rest / (len(wanted) + (len(names) - size) - rest)
    fit = np.maximum(below, above)
    branch = int(np.argmax(fit))
    ambiguity = float(1 - fit[branch])
    if ambiguity == 0:
        note = f"rooted by an outgroup of {len(wanted)}, a clade of the tree"
    else:
        note = (
            f"rooted by an outgroup of {len(wanted)} that is no clade of this tree; the branch "
            f"whose side fits best agrees to {fit[branch]:.0%}"
        )
    rooted = reroot(flat, branch + 1, float(flat.length[branch + 1]) / 2, tree.method)
    return Rooting(rooted, "outgroup", ambiguity, note)


def unrooted_arrays(tree: Tree) -> TreeArrays:
    """Arrays of the tree with a root of two branches made one branch; at least three leaves."""
    root = tree.root
    if len(root.children) == 2 and not root.name:
        first, second = root.children
        # The one that goes on top must be an inner node, so that it has children to stand for.
        top, other = (second, first) if first.is_leaf else (first, second)
        known = [s for s in (top.support, other.support) if s is not None]
        total = (top.length or 0.0) + (other.length or 0.0)
        moved = Node(other.name, total, other.children, max(known) if known else None)
        root = Node(top.name, None, (*top.children, moved))
    flat = to_arrays(root)
    if len(flat.leaves) < 3:
        raise InputError(f"a root needs a tree of at least three leaves, got {len(flat.leaves)}")
    if (flat.length < 0).any():
        raise InputError("rooting: the tree has a negative branch length; set it to zero first")
    return flat


def reroot(flat: TreeArrays, branch: int, place: float, method: str = "") -> Tree:
    """The tree with a new root on the branch above node `branch`, `place` below its upper end."""
    m = len(flat)
    parent, length = flat.parent.tolist(), flat.length.tolist()
    held = optional(flat.support)
    near: list[list[tuple[int, float, float | None]]] = [[] for _ in range(m + 1)]

    def connect(a: int, b: int, span: float, support: float | None) -> None:
        near[a].append((b, span, support))
        near[b].append((a, span, support))

    for i in range(1, m):
        if i != branch:
            connect(parent[i], i, length[i], held[i])
    connect(m, branch, length[branch] - place, held[branch])
    connect(m, parent[branch], place, held[branch])
    children: list[list[int]] = [[] for _ in range(m + 1)]
    spans: list[float | None] = [None] * (m + 1)
    supports: list[float | None] = [None] * (m + 1)
    stack = [(m, -1)]
    while stack:
        node, above = stack.pop()
        for other, span, support in near[node]:
            if other != above:
                children[node].append(other)
                # Support speaks of a split; a leaf's branch has none to support.
                leaf = len(near[other]) == 1
                spans[other], supports[other] = span, None if leaf else support
                stack.append((other, node))
    return Tree(build(children, spans, [*flat.names, ""], supports, m), True, method)


def _rooted(
    flat: TreeArrays, tree: Tree, place: FloatVector, score: FloatVector, method: str
) -> Rooting:
    """The tree rooted on the branch of least score; `place` and `score` start at node 1."""
    best = int(np.argmin(score))
    spot = _spot(flat, best + 1, float(place[best]))
    others = [
        float(score[k])
        for k in np.argsort(score, kind="stable")[:50]
        if k != best and (spot < 0 or _spot(flat, int(k) + 1, float(place[k])) != spot)
    ]
    second = min(others, default=0.0)
    if flat.length.max() <= 0:
        ambiguity = 1.0  # all models at one place: any root will do
    else:
        ambiguity = float(score[best]) / second if second > 0 else float(bool(others))
    rooted = reroot(flat, best + 1, float(place[best]), tree.method)
    note = f"rooted by {method}; ambiguity {ambiguity:.2f}"
    if ambiguity > 0.95:
        note += ": another branch would do nearly as well, so read the root with care"
    return Rooting(rooted, method, ambiguity, note)


def _spot(flat: TreeArrays, branch: int, place: float) -> int:
    """The node that a root at this place falls on, -1 inside a branch."""
    length = float(flat.length[branch])
    if place <= 1e-9 * length:
        return int(flat.parent[branch])
    return branch if place >= (1 - 1e-9) * length else -1


def _farthest(flat: TreeArrays) -> tuple[FloatVector, FloatVector]:
    """Distance of the farthest leaf below each node, and from its parent without passing it."""
    m = len(flat)
    parent, length, children = flat.parent.tolist(), flat.length.tolist(), flat.children()
    below = [0.0] * m
    for i in range(m - 1, 0, -1):
        below[parent[i]] = max(below[parent[i]], below[i] + length[i])
    above = [0.0] * m
    for i in range(m):
        # The two longest ways out of node i; each child may use the best but its own.
        ways = [(below[c] + length[c], c) for c in children[i]]
        if i:
            ways.append((above[i] + length[i], -1))
        ways.sort(reverse=True)
        for c in children[i]:
            above[c] = next((far for far, way in ways if way != c), 0.0)
    return np.array(below), np.array(above)


def ancestor_deviations(flat: TreeArrays) -> tuple[FloatVector, FloatVector]:
    """Best root place on every branch but the root's, and the mean deviation from there.

    Both float64 (m - 1,), the branch above node k at k - 1. The sum over pairs is split by the
    node where a pair's path comes nearest to the root: for each branch one block of leaves
    below against leaves not below serves both its ends.
    """
    m, n = len(flat), len(flat.leaves)
    parent, length = flat.parent.tolist(), flat.length.tolist()
    below_at_parent = np.zeros(m)  # pairs across the branch, measured from its upper end
    across_at_child = np.zeros(m)  # the same from its lower end
    straddling = np.zeros(m)  # the same from the best place on it
    place = np.zeros(m)
    start, stop = flat.leaf_start.tolist(), flat.leaf_stop.tolist()
    children = flat.children()
    # Moving distances along the tree leaves rounding behind.
    nothing = 1e-12 * float(flat.depths().max())
    for i, u in distances_to_branches(flat):
        outside = np.concatenate([u[: start[i]], u[stop[i] :]])
        square, linear, weight = _block(outside, u[start[i] : stop[i]], nothing)
        o = min(max(-linear / (2 * weight), 0.0), length[i]) if weight > 0 else length[i] / 2
        place[i] = o
        below_at_parent[i] = square
        straddling[i] = square + 4 * o * linear + 4 * o * o * weight
        if children[i]:  # no path turns at a leaf
            across_at_child[i] = square + 4 * length[i] * linear + 4 * length[i] ** 2 * weight
    # Pairs whose path turns at node i: half the sum over its directions of direction x rest.
    turning = across_at_child.copy()
    for i in range(1, m):
        turning[parent[i]] += below_at_parent[i]
    turning /= 2
    inner = turning - across_at_child  # with the root above i
    subtree = inner.copy()
    for i in range(m - 1, 0, -1):
        subtree[parent[i]] += subtree[i]
    outer = np.zeros(m)  # everything at and above the parent, with the root on the branch of i
    for i in range(1, m):
        p = parent[i]
        siblings = subtree[p] - inner[p] - subtree[i]
        outer[i] = turning[p] - below_at_parent[i] + siblings + outer[p]
    total = np.maximum(straddling + subtree + outer, 0.0)[1:]
    return place[1:], np.sqrt(total / (n * (n - 1) / 2))


def _block(outside: FloatVector, below: FloatVector, nothing: float) -> tuple[float, float, float]:
    """Sums over pairs of ((x-y)/(x+y))^2, (x-y)/(x+y)^2 and 1/(x+y)^2, x outside, y below."""
    square = linear = weight = 0.0
    step = max(1, 1_000_000 // max(len(outside), 1))
    for k in range(0, len(below), step):
        y = below[k : k + step, None]
        pair = outside[None, :] + y
        gap = outside[None, :] - y
        with np.errstate(divide="ignore"):
            inverse = np.where(pair > nothing, 1 / pair, 0.0)
        gap *= inverse
        square += float(np.vdot(gap, gap))
        linear += float(np.vdot(gap, inverse))
        weight += float(np.vdot(inverse, inverse))
    return square, linear, weight
