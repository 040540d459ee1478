from __future__ import annotations

import numpy as np
import pytest
from tree_builders import random_tree, splits

from cladist.core.distances import DistanceMatrix
from cladist.errors import AssayError, InputError
from cladist.phylogeny.arrays import to_arrays
from cladist.phylogeny.compare import compare_trees
from cladist.phylogeny.joining import neighbor_joining
from cladist.phylogeny.scale import condensed_of, join_vectors


def walk(n: int, seed: int, width: int = 2000) -> tuple[list[str], np.ndarray, object]:
    """Vectors whose squared distances add up along a tree."""
    tree = random_tree(n, seed, 0.5, 1.0)
    flat = to_arrays(tree)
    rng = np.random.default_rng(seed)
    x = np.zeros((len(flat), width), dtype=np.float32)
    for i in range(1, len(flat)):
        x[i] = x[flat.parent[i]] + rng.normal(size=width) * np.sqrt(flat.length[i] / width)
    return flat.leaf_names, x[flat.leaves], tree


def test_exact_is_the_tree_of_the_square_matrix() -> None:
    names, x, _ = walk(40, 0)
    shuffled = np.random.default_rng(1).permutation(40)
    d = np.linalg.norm(x[:, None].astype(np.float64) - x, axis=2)
    d = (d + d.T) / 2
    for metric, matrix in (("euclidean", d), ("squared", d**2)):
        plain = neighbor_joining(DistanceMatrix(tuple(names), matrix))
        given = join_vectors([names[i] for i in shuffled], x[shuffled], metric)
        assert splits(given) == splits(plain)


def test_condensed_distances() -> None:
    _, x, _ = walk(12, 3)
    rows, columns = np.triu_indices(12, 1)
    plain = np.linalg.norm(x[rows] - x[columns], axis=1)
    assert condensed_of(x, "euclidean") == pytest.approx(plain, rel=1e-4)
    unit = x / np.linalg.norm(x, axis=1, keepdims=True)
    cosine = 1 - (unit[rows] * unit[columns]).sum(axis=1)
    assert condensed_of(unit, "cosine") == pytest.approx(cosine, abs=1e-5)
    assert condensed_of(np.ones((3, 5), np.float32), "euclidean").tolist() == [0, 0, 0]


def test_grouped_trees_are_nearly_those_of_all_pairs() -> None:
    names, x, truth = walk(300, 5)
    whole = join_vectors(names, x, "squared", exact=True)
    parts = join_vectors(names, x, "squared", exact=False)
    assert sorted(parts.leaves()) == sorted(names)
    assert parts.method.endswith("grouped")
    assert all((n.length or 0) >= 0 for n in parts.root.preorder())
    right = compare_trees(truth, whole)  # type: ignore[arg-type]
    near = compare_trees(truth, parts)  # type: ignore[arg-type]
    assert right.quartet < 0.02
    assert near.quartet < 0.10
    assert join_vectors(names, x, "squared", exact=False) == parts


def test_copies_and_tiny_inputs_are_grouped_without_loss() -> None:
    names, x, _ = walk(30, 2)
    x[10:20] = x[10]
    for exact in (True, False):
        tree = join_vectors(names, x, exact=exact)
        assert sorted(tree.leaves()) == sorted(names)
    with pytest.raises(InputError, match="three models"):
        join_vectors(["a", "b"], x[:2])


def test_bad_vectors_are_refused() -> None:
    names, x, _ = walk(6, 0)
    with pytest.raises(AssayError, match="nei"):
        join_vectors(names, x, "nei")
    with pytest.raises(InputError, match="fit"):
        join_vectors(names[:-1], x)
    x[2, 0] = np.nan
    with pytest.raises(InputError, match=f"'{names[2]}'"):
        join_vectors(names, x)
    x[2] = 0
    with pytest.raises(InputError, match=f"'{names[2]}' is all zeros"):
        join_vectors(names, x, "cosine")
