"""Texts of prompts by their ids: a table with the columns prompt_id and prompt, or a probe set."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from cladist.core.optional import needed
from cladist.errors import InputError
from cladist.formats.responses.json_files import json_lines, read_document
from cladist.formats.responses.problems import Problems

__all__ = ["read_prompts"]

_ID, _TEXT = ("prompt_id", "probe_id", "question_id", "id"), ("prompt", "instruction", "text")


def read_prompts(path: Path) -> dict[str, str]:
    """Prompt texts by id, from Parquet, CSV, JSONL, JSON rows, or a probe set in JSON.

    Raises `InputError` with the place for a file that cannot be read, a missing column, a blank
    text, or an id that stands there with two texts.
    """
    if not path.is_file():
        raise InputError(f"{path}: there is no such file of prompts")
    found: dict[str, str] = {}
    for place, row in _rows(path):
        where = f"{path}, {place}"
        if not isinstance(row, Mapping):
            raise InputError(f"{where}: an object with prompt_id and prompt is expected")
        key, text = _cell(row, _ID, where), _cell(row, _TEXT, where)
        if found.setdefault(key, text) != text:
            raise InputError(f"{where}: prompt '{key[:60]}' stands there with two texts")
    if not found:
        raise InputError(f"{path}: holds no prompt")
    return found


def _rows(path: Path) -> Iterable[tuple[str, Any]]:
    try:
        with path.open("rb") as file:
            head = file.read(4096).removeprefix(b"\xef\xbb\xbf").lstrip()
        if head.startswith(b"PAR1"):
            with needed("Reading Parquet", "arrow"):
                import pyarrow.parquet as pq

            names = [c for c in pq.read_schema(path).names if c in (*_ID, *_TEXT)]
            rows = pq.read_table(path, columns=names).to_pylist()
            return [(f"row {n}", r) for n, r in enumerate(rows, 1)]
        if head.startswith(b"[") or (head.startswith(b"{") and b"probes" in head):
            value = read_document(path)
            rows = value.get("probes", ()) if isinstance(value, dict) else value
            return [(f"item {n}", r) for n, r in enumerate(rows, 1)]
        if head.startswith(b"{"):
            problems = Problems(str(path))
            lines = [(f"line {n}", r) for n, r in json_lines(path, problems)]
            problems.raise_any()
            return lines
        with path.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.DictReader(stream, strict=True)
            return [(f"line {reader.line_num}", r) for r in reader]
    except InputError:
        raise
    except (OSError, ValueError, csv.Error) as problem:  # Arrow's and Unicode's are ValueErrors
        raise InputError(f"{path}: not a readable table of prompts ({problem})") from problem


def _cell(row: Mapping[str, Any], names: tuple[str, ...], where: str) -> str:
    value = next((row[n] for n in names if row.get(n) is not None), None)
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str) or not value.strip():
        raise InputError(f"{where}: needs a {names[0]}; the table has {', '.join(map(str, row))}")
    return value
