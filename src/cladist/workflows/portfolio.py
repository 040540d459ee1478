"""Which few strong models differ most, so that they fail on different questions?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from cladist.apply.portfolio import majority, oracle, top_k
from cladist.apply.portfolio import portfolio as pick
from cladist.core.distances import DistanceMatrix
from cladist.core.progress import Hear, Remarks, unheard
from cladist.core.results import Result
from cladist.errors import InputError, UsageError
from cladist.formats.score_tables import Records, read_records
from cladist.registry import Registry
from cladist.workflows.quality import ScoresLike, quality_of
from cladist.workflows.trees import distances

__all__ = ["Picked", "portfolio"]


@dataclass(frozen=True, repr=False)
class Picked(Result):
    """The models picked, with what the choice brings; see `to_dict`."""

    data: dict[str, Any]
    remarks: tuple[str, ...] = ()

    def rows(self) -> list[dict[str, Any]]:
        """A row a model, in the order they were picked."""
        return [dict(m) for m in self.data["members"]]

    def to_dict(self) -> dict[str, Any]:
        """Members, their mean score and distance, and those of the best by score alone."""
        return dict(self.data)

    def headline(self) -> str:
        """How many were picked."""
        return f"{len(self.data['members'])} models, {self.data['metric']}"


def portfolio(
    source: Registry | DistanceMatrix,
    count: int,
    *,
    scores: ScoresLike = None,
    column: str = "",
    records: str | Path | Records | None = None,
    require: Sequence[str] = (),
    strength: float = 2.0,
    hear: Hear = unheard,
) -> Picked:
    """Pick strong models that are far apart.

    Parameters
    ----------
    source : Registry or DistanceMatrix
        How far models are apart.
    count : int
        How many to pick.
    scores : path, mapping or None
        How strong models are; without, the mean of `records`, else distance alone counts.
    column : str
        Which column of a table of several scores.
    records : path, Records or None
        Past answers, right or wrong: tells what the choice brings.
    require : sequence of str
        Models that must be in.
    strength : float
        What score is worth against distance.
    hear : callable
        Told of remarks.

    Raises
    ------
    InputError
        For fewer models than are asked for, or a file that cannot be read.
    UsageError
        For a required model without a score.

    Examples
    --------
    >>> import cladist
    >>> far = cladist.DistanceMatrix.from_condensed("abc", [1, 9, 9])
    >>> [m["model"] for m in cladist.portfolio(far, 2, scores={"a": 1, "b": 0.5, "c": 1}).rows()]
    ['a', 'c']
    """
    told = Remarks(hear)
    past = records
    if isinstance(past, str | Path):
        past = read_records(Path(past))
    quality = quality_of(scores, column, past)
    matrix = distances(source) if isinstance(source, Registry) else source
    names = [m for m in matrix.ids if not quality or m in quality]
    if quality and len(names) < len(matrix):
        told(f"{len(matrix) - len(names)} models have no score and cannot be picked")
    if count > len(names):
        raise InputError(f"{count} models were asked for; {len(names)} have what it takes")
    wrong = [m for m in require if m not in names]
    if wrong:
        raise UsageError(f"'{wrong[0]}' is required, but has no score or no DNA")
    part = matrix.select(names)
    values = [quality.get(m, 0.0) for m in names]
    fixed = [names.index(m) for m in dict.fromkeys(require)]
    made = pick(values, part.matrix, count, strength, fixed)
    if not quality:
        told("no scores: the models are picked by distance alone")
    best = top_k(values, count)
    data: dict[str, Any] = {
        "metric": matrix.metric,
        "members": [
            _member(part, i, made.members[:at], values) for at, i in enumerate(made.members)
        ],
        "mean_score": made.quality if quality else None,
        "mean_distance": made.diversity if count > 1 else None,
        "top_by_score": {
            "members": [names[i] for i in best],
            "mean_score": made.beside[0],
            "mean_distance": made.beside[1] if count > 1 else None,
        }
        if quality
        else None,
    }
    if past is not None:
        data["measured"] = {
            "picked": _measured(past, [names[i] for i in made.members]),
            "top_by_score": _measured(past, [names[i] for i in best]),
        }
    return Picked(data, tuple(told))


def _member(
    matrix: DistanceMatrix, i: int, before: Sequence[int], values: Sequence[float]
) -> dict[str, Any]:
    nearest = min(before, key=lambda j: matrix.matrix[i, j], default=None)
    return {
        "model": matrix.ids[i],
        "score": values[i],
        "nearest_picked": None if nearest is None else matrix.ids[nearest],
        "distance": None if nearest is None else float(matrix.matrix[i, nearest]),
    }


def _measured(past: Records, members: Sequence[str]) -> dict[str, float | int] | None:
    """Of the questions that all of them answered: any right, most right, the best one right."""
    scores = past.scores
    asked = [q for q in past.questions if all((m, q) in scores for m in members)]
    if not asked:
        return None
    right = np.array([[scores[m, q] for q in asked] for m in members])
    return {
        "questions": len(asked),
        "any_right": float(oracle(right).mean()),
        "most_right": float(majority(right).mean()),
        "best_one": float(right.mean(1).max()),
    }
