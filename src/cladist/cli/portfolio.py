"""cladist scores portfolio: a few strong models that differ."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from cladist.cli.common import (
    DEFAULT_REGISTRY,
    AssayOption,
    JsonOption,
    MetricOption,
    RegistryOption,
    metric_of,
    note,
    one_line,
    out,
    print_json,
    table,
)


def portfolio(
    count: Annotated[int, typer.Argument(min=1, help="How many models.")],
    scores: Annotated[
        Path | None, typer.Option("--scores", "-s", help="CSV model and a column of scores.")
    ] = None,
    column: Annotated[str, typer.Option(help="The column of scores; needed for several.")] = "",
    records: Annotated[
        Path | None,
        typer.Option("--records", help="CSV model,question,score: tells what the choice brings."),
    ] = None,
    require: Annotated[
        list[str] | None, typer.Option("--require", help="A model that must be in (repeatable).")
    ] = None,
    strength: Annotated[
        float, typer.Option(min=0, help="What score is worth against distance; 0: nothing.")
    ] = 2.0,
    registry: RegistryOption = DEFAULT_REGISTRY,
    assay: AssayOption = "",
    metric: MetricOption = "",
    json: JsonOption = False,
) -> None:
    """Which strong models fail on different questions?

    Picks some that are far apart by DNA.

    With --scores each model counts by its score and its distance from those already picked;
    without, or with --records alone, the score is the mean record; with neither only distance.

    Examples:

    `cladist scores portfolio 3 --scores scores.csv --column arc`

    `cladist scores portfolio 5 --records records.csv --json`
    """
    import cladist
    from cladist.compare import resolve_assay
    from cladist.workflows.portfolio import portfolio as run

    with cladist.open_registry(registry, create=False) as store:
        chosen = resolve_assay(store, assay)
        for name in require or ():
            store.model(name)
        matrix = cladist.distances(store, chosen, metric=metric_of(metric))
    made = run(
        matrix,
        count,
        scores=scores,
        column=column,
        records=records,
        require=require or (),
        strength=strength,
        hear=note,
    )
    data = {"assay": chosen.short, **made.to_dict()}
    if json:
        print_json(data)
        return
    _show(data)


def _show(data: dict[str, Any]) -> None:
    numbers = ("score", "distance")
    rows = table("", "model", "score", "distance", "from the nearest before it", right=numbers)
    for rank, m in enumerate(data["members"], 1):
        rows.add_row(
            str(rank),
            one_line(m["model"], 60),
            f"{m['score']:.4g}" if data["mean_score"] is not None else "",
            "" if m["distance"] is None else f"{m['distance']:.3f}",
            "" if m["nearest_picked"] is None else one_line(m["nearest_picked"], 60),
        )
    console = out()
    console.print(rows)
    if data["top_by_score"] is not None and data["mean_distance"] is not None:
        top = data["top_by_score"]
        console.print(
            f"mean score {data['mean_score']:.4g}, mean distance {data['mean_distance']:.3f}; "
            f"the best by score alone: {top['mean_score']:.4g} and {top['mean_distance']:.3f}"
        )
    for name, m in (data.get("measured") or {}).items():
        label = "picked" if name == "picked" else "best by score"
        if m is None:
            console.print(f"{label}: no question was answered by all of them")
        else:
            console.print(
                f"{label}: any right {m['any_right']:.1%}, most right {m['most_right']:.1%}, best "
                f"one {m['best_one']:.1%} of {m['questions']} questions"
            )
