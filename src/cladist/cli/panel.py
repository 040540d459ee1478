"""cladist panel: reference panels, the background that kinship is measured against."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cladist.cli.common import (
    DEFAULT_REGISTRY,
    AssayOption,
    JsonOption,
    RegistryOption,
    note,
    one_line,
    out,
    print_json,
)

app = typer.Typer(
    name="panel",
    help="Reference panels: models whose answers say what is common, frozen in one file.",
    no_args_is_help=True,
    rich_markup_mode="markdown",
)

SHOWN = 20


@app.command()
def build(
    file: Annotated[Path, typer.Argument(help="The panel to write, for example panel.parquet.")],
    models: Annotated[list[str] | None, typer.Argument(help="Only these models.")] = None,
    registry: RegistryOption = DEFAULT_REGISTRY,
    assay: AssayOption = "",
) -> None:
    """Freeze models of a registry into a reference panel.

    Examples: `cladist panel build panel.parquet`, `cladist panel build small.parquet a b c d`
    """
    from cladist.compare import resolve_assay
    from cladist.kinship.panel import build_panel, save_panel
    from cladist.registry import Registry

    with Registry.open(registry, create=False) as store:
        chosen = resolve_assay(store, assay)
        for name in models or ():
            store.model(name)
        found = list(store.responses(chosen.protocol, models or None))
    answered = [r for r in found if r.usable().any()]
    if len(answered) < len(found):
        note(f"{len(found) - len(answered)} models have no usable answer and are left out")
    panel = build_panel(answered, chosen.protocol.digest)
    save_panel(panel, file)
    note(
        f"wrote {len(panel.models)} models, {len(panel.probe_ids)} probes to {file} "
        f"(panel {panel.digest[:12]}, assay {chosen.short})"
    )


@app.command()
def show(
    file: Annotated[Path, typer.Argument(help="A panel file.")],
    json: JsonOption = False,
) -> None:
    """Tell what a panel holds, after checking that it was not changed."""
    from cladist.kinship.panel import load_panel

    panel = load_panel(file)
    answered = {r.model: int(r.usable().sum()) for r in panel.responses}
    if json:
        print_json(
            {
                "digest": panel.digest,
                "protocol": panel.protocol,
                "probes": len(panel.probe_ids),
                "models": [{"model": m, "answered": n} for m, n in answered.items()],
            }
        )
        return
    console = out()
    console.print(f"panel     {panel.digest}")
    console.print(f"protocol  {panel.protocol}")
    console.print(f"probes    {len(panel.probe_ids)}")
    console.print(f"models    {len(panel.models)}")
    for name in panel.models[:SHOWN]:
        console.print(f"  {one_line(name)}  ({answered[name]} probes answered)")
    if len(panel.models) > SHOWN:
        console.print(f"  and {len(panel.models) - SHOWN} more; --json has them all")
