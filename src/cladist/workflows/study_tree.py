"""The evolutionary tree of a registry's models, and what it says of dates and declared lineage."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Unpack

from cladist.compare import resolved
from cladist.core.assay import Assay
from cladist.core.progress import NOBODY, Hear, Listener, Remarks
from cladist.core.results import Result, plain
from cladist.core.tree import Tree
from cladist.errors import UsageError
from cladist.phylogeny.ancestry import SampledAncestor
from cladist.phylogeny.ancestry import sampled_ancestors as move
from cladist.phylogeny.collapse import collapse_weak
from cladist.phylogeny.dating import Clock, node_dates, root_to_tip
from cladist.phylogeny.declared import DeclaredClade, declared_clades
from cladist.phylogeny.rooting import Rooting
from cladist.registry import Registry
from cladist.workflows.clock import clock_data, clock_line
from cladist.workflows.named import ColumnLike, dates_here, parents_here
from cladist.workflows.trees import ROOTS, TreeOptions, family_tree, root_tree

__all__ = ["StudiedTree", "study_tree"]


@dataclass(frozen=True, repr=False)
class StudiedTree(Result):
    """A tree, and what came of it.

    joined     the tree before models that are ancestors were put on inner nodes
    metric     of the distances it is made of
    rooting    None where it was not rooted here
    dates      release dates of models as years
    clock      root-to-tip regression; None without dates or a root
    parents    first declared parents
    clades     declared ancestors held against it
    moved      models put on inner nodes; None where that was not asked
    remarks    sentences for people
    """

    tree: Tree
    joined: Tree
    assay: str
    metric: str
    replicates: int
    rooting: Rooting | None
    dates: Mapping[str, float]
    clock: Clock | None
    parents: Mapping[str, str]
    clades: tuple[DeclaredClade, ...]
    moved: tuple[SampledAncestor, ...] | None
    remarks: tuple[str, ...]

    def node_dates(self, hear: Hear) -> tuple[float, ...]:
        """Dates of all nodes as years; empty where there are none, and `hear` is told why."""
        if self.clock is None:
            return ()
        if self.clock.rate <= 0:
            hear("the tree is not dated: later models do not lie farther from the root")
            return ()
        return node_dates(self.tree, self.dates, self.clock.rate)

    def rows(self) -> list[dict[str, Any]]:
        """A row a node of the tree."""
        return self.tree.rows()

    def to_dict(self) -> dict[str, Any]:
        """Facts of the tree, and its Newick text."""
        made: dict[str, Any] = {
            "assay": self.assay,
            "metric": self.metric,
            "method": self.tree.method,
            "replicates": self.replicates,
            "models": len(self.joined.leaves()),
        }
        if self.rooting is not None:
            made["root"] = {"method": self.rooting.method, "ambiguity": self.rooting.ambiguity}
        made["rooted"] = self.tree.rooted
        if self.clades:
            made["declared"] = [{"ancestor": c.ancestor, **asdict(c.fit)} for c in self.clades]
        if self.clock is not None:
            made["clock"] = clock_data(self.clock)
        if self.moved is not None:
            made["sampled_ancestors"] = [asdict(m) for m in self.moved]
        return {**plain(made), "newick": self.tree.newick().strip()}

    def headline(self) -> str:
        """How many models, and how they were joined."""
        return f"{self.tree.headline()}, {self.metric}, {self.assay}"

    def __str__(self) -> str:
        return str(self.tree)


def study_tree(
    registry: Registry,
    names: Sequence[str] | None = None,
    *,
    assay: str | Assay = "",
    dates: ColumnLike = None,
    declared: str | Path | None = None,
    collapse: float = 0.0,
    sampled_ancestors: bool = False,
    listener: Listener = NOBODY,
    **options: Unpack[TreeOptions],
) -> StudiedTree:
    """The tree of a registry's models, rooted, dated, and held against declared lineage.

    Parameters
    ----------
    registry : Registry
        Whose models are joined.
    names : sequence of str or None
        Only these.
    assay : str or Assay
        What to compare by, where the registry has several.
    dates : path, mapping or None
        Release dates, by which it is rooted unless told otherwise.
    declared : path or None
        A table with the columns model and parent.
    collapse : float
        Dissolve clades with less support than this.
    sampled_ancestors : bool
        Put models that are ancestors of others on inner nodes.
    listener : Listener
        Told of progress and remarks.
    **options
        See `TreeOptions`.

    Raises
    ------
    UsageError
        For a root by dates where none is known, and for words that are unknown.
    InputError
        For fewer than three models, or a table that cannot be read.

    Examples
    --------
    >>> import cladist
    >>> with cladist.toy_registry() as lab:
    ...     names = ["m00-base", "m00-chat", "m01-base"]
    ...     made = cladist.study_tree(lab, names, dates={"m00-base": "2023", "m00-chat": "2024",
    ...                                                  "m01-base": "2022"}, root="midpoint")
    >>> made.clock.models
    3
    """
    told = Remarks(listener.hear)
    chosen, models = resolved(registry, assay), registry.models()
    way = options.get("root")
    when = {} if dates is None else dates_here(dates, models, told)
    if way == "dates" and dates is None:
        when = dates_here(None, models, told)
        if not when:
            raise UsageError("--root dates needs --dates FILE: no date of these is known")
    parents = {} if declared is None else parents_here(Path(declared), models, told)
    bare = {**options, "root": "none", "outgroup": ()}
    joined = family_tree(registry, chosen, names, progress=listener.progress, **bare)  # type: ignore[arg-type]
    rooting = _rooting(joined, way or ("dates" if when else "midpoint"), options, when)
    if rooting is not None:
        joined = rooting.tree
        told(rooting.note)
    if collapse:
        joined = collapse_weak(joined, collapse)
    clades = tuple(declared_clades(joined, parents)) if parents else ()
    clock = _clock(joined, when, told)
    made, moved = joined, None
    if sampled_ancestors:
        made, found = move(joined, dates=when)
        moved = tuple(found)
        told(f"models on inner nodes: {', '.join(m.name[:60] for m in moved) or 'none'}")
    return StudiedTree(
        tree=made,
        joined=joined,
        assay=chosen.short,
        metric=options.get("metric") or chosen.method.metric,
        replicates=options.get("replicates", 0),
        rooting=rooting,
        dates=when,
        clock=clock,
        parents=parents,
        clades=clades,
        moved=moved,
        remarks=tuple(told),
    )


def _rooting(
    made: Tree, way: str, options: TreeOptions, when: Mapping[str, float]
) -> Rooting | None:
    outgroup = options.get("outgroup", ())
    if way not in ROOTS:
        raise UsageError(f"root '{way}' is unknown; use one of {', '.join(ROOTS)}")
    if outgroup or (way != "none" and not made.rooted):
        return root_tree(made, way, outgroup, when)  # type: ignore[arg-type]
    return None


def _clock(made: Tree, when: Mapping[str, float], told: Hear) -> Clock | None:
    if not when:
        return None
    if not made.rooted:
        told("no clock: the tree has no root")
        return None
    found = root_to_tip(made, when)
    told(clock_line(found))
    return found
