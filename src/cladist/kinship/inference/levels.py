"""Levels: what a model has in common with the families of a panel, each of them counting once.

Every model has its own mean and spread of what it shares with strangers, and a pair stands out
only beyond those. Taken over models they are those of the largest family: where kin fill a panel
they raise the mean and widen the spread of each other, and none stands out. Taken over families, a
family of two hundred weighs as one of two. The two makers of a pair take no part in its levels,
with all their families, so a pair that is in question is seen just as the unrelated pairs that it
is compared with.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cladist.kinship.config import SPREADS
from cladist.kinship.evidence.standard import ROWS, Floats, blocks_of

__all__ = ["Groups", "Levels", "Residuals", "Table", "fit_levels"]

Ints = NDArray[np.int64]
Residuals = Callable[[Ints, Ints], Floats]
"""Residuals of pairs of rows, of the shape to which the two broadcast."""

_DIGITS = 9
"""Decimals of a residual: sums over other pairs beside it must not put a pair above itself."""


@dataclass(frozen=True, eq=False)
class Groups:
    """Whose each of n models is, by numbers that are -1 where a model takes no part.

    makers    int64 (n,)
    families  int64 (n,), each of one maker; the makers where nothing finer is known
    """

    makers: Ints
    families: Ints

    @classmethod
    def of(cls, makers: Ints, families: Ints | None = None) -> Groups:
        """Groups of makers, -1 for none, and of families by numbers that several makers may have.

        >>> Groups.of(np.array([0, 0, 1, -1]), np.array([7, 8, 8, 8])).families.tolist()
        [0, 1, 2, -1]
        """
        if families is None:
            return cls(makers, makers)
        known = makers >= 0
        number = np.full(len(makers), -1)
        both = np.stack([makers[known], families[known]], axis=1)
        number[known] = np.unique(both, axis=0, return_inverse=True)[1].ravel()
        return cls(makers, number)

    def __len__(self) -> int:
        return len(self.makers)

    @property
    def sizes(self) -> tuple[Ints, Ints]:
        """The makers, rising, and how many families each has, int64 (f,) each."""
        known = self.makers >= 0
        first = np.unique(self.families[known], return_index=True)[1]
        return np.unique(self.makers[known][first], return_counts=True)

    def makers_of(self, n: int) -> Ints:
        """The makers of n models: -1 for those that came after the panel, int64 (n,)."""
        return np.append(self.makers, np.full(n - len(self.makers), -1))


@dataclass(frozen=True, eq=False)
class Table:
    """What n models have in common with each of f makers.

    makers   int64 (f,), rising
    total    float64 (n, f): sum over the maker's families of the mean residual with their models
    square   float64 (n, s): the same of mean squares, of makers of several models alone; of a
             single model it is the square of the total
    several  int64 (f,): the column of each maker in `square`, -1 for none
    """

    makers: Ints
    total: Floats
    square: Floats
    several: Ints

    def at(self, rows: Ints, wanted: Ints) -> tuple[Floats, Floats]:
        """Totals and squares of each row with one maker, (k,) each; 0 for maker number -1."""
        place, some = np.searchsorted(self.makers, wanted), wanted >= 0
        place[~some] = 0
        total = self.total[rows, place] * some
        square, column = total**2, self.several[place]
        many = some & (column >= 0)
        square[many] = self.square[rows[many], column[many]]
        return total, square


@dataclass(frozen=True, eq=False)
class Levels:
    """Residuals of n models with the families of every maker but their own.

    groups  whose each model is
    total   float64 (n,): sum over families of a model's mean residual with their models
    square  float64 (n,): the same of mean squares
    pooled  mean variance of a model's residuals over families
    """

    groups: Groups
    total: Floats
    square: Floats
    pooled: float

    def standing(
        self, residuals: Residuals, i: Ints, j: Ints, table: Table | None = None
    ) -> Floats:
        """Residuals of k pairs in spreads of either model over families, their mean, (k,).

        Levels of models beyond the n are taken as they are needed. Spreads are shrunk towards
        that of all models, as by `SPREADS.pseudo` families more. What a model has in common with
        the other's maker is looked up in `table` where there is one. O(k + pairs that are looked
        at) time.
        """
        total, square = self._reaching(residuals, int(max(i.max(), j.max())) if len(i) else -1)
        names, size = self.groups.sizes
        families = np.zeros(int(names.max(initial=-1)) + 2, np.int64)  # of each maker; none of -1
        families[names] = size
        maker = self.groups.makers_of(len(total))
        found = residuals(i, j)
        made = np.zeros(len(found))
        for one, other in ((i, j), (j, i)):
            foreign = np.where(maker[one] == maker[other], -1, maker[other])
            theirs, squares = (
                _with_one(residuals, self.groups, one, foreign)
                if table is None
                else table.at(one, foreign)
            )
            count = size.sum() - families[maker[one]] - families[foreign]
            level = (total[one] - theirs) / np.maximum(count, 1)
            scatter = np.maximum(square[one] - squares - count * level**2, 0.0)
            made += (found - level) / np.sqrt(
                (scatter + SPREADS.pseudo * self.pooled) / (count + SPREADS.pseudo)
            )
        return np.round(made / 2, _DIGITS)

    def _reaching(self, residuals: Residuals, last: int) -> tuple[Floats, Floats]:
        """Totals and squares of all models up to number `last`."""
        n = len(self.total)
        if last < n:
            return self.total, self.square
        total, square = _with_all(residuals, self.groups, np.arange(n, last + 1))
        return np.append(self.total, total.sum(1)), np.append(self.square, square.sum(1))


def fit_levels(residuals: Residuals, groups: Groups) -> tuple[Levels, Table]:
    """Levels of all n models of a panel, and what they were taken from.

    O(n^2) time, and up to 8 bytes for every two models.
    """
    known = groups.makers >= 0
    names, size = groups.sizes
    models = np.unique(groups.makers[known], return_counts=True)[1]
    many = np.flatnonzero(models > 1)
    several = np.full(len(names), -1)
    several[many] = np.arange(len(many))
    n = len(groups)
    table = Table(names, np.empty((n, len(names))), np.empty((n, len(many))), several)
    total, square = np.empty(n), np.empty(n)
    for rows in blocks_of(n):
        theirs, squares = _with_all(residuals, groups, np.arange(n)[rows])
        table.total[rows], table.square[rows] = theirs, squares[:, many]
        other = groups.makers[rows, None] != names
        total[rows], square[rows] = (theirs * other).sum(1), (squares * other).sum(1)
    own = np.where(known, size[np.searchsorted(names, groups.makers) * known], 0)
    count = np.maximum(size.sum() - own, 1)
    variance = square / count - (total / count) ** 2
    return Levels(groups, total, square, max(float(variance[known].mean()), 1e-9)), table


def _with_all(residuals: Residuals, groups: Groups, rows: Ints) -> tuple[Floats, Floats]:
    """What k rows have in common with every maker, as `Table` has it, (k, f) each."""
    known = np.flatnonzero(groups.makers >= 0)
    return _summed(residuals, groups, rows, known[np.lexsort(_keys(groups, known))])


def _with_one(
    residuals: Residuals, groups: Groups, rows: Ints, wanted: Ints
) -> tuple[Floats, Floats]:
    """What each row has in common with one maker, (k,) each; 0 for maker number -1."""
    total, square = np.zeros(len(rows)), np.zeros(len(rows))
    some = np.flatnonzero(wanted >= 0)
    models, row = np.unique(rows[some], return_inverse=True)
    names, name = np.unique(wanted[some], return_inverse=True)
    every, size = np.unique(groups.makers[groups.makers >= 0], return_counts=True)
    place = np.searchsorted(every, names)
    if len(models) <= len(names) or len(models) * size.sum() <= size[place][name].sum():
        for block, at in _by_value(row // ROWS):
            first = block * ROWS
            totals, squares = _with_all(residuals, groups, models[first : first + ROWS])
            cell = row[at] - first, place[name[at]]
            total[some[at]], square[some[at]] = totals[cell], squares[cell]
        return total, square
    for k, at in _by_value(name):
        mine, again = np.unique(row[at], return_inverse=True)
        theirs = np.flatnonzero(groups.makers == names[k])
        theirs = theirs[np.argsort(groups.families[theirs], kind="stable")]
        totals, squares = _summed(residuals, groups, models[mine], theirs)
        total[some[at]], square[some[at]] = totals[again, 0], squares[again, 0]
    return total, square


def _keys(groups: Groups, models: Ints) -> tuple[Ints, Ints]:
    return groups.families[models], groups.makers[models]


def _summed(
    residuals: Residuals, groups: Groups, rows: Ints, models: Ints
) -> tuple[Floats, Floats]:
    """What rows have in common with the makers of `models`, which stand by maker and family."""
    family, maker = _keys(groups, models)
    first = np.flatnonzero(np.diff(family, prepend=-2))
    start = np.flatnonzero(np.diff(maker[first], prepend=-2))
    size = np.diff(first, append=len(models))
    found = residuals(rows[:, None], models[None, :])

    def added(values: Floats) -> Floats:
        means = np.add.reduceat(values, first, axis=1) / size
        return np.asarray(np.add.reduceat(means, start, axis=1))

    return added(found), added(found**2)


def _by_value(values: Ints) -> Iterator[tuple[int, Ints]]:
    """Each value of `values`, which are numbers from 0, with the places where it stands."""
    order = np.argsort(values, kind="stable")
    size = np.bincount(values)
    for k in np.flatnonzero(size).tolist():
        end = int(size[: k + 1].sum())
        yield k, order[end - int(size[k]) : end]
