from __future__ import annotations

import pytest
from tree_builders import caterpillar, random_tree

from cladist.core.text import printable
from cladist.core.tree import Node, Tree
from cladist.errors import InputError
from cladist.phylogeny.arrays import build, ladderized, optional, to_arrays


def test_arrays_and_back() -> None:
    tree = random_tree(20, 1)
    flat = to_arrays(tree)
    length = [n.length for n in tree.root.preorder()]
    assert build(flat.children(), length, flat.names, optional(flat.support), 0) == tree.root
    for i in range(len(flat)):
        below = {n.name for n in list(tree.root.preorder())[i].preorder() if n.is_leaf}
        assert set(flat.leaf_names[flat.leaf_start[i] : flat.leaf_stop[i]]) == below


def test_a_node_with_two_parents_is_refused() -> None:
    with pytest.raises(InputError, match="two parents"):
        build([[1, 2], [2], []], [None, 1.0, 1.0], ["", "a", "b"], [None] * 3, 0)


def test_ladderized_trees_are_the_same_for_any_order_of_children() -> None:
    one = Tree(Node("", None, (Node("b", 1.0), Node("", 1.0, (Node("d", 1.0), Node("c", 1.0))))))
    two = Tree(Node("", None, (Node("", 1.0, (Node("c", 1.0), Node("d", 1.0))), Node("b", 1.0))))
    assert ladderized(one) == ladderized(two)
    assert ladderized(one).leaves() == ["b", "c", "d"]


def test_equality_hash_and_text_of_deep_trees() -> None:
    one, two = caterpillar(20_000), caterpillar(20_000)
    assert one == two
    assert hash(one.root) == hash(two.root)
    assert one != caterpillar(19_999)
    assert len(repr(one)) < 500
    assert one.root != Node("", None, one.root.children[::-1])
    assert one.root != "a tree"


def test_names_that_occur_twice_are_named() -> None:
    with pytest.raises(InputError, match="'x' occurs twice"):
        Tree(Node("", None, (Node("x"), Node("x"))))


def test_printable() -> None:
    assert printable("a\x1b[0m\n\u202eb\ud800 日本") == "a\\x1b[0m\\n\\u202eb\\ud800 日本"
