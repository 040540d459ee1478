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
    JsonOption,
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
from cladist.cli.names import families_here, tell
from cladist.cli.signing import KeyOption, StatementOption, signer

if TYPE_CHECKING:
    from cladist.provenance.report import Report
    from cladist.workflows.world import Beside


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
    reference: Annotated[
        str, typer.Option(help="Among the models of a reference that 'identify' held it against.")
    ] = "",
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

    `cladist report suspect --reference dna-web-rand --out report.html`
    """
    from cladist.compare import resolve_assay
    from cladist.formats.files import write_text
    from cladist.provenance.material import Reading, gather
    from cladist.provenance.report import build_report
    from cladist.provenance.sources import read_declared
    from cladist.references.installed import find
    from cladist.registry import Registry

    signs, reading = signer(statement, key), None
    if reference:
        place = _among(reference, model, registry, quiet)
        registry, model = place.folder, place.name
        reading = Reading(place.length, place.others)
        labels = labels or find(reference).labels
    with Registry.open(registry, create=False) as store, progress_bars(quiet) as bars:
        chosen = resolve_assay(store, assay)
        store.model(model)
        lineage = read_declared(declared or [], store.models())
        tell(lineage)
        families = families_here(labels, store.models())
        material = gather(store, chosen, lineage, families, bars, reading)
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
    if signs is not None:
        from cladist.attestation.of_report import report_case

        signs.write(report_case(material, made, as_json(made), seed))
    if page is not None:
        from cladist.provenance.page import html_page

        write_text(page, html_page(made))
        note(f"wrote the report on {model} to {page}")
    if data is not None:
        write_text(data, as_json(made))
        note(f"wrote the report on {model} to {data}")
    if json:
        typer.echo(as_json(made), nl=False)
    elif page is None and data is None:
        console = out()
        for c in made.claims:
            console.print(f"{c.topic}: {one_line(c.statement)} [{c.strength}]")
            console.print(f"  {one_line(c.certainty)}")


def _among(reference: str, model: str, registry: Path, quiet: bool) -> Beside:
    """The model among those of a reference; its answers are where 'identify' kept them."""
    from cladist.references.installed import find
    from cladist.workflows.world import beside_reference

    asked = None if registry == DEFAULT_REGISTRY else registry
    with progress_bars(quiet) as bars:
        found = beside_reference(find(reference), model, asked=asked, progress=bars)
    if found.length:
        note(f"all answers are read to {found.length} characters, as far as its own mostly go")
    return found


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
