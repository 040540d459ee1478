"""How good models are, by a table of scores or by their past answers."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from cladist.errors import UsageError
from cladist.formats.score_tables import Records, read_scores

__all__ = ["ScoresLike", "quality_of"]

ScoresLike = str | Path | Mapping[str, float] | None
"""One score a model: a CSV with a column model and one of scores, or a mapping by name."""


def quality_of(
    scores: ScoresLike, column: str = "", past: Records | None = None
) -> dict[str, float]:
    """Scores given, or of a file's column, else mean records, else nothing.

    Raises `UsageError` for a file with several columns where none is chosen.

    >>> quality_of({"a": 0.5})
    {'a': 0.5}
    """
    if isinstance(scores, Mapping):
        return dict(scores)
    if scores is not None:
        found = read_scores(Path(scores), [column] if column else ())
        if len(found) > 1:
            raise UsageError(f"{scores} has several: choose a --column of {', '.join(found)}")
        return next(iter(found.values()))
    if past is None:
        return {}
    total: dict[str, list[float]] = {}
    for (model, _), score in past.scores.items():
        total.setdefault(model, []).append(score)
    return {m: sum(v) / len(v) for m, v in total.items()}
