"""Labelled distance matrices, and the plain metrics on DNA vectors."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, overload

import numpy as np
from numpy.typing import NDArray

from cladist.core.dna import DNA, require_one_assay
from cladist.core.optional import needed
from cladist.core.results import Result, html_table, offered, pandas, text_table
from cladist.errors import AssayError, InputError

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from skbio import DistanceMatrix as SkbioMatrix

FloatMatrix = NDArray[np.float64]

SHOWN = 8
"""Models whose distances are shown as text or HTML."""


@dataclass(frozen=True, eq=False, repr=False)
class DistanceMatrix(Result):
    """Symmetric distances between named models, checked once, here.

    Parameters
    ----------
    ids : tuple of str
        n unique names.
    matrix : ndarray of float64, shape (n, n)
        Symmetric, zero diagonal, finite, not negative.
    metric : str
        What the numbers are, in a word.
    assay : str
        Hash of the assay they rest on; '' where there is none.

    Raises
    ------
    InputError
        For names that occur twice, and for numbers that are no distances.

    Examples
    --------
    >>> far = DistanceMatrix(("a", "b", "c"), np.array([[0, 1, 2], [1, 0, 3], [2, 3, 0.0]]))
    >>> far["a", "c"], far[["c", "a"]].ids, far[:2].ids
    (2.0, ('c', 'a'), ('a', 'b'))
    >>> far == far[:3], far == far[:2], len({far, far[:3]})
    (True, False, 1)
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

    def __iter__(self) -> Iterator[str]:
        return iter(self.ids)

    def __contains__(self, name: object) -> bool:
        return name in self.ids

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, DistanceMatrix):
            return NotImplemented
        return self._about() == other._about() and np.array_equal(self.matrix, other.matrix)

    def __hash__(self) -> int:
        # Adding 0.0 makes -0.0 and 0.0, which are equal, the same bytes.
        return hash((*self._about(), (self.matrix + 0.0).tobytes()))

    def _about(self) -> tuple[tuple[str, ...], str, str]:
        return self.ids, self.metric, self.assay

    @overload
    def __getitem__(self, at: tuple[str | int, str | int]) -> float: ...
    @overload
    def __getitem__(self, at: slice | list[str]) -> DistanceMatrix: ...
    @overload
    def __getitem__(self, at: str | int) -> NDArray[np.float64]: ...
    def __getitem__(self, at: Any) -> Any:
        if isinstance(at, slice):
            return self.select(self.ids[at])
        if isinstance(at, list):
            return self.select(at)
        if isinstance(at, tuple):
            first, second = at
            return float(self.matrix[self._row(first), self._row(second)])
        return self.matrix[self._row(at)]

    def _row(self, at: str | int) -> int:
        return self.index(at) if isinstance(at, str) else at

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

    @classmethod
    def from_condensed(
        cls, ids: Sequence[str], condensed: Any, *, metric: str = "distance", assay: str = ""
    ) -> DistanceMatrix:
        """A matrix from its upper triangle by rows, as scipy's `pdist` makes it.

        Raises `InputError` where the numbers do not fit the names.

        Examples
        --------
        >>> DistanceMatrix.from_condensed("abc", [1, 2, 3])["b", "c"]
        3.0
        """
        given, n = np.asarray(condensed, np.float64), len(ids)
        if given.shape != (n * (n - 1) // 2,):
            raise InputError(f"distance matrix: {n} names for a triangle of shape {given.shape}")
        full = np.zeros((n, n))
        full[np.triu_indices(n, 1)] = given
        return cls(tuple(ids), full + full.T, metric, assay)

    @classmethod
    def from_frame(
        cls, frame: pd.DataFrame, *, metric: str = "distance", assay: str = ""
    ) -> DistanceMatrix:
        """A matrix from a square pandas table whose rows and columns bear the same names.

        What `to_frame` says of metric and assay is kept. Raises `InputError` for other tables.

        Examples
        --------
        >>> far = DistanceMatrix.from_condensed("abc", [1, 2, 3], metric="cosine")
        >>> DistanceMatrix.from_frame(far.to_frame()) == far
        True
        """
        rows, columns = [str(x) for x in frame.index], [str(x) for x in frame.columns]
        if sorted(rows) != sorted(columns):
            raise InputError("distance matrix: rows and columns of the table bear other names")
        ordered = frame.set_axis(rows, axis=0).set_axis(columns, axis=1)
        try:
            values = ordered.loc[:, rows].to_numpy(np.float64)
        except (TypeError, ValueError) as problem:
            raise InputError(f"distance matrix: the table has no numbers ({problem})") from problem
        told = frame.attrs
        return cls(tuple(rows), values, told.get("metric", metric), told.get("assay", assay))

    @classmethod
    def from_skbio(
        cls, given: SkbioMatrix, *, metric: str = "distance", assay: str = ""
    ) -> DistanceMatrix:
        """A matrix from one of scikit-bio.

        Examples
        --------
        >>> far = DistanceMatrix.from_condensed("abc", [1, 2, 3])
        >>> DistanceMatrix.from_skbio(far.to_skbio()) == far
        True
        """
        return cls(tuple(given.ids), np.array(given.data, np.float64), metric, assay)

    def to_skbio(self) -> SkbioMatrix:
        """The matrix of scikit-bio with the same names and numbers; `from_skbio` has an example.

        Raises `MissingExtraError` where scikit-bio is not installed.
        """
        with needed("A matrix of scikit-bio", "trees"):
            from skbio import DistanceMatrix as SkbioMatrix
        return SkbioMatrix(self.matrix, self.ids)

    def to_frame(self) -> pd.DataFrame:
        """A square pandas table named by the models; metric and assay are in its `attrs`.

        Raises `MissingExtraError` where pandas is missing.

        Examples
        --------
        >>> DistanceMatrix.from_condensed("abc", [1, 2, 3]).to_frame().loc["a", "b"].item()
        1.0
        """
        made: pd.DataFrame = pandas().DataFrame(self.matrix, self.ids, self.ids)
        made.attrs.update(metric=self.metric, assay=self.assay)
        return made

    def to_dict(self) -> dict[str, Any]:
        """Plain data: names, numbers, metric and assay.

        Examples
        --------
        >>> DistanceMatrix.from_condensed("ab", [1]).to_dict()["matrix"]
        [[0.0, 1.0], [1.0, 0.0]]
        """
        about = {"assay": self.assay, "metric": self.metric, "ids": list(self.ids)}
        return {**about, "matrix": self.matrix.tolist()}

    def rows(self) -> list[dict[str, Any]]:
        """A row a model, of its distances to all.

        Examples
        --------
        >>> DistanceMatrix.from_condensed("ab", [1]).rows()[0]
        {'model': 'a', 'a': 0.0, 'b': 1.0}
        """
        return [
            {"model": name, **dict(zip(self.ids, row, strict=True))}
            for name, row in zip(self.ids, self.matrix.tolist(), strict=True)
        ]

    def plot(self, ax: Axes | None = None, **how: Any) -> Axes:
        """Draw the distances as a grid of colours; `how` goes to matplotlib's `imshow`.

        Examples
        --------
        >>> from matplotlib.figure import Figure
        >>> far = DistanceMatrix.from_condensed("abc", [1, 2, 3])
        >>> far.plot(ax=Figure().add_subplot()).get_title()
        'distance'
        """
        axes: Axes = offered("plot_distances")(self, ax, **how)
        return axes

    def headline(self) -> str:
        """How many models, and by which metric."""
        return f"{len(self)} models, {self.metric}"

    def __str__(self) -> str:
        return text_table(self[:SHOWN].rows()) + self._rest()

    def _repr_html_(self) -> str:
        return html_table(self[:SHOWN].rows(), caption=self.headline()) + self._rest()

    def _rest(self) -> str:
        more = len(self) - SHOWN
        return f"\nand {more} more models; to_frame() has all" if more > 0 else ""


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
