"""Branch support by the bootstrap, with probes as sites; no model is asked again.

A replicate draws as many probes as there are, with replacement, and builds the tree anew. The
support of a branch is the share of replicates that have its split (Felsenstein 1985, Evolution
39:783), or the transfer bootstrap expectation (Lemoine et al. 2018, Nature 556:452), which
counts how few leaves would have to move for the split to be there and so says more on large
trees, where a single stray model breaks a deep split.

Probes that repeat each other, such as twenty paraphrases, count as independent evidence here
and make supports too high.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from cladist.core.distances import DistanceMatrix, symmetric
from cladist.core.dna import DNA, require_one_assay
from cladist.core.tree import Tree
from cladist.errors import AssayError, InputError
from cladist.phylogeny.arrays import TreeArrays, build, to_arrays
from cladist.phylogeny.joining import joins_of, neighbor_joining
from cladist.phylogeny.splits import (
    inner_branches,
    join_split_hashes,
    leaf_keys,
    require_same_leaves,
    split_hashes,
)

Weights = NDArray[np.float64]
WeightedDistances = Callable[[Weights], DistanceMatrix]
Kind = Literal["felsenstein", "transfer"]
TreeMaker = Callable[[DistanceMatrix], Tree]

SMALL = 200
"""Models up to which 1,000 replicates take no longer by the plain algorithm than the start of the
library and its replicates: 6.5 s and 4.7 + 1.6 s on one core."""


@dataclass(frozen=True)
class Bootstrap:
    """A tree with support on its inner branches, 0 to 1, and how that was found."""

    tree: Tree
    kind: Kind
    replicates: int
    seed: int


def bootstrap(
    tree: Tree,
    distances: WeightedDistances,
    probes: int,
    replicates: int = 1000,
    seed: int = 0,
    kind: Kind = "felsenstein",
    make: TreeMaker | None = None,
    progress: Callable[[str, int, int], None] | None = None,
) -> Bootstrap:
    """Put support on the inner branches of `tree`.

    distances   gives the distances for weights of the probes, float64 (probes,) that add up to
                `probes`; `block_distances` makes one of DNAs, and any other metric may bring
                its own
    make        how to build a replicate's tree; neighbour joining if None
    progress    told ("support", replicates done, in all) before every replicate and at the end

    The leaves of all trees must be the same. The same seed gives the same supports. Cost: per
    replicate the distances, the tree, and O(n) for the splits or O(n^2) for transfer.
    """
    if replicates < 1 or probes < 2:
        raise InputError(
            f"a bootstrap needs replicates and at least two probes, got {replicates} and {probes}"
        )
    flat = to_arrays(tree)
    branches = inner_branches(flat)
    score = np.zeros(len(branches))
    hashes = [int(h) for h in split_hashes(flat)[branches]]
    rng = np.random.default_rng(seed)
    for done in range(replicates):
        if progress is not None:
            progress("support", done, replicates)
        drawn = rng.multinomial(probes, np.full(probes, 1 / probes)).astype(np.float64)
        resampled = distances(drawn)
        if make is None and kind == "felsenstein":
            found = _neighbor_joining_splits(resampled, flat)
            score += np.fromiter((h in found for h in hashes), dtype=np.bool_, count=len(hashes))
            continue
        made = make(resampled) if make else neighbor_joining(resampled, SMALL)
        require_same_leaves(tree, made)
        other = to_arrays(made)
        if kind == "felsenstein":
            score += np.isin(split_hashes(flat)[branches], split_hashes(other))
        else:
            score += 1 - transfer_index(flat, branches, other) / (_light(flat, branches) - 1)
    if progress is not None:
        progress("support", replicates, replicates)
    return Bootstrap(
        _with_support(tree, flat, branches, score / replicates), kind, replicates, seed
    )


def block_distances(dnas: Sequence[DNA], metric: str = "euclidean") -> WeightedDistances:
    """Distances between DNAs ('euclidean' or 'cosine') as a function of the probes' weights.

    A DNA is the sum of its probes' blocks, each projected by its own random matrix, and squared
    distances are sums over probes. So a probe that counts w times enters with its block times
    the square root of w: that scales its share of every squared distance by w, while w copies of
    the block would scale it by w squared. Cost of a call: n p L for the sums, n^2 L for pairs;
    memory 4 n p L bytes.
    """
    require_one_assay(dnas)
    if metric not in ("euclidean", "cosine"):
        raise AssayError(f"metric '{metric}' is not defined on DNA vectors")
    names = [d.model for d in dnas]
    assay = dnas[0].assay
    n, (probes, length) = len(dnas), dnas[0].per_probe().shape
    stacked = np.empty((probes, n * length), dtype=np.float32)
    for k, dna in enumerate(dnas):
        stacked[:, k * length : (k + 1) * length] = dna.per_probe()

    def weighted(weights: Weights) -> DistanceMatrix:
        x = (np.sqrt(weights).astype(np.float32) @ stacked).reshape(n, length)
        if metric == "euclidean":
            x = x - x.mean(axis=0)  # differences stay, and lose fewer digits below
        gram = (x @ x.T).astype(np.float64)
        square = np.diagonal(gram)
        if metric == "euclidean":
            squared = square[:, None] + square[None, :] - 2 * gram
            # Single precision leaves this much between equal rows.
            noise = 1e-6 * (square[:, None] + square[None, :])
            return symmetric(names, np.sqrt(np.where(squared > noise, squared, 0.0)), metric, assay)
        norm = np.sqrt(np.where(square > 0, square, 1.0))
        raw = np.clip(1 - gram / norm[:, None] / norm[None, :], 0.0, 2.0)
        raw[raw < 1e-6] = 0.0
        return symmetric(names, raw, metric, assay)

    return weighted


def transfer_index(
    flat: TreeArrays, branches: NDArray[np.int64], other: TreeArrays
) -> NDArray[np.int64]:
    """Fewest leaves to move for the split of each branch to be one of `other`'s, int64.

    O(n) per branch: leaves below a node of `other` are a run, so those of one side among them
    are a difference of two prefix sums. Done for a few hundred branches at a time.
    """
    n = len(flat.leaves)
    position = {name: k for k, name in enumerate(flat.leaf_names)}
    order = np.array([position[name] for name in other.leaf_names])
    size = (other.leaf_stop - other.leaf_start).astype(np.int32)
    out = np.empty(len(branches), dtype=np.int64)
    step = max(1, 4_000_000 // n)
    for k in range(0, len(branches), step):
        chunk = branches[k : k + step]
        start, stop = flat.leaf_start[chunk], flat.leaf_stop[chunk]
        member = (order[:, None] >= start[None, :]) & (order[:, None] < stop[None, :])
        prefix = np.zeros((n + 1, len(chunk)), dtype=np.int32)
        np.cumsum(member, axis=0, out=prefix[1:])
        shared = prefix[other.leaf_stop] - prefix[other.leaf_start]
        apart = (stop - start)[None, :] + size[:, None] - 2 * shared
        out[k : k + step] = np.minimum(apart, n - apart).min(axis=0)
    return out


def _light(flat: TreeArrays, branches: NDArray[np.int64]) -> NDArray[np.int64]:
    """Leaves on the smaller side of each branch."""
    size = flat.leaf_stop[branches] - flat.leaf_start[branches]
    return np.asarray(np.minimum(size, len(flat.leaves) - size), dtype=np.int64)


def _neighbor_joining_splits(distances: DistanceMatrix, flat: TreeArrays) -> set[int]:
    """Split hashes of the neighbour-joining tree, without making the tree."""
    if set(distances.ids) != set(flat.leaf_names):
        raise InputError("bootstrap: the distances are of other models than the tree")
    order = sorted(range(len(distances)), key=distances.ids.__getitem__)
    joins = joins_of(distances, order, SMALL)
    return join_split_hashes(joins, leaf_keys([distances.ids[i] for i in order]))


def _with_support(
    tree: Tree, flat: TreeArrays, branches: NDArray[np.int64], score: NDArray[np.float64]
) -> Tree:
    """The tree with the scores on its branches, on both halves of one that holds the root."""
    hashes = [int(h) for h in split_hashes(flat)]
    found = {hashes[b]: float(s) for b, s in zip(branches.tolist(), score, strict=True)}
    size = (flat.leaf_stop - flat.leaf_start).tolist()
    support = [found.get(h) if size[i] > 1 and i > 0 else None for i, h in enumerate(hashes)]
    length = [node.length for node in tree.root.preorder()]
    root = build(flat.children(), length, flat.names, support, 0)
    return Tree(root, tree.rooted, tree.method)
