"""cladist report: the provenance of one model, for people and for programs."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

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
    note,
    one_line,
    out,
    plain,
    progress_bars,
)

if TYPE_CHECKING:
    from cladist.provenance.report import Report


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
    from cladist.compare import resolve_assay
    from cladist.formats.files import write_text
    from cladist.provenance.material import gather
    from cladist.provenance.report import build_report
    from cladist.provenance.sources import read_declared
    from cladist.registry import Registry
    from cladist.workflows.named import families_here, tell

    with Registry.open(registry, create=False) as store, progress_bars(quiet) as bars:
        chosen = resolve_assay(store, assay)
        store.model(model)
        lineage = read_declared(declared or [], store.models())
        tell(lineage, note)
        material = gather(store, chosen, lineage, families_here(labels, store.models(), note), bars)
        given = {"--declared": declared or [], "--labels": [labels] if labels else []}
        made = build_report(
            store,
            material,
            model,
            alpha=alpha_of(alpha, rate),
            sources=given,
            seed=seed,
            progress=bars,
        )
    if page is not None:
        from cladist.provenance.page import html_page

        write_text(page, html_page(made))
        note(f"wrote the report on {model} to {page}")
    if data is not None:
        text = as_json(made)
        if str(data) == "-":
            typer.echo(text, nl=False)
        else:
            write_text(data, text)
            note(f"wrote the report on {model} to {data}")
    if page is None and data is None:
        console = out()
        for c in made.claims:
            console.print(f"{c.topic}: {one_line(c.statement)} [{c.strength}]")
            console.print(f"  {one_line(c.certainty)}")


def as_json(made: Report) -> str:
    """The report as JSON text; numbers that are not there are null."""
    import json

    from cladist.formats.trees.newick import write_newick
    from cladist.provenance.report import FORMAT

    fields: dict[str, Any] = {
        k: getattr(made, k) for k in made.__dataclass_fields__ if k not in ("tree",)
    }
    shown = {k: plain(_data(v)) for k, v in fields.items()}
    shown["tree"] = write_newick(made.tree).strip() if made.tree is not None else None
    return json.dumps({"format": FORMAT, **shown}, ensure_ascii=False, indent=2) + "\n"


def _data(value: Any) -> Any:
    """Plain data of dataclasses, also within tuples and mappings."""
    if hasattr(value, "__dataclass_fields__"):
        return asdict(value)
    if isinstance(value, tuple | list):
        return [_data(v) for v in value]
    return dict(value) if hasattr(value, "keys") else value
