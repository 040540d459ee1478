"""The null of unrelated pairs: how much pairs of different makers have in common.

How it is read as p-values is told in `calibration`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cladist.errors import InputError
from cladist.kinship.config import CALIBRATION
from cladist.kinship.evidence.standard import Floats
from cladist.kinship.inference.labels import Labels
from cladist.kinship.inference.levels import Groups, Levels, Residuals, fit_levels
from cladist.kinship.inference.matching import Matching, fit_matching
from cladist.kinship.inference.pairs import COVARIATES, PairEvidence, Rows
from cladist.kinship.inference.unrelated import ReadPairs, Unrelated, parts_of

__all__ = ["Null", "fit_null", "guess_families", "maker_numbers"]

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


def fit_null(pairs: PairEvidence, groups: Groups, half: int | None) -> Null:
    """The null of the pairs of different makers, every cell of two makers weighing the same."""
    members = int((groups.makers >= 0).sum())
    if members < CALIBRATION.models:
        there = "1 model" if members == 1 else f"{members} models"
        raise InputError(f"{there} to calibrate on, {CALIBRATION.models} are needed")
    unrelated = Unrelated.of(groups.makers)
    if not len(unrelated):
        raise InputError("all models to calibrate on are of one maker; two makers are the least")
    score = pairs.scored(half)
    expected = fit_matching(
        ReadPairs(unrelated, lambda i, j: score[i, j]),
        [ReadPairs(unrelated, partial(pairs.covariate, k)) for k in range(COVARIATES)],
        unrelated.weight,
    )
    residuals = _residuals(expected, pairs, half)
    few = slice(None, None, -(-len(unrelated) // _FEW))
    usual = _quantiles(residuals(*unrelated[few]), unrelated.weight[few])
    levels, standing = _standing(residuals, groups, unrelated)
    rank = np.argsort(standing, kind="stable")
    residual = standing[rank]
    del standing  # hundreds of MB, and as many are needed next
    tail = _tail(unrelated.weight, rank)
    return Null(half, expected, residual, tail, unrelated.cells, usual, levels)


def _standing(residuals: Residuals, groups: Groups, unrelated: Unrelated) -> tuple[Levels, Floats]:
    """Levels of a panel, and its unrelated pairs in spreads of these, (m,)."""
    levels, table = fit_levels(residuals, groups)
    found = np.empty(len(unrelated))
    for part in parts_of(len(found)):
        found[part] = levels.standing(residuals, *unrelated[part], table)
    return levels, found


def _tail(weight: ReadPairs, rank: NDArray[np.int64]) -> Floats:
    """The weight of all pairs of a rank and of those above it, (m + 1,)."""
    tail = np.zeros(len(rank) + 1)
    for part in parts_of(len(rank)):
        tail[part] = weight[rank[part]]
    downwards = tail[-2::-1]
    np.cumsum(downwards, out=downwards)
    return tail


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
        return guess_families(pairs.score.stored)
    return np.asarray(np.unique(np.array(labels.makers), return_inverse=True)[1], np.int64)


def guess_families(
    score: NDArray[np.floating[Any]], cut: float = CALIBRATION.cluster
) -> NDArray[np.int64]:
    """Family numbers (n,) by average linkage of scores (n, n), for panels without labels.

    Models merge where the mean score between clusters lies `cut` robust spreads above the median
    pair. A high cut leaves distant kin among the unrelated, which costs power and accuses nobody.
    Of scores only those of pairs (i, j) with i < j are read. The memory of two numbers a pair.
    """
    n = len(score)
    if n < 3:
        return np.arange(n)
    from scipy.cluster.hierarchy import fcluster, linkage  # takes a third of a second to import

    # One array serves all three: a median puts it in another order, so it is filled again.
    values = _above_diagonal(score, np.empty(n * (n - 1) // 2))
    top = float(values.max())
    middle = float(np.median(values, overwrite_input=True))
    np.abs(np.subtract(values, middle, out=values), out=values)
    spread = 1.4826 * float(np.median(values, overwrite_input=True))
    limit = top - (middle + cut * max(spread, 1e-9))
    if limit <= 0:
        return np.arange(n)
    distance = np.subtract(top, _above_diagonal(score, values), out=values)
    tree = linkage(distance, "average")
    return np.asarray(fcluster(tree, limit, "distance") - 1, np.int64)


def _above_diagonal(score: NDArray[np.floating[Any]], out: Floats) -> Floats:
    """Scores of all pairs (i, j) with i < j, row by row, written to `out`."""
    end = 0
    for i in range(len(score) - 1):
        start, end = end, end + len(score) - 1 - i
        out[start:end] = score[i, i + 1 :]
    return out
