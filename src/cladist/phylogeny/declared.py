"""Declared lineage as a tree, to hold against what was measured."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from cladist.core.tree import Node, Tree
from cladist.errors import InputError
from cladist.phylogeny.arrays import TreeArrays, build, optional, to_arrays
from cladist.phylogeny.compare import CladeFit, clade_recovery


def declared_tree(parents: Mapping[str, str], tips: Collection[str] | None = None) -> Tree:
    """The tree of a table model -> declared parent ('' for none), every branch of length 1.

    A parent that is itself a model sits on an inner node and, so that trees can be compared by
    their leaves, is also no leaf; models without a parent hang on the root. Parents that are no
    rows of the table become named inner nodes.

    With `tips`, these names and no others are leaves: a parent among them is a leaf of length 0
    on its node, ancestors of none of them are left out, and inner nodes have no name. So the
    tree has the leaves of a measured one and can stand face to face with it.

    `InputError` for a cycle, naming it, or if none of the tips is in the table. O(n).
    """
    names = sorted({*parents, *(p for p in parents.values() if p)})
    if not names:
        raise InputError("declared lineage: the table is empty")
    number = {name: k + 1 for k, name in enumerate(names)}
    children: list[list[int]] = [[] for _ in range(len(names) + 1)]
    for name in names:
        children[number[parents.get(name, "") or ""] if parents.get(name) else 0].append(
            number[name]
        )
    reached = [0]
    for node in reached:
        reached.extend(children[node])
    if len(reached) != len(names) + 1:
        lost = next(n for n in names if number[n] not in set(reached))
        path = [lost]
        while (above := parents[path[-1]]) not in path:
            path.append(above)
        circle = " -> ".join(path[path.index(above) :][:5])
        raise InputError(f"declared lineage: models descend from each other: {circle} -> {above}")
    if tips is not None:
        return _with_tips(children, reached, names, set(tips))
    length = [None, *([1.0] * len(names))]
    root = build(children, length, ["", *names], [None] * (len(names) + 1), 0)
    return Tree(root, rooted=True, method="declared")


def _with_tips(
    children: list[list[int]], order: Sequence[int], names: Sequence[str], tips: set[str]
) -> Tree:
    """Only what leads to tips, every tip a leaf, and no node with a single child."""
    made: dict[int, Node | None] = {}
    for node in reversed(order):
        below = [n for n in (made.pop(c) for c in children[node]) if n is not None]
        own = names[node - 1] if node else ""
        if own in tips:
            below.insert(0, Node(own, 0.0 if below else 1.0))
        if len(below) < 2 and node:
            made[node] = below[0] if below else None
        else:
            made[node] = Node("", 1.0 if node else None, tuple(below))
    root = made[0]
    assert root is not None
    if root.is_leaf:
        raise InputError("declared lineage: the table tells of none of the models compared")
    return Tree(root, rooted=True, method="declared")


@dataclass(frozen=True)
class DeclaredClade:
    """A declared ancestor with all that descends from it, and the clade that fits best."""

    ancestor: str
    fit: CladeFit


def declared_clades(tree: Tree, parents: Mapping[str, str]) -> list[DeclaredClade]:
    """How every declared ancestor of two or more leaves holds together in a tree.

    Its models are itself and all its declared descendants among the leaves, so families lie in
    families; the largest come first. `InputError` for a cycle, or when no ancestor has two.
    O(leaves) per ancestor.
    """
    whole = declared_tree(parents)
    leaves = set(tree.leaves())
    below: dict[int, list[str]] = {}
    out = []
    for node in whole.root.postorder():
        inside = [name for c in node.children for name in below.pop(id(c))]
        if node.name in leaves:
            inside.append(node.name)
        below[id(node)] = inside
        if node.name and node.children and 2 <= len(inside) < len(leaves):
            (fit,) = clade_recovery(tree, dict.fromkeys(inside, node.name))
            out.append(DeclaredClade(node.name, fit))
    if not out:
        raise InputError(
            "declared lineage: no declared ancestor has two descendants among the models compared, "
            "or one has them all"
        )
    return sorted(out, key=lambda c: (-c.fit.members, c.ancestor))


def untangled(
    fixed: Tree,
    turned: Tree,
    rounds: int = 4,
    links: Mapping[tuple[str, str], int] | None = None,
) -> tuple[Tree, Tree]:
    """Both trees with children ordered so that lines between equal leaves cross little.

    Children are sorted by the mean place of their leaves in the other tree, in turn; leaves that
    only one tree has do not count. A heuristic: the least number of crossings is hard to find.

    `links` are lines other than those between equal leaves: (leaf of `fixed`, leaf of `turned`)
    and the weight.
    """
    if links is None:
        links = {(n, n): 1 for n in sorted(set(fixed.leaves()) & set(turned.leaves()))}
    back = {(b, a): weight for (a, b), weight in links.items()}
    for _ in range(rounds):
        turned = _sorted_by(turned, _aims(back, _places(fixed)))
        fixed = _sorted_by(fixed, _aims(links, _places(turned)))
    return fixed, turned


def crossings(a: Tree, b: Tree) -> int:
    """Pairs of common leaves that the trees list in opposite order. O(n^2)."""
    place = _places(b)
    order = [place[n] for n in a.leaves() if n in place]
    return sum(x > y for k, x in enumerate(order) for y in order[k + 1 :])


def _places(tree: Tree) -> dict[str, int]:
    return {name: k for k, name in enumerate(tree.leaves())}


def _aims(links: Mapping[tuple[str, str], int], places: Mapping[str, int]) -> dict[str, float]:
    """The mean place in the other tree of what each leaf is linked to."""
    total: dict[str, float] = {}
    weight: dict[str, int] = {}
    for (own, other), w in links.items():
        total[own] = total.get(own, 0.0) + w * places[other]
        weight[own] = weight.get(own, 0) + w
    return {name: total[name] / weight[name] for name in total}


def _sorted_by(tree: Tree, places: Mapping[str, float]) -> Tree:
    flat: TreeArrays = to_arrays(tree)
    children = flat.children()
    total = [0.0] * len(flat)
    count = [0] * len(flat)
    for i in range(len(flat) - 1, -1, -1):
        if not children[i] and flat.names[i] in places:
            total[i], count[i] = places[flat.names[i]], 1
        for c in children[i]:
            total[i] += total[c]
            count[i] += count[c]
    middle = [t / c if c else float("inf") for t, c in zip(total, count, strict=True)]
    for below in children:
        below.sort(key=lambda c: (middle[c], flat.names[c]))
    length = [node.length for node in tree.root.preorder()]
    return Tree(
        build(children, length, flat.names, optional(flat.support), 0), tree.rooted, tree.method
    )
