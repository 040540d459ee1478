"""cladist tree: the family tree of a registry's models."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, cast

import typer

from cladist.cli.common import (
    DEFAULT_REGISTRY,
    WEIGHING,
    AssayOption,
    DatesOption,
    GroupsOption,
    JsonOption,
    MetricOption,
    QuietOption,
    RegistryOption,
    listening,
    metric_of,
    note,
    one_line,
    out,
    print_json,
    table,
)
from cladist.cli.shown import print_tree

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cladist.phylogeny.declared import DeclaredClade
    from cladist.workflows.trees import Root, TreeMethod, TreeOptions


def tree(
    models: Annotated[list[str] | None, typer.Argument(help="Only these models.")] = None,
    registry: RegistryOption = DEFAULT_REGISTRY,
    assay: AssayOption = "",
    metric: MetricOption = "",
    method: Annotated[str, typer.Option(help="nj, bme or upgma.")] = "nj",
    root: Annotated[
        str,
        typer.Option(help="midpoint, mad, dates or none; with --dates, dates unless told."),
    ] = "",
    outgroup: Annotated[
        list[str] | None,
        typer.Option(help="Root by this model; give the option several times for a group."),
    ] = None,
    dates: DatesOption = None,
    sampled_ancestors: Annotated[
        bool,
        typer.Option(
            "--sampled-ancestors", help="Put models that are ancestors of others on inner nodes."
        ),
    ] = False,
    declared: Annotated[
        Path | None,
        typer.Option(help="CSV with columns model and parent: hold declared lineage against it."),
    ] = None,
    support: Annotated[
        int, typer.Option(min=0, help="Bootstrap replicates over probes; no model is asked again.")
    ] = 0,
    transfer: Annotated[
        bool, typer.Option("--transfer", help="Transfer bootstrap expectation, for large trees.")
    ] = False,
    collapse: Annotated[
        float, typer.Option(min=0, max=1, help="Dissolve clades with less support than this.")
    ] = 0.0,
    seed: Annotated[int, typer.Option(help="Of the bootstrap.")] = 0,
    file: Annotated[
        Path | None,
        typer.Option(
            "--out",
            "-o",
            help="Write Newick (.nwk), NEXUS (.nex), PhyloXML (.xml) or auspice (.json); with "
            "--dates NEXUS has a second tree in years, and auspice has dates.",
        ),
    ] = None,
    plot: Annotated[Path | None, typer.Option(help="Draw the tree: .svg, .png or .pdf.")] = None,
    layout: Annotated[
        Literal["rectangular", "circular", "unrooted"], typer.Option(help="Of the picture.")
    ] = "rectangular",
    all_leaves: Annotated[
        bool, typer.Option("--all-leaves", help="Fold no clade: the picture is as large as needed.")
    ] = False,
    title: Annotated[str, typer.Option(help="A line above the picture; '-' for none.")] = "",
    groups: GroupsOption = None,
    itol: Annotated[
        Path | None, typer.Option(help="Write the groups as a colour strip for iTOL (.txt).")
    ] = None,
    tanglegram: Annotated[
        Path | None,
        typer.Option(
            help="Draw declared against measured: .svg, .png or .pdf; families are collapsed until "
            "a tree has at most 250 rows."
        ),
    ] = None,
    updated: Annotated[
        str, typer.Option(help="Date that auspice shows, YYYY-MM-DD; today unless told.")
    ] = "",
    quiet: QuietOption = False,
    json: JsonOption = False,
) -> None:
    """How do the models of a registry descend from each other?

    Makes their evolutionary tree.

    Examples:

    `cladist tree`

    `cladist tree --support 100 --out family.nwk --plot family.svg`

    `cladist tree --method bme --root mad --metric cosine --support 1000 --collapse 0.5`

    `cladist tree --outgroup gpt2 --plot family.pdf --layout circular --labels families.csv`

    `cladist tree --dates released.csv --labels families.csv --out family.json`

    `cladist tree --plot all.pdf --all-leaves --title 'Models of the lab'`

    `cladist tree --declared cards.csv --tanglegram lineage.svg`
    """
    from cladist.errors import UsageError
    from cladist.registry import Registry
    from cladist.workflows.named import groups_here
    from cladist.workflows.study_tree import study_tree
    from cladist.workflows.tree_writing import TreeFiles, check_writable, write_tree_files

    check_writable(file, plot, tanglegram)
    for wanted, given, message in (
        (collapse, support, "--collapse needs support: add, for example, --support 100"),
        (itol, groups, "--itol needs --labels FILE"),
        (tanglegram, declared, "--tanglegram needs --declared FILE"),
    ):
        if wanted and not given:
            raise UsageError(message)
    options: TreeOptions = {
        "metric": metric_of(metric),
        "method": cast("TreeMethod", method),
        "outgroup": outgroup or (),
        "replicates": support,
        "transfer": transfer,
        "seed": seed,
    }
    if root:
        options["root"] = cast("Root", root)
    with (
        Registry.open(registry, create=False) as store,
        listening(quiet or json, WEIGHING) as listener,
    ):
        known = groups_here(groups, store.models(), note)
        made = study_tree(
            store, models,
            assay=assay, dates=dates, declared=declared, collapse=collapse,
            sampled_ancestors=sampled_ancestors, listener=listener, **options,
        )  # fmt: skip
    files = TreeFiles(file, plot, layout, itol, tanglegram, updated, title, all_leaves)
    write_tree_files(made, known, files, note)
    if json:
        print_json(made.to_dict())
        return
    if file is None and plot is None and itol is None and tanglegram is None:
        print_tree(made.tree)
    if made.clades:
        _show(made.clades)


def _show(clades: Sequence[DeclaredClade]) -> None:
    numbers = ("models", "clade of", "purity", "recall", "support")
    rows = table("declared ancestor", *numbers, "", right=numbers, title="declared lineage")
    for c in clades:
        fit = c.fit
        rows.add_row(
            one_line(c.ancestor, 60),
            str(fit.members),
            str(fit.size),
            f"{fit.purity:.0%}",
            f"{fit.recall:.0%}",
            "" if fit.support is None else f"{fit.support:.0%}",
            "exact" if fit.exact else "",
        )
    out().print(rows)
    exact = sum(c.fit.exact for c in clades)
    out().print(f"{exact} of {len(clades)} declared ancestors are exact clades with all below them")
