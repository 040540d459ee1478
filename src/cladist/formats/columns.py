"""Small tables of people: a CSV file that tells one thing about every model."""

from __future__ import annotations

import csv
from pathlib import Path

from cladist.errors import InputError


def read_column(path: Path, column: str) -> dict[str, str]:
    """`column` by model, of a CSV file with the columns model and `column`; others are ignored.

    Blank cells are left out. Raises `InputError` with the place for a file that cannot be read,
    a missing column, and a model that stands there twice with different entries.
    """
    out: dict[str, str] = {}
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.DictReader(stream, strict=True)
            if not {"model", column} <= set(reader.fieldnames or ()):
                raise InputError(f"{path}: needs a first line with the columns model and {column}")
            for row in reader:
                model, value = (row["model"] or "").strip(), (row[column] or "").strip()
                if not model or not value:
                    continue
                if out.setdefault(model, value) != value:
                    raise InputError(
                        f"{path}, line {reader.line_num}: '{model[:60]}' has two entries, "
                        f"'{out[model][:40]}' and '{value[:40]}'"
                    )
    except (OSError, UnicodeDecodeError, csv.Error) as problem:
        raise InputError(f"{path}: not a readable CSV file ({problem})") from problem
    if not out:
        raise InputError(f"{path}: tells the {column} of no model")
    return out
