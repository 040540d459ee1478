"""How well a router expects accuracies of questions that it has not seen."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cladist.apply.questions import Questions
from cladist.apply.routing import Router, check_records
from cladist.core.optional import needed
from cladist.errors import InputError

with needed("Predicting and routing", "learn"):
    from sklearn.base import clone

__all__ = ["deal_questions", "expected_unseen"]

Floats = NDArray[np.float64]


def deal_questions(count: int, folds: int = 4, seed: int = 0) -> list[NDArray[np.int64]]:
    """Numbers of `count` questions dealt at random into folds, each in rising order."""
    if count < 2 * folds:
        raise InputError(f"{count} questions are too few to leave out {folds} parts of them")
    order = np.random.default_rng(seed).permutation(count)
    return [np.sort(part) for part in np.array_split(order, folds)]


def expected_unseen(
    router: Router,
    records: Any,
    questions: Questions,
    features: Any = None,
    groups: Sequence[str] | None = None,
    folds: int = 4,
    seed: int = 0,
    progress: Callable[[str, int, int], None] | None = None,
) -> Floats:
    """Expected accuracies (n, q) of every question by a router that learnt from other questions.

    Records, features and groups as in `Router.fit`, which runs once a fold.
    """
    y = check_records(records, questions)
    out = np.full(y.shape, np.nan)
    parts = deal_questions(len(questions), folds, seed)
    for done, part in enumerate(parts):
        rest = np.setdiff1d(np.arange(len(questions)), part)
        made = clone(router).fit(y[:, rest], questions.take(rest), features, groups)
        out[:, part] = made.expected(made.skills_, questions.take(part))
        if progress is not None:
            progress("leaving out questions", done + 1, folds)
    return out
