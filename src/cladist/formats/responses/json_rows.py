"""Recorded responses in JSON rows: objects with the columns of `roles`, one answer each."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cladist.formats.responses.json_files import Rows
from cladist.formats.responses.messages import prompt_of_messages
from cladist.formats.responses.problems import Problems, RowProblem
from cladist.formats.responses.roles import ColumnReading, roles_of
from cladist.formats.responses.rows import Gathered, cell
from cladist.formats.responses.table import Columns, shown

MOST_SHAPES = 1000


def from_rows(
    path: Path,
    rows: Rows,
    model: str | None,
    unit: str,
    *,
    chosen: Mapping[str, str] | None = None,
    problems: Problems | None = None,
) -> Columns:
    """Objects with the columns of `roles`, in any order.

    The first row decides what is what; a row that would be read otherwise is a problem, and so
    are rows that are no objects or lack a column.
    """
    out = Gathered(path, unit, problems)
    known: dict[tuple[str, ...], dict[str, str]] = {}
    first: ColumnReading | None = None
    references: dict[tuple[str, ...], str | None] = {}
    settings: dict[tuple[str, ...], dict[str, str]] = {}
    for number, row in rows:
        with out.row(number):
            if not isinstance(row, dict):
                raise RowProblem("an object with model, prompt_id, response is expected")
            keys = tuple(row)
            if keys not in known:
                reading = roles_of(keys, model_known=model is not None, chosen=chosen)
                if first is None:
                    first = reading
                _require_same(first, reading)
                if len(known) >= MOST_SHAPES:
                    known.clear()
                known[keys] = dict(reading.names)
                references[keys] = None if reading.reference is None else keys[reading.reference]
                settings[keys] = {name: keys[i] for name, i in reading.settings.items()}
            cells = {role: _value(row[key], role) for role, key in known[keys].items()}
            cells.setdefault("model", model)
            reference = references[keys]
            out.append(
                number,
                reference=None if reference is None else _reference(row[reference]),
                settings={name: row[key] for name, key in settings[keys].items()},
                cells=cells,
            )
    return out.columns(first.said() if first else "")


def _require_same(first: ColumnReading, other: ColumnReading) -> None:
    for role, name in other.names.items():
        if first.names.get(role, name).strip().lower() != name.strip().lower():
            raise RowProblem(
                f"the {role} is '{shown(name)}' here and '{shown(first.names[role])}' in the first "
                f"row; say which with --{role.replace('_', '-')}-column",
                f"another {role}",
            )


def _value(value: Any, role: str) -> str | None:
    if role == "prompt" and isinstance(value, list):
        told = prompt_of_messages(value)
        if told is not None:
            return told
    return cell(value, role)


def _reference(value: Any) -> str | None:
    if isinstance(value, str):
        return value
    return str(value) if isinstance(value, int) and abs(value) < 2**63 else None
