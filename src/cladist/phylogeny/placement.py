"""A new model on an existing tree, without building the tree anew."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from cladist.core.tree import Node, Tree
from cladist.errors import InputError
from cladist.phylogeny.arrays import FloatVector, TreeArrays, build, optional, to_arrays
from cladist.phylogeny.edges import distances_to_branches


@dataclass(frozen=True)
class TreePlacement:
    """Where a model joins a tree.

    tree        with the model on it; the rest keeps its lengths and supports
    below       the leaves below the branch that it joins
    place       distance from the branch's upper end
    pendant     length of the model's own branch, at least 0
    residual    root mean square of the relative misfit of its distances
    confidence  share of replicates that chose the same branch, None without replicates
    rivals      other branches by their leaves, with their share of the replicates, or with
                nothing but the order of fit where there are none (share 0)
    """

    tree: Tree
    below: tuple[str, ...]
    place: float
    pendant: float
    residual: float
    confidence: float | None
    rivals: tuple[tuple[tuple[str, ...], float], ...]


def place_model(
    tree: Tree,
    name: str,
    distances: Mapping[str, float],
    replicates: Sequence[Mapping[str, float]] = (),
) -> TreePlacement:
    """The branch on which the model's distances to all leaves fit best.

    Least squares with weights 1/d^2 (Fitch & Margoliash 1967), solved exactly on every branch
    for the place on it and the model's own branch length. `replicates` are the same distances
    for resampled probes and give the confidence. O(n^2) time for each set of distances.

    Errors: `InputError` for a name already there, a missing, infinite or negative distance.
    """
    flat = to_arrays(tree)
    if name in set(flat.names):
        raise InputError(f"'{name}' is on the tree already")
    if len(flat.leaves) < 3:
        raise InputError("a model can be placed on a tree of at least three leaves")
    best = _fit(flat, _vector(flat, distances, name))
    order = np.argsort(best[:, 2], kind="stable")
    branch = int(order[0])
    place, pendant, misfit = (float(v) for v in best[branch])
    votes: Counter[int] = Counter()
    for other in replicates:
        votes[int(np.argmin(_fit(flat, _vector(flat, other, name))[:, 2]))] += 1
    ranked = [b for b, _ in votes.most_common() if b != branch] if votes else order[1:4].tolist()
    total = max(len(replicates), 1)
    return TreePlacement(
        _grafted(tree, flat, branch + 1, place, pendant, name),
        _below(flat, branch),
        place,
        pendant,
        float(np.sqrt(misfit / len(flat.leaves))),
        votes[branch] / total if replicates else None,
        tuple((_below(flat, int(b)), votes[int(b)] / total) for b in ranked[:3]),
    )


def _below(flat: TreeArrays, branch: int) -> tuple[str, ...]:
    start, stop = flat.leaf_start[branch + 1], flat.leaf_stop[branch + 1]
    return tuple(flat.leaf_names[start:stop])


def _vector(flat: TreeArrays, distances: Mapping[str, float], name: str) -> FloatVector:
    try:
        d = np.array([distances[leaf] for leaf in flat.leaf_names], dtype=np.float64)
    except KeyError as missing:
        raise InputError(f"'{name}': no distance to {missing} of the tree") from missing
    if not np.isfinite(d).all() or (d < 0).any():
        bad = flat.leaf_names[int(np.flatnonzero(~np.isfinite(d) | (d < 0))[0])]
        raise InputError(f"'{name}': the distance to '{bad}' is not a number of at least zero")
    return d


def _fit(flat: TreeArrays, d: FloatVector) -> FloatVector:
    """Place, pendant length and weighted squared misfit for every branch, (m - 1, 3)."""
    # Leaves at distance zero would weigh infinitely; they weigh as much as the nearest others.
    floor = max(float(d.max()) * 1e-3, 1e-12)
    weight = 1 / np.maximum(d, floor) ** 2
    out = np.empty((len(flat) - 1, 3))
    total = float(weight.sum())
    for i, u in distances_to_branches(flat):
        length = float(flat.length[i])
        sign = np.ones(len(d))
        sign[flat.leaf_start[i] : flat.leaf_stop[i]] = -1
        rest = d - u
        ws, wr, wsr = (float(v.sum()) for v in (weight * sign, weight * rest, weight * sign * rest))

        def misfit(s: float, p: float, rest: FloatVector = rest, sign: FloatVector = sign) -> float:
            gap = rest - s * sign - p
            return float((weight * gap * gap).sum())

        # Model d = u + sign s + p. The optimum inside, or else the best on a bound.
        det = total * total - ws * ws
        choices = [(s, max((wr - s * ws) / total, 0.0)) for s in (0.0, length)]
        choices.append((min(max(wsr / total, 0.0), length), 0.0))
        if det > 1e-12 * total * total:
            s, p = (total * wsr - ws * wr) / det, (total * wr - ws * wsr) / det
            if 0 <= s <= length and p >= 0:
                choices = [(s, p)]
        scored = [(misfit(s, p), s, p) for s, p in choices]
        least, s, p = min(scored)
        out[i - 1] = s, p, least
    return out


def _grafted(
    tree: Tree, flat: TreeArrays, branch: int, place: float, pendant: float, name: str
) -> Tree:
    m = len(flat)
    children = [*flat.children(), [branch, m + 1], []]
    above = int(flat.parent[branch])
    children[above][children[above].index(branch)] = m
    length: list[float | None] = [n.length for n in tree.root.preorder()]
    length += [place, pendant]
    length[branch] = float(flat.length[branch]) - place
    support = [*optional(flat.support), None, None]
    support[m] = support[branch]
    root: Node = build(children, length, [*flat.names, "", name], support, 0)
    return Tree(root, tree.rooted, tree.method)
