"""Tables of scores, right-or-wrong records, questions and costs, from CSV files of people."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from cladist.errors import InputError

__all__ = ["Records", "read_costs", "read_questions", "read_records", "read_scores"]

_RIGHT = {"true": 1.0, "right": 1.0, "correct": 1.0, "yes": 1.0}
_WRONG = {"false": 0.0, "wrong": 0.0, "incorrect": 0.0, "no": 0.0}


@dataclass(frozen=True, slots=True)
class Records:
    """How models did on questions: score by (model, question), in order of appearance."""

    models: tuple[str, ...]
    questions: tuple[str, ...]
    scores: Mapping[tuple[str, str], float]


def read_scores(path: Path) -> dict[str, dict[str, float]]:
    """Scores by benchmark and model: a CSV with a column `model` and one or more of numbers.

    Blank cells are left out, columns that hold no number at all are ignored. Raises `InputError`
    with the place for a file that cannot be read, a model that stands there twice, a cell that is
    no finite number in a column of numbers, or no column of numbers.
    """
    found: dict[str, dict[str, float]] = {}
    wrong: dict[str, str] = {}
    seen: set[str] = set()
    for line, row in _rows(path, ("model",)):
        model = row["model"]
        if not model:
            continue
        if model in seen:
            raise InputError(f"{path}, line {line}: '{model[:60]}' stands there twice")
        seen.add(model)
        for column, text in row.items():
            if column == "model" or not text:
                continue
            number = _number(text)
            if number is None:
                wrong.setdefault(column, f"{path}, line {line}: '{text[:40]}' is no number")
            else:
                found.setdefault(column, {})[model] = number
    for column, problem in wrong.items():
        if column in found:
            raise InputError(f"{problem}, in column '{column[:40]}' of numbers")
    if not found:
        raise InputError(f"{path}: no column of numbers beside 'model'")
    return found


def read_records(path: Path) -> Records:
    """Records: a CSV with the columns model, question and score.

    Scores are 0 to 1, or right/wrong, true/false, yes/no. `question` is a question's id or text.
    Raises `InputError` with the place for anything else, and for two scores of one pair.
    """
    scores: dict[tuple[str, str], float] = {}
    models: dict[str, None] = {}
    questions: dict[str, None] = {}
    for line, row in _rows(path, ("model", "question", "score")):
        model, question, text = row["model"], row["question"], row["score"].lower()
        if not (model and question and text):
            continue
        number = _RIGHT.get(text, _WRONG.get(text, _number(text)))
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
    """Texts of questions by id: a CSV with the columns question and text."""
    found: dict[str, str] = {}
    for line, row in _rows(path, ("question", "text")):
        if row["question"] and found.setdefault(row["question"], row["text"]) != row["text"]:
            raise InputError(f"{path}, line {line}: a question has two texts")
    if not found:
        raise InputError(f"{path} holds no question")
    return found


def read_costs(path: Path) -> dict[str, float]:
    """Costs by model: a CSV with the columns model and cost; not negative, any one unit."""
    found: dict[str, float] = {}
    for line, row in _rows(path, ("model", "cost")):
        if not row["model"] or not row["cost"]:
            continue
        number = _number(row["cost"])
        if number is None or number < 0:
            raise InputError(f"{path}, line {line}: '{row['cost'][:40]}' is no cost")
        if found.setdefault(row["model"], number) != number:
            raise InputError(f"{path}, line {line}: '{row['model'][:60]}' has two costs")
    if not found:
        raise InputError(f"{path} tells the cost of no model")
    return found


def _rows(path: Path, needed: tuple[str, ...]) -> Iterator[tuple[int, dict[str, str]]]:
    """Line number and stripped cells by column."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.DictReader(stream, strict=True)
            missing = [c for c in needed if c not in (reader.fieldnames or ())]
            if missing:
                raise InputError(
                    f"{path}: no column {' and no column '.join(missing)}; its first line must "
                    f"name the columns {', '.join(needed)}"
                )
            for row in reader:
                # Cells beyond the header come under None, and a short line leaves None behind.
                yield (
                    reader.line_num,
                    {k: (v or "").strip() for k, v in row.items() if k is not None},
                )
    except OSError as problem:
        raise InputError(f"{path} cannot be read: {problem.strerror or problem}") from problem
    except UnicodeDecodeError as problem:
        raise InputError(f"{path} is not UTF-8 text (byte {problem.start})") from problem
    except csv.Error as problem:
        raise InputError(f"{path} is not a CSV file: {problem}") from problem


def _number(text: str) -> float | None:
    try:
        number = float(text.removesuffix("%"))
    except ValueError:
        return None
    return number if math.isfinite(number) else None
