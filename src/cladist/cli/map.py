"""cladist map: the models of a registry as points, as a figure and as coordinates."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cladist.cli.atlas import LabelsOption, MetadataOption, SeedOption, TitleOption, wishes_of
from cladist.cli.common import (
    DEFAULT_REGISTRY,
    AssayOption,
    JsonOption,
    QuietOption,
    RegistryOption,
    note,
    one_line,
    out,
    print_json,
    progress_bars,
    table,
)

if TYPE_CHECKING:
    from cladist.atlas.columns import Column

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
    from dataclasses import replace

    from cladist.atlas.build import build
    from cladist.atlas.figure import FORMATS, draw_map
    from cladist.compare import resolve_assay
    from cladist.errors import InputError, UsageError
    from cladist.registry import Registry
    from cladist.registry.kept import Kept, default_folder

    if file is not None and file.suffix.lower() not in (".csv", ".json"):
        raise UsageError(f"'{file.name}': the ending tells the format; use .csv or .json")
    if plot is not None and plot.suffix.lower() not in FORMATS:
        raise UsageError(f"'{plot.name}': the ending tells the format; use {', '.join(FORMATS)}")
    wishes = wishes_of(title, kind, metadata, None, labels, 0.01, 0, seed)
    if len(wishes.maps) != 1:
        raise UsageError("--map takes one kind: tsne, umap or pcoa")
    with Registry.open(registry, create=False) as store, progress_bars(quiet) as bars:
        chosen = resolve_assay(store, assay)
        made = build(store, chosen, replace(wishes, only_maps=True), bars, Kept(default_folder()))
    if not made.maps:
        raise InputError("; ".join(made.remarks))
    drawn = made.maps[0]
    column = _column(made.columns, colour)
    for remark in made.remarks:
        note(remark)
    data: dict[str, Any] = {
        "map": drawn.key,
        "note": drawn.note,
        "assay": chosen.short,
        "metric": made.kin.metric,
        "colour": column.key,
        "models": [
            {"model": name, "x": round(float(x), 4), "y": round(float(y), 4), column.key: value}
            for name, (x, y), value in zip(made.source.names, drawn.xy, column.values, strict=True)
        ],
    }
    if plot is not None:
        draw_map(drawn, made.source.names, column, plot, labels=names, title=title)
        note(f"drew the map to {plot}")
    if file is not None:
        _write(file, data, column)
        note(f"wrote the places of {len(made.source)} models to {file}")
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


def _column(columns: tuple[Column, ...], wanted: str) -> Column:
    from cladist.errors import UsageError

    if not wanted:
        return columns[0]
    for column in columns:
        if wanted in (column.key, column.label):
            return column
    known = ", ".join(one_line(c.key, 40) for c in columns)
    raise UsageError(f"--colour {wanted}: there is no such column; known are {known}")


def _write(file: Path, data: dict[str, Any], column: Column) -> None:
    import csv
    import io
    import json

    from cladist.formats.files import write_text

    if file.suffix.lower() == ".json":
        write_text(file, json.dumps(data, ensure_ascii=False, indent=1) + "\n")
        return
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["model", "x", "y", column.key])
    for line in data["models"]:
        writer.writerow([line["model"], line["x"], line["y"], line[column.key]])
    write_text(file, text.getvalue())
