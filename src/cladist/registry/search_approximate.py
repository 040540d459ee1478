"""A faster search that may miss some: inverted lists of short codes (faiss), then measured exactly.

Vectors are put into lists round centres and kept as a few bits for every few coordinates
(product quantisation, Jégou et al. 2011, IEEE TPAMI 33:117; André et al. 2015, VLDB 9:288); a
query looks into the nearest sixth of the lists. What it brings up is measured as in an exact
search, so distances are right; what it does not bring up is missed. Between relatives that is
rare, among strangers frequent: docs/scale.md has the figures. Needs the extra `search`.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Collection, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from cladist.core.hashing import file_digest
from cladist.errors import AssayError, MissingExtraError, UsageError
from cladist.registry.search import METRICS, Found, Search
from cladist.registry.search_cache import Rows

__all__ = ["MINIMUM", "ApproximateSearch"]

MINIMUM = 10_000
"""Models below which nothing is to be gained."""

_PROBED = 0.15  # share of the lists looked into
_FEW = 24  # and at least so many
_FINE = 256  # coordinates up to which a code is for two of them; of more vectors for four
_DEPTH = 30  # candidates brought up for each neighbour wanted, and at least ten times as many
_TRAINED = 64  # rows for every list that centres are found on
_GROWTH = 0.25  # share of rows added since from which on it is made anew
_STEP = 65_536


class ApproximateSearch:
    """Nearest neighbours that may miss some, for one metric."""

    def __init__(self, search: Search, metric: str, index: Any, rows: int) -> None:
        self.search = search
        self.metric = metric
        self._index = index
        self._rows = rows
        index.nprobe = max(int(index.nlist * _PROBED), _FEW)

    @classmethod
    def open(cls, search: Search, metric: str = "cosine") -> Self:
        """Open the index of an exact search, made when it is missing, damaged or too old.

        Rows that came since it was made are searched exactly. Raises `MissingExtraError` without
        faiss, `UsageError` below MINIMUM models, `AssayError` for a metric that is none. Making
        it takes minutes for a million models.
        """
        faiss = _faiss()
        if metric not in METRICS:
            raise AssayError(f"a search has no metric '{metric}'; use one of {', '.join(METRICS)}")
        if len(search) < MINIMUM:
            raise UsageError(
                f"{len(search)} models are searched exactly in an instant; an approximate search "
                f"is for {MINIMUM:,} and more"
            )
        rows = search.rows
        path = None if rows.folder is None else rows.folder / f"approximate-{metric}.faiss"
        found = None if path is None else _read(faiss, path, rows)
        if found is None:
            index = _make(faiss, rows, metric)
            if path is not None:
                _write(faiss, path, rows, index)
            found = index, rows.head.rows
        return cls(search, metric, *found)

    @property
    def size(self) -> int:
        """Bytes that the index takes in memory, about."""
        return int(self._index.ntotal * (self._index.code_size + 8))

    def nearest(
        self,
        query: str | Sequence[float] | NDArray[np.floating],
        count: int = 10,
        *,
        without: Collection[str] = (),
    ) -> Found:
        """The nearest of those brought up; as `Search.nearest`, with `exact` False."""
        asked, names = self.search.asked(query, count, self.metric, without)
        rows = self.search.rows
        turned = _turned(asked[None, :], rows, self.metric)
        depth = max(_DEPTH * count, 300)
        _, found = self._index.search(np.ascontiguousarray(turned, np.float32), depth)
        some = np.unique(found[0][found[0] >= 0]).astype(np.int64)
        later = np.arange(self._rows, rows.head.rows)
        candidates = np.union1d(some, later)
        passed = self.search.rows_of(names, candidates)
        answer = self.search.among(candidates, asked, count, self.metric, passed, 1)
        return replace(answer, exact=False)


def _faiss() -> Any:
    try:
        import faiss
    except ImportError as problem:
        raise MissingExtraError("an approximate search", "search") from problem
    return faiss


def _turned(x: NDArray[np.float64], rows: Rows, metric: str) -> NDArray[np.float64]:
    """Vectors whose Euclidean neighbours are those of the metric."""
    if metric == "euclidean":
        return x - rows.centre
    if metric == "centred-cosine":
        x = x - rows.mean
    return np.asarray(x / np.maximum(np.linalg.norm(x, axis=1, keepdims=True), 1e-30))


def _decoded(rows: Rows, some: NDArray[np.int64] | slice, metric: str) -> NDArray[np.float32]:
    codes = rows.columns["codes"][some, : rows.head.dimension].astype(np.float64)
    x = codes * rows.columns["scale"][some].astype(np.float64)[:, None] + rows.centre
    return np.ascontiguousarray(_turned(x, rows, metric), np.float32)


def _make(faiss: Any, rows: Rows, metric: str) -> Any:
    n, dimension = rows.head.rows, rows.head.dimension
    lists = 1 << int(np.log2(max(2 * np.sqrt(n), 64)))
    parts = max(dimension // (2 if dimension <= _FINE else 4), 1)
    parts -= next(k for k in range(parts) if dimension % (parts - k) == 0)
    index = faiss.index_factory(dimension, f"IVF{lists},PQ{parts}x4fs")
    index.cp.seed, index.cp.niter = 1, 10
    chosen = np.random.default_rng(0).choice(n, min(n, lists * _TRAINED), replace=False)
    index.train(_decoded(rows, np.sort(chosen), metric))
    for begin in range(0, n, _STEP):
        index.add(_decoded(rows, slice(begin, min(begin + _STEP, n)), metric))
    return index


def _write(faiss: Any, path: Path, rows: Rows, index: Any) -> None:
    """Written aside and moved; a head names the rows it belongs to, and its hash."""
    aside = path.with_name(f"{path.name}.{secrets.token_hex(6)}")
    try:
        faiss.write_index(index, str(aside))
        head = {
            "build": rows.head.build,
            "rows": rows.head.rows,
            "digest": file_digest(aside),
            "faiss": faiss.__version__,
        }
        aside.replace(path)
        aside.write_text(json.dumps(head), encoding="utf-8")
        aside.replace(path.with_suffix(".json"))
    finally:
        aside.unlink(missing_ok=True)


def _read(faiss: Any, path: Path, rows: Rows) -> tuple[Any, int] | None:
    """The index and how many rows it knows; None unless it is whole and of these very rows."""
    try:
        head = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
        if (
            not isinstance(head, dict)
            or (head.get("build"), head.get("faiss")) != (rows.head.build, faiss.__version__)
            or rows.head.rows > (1 + _GROWTH) * int(head.get("rows", 0))
            or head.get("digest") != file_digest(path)
        ):
            return None
    except (OSError, ValueError):
        return None
    return faiss.read_index(str(path)), int(head["rows"])
