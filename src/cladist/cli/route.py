"""cladist scores route: which model to send a question to."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

from cladist.cli.common import (
    DEFAULT_REGISTRY,
    AssayOption,
    FamiliesOption,
    JsonOption,
    QuietOption,
    RegistryOption,
    listening,
    note,
    one_line,
    out,
    print_json,
    table,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cladist.core.progress import Listener
    from cladist.workflows.predict import Features
    from cladist.workflows.route import Encoding, RouteEvaluation

RecordsOption = Annotated[
    Path, typer.Option("--records", help="CSV model,question,score: past answers, right or wrong.")
]


def route(
    records: RecordsOption,
    questions: Annotated[
        list[str] | None, typer.Argument(help="Questions to choose a model for.")
    ] = None,
    registry: RegistryOption = DEFAULT_REGISTRY,
    assay: AssayOption = "",
    texts: Annotated[
        Path | None,
        typer.Option("--questions", help="CSV question,text, where records have ids for texts."),
    ] = None,
    ask: Annotated[
        Path | None, typer.Option("--ask", help="File with a question a line, besides those given.")
    ] = None,
    costs: Annotated[
        Path | None, typer.Option("--costs", help="CSV model,cost: of a question, in any unit.")
    ] = None,
    labels: FamiliesOption = None,
    only: Annotated[
        list[str] | None, typer.Option("--model", help="Choose among these only (repeatable).")
    ] = None,
    threshold: Annotated[
        float | None,
        typer.Option(min=0, max=1, help="Take the cheapest model expected to be right so often."),
    ] = None,
    abstain: Annotated[
        bool, typer.Option("--abstain", help="Choose none where no model reaches the threshold.")
    ] = False,
    encoder: Annotated[
        str,
        typer.Option(help="Of questions: embedded, lexical, or auto for what is installed."),
    ] = "auto",
    evaluate: Annotated[
        bool, typer.Option(help="Instead: leave out questions in turn and tell how well it goes.")
    ] = False,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Which model should answer each question?

    Chooses one by past records and by DNA.

    A model of the registry without any record takes part by its DNA, once five others have
    both; a model with records but no DNA by its records. The expected accuracy of a choice is
    the chance of a right answer, and with --threshold the cheapest model that reaches it is taken.

    Examples:

    `cladist scores route 'What is 12 * 13?' --records records.csv`

    `cladist scores route --ask new.txt --records records.csv --costs costs.csv --threshold 0.9`

    `cladist scores route --records records.csv --costs costs.csv --evaluate`
    """
    from cladist.errors import UsageError
    from cladist.workflows.route import fit_routing

    wanted = [*(questions or ()), *_lines(ask)]
    if abstain and threshold is None:
        raise UsageError("--abstain needs a --threshold to fall short of")
    if threshold is not None and costs is None:
        raise UsageError("--threshold takes the cheapest model that reaches it: give --costs")
    if not wanted and not evaluate:
        raise UsageError("no question was given: write one, or a file of them with --ask")
    with listening(quiet) as listener:
        known = _known(registry, assay, listener)
        routing = fit_routing(
            records,
            known,
            texts=texts,
            labels=labels,
            only=only or (),
            encoder=cast("Encoding", encoder),
            listener=listener,
        )
        if evaluate:
            figures = routing.evaluate(costs=costs)
        else:
            made = routing.route(wanted, costs=costs, threshold=threshold, abstain=abstain)
    if json:
        print_json((figures if evaluate else made).to_dict())
    elif evaluate:
        _show_evaluation(figures)
    else:
        _show(made.rows(), made.models, costs is not None)


def _known(registry: Path, assay: str, listener: Listener) -> Features | None:
    """Features of the registry's models; None, with a remark, where there is no such registry."""
    from cladist.registry import Registry
    from cladist.workflows.predict import features

    if not registry.is_dir() and registry == DEFAULT_REGISTRY:
        note("no registry: models are known by their records alone (--registry DIR for DNA)")
        return None
    with Registry.open(registry, create=False) as store:
        return features(store, assay=assay, listener=listener)


def _lines(path: Path | None) -> list[str]:
    from cladist.errors import InputError

    if path is None:
        return []
    try:
        return [line for line in path.read_text("utf-8-sig").splitlines() if line.strip()]
    except (OSError, UnicodeDecodeError) as problem:
        raise InputError(f"{path}: not a readable text file ({problem})") from problem


def _show(rows: Sequence[dict[str, Any]], basis: Mapping[str, str], priced: bool) -> None:
    numbers = ("expected", "cost") if priced else ("expected",)
    made = table("question", "model", *numbers, "known by", "or the best", right=numbers)
    for r in rows:
        cells = ["none", ""] if r["model"] is None else [one_line(r["model"], 50)]
        if r["model"] is not None:
            cells.append(f"{r['expected']:.0%}")
        if priced:
            cells.append("" if r["cost"] is None else f"{r['cost']:.4g}")
        known = "" if r["model"] is None else basis[r["model"]]
        other = f"{one_line(r['best'], 50)} {r['best_expected']:.0%}"
        cells += [known, "" if r["best"] == r["model"] else other]
        made.add_row(one_line(r["question"], 60), *cells)
    out().print(made)
    short = sum(r["reaches_threshold"] is False for r in rows)
    if short:
        note(f"for {short} of {len(rows)} questions no model reaches the threshold")


def _show_evaluation(made: RouteEvaluation) -> None:
    console = out()
    best, chosen = made.best_single, made.best_expected
    console.print(f"{made.questions} questions left out in four parts, {made.models} models")
    console.print(f"  best single model   {best['accuracy']:.1%}  {one_line(best['model'], 60)}")
    if chosen["accuracy"] is not None:
        told = chosen["questions_with_a_record"]
        console.print(f"  best by expectation {chosen['accuracy']:.1%}  (of {told} with a record)")
    console.print(f"  oracle              {made.oracle:.1%}  (somebody is right)")
    console.print(f"  calibration error   {made.calibration_error:.1%}")
    if made.frontier is not None:
        numbers = ("cost", "expected", "actual")
        rows = table(*numbers, right=numbers, title="cost against quality")
        for p in made.frontier:
            actual = "" if p["actual"] is None else f"{p['actual']:.1%}"
            rows.add_row(f"{p['cost']:.4g}", f"{p['expected']:.1%}", actual)
        console.print(rows)
