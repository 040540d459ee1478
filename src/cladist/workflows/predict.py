"""Which score would a model have on a benchmark that it was never run on?"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Literal, get_args

from cladist.apply.baselines import FamilyMean, NearestModel, PhyloLMRecipe
from cladist.apply.behaviour import FeatureTable, distance_table
from cladist.apply.evaluation import Evaluation, evaluate
from cladist.apply.scores import ScorePredictor
from cladist.compare import resolved
from cladist.core.assay import Assay, Metric
from cladist.core.distances import DistanceMatrix
from cladist.core.progress import NOBODY, Hear, Listener, Remarks
from cladist.core.results import Result
from cladist.errors import UsageError
from cladist.formats.score_tables import read_scores
from cladist.registry import Registry
from cladist.traits import model_features
from cladist.workflows.named import LabelsLike, families_here, known_families

__all__ = [
    "Features",
    "Predictions",
    "Scale",
    "Scores",
    "evaluate_predictions",
    "families_of",
    "features",
    "predict",
]

Scale = Literal["auto", "percent", "fraction", "none"]
SCALES: dict[str, tuple[float, float] | None] = {
    "percent": (0.0, 100.0),
    "fraction": (0.0, 1.0),
    "none": None,
}

Scores = str | Path | Mapping[str, Mapping[str, float]]
"""Scores: a CSV with a column model and columns of scores, or column -> model -> score."""


@dataclass(frozen=True, eq=False)
class Features:
    """Features of models, and what they were made of."""

    table: FeatureTable
    about: Mapping[str, Any]


@dataclass(frozen=True, repr=False)
class Predictions(Result):
    """Predicted scores, or how well predicting goes.

    columns   one mapping a column of scores
    remarks   what was left out or assumed
    """

    features: Mapping[str, Any]
    level: float
    columns: tuple[Mapping[str, Any], ...]
    remarks: tuple[str, ...]

    def rows(self) -> list[dict[str, Any]]:
        """A row a prediction; of an evaluation a row a method."""
        return [
            {"column": c["column"], **row}
            for c in self.columns
            for row in c.get("predictions", c.get("methods", ()))
        ]

    def to_dict(self) -> dict[str, Any]:
        """The answer as plain data."""
        columns = [dict(c) for c in self.columns]
        return {"features": dict(self.features), "level": self.level, "columns": columns}

    def headline(self) -> str:
        """How many predictions of how many columns."""
        return f"{len(self.rows())} rows, {len(self.columns)} columns of scores"


def features(
    source: Registry | DistanceMatrix,
    *,
    assay: str | Assay = "",
    metric: Metric | None = None,
    answers: bool = True,
    listener: Listener = NOBODY,
) -> Features:
    """What predicting and routing learn from: how models answer, and how far they are apart.

    Of a matrix of distances, its rows alone. Raises `InputError` for fewer than three models.

    Examples
    --------
    >>> import cladist
    >>> with cladist.toy_registry() as lab:
    ...     made = cladist.features(lab, metric="cosine", answers=False)
    >>> made.about["models"]
    120
    """
    if isinstance(source, DistanceMatrix):
        return Features(distance_table(source), {"matrix": source.metric, "models": len(source)})
    chosen = resolved(source, assay)
    made = model_features(
        source, chosen, metric=metric, answers=answers, progress=listener.progress
    )
    return Features(
        made,
        {
            "assay": chosen.short,
            "metric": metric or chosen.method.metric,
            "models": len(made.models),
            "blocks": [b.name for b in made.blocks],
        },
    )


def predict(
    source: Registry | DistanceMatrix | Features,
    scores: Scores,
    models: Sequence[str] | None = None,
    *,
    labels: LabelsLike = None,
    columns: Sequence[str] = (),
    scale: Scale = "auto",
    level: float = 0.9,
    listener: Listener = NOBODY,
) -> Predictions:
    """Predict scores of models, with intervals that hold for new families.

    Parameters
    ----------
    source : Registry, DistanceMatrix or Features
        What is known of the models; `features` has more to choose.
    scores : path or mapping
        Scores that are known.
    models : sequence of str or None
        Whom to predict; None is all that lack a score. One that has a score is predicted without.
    labels : path, mapping or None
        Families, by which intervals are calibrated.
    columns : sequence of str
        Only these columns of a table.
    scale : {'auto', 'percent', 'fraction', 'none'}
        Ends of the scale; 'auto' looks at the scores.
    level : float
        Of the intervals.
    listener : Listener
        Told of progress and remarks.

    Raises
    ------
    UsageError
        For unknown models, or scores of none of them.
    InputError
        For too few scores, or a file that cannot be read.

    Examples
    --------
    >>> import cladist
    >>> with cladist.toy_registry() as lab:
    ...     far = cladist.distances(lab, metric="cosine")
    >>> known = {m: float(ord(m[2]) % 5 + (m[-1] == "e")) for m in far.ids if m != "m00-chat"}
    >>> found = cladist.predict(far, {"arc": known}, ["m00-chat"])
    >>> found.rows()[0]["model"]
    'm00-chat'
    """
    told = Remarks(listener.hear)
    prepared, every = _prepared(source, scores, (labels, columns, scale, level), listener, told)
    made = [c.predicted(_target(models, c.features, c.known)) for c in every]
    if labels is None and not any(c.families for c in every):
        told(
            "no --labels: every model counts as a family of its own, so the intervals hold for "
            "models like these, not for families that are new"
        )
    return Predictions(prepared.about, level, tuple(made), tuple(told))


def evaluate_predictions(
    source: Registry | DistanceMatrix | Features,
    scores: Scores,
    *,
    labels: LabelsLike = None,
    columns: Sequence[str] = (),
    scale: Scale = "auto",
    level: float = 0.9,
    listener: Listener = NOBODY,
) -> Predictions:
    """Leave out every family in turn, and tell how well its scores are predicted.

    Parameters and errors are those of `predict`. A row of the result is a method: the mean of
    families, the nearest model, PhyloLM's recipe, and what `predict` does.
    """
    told = Remarks(listener.hear)
    prepared, every = _prepared(source, scores, (labels, columns, scale, level), listener, told)
    made = tuple(c.evaluated(prepared.about) for c in every)
    return Predictions(prepared.about, level, made, tuple(told))


def families_of(names: Sequence[str], families: Mapping[str, str]) -> list[str]:
    """Family of each model; one without a label is a family of its own."""
    return [families.get(n, f"\0{n}") for n in names]


def _prepared(
    source: Registry | DistanceMatrix | Features,
    scores: Scores,
    how: tuple[LabelsLike, Sequence[str], Scale, float],
    listener: Listener,
    hear: Hear,
) -> tuple[Features, list[_Column]]:
    labels, columns, scale, level = how
    if scale not in get_args(Scale):
        raise UsageError(f"--scale {scale}: use auto, percent, fraction or none")
    found: Mapping[str, Mapping[str, float]]
    if isinstance(scores, Mapping):
        found = {k: v for k, v in scores.items() if not columns or k in columns}
    else:
        found = read_scores(Path(scores), columns)
    made = source if isinstance(source, Features) else features(source, listener=listener)
    table = made.table
    families = (
        known_families(table.models, hear)
        if labels is None
        else {m: d.family for m, d in families_here(labels, table.models, hear).items() if d.family}
    )
    every = []
    for name, chosen in found.items():
        known = _known(chosen, table, name, hear)
        bounds = _bounds(scale, list(chosen.values()))
        every.append(_Column(name, table, known, families, bounds, level))
    return made, every


@dataclass(frozen=True, eq=False)
class _Column:
    """A column of scores: what is known of it, and what is made of that."""

    name: str
    features: FeatureTable
    known: Mapping[str, float]
    families: Mapping[str, str]
    bounds: tuple[float, float] | None
    level: float

    def predicted(self, target: Sequence[str]) -> dict[str, Any]:
        """Predictions of models; one that has a score is predicted without it."""
        rows: list[dict[str, Any]] = []
        for model in target:  # a model that has a score is predicted without it
            names = [m for m in self.known if m != model]
            if not rows or model in self.known or rows[-1]["actual"] is not None:
                train = self.features.select(names)
                made = ScorePredictor(self.features.blocks, self.bounds).fit(
                    train.values,
                    [self.known[m] for m in names],
                    groups=families_of(names, self.families),
                )
            one = self.features.select([model]).values
            (interval,) = made.predict_interval(one, self.level, [self.families.get(model)])
            rows.append(
                {
                    "model": model,
                    "predicted": float(made.predict(one)[0]),
                    "lower": _finite(interval.lower),
                    "upper": _finite(interval.upper),
                    "holds_for": interval.basis
                    if self.families or interval.reason
                    else "models like these",
                    "reason": interval.reason,
                    "actual": self.known.get(model),
                }
            )
        return {
            "column": self.name,
            "scored": len(self.known),
            "families": len(set(families_of(list(self.known), self.families))),
            "bounds": None if self.bounds is None else list(self.bounds),
            "predictions": rows,
        }

    def evaluated(self, about: Mapping[str, Any]) -> dict[str, Any]:
        """How well methods predict families that were left out."""
        names = list(self.known)
        part = self.features.select(names)
        y, groups = [self.known[m] for m in names], families_of(names, self.families)
        rows = part.values[:, : part.blocks[0].width]
        methods: list[tuple[str, Any, Any]] = [
            ("mean of families", FamilyMean(), rows),
            ("nearest model", NearestModel(), rows),
            ("PhyloLM's recipe on these distances", PhyloLMRecipe(bounds=self.bounds), rows),
            ("distances alone", ScorePredictor(part.blocks[:1], self.bounds), rows),
        ]
        if len(part.blocks) > 1:
            methods.append(
                ("distances and answers", ScorePredictor(part.blocks, self.bounds), part.values)
            )
        found = [(m, evaluate(e, x, y, groups, "family", (self.level,))) for m, e, x in methods]
        return {
            "column": self.name,
            "scored": len(names),
            "families": len(set(groups)),
            "methods": [{"method": m, **_figures(f, self.level)} for m, f in found],
            "features": dict(about),
        }


def _known(
    chosen: Mapping[str, float], features: FeatureTable, name: str, hear: Hear
) -> dict[str, float]:
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
        hear(
            f"{name}: {len(unknown)} scored models have no DNA here and are left out: "
            f"{', '.join(unknown[:3])}{more}"
        )
    return known


def _bounds(scale: Scale, values: Sequence[float]) -> tuple[float, float] | None:
    if scale != "auto":
        return SCALES[scale]
    if min(values) < 0 or max(values) > 100:
        return None
    return SCALES["fraction"] if max(values) <= 1 else SCALES["percent"]


def _target(
    models: Sequence[str] | None, features: FeatureTable, known: Mapping[str, float]
) -> list[str]:
    for name in models or ():
        if name not in features.models:
            close = get_close_matches(name, features.models, 3)
            hint = f"; did you mean {', '.join(close)}?" if close else ""
            raise UsageError(f"'{name}' is not among the {len(features.models)} models{hint}")
    return list(models or (m for m in features.models if m not in known))


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
    return float(value) if math.isfinite(value) else None
