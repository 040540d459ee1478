"""The models nearest to one by their DNA, exactly, among a million.

A scan of 8-bit codes bounds the distance of every model (`search_codes`); the few whose bounds
reach the k-th nearest are read from the registry and measured in double precision. So the answer
is that of comparing with every model, and never an approximation. For those who want one there
is `search_approximate`, which says so.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from cladist.core.assay import Assay
from cladist.errors import AssayError, InputError, NotComparableError, UsageError
from cladist.registry import search_cache
from cladist.registry.connection import marks
from cladist.registry.search_cache import Report, Rows
from cladist.registry.search_codes import survivors
from cladist.registry.store import Registry

__all__ = ["METRICS", "Found", "Neighbour", "Search"]

METRICS = ("euclidean", "cosine", "centred-cosine")
"""The first two as `core.distances.dna_distances` has them; the third is the cosine of the
differences from the mean of all DNAs of the assay, which keeps hubs from being everybody's
neighbours."""

_AT_ONCE = 5000
_NAMED = 8  # rows passed over up to which each is sought by itself

Doubles = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A model and how far it is."""

    model: str
    distance: float


@dataclass(frozen=True, slots=True)
class Found:
    """What a search came to.

    neighbours  nearest first; equal distances in order of arrival
    compared    models that were compared with
    measured    of these, how many were measured in full; the bounds ruled out the others
    left_out    models without a direction, which no cosine is defined for
    exact       False when models may have been missed
    """

    neighbours: tuple[Neighbour, ...]
    compared: int
    measured: int
    left_out: int
    exact: bool = True


