"""Splits of trees as hashes: every leaf has a random 64-bit key, a split the xor of one side.

Two trees share a split when the hashes agree; with 64 bits a false match among a million splits
has a chance below one in ten million.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from cladist.core.hashing import key64
from cladist.core.tree import Tree
from cladist.errors import InputError
from cladist.phylogeny.arrays import TreeArrays

Hashes = NDArray[np.uint64]


def leaf_keys(names: Sequence[str]) -> Hashes:
    """A key for every name, the same in all processes."""
    return np.array([key64(f"leaf {name}") for name in names], dtype=np.uint64)


def clade_hashes(flat: TreeArrays) -> Hashes:
    """Hash of the leaves below every node, uint64 (m,). O(m)."""
    keys = leaf_keys(flat.leaf_names)
    # The xor of a run of leaves is that of the two prefixes at its ends.
    prefix = np.concatenate([np.zeros(1, np.uint64), np.bitwise_xor.accumulate(keys)])
    return np.asarray(prefix[flat.leaf_stop] ^ prefix[flat.leaf_start], dtype=np.uint64)


def split_hashes(flat: TreeArrays) -> Hashes:
    """Hash of the split at the branch above every node, the same for either side, uint64 (m,)."""
    below = clade_hashes(flat)
    return np.asarray(np.minimum(below, below[0] ^ below), dtype=np.uint64)


def inner_branches(flat: TreeArrays) -> NDArray[np.int64]:
    """Nodes whose branch splits at least two leaves from at least two; one of each split."""
    size = flat.leaf_stop - flat.leaf_start
    real = np.flatnonzero((size > 1) & (size < len(flat.leaves) - 1))
    _, first = np.unique(split_hashes(flat)[real], return_index=True)
    return np.asarray(np.sort(real[first]), dtype=np.int64)


def join_split_hashes(joins: NDArray[np.float64], keys: Hashes) -> set[int]:
    """Hashes of the inner splits of a tree given by its joins over leaves with `keys`."""
    node = [int(k) for k in keys]
    total = 0
    for key in node:
        total ^= key
    out: set[int] = set()
    for left, right in joins[:-1, :2].astype(np.int64).tolist():
        below = node[left] ^ node[right]
        node.append(below)
        out.add(min(below, total ^ below))
    return out


def require_same_leaves(a: Tree, b: Tree) -> None:
    """`InputError` naming a leaf that only one of the trees has."""
    left, right = set(a.leaves()), set(b.leaves())
    if odd := sorted(left ^ right):
        where = "first" if odd[0] in left else "second"
        raise InputError(
            f"the trees are of different models: '{odd[0]}' is in the {where} only "
            f"({len(odd)} such names); compare trees of the same models"
        )
