"""Tables of people: the one reader of every small CSV file that tells things of models.

Leaderboards and lists come as spreadsheets write them: with commas, semicolons, tabs or bars, a
mark of byte order, a column that only numbers the rows, headers in any case, '-' or 'N/A' where
nothing is known, '71.3%', '1,234' and '71,3'. Only the columns that are asked for are looked at,
so what stands in the others never matters.
"""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from cladist.errors import InputError
from cladist.formats.cells import unguarded

__all__ = ["BLANK", "Table", "as_number", "is_number", "numbers", "read_table"]

BLANK = frozenset(
    ["", "-", "--", "—", "–", "n/a", "na", "#n/a", "nan", "null", "none", "?", "n.a.", "tbd"]
)
"""Entries that say nothing, in lower case."""

LARGEST = 256 << 20
_DELIMITERS = (",", ";", "\t", "|")
_INDEX = re.compile(r"|unnamed: ?\d+|index|#", re.IGNORECASE)
_RULE = re.compile(r"|:?-+:?")
"""A cell of the line that Markdown draws below a header."""
_PLAIN = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,3})?", re.ASCII)
_GROUPED = re.compile(r"[+-]?\d{1,3}(?:,\d{3})+(?:\.\d+)?", re.ASCII)
_SPACED = re.compile(r"[+-]?\d{1,3}(?:[ '\u00a0\u2009\u202f]\d{3})+(?:[.,]\d+)?", re.ASCII)
_DECIMAL_COMMA = re.compile(r"[+-]?(?:\d+|\d{1,3}(?:\.\d{3})+),\d+", re.ASCII)
SHOWN = 3


@dataclass(frozen=True)
class Table:
    """Rows of a file with the columns asked for.

    source     the file
    columns    their names as the file writes them, by the names that were asked for
    lines      line number of every row
    rows       cells without blanks around them, by the names that were asked for
    delimiter  what separates cells
    header     all columns of the file
    """

    source: str
    columns: Mapping[str, str]
    lines: tuple[int, ...]
    rows: tuple[Mapping[str, str], ...]
    delimiter: str
    header: tuple[str, ...] = ()

    def known(self, name: str) -> list[tuple[int, str, str]]:
        """(line, model, entry) of the column `name` of all rows that have both."""
        return [
            (line, row["model"], row[name])
            for line, row in zip(self.lines, self.rows, strict=True)
            if row["model"] and row[name]
        ]


def read_table(
    path: Path,
    needed: Sequence[str],
    optional: Sequence[str] = (),
    *,
    every: bool = False,
    names: Sequence[str] = ("model",),
) -> Table:
    """Read the columns of a table that are asked for, whatever its separators.

    Parameters
    ----------
    path
        A UTF-8 file whose first line names the columns.
    needed
        Columns it must have; case, blanks around, '_' and ' ' do not matter.
    optional
        Columns that are read where they are there.
    every
        Also read all others, under the names that the file gives them.
    names
        Columns whose entries are names, in which '-' or 'None' is one like any other.

    Returns
    -------
    Table
        Entries of `BLANK` are ''. Lines without any entry are left out.

    Raises
    ------
    InputError
        When the file cannot be read, lacks a column, has one that is asked for twice, or a line
        has more cells than the header.

    Examples
    --------
    >>> read_table(Path("scores.csv"), ("model", "mmlu")).rows  # doctest: +SKIP
    """
    text = _text(path)
    delimiter = _delimiter(text, (*needed, *optional))
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    lines, rows = list[int](), list[dict[str, str]]()
    try:
        head = next((row for row in reader if any(c.strip() for c in row)), [])
        places, columns = _places(path, head, needed, optional, every)
        for row in reader:
            if any(c.strip() for c in row[len(head) :]):
                # What stands under which name is not known, as with a comma that is not quoted.
                said = f"{len(row)} cells where the header has {len(head)}; quote those with commas"
                raise InputError(f"{path}, line {reader.line_num}: {said}")
            cells = {name: _entry(row, at, name in names) for name, at in places.items()}
            ruled = delimiter == "|" and all(_RULE.fullmatch(c.strip()) for c in row)
            if any(cells.values()) and not ruled:
                lines.append(reader.line_num)
                rows.append(cells)
    except csv.Error as problem:
        raise InputError(f"{path}, line {reader.line_num}: not a CSV file ({problem})") from problem
    return Table(
        str(path), columns, tuple(lines), tuple(rows), delimiter, tuple(c.strip() for c in head)
    )


