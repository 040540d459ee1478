"""cladist map serve: the atlas in the browser of this machine, and its API."""

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
    OldRateOption,
    QuietOption,
    RegistryOption,
    alpha_of,
    listening,
    note,
)


def serve(
    registry: RegistryOption = DEFAULT_REGISTRY,
    assay: AssayOption = "",
    port: Annotated[
        int,
        typer.Option("--port", "-p", min=-1, max=65_535, help="7373 or the next free; 0 for any."),
    ] = -1,
    open_page: Annotated[bool, typer.Option("--open", help="Open the page in a browser.")] = False,
    metadata: MetadataOption = None,
    declared: DeclaredOption = None,
    labels: LabelsOption = None,
    title: TitleOption = "",
    maps: MapsOption = ALL_MAPS,
    support: SupportOption = None,
    alpha: AlphaOption = 0.01,
    rate: OldRateOption = None,
    reference: ReferenceOption = "",
    seed: SeedOption = 0,
    watched: Annotated[
        list[Path] | None,
        typer.Option(help="Log of a watch by token; its trends are shown at /trends."),
    ] = None,
    ask: Annotated[
        bool,
        typer.Option(
            "--ask", help="Let the page have endpoints asked, with keys of this environment."
        ),
    ] = False,
    quiet: QuietOption = False,
) -> None:
    """How do I look at a registry on a page of this machine?

    Serves the atlas: a page, and an API for programs.

    The page shows the registry as it is now; it writes nothing to it. Nobody but this machine can
    reach it. The API describes itself at /openapi.json. The address holds a token, which is for
    you alone: with it the page opens installed references, and with --ask it has a model behind an
    endpoint asked and placed.

    Examples:

    `cladist map serve --open`

    `cladist map serve --reference dna-web-rand --open`

    `cladist map serve --registry lab --port 8080 --metadata models.csv --declared lineage.csv`
    """
    from secrets import token_urlsafe

    from cladist.errors import MissingExtraError

    try:
        from cladist.atlas.server.run import DEFAULT_PORT, listen
        from cladist.atlas.server.run import serve as run
        from cladist.atlas.server.service import AtlasService
        from cladist.atlas.server.shelf import Shelf
    except ModuleNotFoundError as problem:
        if (problem.name or "").split(".")[0] not in ("starlette", "uvicorn"):
            raise
        raise MissingExtraError("the server of the atlas", "atlas") from problem
    from cladist.atlas.making import make_atlas

    wishes = wishes_of(
        title, maps, metadata, declared, labels, alpha_of(alpha, rate), support, seed
    )
    # First of all: a taken port should be told before minutes of work, not after.
    bound = listen(DEFAULT_PORT if port < 0 else port, search=port < 0)
    with listening(quiet) as listener:
        made, folder = make_atlas(
            registry, wishes, assay=assay, reference=reference, listener=listener
        )
    for remark in made.remarks:
        note(remark)

    token = token_urlsafe(24)

    def told(address: str) -> None:
        note(f"{len(made.source)} models at {address} (Ctrl-C stops)")
        if watched:
            note(f"watched endpoints at {address.partition('#')[0]}trends")

    service = AtlasService(made, folder, token if ask else "", watched or ())
    shelf = Shelf(token, wishes, asks=ask)
    run(service, bound, open_page=open_page, told=told, shelf=shelf, token=token)
