"""What a predictor of scores has to beat, with the same fit and predict.

All learn from rows of similarities or distances to the reference models, (n, d).
"""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cladist.apply.checks import check_training, checked
from cladist.apply.scores import from_link, to_link
from cladist.core.optional import needed
from cladist.errors import InputError

with needed("Predicting and routing", "learn"):
    from sklearn.base import BaseEstimator, RegressorMixin
    from sklearn.decomposition import FastICA
    from sklearn.exceptions import ConvergenceWarning

__all__ = ["FamilyMean", "NearestModel", "PhyloLMRecipe"]

Floats = NDArray[np.float64]


class FamilyMean(RegressorMixin, BaseEstimator):  # type: ignore[misc]
    """The mean score of a model's family, and the mean over families for a new one.

    The features are not read; families go to `fit` and `predict` as `groups`.
    """

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.regressor_tags.poor_score = True
        return tags

    def fit(self, X: Any, y: Any, groups: Any = None) -> FamilyMean:
        """Remember the means of families."""
        _, scores, families = check_training(self, X, y, groups)
        self.means_ = {str(f): float(scores[families == f].mean()) for f in np.unique(families)}
        self.overall_ = float(np.mean(list(self.means_.values())))
        return self

    def predict(self, X: Any, groups: Any = None) -> Floats:
        """Means of the families, float64 (m,)."""
        values = checked(self, X)
        names = [""] * len(values) if groups is None else [str(g) for g in groups]
        return np.array([self.means_.get(g, self.overall_) for g in names])


class NearestModel(RegressorMixin, BaseEstimator):  # type: ignore[misc]
    """Mean score of the `count` models with the most similar rows (Euclidean)."""

    def __init__(self, count: int = 1) -> None:
        self.count = count

    def fit(self, X: Any, y: Any, groups: Any = None) -> NearestModel:
        """Remember the models."""
        if self.count < 1:
            raise InputError(f"count {self.count} is not at least 1")
        self.rows_, self.scores_, _ = check_training(self, X, y, groups)
        return self

    def predict(self, X: Any) -> Floats:
        """Scores of the nearest, float64 (m,)."""
        values = checked(self, X)
        square = ((values[:, None, :] - self.rows_[None]) ** 2).sum(2)
        nearest = np.argsort(square, axis=1, kind="stable")[:, : self.count]
        return np.asarray(self.scores_[nearest].mean(1))


class PhyloLMRecipe(RegressorMixin, BaseEstimator):  # type: ignore[misc]
    """Rows of log-similarities, independent components, one sigmoid unit.

    After PhyloLM (Yax et al., arXiv 2404.04671): rows of the similarity matrix, ICA to 15
    components, a logistic unit. The unit is fitted by least squares on logits; with fewer than
    `components` + 1 models there are as many components as models less one.
    """

    def __init__(
        self,
        components: int = 15,
        bounds: tuple[float, float] | None = (0.0, 1.0),
        seed: int = 0,
    ) -> None:
        self.components = components
        self.bounds = bounds
        self.seed = seed

    def fit(self, X: Any, y: Any, groups: Any = None) -> PhyloLMRecipe:
        """Learn components and weights."""
        values, scores, _ = check_training(self, X, y, groups, self.bounds)
        count = min(self.components, len(values) - 1, values.shape[1])
        self.ica_ = FastICA(
            count, random_state=self.seed, max_iter=1000, whiten="unit-variance", tol=1e-3
        )
        with warnings.catch_warnings():
            # What has not converged is still a rotation of the principal components, which is
            # all that a linear unit sees.
            warnings.simplefilter("ignore", ConvergenceWarning)
            parts = self.ica_.fit_transform(values)
        design = np.column_stack([np.ones(len(parts)), parts])
        self.weights_ = np.linalg.lstsq(design, to_link(scores, self.bounds), rcond=None)[0]
        return self

    def predict(self, X: Any) -> Floats:
        """Scores, float64 (m,)."""
        values = checked(self, X)
        parts = self.ica_.transform(values)
        return from_link(self.weights_[0] + parts @ self.weights_[1:], self.bounds)
