"""Who descends from whom among models that are all still there.

`sampled_ancestors` moves leaves without a branch of their own onto inner nodes of a tree;
`ancestry` gives every model its most likely parent as a minimum-cost arborescence (Chu & Liu
1965, Edmonds 1967), with the probability of every edge over all arborescences.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cladist.core.tree import Tree
from cladist.errors import InputError
from cladist.phylogeny.arborescence import edge_probabilities, minimum_arborescence
from cladist.phylogeny.arrays import build, optional, to_arrays

SUREST = 20.0


@dataclass(frozen=True)
class SampledAncestor:
    """A model moved to an inner node: its former branch, and that over the usual branch."""

    name: str
    branch: float
    share: float


def sampled_ancestors(
    tree: Tree, share: float = 0.05, dates: Mapping[str, float] | None = None
) -> tuple[Tree, tuple[SampledAncestor, ...]]:
    """The tree with leaves that have hardly any branch of their own on their inner nodes.

    A model lies where it branches off if its distances to others add up through it, which is
    what a branch of about zero says. A leaf moves when its branch is at most `share` of the
    median branch of all leaves, its node has no model yet and no other leaf there has as short
    a branch (of two copies neither is known to be the older), and no model known to be older
    lies below that node. In an unrooted tree the move says that the model lies between the
    others, and where the root is decides who descends from it. O(n).
    """
    if not 0 <= share < 1:
        raise InputError(f"share {share} of the usual branch is not between 0 and 1")
    flat = to_arrays(tree)
    children = flat.children()
    names, leaves = list(flat.names), set(flat.leaves.tolist())
    usual = float(np.median(flat.length[flat.leaves]))
    age = np.array([(dates or {}).get(n, np.nan) for n in names])
    eldest = np.where(np.isnan(age), np.inf, age)
    for i in range(len(flat) - 1, 0, -1):
        eldest[flat.parent[i]] = min(eldest[flat.parent[i]], eldest[i])
    moved: list[SampledAncestor] = []
    for node in range(len(flat)):
        short = [
            c for c in children[node] if c in leaves and float(flat.length[c]) <= share * usual
        ]
        if names[node] or len(short) != 1 or len(children[node]) < 2 or usual <= 0:
            continue
        (leaf,) = short
        others = [c for c in children[node] if c != leaf]
        if not np.isnan(age[leaf]) and min(eldest[c] for c in others) < age[leaf]:
            continue
        branch = float(flat.length[leaf])
        moved.append(SampledAncestor(names[leaf], branch, branch / usual))
        names[node] = names[leaf]
        children[node] = others
    length: list[float | None] = [n.length for n in tree.root.preorder()]
    root = build(children, length, names, optional(flat.support), 0)
    return Tree(root, tree.rooted, tree.method), tuple(moved)


@dataclass(frozen=True)
class Descent:
    """The parent of a model, None for a founder.

    confidence  probability of this parent over all arborescences
    second      the next likely parent ('' means none at all), and its probability
    """

    model: str
    parent: str | None
    cost: float
    confidence: float
    second: str
    second_confidence: float


def descent_costs(
    similarity: NDArray[np.float64], relatives: int = 10, direction: float = 1.0
) -> NDArray[np.float64]:
    """Costs (n, n) of i being the parent of j, from evidence of kinship, larger for closer.

    The evidence is the same both ways; what tells direction is that an ancestor lies nearer to
    the rest of its family than a descendant, which has moved on. So the cost is minus the
    evidence, less `direction` times how much nearer i is to its `relatives` nearest than j to
    its own. On 358 recorded models with a declared parent among 740, without dates, 109 parents
    are right and 58 inverted without that, 132 and 40 with it. O(n^2 log n).
    """
    n = len(similarity)
    if similarity.shape != (n, n) or not np.isfinite(similarity).all():
        raise InputError("ancestry: the evidence of kinship is not square, or not finite")
    others = similarity[~np.eye(n, dtype=np.bool_)].reshape(n, max(n - 1, 0))
    nearest = np.sort(others, axis=1)[:, ::-1][:, :relatives]
    central = nearest.mean(axis=1) if n > 1 else np.zeros(n)
    return np.asarray(-similarity - direction * (central[:, None] - central[None, :]))


def ancestry(
    names: Sequence[str],
    costs: NDArray[np.float64],
    founder_cost: float,
    dates: Mapping[str, float] | None = None,
    temperature: float | None = None,
) -> list[Descent]:
    """The most likely parent of every model.

    costs         float64 (n, n): costs[i, j] is the cost of i being the parent of j, such as a
                  distance, or minus the log-likelihood ratio of kinship; infinite forbids
    founder_cost  of having no parent among the models; above it no parent is taken. Costs may be
                  below zero
    dates         a model released later than another is not its parent
    temperature   probabilities are proportional to exp(-cost / temperature): 1 for
                  log-likelihood ratios, else about the standard error of the costs; None takes
                  a twentieth of the founder cost. For the probabilities, costs that are more
                  than `SUREST` temperatures below the founder cost count as just that

    With costs that are the same both ways and no dates, direction is unknown; the arborescence
    has to choose one and the probabilities say that the other is as likely. Missing evidence
    may be infinite both ways; models then fall apart into several lines of descent. O(n^3).
    """
    n = len(names)
    if costs.shape != (n, n) or len(set(names)) != n:
        raise InputError(f"{n} names do not fit costs of shape {costs.shape}, or occur twice")
    if np.isnan(costs).any() or not np.isfinite(founder_cost):
        raise InputError("ancestry: a cost is NaN, or the founder cost is not finite")
    heat = temperature if temperature is not None else founder_cost / 20
    if not heat > 0:
        raise InputError("ancestry: the temperature must be above zero")
    order = sorted(range(n), key=names.__getitem__)
    full = np.full((n + 1, n + 1), np.inf)
    full[1:, 1:] = costs[np.ix_(order, order)]
    when = np.array([(dates or {}).get(names[i], np.nan) for i in order])
    with np.errstate(invalid="ignore"):
        full[1:, 1:][when[:, None] > when[None, :]] = np.inf
    full[0, 1:] = founder_cost
    np.fill_diagonal(full, np.inf)
    parent = minimum_arborescence(full)
    # A founder is then never less likely than exp(-SUREST) of the best parent: beyond that the
    # inverse would lose its digits, and two copies could not be told from a closed circle.
    chance = edge_probabilities(np.maximum(full, founder_cost - SUREST * heat), heat)
    label = ["", *(names[i] for i in order)]
    out = []
    for j in range(1, n + 1):
        ranked = np.argsort(-chance[:, j], kind="stable")
        second = int(next(i for i in ranked if i != parent[j]))
        out.append(
            Descent(
                label[j],
                label[parent[j]] or None,
                float(full[parent[j], j]),
                float(chance[parent[j], j]),
                label[second],
                float(chance[second, j]),
            )
        )
    return out
