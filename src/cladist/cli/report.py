"""cladist report: the provenance of one model, for people and for programs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cladist.cli.common import (
    DEFAULT_REGISTRY,
    AlphaOption,
    AssayOption,
    DeclaredOption,
    JsonOption,
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
from cladist.cli.signing import KeyOption, StatementOption, signer


def report(
    model: Annotated[str, typer.Argument(help="A model of the registry.")],
    registry: RegistryOption = DEFAULT_REGISTRY,
    page: Annotated[
        Path | None, typer.Option("--out", "-o", help="Write the page: one .html file.")
    ] = None,
    data: Annotated[
        Path | None, typer.Option("--data", help="Write the same as JSON, for programs.")
    ] = None,
    declared: DeclaredOption = None,
    labels: LabelsOption = None,
    assay: AssayOption = "",
    alpha: AlphaOption = 0.01,
    rate: OldRateOption = None,
    seed: Annotated[int, typer.Option(min=0, help="Of everything that is resampled.")] = 0,
    statement: StatementOption = None,
    key: KeyOption = None,
    quiet: QuietOption = False,
    json: JsonOption = False,
) -> None:
    """What is known of where a model comes from, and how surely?

    Identity, nearest relatives with verdicts, foundation with probabilities, likely parents,
    declared against measured, a tree, answers side by side, limits, and how to do it again. The
    page holds no scripts and loads nothing. Without --out and --data the summary is printed.

    Examples:

    `cladist report suspect --out report.html --data report.json`

    `cladist report suspect --declared models/ --labels families.csv --out report.html`
    """
    from cladist.formats.files import write_text
    from cladist.registry import Registry
    from cladist.workflows.reporting import report as run

    signs = signer(statement, key)
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
    if signs is not None:
        from cladist.attestation.of_report import report_case

        signs.write(report_case(made.material, made.found, made.to_json(), seed))
    if page is not None:
        made.save(page)
        note(f"wrote the report on {model} to {page}")
    if data is not None:
        write_text(data, made.to_json())
        note(f"wrote the report on {model} to {data}")
    if json:
        typer.echo(made.to_json(), nl=False)
    elif page is None and data is None:
        console = out()
        for c in made.found.claims:
            console.print(f"{c.topic}: {one_line(c.statement)} [{c.strength}]")
            console.print(f"  {one_line(c.certainty)}")
