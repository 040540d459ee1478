"""Phylogenetic trees as immutable nodes; every walk is a loop, so any depth is safe."""

from __future__ import annotations

from collections.abc import Iterator, Set
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from cladist.core.optional import needed
from cladist.core.results import Result, html_table, offered, plain
from cladist.core.tree_tables import root_of
from cladist.errors import InputError

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from matplotlib.axes import Axes
    from numpy.typing import NDArray
    from skbio import TreeNode

Shape = Literal["rectangular", "circular", "unrooted"]


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


@dataclass(frozen=True, repr=False)
class Tree(Result):
    """A tree with a root node.

    Parameters
    ----------
    root : Node
        The root, with all below it.
    rooted : bool
        Whether the root means an ancestor; if not it is only where drawing starts.
    method : str
        How the tree was made, in a few words.

    Raises
    ------
    InputError
        For a name that occurs twice.

    Examples
    --------
    >>> pair = Node("", 1.0, (Node("a", 1.0), Node("b", 2.0)))
    >>> made = Tree(Node("", None, (pair, Node("c", 3.0))), rooted=True)
    >>> made
    <Tree: 3 models, rooted>
    >>> made["b"].length, "c" in made, made[["a", "c"]].leaves()
    (2.0, True, ['a', 'c'])
    >>> made == Tree(made.root, rooted=True), len({made, Tree(made.root, rooted=True)})
    (True, 1)
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

    def __len__(self) -> int:
        return len(self.leaves())

    def __iter__(self) -> Iterator[str]:
        return iter(self.leaves())

    def __contains__(self, name: object) -> bool:
        return bool(name) and name in self.names()

    def __getitem__(self, at: str | list[str] | slice) -> Any:
        """The node of a name, or the tree on some of the leaves."""
        if isinstance(at, slice):
            return self.induced(set(self.leaves()[at]))
        if isinstance(at, list):
            unknown = set(at) - set(self.leaves())
            if unknown:
                raise InputError(f"tree: {min(unknown)[:60]!r} is none of its leaves")
            return self.induced(set(at))
        for node in self.root.preorder():
            if node.name and node.name == at:
                return node
        raise InputError(f"tree: {str(at)[:60]!r} is none of its nodes")

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

    def induced(self, leaves: Set[str]) -> Tree:
        """The tree on some of its leaves; nodes with a single child left are taken out.

        Distances between the leaves stay. A branch that joins several has the least of their
        supports. `InputError` when fewer than two of them are leaves. O(n).
        """
        made: dict[int, Node | None] = {}
        for node in self.root.postorder():
            below = [n for n in (made.pop(id(c)) for c in node.children) if n is not None]
            if node.is_leaf:
                made[id(node)] = node if node.name in leaves else None
            elif len(below) == 1 and node is not self.root:
                made[id(node)] = _longer(below[0], node)
            else:
                made[id(node)] = (
                    Node("", node.length, tuple(below), node.support) if below else None
                )
        root = made[id(self.root)]
        while root is not None and len(root.children) == 1:
            root = root.children[0]
        if root is None or root.is_leaf:
            raise InputError("a tree of a part needs at least two of the tree's leaves")
        return Tree(Node("", None, root.children), self.rooted, self.method)

    def rows(self) -> list[dict[str, Any]]:
        """A row a node in preorder: its number, its parent's, and what it says.

        Examples
        --------
        >>> Tree(Node("", None, (Node("a", 1.0), Node("b", 2.0)))).rows()[1]
        {'node': 1, 'parent': 0, 'name': 'a', 'length': 1.0, 'support': None, 'leaf': True}
        """
        parent: dict[int, int | None] = {id(self.root): None}
        made = []
        for number, node in enumerate(self.root.preorder()):
            parent.update({id(c): number for c in node.children})
            about = {"node": number, "parent": parent[id(node)], "name": node.name}
            more = {"length": node.length, "support": node.support, "leaf": node.is_leaf}
            made.append({**about, **plain(more)})
        return made

    def to_dict(self) -> dict[str, Any]:
        """The tree as plain data, with its Newick text."""
        about = {"rooted": self.rooted, "method": self.method}
        return {**about, "models": self.leaves(), "newick": self.newick().strip()}

    def newick(self) -> str:
        """The tree as a line of Newick text, with a newline at its end.

        Examples
        --------
        >>> Tree(Node("", None, (Node("a", 1.0), Node("b", 2.0)))).newick()
        '(a:1,b:2);\\n'
        """
        text: str = offered("newick")(self)
        return text

    @classmethod
    def from_skbio(cls, given: TreeNode, *, rooted: bool = False, method: str = "") -> Tree:
        """A tree from one of scikit-bio; a missing length of a branch is 0.

        Examples
        --------
        >>> made = Tree(Node("", None, (Node("a", 1.0), Node("b", 2.0))))
        >>> Tree.from_skbio(made.to_skbio()) == made
        True
        """
        made: dict[int, Node] = {}
        for node in given.postorder():
            children = tuple(made.pop(id(c)) for c in node.children)
            length = None if node.is_root() else float(node.length or 0.0)
            made[id(node)] = Node(node.name or "", length, children)
        return cls(made[id(given)], rooted, method)

    def to_skbio(self) -> TreeNode:
        """The tree of scikit-bio, supports left out; `from_skbio` has an example.

        Raises `MissingExtraError` where scikit-bio is not installed.
        """
        with needed("A tree of scikit-bio", "trees"):
            from skbio import TreeNode
        made: dict[int, TreeNode] = {}
        for node in self.root.postorder():
            children = [made.pop(id(c)) for c in node.children]
            made[id(node)] = TreeNode(node.name or None, node.length, children=children)
        return made[id(self.root)]

    def to_frame(self) -> pd.DataFrame:
        """A pandas table with a row a node; root and method are in its `attrs`.

        Raises `MissingExtraError` where pandas is missing; `from_frame` has an example.
        """
        made = super().to_frame()
        made.attrs.update(rooted=self.rooted, method=self.method)
        return made

    @classmethod
    def from_frame(cls, frame: pd.DataFrame, *, rooted: bool = False, method: str = "") -> Tree:
        """A tree from a pandas table with a row a node, children below their parents.

        Columns are node and parent (numbers or names, none for the root), and name, length and
        support where they are known. What `to_frame` says of root and method is kept. Raises
        `InputError` for a table that is no tree.

        Examples
        --------
        >>> made = Tree(Node("", None, (Node("a", 1.0), Node("b", 2.0))), rooted=True)
        >>> Tree.from_frame(made.to_frame()) == made
        True
        """
        missing = {"node", "parent"} - set(frame.columns)
        if missing:
            raise InputError(f"tree: the table has no column {' and no '.join(sorted(missing))}")
        told = frame.attrs
        root = root_of(frame.to_dict("records"), Node)
        return cls(root, told.get("rooted", rooted), told.get("method", method))

    @classmethod
    def from_linkage(cls, linkage: Any, names: list[str], *, method: str = "") -> Tree:
        """The rooted tree of a clustering by scipy, leaves at equal depth.

        Raises `InputError` where names do not fit the clustering.

        Examples
        --------
        >>> Tree.from_linkage([[0, 1, 2.0, 2], [2, 3, 6.0, 3]], ["a", "b", "c"]).newick()
        '(c:3,(a:1,b:1):2);\\n'
        """
        if len(linkage) != len(names) - 1:
            raise InputError(f"tree: {len(names)} names for {len(linkage)} joins")
        nodes: list[tuple[Node, float]] = [(Node(n, 0.0), 0.0) for n in names]
        for a, b, height, _ in linkage:
            children = tuple(
                Node(n.name, float(height) / 2 - depth, n.children)
                for n, depth in (nodes[int(a)], nodes[int(b)])
            )
            nodes.append((Node("", 0.0, children), float(height) / 2))
        return cls(Node("", None, nodes[-1][0].children), True, method)

    def to_linkage(self) -> NDArray[np.float64]:
        """The clustering of scipy, (n - 1, 4); its leaves are numbered as in `leaves()`.

        Joins are at the depth of their leaves below them. Raises `InputError` for a tree that is
        not rooted, whose nodes have other than two children, or whose leaves lie at other depths.

        Examples
        --------
        >>> made = Tree.from_linkage([[0, 1, 2.0, 2], [2, 3, 6.0, 3]], ["a", "b", "c"])
        >>> made.to_linkage().tolist()
        [[1.0, 2.0, 2.0, 2.0], [0.0, 3.0, 6.0, 3.0]]
        """
        import numpy as np

        if not self.rooted:
            raise InputError("tree: a clustering has a root, and this tree has none")
        number = {name: k for k, name in enumerate(self.leaves())}
        joins: list[tuple[float, tuple[int, int], int, int]] = []
        state: dict[int, tuple[int, float, int]] = {}
        for node in self.root.postorder():
            if node.is_leaf:
                state[id(node)] = (number[node.name], 0.0, 1)
                continue
            below = [(*state.pop(id(c)), c.length or 0.0) for c in node.children]
            if len(below) != 2:
                raise InputError("tree: a clustering joins two at a time, and here are others")
            (a, high, m, one), (b, other, n, two) = below
            if abs(high + one - other - two) > 1e-6 * max(1.0, high + one):
                raise InputError(
                    "tree: its leaves lie at other depths; only UPGMA makes them equal"
                )
            joins.append((2 * (high + one), (min(a, b), max(a, b)), m + n, len(joins)))
            state[id(node)] = (len(number) + len(joins) - 1, high + one, m + n)
        # scipy wants joins in order of height; equal ones stay in the order they were made.
        order = sorted(joins, key=lambda j: (j[0], j[3]))
        renamed = {j[3]: len(number) + k for k, j in enumerate(order)}
        made = [
            [*sorted(x if x < len(number) else renamed[x - len(number)] for x in ends), h, c]
            for h, ends, c, _ in order
        ]
        return np.array(made, np.float64)

    def plot(self, ax: Axes | None = None, *, layout: Shape = "rectangular", **how: Any) -> Axes:
        """Draw the tree; `how` goes to `cladist.plot_tree`, such as groups to colour by.

        Examples
        --------
        >>> from matplotlib.figure import Figure
        >>> made = Tree(Node("", None, (Node("a", 1.0), Node("b", 2.0))))
        >>> [t.get_text() for t in made.plot(ax=Figure().add_subplot()).texts][:2]
        ['a', 'b']
        """
        axes: Axes = offered("plot_tree")(self, ax, layout=layout, **how)
        return axes

    def headline(self) -> str:
        """How many models, whether it is rooted, and how it was made."""
        said = [f"{len(self)} models", "rooted" if self.rooted else "no root", self.method]
        return ", ".join(s for s in said if s)

    def __str__(self) -> str:
        text: str = offered("draw_text")(self)
        return text

    def _repr_html_(self) -> str:
        leaves = [r for r in self.rows() if r["leaf"]]
        return html_table(leaves, caption=self.headline())


def _longer(child: Node, above: Node) -> Node:
    length = (child.length or 0.0) + (above.length or 0.0)
    known = [s for s in (child.support, above.support) if s is not None]
    support = min(known) if known and not child.is_leaf else None
    return Node(child.name, length, child.children, support)
