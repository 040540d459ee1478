"""Trees as flat arrays, the form in which they are rooted, drawn and compared.

Nodes are numbered in preorder, so a parent comes before its children and the leaves below a
node are a contiguous run. `core.tree.Tree` is the form that travels between layers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cladist.core.tree import Node, Tree
from cladist.errors import InputError

IntArray = NDArray[np.int64]
FloatVector = NDArray[np.float64]


@dataclass(frozen=True)
class TreeArrays:
    """A tree of m nodes in preorder, n of them leaves.

    parent      int64 (m,), parent[i] < i, -1 at the root
    length      float64 (m,), branch to the parent; 0 where the tree names none
    support     float64 (m,), NaN where not assessed
    names       m names, '' where there is none
    leaf_start  int64 (m,): leaves below node i are rows leaf_start[i] .. leaf_stop[i] - 1 of
    leaf_stop   int64 (m,)  `leaves`
    leaves      int64 (n,): node numbers of the leaves, in preorder
    """

    parent: IntArray
    length: FloatVector
    support: FloatVector
    names: tuple[str, ...]
    leaf_start: IntArray
    leaf_stop: IntArray
    leaves: IntArray

    def __len__(self) -> int:
        return len(self.parent)

    @property
    def leaf_names(self) -> list[str]:
        """Names of the leaves in preorder."""
        return [self.names[i] for i in self.leaves]

    def children(self) -> list[list[int]]:
        """Children of every node, in order."""
        out: list[list[int]] = [[] for _ in range(len(self.parent))]
        for i in range(1, len(self.parent)):
            out[self.parent[i]].append(i)
        return out

    def depths(self) -> FloatVector:
        """Distance of every node from the root, float64 (m,)."""
        depth = np.zeros(len(self.parent))
        parent, length = self.parent.tolist(), self.length.tolist()
        total = [0.0] * len(parent)
        for i in range(1, len(parent)):
            total[i] = total[parent[i]] + length[i]
        depth[:] = total
        return depth


def to_arrays(tree: Tree | Node) -> TreeArrays:
    """Flat arrays of a tree, O(m). A missing branch length counts as zero."""
    root = tree.root if isinstance(tree, Tree) else tree
    parent: list[int] = []
    nodes: list[Node] = []
    stack: list[tuple[Node, int]] = [(root, -1)]
    while stack:
        node, above = stack.pop()
        number = len(nodes)
        nodes.append(node)
        parent.append(above)
        stack.extend((child, number) for child in reversed(node.children))
    leaf = [not n.children for n in nodes]
    start = np.concatenate([[0], np.cumsum(leaf)[:-1]]).astype(np.int64)
    count = [int(x) for x in leaf]
    for i in range(len(nodes) - 1, 0, -1):
        count[parent[i]] += count[i]
    return TreeArrays(
        np.array(parent, dtype=np.int64),
        np.array([0.0 if n.length is None else n.length for n in nodes]),
        np.array([np.nan if n.support is None else n.support for n in nodes]),
        tuple(n.name for n in nodes),
        start,
        start + np.array(count, dtype=np.int64),
        np.flatnonzero(leaf).astype(np.int64),
    )


def build(
    children: Sequence[Sequence[int]],
    length: Sequence[float | None],
    names: Sequence[str],
    support: Sequence[float | None],
    root: int,
) -> Node:
    """The node `root` of a tree given by child lists over any node numbers, O(m)."""
    order = [root]
    for number in order:
        order.extend(children[number])
    if len(set(order)) != len(order):
        raise InputError("tree: a node has two parents")
    made: dict[int, Node] = {}
    for number in reversed(order):
        made[number] = Node(
            names[number],
            None if number == root else length[number],
            tuple(made.pop(child) for child in children[number]),
            support[number],
        )
    return made[root]


def optional(values: FloatVector) -> list[float | None]:
    """NaN as None."""
    return [None if np.isnan(v) else float(v) for v in values]


def ladderized(tree: Tree) -> Tree:
    """The same tree with the smaller clade first; ties by the smallest name below."""
    flat = to_arrays(tree)
    smallest = list(flat.names)
    size = (flat.leaf_stop - flat.leaf_start).tolist()
    children = flat.children()
    for i in range(len(flat) - 1, -1, -1):
        if children[i]:
            smallest[i] = min(smallest[c] for c in children[i])
            children[i].sort(key=lambda c: (size[c], smallest[c]))
    length: list[float | None] = [n.length for n in tree.root.preorder()]
    root = build(children, length, flat.names, optional(flat.support), 0)
    return Tree(root, tree.rooted, tree.method)
