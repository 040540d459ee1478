"""A model among its nearest: who they are, who may have begotten whom, and their tree."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cladist.core.distances import DistanceMatrix
from cladist.core.responses import answers_at
from cladist.core.tree import Tree
from cladist.errors import InputError
from cladist.kinship.evidence.functional import tells_functions
from cladist.kinship.evidence.resampled import resampled_similarity
from cladist.kinship.inference.pairs import PairEvidence
from cladist.phylogeny.ancestry import ancestry, descent_costs
from cladist.phylogeny.joining import neighbor_joining
from cladist.phylogeny.parents import CONFIDENT, LEAST, TEMPERATURE, certainly_later
from cladist.phylogeny.rooting import root_midpoint
from cladist.phylogeny.saturation import bounded_distances
from cladist.phylogeny.support import bootstrap
from cladist.provenance.material import Material

__all__ = ["Ancestry", "context_tree", "likely_ancestry", "nearest_models"]

AROUND = 20
"""Nearest models in the picture."""

CONSIDERED = 40
"""Nearest models among which parents are looked for."""

RESAMPLED, REPLICATES = 40, 20
"""Models up to which probes are redrawn for the support of the tree, and how often."""


@dataclass(frozen=True)
class Ancestry:
    """The most likely parent of a model among its nearest, and models it may be the parent of.

    parent       None for having none here, and where `told` is False
    told         whether the likeliest answer reaches CONFIDENT; else nobody is named
    confidence   probability over all arborescences, from the margins of the evidence
    rival        next likely, None for having none here
    children     models of which it is the parent with at least CONFIDENT, with that probability
    untold       models whose most likely parent it is with less
    considered   models looked at
    """

    parent: str | None
    confidence: float
    rival: str | None
    rival_confidence: float
    children: tuple[tuple[str, float], ...]
    considered: int
    told: bool = True
    untold: int = 0


def nearest_models(pairs: PairEvidence, i: int, count: int) -> list[int]:
    """Rows of the models with most evidence of kinship, tokenizer included, nearest first."""
    evidence = pairs.combined[i]
    order = np.argsort(-evidence, kind="stable").tolist()
    return [k for k in order if k != i][:count]


def likely_ancestry(material: Material, i: int) -> Ancestry | None:
    """Parents by `phylogeny.ancestry` among the nearest CONSIDERED models; None of distributions,
    whose evidence has no scale on which a parent shows."""
    if tells_functions(answers_at(material.responses, [i])):
        return None
    pairs = material.pairs
    rows = [i, *nearest_models(pairs, i, CONSIDERED)]
    names = [pairs.models[k] for k in rows]
    similarity = pairs.combined[np.ix_(rows, rows)]
    costs = descent_costs(similarity)
    costs[certainly_later(names, material.lineage.dates) | (similarity < LEAST)] = np.inf
    found = {d.model: d for d in ancestry(names, costs, -LEAST, temperature=TEMPERATURE)}
    own = found[names[0]]
    below = [(d.model, d.confidence) for d in found.values() if d.parent == names[0]]
    named = sorted((c for c in below if c[1] >= CONFIDENT), key=lambda c: -c[1])
    told = own.confidence >= CONFIDENT
    return Ancestry(
        own.parent if told else None, own.confidence, own.second or None, own.second_confidence,
        tuple(named), len(rows) - 1, told, len(below) - len(named),
    )  # fmt: skip


def context_tree(
    material: Material, model: str, wanted: Sequence[str] = (), *, seed: int = 0
) -> Tree | None:
    """The tree of a model, its nearest and `wanted`; with support where the registry is small.

    None with fewer than three models. Distances are those of `cladist.compare.tree_distances`.
    """
    pairs = material.pairs
    i = pairs.index(model)
    names = [model, *(pairs.models[k] for k in nearest_models(pairs, i, AROUND))]
    names = list(dict.fromkeys([*names, *(w for w in wanted if w in pairs.models)]))
    if len(names) < 3:
        return None
    whole = bounded_distances(pairs.models, pairs.combined[:])
    tree = neighbor_joining(whole.select(names))
    probes = len(material.prompts)
    if len(pairs) <= RESAMPLED and len(names) > 3 and probes > 1:
        read = resampled_similarity(material.responses)

        def weighted(weights: NDArray[np.float64]) -> DistanceMatrix:
            return bounded_distances(read.ids, read.combined(weights)).select(names)

        tree = bootstrap(tree, weighted, probes, REPLICATES, seed).tree
    try:
        return root_midpoint(tree).tree
    except InputError:
        return tree  # all branches are zero: nothing to root by
