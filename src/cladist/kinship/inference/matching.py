"""Null regression: what is to be expected of unrelated pairs of a given style and tokenizer.

Expectation of a score as a rising, convex function of covariates, fitted over unrelated pairs by
least squares with non-negative slopes. The spread is one number: spreads fitted by style were
largest where kin are, found 10.7% of kin at 1% instead of 16.6% on `rand`, and made nobody safer
(pairs most alike in style are accused at less than the stated rate either way).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from cladist.kinship.config import CALIBRATION
from cladist.kinship.evidence.standard import Floats
from cladist.kinship.inference.unrelated import parts_of

__all__ = ["Matching", "Values", "fit_matching"]

_STRIP = 1 << 13
"""Pairs whose covariates are spread out at a time: as many as a processor has at hand."""


class Values(Protocol):
    """A number a pair, read part by part: an array, or what makes them as they are read."""

    def __len__(self) -> int:
        """How many pairs."""
        ...

    def __getitem__(self, where: slice, /) -> Floats:
        """The numbers of a part."""
        ...


@dataclass(frozen=True, eq=False)
class Matching:
    """Expected score among unrelated pairs of a given style and tokenizer.

    knots         per covariate the places where slopes change
    coefficients  of the expectation: one of each sign for the constant, then slopes >= 0
    scale         mean absolute deviation over all unrelated pairs
    """

    knots: tuple[Floats, ...]
    coefficients: Floats
    scale: float

    def excess(self, score: Floats, covariates: Floats) -> Floats:
        """(score - expected) / scale; `covariates` float64 (c, ...) like `score` (...)."""
        expected = self.expected(covariates.reshape(len(covariates), -1))
        return np.asarray((score - expected.reshape(np.shape(score))) / self.scale)

    def expected(self, covariates: Floats) -> Floats:
        """What is to be expected, (m,), of covariates (c, m)."""
        return _expected(covariates, self.knots, self.coefficients)


def _expected(covariates: Floats, knots: tuple[Floats, ...], coefficients: Floats) -> Floats:
    out = np.empty(covariates.shape[1])
    for part in parts_of(len(out)):
        out[part] = _hinges(covariates[:, part], knots) @ coefficients
    return out


def _width(knots: tuple[Floats, ...]) -> int:
    return 2 + sum(len(places) - 1 for places in knots)


def _hinges(covariates: Floats, knots: tuple[Floats, ...]) -> Floats:
    """What slopes are taken of, (m, `_width`): constants, and each covariate from each knot on."""
    out = np.empty((covariates.shape[1], _width(knots)))
    for first in range(0, len(out), _STRIP):
        strip = out[first : first + _STRIP]
        strip[:, 0], strip[:, 1] = -1.0, 1.0
        column = 2
        for values, places in zip(covariates, knots, strict=True):
            inside = np.clip(values[first : first + _STRIP], places[0], places[-1])
            strip[:, column] = inside
            for k, place in enumerate(places[1:-1], start=column + 1):
                np.maximum(inside - place, 0.0, out=strip[:, k])
            column += len(places) - 1
    return out


def fit_matching(
    score: Values, covariates: Iterable[Values], weight: Values | None = None
) -> Matching:
    """Fit the expectation by least squares with non-negative slopes.

    score (m,), covariates (m,) each, weight (m,), or all the same. More in common never lowers what
    is to be expected, and beyond the last knot nothing is extrapolated. A covariate of two values
    is a step, however rare one of them is. O(m) time, and the memory of one or two numbers a pair.
    """
    explaining = tuple(covariates)
    weight = np.ones(len(score)) if weight is None else weight
    knots = tuple(_knots(_whole(c)) for c in explaining)
    gram, target = _normal(score, explaining, weight, knots)
    root = np.linalg.cholesky(gram + 1e-8 * max(float(np.trace(gram)), 1e-9) * np.eye(len(gram)))
    from scipy.optimize import nnls  # takes a third of a second to import

    coefficients = nnls(root.T, np.linalg.solve(root, target))[0]
    deviation = np.empty(len(score))
    for part in parts_of(len(score)):
        expected = _expected(_beside(explaining, part), knots, coefficients)
        deviation[part] = np.abs(score[part] - expected) * weight[part]
    scale = float(deviation.sum()) / float(_whole(weight, deviation).sum())
    return Matching(knots, coefficients, max(scale, 1e-9))


def _whole(values: Values, out: Floats | None = None) -> Floats:
    """All of them, (m,), in memory that is given or of their own."""
    out = np.empty(len(values)) if out is None else out
    for part in parts_of(len(values)):
        out[part] = values[part]
    return out


def _beside(covariates: Sequence[Values], part: slice) -> Floats:
    return np.stack([c[part] for c in covariates])


def _knots(values: Floats) -> Floats:
    """Where slopes may change; `values` are put in another order."""
    low, high = values.min(), values.max()
    if not ((values != low) & (values != high)).any():
        return np.array([low, high])
    return np.asarray(np.quantile(values, CALIBRATION.knots, overwrite_input=True))


def _normal(
    score: Values, covariates: Sequence[Values], weight: Values, knots: tuple[Floats, ...]
) -> tuple[Floats, Floats]:
    """Matrix and right side of the normal equations."""
    width = _width(knots)
    gram, target = np.zeros((width, width)), np.zeros(width)
    for part in parts_of(len(score)):
        x = _hinges(_beside(covariates, part), knots)
        heavy = x * weight[part][:, None]
        gram += heavy.T @ x
        target += heavy.T @ score[part]
    return gram, target
