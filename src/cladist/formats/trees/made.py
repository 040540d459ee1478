"""A tree as a reader of a file makes it: what the file said, and what of it is not kept."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from cladist.core.tree import Node, Tree
from cladist.errors import InputError

__all__ = ["ReadTree", "annotation_keys", "made_tree", "matched_leaves"]

_KEY = re.compile(r"(?:^|[,:&{])\s*!?([A-Za-z_][A-Za-z0-9_.%]*)=")
SHOWN_KEYS = 6


@dataclass(frozen=True)
class ReadTree:
    """A tree of a file, the name it has there, and what of it was not kept."""

    tree: Tree
    name: str = ""
    notes: tuple[str, ...] = ()


def made_tree(
    root: Node, rooted: bool, source: str, lost: Counter[str] | None = None, name: str = ""
) -> ReadTree:
    """The tree below `root`; names of inner nodes that occur twice are left out, and that is said.

    Parameters
    ----------
    root
        The nodes as read.
    rooted
        Whether the root means an ancestor.
    source
        The file, for errors.
    lost
        How many nodes had which annotation that a tree here cannot hold.
    name
        What the file calls the tree.

    Returns
    -------
    ReadTree
        The tree with its notes.

    Raises
    ------
    InputError
        When two leaves have one name.
    """
    notes = []
    leaves = Counter(n.name for n in root.preorder() if n.is_leaf)
    twice = [n for n, times in leaves.items() if times > 1]
    if twice:
        raise InputError(
            f"{source}: the leaf {twice[0][:60]!r} occurs twice ({len(twice)} such names); "
            "names of leaves must differ"
        )
    inner = Counter(n.name for n in root.preorder() if not n.is_leaf and n.name)
    repeated = {n for n, times in inner.items() if times > 1 or n in leaves}
    if repeated:
        root = _without_names(root, repeated)
        some = ", ".join(repr(n[:40]) for n in sorted(repeated)[:3])
        notes.append(
            f"{len(repeated)} names of inner nodes occur more than once and are left out: {some}"
        )
    if lost:
        keys = [k for k, _ in lost.most_common(SHOWN_KEYS)]
        more = f" and {len(lost) - SHOWN_KEYS} more" if len(lost) > SHOWN_KEYS else ""
        notes.append(
            f"annotations of up to {max(lost.values()):,} nodes are not kept: "
            f"{', '.join(k[:40] for k in keys)}{more}"
        )
    return ReadTree(Tree(root, rooted), name, tuple(notes))


def annotation_keys(comment: str) -> list[str]:
    """Keys of an annotation such as '&rate=1,height_95%_HPD={1,2}' or '&&NHX:S=x:B=100'.

    >>> annotation_keys("&&NHX:S=human:B=100")
    ['S', 'B']
    """
    if not comment.lstrip().startswith("&"):
        return []
    body = comment.lstrip().lstrip("&").removeprefix("NHX")
    return [m.group(1) for m in _KEY.finditer(body)] or [body.split("=")[0].strip()[:40] or "&"]


def matched_leaves(first: Tree, second: Tree) -> tuple[Tree, str]:
    """`second` with the names of `first`, where they differ in blanks and underscores alone.

    Newick and NEXUS write a blank as an underscore, so that 'a_b' and 'a b' may be one model.

    Returns
    -------
    tuple of Tree and str
        The tree, and what to say of the names, '' where nothing was changed.
    """
    one, two = first.leaves(), second.leaves()
    if set(one) == set(two):
        return second, ""
    plain = {_plain(n): n for n in one}
    if len(plain) < len(one) or len({_plain(n) for n in two}) < len(two):
        return second, ""
    renamed = {n: plain[_plain(n)] for n in two if plain.get(_plain(n), n) != n}
    if not renamed:
        return second, ""
    old, new = next(iter(renamed.items()))
    made: dict[int, Node] = {}
    for node in second.root.postorder():
        children = tuple(made.pop(id(child)) for child in node.children)
        name = renamed.get(node.name, node.name) if node.is_leaf else node.name
        made[id(node)] = Node(name, node.length, children, node.support)
    # An inner node must not bear the new name of a leaf.
    tree = made_tree(made[id(second.root)], second.rooted, "the second tree").tree
    return tree, (
        f"blanks and underscores were taken as equal in {len(renamed)} names, such as "
        f"{old[:60]!r} and {new[:60]!r}"
    )


def _plain(name: str) -> str:
    return " ".join(name.replace("_", " ").split())


def _without_names(root: Node, names: set[str]) -> Node:
    made: dict[int, Node] = {}
    for node in root.postorder():
        children: Sequence[Node] = tuple(made.pop(id(child)) for child in node.children)
        name = "" if not node.is_leaf and node.name in names else node.name
        made[id(node)] = Node(name, node.length, tuple(children), node.support)
    return made[id(root)]
