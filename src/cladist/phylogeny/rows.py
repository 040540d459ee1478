"""Two trees of the same models with few enough rows to stand face to face.

Leaves are collapsed in this order, each step only as far as rows have to be saved:

1. by family, those first that save most: every largest clade of one family becomes a row;
2. clades that both trees have, the smallest first;
3. branches of one family that hang on one node, the most first;
4. the smallest neighbours, whatever they are, in each tree for itself.

The first two show what the trees have. The last two join what a tree does not hold together, and
rows of them say so.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field

from cladist.core.tree import Node, Tree
from cladist.errors import InputError
from cladist.phylogeny.arrays import TreeArrays, to_arrays

__all__ = ["MOST_ROWS", "Row", "RowTree", "collapsed_pair", "parting"]

MOST_ROWS = 250
"""More names than these are not read side by side; leaves are collapsed to as many."""


@dataclass(frozen=True)
class Row:
    """Models of one tree that are drawn as one.

    models    their names, as the tree lists them
    family    the family of them all; '' where they have none or several
    branches  branches that were joined; 1 for a clade or a model
    reach     from the row's node to the deepest of its models, in units of the tree
    """

    models: tuple[str, ...]
    family: str = ""
    branches: int = 1
    reach: float = 0.0


@dataclass(frozen=True)
class RowTree:
    """A tree whose leaves stand for rows: the leaf of `rows[k]` bears the name str(k)."""

    tree: Tree
    rows: tuple[Row, ...]

    def row_of(self) -> dict[str, int]:
        """The row of every model."""
        return {name: k for k, row in enumerate(self.rows) for name in row.models}


@dataclass
class _Side:
    """A tree on its way to few rows.

    units  of a node, its children by rows to be; only where some are joined
    """

    flat: TreeArrays
    family: list[str]
    children: list[list[int]]
    parent: list[int]
    folded: set[int] = field(default_factory=set)
    count: list[int] = field(default_factory=list)
    units: dict[int, list[list[int]]] = field(default_factory=dict)

    @classmethod
    def of(cls, tree: Tree, families: Mapping[str, str]) -> _Side:
        flat = to_arrays(tree)
        family = [families.get(n, "") for n in flat.leaf_names]
        made = cls(flat, family, flat.children(), flat.parent.tolist())
        made.count = (flat.leaf_stop - flat.leaf_start).tolist()
        return made

    @property
    def rows(self) -> int:
        return self.count[0]

    def size(self, node: int) -> int:
        return int(self.flat.leaf_stop[node] - self.flat.leaf_start[node])

    def saved(self, node: int, fewer: int) -> None:
        """So many rows fewer at a node and all above."""
        while node >= 0:
            self.count[node] -= fewer
            node = self.parent[node]

    def fold(self, node: int) -> None:
        """Make one row of a node, unless one above is a row already."""
        above = node
        while above >= 0 and above not in self.folded:
            above = self.parent[above]
        if above < 0 and self.children[node]:
            self.folded.add(node)
            self.saved(node, self.count[node] - 1)

    def pure(self) -> list[str]:
        """The one family of all leaves below each node, '' for none or several."""
        made = [""] * len(self.flat)
        for leaf, family in zip(self.flat.leaves.tolist(), self.family, strict=True):
            made[leaf] = family
        for node in range(len(made) - 1, -1, -1):
            if self.children[node]:
                below = {made[c] for c in self.children[node]}
                made[node] = below.pop() if len(below) == 1 else ""
        return made


def parting(families: Mapping[str, str], left: Tree, right: Tree) -> Mapping[str, str]:
    """The families, where they part the leaves of both trees; else none."""
    kinds = [{families.get(n, "") for n in tree.leaves()} for tree in (left, right)]
    return families if min(map(len, kinds)) > 1 else {}


def collapsed_pair(
    left: Tree, right: Tree, families: Mapping[str, str], most: int
) -> tuple[RowTree, RowTree]:
    """Both trees with at most `most` rows; as they are where that is enough.

    Every leaf is in exactly one row of its tree. The same trees and families give the same rows.
    O(n log n + n * depth). `InputError` for fewer than two rows.

    Examples
    --------
    >>> from cladist.formats.trees.newick import read_newick
    >>> one, two = read_newick("((a,b),(c,d));"), read_newick("((a,b),c,d);")
    >>> made, _ = collapsed_pair(one, two, {"a": "llama", "b": "llama"}, 3)
    >>> sorted(row.models for row in made.rows)
    [('a', 'b'), ('c',), ('d',)]
    """
    if most < 2:
        raise InputError(f"a picture needs at least two rows, got {most}")
    sides = (_Side.of(left, families), _Side.of(right, families))
    _by_family(sides, most)
    _by_common_clade(sides, most)
    made = []
    for side, tree in zip(sides, (left, right), strict=True):
        _by_node(side, most)
        _smallest(side, most)
        made.append(_built(side, tree))
    return made[0], made[1]


def _by_family(sides: tuple[_Side, _Side], most: int) -> None:
    found: dict[str, list[tuple[_Side, int]]] = defaultdict(list)
    for side in sides:
        pure = side.pure()
        parent = side.parent
        for node in range(1, len(pure)):
            if side.children[node] and pure[node] and pure[parent[node]] != pure[node]:
                found[pure[node]].append((side, node))
    saving = {f: sum(side.size(n) - 1 for side, n in at) for f, at in found.items()}
    for family in sorted(found, key=lambda f: (-saving[f], f)):
        if max(side.rows for side in sides) <= most:
            return
        for side, node in found[family]:
            side.fold(node)


def _by_common_clade(sides: tuple[_Side, _Side], most: int) -> None:
    one, two = (_clades(side) for side in sides)
    common = sorted((sides[0].size(one[h]), one[h], h) for h in one.keys() & two.keys())
    for _, node, digest in common:
        if max(side.rows for side in sides) <= most:
            return
        sides[0].fold(node)
        sides[1].fold(two[digest])


def _clades(side: _Side) -> dict[int, int]:
    """Inner nodes by the digest of the leaves below; not the root, nor nodes with one child."""
    before = [0]
    for name in side.flat.leaf_names:
        digest = hashlib.blake2b(name.encode("utf-8", "surrogatepass"), digest_size=16).digest()
        before.append(before[-1] ^ int.from_bytes(digest, "big"))
    start, stop = side.flat.leaf_start.tolist(), side.flat.leaf_stop.tolist()
    return {
        before[stop[node]] ^ before[start[node]]: node
        for node in range(len(start) - 1, 0, -1)
        if len(side.children[node]) > 1 and side.size(node) < side.size(0)
    }


def _by_node(side: _Side, most: int) -> None:
    if side.rows <= most:
        return
    pure = side.pure()
    found: dict[tuple[int, str], list[int]] = defaultdict(list)
    for node in _open(side):
        for child in side.children[node]:
            if pure[child] and side.count[child] == 1:
                found[node, pure[child]].append(child)
    ranked = sorted(found.items(), key=lambda kv: (-len(kv[1]), kv[0]))
    for (node, _), alike in ranked:
        if side.rows <= most or len(alike) < 2:
            return
        units = side.units.get(node) or [[c] for c in side.children[node]]
        joined = set(alike)
        others = [u for u in units if u[0] not in joined]
        if others:
            for child in alike:
                side.fold(child)
            side.units[node] = [alike, *others]
            side.saved(node, len(alike) - 1)


def _smallest(side: _Side, most: int) -> None:
    """From the smallest node on, so that all below a node is one row when its turn comes."""
    for node in sorted(_open(side), key=lambda i: (side.size(i), -i)):
        spare = side.rows - most
        if spare <= 0:
            return
        units = side.units.get(node) or [[c] for c in side.children[node]]
        units = sorted(units, key=lambda u: (sum(map(side.size, u)), u))
        taken = min(spare + 1, len(units))
        if taken == len(units):
            side.units.pop(node, None)
            side.fold(node)
        elif taken > 1:
            joined = sorted(c for u in units[:taken] for c in u)
            side.units[node] = [joined, *units[taken:]]
            side.saved(node, taken - 1)


def _open(side: _Side) -> list[int]:
    """Inner nodes that are neither folded nor below a fold, in preorder."""
    hidden = [False] * len(side.flat)
    for node, above in enumerate(side.parent):
        hidden[node] = node in side.folded or (above >= 0 and hidden[above])
    return [i for i, below in enumerate(side.children) if below and not hidden[i]]


def _built(side: _Side, tree: Tree) -> RowTree:
    flat, depth = side.flat, side.flat.depths()
    names, rows = flat.leaf_names, list[Row]()
    made: dict[int, Node] = {}

    def leaf(nodes: list[int]) -> Node:
        spans = [(int(flat.leaf_start[n]), int(flat.leaf_stop[n])) for n in nodes]
        models = tuple(name for a, b in spans for name in names[a:b])
        kinds = {f for a, b in spans for f in side.family[a:b]}
        deepest = max(float(depth[flat.leaves[a:b]].max()) for a, b in spans)
        top = max(nodes, key=lambda n: (float(depth[n]), -n))
        rows.append(
            Row(
                models,
                kinds.pop() if len(kinds) == 1 else "",
                len(nodes),
                max(0.0, deepest - float(depth[top])),
            )
        )
        return Node(str(len(rows) - 1), float(flat.length[top]))

    shown = _open(side)
    inner = set(shown)
    for node in reversed(shown):
        units = side.units.get(node) or [[c] for c in side.children[node]]
        below = tuple(made.pop(u[0]) if len(u) == 1 and u[0] in inner else leaf(u) for u in units)
        made[node] = Node("", float(flat.length[node]) if node else None, below)
    return RowTree(Tree(made[0], tree.rooted, tree.method), tuple(rows))
