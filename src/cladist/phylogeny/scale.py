"""Neighbour joining of many DNAs without a square matrix: exact to tens of thousands, then not.

Above `EXACT` models the tree is put together: models are grouped round centres (k-means, three
rounds), one medoid stands for each group in an exact tree of medoids, and each group has an
exact tree of its own, rooted by the nearest other medoid and grafted where its medoid stood.
What this gets wrong are groups that are no clades; how often is measured in docs/trees.md.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from cladist.core.tree import Node, Tree
from cladist.errors import AssayError, InputError
from cladist.phylogeny.arrays import build, to_arrays
from cladist.phylogeny.joining import join_condensed
from cladist.phylogeny.rooting import reroot, unrooted_arrays

Rows = NDArray[np.float32]
EXACT = 20_000  # models up to which the tree is exact: 0.8 GB of distances
METRICS = ("euclidean", "squared", "cosine")
_ROUNDS = 3


def join_vectors(
    names: Sequence[str],
    vectors: Rows,
    metric: str = "euclidean",
    exact: bool | None = None,
    seed: int = 0,
) -> Tree:
    """The neighbour-joining tree of rows of float32 (n, L) by 'euclidean', 'squared' or 'cosine'.

    exact  whether to insist on the exact tree (True) or on the grouped one (False); None takes
           the exact one up to `EXACT` models. Exact: 2 n^2 bytes and near n^2 time. Grouped:
           n k L time for k = 6 sqrt(n) .. n/8 groups and 2 k^2 bytes.
    seed   for the first centres; the same seed gives the same tree
    """
    if metric not in METRICS:
        raise AssayError(f"metric '{metric}' is not one of {', '.join(METRICS)}")
    if vectors.ndim != 2 or len(vectors) != len(names):
        raise InputError(f"{len(names)} names do not fit vectors of shape {vectors.shape}")
    if not np.isfinite(vectors).all():
        bad = int(np.flatnonzero(~np.isfinite(vectors).all(axis=1))[0])
        raise InputError(f"the DNA of '{names[bad]}' holds NaN or infinity")
    order = sorted(range(len(names)), key=names.__getitem__)
    x = np.asarray(vectors[order], dtype=np.float32)
    if metric == "cosine":
        norm = np.linalg.norm(x, axis=1, keepdims=True)
        if (norm == 0).any():
            raise InputError(f"the DNA of '{names[order[int(np.argmin(norm))]]}' is all zeros")
        x /= norm
    else:
        x -= x.mean(axis=0)
    ordered = [names[i] for i in order]
    if exact or (exact is None and len(names) <= EXACT):
        return join_condensed(ordered, condensed_of(x, metric))
    return _grouped(ordered, x, metric, seed)


def condensed_of(x: Rows, metric: str) -> Rows:
    """Distances of all pairs of rows, upper triangle by rows, float32. O(n^2 L) time."""
    n = len(x)
    out = np.empty(n * (n - 1) // 2, dtype=np.float32)
    square = np.einsum("ij,ij->i", x, x)
    at = 0
    step = max(1, 16_000_000 // max(n, 1))
    for begin in range(0, n, step):
        block = _block(x[begin : begin + step], square[begin : begin + step], x, square, metric)
        for k in range(len(block)):
            i = begin + k
            out[at : at + n - 1 - i] = block[k, i + 1 :]
            at += n - 1 - i
    return out


def _block(a: Rows, square_a: Rows, b: Rows, square_b: Rows, metric: str) -> Rows:
    dot = a @ b.T
    if metric == "cosine":
        np.subtract(1, dot, out=dot)
        np.maximum(dot, 0, out=dot)
        return np.asarray(dot, dtype=np.float32)
    dot *= -2
    dot += square_a[:, None]
    dot += square_b[None, :]
    # Single precision leaves this much between equal rows.
    dot[dot < 1e-6 * (square_a[:, None] + square_b[None, :])] = 0
    if metric == "euclidean":
        np.sqrt(dot, out=dot)
    return np.asarray(dot, dtype=np.float32)


def _grouped(names: list[str], x: Rows, metric: str, seed: int) -> Tree:
    group, medoids = _groups(x, seed)
    backbone = join_condensed(
        [str(k) for k in range(len(medoids))], condensed_of(x[medoids], metric)
    )
    nearest = _nearest_other(x[medoids])
    members: list[list[int]] = [[] for _ in medoids]
    for i, k in enumerate(group.tolist()):
        members[k].append(i)
    grown = {
        str(k): _group_tree(names, x, rows, int(medoids[k]), int(medoids[nearest[k]]), metric)
        for k, rows in enumerate(members)
    }
    made: dict[int, Node] = {}
    for node in backbone.root.postorder():
        if node.is_leaf:
            # The medoid stood at the end of this branch; part of it is inside the group now.
            top, depth = grown[node.name]
            made[id(node)] = Node(top.name, max((node.length or 0.0) - depth, 0.0), top.children)
        else:
            below = tuple(made.pop(id(child)) for child in node.children)
            made[id(node)] = Node("", node.length, below)
    return Tree(made[id(backbone.root)], False, "neighbour joining, grouped")


def _groups(x: Rows, seed: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Group of every row, and the row nearest to the centre of each group that has rows."""
    n = len(x)
    k = int(min(max(6 * np.sqrt(n), n / 8), 12_000, n / 2))
    centres = x[np.sort(np.random.default_rng(seed).choice(n, k, replace=False))].copy()
    for turn in range(_ROUNDS):
        group, near = _assign(x, centres)
        if turn == _ROUNDS - 1:
            break
        total = np.zeros_like(centres)
        np.add.at(total, group, x)
        size = np.bincount(group, minlength=len(centres))
        kept = size > 0
        centres = (total[kept] / size[kept, None]).astype(np.float32)
    used, group = np.unique(group, return_inverse=True)
    order = np.lexsort((np.arange(n), near, group))
    first = np.searchsorted(group[order], np.arange(len(used)))
    return group.astype(np.int64), order[first].astype(np.int64)


