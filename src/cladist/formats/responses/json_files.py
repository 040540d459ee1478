"""JSON documents and lines of strangers: bounded, and every fault with its place."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from cladist.errors import InputError
from cladist.formats.responses.problems import Problems, RowProblem
from cladist.formats.responses.table import shown

MAX_DOCUMENT = 256 << 20
MAX_LINE = 64 << 20

Rows = Iterable[tuple[int, Any]]


def parse_json(raw: bytes | str, where: str) -> Any:
    """Parse hostile JSON; `InputError` with the place for whatever is wrong with it."""
    try:
        return _parsed(raw)
    except RowProblem as problem:
        raise InputError(f"{where}: {problem.text}") from None


def _parsed(raw: bytes | str) -> Any:
    try:
        return json.loads(raw if isinstance(raw, str) else raw.decode("utf-8-sig"))
    except UnicodeDecodeError as problem:
        raise RowProblem(f"not UTF-8 text (byte {problem.start})", "not UTF-8") from None
    except json.JSONDecodeError as problem:
        place = f"line {problem.lineno}, column {problem.colno}"
        raise RowProblem(f"not valid JSON: {problem.msg} ({place})", "not JSON") from None
    except RecursionError:
        raise RowProblem("JSON nested too deeply") from None
    except ValueError as problem:  # a whole number of thousands of digits
        raise RowProblem(f"not usable JSON: {shown(str(problem), 120)}", "unusable") from None


def read_document(path: Path) -> Any:
    """One whole JSON document of bounded size."""
    if path.stat().st_size > MAX_DOCUMENT:
        raise InputError(
            f"{path}: a JSON document over {MAX_DOCUMENT >> 20} MiB; write JSONL or Parquet"
        )
    return parse_json(path.read_bytes(), str(path))


def json_lines(path: Path, problems: Problems) -> Iterator[tuple[int, Any]]:
    """(line number, value) of every line that is not blank; lines that are no JSON are noted."""
    with path.open("rb") as file:
        for number, line in enumerate(iter(lambda: file.readline(MAX_LINE + 1), b""), 1):
            if len(line) > MAX_LINE:
                raise InputError(f"{path}, line {number}: longer than {MAX_LINE >> 20} MiB")
            if not line.strip(b" \t\r\n\xef\xbb\xbf"):
                continue
            try:
                value = _parsed(line)
            except RowProblem as problem:
                problems.take(f"line {number}", problem)
                continue
            yield number, value


def neighbour(path: Path, name: str) -> Any:
    """What the JSON document `name` beside `path` holds, None where there is no readable one."""
    other = path.parent / name
    try:
        if other.is_file() and other.stat().st_size <= MAX_DOCUMENT:
            return _parsed(other.read_bytes())
    except (OSError, RowProblem):
        return None
    return None
