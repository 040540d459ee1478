"""Labelled distance matrices, and the plain metrics on DNA vectors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cladist.core.dna import DNA, require_one_assay
from cladist.errors import AssayError, InputError

FloatMatrix = NDArray[np.float64]


@dataclass(frozen=True)
class DistanceMatrix:
    """Symmetric distances between named models, checked once, here.

    ids      n unique names
    matrix   float64 (n, n), symmetric, zero diagonal, finite, not negative
    metric   what the numbers are, in a word
    assay    hash of the assay they rest on ('' where there is none)
    """

    ids: tuple[str, ...]
    matrix: FloatMatrix
    metric: str = "distance"
    assay: str = ""

    def __post_init__(self) -> None:
        n = len(self.ids)
        if len(set(self.ids)) != n:
            twice = sorted({i for i in self.ids if self.ids.count(i) > 1})[:3]
            raise InputError(f"distance matrix: names occur twice: {', '.join(map(repr, twice))}")
        if self.matrix.shape != (n, n):
            raise InputError(f"distance matrix: {n} names for shape {self.matrix.shape}")
        if not np.isfinite(self.matrix).all():
            i, j = np.argwhere(~np.isfinite(self.matrix))[0]
            raise InputError(
                f"distance matrix: no finite distance between '{self.ids[i]}' and '{self.ids[j]}'"
            )
        if n and (np.diagonal(self.matrix) != 0).any():
            raise InputError("distance matrix: the diagonal must be zero")
        if (self.matrix < 0).any():
            raise InputError("distance matrix: distances must not be negative")
        if not np.array_equal(self.matrix, self.matrix.T):
            raise InputError("distance matrix: it is not symmetric")

    def __len__(self) -> int:
        return len(self.ids)

    def index(self, name: str) -> int:
        """Row of `name`; `InputError` when it is not there."""
        try:
            return self.ids.index(name)
        except ValueError:
            raise InputError(f"'{name}' is not among the {len(self.ids)} models compared") from None

    def nearest(self, name: str, count: int = 10) -> list[tuple[str, float]]:
        """The `count` nearest others, nearest first, ties by name order."""
        row = self.matrix[self.index(name)]
        order = [int(i) for i in np.argsort(row, kind="stable") if self.ids[i] != name]
        return [(self.ids[i], float(row[i])) for i in order[:count]]

    def condensed(self) -> NDArray[np.float64]:
        """Upper triangle by rows, n(n-1)/2 numbers."""
        upper = np.triu_indices(len(self.ids), 1)
        return np.asarray(self.matrix[upper], dtype=np.float64)

    def select(self, names: Sequence[str]) -> DistanceMatrix:
        """The sub-matrix of `names`, in their order."""
        rows = [self.index(n) for n in names]
        return DistanceMatrix(
            tuple(names), self.matrix[np.ix_(rows, rows)], self.metric, self.assay
        )


def symmetric(
    ids: Sequence[str], raw: NDArray[Any], metric: str, assay: str = ""
) -> DistanceMatrix:
    """A matrix from numbers that are symmetric up to rounding; tiny negatives become zero."""
    matrix = np.asarray(raw, dtype=np.float64)
    matrix = np.maximum((matrix + matrix.T) / 2, 0.0)
    np.fill_diagonal(matrix, 0.0)
    return DistanceMatrix(tuple(ids), matrix, metric, assay)


def dna_distances(dnas: Sequence[DNA], metric: str = "euclidean") -> DistanceMatrix:
    """All pairs of DNAs of one assay by 'euclidean' or 'cosine' (1 - cosine).

    Cosine is taken between DNAs as they are; centring belongs to a reference panel. Cost:
    O(n^2 L) time, O(n^2) memory.
    """
    assay = require_one_assay(dnas)
    x = np.stack([d.vector for d in dnas]).astype(np.float64)
    if metric == "euclidean":
        square = np.einsum("ij,ij->i", x, x)
        squared = square[:, None] + square[None, :] - 2 * (x @ x.T)
        # Cancellation leaves rounding noise between copies; equal rows are exactly at zero.
        noise = 1e-12 * (square[:, None] + square[None, :])
        raw = np.sqrt(np.where(squared > noise, squared, 0.0))
    elif metric == "cosine":
        norm = np.linalg.norm(x, axis=1, keepdims=True)
        empty = np.flatnonzero(norm[:, 0] == 0)
        if empty.size:
            raise InputError(
                f"the DNA of '{dnas[int(empty[0])].model}' is all zeros: it has no direction "
                "to compare. Leave the model out or extract it again"
            )
        unit = x / norm
        raw = np.clip(1 - unit @ unit.T, 0, 2)
        raw[raw < 1e-12] = 0.0
    else:
        raise AssayError(f"metric '{metric}' is not defined on DNA vectors")
    return symmetric([d.model for d in dnas], raw, metric, assay)
