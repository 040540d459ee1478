"""What estimators check of their input: by scikit-learn's rules, in errors of cladist."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from cladist.core.optional import needed
from cladist.errors import InputError

with needed("Predicting and routing", "learn"):
    from sklearn.base import BaseEstimator
    from sklearn.exceptions import NotFittedError
    from sklearn.utils.validation import check_is_fitted, validate_data

__all__ = ["AskingEstimator", "FeaturesError", "UnfittedError", "check_training", "checked"]

Floats = NDArray[np.float64]
LEAST = 3
"""Models with scores that something can be learnt from."""


class FeaturesError(InputError, ValueError, TypeError):
    """Features or scores that nothing can be learnt from.

    scikit-learn wants a `ValueError` for some of them and a `TypeError` for others.
    """


class UnfittedError(InputError, NotFittedError):  # type: ignore[misc]
    """A prediction was wanted before anything was learnt."""


class AskingEstimator(BaseEstimator):  # type: ignore[misc]
    """Base of estimators that learn from questions and records and not from an array of features.

    They have scikit-learn's parameters, and its checks do not apply to them: those give every
    estimator a matrix `X`.
    """

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.no_validation = True
        tags.input_tags.two_d_array = False
        tags._skip_test = True
        return tags


def check_training(
    estimator: Any, X: Any, y: Any, groups: Any, bounds: tuple[float, float] | None = None
) -> tuple[Floats, Floats, NDArray[np.str_]]:
    """Checked features (n, d), scores (n,) and families (n,); without `groups` one each.

    The estimator is told how many features there are, and their names where they have any.
    Raises `FeaturesError` for fewer than three models, shapes that do not fit, numbers that are
    not finite, scores beyond the bounds, and scores that are all equal.
    """
    try:
        values, scores = validate_data(
            estimator, X, y, dtype=np.float64, y_numeric=True, multi_output=False
        )
    except (TypeError, ValueError) as problem:
        raise FeaturesError(
            f"features of shape {_shape(X)} and scores of shape {_shape(y)} must be finite "
            f"numbers, a row a model: {problem}"
        ) from problem
    scores = np.asarray(scores, np.float64)
    if len(scores) < LEAST:
        raise FeaturesError(
            f"{len(scores)} models with scores are too few to learn from; take {LEAST} "
            f"(n_samples = {len(scores)})"
        )
    if np.ptp(scores) == 0:
        raise FeaturesError(
            f"all {len(scores)} scores are {scores[0]:g}: there is nothing to predict"
        )
    if bounds is not None and (scores.min() < bounds[0] or scores.max() > bounds[1]):
        raise FeaturesError(
            f"scores from {scores.min():g} to {scores.max():g} are not within the bounds "
            f"{bounds[0]:g} to {bounds[1]:g}"
        )
    names = np.arange(len(scores)) if groups is None else np.asarray(groups)
    if len(names) != len(scores):
        raise FeaturesError(f"{len(names)} families for {len(scores)} models")
    return values, scores, names.astype(np.str_)


def checked(estimator: Any, X: Any) -> Floats:
    """Features (m, d) of models to predict for, of as many columns as were learnt from.

    Raises `UnfittedError` before `fit`, `FeaturesError` for other shapes and for numbers that are
    not finite.
    """
    try:
        check_is_fitted(estimator)
    except NotFittedError as problem:
        name = type(estimator).__name__
        raise UnfittedError(f"this {name} was not fitted; call fit first") from problem
    try:
        values: Floats = validate_data(estimator, X, reset=False, dtype=np.float64)
    except (TypeError, ValueError) as problem:
        raise FeaturesError(
            f"features must be finite numbers in the columns that were learnt from: {problem}"
        ) from problem
    return values


def _shape(given: Any) -> str:
    return str(getattr(given, "shape", "unknown"))
