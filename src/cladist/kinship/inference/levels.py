"""Levels: what a model has in common with the makers of a panel, each of them counting once.

Every model has its own mean and spread of what it shares with strangers, and a pair stands out
only beyond those. Taken over models they are those of the largest family: where kin fill a panel
they raise the mean and widen the spread of each other, and none stands out. Taken over makers, a
maker of two hundred weighs as one of two. The two makers of a pair take no part in its levels, so
a pair that is in question is seen just as the unrelated pairs that it is compared with.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cladist.kinship.evidence.standard import PSEUDO, ROWS, Floats, blocks_of

__all__ = ["Levels", "Residuals", "Table", "fit_levels"]

Ints = NDArray[np.int64]
Residuals = Callable[[Ints, Ints], Floats]
"""Residuals of pairs of rows, of the shape to which the two broadcast."""

DIGITS = 9
"""Decimals of a residual: sums over other pairs beside it must not put a pair above itself."""


@dataclass(frozen=True, eq=False)
class Table:
    """Means and mean squares of the residuals of n models with each of f makers, float64 (n, f).

    makers  int64 (f,), rising
    """

    makers: Ints
    mean: Floats
    square: Floats

    def at(self, rows: Ints, wanted: Ints) -> tuple[Floats, Floats]:
        """Those of each row with one maker, (k,) each; 0 for maker number -1."""
        place, some = np.searchsorted(self.makers, wanted), wanted >= 0
        place[~some] = 0
        return self.mean[rows, place] * some, self.square[rows, place] * some


@dataclass(frozen=True, eq=False)
class Levels:
    """Residuals of n models with every maker but their own.

    makers  int64 (n,): the maker of each model, -1 where it takes no part
    total   float64 (n,): sum over makers of a model's mean residual with their models
    square  float64 (n,): the same of mean squares
    pooled  mean variance of a model's residuals over makers
    """

    makers: Ints
    total: Floats
    square: Floats
    pooled: float

    def makers_of(self, n: int) -> Ints:
        """The makers of n models: -1 for those that came after the panel, int64 (n,)."""
        return np.append(self.makers, np.full(n - len(self.makers), -1))

    def standing(
        self, residuals: Residuals, i: Ints, j: Ints, table: Table | None = None
    ) -> Floats:
        """Residuals of k pairs in spreads of either model over other makers, their mean, (k,).

        Levels of models beyond the n are taken as they are needed. Spreads are shrunk towards
        that of all models, as by PSEUDO makers more. What a model has in common with the other's
        maker is looked up in `table` where there is one. O(k + pairs that are looked at) time.
        """
        total, square = self._reaching(residuals, int(max(i.max(), j.max())) if len(i) else -1)
        every = len(np.unique(self.makers[self.makers >= 0]))
        maker = self.makers_of(len(total))
        found = residuals(i, j)
        made = np.zeros(len(found))
        for one, other in ((i, j), (j, i)):
            foreign = np.where(maker[one] == maker[other], -1, maker[other])
            mean, squares = (
                _with_one(residuals, self.makers, one, foreign)
                if table is None
                else table.at(one, foreign)
            )
            count = every - (maker[one] >= 0) - (foreign >= 0)
            level = (total[one] - mean) / np.maximum(count, 1)
            scatter = np.maximum(square[one] - squares - count * level**2, 0.0)
            made += (found - level) / np.sqrt((scatter + PSEUDO * self.pooled) / (count + PSEUDO))
        return np.round(made / 2, DIGITS)

    def _reaching(self, residuals: Residuals, last: int) -> tuple[Floats, Floats]:
        """Totals and squares of all models up to number `last`."""
        n = len(self.total)
        if last < n:
            return self.total, self.square
        mean, square = _with_all(residuals, self.makers, np.arange(n, last + 1))
        return np.append(self.total, mean.sum(1)), np.append(self.square, square.sum(1))


def fit_levels(residuals: Residuals, makers: Ints) -> tuple[Levels, Table]:
    """Levels of all n models of a panel, and what they were taken from. O(n^2) time."""
    known = makers >= 0
    names = np.unique(makers[known])
    blocks = [
        _with_all(residuals, makers, np.arange(len(makers))[rows])
        for rows in blocks_of(len(makers))
    ]
    table = Table(names, *(np.concatenate([block[k] for block in blocks]) for k in (0, 1)))
    other = makers[:, None] != names
    total, square = (table.mean * other).sum(1), (table.square * other).sum(1)
    count = np.maximum(other.sum(1), 1)
    variance = square / count - (total / count) ** 2
    return Levels(makers, total, square, max(float(variance[known].mean()), 1e-9)), table


def _with_all(residuals: Residuals, makers: Ints, rows: Ints) -> tuple[Floats, Floats]:
    """Means and mean squares of the residuals of k rows with each maker's models, (k, f) each."""
    known = np.flatnonzero(makers >= 0)
    place = np.unique(makers[known], return_inverse=True)[1]
    size = np.bincount(place)
    order = np.argsort(place, kind="stable")
    found = residuals(rows[:, None], known[order][None, :])
    first = np.cumsum(size) - size
    return (
        np.add.reduceat(found, first, axis=1) / size,
        np.add.reduceat(found**2, first, axis=1) / size,
    )


def _with_one(
    residuals: Residuals, makers: Ints, rows: Ints, wanted: Ints
) -> tuple[Floats, Floats]:
    """Mean and mean square of the residuals of each row with the models of one maker, (k,) each.

    Maker number -1 has no models, and 0 for both.
    """
    mean, square = np.zeros(len(rows)), np.zeros(len(rows))
    some = np.flatnonzero(wanted >= 0)
    models, row = np.unique(rows[some], return_inverse=True)
    names, name = np.unique(wanted[some], return_inverse=True)
    every, size = np.unique(makers[makers >= 0], return_counts=True)
    place = np.searchsorted(every, names)
    if len(models) <= len(names) or len(models) * size.sum() <= size[place][name].sum():
        for block, at in _by_value(row // ROWS):
            first = block * ROWS
            means, squares = _with_all(residuals, makers, models[first : first + ROWS])
            cell = row[at] - first, place[name[at]]
            mean[some[at]], square[some[at]] = means[cell], squares[cell]
        return mean, square
    for k, at in _by_value(name):
        mine, again = np.unique(row[at], return_inverse=True)
        theirs = np.flatnonzero(makers == names[k])
        found = residuals(models[mine][:, None], theirs[None, :])
        mean[some[at]], square[some[at]] = found.mean(1)[again], (found**2).mean(1)[again]
    return mean, square


def _by_value(values: Ints) -> Iterator[tuple[int, Ints]]:
    """Each value of `values`, which are numbers from 0, with the places where it stands."""
    order = np.argsort(values, kind="stable")
    size = np.bincount(values)
    for k in np.flatnonzero(size).tolist():
        end = int(size[: k + 1].sum())
        yield k, order[end - int(size[k]) : end]
