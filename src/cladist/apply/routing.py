"""Which model will answer a question rightly: records where there are any, DNA where not.

The chance that model m answers question q is sigmoid(w_m . f(q)), with f(q) the features of the
question, their constant first. The weights w_m have a Gaussian prior, learnt from all models with
records; of a model with DNA the prior mean of each weight is predicted from the DNA, where that
predicts weights of whole families left out. A model's own records then move its weights from the
prior (Laplace's approximation). So a model joins with its DNA, with records, or with both, and
nothing is learnt anew; expected accuracies allow for what is not known about the model.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cladist.apply.behaviour import Block
from cladist.apply.checks import AskingEstimator
from cladist.apply.questions import QuestionFeatures, Questions
from cladist.apply.scores import ScorePredictor
from cladist.errors import InputError

__all__ = ["Router", "Skill", "check_records"]

Floats = NDArray[np.float64]
ROUNDS = 6
"""Of learning prior and weights in turns; figures no longer change after five."""
WORTH = 0.9
"""A weight is predicted from DNA where that leaves less than this share of the squared error."""
RELIABLE = 0.5
"""Least share of a weight's spread that is no doubt about single models, for that to be tried."""


@dataclass(frozen=True, eq=False)
class Skill:
    """What is known of a model: mean (d,) and covariance (d, d) of its weights.

    records  answers that it rests on
    dna      whether the prior came from DNA
    """

    mean: Floats
    covariance: Floats
    records: int
    dna: bool


def check_records(records: Any, questions: Questions) -> Floats:
    """Records of n models, float64 (n, q) in [0, 1], NaN where there is none; `InputError`."""
    found = np.asarray(records, np.float64)
    if found.ndim != 2 or found.shape[1] != len(questions):
        raise InputError(f"records of shape {found.shape} for {len(questions)} questions")
    given = found[~np.isnan(found)]
    if not len(given):
        raise InputError("there is not a single record")
    if given.min() < 0 or given.max() > 1:
        raise InputError(
            f"records run from {given.min():g} to {given.max():g}; right is 1, wrong is 0, and a "
            "grade lies between"
        )
    return found


