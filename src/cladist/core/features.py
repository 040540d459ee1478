"""Features: what an encoder makes of texts, one row a text, dense or sparse."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cladist.errors import InputError

FloatArray = NDArray[np.float32]


@dataclass(frozen=True)
class DenseFeatures:
    """One vector a row: `values` float32 of shape (n, d). NaN and infinity are refused."""

    values: FloatArray

    def __post_init__(self) -> None:
        if self.values.ndim != 2:
            raise InputError(f"dense features need two axes, got shape {self.values.shape}")
        bad = np.flatnonzero(~np.isfinite(self.values).all(axis=1))
        if bad.size:
            raise InputError(
                f"the encoder returned NaN or infinity for {bad.size} of {len(self.values)} "
                f"texts (first: row {bad[0]}); use float32 or another encoder"
            )

    def __len__(self) -> int:
        return len(self.values)

    def mean_by(self, group: NDArray[np.int64], count: int) -> DenseFeatures:
        """Mean of the rows of each group, shape (count, d); zeros for a group without rows."""
        if (group[1:] > group[:-1]).all():
            placed = np.zeros((count, self.values.shape[1]), dtype=np.float32)
            placed[group] = self.values
            return DenseFeatures(placed)
        total = np.zeros((count, self.values.shape[1]), dtype=np.float64)
        np.add.at(total, group, self.values)
        size = np.maximum(np.bincount(group, minlength=count), 1)
        return DenseFeatures((total / size[:, None]).astype(np.float32))


@dataclass(frozen=True)
class SparseFeatures:
    """Rows of (key, value) pairs in compressed form.

    Row i holds keys[indptr[i]:indptr[i+1]] (uint64, any 64-bit number; no dictionary is kept)
    with values of the same length (float32).
    """

    indptr: NDArray[np.int64]
    keys: NDArray[np.uint64]
    values: FloatArray

    def __post_init__(self) -> None:
        if len(self.keys) != len(self.values) or int(self.indptr[-1]) != len(self.keys):
            raise InputError("sparse features: indptr, keys and values do not fit together")
        if not np.isfinite(self.values).all():
            raise InputError("the encoder returned NaN or infinity; use another encoder")

    def __len__(self) -> int:
        return len(self.indptr) - 1

    def rows(self) -> NDArray[np.int64]:
        """Row number of every stored pair."""
        return np.repeat(np.arange(len(self), dtype=np.int64), np.diff(self.indptr))

    def mean_by(self, group: NDArray[np.int64], count: int) -> SparseFeatures:
        """Mean of the rows of each group; pairs of a group that share a key are added up.

        Keys come out in rising order within a row, except where every group has one row at
        most, which keeps the pairs as they are. O(pairs log pairs).
        """
        size = np.bincount(group, minlength=count)
        if (group[1:] > group[:-1]).all():
            indptr = np.zeros(count + 1, dtype=np.int64)
            pairs = np.zeros(count, dtype=np.int64)
            pairs[group] = np.diff(self.indptr)
            np.cumsum(pairs, out=indptr[1:])
            return SparseFeatures(indptr, self.keys, self.values)
        owner = group[self.rows()]
        values = self.values.astype(np.float64) / size[owner]
        # Two stable sorts; the second is a radix sort where the groups fit in 16 bits.
        order = np.argsort(self.keys, kind="stable")
        small = owner.astype(np.uint16) if count <= 1 << 16 else owner
        order = order[np.argsort(small[order], kind="stable")]
        owner, keys, values = owner[order], self.keys[order], values[order]
        fresh = np.ones(len(keys), dtype=np.bool_)
        fresh[1:] = (owner[1:] != owner[:-1]) | (keys[1:] != keys[:-1])
        start = np.flatnonzero(fresh)
        summed = np.add.reduceat(values, start) if len(start) else values
        indptr = np.zeros(count + 1, dtype=np.int64)
        np.cumsum(np.bincount(owner[start], minlength=count), out=indptr[1:])
        return SparseFeatures(indptr, keys[start], summed.astype(np.float32))


Features = DenseFeatures | SparseFeatures
