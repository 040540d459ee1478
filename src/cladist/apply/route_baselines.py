"""Routers without DNA, which the router has to beat; both need records of every model."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from cladist.apply.checks import AskingEstimator
from cladist.apply.questions import Questions
from cladist.apply.routing import check_records
from cladist.core.optional import needed

with needed("Predicting and routing", "learn"):
    from sklearn.decomposition import PCA

__all__ = ["MatrixFactors", "NearestQuestions"]

Floats = NDArray[np.float64]


class NearestQuestions(AskingEstimator):
    """Mean record of each model on the nearest past questions, drawn towards its mean.

    The model's overall mean counts as `weight` further neighbours.
    """

    def __init__(self, neighbours: int = 40, weight: float = 5.0) -> None:
        self.neighbours = neighbours
        self.weight = weight

    def fit(self, records: Any, questions: Questions) -> NearestQuestions:
        """Remember records (n, q); a model without any is expected to do as the mean model."""
        self.records_ = check_records(records, questions)
        known = ~np.isnan(self.records_)
        total = np.nansum(self.records_, axis=1)
        overall = total.sum() / known.sum()
        self.means_ = np.where(known.any(1), total / np.maximum(known.sum(1), 1), overall)
        self.vectors_ = _unit(questions.vectors)
        return self

    def expected(self, questions: Questions) -> Floats:
        """Expected accuracy, float64 (n, m)."""
        near = _unit(questions.vectors) @ self.vectors_.T
        count = min(self.neighbours, near.shape[1])
        nearest = np.argpartition(-near, count - 1, axis=1)[:, :count]
        found = self.records_[:, nearest]
        known = (~np.isnan(found)).sum(2)
        prior = self.weight * self.means_[:, None]
        return np.asarray((np.nansum(found, axis=2) + prior) / (known + self.weight))


class MatrixFactors(AskingEstimator):
    """Model factors times projected question vectors, as in EmbedLLM (arXiv 2410.02223).

    sigmoid(u_m . V x_q + b_m + c . x_q), fitted by L-BFGS with a quadratic penalty; x are the
    first `inputs` principal components of the questions' vectors.
    """

    def __init__(
        self, factors: int = 8, inputs: int = 32, penalty: float = 3.0, seed: int = 0
    ) -> None:
        self.factors = factors
        self.inputs = inputs
        self.penalty = penalty
        self.seed = seed

    def fit(self, records: Any, questions: Questions) -> MatrixFactors:
        """Learn all factors from records (n, q)."""
        y = check_records(records, questions)
        known = ~np.isnan(y)
        y = np.where(known, y, 0.0)
        x = np.asarray(questions.vectors, np.float64)
        self.pca_ = PCA(min(self.inputs, *x.shape), random_state=self.seed).fit(x)
        x = self.pca_.transform(x)
        self.scale_ = float(x.std())
        x = x / self.scale_
        n, r, d = len(y), self.factors, x.shape[1]
        rng = np.random.default_rng(self.seed)
        rate = np.clip(y.sum(1) / np.maximum(known.sum(1), 1), 0.02, 0.98)
        start = np.concatenate(
            [0.1 * rng.normal(size=n * r + r * d), np.log(rate / (1 - rate)), np.zeros(d)]
        )
        cuts = np.cumsum([n * r, r * d, n])

        def loss(flat: Floats) -> tuple[float, Floats]:
            u, v, b, c = np.split(flat, cuts)
            u, v = u.reshape(n, r), v.reshape(r, d)
            shown = x @ v.T
            t = u @ shown.T + b[:, None] + x @ c
            p = 1 / (1 + np.exp(-np.clip(t, -700, 700)))
            g = (p - y) * known
            cost = ((np.logaddexp(0.0, t) - y * t) * known).sum()
            cost += self.penalty / 2 * ((u**2).sum() + (v**2).sum() + (c**2).sum())
            gradient = [
                (g @ shown + self.penalty * u).ravel(),
                (u.T @ g @ x + self.penalty * v).ravel(),
                g.sum(1),
                g.sum(0) @ x + self.penalty * c,
            ]
            return float(cost), np.concatenate(gradient)

        found = minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": 300}).x
        u, v, self.bias_, self.common_ = np.split(found, cuts)
        self.models_, self.projection_ = u.reshape(n, r), v.reshape(r, d)
        return self

    def expected(self, questions: Questions) -> Floats:
        """Expected accuracy, float64 (n, m)."""
        x = self.pca_.transform(np.asarray(questions.vectors, np.float64)) / self.scale_
        t = self.models_ @ (x @ self.projection_.T).T + self.bias_[:, None] + x @ self.common_
        return np.asarray(1 / (1 + np.exp(-np.clip(t, -700, 700))))


def _unit(vectors: NDArray[Any]) -> Floats:
    x = np.asarray(vectors, np.float64)
    return np.asarray(x / np.maximum(np.linalg.norm(x, axis=1, keepdims=True), 1e-12))
