"""cladist reference panel: reference panels, the background that kinship is measured against."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cladist.cli.common import (
    DEFAULT_REGISTRY,
    AssayOption,
    JsonOption,
    LabelsOption,
    RegistryOption,
    note,
    one_line,
    out,
    print_json,
    table,
)

app = typer.Typer(
    name="panel",
    help="What do unrelated models have in common? Panels: models frozen in one file.",
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
    labels: LabelsOption = None,
    source: Annotated[str, typer.Option(help="Where the answers come from, to be told.")] = "",
    licence: Annotated[str, typer.Option(help="Of the answers, to be told.")] = "",
    index: Annotated[
        bool,
        typer.Option("--index", help="Also write FILE.index, which 'panel nearest' is fast with."),
    ] = False,
) -> None:
    """How are models frozen into a panel, to test others against?

    Examples: `cladist reference panel build panel.parquet`,
    `cladist reference panel build small.parquet a b c d`,
    `cladist reference panel build panel.parquet --labels families.csv --licence MIT`
    """
    from cladist.compare import resolve_assay
    from cladist.registry import Registry
    from cladist.workflows.panels import build_panel, write_index

    with Registry.open(registry, create=False) as store:
        chosen = resolve_assay(store, assay)
        panel = build_panel(
            store, models, assay=chosen, labels=labels, source=source, licence=licence, hear=note
        )
    panel.save(file)
    if index:
        write_index(panel, file)
    note(
        f"wrote {len(panel.models)} models, {len(panel.probe_ids)} probes to {file} "
        f"(panel {panel.digest[:12]}, assay {chosen.short})"
    )


@app.command()
def nearest(
    file: Annotated[Path, typer.Argument(help="A panel file.")],
    model: Annotated[str, typer.Argument(help="A model of the registry.")],
    registry: RegistryOption = DEFAULT_REGISTRY,
    assay: AssayOption = "",
    count: Annotated[int, typer.Option("--count", "-n", min=1, help="How many to show.")] = 10,
    candidates: Annotated[
        int,
        typer.Option(
            min=0,
            help="In panels of over 1,000: of how many, nearest by alleles, kinship is measured. "
            "0 ranks by alleles alone, in an instant.",
        ),
    ] = 100,
    json: JsonOption = False,
) -> None:
    """Which members of a panel is a model nearest to?

    Kinship is evidence in spreads of unrelated pairs, which lie around 0. Nearest does not mean
    related: 'cladist compare kinship --panel' tests a pair.

    Examples: `cladist reference panel nearest panel.parquet suspect`,
    `cladist reference panel nearest large.parquet suspect --candidates 0`
    """
    import cladist
    from cladist.compare import resolve_assay
    from cladist.registry import Registry
    from cladist.workflows.panels import nearest_in_panel

    with Registry.open(registry, create=False) as store:
        chosen = resolve_assay(store, assay)
        panel = cladist.Panel.load(file)
        found = nearest_in_panel(store, model, file, count, candidates=candidates, assay=chosen)
    if json:
        print_json(
            {
                "model": model,
                "panel": panel.digest,
                "assay": chosen.short,
                "compared": len(panel.models),
                "nearest": [
                    {"model": m.model, "alleles": m.alleles, "evidence": m.evidence} for m in found
                ],
            }
        )
        return
    rows = table("", "member", "kinship", "alleles", right=("kinship", "alleles"))
    for rank, m in enumerate(found, 1):
        shown = ["" if x is None else f"{x:.3f}" for x in (m.evidence, m.alleles)]
        rows.add_row(str(rank), one_line(m.model), *shown)
    out().print(rows)


@app.command()
def show(
    file: Annotated[Path, typer.Argument(help="A panel file.")],
    json: JsonOption = False,
) -> None:
    """What does a panel hold?

    Checks first that it was not changed.
    """
    import cladist

    panel = cladist.Panel.load(file)
    answered = {r.model: int(r.usable().sum()) for r in panel.responses}
    if json:
        print_json(panel.to_dict())
        return
    console = out()
    console.print(f"panel     {panel.digest}")
    console.print(f"protocol  {panel.protocol}")
    console.print(f"probes    {len(panel.probe_ids)}")
    console.print(
        f"models    {len(panel.models)}, {len(panel.labels)} with what is declared of them"
    )
    for name, value in (("source", panel.source), ("licence", panel.licence)):
        console.print(f"{name:<10}{one_line(value) or 'not told'}")
    for name in panel.models[:SHOWN]:
        console.print(f"  {one_line(name)}  ({answered[name]} probes answered)")
    if len(panel.models) > SHOWN:
        console.print(f"  and {len(panel.models) - SHOWN} more; --json has them all")
