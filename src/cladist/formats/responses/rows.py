"""Rows as a reader of JSON gathers them, one answer each."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from cladist.core.optional import needed
from cladist.core.responses import State
from cladist.errors import InputError
from cladist.formats.responses.problems import Problems, RowProblem
from cladist.formats.responses.table import CODE, Columns, Names, shown

with needed("Reading recorded answers", "arrow"):
    import pyarrow as pa

_LONE = re.compile("[\ud800-\udfff]")
_CELLS = ("model", "prompt_id", "prompt", "response", "sample", "state")


class Gathered:
    """Answers so far, with their numbers in the file, and what was wrong with other rows."""

    def __init__(self, path: Path, unit: str, problems: Problems | None = None) -> None:
        self.path = path
        self.unit = unit
        self.problems = problems if problems is not None else Problems(str(path))
        self.numbers: list[int] = []
        self.cells: dict[str, list[str | None]] = {role: [] for role in _CELLS}
        self.references: list[str | None] = []
        self.settings: dict[str, dict[int, str]] = {}
        self.details: dict[int, str] = {}
        self.notes: dict[str, int] = {}

    def add(
        self,
        number: int,
        *,
        detail: str = "",
        reference: str | None = None,
        settings: Mapping[str, Any] | None = None,
        **cells: str | None,
    ) -> None:
        """One answer of row `number`; cells by role, None where the file holds none."""
        self.append(number, cells, detail=detail, reference=reference, settings=settings)

    def append(
        self,
        number: int,
        cells: Mapping[str, str | None],
        *,
        detail: str = "",
        reference: str | None = None,
        settings: Mapping[str, Any] | None = None,
    ) -> None:
        """The same, for cells that are in a mapping already."""
        for name, value in (settings or {}).items():
            text = setting_text(value)
            if text:
                self.settings.setdefault(name, {})[len(self.numbers)] = text
        if detail:
            self.details[len(self.numbers)] = detail
        self.numbers.append(number)
        self.references.append(reference)
        for role, column in self.cells.items():
            column.append(cells.get(role))

    def note(self, text: str) -> None:
        """Something that people should know; said once, with how often it was noted."""
        self.notes[text] = self.notes.get(text, 0) + 1

    @contextmanager
    def row(self, number: int) -> Iterator[None]:
        """What is wrong with this row is noted, and the next one is read."""
        try:
            yield
        except RowProblem as problem:
            self.problems.take(f"{self.unit} {number}", problem)

    def place(self, row: int) -> str:
        """Where in the file an answer stands."""
        return f"{self.unit} {self.numbers[row]}"

    def columns(self, reading: str = "") -> Columns:
        """Everything gathered; `InputError` when that is nothing."""
        if not self.numbers:
            self.problems.raise_any()
            raise InputError(f"{self.path}: no rows; it needs at least one recorded response")

        def names(role: str) -> Names | None:
            column = self.cells[role]
            return None if all(c is None for c in column) else Names.of(map(clean, column))

        samples, states = names("sample"), names("state")
        responses = self.cells["response"]
        known = any(r is not None for r in self.references)
        rows = len(self.numbers)
        return Columns(
            str(self.path),
            self.place,
            names("model") or Names((), np.full(rows, -1, dtype=np.int64)),
            [text_array(responses[i : i + 65536]) for i in range(0, rows, 65536)],
            names("prompt_id"),
            names("prompt"),
            None if samples is None else whole_numbers(samples, self.place, self.problems),
            None if states is None else state_codes(states, self.place, self.problems),
            self.details,
            self.problems,
            reading,
            Names.of(map(clean, self.references)) if known else None,
            {k: Names.of(clean(v.get(i)) for i in range(rows)) for k, v in self.settings.items()},
            [f"{text} ({n:,} times)" if n > 1 else text for text, n in self.notes.items()],
        )


def text_array(texts: Sequence[str | None]) -> Any:
    """An Arrow column; halves of surrogate pairs, which no file can hold, become U+FFFD."""
    try:
        return pa.array(texts, type=pa.large_string())
    except (UnicodeEncodeError, pa.ArrowInvalid):
        return pa.array([clean(t) for t in texts], type=pa.large_string())


def clean(text: str | None) -> str | None:
    """Text without halves of surrogate pairs."""
    return None if text is None else _LONE.sub("\ufffd", text)


def cell(value: Any, role: str) -> str | None:
    """The text of a cell; whole numbers are text where they number something."""
    if value is None or isinstance(value, str):
        return value
    if role in ("prompt_id", "sample") and isinstance(value, int) and not isinstance(value, bool):
        if abs(value) < 2**63:
            return str(value)
        raise RowProblem(f"{role} is a number out of range")
    raise RowProblem(f"{role} must be a string, not {kind_of(value)}")


def kind_of(value: Any) -> str:
    """What a JSON value is, in words."""
    kinds = {dict: "an object", list: "a list", bool: "true or false"}
    return kinds.get(type(value), "a number")


def setting_text(value: Any) -> str:
    """A sampling setting as text, '' for none; objects are listed key by key."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float | str):
        return shown(str(value), 200) if not isinstance(value, int) or abs(value) < 2**63 else ""
    if isinstance(value, dict):
        parts = [f"{shown(str(k), 40)}={setting_text(v)}" for k, v in list(value.items())[:20]]
        return ", ".join(p for p in parts if not p.endswith("="))
    if isinstance(value, list) and all(isinstance(v, str) for v in value):
        return shown(" ".join(value), 200)
    return ""


def whole_numbers(names: Names, place: Callable[[int], str], problems: Problems) -> Any:
    """Sample numbers from text, int64 by row; what is no number 0, 1, 2, ... is a problem."""
    values = np.empty(len(names.values) + 1, dtype=np.int64)
    bad: list[int] = []
    for code, text in enumerate(names.values):
        if text.isascii() and text.isdecimal() and len(text) < 10:
            values[code] = int(text)
            continue
        bad.append(code)
        for row in np.flatnonzero(names.codes == code).tolist():
            problems.add(
                place(row), f"sample '{shown(text)}' is not a number 0, 1, 2, ...", "sample"
            )
    out = values[names.codes]
    missing = names.codes < 0
    for row in np.flatnonzero(missing).tolist():
        problems.add(place(row), "sample is missing")
    # Rows without a number get one of their own, so that they are no second answers as well.
    wrong = missing | np.isin(names.codes, bad)
    out[wrong] = -1 - np.flatnonzero(wrong)
    return out


def state_codes(names: Names, place: Callable[[int], str], problems: Problems) -> Any:
    """State codes from their names, int8 by row; null stands for one that follows from the text."""
    values = np.full(len(names.values) + 1, -1, dtype=np.int8)
    for code, text in enumerate(names.values):
        if text in list(State):
            values[code] = CODE[State(text)]
            continue
        for row in np.flatnonzero(names.codes == code).tolist():
            problems.add(
                place(row), f"state '{shown(text)}' is none of {', '.join(State)}", "state"
            )
    return values[names.codes]
