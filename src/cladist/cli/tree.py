"""cladist tree: the family tree of a registry's models."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from cladist.cli.common import (
    DEFAULT_REGISTRY,
    AssayOption,
    JsonOption,
    MetricOption,
    RegistryOption,
    note,
    out,
    print_json,
)

if TYPE_CHECKING:
    from cladist.core.tree import Tree


def tree(
    models: Annotated[list[str] | None, typer.Argument(help="Only these models.")] = None,
    registry: RegistryOption = DEFAULT_REGISTRY,
    assay: AssayOption = "",
    metric: MetricOption = "",
    method: Annotated[str, typer.Option(help="nj, bme or upgma.")] = "nj",
    root: Annotated[str, typer.Option(help="midpoint, mad or none.")] = "midpoint",
    outgroup: Annotated[
        list[str] | None,
        typer.Option(help="Root by this model; give the option several times for a group."),
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
        typer.Option("--out", "-o", help="Write Newick (.nwk), NEXUS (.nex) or PhyloXML (.xml)."),
    ] = None,
    plot: Annotated[Path | None, typer.Option(help="Draw the tree: .svg, .png or .pdf.")] = None,
    layout: Annotated[
        Literal["rectangular", "circular", "unrooted"], typer.Option(help="Of the picture.")
    ] = "rectangular",
    groups: Annotated[
        Path | None, typer.Option(help="CSV with columns model and group, to colour the picture.")
    ] = None,
    json: JsonOption = False,
) -> None:
    """The evolutionary tree of the models of a registry.

    Examples:

    `cladist tree`

    `cladist tree --support 100 --out family.nwk --plot family.svg`

    `cladist tree --method bme --root mad --metric cosine --support 1000 --collapse 0.5`

    `cladist tree --outgroup gpt2 --plot family.pdf --layout circular --groups families.csv`
    """
    from cladist import api
    from cladist.compare import resolve_assay
    from cladist.errors import UsageError
    from cladist.formats.files import write_text
    from cladist.registry import Registry

    writer = _writer(file) if file is not None else None
    if collapse and not support:
        raise UsageError("--collapse needs support: add, for example, --support 100")
    with Registry.open(registry, create=False) as store:
        chosen = resolve_assay(store, assay)
        made = api.family_tree(
            store,
            chosen,
            models or None,
            metric=metric or None,
            method=method,
            root=root,
            outgroup=outgroup or (),
            replicates=support,
            transfer=transfer,
            seed=seed,
        )
    if collapse:
        from cladist.phylogeny.collapse import collapse_weak

        made = collapse_weak(made, collapse)
    count = len(made.leaves())
    if file is not None and writer is not None:
        write_text(file, writer(made))
        note(f"wrote the tree of {count} models to {file}")
    if plot is not None:
        from cladist.phylogeny.draw import draw_tree

        draw_tree(made, plot, layout, _groups(groups))
        note(f"drew the tree to {plot}")
    if json:
        print_json(
            {
                "assay": chosen.short,
                "metric": metric or chosen.method.metric,
                "method": made.method,
                "rooted": made.rooted,
                "replicates": support,
                "models": count,
                "newick": api.newick(made).strip(),
            }
        )
    elif file is None and plot is None:
        print_tree(made)


def print_tree(made: Tree) -> None:
    """A tree as text, as wide as the terminal."""
    from cladist.phylogeny.draw_text import draw_text

    console = out()
    console.print(draw_text(made, width=min(console.width, 120)), soft_wrap=True, markup=False)


def _writer(file: Path) -> Callable[[Tree], str]:
    from cladist.errors import UsageError
    from cladist.formats.newick import write_newick
    from cladist.formats.nexus import write_nexus
    from cladist.formats.phyloxml import write_phyloxml

    writers: dict[str, Callable[[Tree], str]] = {
        ".nwk": write_newick,
        ".newick": write_newick,
        ".tree": write_newick,
        ".nex": lambda t: write_nexus([t]),
        ".nexus": lambda t: write_nexus([t]),
        ".xml": write_phyloxml,
    }
    if file.suffix.lower() not in writers:
        raise UsageError(f"'{file.name}': the ending tells the format; use {', '.join(writers)}")
    return writers[file.suffix.lower()]


def _groups(file: Path | None) -> dict[str, str] | None:
    if file is None:
        return None
    import csv

    from cladist.errors import InputError

    try:
        with file.open(encoding="utf-8-sig", newline="") as stream:
            rows = list(csv.DictReader(stream))
    except (OSError, UnicodeDecodeError, csv.Error) as problem:
        raise InputError(f"{file}: not a readable CSV file ({problem})") from problem
    if not rows or not {"model", "group"} <= set(rows[0]):
        raise InputError(f"{file}: needs a first line with the columns model and group")
    return {r["model"]: r["group"] for r in rows if r["model"] and r["group"]}
