"""cladist map atlas: the family of models as a folder that opens in any browser."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cladist.cli.atlas_options import (
    ALL_MAPS,
    DeclaredOption,
    LabelsOption,
    MapsOption,
    MetadataOption,
    ReferenceOption,
    SeedOption,
    SupportOption,
    TitleOption,
    wishes_of,
)
from cladist.cli.common import (
    DEFAULT_REGISTRY,
    AlphaOption,
    AssayOption,
    JsonOption,
    OldRateOption,
    QuietOption,
    RegistryOption,
    alpha_of,
    listening,
    note,
    out,
    print_json,
)


def atlas(
    folder: Annotated[Path, typer.Option("--out", "-o", help="Folder to write.")],
    registry: RegistryOption = DEFAULT_REGISTRY,
    assay: AssayOption = "",
    metadata: MetadataOption = None,
    declared: DeclaredOption = None,
    labels: LabelsOption = None,
    title: TitleOption = "",
    maps: MapsOption = ALL_MAPS,
    support: SupportOption = None,
    alpha: AlphaOption = 0.01,
    rate: OldRateOption = None,
    reference: ReferenceOption = "",
    answers: Annotated[
        bool | None,
        typer.Option(
            "--answers/--no-answers", help="With all answers or none; with them for small ones."
        ),
    ] = None,
    seed: SeedOption = 0,
    quiet: QuietOption = False,
    json: JsonOption = False,
) -> None:
    """How do I share the atlas of a registry as a folder?

    Writes a page, its maps, tree and models, that opens without a server.

    The folder needs no server and no network: open its index.html, or send it to somebody. An
    atlas written before is replaced; a folder with anything else in it is left alone.

    Examples:

    `cladist map atlas --out family`

    `cladist map atlas --reference dna-web-rand --out world`

    `cladist map atlas --out family --metadata models.csv --title "Our models"`
    """
    from cladist.atlas.making import write_atlas

    wishes = wishes_of(
        title, maps, metadata, declared, labels, alpha_of(alpha, rate), support, seed
    )
    with listening(quiet) as listener:
        made, found = write_atlas(
            folder,
            registry,
            wishes,
            assay=assay,
            reference=reference,
            answers=answers,
            listener=listener,
        )
    remarks = [*made.remarks, *(f"left out: {what}" for what in found.left_out)]
    if json:
        print_json(
            {
                "folder": str(found.folder),
                "assay": made.source.assay.short,
                "models": len(made.source),
                "files": found.files,
                "bytes": found.size,
                "pages": found.pages,
                "answers": found.answers,
                "maps": [{"map": m.key, "note": m.note} for m in made.maps],
                "remarks": remarks,
            }
        )
        return
    for remark in remarks:
        note(remark)
    console = out()
    for drawn in made.maps:
        console.print(f"{drawn.label:6} {drawn.note}")
    console.print(
        f"wrote {len(made.source)} models to {found.folder} "
        f"({found.files} files, {found.size / 1e6:.1f} MB); open {found.folder / 'index.html'}"
    )
