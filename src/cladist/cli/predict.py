"""cladist scores predict: benchmark scores of models that were never run on the benchmark."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

from cladist.cli.common import (
    DEFAULT_REGISTRY,
    AssayOption,
    FamiliesOption,
    JsonOption,
    MetricOption,
    QuietOption,
    RegistryOption,
    listening,
    metric_of,
    note,
    one_line,
    out,
    print_json,
    table,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cladist.core.progress import Listener
    from cladist.workflows.predict import Features, Scale

ScoresOption = Annotated[
    Path, typer.Option("--scores", "-s", help="CSV: a column model, and columns of scores.")
]


def predict(
    scores: ScoresOption,
    models: Annotated[
        list[str] | None,
        typer.Argument(help="Models to predict; without any, all that lack a score."),
    ] = None,
    registry: RegistryOption = DEFAULT_REGISTRY,
    assay: AssayOption = "",
    metric: MetricOption = "",
    matrix: Annotated[
        Path | None,
        typer.Option("--matrix", help="Learn from the rows of this .npz of distances alone."),
    ] = None,
    labels: FamiliesOption = None,
    column: Annotated[
        list[str] | None, typer.Option("--column", help="Only this column of scores (repeatable).")
    ] = None,
    scale: Annotated[
        str,
        typer.Option(help="percent, fraction or none (no bounds); auto looks at the scores."),
    ] = "auto",
    level: Annotated[
        float, typer.Option(min=0.01, max=0.999, help="Of the prediction intervals.")
    ] = 0.9,
    distances_only: Annotated[
        bool, typer.Option("--distances-only", help="Do not read the answers, only distances.")
    ] = False,
    evaluate: Annotated[
        bool,
        typer.Option(help="Instead: leave out every family in turn and tell how well it goes."),
    ] = False,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Which benchmark scores will a model have?

    Predicts them from DNA, with intervals that hold for new families.

    Learns from the models of the registry that have a score, and how they answered; no answer
    key is needed. With --labels the intervals are calibrated by leaving out whole families, and
    say so where too few were seen. Without, every model counts as a family of its own.

    Examples:

    `cladist scores predict --scores scores.csv --labels families.csv`

    `cladist scores predict newcomer --scores scores.csv --level 0.8 --json`

    `cladist scores predict --scores scores.csv --matrix distances.npz`

    `cladist scores predict --scores scores.csv --labels families.csv --evaluate`
    """
    from cladist.workflows.predict import evaluate_predictions
    from cladist.workflows.predict import predict as run

    with listening(quiet) as listener:
        known = _features(registry, assay, metric, matrix, distances_only, listener)
        if evaluate:
            made = evaluate_predictions(
                known,
                scores,
                labels=labels,
                columns=column or (),
                scale=cast("Scale", scale),
                level=level,
                listener=listener,
            )
        else:
            made = run(
                known,
                scores,
                models,
                labels=labels,
                columns=column or (),
                scale=cast("Scale", scale),
                level=level,
                listener=listener,
            )
    if json:
        print_json(made.to_dict())
        return
    for result in made.to_dict()["columns"]:
        (_show_evaluation if evaluate else _show)(result, level)


def _features(
    registry: Path,
    assay: str,
    metric: str,
    matrix: Path | None,
    distances_only: bool,
    listener: Listener,
) -> Features:
    from cladist.formats.matrix import read_matrix
    from cladist.registry import Registry
    from cladist.workflows.predict import features

    if matrix is not None:
        return features(read_matrix(matrix))
    with Registry.open(registry, create=False) as store:
        return features(
            store,
            assay=assay,
            metric=metric_of(metric),
            answers=not distances_only,
            listener=listener,
        )


def _show(result: dict[str, Any], level: float) -> None:
    numbers = ("predicted", f"{level:.0%} interval", "actual")
    rows = table(
        "model",
        *numbers,
        "holds for",
        right=numbers,
        title=f"{one_line(result['column'], 60)}: from {result['scored']} scored models of "
        f"{result['families']} families",
    )
    for r in result["predictions"]:
        said = r["holds_for"] != "nothing can be said"
        ends = ("…" if e is None else f"{e:.4g}" for e in (r["lower"], r["upper"]))
        rows.add_row(
            one_line(r["model"], 60),
            f"{r['predicted']:.4g}",
            " to ".join(ends) if said else "",
            "" if r["actual"] is None else f"{r['actual']:.4g}",
            r["holds_for"],
        )
    out().print(rows)
    reasons = sorted({r["reason"] for r in result["predictions"] if r["reason"]})
    for reason in reasons:
        note(f"nothing can be said: {reason}")
    if not result["predictions"]:
        note("every model with a DNA has a score; name those to predict without theirs")


def _show_evaluation(result: dict[str, Any], level: float) -> None:
    numbers = ("Pearson", "Spearman", "RMSE", f"within {level:.0%} interval", "width")
    rows = table(
        "families left out",
        *numbers,
        right=numbers,
        title=f"{one_line(result['column'], 60)}: {result['scored']} models of "
        f"{result['families']} families",
    )
    for m in result["methods"]:
        inside = m.get("coverage")
        rows.add_row(
            m["method"],
            *(_estimate(m[k]) for k in ("pearson", "spearman", "rmse")),
            "" if inside is None else f"{inside['models']:.0%} of {inside['said']:.0%}",
            "" if inside is None or inside["width"] is None else f"{inside['width']:.3g}",
        )
    out().print(rows)
    note("in brackets: 95% intervals from drawing the families anew")


def _estimate(values: Sequence[float | None]) -> str:
    if values[0] is None:
        return "-"
    low, high = ("…" if v is None else f"{v:.2f}" for v in values[1:])
    return f"{values[0]:.2f} ({low} to {high})"
