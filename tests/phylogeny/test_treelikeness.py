from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from tree_builders import path_distances, random_tree, splits

from cladist.core.distances import DistanceMatrix, symmetric
from cladist.errors import InputError
from cladist.phylogeny.joining import neighbor_joining
from cladist.phylogeny.network import circular_order, split_network
from cladist.phylogeny.treelikeness import (
    Conflict,
    Treelikeness,
    conflicts,
    suspects,
    tree_distances,
    treelikeness,
)


def merged(n: int, seed: int) -> tuple[DistanceMatrix, str, str, str]:
    """Tree distances of n models and one half way between two distant ones."""
    truth = random_tree(n, seed, 0.5, 1.0)
    d = path_distances(truth)
    i, j = np.unravel_index(int(d.matrix.argmax()), d.matrix.shape)
    row = (d.matrix[i] + d.matrix[j]) / 2
    row[[i, j]] = 0.6  # nearer to both than any tree allows
    full = np.zeros((n + 1, n + 1))
    full[:n, :n] = d.matrix
    full[n, :n] = full[:n, n] = row
    return DistanceMatrix((*d.ids, "merge"), full), "merge", d.ids[i], d.ids[j]


@pytest.mark.parametrize("n", [4, 12, 40])
def test_trees_have_a_delta_of_zero(n: int) -> None:
    found = treelikeness(path_distances(random_tree(n, 1)), per_model=200)
    assert found.delta == pytest.approx(0, abs=1e-9)
    assert len(found.by_model) == n


def test_delta_by_hand() -> None:
    d = symmetric("abcd", np.array([[0, 3, 5, 6], [3, 0, 6, 4], [5, 6, 0, 2], [6, 4, 2, 0]]), "d")
    # Sums 3 + 2 = 5, 5 + 4 = 9 and 6 + 6 = 12.
    found = treelikeness(d)
    assert found.delta == pytest.approx((12 - 9) / (12 - 5))
    assert found.quartets == 1
    with pytest.raises(InputError, match="four models"):
        treelikeness(d.select(["a", "b", "c"]))


def test_samples_agree_with_all_quartets() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(14, 3))
    d = symmetric([f"m{i}" for i in range(14)], np.linalg.norm(x[:, None] - x, axis=2), "e")
    everything = treelikeness(d)
    assert everything.error == 0
    assert everything.quartets == len(list(combinations(range(14), 4)))
    sampled = treelikeness(d, per_model=60, seed=1)
    assert sampled.quartets == 14 * 60
    assert sampled.delta == pytest.approx(everything.delta, abs=0.05)
    assert treelikeness(d, per_model=60, seed=1) == sampled


def test_a_merge_is_flagged_with_its_parents() -> None:
    d, name, one, two = merged(16, 5)
    found = treelikeness(d)
    assert max(found.by_model, key=found.by_model.__getitem__) == name
    tree = neighbor_joining(d)
    worst = conflicts(tree, d)[0]
    assert {worst.first, worst.second} in ({name, one}, {name, two})
    assert worst.distance < worst.along_tree


def test_the_fewest_models_explain_all_conflicts() -> None:
    pairs = [("a", "m"), ("m", "b"), ("c", "m"), ("x", "y")]
    found = [Conflict(one, two, 1.0, 2.0, 5.0) for one, two in pairs]
    delta = dict.fromkeys("abcmx", 0.1) | {"y": 0.4}
    first, second = suspects(found, Treelikeness(0.1, delta, 0.0, 1))
    assert (first.name, first.partners) == ("m", ("a", "b", "c"))
    assert (second.name, second.partners, second.delta) == ("y", ("x",), 0.4)
    assert suspects([], Treelikeness(0.1, delta, 0.0, 1)) == []


def test_a_tree_has_no_conflicts() -> None:
    tree = random_tree(20, 3)
    assert conflicts(tree, path_distances(tree)) == []
    assert conflicts(neighbor_joining(path_distances(tree)), path_distances(tree)) == []


def test_distances_along_a_tree() -> None:
    tree = random_tree(15, 2)
    assert tree_distances(tree).matrix == pytest.approx(path_distances(tree).matrix)
    assert tree_distances(tree).ids == path_distances(tree).ids


@pytest.mark.parametrize("seed", range(5))
def test_the_network_of_a_tree_is_the_tree(seed: int) -> None:
    tree = random_tree(11, seed)
    d = path_distances(tree)
    net = split_network(d)
    assert net.fit == pytest.approx(1)
    first = d.ids.index(min(d.ids))
    everyone = set(range(11))
    found = {
        frozenset(d.ids[i] for i in (everyone - set(s) if first in s else s)) for s, _ in net.splits
    }
    assert {s for s in found if 1 < len(s) < 10} == splits(tree)
    assert len(net.splits) == 2 * 11 - 3


@pytest.mark.parametrize("seed", range(5))
def test_circular_distances_are_recovered(seed: int) -> None:
    rng = np.random.default_rng(seed)
    n = 9
    hidden = rng.permutation(n)
    d = np.zeros((n, n))
    truth = {}
    for i, j in combinations(range(n), 2):
        if rng.uniform() < 0.6 or j == i + 1:
            inside = set(hidden[i + 1 : j + 1].tolist())
            weight = float(rng.uniform(0.5, 2))
            truth[min(frozenset(inside), frozenset(range(n)) - inside, key=sorted)] = weight
            for a, b in combinations(range(n), 2):
                if (a in inside) != (b in inside):
                    d[a, b] += weight
                    d[b, a] += weight
    given = DistanceMatrix(tuple(f"m{i}" for i in range(n)), d)
    net = split_network(given)
    found = {
        min(frozenset(s), frozenset(range(n)) - frozenset(s), key=sorted): w for s, w in net.splits
    }
    assert net.fit == pytest.approx(1)
    assert found == pytest.approx(truth, abs=1e-6)
    assert circular_order(given)[0] == 0


def test_a_merge_shows_as_conflicting_splits() -> None:
    d, _, _, _ = merged(9, 1)
    assert len(split_network(d).splits) > 2 * 10 - 3


@pytest.mark.parametrize("n", [3, 71])
def test_networks_of_too_few_or_many_are_refused(n: int) -> None:
    with pytest.raises(InputError, match="4 to 70"):
        split_network(DistanceMatrix(tuple(map(str, range(n))), np.zeros((n, n))))
