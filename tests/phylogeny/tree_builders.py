"""Random trees and their distances, for the tests of this folder."""

from __future__ import annotations

import numpy as np

from cladist.core.distances import DistanceMatrix, symmetric
from cladist.core.tree import Node, Tree
from cladist.phylogeny.arrays import to_arrays


def random_tree(n: int, seed: int, low: float = 0.1, high: float = 2.0) -> Tree:
    """An unrooted binary tree of n leaves, joined at random, with a trifurcation on top."""
    rng = np.random.default_rng(seed)
    names = [f"m{i:03d}" for i in range(n)]
    nodes = [Node(name, float(rng.uniform(low, high))) for name in names]
    while len(nodes) > 3:
        i, j = sorted(rng.choice(len(nodes), 2, replace=False))
        right, left = nodes.pop(j), nodes.pop(i)
        nodes.append(Node("", float(rng.uniform(low, high)), (left, right)))
    return Tree(Node("", None, tuple(nodes)))


def caterpillar(n: int) -> Tree:
    """A ladder: the deepest tree there is."""
    node = Node("m0", 1.0)
    for i in range(1, n):
        node = Node("", 1.0, (node, Node(f"m{i}", 1.0)))
    return Tree(Node("", None, node.children))


def path_distances(tree: Tree) -> DistanceMatrix:
    """Distances along the tree."""
    flat = to_arrays(tree)
    depth = flat.depths()
    n = len(flat.leaves)
    out = np.zeros((n, n))
    ancestors: list[list[int]] = []
    for leaf in flat.leaves.tolist():
        path = [leaf]
        while flat.parent[path[-1]] >= 0:
            path.append(int(flat.parent[path[-1]]))
        ancestors.append(path)
    for a in range(n):
        above = set(ancestors[a])
        for b in range(a + 1, n):
            meet = next(i for i in ancestors[b] if i in above)
            span = depth[ancestors[a][0]] + depth[ancestors[b][0]] - 2 * depth[meet]
            out[a, b] = out[b, a] = span
    return symmetric(flat.leaf_names, out, "path")


def splits(tree: Tree) -> set[frozenset[str]]:
    """Non-trivial splits, each by the side without the first name."""
    leaves = frozenset(tree.leaves())
    first = min(leaves)
    sides = (leaves - c if first in c else c for c in tree.clades())
    return {s for s in sides if 1 < len(s) < len(leaves) - 1}
