"""Phylogenetic trees as immutable nodes; every walk is a loop, so any depth is safe."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from cladist.errors import InputError


@dataclass(frozen=True, eq=False, repr=False)
class Node:
    """A node: its name ('' for most inner ones), branch to its parent, support and children.

    length   branch length to the parent in units of the distance, None at the root
    support  share of replicates that hold the clade, 0 to 1, None where not assessed

    Nodes are equal when names, lengths, supports and the order of all children below agree.
    """

    name: str = ""
    length: float | None = None
    children: tuple[Node, ...] = field(default_factory=tuple)
    support: float | None = None

    # The methods that a dataclass would write recurse, and a ladder of a thousand models is
    # deeper than Python's stack.
    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Node):
            return NotImplemented
        if self is other:
            return True
        pairs = zip(self.preorder(), other.preorder(), strict=False)
        # Equal numbers of children all along mean that neither walk ends before the other.
        return all(a._own() == b._own() for a, b in pairs)

    def __hash__(self) -> int:
        return hash(tuple(node._own() for node in self.preorder()))

    def __repr__(self) -> str:
        return (
            f"Node(name={self.name!r}, length={self.length!r}, support={self.support!r}, "
            f"{len(self.children)} children)"
        )

    def _own(self) -> tuple[str, float | None, float | None, int]:
        return self.name, self.length, self.support, len(self.children)

    @property
    def is_leaf(self) -> bool:
        """Whether it has no children."""
        return not self.children

    def preorder(self) -> Iterator[Node]:
        """This node, then its descendants; without recursion, so any depth is fine."""
        stack = [self]
        while stack:
            node = stack.pop()
            yield node
            stack.extend(reversed(node.children))

    def postorder(self) -> Iterator[Node]:
        """Descendants before their parents."""
        seen: list[Node] = []
        stack = [self]
        while stack:
            node = stack.pop()
            seen.append(node)
            stack.extend(node.children)
        return reversed(seen)


@dataclass(frozen=True)
class Tree:
    """A tree with a root node.

    rooted  whether the root means an ancestor; if not it is only where drawing starts
    method  how the tree was made, in a few words
    """

    root: Node
    rooted: bool = False
    method: str = ""

    def __post_init__(self) -> None:
        seen: set[str] = set()
        for name in self.names():
            if name in seen:
                raise InputError(f"tree: the name {name[:60]!r} occurs twice; names must differ")
            seen.add(name)

    def leaves(self) -> list[str]:
        """Leaf names from top to bottom."""
        return [n.name for n in self.root.preorder() if n.is_leaf]

    def names(self) -> list[str]:
        """All named nodes in preorder; sampled ancestors sit on inner nodes."""
        return [n.name for n in self.root.preorder() if n.name]

    def clades(self) -> list[frozenset[str]]:
        """Leaf sets below every inner node, in postorder, the root last."""
        below: dict[int, frozenset[str]] = {}
        out = []
        for node in self.root.postorder():
            if node.is_leaf:
                below[id(node)] = frozenset([node.name])
            else:
                merged = frozenset().union(*(below.pop(id(c)) for c in node.children))
                below[id(node)] = merged
                out.append(merged)
        return out
