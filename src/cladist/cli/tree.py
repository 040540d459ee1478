"""cladist tree: the family tree of a registry's models."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

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


def tree(
    models: Annotated[list[str] | None, typer.Argument(help="Only these models.")] = None,
    registry: RegistryOption = DEFAULT_REGISTRY,
    assay: AssayOption = "",
    metric: MetricOption = "",
    method: Annotated[str, typer.Option(help="nj, bme or upgma.")] = "nj",
    root: Annotated[str, typer.Option(help="midpoint, mad or none.")] = "midpoint",
    file: Annotated[
        Path | None, typer.Option("--out", "-o", help="Write the tree as Newick.")
    ] = None,
    plot: Annotated[Path | None, typer.Option(help="Draw the tree: .svg, .png or .pdf.")] = None,
    layout: Annotated[
        Literal["rectangular", "circular", "unrooted"], typer.Option(help="Of the picture.")
    ] = "rectangular",
    json: JsonOption = False,
) -> None:
    """The evolutionary tree of the models of a registry.

    Examples:

    `cladist tree`

    `cladist tree --out family.nwk --plot family.svg`

    `cladist tree --method bme --root mad`
    """
    from cladist import api
    from cladist.compare import distances, resolve_assay
    from cladist.formats.files import write_text
    from cladist.registry import Registry

    with Registry.open(registry, create=False) as store:
        chosen = resolve_assay(store, assay)
        matrix = distances(store, chosen, models or None, metric or None)
    made = api.tree(matrix, method, root)
    newick = api.newick(made)
    if file is not None:
        write_text(file, newick + "\n")
        note(f"wrote the tree of {len(matrix)} models to {file}")
    if plot is not None:
        from cladist.phylogeny.draw import draw_tree

        draw_tree(made, plot, layout)
        note(f"drew the tree to {plot}")
    if json:
        print_json(
            {
                "assay": chosen.short,
                "metric": matrix.metric,
                "method": made.method,
                "rooted": made.rooted,
                "models": len(matrix),
                "newick": newick,
            }
        )
    elif file is None and plot is None:
        print_tree(made)


def print_tree(made: object) -> None:
    """A tree as text, as wide as the terminal."""
    from cladist.core.tree import Tree
    from cladist.phylogeny.draw_text import draw_text

    assert isinstance(made, Tree)
    console = out()
    console.print(draw_text(made, width=min(console.width, 120)), soft_wrap=True)
