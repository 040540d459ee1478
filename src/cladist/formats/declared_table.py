"""Declared lineage as a table: CSV with the columns model, parent and, if wanted, others."""

from __future__ import annotations

import csv
import io
from pathlib import Path

from cladist.core.lineage import DeclaredLink, Lineage, norm_relation
from cladist.errors import InputError
from cladist.formats.cards import LONGEST_NAME, read_text

__all__ = ["COLUMNS", "read_declared_table", "write_declared_table"]

COLUMNS = ("model", "parent", "relation", "license", "date", "source")


def read_declared_table(path: Path) -> Lineage:
    """Links of a CSV file: one line a model and parent, several lines for several parents.

    Columns: model; parent (blank for a model that has none), relation, license, date, source
    where wanted; others are ignored. `InputError` with the line for what cannot be used.
    """
    text = read_text(path, 64 << 20).removeprefix("\ufeff")
    reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
    links: dict[DeclaredLink, None] = {}
    licences: dict[str, tuple[str, ...]] = {}
    dates: dict[str, str] = {}
    models: dict[str, None] = {}
    try:
        if not {"model", "parent"} <= set(reader.fieldnames or ()):
            raise InputError(f"{path}: needs a first line with the columns model and parent")
        for row in reader:
            cell = {c: (row.get(c) or "").strip() for c in COLUMNS}
            model, parent = cell["model"], cell["parent"]
            if not model:
                continue
            if max(len(model), len(parent)) > LONGEST_NAME:
                raise InputError(f"{path}, line {reader.line_num}: a name is too long")
            models[model] = None
            if parent:
                source = cell["source"] or path.name
                links[DeclaredLink(model, parent, norm_relation(cell["relation"]), source)] = None
            if cell["license"]:
                licences[model] = tuple(dict.fromkeys((*licences.get(model, ()), cell["license"])))
            if cell["date"] and dates.setdefault(model, cell["date"]) != cell["date"]:
                raise InputError(
                    f"{path}, line {reader.line_num}: '{model[:60]}' has two dates, "
                    f"{dates[model][:20]} and {cell['date'][:20]}"
                )
    except csv.Error as problem:
        raise InputError(f"{path}: not a CSV file ({problem})") from problem
    if not models:
        raise InputError(f"{path} declares nothing")
    return Lineage(tuple(links), licences, dates, tuple(models))


def write_declared_table(lineage: Lineage) -> str:
    """The table as text; models without a parent have a line with a blank one."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(COLUMNS)
    linked = {k.child for k in lineage.links}
    rows = [(k.child, k.parent, k.relation, k.source) for k in lineage.links]
    rows += [(m, "", "", "") for m in (*lineage.models, *lineage.licences) if m not in linked]
    for child, parent, relation, source in dict.fromkeys(rows):
        for licence in lineage.licences.get(child, ("",)):
            writer.writerow(
                [child, parent, relation, licence, lineage.dates.get(child, ""), source]
            )
    return stream.getvalue()
