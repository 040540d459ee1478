"""The null of unrelated pairs: how much pairs of different makers have in common.

How it is read as p-values is told in `calibration`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cladist.errors import InputError
from cladist.kinship.config import CALIBRATION
from cladist.kinship.evidence.standard import Floats
from cladist.kinship.inference.labels import Labels
from cladist.kinship.inference.levels import Groups, Levels, Residuals, fit_levels
from cladist.kinship.inference.matching import Matching, fit_matching
from cladist.kinship.inference.pairs import PairEvidence, Rows

__all__ = ["Null", "fit_null", "guess_families", "maker_numbers", "pairs_of"]

_PART = 1 << 20
"""Pairs whose residuals are put in spreads together."""

QUANTILES = 1000
"""Quantiles that tell how little unrelated pairs have in common."""

_FEW = 1 << 22
"""Pairs that these are taken of at most, evenly spread."""


@dataclass(frozen=True, eq=False)
class Null:
    """Standardised residuals of unrelated pairs, by the cells of two makers that they are of.

    half      which probes they rest on: None all, 0 the even ones, 1 the odd ones
    expected  what style, tokenizer and reasoning traces explain of a score
    residual  float64 (m,), sorted, in spreads of the two models over families of other makers
    tail      float64 (m + 1,): sum over cells of the share of their pairs from here on
    cells     how many cells
    usual     float64 (QUANTILES,), rising: what style does not explain of unrelated pairs, every
              cell weighing the same, without levels
    levels    what each model has in common with families of other makers
    """

    half: int | None
    expected: Matching
    residual: Floats
    tail: Floats
    cells: int
    usual: Floats
    levels: Levels

    @property
    def makers(self) -> NDArray[np.int64]:
        """The maker of each model of the panel, int64 (n,), -1 where it takes no part."""
        return self.levels.groups.makers

    def unexplained(self, pairs: PairEvidence, a: Rows, b: Rows) -> Floats:
        """What style does not explain of the scores of pairs, in mean deviations of all pairs."""
        numbers = np.arange(len(pairs))
        return _residuals(self.expected, pairs, self.half)(numbers[a], numbers[b])

    def share_below(self, unexplained: Floats) -> Floats:
        """Share of unrelated pairs with no more in common, float64 of the shape given."""
        return np.asarray(np.searchsorted(self.usual, unexplained, side="right") / QUANTILES)

    def excess(self, pairs: PairEvidence, a: Rows, b: Rows) -> Floats:
        """Standardised residuals of pairs of rows, float64 of their shape."""
        numbers = np.arange(len(pairs))
        i, j = np.broadcast_arrays(numbers[a], numbers[b])
        residuals = _residuals(self.expected, pairs, self.half)
        return self.levels.standing(residuals, i.ravel(), j.ravel()).reshape(i.shape)

    def p(self, pairs: PairEvidence, a: NDArray[np.int64], b: NDArray[np.int64]) -> Floats:
        """p-values of k pairs, float64 (k,)."""
        residual = self.excess(pairs, a, b)
        maker = self.levels.groups.makers_of(len(pairs))
        above = self.tail[np.searchsorted(self.residual, residual, side="left")]
        cells = np.full(len(residual), float(self.cells))
        for mine, other in ((a, b), (b, a)):
            for model in np.unique(mine[maker[mine] < 0]):
                at = np.flatnonzero(mine == model)
                more, count = self._joined(pairs, int(model), residual[at], maker[other[at]])
                above[at] += more
                cells[at] += count
        return np.asarray((1.0 + above) / (1.0 + cells))

    def _joined(
        self, pairs: PairEvidence, model: int, residual: Floats, maker: NDArray[np.int64]
    ) -> tuple[Floats, NDArray[np.int64]]:
        """Cells that a model outside the panel makes with all makers but `maker`."""
        known = np.flatnonzero(self.makers >= 0)
        names, number = np.unique(self.makers[known], return_inverse=True)
        own = self.excess(pairs, np.full(len(known), model), known)
        reached = own[None, :] >= residual[:, None]
        size = np.bincount(number)
        share = np.stack([np.bincount(number, row, len(names)) / size for row in reached])
        same = maker[:, None] == names[None, :]
        return np.where(same, 0.0, share).sum(1), len(names) - same.sum(1)


def pairs_of(rows: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Both rows of all pairs of `rows`, each once."""
    a, b = np.triu_indices(len(rows), 1)
    return rows[a], rows[b]


