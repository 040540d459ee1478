"""Trees of a registry's models, or of distances: made, supported, rooted, written."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Literal, TypedDict, Unpack, get_args

from cladist import compare
from cladist.core.assay import Assay, Metric
from cladist.core.distances import DistanceMatrix
from cladist.core.progress import Progress, silent
from cladist.core.tree import Tree
from cladist.errors import UsageError
from cladist.formats.trees.newick import write_newick
from cladist.phylogeny import joining, rooting
from cladist.phylogeny.dating import root_by_dates
from cladist.phylogeny.rooting import Rooting
from cladist.registry import Registry

__all__ = [
    "ROOTS",
    "TREES",
    "Root",
    "TreeMethod",
    "TreeOptions",
    "distances",
    "family_tree",
    "newick",
    "root_tree",
    "tree",
    "without_dna",
]

TreeMethod = Literal["nj", "bme", "upgma"]
Root = Literal["midpoint", "mad", "dates", "none"]
TREES: tuple[str, ...] = get_args(TreeMethod)
ROOTS: tuple[str, ...] = get_args(Root)


class TreeOptions(TypedDict, total=False):
    """How a tree is made.

    metric      instead of the assay's own
    method      how distances are joined
    root        where the root is put; UPGMA trees have one of their own
    outgroup    models to root by, in the place of `root`
    replicates  of the bootstrap over probes; 0 leaves support out
    transfer    transfer bootstrap expectation, for large trees
    seed        of the bootstrap
    """

    metric: Metric | None
    method: TreeMethod
    root: Root
    outgroup: Sequence[str]
    replicates: int
    transfer: bool
    seed: int


def distances(
    registry: Registry,
    assay: str | Assay = "",
    names: Sequence[str] | None = None,
    *,
    metric: Metric | None = None,
) -> DistanceMatrix:
    """Distances between the models of a registry; see `cladist.compare.distances`.

    Examples
    --------
    >>> import cladist
    >>> with cladist.toy_registry() as lab:
    ...     names = ["m00-base", "m00-chat", "m01-base"]
    ...     far = cladist.distances(lab, names=names, metric="cosine")
    >>> far.nearest("m00-base", 1)[0][0]
    'm00-chat'
    """
    return compare.distances(registry, compare.resolved(registry, assay), names, metric)


def without_dna(registry: Registry, assay: Assay) -> int:
    """How many models answered the probes of an assay and said too little for a DNA."""
    return len(registry.answering(assay.protocol)) - registry.count_dnas(assay)


def tree(
    source: DistanceMatrix | Registry,
    method: TreeMethod = "nj",
    root: Literal["midpoint", "mad", "none"] = "midpoint",
    outgroup: Sequence[str] = (),
) -> Tree:
    """A tree of distances, or of all models of a registry by its only assay.

    (For roots by dates make it with 'none' and give it to `root_tree`; for support, some of the
    models or another metric see `family_tree`, for all that the command does `study_tree`.)

    Parameters
    ----------
    source : DistanceMatrix or Registry
        What the tree is made of.
    method : {'nj', 'bme', 'upgma'}
        Neighbour joining, balanced minimum evolution, or UPGMA, which has a root of its own.
    root : {'midpoint', 'mad', 'none'}
        Where the root is put.
    outgroup : sequence of str
        Models to root by, in the place of `root`.

    Raises
    ------
    UsageError
        For other words.
    InputError
        For fewer than three models.

    Examples
    --------
    >>> import cladist
    >>> far = cladist.DistanceMatrix.from_condensed("abcd", [1, 4, 5, 4, 5, 3])
    >>> cladist.tree(far, root="none").newick()
    '((a:0.5,b:0.5):2.5,c:1,d:2);\\n'
    """
    if isinstance(source, Registry):
        return family_tree(source, method=method, root=root, outgroup=outgroup)
    if method not in TREES:
        raise UsageError(f"tree method '{method}' is unknown; use one of {', '.join(TREES)}")
    makers: dict[str, Callable[[DistanceMatrix], Tree]] = {
        "nj": joining.neighbor_joining,
        "bme": joining.balanced_minimum_evolution,
        "upgma": joining.upgma,
    }
    made = makers[method](source)
    if made.rooted and not outgroup:
        return made
    return _rooted(made, root, outgroup)


def family_tree(
    registry: Registry,
    assay: str | Assay = "",
    names: Sequence[str] | None = None,
    *,
    progress: Progress = silent,
    **options: Unpack[TreeOptions],
) -> Tree:
    """The tree of a registry's models, with bootstrap support when `replicates` is above 0.

    See `TreeOptions` for the options. Support is Felsenstein's, or the transfer bootstrap
    expectation; probes are drawn anew, and no model is asked. `cladist.compare.tree_distances`
    says what the distances are.

    Examples
    --------
    >>> import cladist
    >>> with cladist.toy_registry() as lab:
    ...     names = ["m00-base", "m00-chat", "m01-base", "m01-chat"]
    ...     made = cladist.family_tree(lab, names=names, metric="cosine", root="midpoint")
    >>> frozenset({"m00-base", "m00-chat"}) in made.clades()
    True
    """
    chosen = compare.resolved(registry, assay)
    metric, method = options.get("metric"), options.get("method", "nj")
    matrix = compare.tree_distances(registry, chosen, names, metric)
    made = tree(matrix, method, "none")
    if replicates := options.get("replicates", 0):
        from cladist.phylogeny.support import bootstrap

        resampled, probes = compare.resampled_distances(registry, chosen, names, metric)
        made = bootstrap(
            made,
            resampled,
            probes,
            replicates,
            options.get("seed", 0),
            "transfer" if options.get("transfer") else "felsenstein",
            None if method == "nj" else lambda d: tree(d, method, "none"),
            progress,
        ).tree
    outgroup = options.get("outgroup", ())
    if made.rooted and not outgroup:
        return made
    return _rooted(made, options.get("root", "midpoint"), outgroup)


def root_tree(
    made: Tree, root: Root, outgroup: Sequence[str] = (), dates: Mapping[str, float] | None = None
) -> Rooting:
    """Root a tree by 'midpoint', 'mad' or 'dates', or by an outgroup, and say how sure that is.

    `UsageError` for other words, or 'dates' without any; see `cladist.phylogeny.rooting` and
    `cladist.phylogeny.dating.root_by_dates`.

    Examples
    --------
    >>> import cladist
    >>> made = cladist.tree(cladist.DistanceMatrix.from_condensed("abc", [1, 5, 5]), root="none")
    >>> root_tree(made, "midpoint").tree.newick()
    '(c:2.5,(a:0.5,b:0.5):2);\\n'
    """
    if root not in ROOTS or (root == "none" and not outgroup):
        raise UsageError(f"root '{root}' is unknown; use one of {', '.join(ROOTS)}")
    if outgroup:
        return rooting.root_outgroup(made, outgroup)
    if root == "dates":
        if not dates:
            raise UsageError("root 'dates' needs dates of the models")
        return root_by_dates(made, dates)
    return (rooting.root_mad if root == "mad" else rooting.root_midpoint)(made)


def _rooted(made: Tree, root: Root, outgroup: Sequence[str]) -> Tree:
    if root == "none" and not outgroup:
        return made
    return root_tree(made, root, outgroup).tree


def newick(tree: Tree) -> str:
    """The tree as a line of Newick text, with a newline at its end.

    Examples
    --------
    >>> import cladist
    >>> cladist.newick(cladist.Tree.from_linkage([[0, 1, 2.0, 2]], ["a", "b"]))
    '(a:1,b:1);\\n'
    """
    return write_newick(tree)
