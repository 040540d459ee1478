"""Smaller pictures and weaker claims: clades folded into one tip, weak branches taken out."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from cladist.core.tree import Node, Tree
from cladist.errors import InputError
from cladist.phylogeny.arrays import TreeArrays


@dataclass(frozen=True)
class Fold:
    """A clade drawn as one tip.

    node    its number in the arrays of the tree
    size    leaves in it
    counts  (group, leaves) from the largest group on; empty where no groups are known
    """

    node: int
    size: int
    counts: tuple[tuple[str, int], ...]


def fold(flat: TreeArrays, tips: int, groups: Mapping[str, str] | None = None) -> dict[int, Fold]:
    """Which clades to fold so that at most `tips` tips remain, by node number.

    From the root down, the clade with the most leaves outside its largest group is opened next,
    between equals the one with the most leaves; so folds are large and of one group as far as
    `tips` allow. A node with more children than there is room for stays folded. O(m log m),
    and O(leaves) a node for the groups.
    """
    if tips < 2:
        raise InputError(f"a picture needs at least two tips, got {tips}")
    if len(flat.leaves) <= tips:
        return {}
    children = flat.children()
    labels = [(groups or {}).get(name, "") for name in flat.leaf_names]
    size = (flat.leaf_stop - flat.leaf_start).tolist()
    counts: dict[int, Counter[str]] = {}

    def mix(node: int) -> Counter[str]:
        if node not in counts:
            counts[node] = Counter(labels[flat.leaf_start[node] : flat.leaf_stop[node]])
        return counts[node]

    def entry(node: int) -> tuple[int, int, int]:
        strangers = size[node] - max(mix(node).values()) if groups else 0
        return -strangers, -size[node], node

    heap = [entry(0)]
    shown, kept = 1, []
    while heap:
        _, _, node = heapq.heappop(heap)
        if shown - 1 + len(children[node]) > tips:
            kept.append(node)
            continue
        shown += len(children[node]) - 1
        for child in children[node]:
            if children[child]:
                heapq.heappush(heap, entry(child))
    return {
        node: Fold(
            node,
            size[node],
            tuple(sorted(mix(node).items(), key=lambda kv: (-kv[1], kv[0]))) if groups else (),
        )
        for node in kept
    }


def collapse_weak(tree: Tree, threshold: float) -> Tree:
    """The tree without the inner branches whose support is below `threshold` (0 to 1).

    Their children move up to the parent, on branches longer by the one taken out, so distances
    between leaves and their common ancestors stay. Branches without a support value stay, and
    so do named inner nodes, which are models.
    """
    if not 0 <= threshold <= 1:
        raise InputError(f"support threshold {threshold} is not between 0 and 1")
    made: dict[int, tuple[Node, ...]] = {}
    for node in tree.root.postorder():
        below = tuple(n for child in node.children for n in made.pop(id(child)))
        weak = node.support is not None and node.support < threshold
        if weak and below and not node.name and node is not tree.root:
            made[id(node)] = tuple(
                Node(n.name, _plus(n.length, node.length), n.children, n.support) for n in below
            )
        else:
            made[id(node)] = (Node(node.name, node.length, below, node.support),)
    return Tree(made[id(tree.root)][0], tree.rooted, tree.method)


def _plus(a: float | None, b: float | None) -> float | None:
    return None if a is None and b is None else (a or 0.0) + (b or 0.0)