def fit_null(pairs: PairEvidence, groups: Groups, half: int | None) -> Null:
    """The null of the pairs of different makers, every cell of two makers weighing the same."""
    makers = groups.makers
    kept = np.flatnonzero(makers >= 0)
    if len(kept) < CALIBRATION.models:
        raise InputError(f"{len(kept)} models to calibrate on, {CALIBRATION.models} are needed")
    a, b = pairs_of(kept)
    apart = makers[a] != makers[b]
    a, b = a[apart], b[apart]
    if not len(a):
        raise InputError("all models to calibrate on are of one maker; two makers are the least")
    names, code = np.unique(makers, return_inverse=True)
    cell = np.minimum(code[a], code[b]) * len(names) + np.maximum(code[a], code[b])
    size = np.bincount(cell)
    weight, cells = 1.0 / size[cell], int(np.count_nonzero(size))
    del cell, size
    score, covariates = pairs.scored(half)[a, b], pairs.covariates(a, b)
    expected = fit_matching(score, covariates, weight)
    del score, covariates
    residuals = _residuals(expected, pairs, half)
    step = -(-len(a) // _FEW)
    usual = _quantiles(residuals(a[::step], b[::step]), weight[::step])
    levels, table = fit_levels(residuals, groups)
    residual = np.concatenate(
        [
            levels.standing(residuals, a[k : k + _PART], b[k : k + _PART], table)
            for k in range(0, len(a), _PART)
        ]
    )
    rank = np.argsort(residual, kind="stable")
    tail = np.concatenate([np.cumsum(weight[rank][::-1])[::-1], [0.0]])
    return Null(half, expected, residual[rank], tail, cells, usual, levels)


def _quantiles(values: Floats, weight: Floats) -> Floats:
    """QUANTILES values with as much weight between them, float64, rising."""
    rank = np.argsort(values, kind="stable")
    reached = np.cumsum(weight[rank])
    wanted = (np.arange(QUANTILES) + 0.5) / QUANTILES * reached[-1]
    return np.asarray(values[rank[np.searchsorted(reached, wanted)]])


def _residuals(expected: Matching, pairs: PairEvidence, half: int | None) -> Residuals:
    """What style, tokenizer and reasoning traces do not explain of the scores of pairs."""

    def found(a: NDArray[np.int64], b: NDArray[np.int64]) -> Floats:
        return expected.excess(np.asarray(pairs.scored(half)[a, b]), pairs.covariates(a, b))

    return found


def maker_numbers(pairs: PairEvidence, labels: Labels | None) -> NDArray[np.int64]:
    """Whose each model is, as numbers (n,): declared, or guessed from all that is shared."""
    if labels is None:
        return guess_families(pairs.score[:])
    return np.asarray(np.unique(np.array(labels.makers), return_inverse=True)[1], np.int64)


def guess_families(score: Floats, cut: float = CALIBRATION.cluster) -> NDArray[np.int64]:
    """Family numbers (n,) by average linkage of scores (n, n), for panels without labels.

    Models merge where the mean score between clusters lies `cut` robust spreads above the median
    pair. A high cut leaves distant kin among the unrelated, which costs power and accuses nobody.
    """
    n = len(score)
    if n < 3:
        return np.arange(n)
    from scipy.cluster.hierarchy import fcluster, linkage  # takes a third of a second to import

    upper = score[np.triu_indices(n, 1)]
    middle = float(np.median(upper))
    spread = 1.4826 * float(np.median(np.abs(upper - middle)))
    top = float(upper.max())
    distance = top - score
    np.fill_diagonal(distance, 0.0)
    tree = linkage(distance[np.triu_indices(n, 1)], "average")
    limit = top - (middle + cut * max(spread, 1e-9))
    if limit <= 0:
        return np.arange(n)
    return np.asarray(fcluster(tree, limit, "distance") - 1, np.int64)
