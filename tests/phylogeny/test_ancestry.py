from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from tree_builders import path_distances

from cladist.core.tree import Node, Tree
from cladist.errors import InputError
from cladist.formats.trees.newick import read_newick
from cladist.phylogeny.ancestry import ancestry, descent_costs, sampled_ancestors
from cladist.phylogeny.arborescence import edge_probabilities, minimum_arborescence
from cladist.phylogeny.joining import neighbor_joining


def arborescences(costs: np.ndarray) -> list[tuple[float, tuple[int, ...]]]:
    """All of them with their costs, by trying every choice of parents."""
    n = len(costs)
    out = []
    for parents in product(range(n), repeat=n - 1):
        full = (-1, *parents)
        if any(full[j] == j for j in range(1, n)):
            continue
        ok = True
        for j in range(1, n):
            seen, v = set(), j
            while v != 0 and v not in seen:
                seen.add(v)
                v = full[v]
            ok &= v == 0
        if ok:
            out.append((sum(costs[full[j], j] for j in range(1, n)), full))
    return out


@pytest.mark.parametrize("seed", range(40))
def test_least_cost_and_probabilities_agree_with_enumeration(seed: int) -> None:
    rng = np.random.default_rng(seed)
    n = int(rng.integers(3, 7))
    costs = rng.uniform(0, 10, size=(n, n))
    if seed % 2:
        costs = (costs + costs.T) / 2  # symmetric costs make many cycles
        costs[0] += 8
    found = minimum_arborescence(costs)
    everything = arborescences(costs)
    least, best = min(everything)
    assert sum(costs[found[j], j] for j in range(1, n)) == pytest.approx(least)
    assert tuple(found) == best
    weights = np.array([np.exp(-c / 2.0) for c, _ in everything])
    expected = np.zeros((n, n))
    for w, (_, full) in zip(weights / weights.sum(), everything, strict=True):
        for j in range(1, n):
            expected[full[j], j] += w
    assert edge_probabilities(costs, 2.0) == pytest.approx(expected, abs=1e-9)


def test_large_symmetric_graphs_are_spanned() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(300, 3))
    costs = np.linalg.norm(x[:, None] - x, axis=2)
    parents = minimum_arborescence(costs)
    from scipy.sparse.csgraph import minimum_spanning_tree

    # With the same costs both ways it is the minimum spanning tree.
    total = sum(costs[p, j] for j, p in enumerate(parents) if p >= 0)
    assert total == pytest.approx(minimum_spanning_tree(costs).sum())


def test_direction_comes_from_dates_and_is_unknown_without() -> None:
    costs = np.array([[0, 1.0, 9], [1, 0, 9], [9, 9, 0]])
    names = ["b", "a", "far"]
    dated = ancestry(names, costs, 4.0, {"a": 2024.0, "b": 2023.0})
    found = {d.model: d for d in dated}
    assert found["a"].parent == "b"
    assert found["b"].parent is None
    assert found["far"].parent is None
    assert found["a"].confidence > 0.99
    undated = {d.model: d for d in ancestry(names, costs, 4.0)}
    parents = (undated["a"].parent, undated["b"].parent)
    assert parents in ((None, "a"), ("b", None))
    assert undated["a"].confidence == pytest.approx(0.5, abs=0.01)
    assert {undated["b"].second, undated["b"].parent or ""} == {"a", ""}


def test_the_centre_of_a_family_is_its_ancestor() -> None:
    """A base with five children, each as near to it, and farther from each other."""
    evidence = np.full((6, 6), 4.0)
    evidence[0, :] = evidence[:, 0] = 6.0
    np.fill_diagonal(evidence, 0.0)
    names = ["z-base", *"abcde"]
    costs = descent_costs(evidence)
    found = {d.model: d for d in ancestry(names, costs, -3.0, temperature=1.0)}
    assert found["z-base"].parent is None
    assert {found[n].parent for n in "abcde"} == {"z-base"}
    # Without the direction nothing tells which of them is the founder, so it is not sure.
    blind = ancestry(names, descent_costs(evidence, direction=0), -3.0, temperature=1.0)
    assert next(d for d in blind if d.model == "z-base").confidence < found["z-base"].confidence
    with pytest.raises(InputError, match="not finite"):
        descent_costs(np.full((2, 2), np.nan))


def test_copies_that_are_sure_beyond_doubt_do_not_break_the_probabilities() -> None:
    evidence = np.zeros((4, 4))
    evidence[0, 1] = evidence[1, 0] = evidence[2, 3] = evidence[3, 2] = 900.0
    found = ancestry(list("abcd"), -evidence, -3.0, temperature=1.0)
    assert {(d.model, d.parent) for d in found} == {
        ("a", None), ("b", "a"), ("c", None), ("d", "c")
    }  # fmt: skip
    # Either of two copies may be the older one.
    assert [d.confidence for d in found] == pytest.approx([0.5] * 4, abs=0.05)


def test_disconnected_evidence_makes_several_founders() -> None:
    costs = np.full((4, 4), np.inf)
    costs[0, 1] = costs[2, 3] = 1.0
    found = {d.model: d.parent for d in ancestry(list("abcd"), costs, 5.0)}
    assert found == {"a": None, "b": "a", "c": None, "d": "c"}


def test_bad_costs_are_refused() -> None:
    good = np.ones((3, 3))
    with pytest.raises(InputError, match="fit"):
        ancestry(["a", "b"], good, 1.0)
    with pytest.raises(InputError, match="twice"):
        ancestry(["a", "b", "a"], good, 1.0)
    with pytest.raises(InputError, match="NaN"):
        ancestry(["a", "b", "c"], good * np.nan, 1.0)
    with pytest.raises(InputError, match="temperature"):
        ancestry(["a", "b", "c"], good, 1.0, temperature=0.0)


def test_a_living_ancestor_goes_to_its_inner_node() -> None:
    truth = read_newick("[&U]((x:1,y:2)base:1.5,z:2,w:3);")
    with_leaf = read_newick("[&U]((x:1,y:2,base:0):1.5,z:2,w:3);")
    tree, moved = sampled_ancestors(neighbor_joining(path_distances(with_leaf)))
    assert [m.name for m in moved] == ["base"]
    node = next(n for n in tree.root.preorder() if n.name == "base")
    assert sorted(tree.leaves()) == ["w", "x", "y", "z"]
    assert len(node.children) >= 1
    assert set(tree.names()) == set(truth.names())


def test_ancestors_are_not_made_of_copies_or_of_younger_models() -> None:
    copies = Node("", 1.0, (Node("a", 0.0), Node("b", 0.0)))
    tree = Tree(Node("", None, (copies, Node("c", 1.0), Node("d", 1.0))), rooted=True)
    assert sampled_ancestors(tree)[1] == ()
    pair = Node("", 1.0, (Node("a", 0.0), Node("b", 1.0)))
    tree = Tree(Node("", None, (pair, Node("c", 1.0), Node("d", 1.0))), rooted=True)
    assert [m.name for m in sampled_ancestors(tree)[1]] == ["a"]
    assert [m.name for m in sampled_ancestors(tree, dates={"a": 2023.0, "b": 2024.0})[1]] == ["a"]
    assert sampled_ancestors(tree, dates={"a": 2025.0, "b": 2024.0})[1] == ()
    with pytest.raises(InputError, match="between 0 and 1"):
        sampled_ancestors(tree, 1.5)
