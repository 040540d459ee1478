"""What a tree says of some of its leaves."""

from __future__ import annotations

from collections.abc import Set

from cladist.core.tree import Node, Tree
from cladist.errors import InputError

__all__ = ["induced"]


def induced(tree: Tree, leaves: Set[str]) -> Tree:
    """The tree on some of its leaves; nodes with a single child left are taken out.

    Distances between the leaves stay. A branch that joins several has the least of their
    supports. `InputError` when fewer than two of them are leaves. O(n).
    """
    made: dict[int, Node | None] = {}
    for node in tree.root.postorder():
        below = [n for n in (made.pop(id(c)) for c in node.children) if n is not None]
        if node.is_leaf:
            made[id(node)] = node if node.name in leaves else None
        elif len(below) == 1 and node is not tree.root:
            made[id(node)] = _longer(below[0], node)
        else:
            made[id(node)] = Node("", node.length, tuple(below), node.support) if below else None
    root = made[id(tree.root)]
    while root is not None and len(root.children) == 1:
        root = root.children[0]
    if root is None or root.is_leaf:
        raise InputError("a tree of a part needs at least two of the tree's leaves")
    return Tree(Node("", None, root.children), tree.rooted, tree.method)


def _longer(child: Node, above: Node) -> Node:
    length = (child.length or 0.0) + (above.length or 0.0)
    known = [s for s in (child.support, above.support) if s is not None]
    support = min(known) if known and not child.is_leaf else None
    return Node(child.name, length, child.children, support)
