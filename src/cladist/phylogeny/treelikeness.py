"""How much of the distances a tree can tell, and which models it cannot place.

Delta plots (Holland et al. 2002, Mol Biol Evol 19:2051): of the three ways to pair four models,
the two larger sums of distances are equal on a tree. delta = (largest - middle) / (largest -
smallest) is 0 there, and 1 at worst. A merge of two families pulls quartets apart: it has a
high delta of its own and lies nearer to one of its parents than the tree says.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from cladist.core.distances import DistanceMatrix
from cladist.core.tree import Tree
from cladist.errors import InputError
from cladist.phylogeny.arrays import FloatVector, to_arrays
from cladist.phylogeny.edges import distances_to_branches


@dataclass(frozen=True)
class Treelikeness:
    """Mean delta in all and by model, 0 (a tree) to 1, and how many quartets were looked at.

    error  standard error of the model means from the choice of quartets; 0 if all were taken
    """

    delta: float
    by_model: dict[str, float]
    error: float
    quartets: int


def treelikeness(distances: DistanceMatrix, per_model: int = 2000, seed: int = 0) -> Treelikeness:
    """Delta of all quartets where those are few, else of `per_model` random ones per model.

    At least four models. Quartets whose three sums are equal count as 0: they fit a star.
    O(n x per_model).
    """
    n = len(distances)
    if n < 4:
        raise InputError(f"treelikeness needs at least four models, got {n}")
    total = n * (n - 1) * (n - 2) * (n - 3) // 24
    complete = total <= n * per_model
    if complete:
        four = np.array(list(combinations(range(n), 4)), dtype=np.int64)
        owner = four.ravel()
        delta = _deltas(distances.matrix, four)
        values = np.repeat(delta, 4)
    else:
        rng = np.random.default_rng(seed)
        owner = np.repeat(np.arange(n), per_model)
        others = _three_others(rng, owner, n)
        delta = values = _deltas(distances.matrix, np.concatenate([owner[:, None], others], 1))
    count = np.bincount(owner, minlength=n)
    mean = np.bincount(owner, weights=values, minlength=n) / count
    error = 0.0 if complete else float(values.std() / np.sqrt(per_model))
    by_model = dict(zip(distances.ids, mean.tolist(), strict=True))
    return Treelikeness(float(delta.mean()), by_model, error, len(delta))


def _three_others(rng: np.random.Generator, owner: NDArray[np.int64], n: int) -> NDArray[np.int64]:
    """Three different rows beside `owner`, each set equally likely."""
    out = np.empty((len(owner), 3), dtype=np.int64)
    # Draw from what is left, then step over those taken, in ascending order.
    taken = owner[:, None]
    for k in range(3):
        pick = rng.integers(0, n - 1 - k, size=len(owner))
        for column in np.sort(taken, axis=1).T:
            pick = pick + (pick >= column)
        out[:, k] = pick
        taken = np.concatenate([taken, pick[:, None]], axis=1)
    return out


def _deltas(d: FloatVector, four: NDArray[np.int64]) -> FloatVector:
    a, b, c, e = four.T
    sums = np.stack([d[a, b] + d[c, e], d[a, c] + d[b, e], d[a, e] + d[b, c]])
    sums.sort(axis=0)
    spread = sums[2] - sums[0]
    # Sums that differ by rounding alone are equal.
    real = spread > 1e-12 * sums[2]
    return np.where(real, (sums[2] - sums[1]) / np.where(real, spread, 1.0), 0.0)


@dataclass(frozen=True)
class Conflict:
    """Two models that lie nearer than the tree says.

    distance, along_tree   measured, and along the branches
    excess                 (along_tree - distance) in standard deviations of all such misfits
    """

    first: str
    second: str
    distance: float
    along_tree: float
    excess: float


def conflicts(tree: Tree, distances: DistanceMatrix, excess: float = 6.0) -> list[Conflict]:
    """Pairs that are nearer than the tree says by more than `excess` standard deviations.

    The worst first. A merge shows as one model with conflicts towards one other family: the
    parent on whose side the tree did not put it. The standard deviation is robust (1.4826
    times the median absolute misfit). At most one pair per model and partner clade is not
    sought: all pairs above the mark are returned. O(n^2).
    """
    flat = to_arrays(tree)
    given = distances.select(flat.leaf_names).matrix
    along = tree_distances(tree).matrix
    rows, columns = np.triu_indices(len(given), 1)
    misfit = along[rows, columns] - given[rows, columns]
    spread = 1.4826 * float(np.median(np.abs(misfit)))
    if spread <= 1e-9 * float(given.max(initial=0.0)):
        spread = max(float(misfit.std()), 1e-300)
    score = misfit / spread
    wanted = np.flatnonzero((score > excess) & (misfit > 1e-9 * given.max(initial=0.0)))
    wanted = wanted[np.argsort(-score[wanted], kind="stable")]
    names = flat.leaf_names
    return [
        Conflict(
            names[rows[k]],
            names[columns[k]],
            float(given[rows[k], columns[k]]),
            float(along[rows[k], columns[k]]),
            float(score[k]),
        )
        for k in wanted
    ]


@dataclass(frozen=True)
class Suspect:
    """A model that conflicts with the tree: perhaps a merge.

    partners  models that it is nearer to than the tree says, the worst conflict first
    delta     its mean delta
    """

    name: str
    partners: tuple[str, ...]
    delta: float


def suspects(found: Sequence[Conflict], likeness: Treelikeness) -> list[Suspect]:
    """The fewest models that explain all conflicts, by taking those with most of them first.

    A conflict is a pair and does not say which of the two is the merge; the one that conflicts
    with more others is, and of equals the less treelike. A greedy cover, O(conflicts x models).
    """
    open_pairs = list(found)
    out = []
    while open_pairs:
        count = Counter(name for c in open_pairs for name in (c.first, c.second))
        worst = min(count, key=lambda n: (-count[n], -likeness.by_model[n], n))
        mine = [c for c in open_pairs if worst in (c.first, c.second)]
        partners = tuple(c.second if c.first == worst else c.first for c in mine)
        out.append(Suspect(worst, partners, likeness.by_model[worst]))
        open_pairs = [c for c in open_pairs if worst not in (c.first, c.second)]
    return out


def tree_distances(tree: Tree) -> DistanceMatrix:
    """Distances between leaves along the branches. O(n^2)."""
    flat = to_arrays(tree)
    n = len(flat.leaves)
    out = np.zeros((n, n))
    leaf_row = {int(leaf): k for k, leaf in enumerate(flat.leaves)}
    for i, u in distances_to_branches(flat):
        if i in leaf_row:
            out[leaf_row[i]] = u + flat.length[i]
            out[leaf_row[i], leaf_row[i]] = 0.0
    return DistanceMatrix(
        tuple(flat.leaf_names), np.maximum((out + out.T) / 2, 0.0), "along the tree"
    )
