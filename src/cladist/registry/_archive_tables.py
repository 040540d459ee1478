"""Tables of SQLite to Parquet files and back, in pieces of bounded size."""

from __future__ import annotations

import io
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cladist.core.optional import needed
from cladist.errors import InputError

COLUMNS = {"INTEGER": "int64", "TEXT": "string", "BLOB": "binary"}
"""Types of strict tables, as Arrow calls them."""
GROUP_ROWS, GROUP_BYTES = 16_384, 16 << 20
FILE_GROUPS = 32
MAX_GROUP_BYTES = 1 << 30
"""A group of rows that is larger than this, unpacked, is a trap."""
_AT_ONCE = 1024


@dataclass(frozen=True, slots=True)
class Table:
    """A table: its columns with their Arrow types, and those that make its key."""

    name: str
    columns: dict[str, str]
    keys: tuple[str, ...]


def write_parquet(db: sqlite3.Connection, table: Table, folder: Path) -> Iterator[int]:
    """Write a table to TABLE-00000.parquet and so on; yields the rows of each, an empty one too."""
    with needed("Archives", "arrow"):
        import pyarrow as pa
        import pyarrow.parquet as pq

    schema = pa.schema([(c, getattr(pa, t)()) for c, t in table.columns.items()])
    names = ", ".join(table.columns)
    query = f"SELECT {names} FROM {table.name} ORDER BY {', '.join(table.keys)}"  # noqa: S608
    groups = _groups(db.execute(query))
    number, group = 0, next(groups, None)
    while group is not None or number == 0:
        rows = 0
        path = folder / f"{table.name}-{number:05}.parquet"
        with pq.ParquetWriter(
            path, schema, compression="zstd", use_dictionary=False, store_schema=False
        ) as writer:
            for _ in range(FILE_GROUPS):
                if group is None:
                    break
                columns = list(zip(*group, strict=True))
                arrays = [pa.array(c, f.type) for c, f in zip(columns, schema, strict=True)]
                writer.write_table(pa.table(arrays, schema), row_group_size=len(group))
                rows += len(group)
                group = next(groups, None)
        yield rows
        number += 1


def _groups(rows: Iterator[tuple[Any, ...]]) -> Iterator[list[tuple[Any, ...]]]:
    """Rows in groups of bounded number and size."""
    group: list[tuple[Any, ...]] = []
    size = 0
    for row in rows:
        group.append(row)
        size += sum(len(v) for v in row if isinstance(v, str | bytes))
        if len(group) >= GROUP_ROWS or size >= GROUP_BYTES:
            yield group
            group, size = [], 0
    if group:
        yield group


def read_rows(raw: bytes, table: Table, where: str) -> Iterator[list[tuple[Any, ...]]]:
    """The rows of a Parquet file, in lists of some thousands; `InputError` for a bad file.

    Text and bytes come as dictionaries, so that one long value a million times is one long value
    until it is counted; what a group would take unpacked is known before it is unpacked.
    """
    with needed("Archives", "arrow"):
        import pyarrow as pa
        import pyarrow.parquet as pq

    expected = {c: getattr(pa, t)() for c, t in table.columns.items()}
    try:
        packed = [c for c, t in table.columns.items() if t != "int64"]
        file = pq.ParquetFile(io.BytesIO(raw))
        if {f.name: f.type for f in file.schema_arrow} != expected:
            raise InputError(f"{where}: its columns are not those of the table {table.name}")
        file = pq.ParquetFile(io.BytesIO(raw), read_dictionary=packed)
        for number in range(file.metadata.num_row_groups):
            told = file.metadata.row_group(number)
            if told.num_rows > GROUP_ROWS or told.total_byte_size > MAX_GROUP_BYTES:
                raise InputError(f"{where}: a group of rows is larger than any written here")
            read = file.read_row_group(number, columns=list(expected), use_threads=False)
            read.validate(full=True)
            _bounded(read, packed, where)
            for low in range(0, read.num_rows, _AT_ONCE):
                part = read.slice(low, _AT_ONCE)
                columns = [part.column(c).to_pylist() for c in expected]
                yield list(zip(*columns, strict=True))
    except (pa.ArrowException, OSError, MemoryError, ValueError, TypeError) as problem:
        text = " ".join(str(problem).split())
        raise InputError(f"{where}: damaged Parquet file ({text:.160})") from problem


def _bounded(table: Any, packed: list[str], where: str) -> None:
    with needed("Archives", "arrow"):
        import pyarrow.compute as pc

    size = 0
    for name in packed:
        for chunk in table.column(name).chunks:
            lengths = pc.binary_length(chunk.dictionary)
            size += pc.sum(lengths.take(chunk.indices)).as_py() or 0
    if size > MAX_GROUP_BYTES:
        raise InputError(f"{where}: {size:,} bytes in one group of rows; the archive may be a trap")
