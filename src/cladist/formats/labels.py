"""Declared families of models: a CSV file with the columns model, family and, if wanted, group."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from cladist.errors import InputError

__all__ = ["DeclaredModel", "read_labels"]


@dataclass(frozen=True, slots=True)
class DeclaredModel:
    """What is declared of a model; '' where nothing is. `date` is an ISO date or a part of one."""

    family: str
    group: str = ""
    date: str = ""


def read_labels(path: Path) -> Mapping[str, DeclaredModel]:
    """Declarations by model name.

    Columns: model and family; optionally group (families that are not clearly unrelated) and
    date. Other columns are ignored. Raises `InputError` with the line for a missing column, a
    repeated model or a file that is not UTF-8 CSV.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file, strict=True)
            columns = reader.fieldnames or []
            missing = [c for c in ("model", "family") if c not in columns]
            if missing:
                raise InputError(
                    f"{path}: no column {' and no column '.join(missing)}; write a CSV with the "
                    "columns model,family"
                )
            found: dict[str, DeclaredModel] = {}
            for row in reader:
                name = (row["model"] or "").strip()
                if not name:
                    continue
                if name in found:
                    raise InputError(
                        f"{path}, line {reader.line_num}: model '{name}' is declared twice"
                    )
                found[name] = DeclaredModel(
                    (row["family"] or "").strip(),
                    (row.get("group") or "").strip(),
                    (row.get("date") or "").strip(),
                )
    except OSError as problem:
        raise InputError(f"{path} cannot be read: {problem.strerror or problem}") from problem
    except UnicodeDecodeError as problem:
        raise InputError(f"{path} is not UTF-8 text (byte {problem.start})") from problem
    except csv.Error as problem:
        raise InputError(f"{path} is not a CSV file: {problem}") from problem
    if not found:
        raise InputError(f"{path} declares no model")
    return found
