"""Symmetric matrices of which only what lies right of the diagonal is held."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from cladist.kinship.evidence.standard import blocks_of

__all__ = ["Triangle"]

Singles = NDArray[np.float32]


class Triangle:
    """Symmetric float32 (..., n, n) with zero diagonals, in half of their memory.

    Blocks of rows lie in arrays of their own, each from its first row's diagonal on. What stands
    in a block left of the diagonal is never read.

    >>> held = Triangle((), 3)
    >>> held.add((), slice(0, 2), np.array([[9, 1, 2], [9, 9, 3]], np.float32))
    >>> held.rows((), slice(1, 3)).tolist()
    [[1.0, 0.0, 3.0], [2.0, 3.0, 0.0]]
    """

    def __init__(self, kinds: tuple[int, ...], n: int) -> None:
        self._n, self._from = n, 0
        self._held = [
            (rows, np.zeros((*kinds, rows.stop - rows.start, n - rows.start), np.float32))
            for rows in blocks_of(n)
        ]

    @classmethod
    def of(cls, whole: Singles) -> Triangle:
        """The same of matrices (..., n, n), which are read and not copied."""
        made = cls((), 0)
        made._n = whole.shape[-1]
        made._held = [(rows, whole[..., rows, rows.start :]) for rows in blocks_of(made._n)]
        return made

    def __len__(self) -> int:
        return self._n

    def add(self, kind: Any, rows: slice, found: Singles) -> None:
        """Add to a block of rows of the matrices of a kind, (..., b, n - first row).

        Threads may add to different rows at once.
        """
        for own, held in self._held:
            first, last = max(own.start, rows.start), min(own.stop, rows.stop)
            if first < last:
                into = held[kind][..., first - own.start : last - own.start, :]
                part = found[..., first - rows.start : last - rows.start, :]
                into[..., max(rows.start - own.start, 0) :] += part[
                    ..., max(own.start - rows.start, 0) :
                ]

    def add_among(self, kind: Any, models: NDArray[np.int64], found: Singles) -> None:
        """Add to the pairs of the first b of k rising `models` with all of them, (b, k)."""
        some = models[: len(found)]
        for own, held in self._held:
            first, last = np.searchsorted(some, (own.start, own.stop))
            if first < last:
                later = int(np.searchsorted(models, own.start))
                cells = np.ix_(some[first:last] - own.start, models[later:] - own.start)
                held[kind][cells] += found[first:last, later:]

    def rows(self, kind: Any, rows: slice, first: int = 0) -> Singles:
        """A block of rows of one matrix, from column `first` on, which is 0 or their own first:
        (b, n - first). Raises `ValueError` for what was let go."""
        if min(first, rows.start) < self._from:
            raise ValueError(f"what lies before row {self._from} was let go")
        out = np.empty((rows.stop - rows.start, self._n - first), np.float32)
        for own, held in self._held:
            if own.start >= rows.stop:
                break
            block, at = held[kind], own.start
            above = min(own.stop, rows.start)
            if first < above and at < above:
                left = block[: above - at, rows.start - at : rows.stop - at]
                out[:, at:above] = left.T
            start, stop = max(at, rows.start), min(own.stop, rows.stop)
            if start < stop:
                part = block[start - at : stop - at]
                mine, down = slice(start - rows.start, stop - rows.start), stop - rows.start
                right = np.triu(part[:, start - at : stop - at], 1)
                out[mine, start - first : stop - first] = right + right.T
                out[mine, stop - first :] = part[:, stop - at :]
                out[down:, start - first : stop - first] = part[:, stop - at : rows.stop - at].T
        return out

    def whole(self) -> Singles:
        """All of it, float32 (..., n, n)."""
        kinds = self._held[0][1].shape[:-2] if self._held else ()
        out = np.zeros((*kinds, self._n, self._n), np.float32)
        for kind in np.ndindex(kinds):
            out[kind] = self.rows(kind, slice(0, self._n))
        return out

    def forget(self, end: int) -> None:
        """Give back the memory of rows before `end`, of which nothing is asked any more."""
        self._from = max(self._from, end)
        self._held = [(own, held) for own, held in self._held if own.stop > end]
