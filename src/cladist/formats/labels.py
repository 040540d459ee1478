"""Declared families of models: a CSV file with the columns model, family and, if wanted, group."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from cladist.errors import InputError
from cladist.formats.tables import read_table

__all__ = ["DeclaredModel", "read_labels"]


@dataclass(frozen=True, slots=True)
class DeclaredModel:
    """What is declared of a model; '' where nothing is. `date` is an ISO date or a part of one,
    `licence` as model cards name it."""

    family: str
    group: str = ""
    date: str = ""
    licence: str = ""


def read_labels(path: Path) -> Mapping[str, DeclaredModel]:
    """Declarations by model name.

    Columns: model and family; optionally group (families that are not clearly unrelated), date
    and licence. Other columns are ignored; '-' or 'N/A' for a family is none. Raises `InputError`
    with the line for a missing column, a repeated model or a file that is not UTF-8 CSV.
    """
    table = read_table(path, ("model", "family"), ("group", "date", "licence"))
    found: dict[str, DeclaredModel] = {}
    for line, row in zip(table.lines, table.rows, strict=True):
        name = row["model"]
        if not name:
            continue
        if name in found:
            raise InputError(f"{path}, line {line}: model '{name}' is declared twice")
        found[name] = DeclaredModel(
            row["family"], row.get("group", ""), row.get("date", ""), row.get("licence", "")
        )
    if not found:
        raise InputError(f"{path} declares no model")
    return found
