from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from tree_builders import caterpillar, path_distances, random_tree, splits

from cladist.core.tree import Node, Tree
from cladist.errors import InputError
from cladist.phylogeny.arrays import to_arrays
from cladist.phylogeny.rooting import (
    ancestor_deviations,
    reroot,
    root_mad,
    root_midpoint,
    root_outgroup,
    unrooted_arrays,
)


def clock_tree() -> Tree:
    """((a,b),(c,(d,e))) with every leaf at depth 10, the root 3 from ab and 2 from cde."""
    ab = Node("", 3.0, (Node("a", 7.0), Node("b", 7.0)))
    de = Node("", 4.0, (Node("d", 4.0), Node("e", 4.0)))
    return Tree(Node("", None, (ab, Node("", 2.0, (Node("c", 8.0), de)))), rooted=True)


@pytest.mark.parametrize("root", [root_midpoint, root_mad])
@pytest.mark.parametrize("branch", range(1, 7))
def test_a_clock_tree_gets_its_root_back_from_any_other(root: object, branch: int) -> None:
    flat = unrooted_arrays(clock_tree())
    if branch >= len(flat):
        pytest.skip("the tree has fewer branches")
    moved = reroot(flat, branch, float(flat.length[branch]) / 3)
    found = root(moved)  # type: ignore[operator]
    assert found.tree.rooted
    assert set(found.tree.clades()) == set(clock_tree().clades())
    tops = {
        tuple(sorted(c.name for c in n.preorder() if c.is_leaf)): n.length
        for n in found.tree.root.children
    }
    assert tops[("a", "b")] == pytest.approx(3)
    assert tops[("c", "d", "e")] == pytest.approx(2)


@pytest.mark.parametrize("seed", range(8))
def test_rooting_keeps_distances_splits_and_supports(seed: int) -> None:
    tree = random_tree(12, seed)
    before = path_distances(tree)
    for found in (root_midpoint(tree), root_mad(tree), root_outgroup(tree, ["m003"])):
        assert path_distances(found.tree).select(before.ids).matrix == pytest.approx(before.matrix)
        assert splits(found.tree) == splits(tree)
        assert 0 <= found.ambiguity <= 1


def deviation_by_definition(tree: Tree) -> float:
    """Root mean square of 2 d(leaf, ancestor)/d(pair) - 1 for the tree's own root."""
    flat = to_arrays(tree)
    depth = flat.depths()
    paths = []
    for leaf in flat.leaves.tolist():
        path = [leaf]
        while flat.parent[path[-1]] >= 0:
            path.append(int(flat.parent[path[-1]]))
        paths.append(path)
    squares = []
    for a, b in combinations(paths, 2):
        meet = depth[next(i for i in a if i in set(b))]
        one, two = depth[a[0]] - meet, depth[b[0]] - meet
        squares.append(((one - two) / (one + two)) ** 2)
    return float(np.sqrt(np.mean(squares)))


@pytest.mark.parametrize("seed", range(6))
def test_ancestor_deviations_agree_with_their_definition(seed: int) -> None:
    flat = unrooted_arrays(random_tree(9, seed))
    place, deviation = ancestor_deviations(flat)
    for k in range(len(place)):
        span = flat.length[k + 1]
        here = deviation_by_definition(reroot(flat, k + 1, float(place[k])))
        assert here == pytest.approx(deviation[k])
        # No other place on the branch is better.
        for share in np.linspace(0, 1, 21):
            other = deviation_by_definition(reroot(flat, k + 1, float(share * span)))
            assert other >= here - 1e-9


def test_midpoint_is_halfway_along_the_longest_path() -> None:
    for seed in range(5):
        tree = random_tree(15, seed)
        flat = to_arrays(root_midpoint(tree).tree)
        longest = path_distances(tree).matrix.max()
        assert flat.depths()[flat.leaves].max() == pytest.approx(longest / 2)


def test_supports_stay_with_their_splits() -> None:
    ab = Node("", 1.0, (Node("a", 1.0), Node("b", 1.0)), 0.9)
    cd = Node("", 2.0, (Node("c", 1.0), Node("d", 1.0)), 0.4)
    tree = Tree(Node("", None, (ab, cd, Node("e", 9.0))))
    rooted = root_outgroup(tree, ["a"]).tree
    held = {
        frozenset(leaf.name for leaf in n.preorder() if leaf.is_leaf): n.support
        for n in rooted.root.preorder()
        if n.support is not None
    }
    assert held == {frozenset("cde"): 0.9, frozenset("cd"): 0.4}


def test_outgroup_that_is_no_clade_is_said() -> None:
    tree = clock_tree()
    good = root_outgroup(tree, ["d", "e"])
    assert good.ambiguity == 0
    assert frozenset("de") in good.tree.clades()
    bad = root_outgroup(tree, ["a", "b", "d"])
    assert bad.ambiguity == pytest.approx(1 / 4)  # the side without c holds a, b, d and e
    assert "no clade" in bad.note
    with pytest.raises(InputError, match="'zz' is not among"):
        root_outgroup(tree, ["zz"])
    for useless in ([], list("abcde")):
        with pytest.raises(InputError, match="at least one"):
            root_outgroup(tree, useless)


def test_ambiguous_and_empty_trees() -> None:
    star = Tree(Node("", None, tuple(Node(c, 0.0) for c in "abcd")))
    for root in (root_midpoint, root_mad):
        assert root(star).ambiguity == 1
        assert "care" in root(star).note
    with pytest.raises(InputError, match="three leaves"):
        root_midpoint(Tree(Node("", None, (Node("a", 1.0), Node("b", 1.0)))))
    with pytest.raises(InputError, match="negative"):
        root_mad(Tree(Node("", None, (Node("a", -1.0), Node("b", 1.0), Node("c", 1.0)))))


def test_deep_ladders_are_rooted() -> None:
    assert len(root_midpoint(caterpillar(5000)).tree.leaves()) == 5000
    assert len(root_mad(caterpillar(300)).tree.leaves()) == 300


def test_named_inner_nodes_survive() -> None:
    base = Node("base", 1.0, (Node("a", 1.0), Node("b", 1.0)))
    tree = Tree(Node("", None, (base, Node("c", 1.0), Node("d", 5.0))))
    assert set(root_midpoint(tree).tree.names()) == {"a", "b", "c", "d", "base"}
