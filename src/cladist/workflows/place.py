"""Where does a model stand on a tree that is there already?"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from cladist.compare import resampled_distances, resolved, tree_distances
from cladist.core.assay import Assay, Metric
from cladist.core.distances import DistanceMatrix
from cladist.core.results import Result
from cladist.core.tree import Tree
from cladist.phylogeny.placement import TreePlacement, place_model
from cladist.registry import Registry
from cladist.workflows.tree_files import read_tree

__all__ = ["Placed", "place"]


@dataclass(frozen=True, repr=False)
class Placed(Result):
    """The branch that a model joins, and how sure that is."""

    model: str
    assay: str
    metric: str
    replicates: int
    found: TreePlacement

    @property
    def tree(self) -> Tree:
        """The tree with the model on it."""
        return self.found.tree

    def to_dict(self) -> dict[str, Any]:
        """The place as plain data."""
        found = self.found
        return {
            "model": self.model,
            "assay": self.assay,
            "metric": self.metric,
            "below": list(found.below),
            "place": found.place,
            "pendant": found.pendant,
            "residual": found.residual,
            "confidence": found.confidence,
            "replicates": self.replicates,
            "rivals": [{"below": list(b), "share": s} for b, s in found.rivals],
        }

    def headline(self) -> str:
        """Beside whom the model is put."""
        return f"{self.model} joins {', '.join(self.found.below[:4])}"


def place(
    registry: Registry,
    model: str,
    tree: Tree | str | Path,
    *,
    assay: str | Assay = "",
    metric: Metric | None = None,
    replicates: int = 20,
    seed: int = 0,
) -> Placed:
    """Put one model on an existing tree; the rest of the tree stays as it is.

    Parameters
    ----------
    registry : Registry
        Where the model and all leaves of the tree are.
    model : str
        The model to place.
    tree : Tree or path
        The tree, or a file of one.
    assay : str or Assay
        What the tree was made by, where the registry has several.
    metric : str or None
        What the tree was made by, where that is not the assay's own.
    replicates : int
        How often to draw the probes anew for the confidence.
    seed : int
        Of the resampling.

    Raises
    ------
    UsageError
        For a model or a leaf that is not in the registry.
    InputError
        For a file without one tree.

    Examples
    --------
    >>> import cladist
    >>> with cladist.toy_registry() as lab:
    ...     known = cladist.tree(lab)[["m00-base", "m01-base", "m02-base", "m03-base"]]
    ...     found = cladist.place(lab, "m01-chat", known, replicates=0)
    >>> found
    <Placed: m01-chat joins m01-base>
    """
    given = tree if isinstance(tree, Tree) else read_tree(Path(tree))
    registry.model(model)
    chosen = resolved(registry, assay)
    names = [*(n for n in given.leaves() if n != model), model]

    def row(matrix: DistanceMatrix) -> dict[str, float]:
        return dict(zip(matrix.ids, matrix[model].tolist(), strict=True))

    measured = row(tree_distances(registry, chosen, names, metric))
    again: list[dict[str, float]] = []
    if replicates:
        weighted, probes = resampled_distances(registry, chosen, names, metric)
        rng = np.random.default_rng(seed)
        for _ in range(replicates):
            drawn = rng.multinomial(probes, np.full(probes, 1 / probes)).astype(np.float64)
            again.append(row(weighted(drawn)))
    found = place_model(given, model, measured, again)
    return Placed(model, chosen.short, metric or chosen.method.metric, replicates, found)
