"""How far two trees agree, and how far a tree agrees with labels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from cladist.core.tree import Tree
from cladist.errors import InputError
from cladist.phylogeny.arrays import TreeArrays, to_arrays
from cladist.phylogeny.quartets import (
    resolved_quartets,
    resolved_triplets,
    shared_quartets,
    shared_triplets,
)
from cladist.phylogeny.splits import inner_branches, require_same_leaves, split_hashes


@dataclass(frozen=True)
class TreeComparison:
    """Distances between two trees of the same leaves; 0 is agreement, shares go to 1.

    robinson_foulds  splits that one tree has and the other lacks (Robinson & Foulds 1981)
    rf_share         the same over all inner splits of both
    weighted_rf      sum over all splits of the difference in branch length, units of the trees
    quartet          quartets resolved by one and not so by the other, over all resolved by
                     either; for binary trees the usual normalised quartet distance
    triplet          the same of rooted triplets; None unless both trees are rooted
    shared, first, second   inner splits in common and in each
    """

    robinson_foulds: int
    rf_share: float
    weighted_rf: float
    quartet: float
    triplet: float | None
    shared: int
    first: int
    second: int


def compare_trees(a: Tree, b: Tree) -> TreeComparison:
    """All distances between two trees; `InputError` when their leaves differ.

    O(n) for splits by hashes, O(n^2) for quartets and triplets.
    """
    require_same_leaves(a, b)
    one, two = to_arrays(a), to_arrays(b)
    inner_a = set(split_hashes(one)[inner_branches(one)].tolist())
    inner_b = set(split_hashes(two)[inner_branches(two)].tolist())
    differing = len(inner_a ^ inner_b)
    lengths_a, lengths_b = _split_lengths(one), _split_lengths(two)
    weighted = sum(
        abs(lengths_a.get(h, 0.0) - lengths_b.get(h, 0.0)) for h in lengths_a.keys() | lengths_b
    )
    triplet = None
    if a.rooted and b.rooted:
        triplet = _share(resolved_triplets(one), resolved_triplets(two), shared_triplets(one, two))
    return TreeComparison(
        differing,
        differing / max(len(inner_a) + len(inner_b), 1),
        float(weighted),
        _share(resolved_quartets(one), resolved_quartets(two), shared_quartets(one, two)),
        triplet,
        len(inner_a & inner_b),
        len(inner_a),
        len(inner_b),
    )


def robinson_foulds(a: Tree, b: Tree) -> int:
    """Splits that one tree has and the other lacks. O(n)."""
    require_same_leaves(a, b)
    one, two = to_arrays(a), to_arrays(b)
    inner_a = set(split_hashes(one)[inner_branches(one)].tolist())
    return len(inner_a ^ set(split_hashes(two)[inner_branches(two)].tolist()))


def _share(first: int, second: int, shared: int) -> float:
    """Symmetric difference over the sum; 0 where neither tree resolves anything."""
    return (first + second - 2 * shared) / (first + second) if first + second else 0.0


def _split_lengths(flat: TreeArrays) -> dict[int, float]:
    """Length of every split, with both halves of a branch that holds the root added up."""
    out: dict[int, float] = {}
    for split, length in zip(split_hashes(flat)[1:].tolist(), flat.length[1:].tolist()):
        out[split] = out.get(split, 0.0) + length
    return out


@dataclass(frozen=True)
class CladeFit:
    """How well the models of one label hold together in a tree, by its best-fitting clade.

    members   models of the label in the tree
    size      leaves of the clade
    purity    share of the clade that bears the label
    recall    share of the label that is in the clade
    exact     the clade is the label and nothing else
    support   of the clade's branch, None where not assessed
    """

    label: str
    members: int
    size: int
    purity: float
    recall: float
    exact: bool
    support: float | None

    @property
    def jaccard(self) -> float:
        """Members in the clade over members and strangers together."""
        inside = self.recall * self.members
        return inside / (self.size + self.members - inside)


def clade_recovery(tree: Tree, labels: Mapping[str, str]) -> list[CladeFit]:
    """The best-fitting clade (Jaccard index) of every label that two or more leaves bear.

    Largest labels first. In an unrooted tree either side of a branch may be the clade. Leaves
    without a label count as strangers. O(leaves) per label.
    """
    flat = to_arrays(tree)
    names = flat.leaf_names
    bearers: dict[str, list[int]] = {}
    for k, name in enumerate(names):
        if labels.get(name):
            bearers.setdefault(labels[name], []).append(k)
    if not bearers:
        raise InputError("clade recovery: no leaf of the tree has a label")
    n = len(names)
    below = flat.leaf_stop - flat.leaf_start
    out = []
    for label, rows in bearers.items():
        if len(rows) < 2:
            continue
        member = np.zeros(n + 1, dtype=np.int64)
        member[np.array(rows) + 1] = 1
        prefix = np.cumsum(member)
        inside = prefix[flat.leaf_stop] - prefix[flat.leaf_start]
        size = below
        if not tree.rooted:
            inside = np.concatenate([inside, len(rows) - inside[1:]])
            size = np.concatenate([below, n - below[1:]])
        fit = inside / (len(rows) + size - inside)
        best = int(np.argmax(fit))
        held = int(inside[best])
        branch = best if best < len(flat) else best - len(flat) + 1
        support = float(flat.support[branch])
        out.append(
            CladeFit(
                label,
                len(rows),
                int(size[best]),
                held / int(size[best]),
                held / len(rows),
                held == len(rows) == int(size[best]),
                None if np.isnan(support) else support,
            )
        )
    return sorted(out, key=lambda c: (-c.members, c.label))
