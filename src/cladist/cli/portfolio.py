"""cladist scores portfolio: a few strong models that differ."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cladist.cli.common import (
    DEFAULT_REGISTRY,
    AssayOption,
    JsonOption,
    MetricOption,
    RegistryOption,
    note,
    one_line,
    out,
    print_json,
    table,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cladist.core.distances import DistanceMatrix


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
    from cladist.apply.portfolio import portfolio as pick
    from cladist.apply.portfolio import top_k
    from cladist.compare import distances, resolve_assay
    from cladist.errors import InputError, UsageError
    from cladist.formats.score_tables import Records, read_records
    from cladist.registry import Registry

    past: Records | None = read_records(records) if records else None
    quality = quality_of(scores, column, past)
    with Registry.open(registry, create=False) as store:
        chosen = resolve_assay(store, assay)
        for name in require or ():
            store.model(name)
        matrix = distances(store, chosen, None, metric or None)
    names = [m for m in matrix.ids if not quality or m in quality]
    if quality and len(names) < len(matrix):
        note(f"{len(matrix) - len(names)} models have no score and cannot be picked")
    if count > len(names):
        raise InputError(f"{count} models were asked for; {len(names)} have what it takes")
    wrong = [m for m in require or () if m not in names]
    if wrong:
        raise UsageError(f"'{wrong[0]}' is required, but has no score or no DNA")
    part = matrix.select(names)
    values = [quality.get(m, 0.0) for m in names]
    made = pick(
        values, part.matrix, count, strength, [names.index(m) for m in dict.fromkeys(require or ())]
    )
    if not quality:
        note("no scores: the models are picked by distance alone")
    rows = [_member(part, i, made.members[:at], values) for at, i in enumerate(made.members)]
    best = top_k(values, count)
    data: dict[str, Any] = {
        "assay": chosen.short,
        "metric": matrix.metric,
        "members": rows,
        "mean_score": made.quality if quality else None,
        "mean_distance": made.diversity if count > 1 else None,
        "top_by_score": {
            "members": [names[i] for i in best],
            "mean_score": made.beside[0],
            "mean_distance": made.beside[1] if count > 1 else None,
        }
        if quality
        else None,
    }
    if past is not None:
        data["measured"] = {
            "picked": _measured(past, [names[i] for i in made.members]),
            "top_by_score": _measured(past, [names[i] for i in best]),
        }
    if json:
        print_json(data)
        return
    _show(data)


def quality_of(scores: Path | None, column: str, past: Any) -> dict[str, float]:
    """Scores of a file's column, else mean records, else nothing."""
    from cladist.errors import UsageError
    from cladist.formats.score_tables import read_scores

    if scores is not None:
        found = read_scores(scores, [column] if column else ())
        if len(found) > 1:
            raise UsageError(f"{scores} has several: choose a --column of {', '.join(found)}")
        return next(iter(found.values()))
    if past is None:
        return {}
    total: dict[str, list[float]] = {}
    for (model, _), score in past.scores.items():
        total.setdefault(model, []).append(score)
    return {m: sum(v) / len(v) for m, v in total.items()}


def _member(
    matrix: DistanceMatrix, i: int, before: Sequence[int], values: Sequence[float]
) -> dict[str, Any]:
    nearest = min(before, key=lambda j: matrix.matrix[i, j], default=None)
    return {
        "model": matrix.ids[i],
        "score": values[i],
        "nearest_picked": None if nearest is None else matrix.ids[nearest],
        "distance": None if nearest is None else float(matrix.matrix[i, nearest]),
    }


def _measured(past: Any, members: Sequence[str]) -> dict[str, float | int] | None:
    """Of the questions that all of them answered: any right, most right, the best one right."""
    import numpy as np

    from cladist.apply.portfolio import majority, oracle

    scores: Mapping[tuple[str, str], float] = past.scores
    asked = [q for q in past.questions if all((m, q) in scores for m in members)]
    if not asked:
        return None
    right = np.array([[scores[m, q] for q in asked] for m in members])
    return {
        "questions": len(asked),
        "any_right": float(oracle(right).mean()),
        "most_right": float(majority(right).mean()),
        "best_one": float(right.mean(1).max()),
    }


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
