"""The rows that a search scans: made from the registry's DNAs, kept beside it, kept up to date."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cladist.core.assay import Assay
from cladist.errors import RegistryError
from cladist.registry import search_files as files
from cladist.registry.connection import marks
from cladist.registry.search_codes import columns_of, encode
from cladist.registry.search_files import Head
from cladist.registry.store import Registry

__all__ = ["Rows", "assay_number", "open_rows"]

Report = Callable[[str, int, int], None]

_BATCH = 8192
_SAMPLE = 16_384  # models that the centre is the mean of, spread evenly
_SMALL = 20_000  # rows up to which everything is made anew when a DNA was replaced
_DEAD = 0.02  # share of replaced rows from which on everything is made anew
_GROWTH = 4  # so many times larger than when made, the centre is taken anew


@dataclass(frozen=True)
class Rows:
    """The state of a search at one moment.

    folder   where it is kept; None when nothing can be written there, and it is in memory
    """

    head: Head
    columns: dict[str, Any]
    folder: Path | None

    @property
    def centre(self) -> NDArray[np.float64]:
        """What the codes are relative to, float64 (L,)."""
        return np.array(self.head.centre)

    @property
    def mean(self) -> NDArray[np.float64]:
        """Mean of the vectors of all living rows, float64 (L,)."""
        return np.array(self.head.total) / max(self.head.living, 1)


@dataclass(frozen=True)
class _Batch:
    """Some DNAs as the registry has them."""

    models: NDArray[np.int64]
    vectors: NDArray[np.float32]
    encoders: list[str]
    marks: NDArray[np.uint64]


def assay_number(registry: Registry, assay: Assay) -> int:
    """Row number of an assay; `RegistryError` when the registry does not know it."""
    row = registry._one("SELECT id FROM assay WHERE digest = ?", (assay.digest,))
    if row is None:
        raise RegistryError(f"{registry.folder} knows no assay {assay.short}")
    return int(row[0])


def open_rows(
    registry: Registry, assay: Assay, known: Rows | None = None, report: Report | None = None
) -> Rows:
    """All DNAs of an assay as rows: from the cache, brought up to date, or made anew.

    `known` is an earlier state in this process, of which nothing is checked again. Cost when
    the cache is there: reading it once; a change costs a lookup of the DNAs that changed; made
    anew, about 20 microseconds a model and 128 numbers.
    """
    number = assay_number(registry, assay)
    folder = registry.folder / "search" / assay.digest[:16]
    for _ in range(3):
        rows = _read(registry, assay, folder, known)
        if rows is not None:
            try:
                rows = _up_to_date(registry, number, rows)
            except OSError:
                rows = None
        if rows is not None:
            return rows
        known = None
        try:
            _make(registry, assay, number, folder, report)
        except OSError:
            return _in_memory(registry, assay, number, report)
    # Others keep changing it faster than it can be read.
    return _in_memory(registry, assay, number, report)


def _read(registry: Registry, assay: Assay, folder: Path, known: Rows | None) -> Rows | None:
    if known is not None and known.folder is None:
        return known if _history(registry, known.head) == [] else None
    head = files.read_head(folder, assay.digest)
    if head is None or not _same_history(registry, head):
        return None
    if known is not None and known.head.build == head.build:
        if known.head == head:
            return known
        columns = files.open_columns(folder, head, check=False)
    else:
        columns = files.open_columns(folder, head)
    return None if columns is None else Rows(head, columns, folder)


def _same_history(registry: Registry, head: Head) -> bool:
    """Whether the registry has lived through what the head has seen."""
    if head.sequence == 0:
        return True
    row = registry._one("SELECT token FROM dna_change WHERE seq = ?", (head.sequence,))
    return row is not None and bytes(row[0]).hex() == head.token


def _history(registry: Registry, head: Head) -> list[tuple[int, int, int, bytes]]:
    """(sequence, assay, model, token) of what happened since, oldest first, at most a batch."""
    return registry._all(
        "SELECT seq, assay_id, model_id, token FROM dna_change WHERE seq > ? ORDER BY seq LIMIT ?",
        (head.sequence, _BATCH),
    )


def _up_to_date(registry: Registry, number: int, rows: Rows) -> Rows | None:
    """The rows with what happened since; None when they are better made anew."""
    if rows.folder is None:
        return rows
    while _history(registry, rows.head):
        # The registry's own lock keeps others from appending at the same time.
        with registry.transaction(sync=False):
            head = files.read_head(rows.folder, rows.head.assay)
            if head is None or head.build != rows.head.build:
                return None
            if head != rows.head:
                columns = files.open_columns(rows.folder, head, check=False)
                if columns is None:
                    return None
                rows = Rows(head, columns, rows.folder)
            changed = _with(registry, number, rows, _history(registry, head))
        if changed is None:
            return None
        rows = changed
    return rows


def _with(
    registry: Registry, number: int, rows: Rows, history: list[tuple[int, int, int, bytes]]
) -> Rows | None:
    """The rows after some changes; the caller holds the lock."""
    head, folder = rows.head, rows.folder
    if not history or folder is None:
        return rows
    ids = sorted({model for _, assay, model, _ in history if assay == number})
    head = replace(head, sequence=history[-1][0], token=bytes(history[-1][3]).hex())
    if ids:
        batch = _dnas(registry, number, ids)
        if batch is not None and batch.vectors.shape[1] != head.dimension:
            return None
        place = np.flatnonzero(np.isin(rows.columns["model"], np.array(ids)))
        place = place[~np.isin(place, np.array(head.dead, np.int64))]
        batch, gone = _really_changed(rows, batch, place)
        if len(gone) and (head.rows <= _SMALL or len(head.dead) + len(gone) > _DEAD * head.rows):
            return None
        total = np.array(head.total)
        for k in gone:
            # The vector itself has been overwritten: what its codes say is near enough, as it
            # is one in tens of thousands.
            codes = rows.columns["codes"][k, : head.dimension].astype(np.float64)
            total -= codes * float(rows.columns["scale"][k]) + rows.centre
        head = replace(head, dead=(*head.dead, *gone.tolist()), total=tuple(total.tolist()))
        if batch is not None:
            head = _appended(folder, head, batch)
            if head.rows > _GROWTH * max(head.built, _BATCH):
                return None
    files.write_head(folder, head)
    columns = files.open_columns(folder, head, check=False)
    return None if columns is None else Rows(head, columns, folder)


def _really_changed(
    rows: Rows, batch: _Batch | None, place: NDArray[np.int64]
) -> tuple[_Batch | None, NDArray[np.int64]]:
    """What has to be added, and the rows that are no longer true."""
    if batch is None:
        return None, place
    versions = {text: k for k, text in enumerate(rows.head.versions)}
    now = {
        int(m): (int(d), versions.get(e, -1))
        for m, d, e in zip(batch.models, batch.marks, batch.encoders, strict=True)
    }
    same = np.array(
        [
            now.get(int(rows.columns["model"][k]))
            == (int(rows.columns["mark"][k]), int(rows.columns["version"][k]))
            for k in place
        ],
        dtype=np.bool_,
    )
    kept = ~np.isin(batch.models, rows.columns["model"][place[same]])
    fresh = _Batch(
        batch.models[kept],
        batch.vectors[kept],
        [e for e, k in zip(batch.encoders, kept, strict=True) if k],
        batch.marks[kept],
    )
    return (fresh if len(fresh.models) else None), place[~same]


def _appended(folder: Path, head: Head, batch: _Batch) -> Head:
    """The head after a batch was written behind the last row; the head itself is not written."""
    versions = list(head.versions)
    for text in batch.encoders:
        if text not in versions:
            versions.append(text)
    columns = _encoded(batch, versions, np.array(head.centre))
    total = np.array(head.total) + batch.vectors.sum(axis=0, dtype=np.float64)
    return replace(
        head,
        sums=files.append(folder, head, columns),
        rows=head.rows + len(batch.models),
        versions=tuple(versions),
        total=tuple(total.tolist()),
    )


def _encoded(
    batch: _Batch, versions: list[str], centre: NDArray[np.float64]
) -> dict[str, NDArray[Any]]:
    number = {text: k for k, text in enumerate(versions)}
    return {
        "model": batch.models,
        "mark": batch.marks,
        "version": np.array([number[e] for e in batch.encoders], np.uint32),
        **encode(batch.vectors, centre),
    }


def _make(
    registry: Registry, assay: Assay, number: int, folder: Path, report: Report | None
) -> None:
    """Make the cache from the registry as it is at one moment."""
    with registry.snapshot():
        head = _first_head(registry, assay, number)
        total = _count(registry, number)
        with files.made_aside(folder, head.dimension) as aside:
            for batch in _all_dnas(registry, number, head.dimension):
                head = _appended(aside, head, batch)
                if report is not None:
                    report("preparing the search", head.rows, total)
            files.write_head(aside, replace(head, built=head.rows))


def _in_memory(registry: Registry, assay: Assay, number: int, report: Report | None) -> Rows:
    """The same without a folder that can be written."""
    with registry.snapshot():
        head = _first_head(registry, assay, number)
        count = _count(registry, number)
        centre, total, versions = np.array(head.centre), np.zeros(head.dimension), list[str]()
        columns = {
            name: np.zeros((count,) if width == 1 else (count, width), dtype)
            for name, (dtype, width) in columns_of(head.dimension).items()
        }
        at = 0
        for batch in _all_dnas(registry, number, head.dimension):
            versions += [e for e in dict.fromkeys(batch.encoders) if e not in versions]
            for name, values in _encoded(batch, versions, centre).items():
                columns[name][at : at + len(values)] = values
            total += batch.vectors.sum(axis=0, dtype=np.float64)
            at += len(batch.models)
            if report is not None:
                report("preparing the search", at, count)
    head = replace(
        head, rows=count, built=count, total=tuple(total.tolist()), versions=tuple(versions)
    )
    return Rows(head, columns, None)


def _first_head(registry: Registry, assay: Assay, number: int) -> Head:
    last = registry._one("SELECT seq, token FROM dna_change ORDER BY seq DESC LIMIT 1")
    step = max(_count(registry, number) // _SAMPLE, 1)
    sample = registry._all(
        "SELECT vector FROM dna WHERE assay_id = ? AND model_id % ? = 0", (number, step)
    ) or registry._all("SELECT vector FROM dna WHERE assay_id = ? LIMIT 1", (number,))
    dimension = assay.method.projection.dimension
    centre = np.zeros(dimension)
    if sample:
        dimension = len(sample[0][0]) // 4
        centre = _vectors([v for (v,) in sample], dimension).mean(axis=0, dtype=np.float64)
    return Head(
        secrets.token_hex(8),
        assay.digest,
        dimension,
        0,
        0,
        int(last[0]) if last else 0,
        bytes(last[1]).hex() if last else "",
        (),
        tuple(centre.tolist()),
        (0.0,) * dimension,
    )


def _count(registry: Registry, number: int) -> int:
    row = registry._one("SELECT count(*) FROM dna WHERE assay_id = ?", (number,))
    return int(row[0]) if row else 0


_FIELDS = "SELECT model_id, vector, encoders, digest FROM dna WHERE assay_id = ?"


def _all_dnas(registry: Registry, number: int, dimension: int) -> Iterator[_Batch]:
    last = -1
    while rows := registry._all(
        f"{_FIELDS} AND model_id > ? ORDER BY model_id LIMIT ?", (number, last, _BATCH)
    ):
        last = int(rows[-1][0])
        yield _batch(rows, dimension)


def _dnas(registry: Registry, number: int, ids: list[int]) -> _Batch | None:
    rows = registry._all(f"{_FIELDS} AND model_id IN ({marks(ids)})", (number, *ids))
    return _batch(rows, len(rows[0][1]) // 4) if rows else None


def _batch(rows: list[tuple[Any, ...]], dimension: int) -> _Batch:
    models, vectors, encoders, digests = zip(*rows, strict=True)
    start = "".join(d[:16] for d in digests)
    return _Batch(
        np.array(models, np.int64),
        _vectors(vectors, dimension),
        list(encoders),
        np.frombuffer(bytes.fromhex(start), "<u8"),
    )


def _vectors(raw: Any, dimension: int) -> NDArray[np.float32]:
    if any(len(v) != 4 * dimension for v in raw):
        raise RegistryError(
            f"DNAs of one assay have other lengths than {dimension}; run 'cladist registry "
            "verify', and make them again"
        )
    return np.frombuffer(b"".join(raw), "<f4").reshape(-1, dimension).astype(np.float32)
