from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from tree_builders import path_distances, random_tree, splits

from cladist.core.distances import DistanceMatrix, dna_distances, symmetric
from cladist.core.dna import DNA, of_blocks
from cladist.core.tree import Tree
from cladist.errors import AssayError, InputError
from cladist.phylogeny.arrays import to_arrays
from cladist.phylogeny.joining import neighbor_joining, upgma
from cladist.phylogeny.rooting import root_midpoint
from cladist.phylogeny.splits import inner_branches
from cladist.phylogeny.support import (
    WeightedDistances,
    block_distances,
    bootstrap,
    transfer_index,
)


def evolved(tree: Tree, probes: int, seed: int, noise: float = 0.0, width: int = 8) -> list[DNA]:
    """DNAs whose blocks change along the branches of a tree, squared distance ~ path length."""
    rng = np.random.default_rng(seed)
    flat = to_arrays(tree)
    state = [np.zeros((probes, width))]
    for i in range(1, len(flat)):
        step = rng.normal(size=(probes, width)) * np.sqrt(flat.length[i])
        state.append(state[flat.parent[i]] + step)
    present = np.ones(probes, dtype=np.bool_)
    return [
        of_blocks(
            flat.names[i],
            "0" * 64,
            (state[i] + noise * rng.normal(size=(probes, width))).astype(np.float32),
            present,
            (),
        )
        for i in flat.leaves
    ]


def supports(tree: Tree) -> dict[frozenset[str], float]:
    leaves = frozenset(tree.leaves())
    out = {}
    for node in tree.root.preorder():
        if node.support is not None:
            side = frozenset(n.name for n in node.preorder() if n.is_leaf)
            out[min(side, leaves - side, key=sorted)] = node.support
    return out


def test_weights_of_one_give_the_plain_distances() -> None:
    dnas = evolved(random_tree(8, 0), 40, 0)
    for metric in ("euclidean", "cosine"):
        weighted = block_distances(dnas, metric)(np.ones(40))
        assert weighted.matrix == pytest.approx(dna_distances(dnas, metric).matrix, rel=2e-3)
        assert weighted.ids == tuple(d.model for d in dnas)
    with pytest.raises(AssayError, match="nei"):
        block_distances(dnas, "nei")


def test_repeating_every_probe_scales_all_distances_alike() -> None:
    dnas = evolved(random_tree(6, 0), 30, 1)
    distances = block_distances(dnas)
    one, four = distances(np.ones(30)), distances(np.full(30, 4.0))
    assert four.matrix == pytest.approx(2 * one.matrix, rel=1e-5)


def test_identical_models_stay_identical_in_every_replicate() -> None:
    dnas = evolved(random_tree(5, 0), 20, 2)
    twin = DNA("twin", dnas[0].assay, dnas[0].vector, dnas[0].blocks, 20, 20)
    found = block_distances([*dnas, twin])(np.random.default_rng(0).uniform(size=20))
    assert found.matrix[0, 5] == 0


def squared(distances: WeightedDistances) -> WeightedDistances:
    """Squares add up along the branches of a random walk, plain distances do not."""

    def given(weights: np.ndarray) -> DistanceMatrix:
        d = distances(weights)
        return DistanceMatrix(d.ids, d.matrix**2, "squared")

    return given


@pytest.mark.parametrize("kind", ["felsenstein", "transfer"])
def test_clear_trees_are_supported_and_noise_is_not(kind: Any) -> None:
    truth = random_tree(10, 3, 1.0, 2.0)
    clear = squared(block_distances(evolved(truth, 40, 0, width=300)))
    tree = neighbor_joining(clear(np.ones(40)))
    assert splits(tree) == splits(truth)
    values = supports(bootstrap(tree, clear, 40, 50, kind=kind).tree)
    assert len(values) == 10 - 3
    assert min(values.values()) > 0.9
    few = squared(block_distances(evolved(truth, 3, 0, noise=30.0)))
    noisy = neighbor_joining(few(np.ones(3)))
    weak = bootstrap(noisy, few, 3, 50, kind=kind)
    assert np.mean(list(supports(weak.tree).values())) < 0.8


def test_support_is_the_share_of_replicates_counted_by_hand() -> None:
    dnas = evolved(random_tree(9, 5), 6, 5)
    tree = root_midpoint(neighbor_joining(dna_distances(dnas))).tree
    distances = block_distances(dnas)
    seen: list[DistanceMatrix] = []

    def watched(weights: np.ndarray) -> DistanceMatrix:
        assert weights.sum() == 6
        seen.append(distances(weights))
        return seen[-1]

    found = bootstrap(tree, watched, 6, 40, seed=9)
    names = frozenset(tree.leaves())
    replicate_splits = [splits(neighbor_joining(d)) for d in seen]
    for side, value in supports(found.tree).items():
        key = names - side if min(names) in side else side
        assert value == pytest.approx(np.mean([key in s for s in replicate_splits]))
    assert bootstrap(tree, distances, 6, 40, seed=9).tree == found.tree
    # Rooted inside a branch, both its halves carry the support.
    top = [c.support for c in found.tree.root.children if not c.is_leaf]
    assert len(set(top)) == 1


def test_any_tree_method_may_build_the_replicates() -> None:
    dnas = evolved(random_tree(7, 1), 50, 1)
    tree = upgma(dna_distances(dnas))
    found = bootstrap(tree, block_distances(dnas), 50, 10, make=upgma)
    assert found.tree.rooted
    assert all(0 <= v <= 1 for v in supports(found.tree).values())


@pytest.mark.parametrize("seed", range(6))
def test_transfer_index_agrees_with_its_definition(seed: int) -> None:
    a, b = random_tree(11, seed), random_tree(11, seed + 20)
    flat, other = to_arrays(a), to_arrays(b)
    branches = inner_branches(flat)
    found = transfer_index(flat, branches, other)
    leaves = frozenset(a.leaves())
    sides = [frozenset(n.name for n in node.preorder() if n.is_leaf) for node in b.root.preorder()]
    for branch, value in zip(branches, found, strict=True):
        mine = frozenset(flat.leaf_names[flat.leaf_start[branch] : flat.leaf_stop[branch]])
        moves = [min(len(mine ^ s), len(leaves) - len(mine ^ s)) for s in sides]
        assert value == min(moves)


def test_other_models_and_empty_requests_are_refused() -> None:
    tree = random_tree(5, 0)
    right = path_distances(tree)
    wrong = DistanceMatrix(("a", "b", "c", "d", "e"), right.matrix)
    kind: Any
    for kind in ("felsenstein", "transfer"):
        with pytest.raises(InputError, match="models"):
            bootstrap(tree, lambda _: wrong, 10, 2, kind=kind)
    for replicates, probes in ((0, 10), (10, 1)):
        with pytest.raises(InputError, match="at least two probes"):
            bootstrap(tree, lambda _: right, probes, replicates)


def test_ties_do_not_depend_on_the_order_of_models() -> None:
    tree = random_tree(12, 4)
    names = tree.leaves()
    rng = np.random.default_rng(0)
    raw = rng.integers(1, 3, size=(12, 12)).astype(float)
    tied = symmetric(names, raw, "tied")
    other = tied.select(sorted(names, reverse=True))
    a = bootstrap(tree, lambda _: tied, 5, 3)
    b = bootstrap(tree, lambda _: other, 5, 3)
    assert a.tree == b.tree
