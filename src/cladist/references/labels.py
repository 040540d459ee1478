"""Families of a reference's models, from a table whose names may be written otherwise."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from pathlib import Path

from cladist.errors import InputError
from cladist.formats.cells import csv_text, unguarded
from cladist.formats.labels import DeclaredModel
from cladist.known import facts_of

__all__ = ["known_labels", "labels_text", "match", "plain_name", "read_lineage", "unnamed"]

NUL = "\0"


def plain_name(name: str) -> str:
    """A name as it is compared: hub ids and names of folders come out alike."""
    return name.strip().replace("/", "_").casefold()


def read_lineage(path: Path) -> dict[str, DeclaredModel]:
    """Families by model from a CSV of labels or of lineage.

    With a column `foundation` that is the family, `superfamily` (or group) the group and
    release_date the date, and rows whose `usable` is False or `confidence` low are left out;
    otherwise the columns are model, family, group and date. A model is named by `model` and by
    `hf_id`. Raises `InputError` with the line for what cannot be read.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            text = stream.read()
            if NUL in text:
                raise InputError(f"{path} is no text file: it holds NUL characters")
            reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
            columns = set(reader.fieldnames or ())
            lineage = "foundation" in columns
            if not {"model", "foundation" if lineage else "family"} <= columns:
                raise InputError(f"{path}: needs the columns model and family (or foundation)")
            found: dict[str, DeclaredModel] = {}
            for line in reader:
                row = {k: _cell(v) for k, v in line.items()}
                told = _declared(row, lineage)
                if told is None:
                    continue
                name = plain_name(row["model"] or "")
                if name and found.setdefault(name, told) != told:
                    raise InputError(
                        f"{path}, line {reader.line_num}: '{row['model'][:60]}' is declared twice, "
                        "in two ways"
                    )
                found.setdefault(plain_name(row.get("hf_id") or "") or name, told)
    except (OSError, UnicodeDecodeError, csv.Error) as problem:
        raise InputError(f"{path}: not a readable CSV file ({problem})") from problem
    found.pop("", None)
    if not found:
        raise InputError(f"{path} declares no family that can be used")
    return found


def _cell(text: object) -> str:
    """A cell, '' where the line has none; what has no column of its own comes as a list."""
    return unguarded(text.strip()) if isinstance(text, str) else ""


def _declared(row: Mapping[str, str], lineage: bool) -> DeclaredModel | None:
    if not lineage:
        family = (row["family"] or "").strip()
        made = DeclaredModel(
            family,
            (row.get("group") or "").strip(),
            (row.get("date") or "").strip(),
            (row.get("licence") or "").strip(),
        )
        return made if family else None
    doubtful = (row.get("usable") or "True").strip() in ("False", "false", "0")
    doubtful |= (row.get("confidence") or "").strip() == "low"
    family = (row["foundation"] or "").strip()
    if doubtful or not family:
        return None
    group = (row.get("superfamily") or row.get("group") or "").strip()
    return DeclaredModel(family, group, (row.get("release_date") or "").strip())


def match(models: Iterable[str], declared: Mapping[str, DeclaredModel]) -> dict[str, DeclaredModel]:
    """Declarations of those of `models` that have one, by the model's own name.

    A name with a NUL has none: no table can hold it (`unnamed` says so).
    """
    return {m: declared[k] for m in models if NUL not in m and (k := plain_name(m)) in declared}


def unnamed(models: Iterable[str]) -> tuple[str, ...]:
    """What is to be said of models that no table of labels can name, nothing for none.

    >>> unnamed(["a", "b"])
    ()
    >>> unnamed(["a", chr(0)])
    ('1 model has a NUL in its name, which no table can hold: it is without a label.',)
    """
    count = sum(NUL in m for m in models)
    if not count:
        return ()
    who = "1 model has a NUL in its name" if count == 1 else f"{count} models have a NUL in theirs"
    rest = "it is without a label." if count == 1 else "they are without labels."
    return (f"{who}, which no table can hold: {rest}",)


def known_labels(models: Iterable[str]) -> dict[str, DeclaredModel]:
    """What the table that ships with cladist, and the user's own, know of `models`.

    The family is the foundation, the group whose generations of models it belongs to. Only facts
    that are sure enough to be used unasked; raises `InputError` for a table of the user's that
    cannot be read.

    >>> known_labels(["Qwen_Qwen2.5-7B-Instruct"])["Qwen_Qwen2.5-7B-Instruct"].family
    'Qwen/Qwen2.5-7B'
    """
    return {
        model: DeclaredModel(fact.foundation, fact.group, fact.released, fact.licence)
        for model, fact in facts_of(models).items()
        if fact.foundation and NUL not in model
    }


def labels_text(labels: Mapping[str, DeclaredModel]) -> str:
    """A labels file: model, family, group, date, licence."""
    rows = ((m, d.family, d.group, d.date, d.licence) for m, d in sorted(labels.items()))
    return csv_text([("model", "family", "group", "date", "licence"), *rows])