def numbers(table: Table, name: str) -> dict[int, float]:
    """The numbers of a column by row; rows without one are left out.

    '71.3%' is 71.3. '1,234' is a thousand where the file or the column writes commas so, '71,3'
    is a decimal. Raises `InputError` with the first three places of entries that are no numbers,
    and where a column mixes percentages with shares, or both meanings of a comma.
    """
    entries = {k: row[name] for k, row in enumerate(table.rows) if row[name]}
    plain = {k: _unmarked(v) for k, v in entries.items()}
    comma = _comma_is_decimal(table, name, plain)
    found: dict[int, float] = {}
    wrong: list[int] = []
    for k, text in plain.items():
        number = _number(text, comma)
        if number is None:
            wrong.append(k)
        else:
            found[k] = number
    if wrong:
        places = ", ".join(f"'{entries[k][:40]}' in line {table.lines[k]}" for k in wrong[:SHOWN])
        more = f" and {len(wrong) - SHOWN} more" if len(wrong) > SHOWN else ""
        verb = "is no number" if len(wrong) == 1 else "are no numbers"
        raise InputError(
            f"{table.source}: {places}{more} {verb}, in column "
            f"'{table.columns.get(name, name)[:40]}' of numbers"
        )
    _require_one_scale(table, name, entries, found)
    return found


def as_number(text: str) -> float | None:
    """A number that stands alone, None for anything else; '71,3' is 71.3 and '1,234' 1234."""
    plain = _unmarked(text)
    lone = "," in plain and not _GROUPED.fullmatch(plain) and not _SPACED.fullmatch(plain)
    return _number(plain, lone)


def is_number(text: str) -> bool:
    """Whether an entry is a number in any of the ways that people write one."""
    return as_number(text) is not None


def _text(path: Path) -> str:
    try:
        if path.stat().st_size > LARGEST:
            raise InputError(f"{path}: larger than {LARGEST >> 20} MiB, which no such table is")
        raw = path.read_bytes()
    except OSError as problem:
        raise InputError(f"{path} cannot be read: {problem.strerror or problem}") from problem
    try:
        coding = "utf-16" if raw.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8-sig"
        text = raw.decode(coding)
    except UnicodeDecodeError as problem:
        raise InputError(
            f"{path} is not UTF-8 text (byte {problem.start}); save it as CSV in UTF-8"
        ) from problem
    if "\0" in text:
        raise InputError(f"{path} is no text file: it holds NUL characters")
    return text


def _delimiter(text: str, wanted: Sequence[str]) -> str:
    """What makes the most columns that are asked for of the first line, else the most columns."""
    header = next((line for line in io.StringIO(text) if line.strip()), "")

    def score(delimiter: str) -> tuple[int, int]:
        try:
            cells = next(csv.reader([header], delimiter=delimiter, strict=True), [])
        except csv.Error:
            return (-1, 0)
        known = {_plain_name(c) for c in cells}
        return (sum(_plain_name(w) in known for w in wanted), len(cells))

    return max(_DELIMITERS, key=score)


def _plain_name(name: str) -> str:
    return " ".join(name.strip().strip("*").replace("_", " ").casefold().split())


