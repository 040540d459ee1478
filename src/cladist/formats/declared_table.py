"""Declared lineage as a table: CSV with the columns model, parent and, if wanted, others."""

from __future__ import annotations

import csv
import io
from pathlib import Path

from cladist.core.lineage import DeclaredLink, Lineage, norm_relation
from cladist.core.names import parse_name
from cladist.errors import InputError
from cladist.formats.cards import read_text

__all__ = ["COLUMNS", "UNKNOWN", "read_declared_table", "write_declared_table"]

COLUMNS = ("model", "parent", "relation", "license", "date", "source")

LONGEST = 1 << 16
"""Characters of a name; registries hold longer ones than documents may declare."""

UNKNOWN = "?"
"""A parent that is not known, where a blank one says that there is none."""

_SPELLED = {"licence": "license", "base_model": "parent", "release_date": "date"}
_NONE = {"", "none", "null", "-"}


def read_declared_table(path: Path) -> Lineage:
    """Links of a CSV file: one line a model and parent, several lines for several parents.

    Columns, in any case: model; parent (blank for a model that has none, `?` for one of which
    that is not known), relation, license, date, source where wanted; others are ignored. A line
    that names a model as its own parent is kept and told in the remarks with its number.
    `InputError` with the line for what cannot be used.
    """
    text = read_text(path, 64 << 20).removeprefix("\ufeff")
    reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
    made = _Rows(path)
    try:
        names = [_column(c) for c in reader.fieldnames or ()]
        if not {"model", "parent"} <= set(names):
            raise InputError(f"{path}: needs a first line with the columns model and parent")
        reader.fieldnames = names
        for row in reader:
            made.add({c: (row.get(c) or "").strip() for c in COLUMNS}, reader.line_num)
    except csv.Error as problem:
        raise InputError(f"{path}: not a CSV file ({problem})") from problem
    if not made.models:
        raise InputError(f"{path} declares nothing")
    linked = {k.child for k in made.links}
    return Lineage(
        tuple(made.links), made.licences, made.dates, tuple(made.models),
        tuple(m for m in made.founders if m not in linked), tuple(made.remarks),
    )  # fmt: skip


def _column(name: str | None) -> str:
    word = (name or "").strip().casefold().replace(" ", "_")
    return _SPELLED.get(word, word)


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
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(COLUMNS)
    linked = {k.child for k in lineage.links}
    founders = set(lineage.founders)
    rows = [(k.child, k.parent, k.relation, k.source) for k in lineage.links]
    rows += [
        (m, "" if m in founders else UNKNOWN, "", "")
        for m in (*lineage.models, *lineage.founders, *lineage.licences, *lineage.dates)
        if m not in linked
    ]
    for child, parent, relation, source in dict.fromkeys(rows):
        for licence in lineage.licences.get(child, ("",)):
            writer.writerow(
                [child, parent, relation, licence, lineage.dates.get(child, ""), source]
            )
    return stream.getvalue()
