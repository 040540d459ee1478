"""The measured tree of an atlas, the measured clusters by name, and the likely parents."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cladist import compare
from cladist.atlas.kin import AnswerKin, VectorKin
from cladist.atlas.source import AtlasSource
from cladist.core.progress import Progress
from cladist.core.tree import Node, Tree
from cladist.formats.trees.newick import newick_of, read_newick
from cladist.kinship.evidence.functional import tells_functions
from cladist.phylogeny.ancestry import Descent, ancestry, descent_costs
from cladist.phylogeny.parents import LEAST, TEMPERATURE, certainly_later
from cladist.phylogeny.scale import join_vectors
from cladist.phylogeny.support import bootstrap
from cladist.registry import Registry
from cladist.registry.kept import Kept
from cladist.workflows import trees

__all__ = [
    "ALONE",
    "FEW",
    "Forest",
    "cluster_names",
    "likely_parents",
    "make_tree",
    "numbered_newick",
]

ALONE = "alone"
"""What a model without a measured cluster is called."""

FEW = 40
"""Models up to which a tree gets support by itself, since that takes seconds."""

REPLICATES = 100
_LENGTH = re.compile(r":([0-9.eE+-]+)")


@dataclass(frozen=True, eq=False)
class Forest:
    """The tree and how it was made.

    newick      the tree, its leaves named m0, m1, ... by index
    support     'felsenstein' or None
    replicates  of the bootstrap
    """

    newick: str
    method: str
    root: str
    support: str | None
    replicates: int
    note: str

    @cached_property
    def tree(self) -> Tree:
        """The tree, read back."""
        return read_newick(self.newick, "the atlas' tree")

    def data(self) -> dict[str, Any]:
        """As the document has it."""
        return {
            "newick": self.newick,
            "method": self.method,
            "root": self.root,
            "support": self.support,
            "replicates": self.replicates,
            "note": self.note,
        }


def make_tree(
    registry: Registry,
    source: AtlasSource,
    kin: AnswerKin | VectorKin,
    replicates: int | None,
    kept: Kept,
    progress: Progress,
) -> Forest | None:
    """The neighbour-joining tree with its root at midpoint; None for fewer than three models.

    `replicates` None gives small trees support and others none. Large atlases have the tree of
    their DNAs.
    """
    n = len(source)
    if n < 3:
        return None
    count = (REPLICATES if n <= FEW else 0) if replicates is None else replicates
    key = ["tree", source.key, kin.stamp, count]
    progress("tree", 0, 1)
    _, data = kept.result(key, lambda: ({}, _made(registry, source, kin, count).data()))
    progress("tree", 1, 1)
    return Forest(**data)


def _made(
    registry: Registry, source: AtlasSource, kin: AnswerKin | VectorKin, count: int
) -> Forest:
    if isinstance(kin, VectorKin):
        numbered = [f"m{i}" for i in range(len(source))]
        made, count = join_vectors(numbered, source.vectors, "cosine"), 0
        basis = "DNA (cosine)"
    else:
        made = trees.tree(kin.tree_distances(source.names, source.assay.digest), "nj", "none")
        basis = kin.metric
        if count and kin.metric in ("kinship", "cosine", "euclidean"):
            drawn, probes = compare.resampled_distances(registry, source.assay, source.names)
            made = bootstrap(made, drawn, probes, count).tree
        else:
            count = 0
        made = _renamed(made, source.number)
    rooting = trees.root_tree(made, "midpoint")
    return Forest(
        numbered_newick(rooting.tree),
        f"{made.method} of {basis} distances",
        rooting.method,
        "felsenstein" if count else None,
        count,
        rooting.note,
    )


def _renamed(tree: Tree, number: Mapping[str, int]) -> Tree:
    made: dict[int, Node] = {}
    for node in tree.root.postorder():
        below = tuple(made.pop(id(c)) for c in node.children)
        name = f"m{number[node.name]}" if node.is_leaf else ""
        made[id(node)] = Node(name, node.length, below, node.support)
    return Tree(made[id(tree.root)], tree.rooted, tree.method)


def numbered_newick(tree: Tree) -> str:
    """Newick with lengths to four digits; leaves are m0, m1, ..., so nothing needs quotes."""
    return _LENGTH.sub(lambda m: f":{float(m.group(1)):.4g}", newick_of(tree.root)) + ";"


def cluster_names(
    family: NDArray[np.int64],
    names: Sequence[str],
    central: NDArray[np.float64] | None,
    told: Sequence[bool] = (),
) -> list[str]:
    """A name for the measured cluster of every model: 'like NAME: 41 models'.

    NAME is its most central model, or its first where `central` (n,), larger for more central,
    is not known; one that `told` marks, as somebody knows its family, before all others. Models
    without a cluster are ALONE.
    """
    sizes = Counter(family.tolist())
    said = np.array(told if len(told) else [False] * len(names))
    label = {}
    for group in (f for f in sizes if sizes[f] > 1):
        members = np.flatnonzero(family == group)
        if said[members].any():
            members = members[said[members]]
        best = int(members[0] if central is None else members[np.argmax(central[members])])
        label[group] = f"like {names[best][:80]}: {sizes[group]} models"
    return [label.get(f, ALONE) for f in family.tolist()]


def likely_parents(
    source: AtlasSource, kin: AnswerKin, dates: Sequence[str | None]
) -> list[Descent]:
    """The likely parent of every model in order; names are 'm0', 'm1', ... by index.

    As `cladist.descent.parents_of` without replicates, and nobody's of distributions.
    A model whose date is certainly later is no parent. O(n^3) at worst.
    """
    similarity = kin.pairs.combined[:]
    costs = descent_costs(similarity)
    names = [f"m{i}" for i in range(len(source))]
    if tells_functions(kin.responses[:1]):
        # Evidence from distributions has no scale on which a parent shows: nobody is told.
        return [Descent(name, None, 0.0, 0.0, "", 0.0) for name in names]
    later = certainly_later(names, {n: d or "" for n, d in zip(names, dates, strict=True)})
    costs[later | (similarity < LEAST)] = np.inf
    # They come sorted by name, where m10 stands before m2.
    found = {d.model: d for d in ancestry(names, costs, -LEAST, temperature=TEMPERATURE)}
    return [found[name] for name in names]
