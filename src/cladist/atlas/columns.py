"""Metadata as columns of one kind each, to colour, sort and filter by."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from cladist.core.dates import year_range
from cladist.errors import InputError
from cladist.formats.tables import read_table
from cladist.known import facts_of
from cladist.registry import ModelRecord

__all__ = [
    "CLUSTER",
    "FAMILY",
    "Column",
    "columns_of",
    "known_columns",
    "read_metadata",
    "shortened",
]

FAMILY = "family"
"""Key of the column of families that somebody names; a column of the metadata that is called so
becomes 'declared family' where labels name them too."""

CLUSTER = "cluster"
"""Key of the column of measured clusters."""

MOST_COLUMNS = 60
MOST_CHARACTERS = 200
_DATE = re.compile(r"(19|20)\d\d(-(0[1-9]|1[0-2])(-(0[1-9]|[12]\d|3[01]))?)?")
_DATED = ("date", "year", "released", "release", "created", "published", "time")

Value = str | float | int | None


@dataclass(frozen=True)
class Column:
    """One thing that is known of every model; None where it is not."""

    key: str
    label: str
    kind: Literal["category", "number", "date"]
    values: tuple[Value, ...]


def read_metadata(path: Path) -> dict[str, dict[str, str]]:
    """Metadata by model of a CSV file: a column `model`, and any others.

    Blank cells are left out. Raises `InputError` for a file that cannot be read, one without
    the column `model`, and a model that stands there twice.
    """
    table = read_table(path, ("model",), every=True)
    out: dict[str, dict[str, str]] = {}
    for line, row in zip(table.lines, table.rows, strict=True):
        name = row["model"]
        if not name:
            continue
        if name in out:
            raise InputError(f"{path}, line {line}: '{name[:60]}' stands there twice")
        out[name] = {key: value for key, value in row.items() if key != "model" and value}
    return out


def known_columns(models: Sequence[ModelRecord]) -> tuple[dict[str, dict[str, str]], list[str]]:
    """Metadata from the facts that are known beforehand, and a remark where there are any."""
    out = {
        name: {
            key: value
            for key, value in (
                ("group", fact.group), ("foundation", fact.foundation), ("maker", fact.maker),
                ("released", fact.released),
            )
            if value
        }
        for name, fact in facts_of(models).items()
    }  # fmt: skip
    if not out:
        return {}, []
    return out, [
        f"no metadata was given: groups, foundations, makers and dates of {len(out)} of "
        f"{len(models)} models are from the facts that ship with cladist and your corrections"
    ]


def columns_of(rows: Sequence[Mapping[str, str]]) -> tuple[list[Column], str]:
    """Columns of n rows of metadata, sorted by key, and what was left out ('' for nothing).

    A column is of numbers or dates when all its entries are; a bare year is a date only under a
    name that says so. Entries are cut at `MOST_CHARACTERS`; beyond `MOST_COLUMNS` columns those
    with the fewest entries are left out.
    """
    filled: dict[str, int] = {}
    for row in rows:
        for key, value in row.items():
            if value.strip():
                filled[key] = filled.get(key, 0) + 1
    ranked = sorted(filled, key=lambda k: (-filled[k], k))
    left = ranked[MOST_COLUMNS:]
    said = f"{len(left)} sparsely filled metadata columns are left out" if left else ""
    columns = []
    for key in sorted(ranked[:MOST_COLUMNS]):
        raw = [row.get(key, "").strip() for row in rows]
        kind = _kind(key, [v for v in raw if v])
        shown = "declared family" if key.casefold() == FAMILY else shortened(key, 60)
        values: list[Value] = [_value(kind, v) for v in raw]
        columns.append(Column(shown.replace(" ", "_"), shown, kind, tuple(values)))
    return columns, said


def _kind(key: str, entries: Sequence[str]) -> Literal["category", "number", "date"]:
    if all(_is_date(v) for v in entries) and (
        any("-" in v for v in entries) or any(word in key.casefold() for word in _DATED)
    ):
        return "date"
    if all(_number(v) is not None for v in entries):
        return "number"
    return "category"


def _is_date(text: str) -> bool:
    if not _DATE.fullmatch(text):
        return False
    try:
        year_range(text)
    except InputError:  # 30 February
        return False
    return True


def _number(text: str) -> float | int | None:
    # Only plain ASCII numbers: float() also reads '1_000', 'nan' and other scripts' digits.
    if not re.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?", text, re.ASCII):
        return None
    value = float(text)
    if not math.isfinite(value):
        return None
    return int(value) if value.is_integer() and abs(value) < 2**53 else value


def _value(kind: str, text: str) -> Value:
    if not text:
        return None
    return _number(text) if kind == "number" else shortened(text, MOST_CHARACTERS)


def shortened(text: str, most: int) -> str:
    """At most `most` characters, the last an ellipsis where something was cut."""
    return text if len(text) <= most else text[: most - 1] + "…"
