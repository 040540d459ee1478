"""Small tables of people that tell one thing about every model."""

from __future__ import annotations

from pathlib import Path

from cladist.errors import InputError
from cladist.formats.tables import read_table


def read_column(path: Path, column: str) -> dict[str, str]:
    """`column` by model, of a table with the columns model and `column`; others are ignored.

    Entries that say nothing are left out. Raises `InputError` with the place for a file that
    cannot be read, a missing column, and a model that stands there twice with different entries.
    """
    out: dict[str, str] = {}
    for line, model, value in read_table(path, ("model", column)).known(column):
        if out.setdefault(model, value) != value:
            raise InputError(
                f"{path}, line {line}: '{model[:60]}' has two entries, "
                f"'{out[model][:40]}' and '{value[:40]}'"
            )
    if not out:
        raise InputError(f"{path}: tells the {column} of no model")
    return out


def read_groups(path: Path) -> dict[str, str]:
    """What stands for a model's colour: its `group`, or its `family` in a table of families.

    Raises `InputError` as `read_column` does.

    Examples
    --------
    >>> read_groups(Path("families.csv"))  # doctest: +SKIP
    {'llama-2-7b': 'llama-2', 'qwen2-7b': 'qwen2'}
    """
    header = {name.strip().lower() for name in read_table(path, ("model",)).header}
    return read_column(path, "group" if "group" in header or "family" not in header else "family")
