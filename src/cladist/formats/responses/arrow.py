"""Recorded responses in Parquet, CSV and TSV, by Arrow, reading no more columns than needed."""

from __future__ import annotations

import codecs
import csv
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from cladist.core.optional import needed
from cladist.errors import InputError
from cladist.formats.responses.problems import Problems, RowProblem
from cladist.formats.responses.roles import ColumnReading, known_columns, roles_of
from cladist.formats.responses.rows import state_codes, whole_numbers
from cladist.formats.responses.table import Columns, Names, shown

with needed("Reading recorded answers", "arrow"):
    import pyarrow as pa
    import pyarrow.csv as pacsv
    import pyarrow.parquet as pq

MAX_ROWS = 50_000_000
MAX_ROW_BYTES = 64 << 20


def read_parquet(path: Path, model: str | None, chosen: Mapping[str, str] | None = None) -> Columns:
    """Columns of a Parquet file; text columns stay dictionaries, so repeats cost nothing."""
    with _explained(path, "Parquet"):
        file = pq.ParquetFile(path)
        schema = file.schema_arrow
        if file.metadata.num_rows > MAX_ROWS:
            raise InputError(f"{path}: over {MAX_ROWS:,} rows; split it into several files")
    names = list(schema.names)
    reading = _reading(names, str(path), model, chosen)
    wanted = dict(reading.names)
    for name in wanted.values():
        if names.count(name) > 1:
            raise InputError(f"{path}: column '{shown(name)}' occurs twice")
    problems = Problems(str(path))
    for role, name in wanted.items():
        _check_type(problems, role, name, schema.field(name).type)
    problems.raise_any()
    others = _others(names, reading)
    others = {k: n for k, n in others.items() if _is_plain(schema.field(n).type)}
    coded = [wanted[r] for r in ("model", "prompt_id", "prompt", "response") if r in wanted]
    coded = [n for n in coded if not pa.types.is_integer(schema.field(n).type)]
    with _explained(path, "Parquet"):
        file = pq.ParquetFile(path, read_dictionary=coded)
        table = file.read(columns=sorted({*wanted.values(), *others.values()}), use_threads=False)
        # Arrow trusts the file that its bytes are UTF-8 and its indices in range; we do not.
        table.validate(full=True)
        return _columns(path, table, reading, others, model)


def read_delimited(
    path: Path,
    delimiter: str,
    header: str,
    model: str | None,
    chosen: Mapping[str, str] | None = None,
) -> Columns:
    """Columns of a CSV or TSV file whose first line is `header`."""
    names = split_header(path, header, delimiter)
    reading = _reading(names, f"{path}, line 1", model, chosen)
    wanted = dict(reading.names)
    for name in wanted.values():
        if names.count(name) > 1:
            raise InputError(f"{path}, line 1: column '{shown(name)}' occurs twice")
    others = _others(names, reading)
    included = sorted({*wanted.values(), *others.values()})
    problems = Problems(str(path))

    def uneven(row: Any) -> str:
        place = f"row {row.number - 1}" if row.number else ""
        problems.add(
            place,
            f"{row.actual_columns} cells where the header has {row.expected_columns}",
            "cells",
        )
        return "skip"

    _require_utf8(path)
    with _explained(path, "CSV"):
        table = pacsv.read_csv(
            path,
            read_options=pacsv.ReadOptions(use_threads=False, block_size=MAX_ROW_BYTES),
            parse_options=pacsv.ParseOptions(
                delimiter=delimiter, newlines_in_values=True, invalid_row_handler=uneven
            ),
            convert_options=pacsv.ConvertOptions(
                include_columns=included,
                column_types={n: pa.string() for n in included},
                strings_can_be_null=False,
            ),
        )
        problems.raise_any()
        return _columns(path, table, reading, others, model)


def _reading(
    names: Sequence[str], where: str, model: str | None, chosen: Mapping[str, str] | None
) -> ColumnReading:
    try:
        return roles_of(names, model_known=model is not None, chosen=chosen)
    except RowProblem as problem:
        raise InputError(f"{where}: {problem.text}") from None


def _others(names: Sequence[str], reading: ColumnReading) -> dict[str, str]:
    """Columns beside the roles: settings by name, and the right answers under ''."""
    out = {k: names[i] for k, i in reading.settings.items()}
    if reading.reference is not None:
        out[""] = names[reading.reference]
    return {k: n for k, n in out.items() if names.count(n) == 1}


