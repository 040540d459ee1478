"""Declared lineage as a table: CSV with the columns model, parent and, if wanted, others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from cladist.core.lineage import DeclaredLink, Lineage, norm_relation
from cladist.core.names import parse_name
from cladist.errors import InputError
from cladist.formats.cells import csv_text
from cladist.formats.tables import read_table

__all__ = ["COLUMNS", "UNKNOWN", "read_declared_table", "write_declared_table"]

COLUMNS = ("model", "parent", "relation", "license", "date", "source")

LONGEST = 1 << 16
"""Characters of a name; registries hold longer ones than documents may declare."""

UNKNOWN = "?"
"""A parent that is not known, where a blank one says that there is none."""

_SPELLINGS = {
    "parent": ("parent", "base_model"),
    "license": ("license", "licence"),
    "date": ("date", "release_date"),
}
_NONE = {"", "none", "null", "-"}


def read_declared_table(path: Path) -> Lineage:
    """Links of a table: one line a model and parent, several lines for several parents.

    Separated by commas, semicolons, tabs or bars, as every table of people (`formats.tables`).

    Columns, in any case: model; parent (blank for a model that has none, `?` for one of which
    that is not known), relation, license, date, source where wanted; others are ignored. A line
    that names a model as its own parent is kept and told in the remarks with its number.
    `InputError` with the line for what cannot be used.
    """
    spelled = [s for c in COLUMNS for s in _SPELLINGS.get(c, (c,))]
    # In the columns of names 'none' and '?' stay as written: they say different things.
    table = read_table(path, (), spelled, names=("model", *_SPELLINGS["parent"]))
    if "model" not in table.columns or not table.columns.keys() & set(_SPELLINGS["parent"]):
        raise InputError(f"{path}: needs a first line with the columns model and parent")
    made = _Rows(path)
    for line, row in zip(table.lines, table.rows, strict=True):
        made.add({c: _first(row, _SPELLINGS.get(c, (c,))) for c in COLUMNS}, line)
    if not made.models:
        raise InputError(f"{path} declares nothing")
    linked = {k.child for k in made.links}
    return Lineage(
        tuple(made.links), made.licences, made.dates, tuple(made.models),
        tuple(m for m in made.founders if m not in linked), tuple(made.remarks),
    )  # fmt: skip


def _first(row: Mapping[str, str], spellings: Sequence[str]) -> str:
    return next((row[s] for s in spellings if row.get(s)), "")


class _Rows:
    """What the rows of a table add up to."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.links: dict[DeclaredLink, None] = {}
        self.licences: dict[str, tuple[str, ...]] = {}
        self.dates: dict[str, str] = {}
        self.models: dict[str, None] = {}
        self.founders: dict[str, None] = {}
        self.remarks: list[str] = []

    def add(self, cell: dict[str, str], line: int) -> None:
        """Take one row."""
        model, parent = cell["model"], cell["parent"]
        where = f"{self.path}, line {line}"
        if not model:
            if parent:
                self.remarks.append(f"{where}: names the parent '{parent[:60]}' of no model")
            return
        if max(len(model), len(parent)) > LONGEST:
            raise InputError(f"{where}: a name is too long")
        self.models[model] = None
        if parent.casefold() in _NONE:
            self.founders[model] = None
        elif parent != UNKNOWN:
            if parse_name(model).key == parse_name(parent).key:
                self.remarks.append(f"{where}: '{model[:60]}' is named as its own parent")
            source = cell["source"] or self.path.name
            self.links.setdefault(
                DeclaredLink(model, parent, norm_relation(cell["relation"]), source)
            )
        if cell["license"]:
            known = self.licences.get(model, ())
            self.licences[model] = tuple(dict.fromkeys((*known, cell["license"])))
        if cell["date"] and self.dates.setdefault(model, cell["date"]) != cell["date"]:
            raise InputError(
                f"{where}: '{model[:60]}' has two dates, {self.dates[model][:20]} and "
                f"{cell['date'][:20]}"
            )


def write_declared_table(lineage: Lineage) -> str:
    """The table as text, which `read_declared_table` reads back.

    Models without a link have a line: with a blank parent where a source says that there is
    none, with `?` where nothing is said.
    """
    linked = {k.child for k in lineage.links}
    founders = set(lineage.founders)
    rows = [(k.child, k.parent, k.relation, k.source) for k in lineage.links]
    rows += [
        (m, "" if m in founders else UNKNOWN, "", "")
        for m in (*lineage.models, *lineage.founders, *lineage.licences, *lineage.dates)
        if m not in linked
    ]
    lines = (
        (child, parent, relation, licence, lineage.dates.get(child, ""), source)
        for child, parent, relation, source in dict.fromkeys(rows)
        for licence in lineage.licences.get(child, ("",))
    )
    return csv_text([COLUMNS, *lines])
