from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from tree_builders import path_distances, random_tree, splits

from cladist.core.tree import Node, Tree
from cladist.errors import InputError
from cladist.formats.trees.newick import read_newick, write_newick
from cladist.phylogeny.arrays import to_arrays
from cladist.phylogeny.collapse import collapse_weak
from cladist.phylogeny.compare import clade_recovery, compare_trees, robinson_foulds
from cladist.phylogeny.quartets import (
    resolved_quartets,
    resolved_triplets,
    shared_quartets,
    shared_triplets,
)
from cladist.phylogeny.rooting import root_midpoint


def with_polytomies(tree: Tree, seed: int) -> Tree:
    """Some inner branches taken out."""
    rng = np.random.default_rng(seed)
    made: dict[int, Node] = {}
    for node in tree.root.postorder():
        kids = tuple(made.pop(id(c)) for c in node.children)
        made[id(node)] = Node(node.name, node.length, kids, float(rng.uniform()) if kids else None)
    return collapse_weak(Tree(made[id(tree.root)], tree.rooted), 0.4)


def quartet_table(tree: Tree) -> dict[tuple[str, ...], frozenset[str] | None]:
    """Every quartet's resolution by enumeration, from which splits separate it."""
    leaves = sorted(tree.leaves())
    sides = list(splits(tree))
    table: dict[tuple[str, ...], frozenset[str] | None] = {}
    for four in combinations(leaves, 4):
        found = None
        for side in sides:
            inside = side & set(four)
            if len(inside) == 2:
                found = inside if four[0] in inside else frozenset(four) - inside
        table[four] = found
    return table


def triplet_table(tree: Tree) -> dict[tuple[str, ...], frozenset[str] | None]:
    table: dict[tuple[str, ...], frozenset[str] | None] = {}
    clades = tree.clades()
    for three in combinations(sorted(tree.leaves()), 3):
        pairs = [c & set(three) for c in clades if len(c & set(three)) == 2]
        table[three] = frozenset(pairs[0]) if pairs else None
    return table


@pytest.mark.parametrize("seed", range(12))
def test_counts_agree_with_enumeration(seed: int) -> None:
    a, b = random_tree(9, seed), random_tree(9, seed + 100)
    if seed % 2:
        a, b = with_polytomies(a, seed), with_polytomies(b, seed + 1)
    one, two = quartet_table(a), quartet_table(b)
    assert resolved_quartets(to_arrays(a)) == sum(v is not None for v in one.values())
    expected = sum(v is not None and v == two[k] for k, v in one.items())
    assert shared_quartets(to_arrays(a), to_arrays(b)) == expected
    r, s = root_midpoint(a).tree, root_midpoint(b).tree
    three, other = triplet_table(r), triplet_table(s)
    assert resolved_triplets(to_arrays(r)) == sum(v is not None for v in three.values())
    expected = sum(v is not None and v == other[k] for k, v in three.items())
    assert shared_triplets(to_arrays(r), to_arrays(s)) == expected


@pytest.mark.parametrize("seed", range(5))
def test_a_tree_agrees_with_itself_however_it_is_rooted(seed: int) -> None:
    tree = random_tree(25, seed)
    other = root_midpoint(tree).tree
    found = compare_trees(tree, other)
    assert found.robinson_foulds == 0
    assert found.quartet == 0
    assert found.triplet is None
    assert found.weighted_rf == pytest.approx(0, abs=1e-12)
    assert found.shared == 25 - 3
    assert compare_trees(other, other).triplet == 0


@pytest.mark.parametrize("seed", range(5))
def test_robinson_foulds_agrees_with_dendropy(seed: int) -> None:
    dendropy = pytest.importorskip("dendropy")
    from dendropy.calculate import treecompare

    a, b = random_tree(20, seed), random_tree(20, seed + 50)
    space = dendropy.TaxonNamespace()
    read = [
        dendropy.Tree.get(
            data=write_newick(t), schema="newick", taxon_namespace=space, rooting="force-unrooted"
        )
        for t in (a, b)
    ]
    for tree in read:
        tree.encode_bipartitions()
    ours = compare_trees(a, b)
    assert ours.robinson_foulds == treecompare.symmetric_difference(*read)
    assert ours.robinson_foulds == robinson_foulds(a, b)
    weighted = treecompare.weighted_robinson_foulds_distance(*read)
    assert ours.weighted_rf == pytest.approx(weighted, rel=1e-6)


def test_different_leaves_are_refused_by_name() -> None:
    with pytest.raises(InputError, match="'d' is in the second only"):
        compare_trees(read_newick("(a,b,c);"), read_newick("(a,b,c,d);"))


def test_stars_resolve_nothing() -> None:
    star = read_newick("[&R](a,b,c,d);")
    found = compare_trees(star, star)
    assert (found.rf_share, found.quartet, found.triplet) == (0, 0, 0)


def test_clade_recovery() -> None:
    tree = read_newick("[&R](((a1:1,a2:1)0.9:1,a3:1)0.8:1,((b1:1,x:1)0.7:1,b2:1)0.6:1);")
    labels = {"a1": "A", "a2": "A", "a3": "A", "b1": "B", "b2": "B", "lone": "L", "x": "X"}
    first, second = clade_recovery(tree, labels)
    assert (first.label, first.members, first.exact, first.support) == ("A", 3, True, 0.8)
    assert (first.purity, first.recall, first.jaccard) == (1, 1, 1)
    assert (second.label, second.exact, second.size) == ("B", False, 3)
    assert second.purity == pytest.approx(2 / 3)
    assert second.recall == 1
    with pytest.raises(InputError, match="no leaf"):
        clade_recovery(tree, {"other": "A"})


def test_clades_of_unrooted_trees_may_be_either_side() -> None:
    tree = read_newick("[&U](a1:1,a2:1,(b1:1,b2:1)0.5:1);")
    found = clade_recovery(tree, {"a1": "A", "a2": "A", "b1": "B", "b2": "B"})
    assert [f.exact for f in found] == [True, True]
    assert [f.support for f in found] == [0.5, 0.5]


def test_collapsing_keeps_leaves_and_path_lengths_to_ancestors() -> None:
    tree = read_newick("[&R](((a:1,b:2)0.3:1,c:1)0.9:1,d:1);")
    assert write_newick(collapse_weak(tree, 0.5)) == "((a:2,b:3,c:1)0.9:1,d:1);\n"
    assert collapse_weak(tree, 0.0) == tree
    with pytest.raises(InputError, match="between 0 and 1"):
        collapse_weak(tree, 95)
    assert path_distances(tree).matrix.shape == (4, 4)
