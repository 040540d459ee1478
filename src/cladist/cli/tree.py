"""cladist tree: the family tree of a registry's models."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from cladist.cli.common import (
    DEFAULT_REGISTRY,
    WEIGHING,
    AssayOption,
    JsonOption,
    MetricOption,
    QuietOption,
    RegistryOption,
    note,
    one_line,
    out,
    print_json,
    progress_bars,
    table,
)
from cladist.cli.names import known_dates, named_here, parents_here
from cladist.cli.tree_files import Annotations, DatesOption, GroupsOption, write_strip, writer_of

if TYPE_CHECKING:
    from cladist.core.tree import Tree
    from cladist.phylogeny.dating import Clock
    from cladist.phylogeny.declared import DeclaredClade


def tree(
    models: Annotated[list[str] | None, typer.Argument(help="Only these models.")] = None,
    registry: RegistryOption = DEFAULT_REGISTRY,
    assay: AssayOption = "",
    metric: MetricOption = "",
    method: Annotated[str, typer.Option(help="nj, bme or upgma.")] = "nj",
    root: Annotated[
        str, typer.Option(help="midpoint, mad, dates or none; with --dates, dates unless told.")
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
        typer.Option(help="Draw declared against measured: .svg, .png or .pdf."),
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
    from cladist import api
    from cladist.compare import resolve_assay
    from cladist.errors import UsageError
    from cladist.formats.columns import read_column, read_groups
    from cladist.formats.files import write_text
    from cladist.phylogeny.dating import dates_of
    from cladist.phylogeny.draw import check_picture
    from cladist.registry import Registry

    writer = writer_of(file) if file is not None else None
    for picture in (plot, tanglegram):
        if picture is not None:
            check_picture(picture)
    for wanted, given, message in (
        (collapse, support, "--collapse needs support: add, for example, --support 100"),
        (itol, groups, "--itol needs --labels FILE"),
        (tanglegram, declared, "--tanglegram needs --declared FILE"),
    ):
        if wanted and not given:
            raise UsageError(message)
    known = read_groups(groups) if groups is not None else {}
    when = dates_of(read_column(dates, "date"), str(dates)) if dates is not None else {}
    with (
        Registry.open(registry, create=False) as store,
        progress_bars(quiet or json, WEIGHING) as bars,
    ):
        chosen = resolve_assay(store, assay)
        known = named_here(known, store.models(), groups)
        when = named_here(when, store.models(), dates)
        if root == "dates" and dates is None:
            told = known_dates(store.models())
            if not told:
                raise UsageError("--root dates needs --dates FILE: no date of these is known")
            when = dates_of(told, "known facts")
        parents = parents_here(declared, store.models()) if declared is not None else {}
        made = api.family_tree(
            store,
            chosen,
            models or None,
            metric=metric or None,
            method=method,
            root="none",
            replicates=support,
            transfer=transfer,
            seed=seed,
            progress=bars,
        )
    facts: dict[str, Any] = {
        "assay": chosen.short,
        "metric": metric or chosen.method.metric,
        "method": made.method,
        "replicates": support,
        "models": len(made.leaves()),
    }
    remarks: list[str] = []
    way = root or ("dates" if when else "midpoint")
    if outgroup or (way != "none" and not made.rooted):
        rooting = api.root_tree(made, way, outgroup or (), when)
        made = rooting.tree
        facts["root"] = {"method": rooting.method, "ambiguity": rooting.ambiguity}
        remarks.append(rooting.note)
    elif way not in api.ROOTS:
        raise UsageError(f"root '{way}' is unknown; use one of {', '.join(api.ROOTS)}")
    facts["rooted"] = made.rooted
    if collapse:
        from cladist.phylogeny.collapse import collapse_weak

        made = collapse_weak(made, collapse)
    clades = _declared(made, parents, tanglegram, known) if parents else []
    if clades:
        facts["declared"] = [{"ancestor": c.ancestor, **asdict(c.fit)} for c in clades]
    clock = _clock(made, when)
    if clock is not None:
        facts["clock"] = clock_data(clock)
        remarks.append(clock_line(clock))
    if sampled_ancestors:
        from cladist.phylogeny.ancestry import sampled_ancestors as move

        made, moved = move(made, dates=when)
        facts["sampled_ancestors"] = [asdict(m) for m in moved]
        named = ", ".join(one_line(m.name, 60) for m in moved) or "none"
        remarks.append(f"models on inner nodes: {named}")
    for remark in remarks:
        note(remark)
    if file is not None and writer is not None:
        about = Annotations(known, _node_dates(made, when, clock), updated)
        write_text(file, writer(made, about))
        note(f"wrote the tree of {facts['models']} models to {file}")
    if itol is not None:
        write_strip(itol, known, made)
    if plot is not None:
        from cladist.phylogeny.draw import draw_tree

        caption = title or f"{facts['models']} models, {facts['metric']}, {facts['method']}"
        tips = facts["models"] if all_leaves else None
        draw_tree(
            made, plot, layout, known or None, title="" if title == "-" else caption, tips=tips
        )
        note(f"drew the tree to {plot}")
    if json:
        print_json({**facts, "newick": api.newick(made).strip()})
        return
    if file is None and plot is None and itol is None and tanglegram is None:
        print_tree(made)
    if clades:
        _show(clades)


def print_tree(made: Tree) -> None:
    """A tree as text, as wide as the terminal."""
    from cladist.phylogeny.draw_text import draw_text

    console = out()
    console.print(draw_text(made, width=min(console.width, 120)), soft_wrap=True, markup=False)


def clock_line(clock: Clock) -> str:
    """A root-to-tip regression in a line."""
    origin = f", root at {clock.origin:.1f}" if clock.rate > 0 else ""
    return (
        f"clock of {clock.models} dated models: {clock.rate:.3g} a year "
        f"(95% {clock.low:.3g} to {clock.high:.3g}), R² {clock.r2:.2f}, p {clock.p:.2g}{origin}; "
        "relatives are not independent, so the interval is too narrow"
    )


def clock_data(clock: Clock) -> dict[str, float | None]:
    """A regression for JSON, which knows no NaN."""
    return {key: None if value != value else value for key, value in asdict(clock).items()}


def _clock(made: Tree, when: Mapping[str, float]) -> Clock | None:
    from cladist.phylogeny.dating import root_to_tip

    if not when:
        return None
    if not made.rooted:
        note("no clock: the tree has no root")
        return None
    return root_to_tip(made, when)


def _node_dates(made: Tree, when: Mapping[str, float], clock: Clock | None) -> tuple[float, ...]:
    from cladist.phylogeny.dating import node_dates

    if clock is None:
        return ()
    if clock.rate <= 0:
        note("the tree is not dated: later models do not lie farther from the root")
        return ()
    return node_dates(made, when, clock.rate)


def _declared(
    made: Tree, parents: Mapping[str, str], picture: Path | None, groups: Mapping[str, str]
) -> list[DeclaredClade]:
    from cladist.phylogeny.declared import declared_clades, declared_tree

    found = declared_clades(made, parents)
    if picture is not None:
        from cladist.phylogeny.tanglegram import draw_tanglegram

        draw_tanglegram(declared_tree(parents, made.leaves()), made, picture, groups or None)
        note(f"drew declared against measured lineage to {picture}")
    return found


def _show(clades: list[DeclaredClade]) -> None:
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
