from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tree_builders import random_tree

from cladist.core.tree import Node, Tree
from cladist.errors import InputError
from cladist.formats.newick import read_newick
from cladist.phylogeny.declared import crossings, declared_tree, untangled
from cladist.phylogeny.tanglegram import draw_tanglegram


def test_declared_parents_make_a_tree() -> None:
    tree = declared_tree({"a-chat": "a", "a-code": "a", "a": "", "b-chat": "b", "c": ""})
    assert tree.rooted
    assert set(tree.leaves()) == {"a-chat", "a-code", "b-chat", "c"}
    assert set(tree.names()) == {"a", "b", "a-chat", "a-code", "b-chat", "c"}
    assert frozenset({"a-chat", "a-code"}) in tree.clades()


def test_circles_are_named() -> None:
    with pytest.raises(InputError, match=r"a -> b -> a|b -> a -> b"):
        declared_tree({"a": "b", "b": "a", "c": ""})
    with pytest.raises(InputError, match="x -> x"):
        declared_tree({"x": "x"})
    with pytest.raises(InputError, match="empty"):
        declared_tree({})


@pytest.mark.parametrize("seed", range(4))
def test_a_shuffled_copy_untangles_wholly(seed: int) -> None:
    tree = random_tree(30, seed)
    rng = np.random.default_rng(seed)
    made: dict[int, Node] = {}
    for node in tree.root.postorder():
        kids = [made.pop(id(c)) for c in node.children]
        rng.shuffle(kids)
        made[id(node)] = Node(node.name, node.length, tuple(kids))
    shuffled = Tree(made[id(tree.root)])
    assert crossings(tree, shuffled) > 0
    one, two = untangled(tree, shuffled)
    assert crossings(one, two) == 0
    assert set(one.clades()) == set(tree.clades())


def test_picture(tmp_path: Path) -> None:
    left = read_newick("((a,b),(c,'$d$'));")
    right = read_newick("((a:1,c:2):1,(b:1,e:1):1);")
    one, two = tmp_path / "1.svg", tmp_path / "2.svg"
    for path in (one, two):
        draw_tanglegram(left, right, path, {"a": "x", "b": "y"})
    assert one.read_bytes() == two.read_bytes()
    assert "$d$" in one.read_text()
    draw_tanglegram(left, right, tmp_path / "t.png")
    with pytest.raises(InputError, match="ending in"):
        draw_tanglegram(left, right, tmp_path / "t.gif")
    with pytest.raises(InputError, match="0 common"):
        draw_tanglegram(left, read_newick("(x,y,z);"), one)
    with pytest.raises(InputError, match="300 in the larger"):
        draw_tanglegram(random_tree(300, 0), random_tree(300, 1), one)
