"""cladist compare distances: how far every model is from every other."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cladist.cli.common import (
    DEFAULT_REGISTRY,
    WEIGHING,
    AssayOption,
    JsonOption,
    MetricOption,
    RegistryOption,
    metric_of,
    note,
    out,
    print_json,
    progress_bars,
)
from cladist.cli.shown import SHOWN, matrix_tables


def distances(
    models: Annotated[list[str] | None, typer.Argument(help="Only these models.")] = None,
    registry: RegistryOption = DEFAULT_REGISTRY,
    assay: AssayOption = "",
    metric: MetricOption = "",
    file: Annotated[
        Path | None,
        typer.Option("--out", "-o", help="Write to .npz, .csv, .tsv, .parquet, .json or .phy."),
    ] = None,
    json: JsonOption = False,
) -> None:
    """How far are the models of a registry from each other?

    Compares all that share an assay.

    Examples:

    `cladist compare distances`

    `cladist compare distances --out matrix.npz` (arrays `ids` and `matrix`)

    `cladist compare distances a b c --metric euclidean --json`
    """
    import cladist
    from cladist.compare import resolve_assay
    from cladist.formats.files import require_place
    from cladist.formats.matrix import write_matrix
    from cladist.workflows.trees import without_dna

    require_place(file)
    with cladist.open_registry(registry, create=False) as store, progress_bars(json, WEIGHING):
        chosen = resolve_assay(store, assay)
        matrix = cladist.distances(store, chosen, models or None, metric=metric_of(metric))
        without = 0 if models else without_dna(store, chosen)
    if without > 0:
        note(f"{without} models have too few usable answers for a DNA and are left out")
    if file is not None:
        write_matrix(matrix, file)
        note(f"wrote {len(matrix)} x {len(matrix)} {matrix.metric} distances to {file}")
    if json:
        print_json({**matrix.to_dict(), "assay": chosen.short})
        return
    if file is not None:
        return
    if len(matrix) > SHOWN:
        note(f"showing {SHOWN} of {len(matrix)} models; --out FILE or --json has them all")
    console = out()
    title = f"{matrix.metric} distances, assay {chosen.short}"
    for part in matrix_tables(matrix, title, console.width):
        console.print(part)
