"""cladist report: the provenance of one model, for people and for programs."""

from __future__ import annotations

from json import dumps
from pathlib import Path
from typing import Annotated

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
    one_line,
    out,
)


def report(
    model: Annotated[str, typer.Argument(help="A model of the registry.")],
    registry: RegistryOption = DEFAULT_REGISTRY,
    page: Annotated[
        Path | None, typer.Option("--out", "-o", help="Write the page: one .html file.")
    ] = None,
    data: Annotated[
        Path | None, typer.Option("--json", help="Write the same as JSON; '-' prints it.")
    ] = None,
    declared: DeclaredOption = None,
    labels: LabelsOption = None,
    assay: AssayOption = "",
    alpha: AlphaOption = 0.01,
    rate: OldRateOption = None,
    seed: Annotated[int, typer.Option(min=0, help="Of everything that is resampled.")] = 0,
    quiet: QuietOption = False,
) -> None:
    """Everything that is known of where a model comes from, and how surely.

    Identity, nearest relatives with verdicts, foundation with probabilities, likely parents,
    declared against measured, a tree, answers side by side, limits, and how to do it again. The
    page holds no scripts and loads nothing. Without --out and --json the summary is printed.

    Examples:

    `cladist report suspect --out report.html --json report.json`

    `cladist report suspect --declared models/ --labels families.csv --out report.html`
    """
    from cladist.formats.files import write_text
    from cladist.registry import Registry
    from cladist.workflows.reporting import report as run

    with Registry.open(registry, create=False) as store, listening(quiet) as listener:
        made = run(
            store,
            model,
            declared=declared or [],
            labels=labels,
            assay=assay,
            alpha=alpha_of(alpha, rate),
            seed=seed,
            listener=listener,
        )
    if page is not None:
        made.save(page)
        note(f"wrote the report on {model} to {page}")
    if data is not None:
        text = dumps(made.to_dict(), ensure_ascii=False, indent=2) + "\n"
        if str(data) == "-":
            typer.echo(text, nl=False)
        else:
            write_text(data, text)
            note(f"wrote the report on {model} to {data}")
    if page is None and data is None:
        console = out()
        for c in made.found.claims:
            console.print(f"{c.topic}: {one_line(c.statement)} [{c.strength}]")
            console.print(f"  {one_line(c.certainty)}")