def split_header(path: Path, header: str, delimiter: str) -> list[str]:
    """Column names of the first line."""
    try:
        return next(csv.reader([header], delimiter=delimiter, strict=True), [])
    except csv.Error as problem:
        raise InputError(f"{path}, line 1: {shown(str(problem))}") from None


@contextmanager
def _explained(path: Path, kind: str) -> Iterator[None]:
    """Arrow's errors as ours."""
    try:
        yield
    except (pa.ArrowException, OSError, MemoryError, OverflowError, UnicodeDecodeError) as problem:
        place = f"{path}: damaged {kind} file"
        raise InputError(f"{place} ({shown(' '.join(str(problem).split()), 160)})") from None


def _require_utf8(path: Path) -> None:
    """Refuse a file with bytes that are no UTF-8, and name the lines. Linear."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    with path.open("rb") as file:
        try:
            for block in iter(lambda: file.read(1 << 20), b""):
                decoder.decode(block)
            decoder.decode(b"", final=True)
            return
        except UnicodeDecodeError:
            pass
    problems = Problems(str(path))
    with path.open("rb") as file:
        for number, line in enumerate(iter(lambda: file.readline(MAX_ROW_BYTES), b""), 1):
            try:
                line.decode("utf-8")
            except UnicodeDecodeError:
                problems.add(f"line {number}", "not UTF-8 text")
    problems.raise_any()


def _is_text(kind: Any) -> bool:
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    return bool(
        pa.types.is_string(kind)
        or pa.types.is_large_string(kind)
        or pa.types.is_string_view(kind)
        or pa.types.is_null(kind)
    )


def _is_plain(kind: Any) -> bool:
    """Whether values of this kind can be shown as text."""
    return _is_text(kind) or bool(
        pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_boolean(kind)
    )


def _check_type(problems: Problems, role: str, name: str, kind: Any) -> None:
    whole = pa.types.is_integer(kind) and role in ("prompt_id", "sample")
    if not (_is_text(kind) or whole):
        expected = "whole numbers or text" if role in ("prompt_id", "sample") else "text"
        problems.add(
            "row 1",
            f"column '{shown(name)}' ({role}) holds {shown(str(kind))}, not {expected}",
        )


def _columns(
    path: Path, table: Any, reading: ColumnReading, others: Mapping[str, str], model: str | None
) -> Columns:
    wanted = reading.names
    problems = Problems(str(path))

    def place(row: int) -> str:
        return f"row {row + 1}"

    def chunks(name: str) -> list[Any]:
        out: list[Any] = [_flat(c) for c in table.column(name).chunks]
        return out

    def names(role: str) -> Names | None:
        return Names.of_arrow(chunks(wanted[role])) if role in wanted else None

    rows = table.num_rows
    named = names("model") or Names((model or "",), np.zeros(rows, dtype=np.int64))
    samples, states = names("sample"), names("state")
    return Columns(
        str(path),
        place,
        named,
        chunks(wanted["response"]),
        names("prompt_id"),
        names("prompt"),
        None if samples is None else whole_numbers(samples, place, problems),
        None if states is None else state_codes(states, place, problems),
        problems=problems,
        reading=reading.said(),
        references=Names.of_arrow(chunks(others[""])) if "" in others else None,
        settings={k: Names.of_arrow(chunks(n)) for k, n in others.items() if k},
    )


def _flat(chunk: Any) -> Any:
    """A string or dictionary-of-strings array."""
    kind = chunk.type
    if pa.types.is_dictionary(kind):
        return chunk
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return chunk
    return chunk.cast(pa.large_string())


def guess_delimiter(path: Path, header: str, extension: str, wanted: Iterable[str] = ()) -> str:
    """Comma, tab or semicolon: the one that makes the most known columns of the header."""
    known = known_columns() | {name.strip().lower() for name in wanted}

    def score(delimiter: str) -> tuple[int, bool]:
        found: Sequence[str] = split_header(path, header, delimiter)
        hits = sum(c.strip().lower() in known for c in found)
        return hits, (delimiter == "\t") == (extension == ".tsv")

    return max(",\t;", key=score)