class Search:
    """Nearest neighbours among all DNAs of one assay in one registry."""

    def __init__(self, registry: Registry, assay: Assay, rows: Rows) -> None:
        self.registry = registry
        self.assay = assay
        self.rows = rows
        self._number = search_cache.assay_number(registry, assay)
        self._refuse_mixtures()

    @classmethod
    def open(cls, registry: Registry, assay: Assay, report: Report | None = None) -> Self:
        """Open the search of an assay, from its cache beside the registry where that is valid.

        The cache follows the registry: what was added, replaced or removed since is seen to.
        Raises `NotComparableError` when other versions of an encoder made some of the DNAs, and
        `RegistryError` for an assay that is not there.
        """
        return cls(registry, assay, search_cache.open_rows(registry, assay, None, report))

    def refresh(self) -> None:
        """See to what changed since; a few microseconds when nothing did."""
        self.rows = search_cache.open_rows(self.registry, self.assay, self.rows)
        self._refuse_mixtures()

    def __len__(self) -> int:
        return self.rows.head.living

    def nearest(
        self,
        query: str | Sequence[float] | NDArray[np.floating],
        count: int = 10,
        metric: str = "euclidean",
        *,
        without: Collection[str] = (),
        threads: int = 0,
    ) -> Found:
        """The `count` models nearest to a model (by name; itself left out) or to a vector (L,).

        `metric` is one of METRICS. Models in `without` are passed over. Cost: n L products of a
        byte and a float, and reading the models that the bounds leave: some tens of 1,000,000.
        Raises `UsageError` for a name without a DNA, `InputError` for a vector of another length
        or without a direction under a cosine, `AssayError` for another metric.
        """
        asked, names = self.asked(query, count, metric, without)
        return self.among(None, asked, count, metric, self.rows_of(names), threads)

    def asked(
        self,
        query: str | Sequence[float] | NDArray[np.floating],
        count: int,
        metric: str,
        without: Collection[str],
    ) -> tuple[Doubles, set[str]]:
        """The vector of a query, checked, and the models to pass over; raises as `nearest`."""
        if metric not in METRICS:
            raise AssayError(f"a search has no metric '{metric}'; use one of {', '.join(METRICS)}")
        if count < 1:
            raise UsageError(f"a search needs a count of at least 1, not {count}")
        asked, names = self.vector(query), set(without)
        if isinstance(query, str):
            names.add(query)
        mean = self._mean(metric)
        if metric != "euclidean" and not (asked if mean is None else asked - mean).any():
            who = f"of '{query}'" if isinstance(query, str) else "searched for"
            raise InputError(
                f"the DNA {who} has no direction to compare by {metric}; use --metric euclidean"
            )
        return asked, names

    def among(
        self,
        some: NDArray[np.int64] | None,
        asked: Doubles,
        count: int,
        metric: str,
        passed: NDArray[np.int64],
        threads: int = 0,
    ) -> Found:
        """The nearest among some rows (None for all) other than those `passed` over, exactly."""
        columns = self.rows.columns
        if some is not None:
            columns = {name: column[some] for name, column in columns.items()}
            passed = np.flatnonzero(np.isin(some, passed))
        plain = "euclidean" if metric == "euclidean" else "cosine"
        mean = self._mean(metric)
        rows, compared, left_out = survivors(
            columns, asked, self.rows.centre, plain, mean, count, passed, threads
        )
        nearest = self.measure(columns["model"][rows], asked, metric)[:count]
        return Found(nearest, compared, len(rows), left_out)

    def vector(self, query: str | Sequence[float] | NDArray[np.floating]) -> Doubles:
        """The vector of a query, float64 (L,)."""
        if isinstance(query, str):
            return self.registry.dnas(self.assay, [query])[0].vector.astype(np.float64)
        asked = np.asarray(query, dtype=np.float64)
        if asked.shape != (self.rows.head.dimension,) or not np.isfinite(asked).all():
            raise InputError(
                f"a search of {self.assay.short} takes {self.rows.head.dimension} finite numbers"
            )
        return asked

    def measure(
        self, models: NDArray[np.int64], asked: Doubles, metric: str
    ) -> tuple[Neighbour, ...]:
        """Distances of models (row numbers of the registry) in double precision, nearest first.

        As `core.distances.dna_distances` measures. Models that are gone, or without a direction
        under a cosine, are left out.
        """
        mean = self._mean(metric)
        shift = np.zeros(len(asked)) if mean is None else mean
        q = asked - shift
        own = float(q @ q)
        measured: list[tuple[float, int, str]] = []
        for start in range(0, len(models), _AT_ONCE):
            ids = models[start : start + _AT_ONCE].tolist()
            rows = self.registry._all(
                "SELECT d.model_id, m.name, d.vector FROM dna d "  # noqa: S608
                "JOIN model m ON m.id = d.model_id "
                f"WHERE d.assay_id = ? AND d.model_id IN ({marks(ids)})",
                (self._number, *ids),
            )
            x = np.frombuffer(b"".join(r[2] for r in rows), "<f4").reshape(len(rows), len(q))
            wide = x.astype(np.float64) - shift
            square = np.einsum("ij,ij->i", wide, wide)
            kept = np.ones(len(rows), np.bool_)
            if metric == "euclidean":
                squared = square + own - 2 * (wide @ q)
                far = np.sqrt(np.where(squared > 1e-12 * (square + own), squared, 0.0))
            else:
                kept = square > 0
                unit = np.sqrt(np.where(kept, square, 1.0) * own)
                far = np.clip(1 - wide @ q / unit, 0, 2)
                far[far < 1e-12] = 0.0
            measured += [
                (d, r[0], r[1])
                for d, r, k in zip(far.tolist(), rows, kept.tolist(), strict=True)
                if k
            ]
        measured.sort()
        return tuple(Neighbour(name, d) for d, _, name in measured)

    def _mean(self, metric: str) -> Doubles | None:
        return self.rows.mean if metric == "centred-cosine" else None

    def rows_of(
        self, names: Collection[str], some: NDArray[np.int64] | None = None
    ) -> NDArray[np.int64]:
        """Rows that are no candidates: those of `names`, and those that stand for nobody.

        With `some` of those of `names` only rows that are among these.
        """
        dead = np.unique(np.array(self.rows.head.dead, np.int64))
        if not names:
            return dead
        ids = np.array([m.id for m in self.registry.models_named(names).values()], np.int64)
        model = self.rows.columns["model"]
        if some is not None:
            found = some[np.isin(model[some], ids)]
        elif len(ids) <= _NAMED:  # a comparison each is faster than one look-up of all
            found = np.flatnonzero(np.any([model == i for i in ids.tolist()], axis=0))
        else:
            found = np.flatnonzero(np.isin(model, ids))
        return np.union1d(dead, found)

    def _refuse_mixtures(self) -> None:
        head = self.rows.head
        if len(head.versions) < 2:
            return
        living = np.ones(head.rows, np.bool_)
        living[list(head.dead)] = False
        found, first = np.unique(self.rows.columns["version"][living], return_index=True)
        if len(found) < 2:
            return
        ids = self.rows.columns["model"][living][first[:2]].tolist()
        query = f"SELECT id, name FROM model WHERE id IN ({marks(ids)})"  # noqa: S608
        names = dict(self.registry._all(query, ids))
        one, two = (", ".join(_listed(head.versions[int(k)])) for k in found[:2])
        raise NotComparableError(
            f"the DNA of '{names.get(ids[0])}' was encoded by {one}, that of "
            f"'{names.get(ids[1])}' by {two}; run the command that made the older one again"
        )


def _listed(encoders: str) -> list[str]:
    import json

    return [str(e) for e in json.loads(encoders)]
