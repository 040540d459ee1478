"""cladist scores predict: benchmark scores of models that were never run on the benchmark."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cladist.cli.common import (
    DEFAULT_REGISTRY,
    AssayOption,
    JsonOption,
    MetricOption,
    QuietOption,
    RegistryOption,
    note,
    one_line,
    out,
    print_json,
    progress_bars,
    table,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cladist.apply.behaviour import FeatureTable
    from cladist.apply.evaluation import Evaluation

ScoresOption = Annotated[
    Path, typer.Option("--scores", "-s", help="CSV: a column model, and columns of scores.")
]
FamiliesOption = Annotated[
    Path | None,
    typer.Option("--labels", help="CSV model,family: whose residuals tell of new families."),
]
SCALES: dict[str, tuple[float, float] | None] = {
    "percent": (0.0, 100.0),
    "fraction": (0.0, 1.0),
    "none": None,
}


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
        str, typer.Option(help="percent, fraction or none (no bounds); auto looks at the scores.")
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
    from cladist.errors import UsageError
    from cladist.formats.score_tables import read_scores

    found = read_scores(scores, column or ())
    if scale not in ("auto", *SCALES):
        raise UsageError(f"--scale {scale}: use auto, percent, fraction or none")
    features, about = _features(registry, assay, metric, matrix, distances_only, quiet)
    families = _families(labels, features.models)
    results = []
    for name, chosen in found.items():
        known = _known(chosen, features, name)
        bounds = _bounds(scale, list(chosen.values()))
        target = _target(models, features, known)
        if evaluate:
            results.append(_evaluated(name, features, known, families, bounds, level, about))
        else:
            results.append(_predicted(name, features, known, families, bounds, level, target))
    if not families and not evaluate:
        note(
            "no --labels: every model counts as a family of its own, so the intervals hold for "
            "models like these, not for families that are new"
        )
    if json:
        print_json({"features": about, "level": level, "columns": results})
        return
    for result in results:
        (_show_evaluation if evaluate else _show)(result, level)


def _features(
    registry: Path, assay: str, metric: str, matrix: Path | None, distances_only: bool, quiet: bool
) -> tuple[FeatureTable, dict[str, Any]]:
    if matrix is not None:
        from cladist.apply.behaviour import distance_table
        from cladist.formats.matrix import read_matrix

        read = read_matrix(matrix)
        return distance_table(read), {"matrix": read.metric, "models": len(read)}
    from cladist.compare import resolve_assay
    from cladist.registry import Registry
    from cladist.traits import model_features

    with Registry.open(registry, create=False) as store, progress_bars(quiet) as bars:
        chosen = resolve_assay(store, assay)
        made = model_features(
            store, chosen, metric=metric or None, answers=not distances_only, progress=bars
        )
    return made, {
        "assay": chosen.short,
        "metric": metric or chosen.method.metric,
        "models": len(made.models),
        "blocks": [b.name for b in made.blocks],
    }


def _families(labels: Path | None, models: Sequence[str]) -> dict[str, str]:
    from cladist.cli.names import families_here, known_families

    if labels is None:
        return known_families(models)
    return {m: d.family for m, d in families_here(labels, models).items() if d.family}


def _known(chosen: Mapping[str, float], features: FeatureTable, name: str) -> dict[str, float]:
    from cladist.errors import UsageError

    here = set(features.models)
    unknown = sorted(set(chosen) - here)
    known = {m: chosen[m] for m in features.models if m in chosen}
    if not known:
        raise UsageError(
            f"none of the {len(chosen)} models scored in '{name}' is among the {len(here)} with a "
            f"DNA (scored: {', '.join(unknown[:3])}); names must be "
            "those of 'cladist registry list'"
        )
    if unknown:
        more = f" and {len(unknown) - 3} more" if len(unknown) > 3 else ""
        note(
            f"{name}: {len(unknown)} scored models have no DNA here and are left out: "
            f"{', '.join(unknown[:3])}{more}"
        )
    return known


def _bounds(scale: str, values: Sequence[float]) -> tuple[float, float] | None:
    if scale != "auto":
        return SCALES[scale]
    if min(values) < 0 or max(values) > 100:
        return None
    return SCALES["fraction"] if max(values) <= 1 else SCALES["percent"]


def _target(
    models: Sequence[str] | None, features: FeatureTable, known: Mapping[str, float]
) -> list[str]:
    from difflib import get_close_matches

    from cladist.errors import UsageError

    for name in models or ():
        if name not in features.models:
            close = get_close_matches(name, features.models, 3)
            hint = f"; did you mean {', '.join(close)}?" if close else ""
            raise UsageError(f"'{name}' is not among the {len(features.models)} models{hint}")
    return list(models or (m for m in features.models if m not in known))


def _groups(names: Sequence[str], families: Mapping[str, str]) -> list[str]:
    """Family of each model; one without a label is a family of its own."""
    return [families.get(n, f"\0{n}") for n in names]


def _predicted(
    name: str,
    features: FeatureTable,
    known: Mapping[str, float],
    families: Mapping[str, str],
    bounds: tuple[float, float] | None,
    level: float,
    target: Sequence[str],
) -> dict[str, Any]:
    from cladist.apply.scores import ScorePredictor

    rows: list[dict[str, Any]] = []
    for model in target:  # a model that has a score is predicted without it
        names = [m for m in known if m != model]
        if not rows or model in known or rows[-1]["actual"] is not None:
            train = features.select(names)
            made = ScorePredictor(features.blocks, bounds).fit(
                train.values, [known[m] for m in names], groups=_groups(names, families)
            )
        one = features.select([model]).values
        (interval,) = made.predict_interval(one, level, [families.get(model)])
        rows.append(
            {
                "model": model,
                "predicted": float(made.predict(one)[0]),
                "lower": _finite(interval.lower),
                "upper": _finite(interval.upper),
                "holds_for": interval.basis if families or interval.reason else "models like these",
                "reason": interval.reason,
                "actual": known.get(model),
            }
        )
    return {
        "column": name,
        "scored": len(known),
        "families": len(set(_groups(list(known), families))),
        "bounds": None if bounds is None else list(bounds),
        "predictions": rows,
    }


def _evaluated(
    name: str,
    features: FeatureTable,
    known: Mapping[str, float],
    families: Mapping[str, str],
    bounds: tuple[float, float] | None,
    level: float,
    about: Mapping[str, Any],
) -> dict[str, Any]:
    from cladist.apply.baselines import FamilyMean, NearestModel, PhyloLMRecipe
    from cladist.apply.evaluation import evaluate
    from cladist.apply.scores import ScorePredictor

    names = list(known)
    part = features.select(names)
    y, groups = [known[m] for m in names], _groups(names, families)
    rows = part.values[:, : part.blocks[0].width]
    methods: list[tuple[str, Any, Any]] = [
        ("mean of families", FamilyMean(), rows),
        ("nearest model", NearestModel(), rows),
        ("PhyloLM's recipe on these distances", PhyloLMRecipe(bounds=bounds), rows),
        ("distances alone", ScorePredictor(part.blocks[:1], bounds), rows),
    ]
    if len(part.blocks) > 1:
        methods.append(("distances and answers", ScorePredictor(part.blocks, bounds), part.values))
    found = [(m, evaluate(e, x, y, groups, "family", (level,))) for m, e, x in methods]
    return {
        "column": name,
        "scored": len(names),
        "families": len(set(groups)),
        "methods": [{"method": m, **_figures(f, level)} for m, f in found],
        "features": dict(about),
    }


def _figures(found: Evaluation, level: float) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for key, figure in (
        ("pearson", found.pearson()),
        ("spearman", found.spearman()),
        ("rmse", found.rmse()),
    ):
        made[key] = [_finite(v) for v in (figure.value, figure.low, figure.high)]
    if found.intervals:
        models, families, width, said = found.coverage(level)
        made["coverage"] = {
            "models": models,
            "families": families,
            "width": _finite(width),
            "said": said,
        }
    return made


def _finite(value: float) -> float | None:
    """JSON knows neither NaN nor infinity."""
    import math

    return float(value) if math.isfinite(value) else None


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
