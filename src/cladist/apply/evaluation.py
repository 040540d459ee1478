"""How well scores are predicted: families or models left out, with intervals over families."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from cladist.apply.baselines import FamilyMean
from cladist.apply.intervals import Interval
from cladist.apply.scores import ScorePredictor
from cladist.core.optional import needed
from cladist.errors import InputError

with needed("Predicting and routing", "learn"):
    from sklearn.base import clone

__all__ = ["Estimate", "Evaluation", "evaluate"]

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure with its 95% interval from families drawn anew; NaN where it is not defined."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, eq=False)
class Evaluation:
    """Scores predicted without knowing the model's family, or the model alone.

    predicted  float64 (n,)
    intervals  one a model by level; empty for estimators without intervals
    """

    scores: Floats
    families: NDArray[np.str_]
    predicted: Floats
    intervals: dict[float, list[Interval]]

    def pearson(self) -> Estimate:
        """Correlation of predicted with actual scores."""
        return self._estimate(_pearson)

    def spearman(self) -> Estimate:
        """The same of their ranks."""
        return self._estimate(lambda a, b: _pearson(rankdata(a), rankdata(b)))

    def rmse(self) -> Estimate:
        """Root of the mean squared error, in units of the score."""
        return self._estimate(lambda a, b: float(np.sqrt(np.mean((a - b) ** 2))))

    def coverage(self, level: float) -> tuple[float, float, float, float]:
        """Of the intervals at a level: share of models within, mean share over families, mean
        width, and share of models of which something could be said."""
        found = self.intervals[level]
        inside = np.array([i.lower <= y <= i.upper for i, y in zip(found, self.scores)])
        said = np.array([i.basis != "nothing can be said" for i in found])
        width = np.array([i.upper - i.lower for i in found])
        by_family = [inside[self.families == f].mean() for f in np.unique(self.families)]
        return (
            float(inside.mean()),
            float(np.mean(by_family)),
            float(width[said].mean()) if said.any() else float("nan"),
            float(said.mean()),
        )

    def _estimate(self, figure: Any, draws: int = 1000, seed: int = 0) -> Estimate:
        rng = np.random.default_rng(seed)
        members = [np.flatnonzero(self.families == f) for f in np.unique(self.families)]
        found = []
        for _ in range(draws):
            rows = np.concatenate(
                [members[k] for k in rng.integers(len(members), size=len(members))]
            )
            found.append(figure(self.predicted[rows], self.scores[rows]))
        low, high = (
            np.nanpercentile(found, [2.5, 97.5]) if np.isfinite(found).any() else (np.nan,) * 2
        )
        return Estimate(float(figure(self.predicted, self.scores)), float(low), float(high))


def evaluate(
    estimator: Any,
    X: Any,
    y: Any,
    groups: Sequence[str],
    leave: Literal["family", "model"] = "family",
    levels: Sequence[float] = (0.8, 0.9),
) -> Evaluation:
    """Predict every model by a clone that learnt without its family, or without it alone.

    Nothing of the models left out reaches the choice of any parameter. Raises `InputError` for a
    single family where families are left out. Cost: one fit a family, or a model.
    """
    values, scores, families = np.asarray(X), np.asarray(y, np.float64), np.asarray(groups, np.str_)
    if leave == "family" and len(np.unique(families)) < 2:
        raise InputError(
            "all models are of one family: leaving it out leaves nothing to learn from"
        )
    parts = families if leave == "family" else np.arange(len(scores)).astype(np.str_)
    predicted = np.full(len(scores), np.nan)
    intervals: dict[float, list[Interval | None]] = {}
    for part in np.unique(parts):
        out = np.flatnonzero(parts == part)
        rest = np.flatnonzero(parts != part)
        made = clone(estimator).fit(values[rest], scores[rest], groups=families[rest])
        if isinstance(made, FamilyMean):
            predicted[out] = made.predict(values[out], families[out])
        else:
            predicted[out] = made.predict(values[out])
        if isinstance(made, ScorePredictor):
            for level in levels:
                row = intervals.setdefault(level, [None] * len(scores))
                said = made.predict_interval(values[out], level, families[out].tolist())
                for k, interval in zip(out, said, strict=True):
                    row[int(k)] = interval
    complete = {level: [i for i in row if i is not None] for level, row in intervals.items()}
    return Evaluation(scores, families, predicted, complete)


def _pearson(a: Floats, b: Floats) -> float:
    if np.ptp(a) == 0 or np.ptp(b) == 0:
        return float("nan")
    return float(np.corrcoef(a, b)[0, 1])
