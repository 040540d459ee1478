from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tree_builders import path_distances, random_tree, splits

from cladist.core.distances import DistanceMatrix, symmetric
from cladist.core.tree import Tree
from cladist.errors import InputError
from cladist.phylogeny import support
from cladist.phylogeny.joining import (
    balanced_minimum_evolution,
    condensed_float32,
    join_condensed,
    joins_square,
    neighbor_joining,
    upgma,
)


def matrix(ids: str, lower: list[list[float]]) -> DistanceMatrix:
    n = len(ids)
    full = np.zeros((n, n))
    for i, row in enumerate(lower, start=1):
        full[i, :i] = row
    return DistanceMatrix(tuple(ids), full + full.T)


# Saitou & Nei 1987, Mol Biol Evol 4:406, table 1 made from the tree of their figure 4.
SAITOU_NEI = matrix(
    "12345678",
    [
        [7],
        [8, 5],
        [11, 8, 5],
        [13, 10, 7, 8],
        [16, 13, 10, 11, 5],
        [13, 10, 7, 8, 6, 9],
        [17, 14, 11, 12, 10, 13, 8],
    ],
)
# Additive example of Wikipedia, "Neighbor joining".
FIVE = matrix("abcde", [[5], [9, 10], [9, 10, 8], [8, 9, 7, 3]])
# 5S rRNA of five bacteria, Wikipedia "UPGMA", after Erdmann & Wolters 1986.
RRNA = matrix("abcde", [[17], [21, 30], [31, 34, 28], [23, 21, 39, 43]])


def lengths_of_leaves(tree: Tree) -> dict[str, float]:
    return {n.name: float(n.length or 0) for n in tree.root.preorder() if n.is_leaf}


@pytest.mark.parametrize("small", [8, 7], ids=["plain", "library"])
def test_saitou_and_nei_find_their_tree(small: int) -> None:
    tree = neighbor_joining(SAITOU_NEI, small)
    # Pairs by hand from the matrix: 1-2, 5-6 and the ladder of 3, 4 and 7, 8 between them.
    assert splits(tree) == {
        frozenset("345678"),
        frozenset("45678"),
        frozenset("5678"),
        frozenset("56"),
        frozenset("78"),
    }
    assert path_distances(tree).select(list("12345678")).matrix == pytest.approx(
        SAITOU_NEI.matrix, abs=1e-5
    )
    expected = {"1": 5, "2": 2, "3": 1, "4": 3, "5": 1, "6": 4, "7": 2, "8": 6}
    assert lengths_of_leaves(tree) == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize("make", [neighbor_joining, balanced_minimum_evolution])
def test_additive_five(make: object) -> None:
    tree = make(FIVE)  # type: ignore[operator]
    assert splits(tree) == {frozenset("cde"), frozenset("de")}
    expected = {"a": 2, "b": 3, "c": 4, "d": 2, "e": 1}
    assert lengths_of_leaves(tree) == pytest.approx(expected)


def test_upgma_of_ribosomal_rna() -> None:
    tree = upgma(RRNA)
    assert tree.rooted
    assert set(tree.clades()) == {
        frozenset("ab"),
        frozenset("abe"),
        frozenset("cd"),
        frozenset("abcde"),
    }
    # Published branches: 8.5 to a and b, 11 to e, 14 to c and d, 16.5 in all.
    leaves = {"a": 8.5, "b": 8.5, "e": 11, "c": 14, "d": 14}
    assert lengths_of_leaves(tree) == pytest.approx(leaves)
    inner = [n.length for n in tree.root.children]
    assert sorted(inner) == pytest.approx([2.5, 5.5])  # type: ignore[type-var]


@given(st.integers(3, 24), st.integers(0, 10_000))
@settings(max_examples=60, deadline=None)
def test_additive_distances_give_their_tree_back(n: int, seed: int) -> None:
    truth = random_tree(n, seed)
    given_ = path_distances(truth)
    for made in (neighbor_joining(given_), balanced_minimum_evolution(given_)):
        assert splits(made) == splits(truth)
        back = path_distances(made).select(given_.ids)
        assert back.matrix == pytest.approx(given_.matrix, abs=1e-6)


def test_both_engines_agree_on_noise() -> None:
    rng = np.random.default_rng(3)
    x = rng.normal(size=(60, 5))
    d = symmetric([str(i) for i in range(60)], np.linalg.norm(x[:, None] - x, axis=2), "e")
    plain = neighbor_joining(d)
    order = sorted(range(60), key=d.ids.__getitem__)
    library = join_condensed(sorted(d.ids), condensed_float32(d, order), small=2)
    # Not join by join: among the last four, two joins are always equally good.
    assert splits(plain) == splits(library)
    assert path_distances(plain).select(d.ids).matrix == pytest.approx(
        path_distances(library).select(d.ids).matrix, abs=1e-5
    )


