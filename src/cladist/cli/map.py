"""cladist map: the models of a registry as points, as a figure and as coordinates."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cladist.cli.atlas_options import LabelsOption, MetadataOption, SeedOption, TitleOption
from cladist.cli.common import (
    DEFAULT_REGISTRY,
    AssayOption,
    JsonOption,
    QuietOption,
    RegistryOption,
    listening,
    note,
    one_line,
    out,
    print_json,
    table,
)

SHOWN = 20


def map_models(
    registry: RegistryOption = DEFAULT_REGISTRY,
    assay: AssayOption = "",
    kind: Annotated[str, typer.Option("--map", help="tsne, umap or pcoa.")] = "tsne",
    metadata: MetadataOption = None,
    labels: LabelsOption = None,
    colour: Annotated[
        str,
        typer.Option(
            "--colour",
            help="Column to colour by; families where they are known, else measured clusters.",
        ),
    ] = "",
    plot: Annotated[Path | None, typer.Option(help="Draw the map: .svg, .png or .pdf.")] = None,
    names: Annotated[
        bool | None, typer.Option("--names/--no-names", help="Name the points; small maps have it.")
    ] = None,
    file: Annotated[
        Path | None, typer.Option("--out", "-o", help="Write the coordinates: .csv or .json.")
    ] = None,
    title: TitleOption = "",
    seed: SeedOption = 0,
    quiet: QuietOption = False,
    json: JsonOption = False,
) -> None:
    """Where does each model of a registry lie among all others?

    Draws a map on which near models are near each other.

    The note under it says how many of every model's nearest it keeps. Distances across a t-SNE or
    UMAP map mean little; for those take pcoa.

    Examples:

    `cladist map --plot map.svg`

    `cladist map --map pcoa --metadata models.csv --colour organisation --plot map.pdf`

    `cladist map --map umap --out map.csv`
    """
    from cladist.atlas.figure import FORMATS
    from cladist.atlas.mapping import map_models as run
    from cladist.atlas.wanted import kinds_of
    from cladist.errors import UsageError
    from cladist.formats.files import require_place
    from cladist.registry import Registry

    if file is not None and file.suffix.lower() not in (".csv", ".json"):
        raise UsageError(f"'{file.name}': the ending tells the format; use .csv or .json")
    if plot is not None and plot.suffix.lower() not in FORMATS:
        raise UsageError(f"'{plot.name}': the ending tells the format; use {', '.join(FORMATS)}")
    kinds = kinds_of(kind)
    if len(kinds) != 1:
        raise UsageError("--map takes one kind: tsne, umap or pcoa")
    require_place(plot, file)
    with Registry.open(registry, create=False) as store, listening(quiet) as listener:
        made = run(
            store,
            kinds[0],
            assay=assay,
            metadata=metadata,
            labels=labels,
            colour=colour,
            seed=seed,
            listener=listener,
        )
    if plot is not None:
        made.draw(plot, labels=names, title=title)
        note(f"drew the map to {plot}")
    if file is not None:
        made.save(file)
        note(f"wrote the places of {len(made.names)} models to {file}")
    data, column, drawn = made.to_dict(), made.column, made.drawn
    if json:
        print_json(data)
        return
    console = out()
    console.print(f"{drawn.label}: {drawn.note}")
    if plot is None and file is None:
        rows = table("model", "x", "y", column.label, right=("x", "y"))
        for line in data["models"][:SHOWN]:
            value = "" if line[column.key] is None else one_line(str(line[column.key]), 40)
            rows.add_row(one_line(line["model"], 50), f"{line['x']:.3f}", f"{line['y']:.3f}", value)
        console.print(rows)
        if len(data["models"]) > SHOWN:
            console.print(f"{len(data['models']) - SHOWN} more; --out map.csv has them all")
