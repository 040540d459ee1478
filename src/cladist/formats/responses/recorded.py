"""Read recorded responses from any of the layouts that people have them in.

Parquet, CSV, TSV, JSONL and JSON with the columns of `roles`; responses.json of
llm-dna; model_outputs.json of AlpacaEval; samples_*.jsonl of lm-eval; logs of inspect (.json,
.eval). What a file is follows from its content, not from its name.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

from cladist.errors import InputError
from cladist.formats.responses.arrow import guess_delimiter, read_delimited, read_parquet
from cladist.formats.responses.inspect_log import from_archive, from_inspect
from cladist.formats.responses.json_rows import (
    MAX_LINE,
    from_llm_dna,
    from_lm_eval,
    from_rows,
    json_lines,
    parse_json,
    read_document,
)
from cladist.formats.responses.table import Columns, RecordedTable, build

__all__ = ["RecordedTable", "read_recorded"]

HEAD = 1 << 16


def read_recorded(path: str | Path, *, model: str | None = None) -> RecordedTable:
    """Read a file of recorded responses.

    `model` names the model where the file does not; where it does, it picks that model.

    A null response means that none was recorded (state error), an empty string that the model
    said nothing (state empty). A prompt without an id gets 'p-' and the first 12 hex digits of
    the SHA-256 of its text. Several answers of a model to a prompt need a column `sample`.

    Raises `InputError` with the place in the file for everything that is wrong with it. Cost:
    linear; Parquet with 80,000 rows of 1,000 characters takes well under a second.
    """
    path = Path(path)
    try:
        columns = _columns(path, model)
    except OSError as problem:
        raise InputError(f"cannot read {path}: {problem.strerror or problem}") from None
    return build(columns, model)


def _columns(path: Path, model: str | None) -> Columns:
    if path.is_dir():
        raise InputError(f"{path} is a folder; name the file with the responses")
    if not path.exists():
        raise InputError(f"{path} does not exist")
    if not path.is_file():
        raise InputError(f"{path} is not a regular file")
    with path.open("rb") as file:
        head = file.read(HEAD)
    if head.startswith(b"PAR1"):
        return read_parquet(path, model)
    if head.startswith(b"PK"):
        return from_archive(path, model)
    if head.startswith((b"\x1f\x8b", b"\x28\xb5\x2f\xfd", b"BZh", b"\xfd7zXZ")):
        raise InputError(f"{path} is compressed; unpack it first")
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise InputError(f"{path} is UTF-16 text; save it as UTF-8")
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip(b" \t\r\n")
    if not text:
        raise InputError(f"{path} is empty")
    if text.startswith(b"{"):
        return _objects(path, model)
    if text.startswith(b"["):
        return _list(path, model)
    return _delimited(path, head, model)


def _objects(path: Path, model: str | None) -> Columns:
    """One JSON object, or one a line."""
    with path.open("rb") as file:
        line = file.readline(MAX_LINE)
        while line and not line.strip(b" \t\r\n\xef\xbb\xbf"):
            line = file.readline(MAX_LINE)
        more = any(part.strip() for part in iter(lambda: file.readline(HEAD), b""))
    first = _parsed(line, path) if more else None
    if first is None:
        return _document(path, read_document(path), model)
    rows = json_lines(path)
    if isinstance(first, dict) and {"doc_id", "resps"} <= first.keys():
        return from_lm_eval(path, rows, model)
    return from_rows(path, rows, model, "line")


def _parsed(line: bytes, path: Path) -> object:
    """The first line, None where it is no JSON by itself and the document spans several."""
    try:
        return cast("object", parse_json(line, str(path)))
    except InputError:
        return None


def _document(path: Path, value: dict[str, Any], model: str | None) -> Columns:
    if "items" in value:
        return from_llm_dna(path, value, model)
    if "eval" in value and ("samples" in value or "plan" in value or "status" in value):
        return from_inspect(path, value, model)
    if {"doc_id", "resps"} <= value.keys():
        return from_lm_eval(path, [(1, value)], model)
    return from_rows(path, [(1, value)], model, "line")


def _list(path: Path, model: str | None) -> Columns:
    value = read_document(path)
    if value and all(v is None or isinstance(v, str) for v in value):
        return from_llm_dna(path, value, model)
    if value and isinstance(value[0], dict) and {"doc_id", "resps"} <= value[0].keys():
        return from_lm_eval(path, enumerate(value, 1), model)
    return from_rows(path, enumerate(value, 1), model, "item")


def _delimited(path: Path, head: bytes, model: str | None) -> Columns:
    if b"\0" in head:
        line = head[: head.index(b"\0")].count(b"\n") + 1
        raise InputError(f"{path}, line {line}: NUL byte; this is no text file")
    first = head.removeprefix(b"\xef\xbb\xbf").splitlines()[0]
    if len(first) >= HEAD - 3:
        raise InputError(f"{path}, line 1: no header of column names within {HEAD >> 10} KiB")
    try:
        header = first.decode("utf-8")
    except UnicodeDecodeError:
        raise InputError(f"{path}, line 1: not UTF-8 text, and no format known here") from None
    delimiter = guess_delimiter(path, header, path.suffix.lower())
    return read_delimited(path, delimiter, header, model)
