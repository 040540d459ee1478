"""cladist report: the provenance of one model, for people and for programs."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

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
    time_told,
)
from cladist.cli.signing import KeyOption, StatementOption, signer

if TYPE_CHECKING:
    from cladist.provenance.report import Report
    from cladist.workflows.reporting import Reported


def report(
    model: Annotated[str, typer.Argument(help="A model of the registry.")],
    registry: RegistryOption = DEFAULT_REGISTRY,
    files: Annotated[
        list[Path] | None,
        typer.Option(
            "--out", "-o", help="Write it: .html, .pdf or .json. May be given several times."
        ),
    ] = None,
    data: Annotated[
        Path | None, typer.Option("--data", help="Write it as JSON there, whatever the ending.")
    ] = None,
    declared: DeclaredOption = None,
    labels: LabelsOption = None,
    assay: AssayOption = "",
    alpha: AlphaOption = 0.01,
    rate: OldRateOption = None,
    author: Annotated[str, typer.Option(help="Who answers for the report, named in it.")] = "",
    created: Annotated[
        str, typer.Option(help="Time to state, as 2026-01-31T12:00:00Z; now unless told.")
    ] = "",
    paper: Annotated[Literal["a4", "letter"], typer.Option(help="Size of printed pages.")] = "a4",
    evidence: Annotated[
        int, typer.Option(min=0, max=4, help="Probes shown for, and against, kinship of a pair.")
    ] = 3,
    unfold: Annotated[
        bool, typer.Option("--unfold", help="Prompts open on the screen; on paper they always are.")
    ] = False,
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
    page holds no scripts and loads nothing, and prints whole. PDF needs the extra 'pdf'. Without
    --out and --data the summary is printed.

    Examples:

    `cladist report suspect --out report.html --out report.pdf --out report.json`

    `cladist report suspect --declared models/ --labels families.csv --author 'A. Expert' -o r.pdf`

    `cladist report suspect --reference dna-web-rand --out report.html`
    """
    from cladist.formats.files import write_text
    from cladist.provenance.making import Making, given
    from cladist.workflows.reporting import ENDINGS, PageForm

    signs = signer(statement, key)
    wanted = list(files or [])
    _check(wanted)
    making = Making(
        time_told(created), author, str(registry),
        given({"--declared": declared or [], "--labels": [labels] if labels else []}),
        tuple(map(str, wanted)),
        (*(["--reference", reference] if reference else []), "--paper", paper,
         "--evidence", str(evidence), *(["--unfold"] if unfold else [])),
    )  # fmt: skip
    form = PageForm(paper=paper, evidence=evidence, unfold=unfold)
    with listening(quiet) as listener, ExitStack() as stack:  # a statement reads answers again
        made = _made(
            stack, reference, model, registry, assay,
            declared=declared or [], labels=labels, alpha=alpha_of(alpha, rate),
            listener=listener, making=making, seed=seed,
        )  # fmt: skip
        text = made.to_json()
        for path in wanted:
            if ENDINGS[path.suffix.lower()] == "PDF":
                listener.progress("setting pages", 0, 1)
            made.save(path, form)
        if signs is not None:
            from cladist.attestation.of_report import report_case

            signs.write(report_case(made.material, made.found, text, seed))
    for path in wanted:
        note(f"wrote the report on {made.model} to {path}")
    if data is not None:
        write_text(data, text)
        note(f"wrote the report on {made.model} to {data}")
    if json:
        typer.echo(text, nl=False)
    elif data is None and not wanted:
        _print(made.found)


def _made(
    stack: ExitStack, reference: str, model: str, registry: Path, assay: str, **options: Any
) -> Reported:
    """Of a registry's model, or of one among the models of a reference."""
    import cladist
    from cladist.errors import UsageError

    if reference:
        if assay:
            raise UsageError("--reference brings its own assay; leave --assay away")
        asked = None if registry == DEFAULT_REGISTRY else registry
        return cladist.report_beside(reference, model, asked=asked, keep=stack, **options)
    store = stack.enter_context(cladist.open_registry(registry, create=False))
    return cladist.report(store, model, assay=assay, **options)


def _check(wanted: list[Path]) -> None:
    """Refuse, before any work, what could not be written after it."""
    from cladist.errors import UsageError
    from cladist.formats.files import require_place
    from cladist.provenance.pdf import check_pdf
    from cladist.workflows.reporting import ENDINGS

    for path in wanted:
        if path.suffix.lower() not in ENDINGS:
            raise UsageError(
                f"--out {path.name}: the ending tells the form; use .html, .pdf or .json"
            )
    require_place(*wanted)
    if any(path.suffix.lower() == ".pdf" for path in wanted):
        check_pdf()


def _print(made: Report) -> None:
    console = out()
    for c in made.claims:
        console.print(f"{c.topic}: {one_line(c.statement)} [{c.strength}]")
        console.print(f"  {one_line(c.certainty)}")
