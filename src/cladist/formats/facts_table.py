"""Tables of lineage facts: CSV with a line a model (docs/lineage.md)."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path

from cladist.core.facts import COLUMNS, CONFIDENCES, FACT_RELATIONS, Fact
from cladist.core.names import parse_name
from cladist.errors import InputError
from cladist.formats.cards import LONGEST_NAME, read_text
from cladist.formats.cells import csv_text, unguarded

__all__ = ["check_facts", "read_facts", "write_facts"]

_SPELLED = {
    "hf_id": "hub_id", "hub": "hub_id", "license": "licence", "release_date": "released",
    "date": "released", "org": "maker", "organization": "maker", "developer": "maker",
    "superfamily": "group",
}  # fmt: skip
_RELATIONS = {
    "continued-pretrain": "continued", "unknown": "", "lora": "adapter", "quantised": "quantized",
    "fine-tune": "finetune", "sft": "finetune", "distilled": "distill",
}  # fmt: skip
_DATE = re.compile(r"\d{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12]\d|3[01]))?)?")


def read_facts(path: Path, *, own: bool = False) -> list[Fact]:
    """Facts of a table, in order.

    Parameters
    ----------
    path
        CSV with the columns model and any of COLUMNS, in any case and order; others are ignored.
    own
        Whether these are corrections by the user.

    Returns
    -------
    list of Fact

    Raises
    ------
    InputError
        For a file that cannot be read, and for rows that `check_facts` finds wrong: how many
        there are and the first three.
    """
    facts, problems = _rows(path, own)
    if problems:
        more = f"; {len(problems) - 3} more" if len(problems) > 3 else ""
        raise InputError(
            f"{'; '.join(problems[:3])}{more}. 'cladist provenance lineage check {path}' lists all"
        )
    return facts


def check_facts(path: Path) -> tuple[list[Fact], list[str]]:
    """Facts that could be read, and what is wrong with the others, each with its line.

    Raises `InputError` for a file that is no table of facts at all.
    """
    facts, problems = _rows(path, False)
    return facts, [*problems, *_between(facts, path)]


def write_facts(facts: Iterable[Fact]) -> str:
    """The table as text, which `read_facts` reads back; whose a fact is, it does not tell."""
    told = (asdict(f) for f in facts)
    return csv_text([COLUMNS, *([fact[c] for c in COLUMNS] for fact in told)])


def _rows(path: Path, own: bool) -> tuple[list[Fact], list[str]]:
    text = read_text(path, 64 << 20).removeprefix("\ufeff")
    reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
    facts, problems = [], []
    try:
        names = [_column(c) for c in reader.fieldnames or ()]
        if "model" not in names:
            raise InputError(f"{path}: needs a first line with a column model and others")
        twice = next((n for n in names if n in COLUMNS and names.count(n) > 1), None)
        if twice:
            raise InputError(f"{path}: two columns tell the {twice}; keep one of them")
        reader.fieldnames = names
        for row in reader:
            cell = {c: unguarded((row.get(c) or "").strip()) for c in COLUMNS}
            if not any(cell.values()):
                continue
            found = _fact(cell, own)
            if isinstance(found, Fact):
                facts.append(found)
            else:
                problems.append(f"{path}, line {reader.line_num}: {found}")
    except csv.Error as problem:
        raise InputError(f"{path}: not a CSV file ({problem})") from problem
    if not facts and not problems:
        raise InputError(f"{path} tells of no model")
    return facts, problems


def _column(name: str | None) -> str:
    word = (name or "").strip().casefold().replace(" ", "_").replace("-", "_")
    return _SPELLED.get(word, word)


def _fact(cell: dict[str, str], own: bool) -> Fact | str:
    """The fact of a row, or what is wrong with it."""
    if not cell["model"]:
        cell["model"] = cell["hub_id"]
    if not cell["model"]:
        return "names no model"
    long = next((c for c, v in cell.items() if len(v) > 4 * LONGEST_NAME), None)
    if long:
        return f"{long} has {len(cell[long])} characters, at most {4 * LONGEST_NAME} are read"
    cell["relation"] = _RELATIONS.get(cell["relation"].casefold(), cell["relation"].casefold())
    if cell["relation"] and cell["relation"] not in FACT_RELATIONS:
        return f"relation '{cell['relation'][:40]}' is none of {', '.join(FACT_RELATIONS)}"
    cell["confidence"] = cell["confidence"].casefold() or "medium"
    if cell["confidence"] not in CONFIDENCES:
        return f"confidence '{cell['confidence'][:40]}' is none of {', '.join(CONFIDENCES)}"
    if cell["released"] and not _DATE.fullmatch(cell["released"]):
        return f"released '{cell['released'][:40]}' is none of YYYY, YYYY-MM, YYYY-MM-DD"
    if cell["hub_id"] and not parse_name(cell["hub_id"]).org:
        return f"hub_id '{cell['hub_id'][:60]}' is no org/name"
    own_key = parse_name(cell["hub_id"] or cell["model"]).flat
    if cell["parent"] and parse_name(cell["parent"]).flat == own_key:
        return f"'{cell['model'][:60]}' is named as its own parent"
    if cell["relation"] == "pretrain" and cell["parent"]:
        return (
            f"'{cell['model'][:60]}' was pretrained from nothing and has the parent "
            f"'{cell['parent'][:60]}'; 'continued' is the relation to a parent"
        )
    return Fact(**cell, own=own)


def _between(facts: list[Fact], path: Path) -> list[str]:
    """What rows say against each other: models twice, circles, parents later than children."""
    seen: dict[str, Fact] = {}
    out = []
    for fact in facts:
        if fact.key in seen:
            out.append(
                f"{path}: '{fact.model[:60]}' and '{seen[fact.key].model[:60]}' are one model"
            )
        seen.setdefault(fact.key, fact)
    above = {k: parse_name(f.parent).flat for k, f in seen.items() if f.parent}
    for key, parent in above.items():
        child, older = seen[key], seen.get(parent)
        if older is not None and child.released and older.released:
            width = min(len(child.released), len(older.released))
            if older.released[:width] > child.released[:width]:
                out.append(
                    f"{path}: '{child.model[:60]}' ({child.released}) is earlier than its parent "
                    f"'{older.model[:60]}' ({older.released})"
                )
    done: set[str] = set()
    for start in above:
        walked: dict[str, None] = {}
        node = start
        while node in above and node not in done and node not in walked:
            walked[node] = None
            node = above[node]
        if node in walked:
            out.append(f"{path}: models descend from each other, among them '{node[:60]}'")
        done.update(walked)
    return out