def _assign(x: Rows, centres: Rows) -> tuple[NDArray[np.int64], Rows]:
    """Nearest centre of every row, and its squared distance less the row's own square."""
    square = np.einsum("ij,ij->i", centres, centres)
    group = np.empty(len(x), dtype=np.int64)
    near = np.empty(len(x), dtype=np.float32)
    step = max(1, 16_000_000 // len(centres))
    for begin in range(0, len(x), step):
        d = square[None, :] - 2 * (x[begin : begin + step] @ centres.T)
        group[begin : begin + step] = d.argmin(axis=1)
        near[begin : begin + step] = d.min(axis=1)
    near += np.einsum("ij,ij->i", x, x)
    return group, near


def _nearest_other(x: Rows) -> NDArray[np.int64]:
    square = np.einsum("ij,ij->i", x, x)
    out = np.empty(len(x), dtype=np.int64)
    step = max(1, 16_000_000 // len(x))
    for begin in range(0, len(x), step):
        d = square[None, :] - 2 * (x[begin : begin + step] @ x.T)
        rows = np.arange(len(d))
        d[rows, begin + rows] = np.inf
        out[begin : begin + step] = d.argmin(axis=1)
    return out


def _group_tree(
    names: list[str], x: Rows, rows: list[int], medoid: int, outside: int, metric: str
) -> tuple[Node, float]:
    """A group's tree below the point where the rest joins it, and the medoid's depth in it."""
    if len(rows) == 1:
        return Node(names[medoid], None), 0.0
    labels = [*(str(i) for i in rows), "outside"]
    tree = join_condensed(labels, condensed_of(x[[*rows, outside]], metric))
    flat = unrooted_arrays(tree)
    branch = flat.names.index("outside")
    if branch:
        rooted = reroot(flat, branch, float(flat.length[branch])).root
        # The outside leaf lies at the root itself: the other child is the group.
        (top,) = (c for c in rooted.children if c.name != "outside")
    else:
        top = tree.root
    below = to_arrays(top)
    depth = float(below.depths()[below.names.index(str(medoid))])
    shown = [names[int(name)] if name else "" for name in below.names]
    length: list[float | None] = [node.length for node in top.preorder()]
    return build(below.children(), length, shown, [None] * len(below), 0), depth