@pytest.mark.parametrize("kind", ["felsenstein", "transfer"])
def test_both_engines_give_the_same_support(
    kind: support.Kind, monkeypatch: pytest.MonkeyPatch
) -> None:
    x = np.random.default_rng(7).normal(size=(30, 12, 4))

    def distances(weights: support.Weights) -> DistanceMatrix:
        raw = np.sqrt(weights @ ((x[:, None] - x) ** 2).sum(axis=3).swapaxes(1, 2))
        return symmetric([str(i) for i in range(30)], raw, "e")

    tree = neighbor_joining(distances(np.ones(12)))
    plain = support.bootstrap(tree, distances, 12, replicates=20, kind=kind)
    monkeypatch.setattr(support, "SMALL", 2)
    assert support.bootstrap(tree, distances, 12, replicates=20, kind=kind) == plain
    assert sum(n.support or 0 for n in plain.tree.root.preorder()) > 0


def test_order_of_input_does_not_matter() -> None:
    rng = np.random.default_rng(5)
    raw = rng.integers(1, 4, size=(20, 20)).astype(float)  # full of ties
    names = [f"m{i}" for i in range(20)]
    given_ = symmetric(names, raw, "tied")
    for make in (neighbor_joining, balanced_minimum_evolution, upgma):
        tree = make(given_)
        shuffled = given_.select(list(rng.permutation(names)))
        assert make(shuffled) == tree
        assert make(given_) == tree


def test_negative_branches_move_to_the_sibling() -> None:
    # b is nearer to everything than a triangle allows, so its branch comes out negative.
    d = matrix("abcd", [[2], [9, 4], [9, 4, 4]])
    raw = joins_square(d.matrix)
    assert raw[:, 2:].min() < 0
    tree = neighbor_joining(d)
    assert all((n.length or 0) >= 0 for n in tree.root.preorder())
    pair = path_distances(tree)
    i, j = (int(v) for v in raw[0, :2])
    assert pair.matrix[pair.index("abcd"[i]), pair.index("abcd"[j])] == d.matrix[i, j]


def test_identical_models_sit_together_on_branches_of_nothing() -> None:
    truth = random_tree(6, 1)
    d = path_distances(truth)
    twin = np.zeros((7, 7))
    twin[:6, :6] = d.matrix
    twin[6, :6], twin[:6, 6] = d.matrix[0], d.matrix[0]
    tree = neighbor_joining(DistanceMatrix((*d.ids, "twin"), twin))
    pair = next(n for n in tree.root.preorder() if {c.name for c in n.children} >= {"twin"})
    assert {c.name: c.length for c in pair.children if c.is_leaf} == {d.ids[0]: 0.0, "twin": 0.0}


@pytest.mark.parametrize("n", [3, 4, 9])
def test_distances_of_zero_throughout_still_make_a_tree(n: int) -> None:
    names = tuple(f"m{i}" for i in range(n))
    for make in (neighbor_joining, balanced_minimum_evolution, upgma):
        tree = make(DistanceMatrix(names, np.zeros((n, n))))
        assert sorted(tree.leaves()) == sorted(names)
        assert {node.length for node in tree.root.preorder()} == {None, 0.0}


@pytest.mark.parametrize("n", [0, 1, 2])
def test_fewer_than_three_models_are_refused_with_advice(n: int) -> None:
    few = DistanceMatrix(tuple("ab"[:n]), np.zeros((n, n)))
    for make in (neighbor_joining, balanced_minimum_evolution, upgma):
        with pytest.raises(InputError, match=f"at least three models, got {n}.*instead"):
            make(few)


def test_condensed_input_is_checked() -> None:
    with pytest.raises(InputError, match="do not fit"):
        join_condensed(["a", "b", "c"], np.ones(4, dtype=np.float32))
    with pytest.raises(InputError, match="NaN"):
        join_condensed(["a", "b", "c"], np.array([1, np.nan, 1], dtype=np.float32))


def test_extreme_scales_keep_their_tree() -> None:
    truth = random_tree(40, 2)
    for factor in (1e-30, 1e30):
        d = path_distances(truth)
        made = join_condensed(
            d.ids, condensed_float32(DistanceMatrix(d.ids, d.matrix * factor), range(40))
        )
        assert splits(made) == splits(truth)
