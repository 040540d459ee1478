"""Where is the evidence no tree?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from cladist.compare import resolved, tree_distances
from cladist.core.assay import Assay, Metric
from cladist.core.distances import DistanceMatrix
from cladist.core.progress import NOBODY, Listener
from cladist.core.results import Result, plain
from cladist.core.tree import Tree
from cladist.errors import UsageError
from cladist.formats.files import write_text
from cladist.formats.trees.nexus import WeightedSplit, write_nexus
from cladist.phylogeny.joining import neighbor_joining
from cladist.phylogeny.network import SplitNetwork, split_network
from cladist.phylogeny.treelikeness import (
    Conflict,
    Suspect,
    Treelikeness,
    conflicts,
    suspects,
    treelikeness,
)
from cladist.registry import Registry

__all__ = ["StudiedNetwork", "network", "require_nexus"]

NEXUS = (".nex", ".nexus")


# Not slots: the network of splits is made once, when it is first asked for.
@dataclass(frozen=True, repr=False, eq=False)
class StudiedNetwork(Result):
    """How treelike models are, and which conflict with their tree.

    matrix     the distances that trees are made of
    tree       the tree of them, by neighbour joining
    likeness   mean delta in all and by model
    conflicts  pairs that are nearer than the tree says, the worst first
    suspects   the fewest models that explain all conflicts
    """

    assay: str
    matrix: DistanceMatrix
    tree: Tree
    likeness: Treelikeness
    conflicts: tuple[Conflict, ...]
    suspects: tuple[Suspect, ...]

    @cached_property
    def splits(self) -> SplitNetwork:
        """The split network, made at its first use. `InputError` unless of 4 to 70 models."""
        return split_network(self.matrix)

    def ranked(self) -> list[tuple[str, float]]:
        """Models with their delta, the least treelike first."""
        return sorted(self.likeness.by_model.items(), key=lambda d: (-d[1], d[0]))

    def rows(self) -> list[dict[str, Any]]:
        """A row a model: its delta, and whom it is nearer to than the tree says."""
        named = {s.name: list(s.partners) for s in self.suspects}
        return [
            {"model": m, "delta": delta, "nearer_to": ", ".join(named.get(m, ()))}
            for m, delta in self.ranked()
        ]

    def to_dict(self) -> dict[str, Any]:
        """The answer as plain data; `explained` once the splits were made."""
        made = self.__dict__.get("splits")
        data = {
            "assay": self.assay,
            "metric": self.matrix.metric,
            "delta": self.likeness.delta,
            "quartets": self.likeness.quartets,
            "models": [{"model": n, "delta": d} for n, d in self.ranked()],
            "conflicts": [asdict(c) for c in self.conflicts],
            "suspects": [asdict(s) for s in self.suspects],
            "explained": None if made is None else made.fit,
        }
        told: dict[str, Any] = plain(data)
        return told

    def headline(self) -> str:
        """Mean delta, and how many models may be merges."""
        return (
            f"mean delta {self.likeness.delta:.2f} of {self.likeness.quartets} quartets, "
            f"{len(self.suspects)} models conflict with the tree"
        )

    def to_nexus(self) -> str:
        """Tree, distances and splits as NEXUS text for SplitsTree."""
        weighted = [WeightedSplit(members, weight) for members, weight in self.splits.splits]
        return write_nexus([self.tree], self.matrix, weighted, self.splits.cycle, self.matrix.ids)

    def save(self, path: str | Path) -> None:
        """Write the same to a file that ends in .nex or .nexus; `UsageError` for others."""
        require_nexus(Path(path))
        write_text(Path(path), self.to_nexus())

    def draw(self, path: str | Path, groups: Mapping[str, str] | None = None) -> None:
        """Draw the network into a file (.svg, .png, .pdf); `InputError` for others."""
        from cladist.phylogeny.draw_network import draw_network

        draw_network(self.splits, Path(path), groups)


def network(
    registry: Registry,
    names: Sequence[str] | None = None,
    *,
    assay: str | Assay = "",
    metric: Metric | None = None,
    excess: float = 6.0,
    listener: Listener = NOBODY,
) -> StudiedNetwork:
    """How treelike the models of a registry are, and which may be merges of two families.

    Delta is 0 where distances fit a tree, and 1 at worst. Models conflict with the tree when they
    are nearer to others than it says. A merge shows like this, and so does a shared style of
    answering: it is a reason to look, no verdict.

    Parameters
    ----------
    registry : Registry
        Whose models are compared.
    names : sequence of str or None
        Only these; four at least.
    assay : str or Assay
        What to compare by, where the registry has several.
    metric : {'kinship', 'euclidean', 'cosine', 'nei'} or None
        Instead of the assay's own.
    excess : float
        Robust standard deviations of misfit that make a conflict.
    listener : Listener
        Told of progress.

    Raises
    ------
    UsageError
        For an unknown model.
    InputError
        For fewer than four models.

    Examples
    --------
    >>> import cladist
    >>> with cladist.toy_registry() as lab:
    ...     names = ["m00-base", "m00-chat", "m01-base", "m01-chat", "m02-base"]
    ...     found = cladist.network(lab, names, metric="cosine")
    >>> len(found.likeness.by_model), found.likeness.quartets
    (5, 5)
    """
    chosen = resolved(registry, assay)
    matrix = tree_distances(registry, chosen, names, metric, progress=listener.progress)
    likeness = treelikeness(matrix)
    tree = neighbor_joining(matrix)
    found = conflicts(tree, matrix, excess)
    flagged = suspects(found, likeness)
    return StudiedNetwork(chosen.short, matrix, tree, likeness, tuple(found), tuple(flagged))


def require_nexus(path: Path) -> None:
    """`UsageError` for a file whose ending is none of NEXUS."""
    if path.suffix.lower() not in NEXUS:
        raise UsageError(f"'{path.name}': a network is written as NEXUS; use .nex")
