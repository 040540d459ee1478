from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tree_builders import random_tree

from cladist.core.tree import Node, Tree
from cladist.errors import InputError
from cladist.formats.trees.newick import read_newick
from cladist.phylogeny.declared import crossings, declared_clades, declared_tree, untangled
from cladist.phylogeny.tanglegram import draw_tanglegram


def test_declared_parents_make_a_tree() -> None:
    tree = declared_tree({"a-chat": "a", "a-code": "a", "a": "", "b-chat": "b", "c": ""})
    assert tree.rooted
    assert set(tree.leaves()) == {"a-chat", "a-code", "b-chat", "c"}
    assert set(tree.names()) == {"a", "b", "a-chat", "a-code", "b-chat", "c"}
    assert frozenset({"a-chat", "a-code"}) in tree.clades()


def test_with_tips_every_model_compared_is_a_leaf_and_nothing_else() -> None:
    parents = {"a-chat": "a", "a-chat-q4": "a-chat", "a-code": "a", "b-chat": "b", "gone": "a"}
    tree = declared_tree(parents, ["a", "a-chat", "a-chat-q4", "a-code", "b-chat", "unheard of"])
    assert sorted(tree.names()) == sorted(tree.leaves())
    assert set(tree.leaves()) == {"a", "a-chat", "a-chat-q4", "a-code", "b-chat"}
    clades = set(tree.clades())
    assert frozenset({"a-chat", "a-chat-q4"}) in clades
    assert frozenset({"a", "a-chat", "a-chat-q4", "a-code"}) in clades
    assert all(len(n.children) != 1 for n in tree.root.preorder())
    with pytest.raises(InputError, match="none of the models"):
        declared_tree(parents, ["unheard of"])


def test_declared_ancestors_and_the_clades_that_fit_them() -> None:
    tree = read_newick("[&R] (((a:0,(a1:1,a2:1):1):1,b1:1):1,(b2:1,x:1):1);")
    parents = {"a1": "a", "a2": "a", "a": "old", "b1": "b", "b2": "b", "x": ""}
    found = {c.ancestor: c.fit for c in declared_clades(tree, parents)}
    # 'old' has the same three models as 'a': it is not in the tree itself.
    assert set(found) == {"old", "a", "b"}
    assert found["a"].exact and found["old"].exact and found["a"].members == 3
    assert not found["b"].exact
    assert (found["b"].members, found["b"].recall) == (2, 0.5)
    with pytest.raises(InputError, match="descend from each other"):
        declared_clades(tree, {"a": "b", "b": "a"})
    with pytest.raises(InputError, match="no declared ancestor"):
        declared_clades(tree, {"a1": "z"} | dict.fromkeys(["q", "r"], "s"))


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
    assert draw_tanglegram(left, right, one) == ()