class Router(AskingEstimator):
    """Expected accuracies of models on new questions; `frontier.choose` decides by them.

    blocks      what the columns of the models' features are (`FeatureTable.blocks`)
    components  principal components of the questions' vectors
    neighbours  past questions that tell how easy a new one's surroundings are

    The same data give the same numbers.
    """

    def __init__(
        self, blocks: Sequence[Block] | None = None, components: int = 6, neighbours: int = 40
    ) -> None:
        self.blocks = blocks
        self.components = components
        self.neighbours = neighbours

    def fit(
        self,
        records: Any,
        questions: Questions,
        features: Any = None,
        groups: Sequence[str] | None = None,
    ) -> Router:
        """Learn from records (n, q) of n models on q past questions.

        `features` (n, d) are the models' DNA features, NaN throughout for a model without;
        `groups` their families, so that DNA is trusted as far as it carries to new families.
        Sets `skills_`, one a model. Raises `InputError` for records beyond [0, 1], fewer than
        ten questions or two models with records. Cost: O(n q d^2) and d `ScorePredictor` fits.
        """
        found = check_records(records, questions)
        known = ~np.isnan(found)
        active = np.flatnonzero(known.any(1))
        if len(active) < 2:
            raise InputError("records of two models at least are needed to learn from")
        asked = known.any(0)
        easiness = np.nansum(found, 0) / np.maximum(known.sum(0), 1)
        self.questions_ = QuestionFeatures(self.components, self.neighbours)
        design = np.zeros((len(questions), 0))
        part = questions.take(np.flatnonzero(asked))
        inside = self.questions_.fit_transform(part, easiness[asked])
        design = np.zeros((len(questions), inside.shape[1]))
        design[asked] = inside
        weights = self._learn(design, found, known, active)
        self._from_dna(features, groups, active, weights)
        rows = [None] * len(found) if features is None else list(np.asarray(features, np.float64))
        self.skills_ = [
            self._update(self._prior(row), design[k], y[k])
            for row, k, y in zip(rows, known, found, strict=True)
        ]
        return self

    def join(
        self, features: Any = None, records: Any = None, questions: Questions | None = None
    ) -> Skill:
        """What is known of a new model by its DNA features (d,), by records (q,), or both."""
        self._fitted()
        prior = self._prior(None if features is None else np.asarray(features, np.float64))
        if records is None:
            return prior
        if questions is None:
            raise InputError("records came without the questions that they are of")
        y = check_records(np.asarray(records, np.float64)[None], questions)[0]
        k = ~np.isnan(y)
        return self._update(prior, self.questions_.transform(questions)[k], y[k])

    def expected(self, skills: Sequence[Skill], questions: Questions) -> Floats:
        """Expected accuracy of m models on q questions, float64 (m, q)."""
        self._fitted()
        design = self.questions_.transform(questions)
        out = np.empty((len(skills), len(design)))
        for i, skill in enumerate(skills):
            spread = np.einsum("ij,jk,ik->i", design, skill.covariance, design)
            # MacKay's approximation of a sigmoid's mean over a Gaussian.
            out[i] = _sigmoid(design @ skill.mean / np.sqrt(1 + np.pi * spread / 8))
        return out

    def _fitted(self) -> None:
        if not hasattr(self, "prior_mean_"):
            raise InputError("the router was not fitted; call fit first")

    def _learn(
        self,
        design: Floats,
        records: Floats,
        known: NDArray[np.bool_],
        active: NDArray[np.int64],
    ) -> Floats:
        """Prior mean and variance of the weights from all models, and the models' weights."""
        d = design.shape[1]
        mean, variance = np.zeros(d), np.full(d, 0.3)
        apart = doubt = np.zeros(d)
        overall = float(np.clip(np.nanmean(records), 0.02, 0.98))
        mean[0], variance[0] = np.log(overall / (1 - overall)), 2.0
        weights = np.tile(mean, (len(active), 1))
        for _ in range(ROUNDS):
            around = np.zeros(d)
            for i, m in enumerate(active):
                k = known[m]
                weights[i], covariance = _laplace(design[k], records[m, k], mean, np.diag(variance))
                around += np.diagonal(covariance)
            mean = weights.mean(0)
            apart, doubt = ((weights - mean) ** 2).mean(0), around / len(active)
            variance = np.maximum(apart + doubt, 1e-4)
        self.reliability_ = apart / np.maximum(apart + doubt, 1e-12)
        self.prior_mean_, self.prior_variance_ = mean, variance
        return weights

    def _from_dna(
        self,
        features: Any,
        groups: Sequence[str] | None,
        active: NDArray[np.int64],
        weights: Floats,
    ) -> None:
        """Predictors of those weights that DNA predicts for families left out."""
        self.predictors_: dict[int, tuple[ScorePredictor, float]] = {}
        if features is None:
            return
        values = np.asarray(features, np.float64)
        have = np.isfinite(values[active]).all(1)
        rows = active[have]
        if len(rows) < 5:
            return
        families = None if groups is None else np.asarray(groups)[rows]
        for d in range(weights.shape[1]):
            z = weights[have, d]
            if np.ptp(z) < 1e-9 or self.reliability_[d] < RELIABLE:
                continue
            made = ScorePredictor(self.blocks).fit(values[rows], z, groups=families)
            error, relative = made.left_out_, made.calibration_.between
            if np.isnan(error).any():
                continue
            if np.mean(error**2) < WORTH * np.mean((z - z.mean()) ** 2):
                self.predictors_[d] = (made, float(np.mean(relative**2)))

    def _prior(self, features: Floats | None) -> Skill:
        mean, variance = self.prior_mean_.copy(), self.prior_variance_.copy()
        dna = features is not None and bool(np.isfinite(features).all())
        if dna and features is not None:
            for d, (predictor, scale) in self.predictors_.items():
                guess, spread = predictor.predict_spread(features[None])
                mean[d], variance[d] = guess[0], scale * spread[0] ** 2
        return Skill(mean, np.diag(variance), 0, dna and bool(self.predictors_))

    def _update(self, prior: Skill, design: Floats, records: Floats) -> Skill:
        if not len(records):
            return prior
        mean, covariance = _laplace(design, records, prior.mean, prior.covariance)
        return Skill(mean, covariance, len(records), prior.dna)


def _laplace(
    design: Floats, y: Floats, mean: Floats, covariance: Floats, start: Floats | None = None
) -> tuple[Floats, Floats]:
    """Mode and covariance of logistic weights under a Gaussian prior, by damped Newton steps."""
    precision = np.linalg.inv(covariance)
    w = (mean if start is None else start).copy()

    def loss(at: Floats) -> float:
        t = design @ at
        d = at - mean
        return float((np.logaddexp(0.0, t) - y * t).sum() + d @ precision @ d / 2)

    now = loss(w)
    hessian = precision
    for _ in range(50):
        p = _sigmoid(design @ w)
        hessian = (design * (p * (1 - p))[:, None]).T @ design + precision
        step = np.linalg.solve(hessian, design.T @ (y - p) - precision @ (w - mean))
        size = 1.0
        while (new := loss(w + size * step)) > now and size > 1e-6:
            size /= 2
        w, now = w + size * step, new
        if np.abs(size * step).max() < 1e-6:
            break
    return w, np.linalg.inv(hessian)


def _sigmoid(x: Any) -> Floats:
    return np.asarray(1 / (1 + np.exp(-np.clip(x, -700, 700))))
