"""cladist map atlas: the family of models as a folder that opens in any browser."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cladist.cli.common import (
    DEFAULT_REGISTRY,
    AlphaOption,
    AssayOption,
    JsonOption,
    OldRateOption,
    QuietOption,
    RegistryOption,
    alpha_of,
    note,
    out,
    print_json,
    progress_bars,
)

if TYPE_CHECKING:
    from cladist.atlas.build import Wishes

MapsOption = Annotated[
    str, typer.Option("--map", help="Kinds of maps, the first shown first: tsne, umap, pcoa.")
]
MetadataOption = Annotated[
    Path | None,
    typer.Option("--metadata", help="CSV with a column model; all others can be coloured by."),
]
DeclaredOption = Annotated[
    Path | None,
    typer.Option(
        "--declared",
        help="CSV with columns model and parent (and relation), a card, a recipe or a folder.",
    ),
]
LabelsOption = Annotated[
    Path | None,
    typer.Option("--labels", help="CSV with columns model and family: sharper verdicts."),
]
TitleOption = Annotated[str, typer.Option("--title", help="Shown above the atlas.")]
SupportOption = Annotated[
    int | None,
    typer.Option("--support", min=0, help="Bootstrap replicates of the tree; 100 for small ones."),
]
SeedOption = Annotated[int, typer.Option("--seed", min=0, help="Of the maps.")]
ReferenceOption = Annotated[
    str,
    typer.Option(
        "--reference", help="Instead of a registry: an installed reference, and models asked."
    ),
]
ALL_MAPS = "tsne,umap,pcoa"


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
    from cladist.atlas.build import build
    from cladist.atlas.bundle import write_bundle
    from cladist.compare import resolve_assay
    from cladist.registry import Registry
    from cladist.registry.kept import Kept, default_folder

    wishes = wishes_of(
        title, maps, metadata, declared, labels, alpha_of(alpha, rate), support, seed
    )
    if reference:
        registry, wishes = of_reference(reference, wishes, quiet)
    with Registry.open(registry, create=False) as store, progress_bars(quiet) as bars:
        chosen = resolve_assay(store, assay)
        made = build(store, chosen, wishes, bars, Kept(default_folder()))
        found = write_bundle(made, store, folder, answers=answers, progress=bars)
    remarks = [*made.remarks, *(f"left out: {what}" for what in found.left_out)]
    if json:
        print_json(
            {
                "folder": str(found.folder),
                "assay": chosen.short,
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


def of_reference(name: str, wishes: Wishes, quiet: bool) -> tuple[Path, Wishes]:
    """The registry of a reference and of models held against it, and its families."""
    from dataclasses import replace

    from cladist.references.installed import find
    from cladist.workflows.world import world

    found = find(name)
    with progress_bars(quiet) as bars:
        folder = world(found, progress=bars)
    note(f"{name} is in {folder}" + ("" if folder == found.folder else ", with the models asked"))
    labels, title = wishes.labels or found.labels, wishes.title or found.facts.title
    return folder, replace(wishes, labels=labels, title=title)


def wishes_of(
    title: str,
    maps: str,
    metadata: Path | None,
    declared: Path | None,
    labels: Path | None,
    alpha: float,
    support: int | None,
    seed: int,
) -> Wishes:
    """What the options ask for; `UsageError` for an unknown map."""
    from cladist.apply.maps import KINDS
    from cladist.atlas.build import Wishes
    from cladist.errors import UsageError

    words = [word.strip() for word in maps.split(",") if word.strip()]
    unknown = [word for word in words if word not in KINDS]
    if unknown:
        raise UsageError(f"map '{unknown[0]}' is unknown; use {', '.join(KINDS)}")
    kinds = tuple(k for word in words for k in KINDS if k == word)
    return Wishes(title, kinds, metadata, declared, labels, alpha, support, seed)
