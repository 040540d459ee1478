"""cladist provenance bom and croissant: provenance and data in the forms of standards."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from cladist.cli.common import (
    DEFAULT_REGISTRY,
    AlphaOption,
    AssayOption,
    DeclaredOption,
    LabelsOption,
    OldRateOption,
    QuietOption,
    RegistryOption,
    alpha_of,
    listening,
    note,
    time_told,
)


def bom(
    model: Annotated[str, typer.Argument(help="A model of the registry.")],
    form: Annotated[
        Literal["cyclonedx", "spdx", "card"],
        typer.Option("--as", help="CycloneDX 1.6 ML-BOM, SPDX 3 AI profile, or a card's block."),
    ] = "cyclonedx",
    registry: RegistryOption = DEFAULT_REGISTRY,
    file: Annotated[
        Path | None, typer.Option("--out", "-o", help="Write there; else to standard output.")
    ] = None,
    into: Annotated[
        Path | None,
        typer.Option(help="With --as card: put the block into this model card, or renew it there."),
    ] = None,
    declared: DeclaredOption = None,
    labels: LabelsOption = None,
    assay: AssayOption = "",
    alpha: AlphaOption = 0.01,
    rate: OldRateOption = None,
    created: Annotated[
        str, typer.Option(help="Time to state, as 2026-01-31T12:00:00Z; now unless told.")
    ] = "",
    quiet: QuietOption = False,
) -> None:
    """How is a model's lineage stated in a standard form?

    Writes declared and measured lineage as CycloneDX, SPDX or a model card.

    Declared parents stand as ancestors unless the measurement contradicts them; models shown to
    be kin stand beside them with verdict, p-value and rate in properties under 'cladist:'.

    Examples:

    `cladist provenance bom suspect --declared models/ --out suspect.cdx.json`

    `cladist provenance bom suspect --as spdx --out suspect.spdx.json`

    `cladist provenance bom suspect --as card --into README.md`
    """
    import cladist
    from cladist.errors import UsageError
    from cladist.formats.cards import read_text
    from cladist.formats.files import write_text
    from cladist.formats.modelcard import insert_block

    if into is not None and form != "card":
        raise UsageError("--into goes with --as card")
    stamp = time_told(created)
    card = read_text(into) if into is not None else ""
    with cladist.open_registry(registry, create=False) as store, listening(quiet) as listener:
        made = cladist.report(
            store,
            model,
            declared=declared or [],
            labels=labels,
            assay=assay,
            alpha=alpha_of(alpha, rate),
            listener=listener,
        )
    text = made.to_standard(form, stamp)
    if into is not None:
        text, file = insert_block(card, text), into
    if file is None:
        typer.echo(text, nl=False)
        return
    write_text(file, text)
    note(f"wrote the lineage of {model} to {file}")


def croissant(
    folder: Annotated[Path, typer.Argument(help="A folder that 'cladist registry export' wrote.")],
    name: Annotated[str, typer.Option(help="Of the data set; the folder's unless told.")] = "",
    description: Annotated[str, typer.Option(help="What it holds, in a sentence.")] = "",
    licence: Annotated[str, typer.Option(help="URL or name of the licence of the answers.")] = "",
    published: Annotated[str, typer.Option(help="Date of publication, YYYY-MM-DD.")] = "",
) -> None:
    """How is an exported registry described for data catalogues?

    Writes Croissant metadata (croissant.json) into it.

    Tables, columns, sizes and hashes are those of the export, so that tools that read Croissant
    can load the answers.

    Example:

    `cladist provenance croissant lab-export --name "Answers of lab" --licence CC-BY-4.0`
    """
    from cladist.workflows.describing import describe_export

    made = describe_export(
        folder, name=name, description=description, licence=licence, published=published
    )
    note(f"wrote {made}")
