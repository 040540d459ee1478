"""Predicting a model's benchmark scores from its DNA, its distances, or how it answers.

Kernel ridge regression, which is a Gaussian process's mean, on features in blocks. Each block
becomes a kernel of mean 1 (linear, or a wide bell), so that thousands of words weigh as much as
two numbers; a view is the mean of some blocks' kernels. View and penalty are chosen by leaving
out family after family, and the intervals come from residuals of families left out of that choice
as well.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve

from cladist.apply.behaviour import Block
from cladist.apply.checks import check_training, checked
from cladist.apply.intervals import Interval, IntervalCalibration, calibrate
from cladist.core.optional import needed
from cladist.errors import InputError

with needed("Predicting and routing", "learn"):
    from sklearn.base import BaseEstimator, RegressorMixin

__all__ = ["PENALTIES", "ScorePredictor", "from_link", "to_link"]

Floats = NDArray[np.float64]
PENALTIES = (0.01, 0.03, 0.1, 0.3, 1.0, 3.0)
"""Noise against signal; all kernels have mean 1."""
MARGIN = 0.005
"""Bounded scores are taken this share of the scale away from its ends: logits stay finite."""
WIDE = 8.0
"""Width of the bells of curved blocks, in mean squared distances. 4 and 8 do equally well on
recorded models, 1 is worse."""
LARGE = 300
"""Models above which fewer folds are made."""


def to_link(y: Floats, bounds: tuple[float, float] | None) -> Floats:
    """Logit between bounds, else the scores themselves."""
    if bounds is None:
        return np.asarray(y, np.float64)
    low, high = bounds
    share = np.clip((np.asarray(y) - low) / (high - low), MARGIN, 1 - MARGIN)
    return np.asarray(np.log(share / (1 - share)))


def from_link(z: Any, bounds: tuple[float, float] | None) -> Floats:
    """Inverse of `to_link`; infinities become the bounds."""
    if bounds is None:
        return np.asarray(z, np.float64)
    low, high = bounds
    return np.asarray(low + (high - low) / (1 + np.exp(-np.clip(z, -700, 700))))


@dataclass(frozen=True, eq=False)
class _Part:
    """A block as learnt: where its columns are, how they are scaled, and its training rows.

    width  of the bell over squared distances, 0 for a linear kernel
    mean   mean kernel of each training model with all of them, (n,)
    scale  mean of the centred kernel's diagonal
    """

    columns: slice
    centre: Floats
    spread: Floats
    rows: Floats
    width: float
    mean: Floats
    scale: float

    def kernel(self, values: Floats) -> tuple[Floats, Floats]:
        """Centred, scaled kernel of m models with the training models (m, n), and diagonal."""
        part = (values[:, self.columns] - self.centre) / self.spread
        cross, own = part @ self.rows.T, np.einsum("ij,ij->i", part, part)
        if self.width:
            square = own[:, None] + np.einsum("ij,ij->i", self.rows, self.rows) - 2 * cross
            cross, own = np.exp(-np.maximum(square, 0.0) / self.width), np.ones(len(part))
        row, grand = cross.mean(1), float(self.mean.mean())
        cross = cross - row[:, None] - self.mean + grand
        return cross / self.scale, (own - 2 * row + grand) / self.scale


@dataclass(frozen=True, eq=False)
class _Fit:
    """A fitted kernel machine on one view."""

    view: str
    penalty: float
    parts: tuple[_Part, ...]
    mean: float
    dual: Floats
    factor: Any

    def predict(self, values: Floats) -> tuple[Floats, Floats]:
        """Means and spreads of m models, (m,), on the link scale; spreads up to a factor."""
        cross, own = np.zeros((len(values), len(self.dual))), np.zeros(len(values))
        for part in self.parts:
            more, diagonal = part.kernel(values)
            cross += more / len(self.parts)
            own += diagonal / len(self.parts)
        return self.mean + cross @ self.dual, _spread(cross, own, self.factor, self.penalty)

    def left_out(self, z: Floats) -> Floats:
        """Absolute relative residual of every training model, itself left out, (n,)."""
        inverse = np.diagonal(cho_solve(self.factor, np.eye(len(z))))
        return np.asarray(np.abs(self.dual) / np.sqrt(inverse))


class ScorePredictor(RegressorMixin, BaseEstimator):  # type: ignore[misc]
    """Scores from features of models, with intervals for models of new families.

    blocks     what the columns of X are (`FeatureTable.blocks`); None for one block
    bounds     ends of the scale of the scores, which are then predicted as logits
    penalties  to choose from
    folds      parts that families are dealt into at most; less than half above 300 models

    The same data give the same numbers; there is no randomness.
    """

    def __init__(
        self,
        blocks: Sequence[Block] | None = None,
        bounds: tuple[float, float] | None = None,
        penalties: Sequence[float] = PENALTIES,
        folds: int = 20,
    ) -> None:
        self.blocks = blocks
        self.bounds = bounds
        self.penalties = penalties
        self.folds = folds

    def fit(self, X: Any, y: Any, groups: Any = None) -> ScorePredictor:
        """Learn from features (n, d), scores (n,) and families (n,); see `check_training`.

        Without `groups` every model counts as a family. Sets `view_`, `penalty_`,
        `calibration_`, and `left_out_`, the errors (n,) on families left out, as logits if
        there are bounds. Cost: O(folds^2 n^3).
        """
        values, scores, families = check_training(self, X, y, groups, self.bounds)
        z = to_link(scores, self.bounds)
        views = _views(self.blocks, values.shape[1])
        folds = self._deal(families)
        data = {k: _Data.of(values, blocks) for k, blocks in views.items()}
        everybody = np.ones(len(z), np.bool_)
        view, penalty = self._choose(data, z, folds, everybody)
        self.fit_ = data[view].fit(z, view, penalty)
        self.view_, self.penalty_ = view, penalty
        between, self.left_out_ = np.full(len(z), np.nan), np.full(len(z), np.nan)
        for fold in range(folds.max() + 1 if folds.max() > 0 else 0):
            out = folds == fold
            chosen, noise = self._choose(data, z, folds, ~out)
            kernel = data[chosen].kernel(~out)
            cross = kernel[np.ix_(out, ~out)]
            factor = cho_factor(kernel[np.ix_(~out, ~out)] + noise * np.eye((~out).sum()))
            mean = z[~out].mean()
            guess = mean + cross @ cho_solve(factor, z[~out] - mean)
            spread = _spread(cross, np.diagonal(kernel)[out], factor, noise)
            self.left_out_[out] = z[out] - guess
            between[out] = np.abs(z[out] - guess) / spread
        self.calibration_: IntervalCalibration = calibrate(
            families.tolist(), between, self.fit_.left_out(z)
        )
        return self

    def predict(self, X: Any) -> Floats:
        """Scores of m models from their features (m, d), float64 (m,)."""
        return from_link(self.predict_spread(X)[0], self.bounds)

    def predict_interval(
        self, X: Any, level: float = 0.9, groups: Sequence[str | None] | None = None
    ) -> list[Interval]:
        """An interval a model at a level in (0, 1).

        `groups` names the models' families where they are known; None is a family never seen.
        """
        if not 0 < level < 1:
            raise InputError(f"level {level:g} is not between 0 and 1")
        mean, spread = self.predict_spread(X)
        names = [None] * len(mean) if groups is None else list(groups)
        if len(names) != len(mean):
            raise InputError(f"{len(names)} families for {len(mean)} models")
        out = []
        for m, s, name in zip(mean, spread, names, strict=True):
            radius, basis, reason = self.calibration_.radius(level, name)
            ends = from_link(np.array([m - radius * s, m + radius * s]), self.bounds)
            if math.isinf(radius) and self.bounds is not None:
                ends = np.array(self.bounds)
            out.append(Interval(float(ends[0]), float(ends[1]), basis, reason))
        return out

    def predict_spread(self, X: Any) -> tuple[Floats, Floats]:
        """Predictions and their spreads up to a common factor, (m,); logits if bounded."""
        values = checked(self, X)
        fit: _Fit = self.fit_
        return fit.predict(values)

    def _deal(self, families: NDArray[np.str_]) -> NDArray[np.int64]:
        """Fold of every model, whole families together, large ones alone."""
        if self.folds < 2:
            raise InputError("folds must be at least 2")
        most = self.folds if len(families) <= LARGE else min(self.folds, 8)
        names, inverse, count = np.unique(families, return_inverse=True, return_counts=True)
        fold = np.zeros(len(names), np.int64)
        load = np.zeros(min(most, len(names)))
        for k in np.argsort(-count, kind="stable"):
            fold[k] = int(np.argmin(load))
            load[fold[k]] += count[k]
        return np.asarray(fold[inverse], np.int64)

    def _choose(
        self,
        data: dict[str, _Data],
        z: Floats,
        folds: NDArray[np.int64],
        among: NDArray[np.bool_],
    ) -> tuple[str, float]:
        """View and penalty of the smallest squared error over folds left out of `among`."""
        parts = np.unique(folds[among])
        if len(parts) < 2:  # one family: leave out models
            folds = np.arange(len(z))
            parts = folds[among]
        error = {(v, float(p)): 0.0 for v in data for p in self.penalties}
        if len(error) == 1:
            return next(iter(error))
        for part in parts:
            out, rest = among & (folds == part), among & (folds != part)
            if rest.sum() < 2:
                continue
            mean = z[rest].mean()
            for view, one in data.items():
                kernel = one.kernel(rest)
                roots, vectors = np.linalg.eigh(kernel[np.ix_(rest, rest)])
                turned = vectors.T @ (z[rest] - mean)
                turning = kernel[np.ix_(out, rest)] @ vectors
                for p in self.penalties:
                    guess = mean + turning @ (turned / (np.maximum(roots, 0.0) + p))
                    error[view, float(p)] += float(((guess - z[out]) ** 2).sum())
        return min(error, key=lambda key: error[key])


_Columns = tuple[slice, Block]


def _views(blocks: Sequence[Block] | None, width: int) -> dict[str, list[_Columns]]:
    """Blocks of each view: all, relatives alone, conclusions alone, and all but conclusions."""
    given = tuple(blocks) if blocks is not None else (Block("features", width),)
    if sum(b.width for b in given) != width:
        raise InputError(f"blocks of {sum(b.width for b in given)} columns for features of {width}")
    ends = np.cumsum([b.width for b in given]).tolist()
    every = [(slice(e - b.width, e), b) for e, b in zip(ends, given, strict=True) if b.width]
    views = {
        "all": every,
        "relatives": [p for p in every if p[1].view == "relatives"],
        "conclusions": [p for p in every if p[1].view == "conclusions"],
        "prose": [p for p in every if p[1].view != "conclusions"],
    }
    return {k: v for k, v in views.items() if k == "all" or 0 < len(v) < len(every)}


@dataclass(frozen=True, eq=False)
class _Data:
    """The blocks of one view: columns, means, spreads, scaled rows (n, width), their products."""

    blocks: tuple[tuple[_Columns, Floats, Floats, Floats, Floats], ...]

    @classmethod
    def of(cls, values: Floats, blocks: Sequence[_Columns]) -> _Data:
        """Scale the blocks of one view."""
        made = []
        for columns, block in blocks:
            part = values[:, columns]
            mean = part.mean(0)
            spread = part.std(0) if block.scaled else np.ones(part.shape[1])
            # A column that is constant in training says nothing: it must not explode elsewhere.
            spread = np.where(spread > 1e-9, spread, np.inf)
            rows = (part - mean) / spread
            made.append(((columns, block), mean, spread, rows, rows @ rows.T))
        return cls(tuple(made))

    def kernel(self, rest: NDArray[np.bool_]) -> Floats:
        """Kernel of all n models, centred and scaled on those in `rest`, (n, n)."""
        total = np.zeros((len(rest), len(rest)))
        for (_, block), *_, product in self.blocks:
            plain = _bell(product, rest)[0] if block.curved else product
            row = plain[:, rest].mean(1)
            centred = plain - row[:, None] - row + row[rest].mean()
            total += centred / max(float(np.diagonal(centred)[rest].mean()), 1e-12)
        return np.asarray(total / len(self.blocks))

    def fit(self, z: Floats, view: str, penalty: float) -> _Fit:
        """The machine learnt from all n models."""
        everybody = np.ones(len(z), np.bool_)
        kernel = self.kernel(everybody)
        factor = cho_factor(kernel + penalty * np.eye(len(z)))
        mean = float(z.mean())
        parts = []
        for (columns, block), centre, spread, rows, product in self.blocks:
            plain, width = _bell(product, everybody) if block.curved else (product, 0.0)
            row = plain.mean(1)
            scale = float((np.diagonal(plain) - 2 * row + row.mean()).mean())
            parts.append(_Part(columns, centre, spread, rows, width, row, max(scale, 1e-12)))
        return _Fit(view, penalty, tuple(parts), mean, cho_solve(factor, z - mean), factor)


def _bell(product: Floats, rest: NDArray[np.bool_]) -> tuple[Floats, float]:
    """exp(-squared distance / width) from inner products, with a width for those in `rest`."""
    own = np.diagonal(product)
    square = np.maximum(own[:, None] + own - 2 * product, 0.0)
    width = max(WIDE * float(square[np.ix_(rest, rest)].mean()), 1e-12)
    return np.exp(-square / width), width


def _spread(cross: Floats, own: Floats, factor: Any, penalty: float) -> Floats:
    """Predicted spread up to a common factor, (m,)."""
    explained = np.einsum("ij,ji->i", cross, cho_solve(factor, cross.T))
    return np.asarray(np.sqrt(np.maximum(own - explained, 0.0) + penalty))
