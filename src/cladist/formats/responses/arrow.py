"""Recorded responses in Parquet, CSV and TSV, by Arrow, reading no more columns than needed."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq
from numpy.typing import NDArray

from cladist.core.responses import State
from cladist.errors import InputError
from cladist.formats.responses.roles import ROLES, roles_of
from cladist.formats.responses.table import CODE, Columns, Names, shown

MAX_ROWS = 50_000_000
MAX_ROW_BYTES = 64 << 20


def read_parquet(path: Path, model: str | None) -> Columns:
    """Columns of a Parquet file; text columns stay dictionaries, so repeats cost nothing."""
    with _explained(path, "Parquet"):
        file = pq.ParquetFile(path)
        schema = file.schema_arrow
        if file.metadata.num_rows > MAX_ROWS:
            raise InputError(f"{path}: over {MAX_ROWS:,} rows; split it into several files")
    roles = roles_of(schema.names, str(path), model_known=model is not None)
    wanted = {role: schema.names[place] for role, place in roles.items()}
    for role, name in wanted.items():
        if schema.names.count(name) > 1:
            raise InputError(f"{path}: column '{shown(name)}' occurs twice")
        _check_type(path, role, name, schema.field(name).type)
    coded = [wanted[r] for r in ("model", "prompt_id", "prompt", "response") if r in wanted]
    coded = [n for n in coded if not pa.types.is_integer(schema.field(n).type)]
    with _explained(path, "Parquet"):
        file = pq.ParquetFile(path, read_dictionary=coded)
        table = file.read(columns=sorted(set(wanted.values())), use_threads=False)
        # Arrow trusts the file that its bytes are UTF-8 and its indices in range; we do not.
        table.validate(full=True)
        return _columns(path, table, wanted, model)


def read_delimited(path: Path, delimiter: str, header: str, model: str | None) -> Columns:
    """Columns of a CSV or TSV file whose first line is `header`."""
    names = split_header(path, header, delimiter)
    roles = roles_of(names, str(path), model_known=model is not None)
    wanted = {role: names[place] for role, place in roles.items()}
    for name in wanted.values():
        if names.count(name) > 1:
            raise InputError(f"{path}, line 1: column '{shown(name)}' occurs twice")
    with _explained(path, "CSV"):
        table = pacsv.read_csv(
            path,
            read_options=pacsv.ReadOptions(use_threads=False, block_size=MAX_ROW_BYTES),
            parse_options=pacsv.ParseOptions(delimiter=delimiter, newlines_in_values=True),
            convert_options=pacsv.ConvertOptions(
                include_columns=sorted(set(wanted.values())),
                column_types={n: pa.string() for n in wanted.values()},
                strings_can_be_null=False,
            ),
        )
        return _columns(path, table, wanted, model)


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
        line = _bad_line(path) if kind == "CSV" else None
        place = f"{path}, line {line}: not UTF-8 text" if line else f"{path}: damaged {kind} file"
        raise InputError(f"{place} ({shown(' '.join(str(problem).split()), 160)})") from None


def _bad_line(path: Path) -> int | None:
    """The first line that is not UTF-8."""
    with path.open("rb") as file:
        for number, line in enumerate(iter(lambda: file.readline(MAX_ROW_BYTES), b""), 1):
            try:
                line.decode("utf-8")
            except UnicodeDecodeError:
                return number
    return None


def _is_text(kind: Any) -> bool:
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    return bool(
        pa.types.is_string(kind)
        or pa.types.is_large_string(kind)
        or pa.types.is_string_view(kind)
        or pa.types.is_null(kind)
    )


def _check_type(path: Path, role: str, name: str, kind: Any) -> None:
    whole = pa.types.is_integer(kind) and role in ("prompt_id", "sample")
    if not (_is_text(kind) or whole):
        expected = "whole numbers or text" if role in ("prompt_id", "sample") else "text"
        raise InputError(
            f"{path}, row 1: column '{shown(name)}' ({role}) holds {shown(str(kind))}, "
            f"not {expected}"
        )


def _columns(path: Path, table: Any, wanted: dict[str, str], model: str | None) -> Columns:
    def where(row: int) -> str:
        return f"{path}, row {row + 1}"

    def chunks(role: str) -> list[Any]:
        out: list[Any] = [_flat(c) for c in table.column(wanted[role]).chunks]
        return out

    def names(role: str) -> Names | None:
        return Names.of_arrow(chunks(role)) if role in wanted else None

    rows = table.num_rows
    if "model" in wanted:
        named = Names.of_arrow(chunks("model"))
    else:
        named = Names((model or "",), np.zeros(rows, dtype=np.int64))
    sample = whole_numbers(names("sample"), where) if "sample" in wanted else None
    state = state_codes(names("state"), where) if "state" in wanted else None
    return Columns(
        str(path), where, named, chunks("response"), names("prompt_id"), names("prompt"),
        sample, state,
    )  # fmt: skip


def _flat(chunk: Any) -> Any:
    """A string or dictionary-of-strings array."""
    kind = chunk.type
    if pa.types.is_dictionary(kind):
        return chunk
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return chunk
    return chunk.cast(pa.large_string())


def whole_numbers(names: Names | None, where: Any) -> NDArray[np.int64]:
    """Sample numbers from text; `InputError` names the first row that holds none."""
    assert names is not None
    values = np.empty(len(names.values), dtype=np.int64)
    for code, text in enumerate(names.values):
        if not (text.isascii() and text.isdecimal() and len(text) < 10):
            row = int(np.argmax(names.codes == code))
            raise InputError(f"{where(row)}: sample '{shown(text)}' is not a number 0, 1, 2, ...")
        values[code] = int(text)
    return _spread(names, values, where, "sample")


def state_codes(names: Names | None, where: Any) -> NDArray[np.int8]:
    """State codes from their names; null stands for one that follows from the text."""
    assert names is not None
    values = np.empty(len(names.values) + 1, dtype=np.int8)
    values[-1] = -1
    for code, text in enumerate(names.values):
        if text not in list(State):
            row = int(np.argmax(names.codes == code))
            raise InputError(f"{where(row)}: state '{shown(text)}' is none of {', '.join(State)}")
        values[code] = CODE[State(text)]
    return values[names.codes]


def _spread(names: Names, values: NDArray[np.int64], where: Any, what: str) -> NDArray[np.int64]:
    missing = np.flatnonzero(names.codes < 0)
    if missing.size:
        raise InputError(f"{where(int(missing[0]))}: {what} is missing")
    return values[names.codes] if len(values) else np.zeros(0, dtype=np.int64)


def guess_delimiter(path: Path, header: str, extension: str) -> str:
    """Comma, tab or semicolon: the one that makes the most known columns of the header."""
    known = {name for names in ROLES.values() for name in names}

    def score(delimiter: str) -> tuple[int, bool]:
        found: Sequence[str] = split_header(path, header, delimiter)
        hits = sum(c.strip().lower() in known for c in found)
        return hits, (delimiter == "\t") == (extension == ".tsv")

    return max(",\t;", key=score)
