"""What the commands that draw atlases and maps ask for alike."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

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
    from cladist.atlas.build import Wishes
    from cladist.atlas.wanted import kinds_of

    return Wishes(title, kinds_of(maps), metadata, declared, labels, alpha, support, seed)
