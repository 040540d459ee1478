"""Trees recovered by a method, held against the true one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cladist.core.distances import DistanceMatrix, symmetric
from cladist.core.tree import Tree
from cladist.lab.truth import Truth
from cladist.phylogeny.ancestry import sampled_ancestors
from cladist.phylogeny.arrays import to_arrays
from cladist.phylogeny.compare import clade_recovery, compare_trees
from cladist.phylogeny.joining import neighbor_joining
from cladist.phylogeny.quartets import resolved_quartets, shared_quartets


@dataclass(frozen=True)
class TreeFound:
    """How much of the true tree a recovered one has.

    quartets   share of the quartets that the truth resolves found so; by chance a third
    splits     share of the true tree's inner splits that are there
    rf_share   Robinson-Foulds over all inner splits of both; the truth's many-way nodes keep
               it well above 0 even for a perfect binary tree
    clades     founders with descendants whose family is an exact clade, of how many
    """

    quartets: float
    splits: float
    rf_share: float
    clades: tuple[int, int]


@dataclass(frozen=True)
class AncestorsFound:
    """Sampled ancestors: models put on inner nodes, how many rightly, of how many true ones."""

    moved: int
    right: int
    true: int


def nj_of(names: Sequence[str], similarity: NDArray[np.float64]) -> DistanceMatrix:
    """Distances from similarities that have no scale of their own: from the closest pair down."""
    top = similarity[np.triu_indices(len(names), 1)].max()
    distance = np.asarray(top - similarity, np.float64)
    return symmetric(names, distance, "lab")


def tree_found(truth: Truth, distances: DistanceMatrix) -> tuple[Tree, TreeFound]:
    """The neighbour-joining tree of some distances, and how it compares with the truth."""
    tree = neighbor_joining(distances)
    real = truth.tree(distances.ids)
    one, two = to_arrays(real), to_arrays(tree)
    compared = compare_trees(real, tree)
    labels = {n: truth.family(n) for n in distances.ids}
    fits = clade_recovery(tree, labels)
    resolved = resolved_quartets(one)
    return tree, TreeFound(
        shared_quartets(one, two) / resolved if resolved else float("nan"),
        compared.shared / max(compared.first, 1),
        compared.rf_share,
        (sum(f.exact for f in fits), len(fits)),
    )


def ancestors_found(truth: Truth, tree: Tree) -> AncestorsFound:
    """Models that a tree puts on inner nodes against those that have descendants in it."""
    leaves = set(tree.leaves())
    real = {p for n in leaves for p in truth.by_name[n].parents} & leaves
    moved = {m.name for m in sampled_ancestors(tree)[1]}
    return AncestorsFound(len(moved), len(moved & real), len(real))
