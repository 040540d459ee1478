"""Null regression: what is to be expected of unrelated pairs of a given style and tokenizer.

Expectation of a score as a rising, convex function of covariates, fitted over unrelated pairs by
least squares with non-negative slopes. The spread is one number: spreads fitted by style were
largest where kin are, found 10.7% of kin at 1% instead of 16.6% on `rand`, and made nobody safer
(pairs most alike in style are accused at less than the stated rate either way).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cladist.kinship.evidence.standard import Floats

__all__ = ["Matching", "fit_matching"]

KNOTS = (0.02, 0.6, 0.9, 0.99)
"""Quantiles of a covariate between which the expected score is linear."""


@dataclass(frozen=True, eq=False)
class Matching:
    """Expected score among unrelated pairs of a given style and tokenizer.

    knots   per covariate the places where slopes change
    level   coefficients of the expectation: one of each sign for the constant, then slopes >= 0
    scale   mean absolute deviation over all unrelated pairs
    """

    knots: tuple[Floats, ...]
    level: Floats
    scale: float

    def excess(self, score: Floats, covariates: Floats) -> Floats:
        """(score - expected) / scale; `covariates` float64 (c, ...) like `score` (...)."""
        x = _hinges(covariates.reshape(len(covariates), -1), self.knots)
        return np.asarray((score - (x @ self.level).reshape(np.shape(score))) / self.scale)


def _hinges(covariates: Floats, knots: tuple[Floats, ...]) -> Floats:
    columns = [-np.ones(covariates.shape[1]), np.ones(covariates.shape[1])]
    for values, places in zip(covariates, knots, strict=True):
        inside = np.clip(values, places[0], places[-1])
        columns.append(inside)
        columns.extend(np.maximum(inside - k, 0.0) for k in places[1:-1])
    return np.stack(columns, axis=1)


def fit_matching(score: Floats, covariates: Floats, weight: Floats | None = None) -> Matching:
    """Fit the expectation by least squares with non-negative slopes.

    score (m,), covariates (c, m), weight (m,), or all the same. More in common never lowers what
    is to be expected, and beyond the last knot nothing is extrapolated. A covariate of two values
    is a step, however rare one of them is. O(m) time.
    """
    knots = tuple(
        np.quantile(c, KNOTS) if len(np.unique(c)) > 2 else np.array([c.min(), c.max()])
        for c in covariates
    )
    x = _hinges(covariates, knots)
    weight = np.ones(len(score)) if weight is None else weight
    heavy = x * weight[:, None]
    gram = heavy.T @ x
    root = np.linalg.cholesky(gram + 1e-8 * max(float(np.trace(gram)), 1e-9) * np.eye(len(gram)))
    from scipy.optimize import nnls  # takes a third of a second to import

    level = nnls(root.T, np.linalg.solve(root, heavy.T @ score))[0]
    deviation = np.abs(score - x @ level)
    return Matching(knots, level, max(float(np.average(deviation, weights=weight)), 1e-9))
