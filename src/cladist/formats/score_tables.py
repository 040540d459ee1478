"""Tables of scores, right-or-wrong records, questions and costs, from CSV files of people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from cladist.errors import InputError, UsageError
from cladist.formats.tables import Table, as_number, is_number, numbers, read_table

__all__ = ["Records", "read_costs", "read_questions", "read_records", "read_scores"]

_RIGHT = {"true": 1.0, "right": 1.0, "correct": 1.0, "yes": 1.0}
_WRONG = {"false": 0.0, "wrong": 0.0, "incorrect": 0.0, "no": 0.0}


@dataclass(frozen=True, slots=True)
class Records:
    """How models did on questions: score by (model, question), in order of appearance."""

    models: tuple[str, ...]
    questions: tuple[str, ...]
    scores: Mapping[tuple[str, str], float]


def read_scores(path: Path, columns: Sequence[str] = ()) -> dict[str, dict[str, float]]:
    """Scores by benchmark and model: a table with a column `model` and one or more of numbers.

    Parameters
    ----------
    path
        The table; `formats.tables` tells how it may be written.
    columns
        Only these columns are looked at, in any case; without any, all that hold a number.

    Returns
    -------
    dict
        Scores by model, under the names that the file gives its columns. Entries that say
        nothing ('-', 'N/A', 'nan') are left out.

    Raises
    ------
    InputError
        With the places, for a file that cannot be read, a model that stands there twice, an entry
        that is no number in a column of numbers, or no column of numbers.
    UsageError
        When a column asked for is not there.

    Examples
    --------
    >>> read_scores(Path("scores.csv"), ["MMLU"])["mmlu"]  # doctest: +SKIP
    """
    table = read_table(path, ("model",), columns, every=not columns)
    missing = [c for c in columns if c not in table.columns]
    if missing:
        has = ", ".join(c[:40] for c in table.header[:20])
        raise UsageError(f"{path}: no column '{missing[0]}' of numbers; it has {has}")
    rows = [k for k, row in enumerate(table.rows) if row["model"]]
    seen: set[str] = set()
    for k in rows:
        model = table.rows[k]["model"]
        if model in seen:
            raise InputError(f"{path}, line {table.lines[k]}: '{model[:60]}' stands there twice")
        seen.add(model)
    found: dict[str, dict[str, float]] = {}
    for name in table.columns:
        if name == "model" or (not columns and not _holds_a_number(table, name)):
            continue
        values = numbers(table, name)
        scores = {table.rows[k]["model"]: values[k] for k in rows if k in values}
        if scores:
            found[table.columns[name]] = scores
        elif columns:
            raise InputError(f"{path}: no number in column '{table.columns[name][:40]}'")
    if not found:
        raise InputError(f"{path}: no column of numbers beside 'model'")
    return found


def _holds_a_number(table: Table, name: str) -> bool:
    return any(is_number(row[name]) for row in table.rows if row["model"])


def read_records(path: Path) -> Records:
    """Records: a table with the columns model, question and score.

    Scores are 0 to 1, or right/wrong, true/false, yes/no. `question` is a question's id or text.
    Raises `InputError` with the place for anything else, and for two scores of one pair.
    """
    scores: dict[tuple[str, str], float] = {}
    models: dict[str, None] = {}
    questions: dict[str, None] = {}
    table = read_table(path, ("model", "question", "score"), names=("model", "question"))
    for line, row in zip(table.lines, table.rows, strict=True):
        model, question, text = row["model"], row["question"], row["score"].lower()
        if not (model and question and text):
            continue
        number = _RIGHT.get(text, _WRONG.get(text, as_number(text)))
        if number is None or not 0 <= number <= 1:
            raise InputError(
                f"{path}, line {line}: '{text[:40]}' is no score; write a number from 0 to 1, or "
                "right or wrong"
            )
        if scores.setdefault((model, question), number) != number:
            raise InputError(f"{path}, line {line}: '{model[:60]}' has two scores for one question")
        models[model] = questions[question] = None
    if not scores:
        raise InputError(f"{path} holds no record")
    return Records(tuple(models), tuple(questions), scores)


def read_questions(path: Path) -> dict[str, str]:
    """Texts of questions by id: a table with the columns question and text."""
    found: dict[str, str] = {}
    table = read_table(path, ("question", "text"), names=("question", "text"))
    for line, row in zip(table.lines, table.rows, strict=True):
        if row["question"] and found.setdefault(row["question"], row["text"]) != row["text"]:
            raise InputError(f"{path}, line {line}: a question has two texts")
    if not found:
        raise InputError(f"{path} holds no question")
    return found


def read_costs(path: Path) -> dict[str, float]:
    """Costs by model: a table with the columns model and cost; not negative, any one unit."""
    found: dict[str, float] = {}
    table = read_table(path, ("model", "cost"))
    values = numbers(table, "cost")
    for k, number in values.items():
        model, line = table.rows[k]["model"], table.lines[k]
        if not model:
            continue
        if number < 0:
            raise InputError(f"{path}, line {line}: '{table.rows[k]['cost'][:40]}' is no cost")
        if found.setdefault(model, number) != number:
            raise InputError(f"{path}, line {line}: '{model[:60]}' has two costs")
    if not found:
        raise InputError(f"{path} tells the cost of no model")
    return found