def _places(
    path: Path, head: Sequence[str], needed: Sequence[str], optional: Sequence[str], every: bool
) -> tuple[dict[str, int], dict[str, str]]:
    """Where the columns asked for are, and how the file writes their names."""
    if not head:
        raise InputError(f"{path} is empty; its first line must name the columns {_and(needed)}")
    plain = [_plain_name(c) for c in head]
    places: dict[str, int] = {}
    missing = []
    for name in (*needed, *optional):
        exact = [k for k, c in enumerate(head) if c.strip() == name]
        found = exact or [k for k, c in enumerate(plain) if c == _plain_name(name)]
        if len(found) > 1:
            raise InputError(f"{path}, line 1: the column '{name}' stands there twice")
        if found:
            places[name] = found[0]
        elif name in needed:
            missing.append(name)
    if missing:
        has = ", ".join(f"'{c.strip()[:40]}'" for c in head[:20])
        raise InputError(
            f"{path}: no column {' and no column '.join(missing)}; its first line must name the "
            f"columns {_and(needed)}, and names {has}"
        )
    if every:
        taken = set(places.values())
        for k, name in enumerate(head):
            name = name.strip()
            if k in taken or _INDEX.fullmatch(name):
                continue
            if name in places:
                raise InputError(f"{path}, line 1: the column '{name[:40]}' stands there twice")
            places[name] = k
    return places, {name: head[k].strip() for name, k in places.items()}


def _and(names: Sequence[str]) -> str:
    return " and ".join(names) if len(names) < 3 else ", ".join(names)


def _entry(row: Sequence[str], at: int, is_name: bool) -> str:
    text = unguarded(row[at].strip()) if at < len(row) else ""
    return "" if not is_name and text.casefold() in BLANK else text


def _unmarked(text: str) -> str:
    return text.strip("*").removesuffix("%").strip().replace("\u2212", "-")


def _comma_is_decimal(table: Table, name: str, entries: Mapping[int, str]) -> bool:
    """Whether a comma in this column begins decimals; `InputError` where it is both."""
    commas = [k for k, text in entries.items() if "," in text and not _SPACED.fullmatch(text)]
    decimal, grouped = [], []
    for k in commas:
        text = entries[k]
        if _GROUPED.fullmatch(text) and not text.lstrip("+-").startswith("0,"):
            if "." in text or text.count(",") > 1:
                grouped.append(k)
        elif _DECIMAL_COMMA.fullmatch(text):
            decimal.append(k)
    if decimal and grouped:
        raise InputError(
            f"{table.source}: in column '{table.columns.get(name, name)[:40]}' the comma of "
            f"'{entries[decimal[0]][:40]}' (line {table.lines[decimal[0]]}) is decimal and that of "
            f"'{entries[grouped[0]][:40]}' (line {table.lines[grouped[0]]}) is not; write one way"
        )
    return bool(decimal) or (not grouped and table.delimiter == ";")


def _number(text: str, comma_is_decimal: bool) -> float | None:
    if _SPACED.fullmatch(text):
        text = re.sub("[ '\u00a0\u2009\u202f]", "", text).replace(",", ".")
    elif comma_is_decimal and _DECIMAL_COMMA.fullmatch(text):
        text = text.replace(".", "").replace(",", ".")
    elif _GROUPED.fullmatch(text):
        text = text.replace(",", "")
    if not _PLAIN.fullmatch(text):
        return None
    number = float(text)
    return number if math.isfinite(number) else None


def _require_one_scale(
    table: Table, name: str, entries: Mapping[int, str], found: Mapping[int, float]
) -> None:
    """Percentages beside shares of 1 are two scales in one column."""
    percent = [k for k in found if entries[k].strip("*").endswith("%")]
    shares = [k for k in found if k not in set(percent) and 0 < abs(found[k]) < 1]
    if percent and shares and max(abs(found[k]) for k in percent) > 1:
        raise InputError(
            f"{table.source}: column '{table.columns.get(name, name)[:40]}' has percentages "
            f"('{entries[percent[0]][:40]}' in line {table.lines[percent[0]]}) and shares "
            f"('{entries[shares[0]][:40]}' in line {table.lines[shares[0]]}); write one way"
        )
