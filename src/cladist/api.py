"""The library in a handful of functions, over the same parts as the command line.

import cladist

with cladist.open_registry("lab") as lab:
    cladist.extract("builtin:smollm2", lab)
    cladist.import_responses("responses.parquet", lab)
    matrix = cladist.distances(lab)
    print(matrix.nearest("builtin:smollm2"))
    print(cladist.newick(cladist.tree(matrix)))
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from cladist import catalog, compare
from cladist.core.assay import Assay
from cladist.core.distances import DistanceMatrix
from cladist.core.progress import Hear, Progress, silent, unheard
from cladist.core.tree import Tree
from cladist.errors import UsageError

if TYPE_CHECKING:
    from cladist.extraction.recorded import Imported
    from cladist.extraction.run import Extraction
    from cladist.models.base import Model
    from cladist.phylogeny.rooting import Rooting
    from cladist.registry import Registry

TREES = ("nj", "bme", "upgma")
ROOTS = ("midpoint", "mad", "dates", "none")


def open_registry(folder: str | Path, *, create: bool = True) -> Registry:
    """Open the registry in a folder; see `cladist.registry.Registry.open`."""
    from cladist.registry import Registry

    return Registry.open(folder, create=create)


def extract(
    model: str | Model,
    registry: Registry,
    assay: str | Assay = catalog.DEFAULT_ASSAY,
    *,
    allow_sparse: bool = False,
    progress: Progress = silent,
    hear: Hear = unheard,
) -> Extraction:
    """Ask a model (an open one, or its URI), store its answers, and make its DNA.

    `hear` is told why nothing comes while an endpoint is waited for, for example `print`. See
    `cladist.extraction.run.extract` for errors. A model given as a URI is closed afterwards.
    """
    from cladist.extraction.opening import open_any
    from cladist.extraction.run import extract as run

    chosen = catalog.assay(assay) if isinstance(assay, str) else assay
    opened = open_any(model) if isinstance(model, str) else model
    try:
        return run(
            opened, chosen, registry, allow_sparse=allow_sparse, progress=progress, hear=hear
        )
    finally:
        if isinstance(model, str):
            opened.close()


def import_responses(
    files: str | Path | Sequence[str | Path],
    registry: Registry,
    assay: str | Assay = catalog.DEFAULT_ASSAY,
    *,
    model: str | None = None,
    columns: Mapping[str, str] | None = None,
    allow_sparse: bool = False,
    progress: Progress = silent,
) -> Imported:
    """Import recorded responses and make DNA by an assay's method.

    `columns` maps a role (response, prompt, prompt_id, model, sample, state) to the column of
    the file that has it; `readings` of the result says how each file was understood. See
    `cladist.extraction.recorded.import_responses` for errors.
    """
    from cladist.extraction.recorded import import_responses as run

    paths = [files] if isinstance(files, str | Path) else list(files)
    chosen = catalog.assay(assay) if isinstance(assay, str) else assay
    return run(
        registry,
        [Path(p) for p in paths],
        chosen.method,
        model=model,
        columns=columns,
        allow_sparse=allow_sparse,
        progress=progress,
    )


def distances(
    registry: Registry,
    assay: str | Assay = "",
    names: Sequence[str] | None = None,
    *,
    metric: str | None = None,
) -> DistanceMatrix:
    """Distances between the models of a registry; see `cladist.compare.distances`."""
    chosen = compare.resolve_assay(registry, assay) if isinstance(assay, str) else assay
    return compare.distances(registry, chosen, names, metric)


def tree(
    distances: DistanceMatrix,
    method: str = "nj",
    root: str = "midpoint",
    outgroup: Sequence[str] = (),
) -> Tree:
    """A tree from distances: 'nj', 'bme' or 'upgma'; rooted by 'midpoint', 'mad' or 'none'.

    (For roots by dates make it with 'none' and give it to `root_tree`.)

    An `outgroup` takes the place of `root`. UPGMA trees have a root of their own. Raises
    `UsageError` for other words, `InputError` for fewer than three models.
    """
    from cladist.phylogeny import joining

    if method not in TREES:
        raise UsageError(f"tree method '{method}' is unknown; use one of {', '.join(TREES)}")
    makers = {
        "nj": joining.neighbor_joining,
        "bme": joining.balanced_minimum_evolution,
        "upgma": joining.upgma,
    }
    made = makers[method](distances)
    if made.rooted and not outgroup:
        return made
    return _rooted(made, root, outgroup)


def family_tree(
    registry: Registry,
    assay: str | Assay = "",
    names: Sequence[str] | None = None,
    *,
    metric: str | None = None,
    method: str = "nj",
    root: str = "midpoint",
    outgroup: Sequence[str] = (),
    replicates: int = 0,
    transfer: bool = False,
    seed: int = 0,
    progress: Progress = silent,
) -> Tree:
    """The tree of a registry's models, with bootstrap support when `replicates` is above 0.

    Support is Felsenstein's, or the transfer bootstrap expectation; probes are drawn with
    `seed`. See `cladist.compare.tree_distances` for what the distances are.
    """
    chosen = compare.resolve_assay(registry, assay) if isinstance(assay, str) else assay
    matrix = compare.tree_distances(registry, chosen, names, metric)
    made = tree(matrix, method, "none")
    if replicates:
        from cladist.phylogeny.support import bootstrap

        resampled, probes = compare.resampled_distances(registry, chosen, names, metric)
        made = bootstrap(
            made,
            resampled,
            probes,
            replicates,
            seed,
            "transfer" if transfer else "felsenstein",
            None if method == "nj" else lambda d: tree(d, method, "none"),
            progress,
        ).tree
    if made.rooted and not outgroup:
        return made
    return _rooted(made, root, outgroup)


def root_tree(
    made: Tree, root: str, outgroup: Sequence[str] = (), dates: Mapping[str, float] | None = None
) -> Rooting:
    """Root a tree by 'midpoint', 'mad' or 'dates', or by an outgroup, and say how sure that is.

    `UsageError` for other words, or 'dates' without any; see `cladist.phylogeny.rooting` and
    `cladist.phylogeny.dating.root_by_dates`.
    """
    from cladist.phylogeny import rooting
    from cladist.phylogeny.dating import root_by_dates

    if root not in ROOTS or (root == "none" and not outgroup):
        raise UsageError(f"root '{root}' is unknown; use one of {', '.join(ROOTS)}")
    if outgroup:
        return rooting.root_outgroup(made, outgroup)
    if root == "dates":
        if not dates:
            raise UsageError("root 'dates' needs dates of the models")
        return root_by_dates(made, dates)
    return (rooting.root_mad if root == "mad" else rooting.root_midpoint)(made)


def _rooted(made: Tree, root: str, outgroup: Sequence[str]) -> Tree:
    if root == "none" and not outgroup:
        return made
    return root_tree(made, root, outgroup).tree


def newick(tree: Tree) -> str:
    """The tree as a line of Newick text, with a newline at its end."""
    from cladist.formats.trees.newick import write_newick

    return write_newick(tree)
