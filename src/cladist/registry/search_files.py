"""Columns of rows in plain files that only grow, with a head that says what of them counts.

    FOLDER/head.json         number of rows, checksums, where the registry's history was, a digest
    FOLDER/NAME.bin          one column, rows one after another, little-endian

All of it derives from the registry and may be deleted at any time. A folder is written aside and
moved into place. Rows are added behind the last one that the head counts, and the head is then
replaced in one step, so that a kill leaves the earlier state, complete. What a lost machine or a
failing disk leaves is found by the checksums when the folder is opened, and made anew.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cladist.core.hashing import canonical_json, digest
from cladist.registry.search_codes import Columns, columns_of

__all__ = ["FORMAT", "Head", "append", "made_aside", "open_columns", "read_head", "write_head"]

FORMAT = 1
"""Version of the layout; others are made anew."""

_SEGMENT = 1 << 16
_HEAD = "head.json"


@dataclass(frozen=True)
class Head:
    """What counts of the files.

    build     random name of this set of rows; row numbers keep their meaning under one name
    assay     hash of the assay
    dimension numbers in a vector
    rows      rows that count, of which `dead` (row numbers) have been replaced or taken out
    built     rows when the files were made
    sequence, token
              the last entry of the registry's `dna_change` that has been seen to
    versions  what made the DNAs: encoder versions, as the registry stores them
    centre    L numbers that codes are relative to
    total     L numbers: the sum of the vectors of all living rows
    sums      checksums of every column, one a segment of 65,536 rows
    """

    build: str
    assay: str
    dimension: int
    rows: int
    built: int
    sequence: int
    token: str
    versions: tuple[str, ...]
    centre: tuple[float, ...]
    total: tuple[float, ...]
    dead: tuple[int, ...] = ()
    sums: Mapping[str, tuple[int, ...]] = field(default_factory=dict)

    @property
    def living(self) -> int:
        """Rows that stand for a model."""
        return self.rows - len(self.dead)


def read_head(folder: Path, assay: str) -> Head | None:
    """The head of a folder; None when it is missing, damaged, of another format or assay."""
    try:
        data = json.loads((folder / _HEAD).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    if not isinstance(data, dict) or data.pop("format", None) != FORMAT:
        return None
    if data.pop("digest", None) != digest(data):
        return None
    head = Head(
        **{
            **data,
            **{k: tuple(data[k]) for k in ("versions", "centre", "total", "dead")},
            "sums": {k: tuple(v) for k, v in data["sums"].items()},
        }
    )
    return head if head.assay == assay else None


def write_head(folder: Path, head: Head) -> None:
    """Replace the head in one step."""
    data: dict[str, Any] = {name: getattr(head, name) for name in Head.__dataclass_fields__}
    data["sums"] = dict(head.sums)
    plain = json.loads(canonical_json(data))
    aside = folder / f"{_HEAD}.{secrets.token_hex(6)}"
    aside.write_text(
        canonical_json({**plain, "format": FORMAT, "digest": digest(plain)}), encoding="utf-8"
    )
    aside.replace(folder / _HEAD)


def open_columns(folder: Path, head: Head, *, check: bool = True) -> dict[str, Any] | None:
    """The columns, memory-mapped; None when a file is missing, too short, or was changed.

    Checking reads everything once, at about the speed of memory.
    """
    found: dict[str, NDArray[Any]] = {}
    for name, (dtype, width) in columns_of(head.dimension).items():
        shape = (head.rows,) if width == 1 else (head.rows, width)
        size = head.rows * width * np.dtype(dtype).itemsize
        path = folder / f"{name}.bin"
        try:
            if path.stat().st_size < size:
                return None
            column = (
                np.memmap(path, dtype=dtype, mode="r", shape=shape)
                if head.rows
                else np.zeros(shape, dtype)
            )
        except (OSError, ValueError):
            return None
        if check and _sums(column) != head.sums.get(name):
            return None
        # A plain view: the class memmap costs time at every operation.
        found[name] = column.view(np.ndarray)
    return found


@contextmanager
def made_aside(folder: Path, dimension: int) -> Iterator[Path]:
    """A folder of empty columns to `append` to, moved to `folder` when its head is written."""
    aside = folder.parent / f".{folder.name}.{secrets.token_hex(6)}"
    aside.mkdir(parents=True)
    try:
        for name in columns_of(dimension):
            (aside / f"{name}.bin").touch()
        yield aside
        _move(aside, folder)
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def _move(aside: Path, folder: Path) -> None:
    """Put a folder in the place of another, which readers that have it open keep."""
    old = folder.parent / f".{folder.name}.{secrets.token_hex(6)}.old"
    for _ in range(10):
        try:
            if folder.exists():
                folder.rename(old)
            aside.rename(folder)
        except OSError:
            # Somebody else put one there between the two steps, or took away the same one.
            continue
        break
    else:
        raise OSError(f"{folder} cannot be replaced")
    shutil.rmtree(old, ignore_errors=True)


def append(folder: Path, head: Head, added: Columns) -> Mapping[str, tuple[int, ...]]:
    """Write rows behind the last one that counts; returns the sums that a new head needs.

    The caller holds the registry's lock for writing, so that nobody else appends.
    """
    sums = dict(head.sums)
    for name, (dtype, width) in columns_of(head.dimension).items():
        rows = np.ascontiguousarray(added[name], dtype=dtype)
        offset = head.rows * width * np.dtype(dtype).itemsize
        with (folder / f"{name}.bin").open("r+b") as file:
            file.seek(offset)
            file.write(rows.tobytes())
            file.flush()
            os.ftruncate(file.fileno(), offset + rows.nbytes)
        sums[name] = _extended(sums.get(name, ()), head.rows, rows)
    return sums


def _words(column: NDArray[Any]) -> NDArray[Any]:
    """The bytes of some rows as the widest unsigned whole numbers that fit a row."""
    size = column.dtype.itemsize * (column.shape[1] if column.ndim > 1 else 1)
    return column.view(np.uint64 if size % 8 == 0 else np.uint32)


def _sum(column: NDArray[Any]) -> int:
    return int(_words(column).sum(dtype=np.uint64)) if len(column) else 0


def _sums(column: NDArray[Any]) -> tuple[int, ...]:
    column = np.ascontiguousarray(column)
    return tuple(_sum(column[i : i + _SEGMENT]) for i in range(0, len(column), _SEGMENT))


def _extended(sums: Sequence[int], rows: int, added: NDArray[Any]) -> tuple[int, ...]:
    """Sums after rows have been added behind row `rows`: they only ever add up."""
    out = list(sums)
    at = 0
    while at < len(added):
        inside = (rows + at) % _SEGMENT
        some = added[at : at + _SEGMENT - inside]
        if inside == 0:
            out.append(_sum(some))
        else:
            out[-1] = (out[-1] + _sum(some)) % (1 << 64)
        at += len(some)
    return tuple(out)
