"""Features of models for predicting scores: relatives, habits, words, and agreement.

None of them knows a right answer. What every model is measured against is a reference: by
default all models given, as a registry holds them, scored or not.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from cladist.apply.reading import HABITS, conclusion, read
from cladist.core.distances import DistanceMatrix
from cladist.core.responses import ResponseSet
from cladist.errors import InputError

__all__ = [
    "AnswerTable",
    "Block",
    "FeatureTable",
    "behaviour_table",
    "distance_table",
    "read_answers",
]

Floats = NDArray[np.float64]
View = Literal["relatives", "prose", "conclusions"]
RARE = 3
"""A word counts as a model's own where it is in so many of its answers."""
FEWEST = 5
"""A word is a feature where so many models of the reference, or an eighth of them, have it."""


@dataclass(frozen=True, slots=True)
class Block:
    """Neighbouring columns of one kind.

    name    of the kind
    width   number of columns
    scaled  bring each column to spread 1 on the training models
    view    what it belongs to where a predictor uses a part of the blocks alone
    curved  let likeness fall off with distance as a bell does, instead of in a straight line
    """

    name: str
    width: int
    scaled: bool = False
    view: View = "prose"
    curved: bool = False


@dataclass(frozen=True, eq=False)
class FeatureTable:
    """n models by d features.

    models  n names
    values  float64 (n, d), finite
    blocks  whose widths add up to d
    """

    models: tuple[str, ...]
    values: Floats
    blocks: tuple[Block, ...]

    def __post_init__(self) -> None:
        if self.values.shape != (len(self.models), sum(b.width for b in self.blocks)):
            raise InputError(
                f"features of shape {self.values.shape} do not fit {len(self.models)} models and "
                f"{sum(b.width for b in self.blocks)} columns"
            )
        if not np.isfinite(self.values).all():
            raise InputError("features hold NaN or infinity")

    def select(self, models: Sequence[str]) -> FeatureTable:
        """The rows of `models`, in their order; `InputError` for a name that is not there."""
        at = {m: i for i, m in enumerate(self.models)}
        wrong = [m for m in models if m not in at]
        if wrong:
            raise InputError(f"no features of '{wrong[0]}' among the {len(at)} models")
        rows = [at[m] for m in models]
        return FeatureTable(tuple(models), self.values[rows], self.blocks)

    def beside(self, other: FeatureTable) -> FeatureTable:
        """Both tables' columns for the models of this one."""
        right = other.select(self.models)
        return FeatureTable(
            self.models,
            np.hstack([self.values, right.values]),
            (*self.blocks, *right.blocks),
        )


def distance_table(matrix: DistanceMatrix) -> FeatureTable:
    """Every model's row of distances, with the sign turned, as a feature table of one block."""
    return FeatureTable(
        matrix.ids, -matrix.matrix, (Block("relatives", len(matrix), False, "relatives", True),)
    )


@dataclass(frozen=True, eq=False)
class AnswerTable:
    """Answers of n models to p probes, read once.

    models       n names
    habit        float64 (n, p, 24), NaN where there is no usable answer
    conclusions  int64 (n, p), equal numbers for equal conclusions to one probe, -1 for none
    said         one csr float32 (n, v) a probe: which words an answer has
    """

    models: tuple[str, ...]
    habit: Floats
    conclusions: NDArray[np.int64]
    said: tuple[sparse.csr_array, ...]

    @property
    def present(self) -> NDArray[np.bool_]:
        """Which answers there are, bool (n, p)."""
        return ~np.isnan(self.habit[:, :, 0])


def read_answers(
    responses: Sequence[ResponseSet], progress: Callable[[str, int, int], None] | None = None
) -> AnswerTable:
    """Read the first usable answer of every model to every probe; about half a millisecond each.

    Raises `InputError` where probes differ between models or no model is given.
    """
    if not responses:
        raise InputError("no answers were given")
    ids = responses[0].probe_ids
    for other in responses[1:]:
        if other.probe_ids != ids:
            raise InputError(
                f"'{responses[0].model}' and '{other.model}' answered different probes"
            )
    n, p = len(responses), len(ids)
    habit = np.full((n, p, len(HABITS)), np.nan)
    conclusions = np.full((n, p), -1, np.int64)
    vocabulary = _Numbered()
    known: list[dict[str, int]] = [{} for _ in range(p)]
    rows: list[list[NDArray[np.int64]]] = [[] for _ in range(p)]
    empty = np.zeros(0, np.int64)
    for i, one in enumerate(responses):
        for j, text in enumerate(one.texts()):
            if text is None or not text.strip():
                rows[j].append(empty)
                continue
            habit[i, j], used = read(text)
            last = conclusion(text)
            if last:
                conclusions[i, j] = known[j].setdefault(last, len(known[j]))
            # In the order of the text, so that words have the same numbers every time.
            numbers = list(map(vocabulary.__getitem__, dict.fromkeys(used)))
            rows[j].append(np.sort(np.array(numbers, np.int64)))
        if progress is not None:
            progress("reading answers", i + 1, n)
    said = tuple(_incidence(r, len(vocabulary)) for r in rows)
    return AnswerTable(tuple(r.model for r in responses), habit, conclusions, said)


class _Numbered(dict[str, int]):
    """Words by number, new ones numbered as they are asked for."""

    def __missing__(self, word: str) -> int:
        self[word] = number = len(self)
        return number


def behaviour_table(
    answers: AnswerTable, reference: NDArray[np.bool_] | None = None
) -> FeatureTable:
    """Features of n models against those in `reference`, bool (n,) (default all).

    manner        mean and spread of each habit's difference from the reference's median answer
                  to the same probe, and the share of probes without an answer
    words         ln of the share of answers that have a word, for words in use
    likeness      mean cosine of its words for a probe with those of every reference model
    company       how much a model's words for a probe are those that the others use for it
    agreement     share of common probes with the same conclusion, with every reference model
    consensus     its mean, and its mean weighted by how much those others agree with others

    Nothing depends on models outside the reference but their own rows. Raises `InputError` for
    a reference of fewer than two models. Cost: O(n^2 p).
    """
    n = len(answers.models)
    inside = np.ones(n, np.bool_) if reference is None else reference
    if inside.sum() < 2:
        raise InputError("features of behaviour need two reference models at least")
    agreement = _agreement(answers)
    content = _content(answers, inside)
    lexicon = _words(answers, inside)
    manner = _manner(answers, inside)
    parts = (
        (Block("style", manner.shape[1], True), manner),
        (Block("words", lexicon.shape[1], True), lexicon),
        (
            Block("likeness", int(inside.sum()), False, "relatives", True),
            content[:, inside],
        ),
        (Block("company", 2, True), _consensus(content, inside)),
        (Block("agreement", int(inside.sum()), False, "conclusions"), agreement[:, inside]),
        (Block("consensus", 2, True, "conclusions"), _consensus(agreement, inside)),
    )
    return FeatureTable(
        answers.models, np.hstack([v for _, v in parts]), tuple(b for b, _ in parts)
    )


def _incidence(rows: Sequence[NDArray[np.int64]], width: int) -> sparse.csr_array:
    indptr = np.concatenate([[0], np.cumsum([len(r) for r in rows])])
    indices = np.concatenate([np.zeros(0, np.int64), *rows])
    values = np.ones(len(indices), np.float32)
    return sparse.csr_array((values, indices, indptr), shape=(len(rows), width))


def _manner(answers: AnswerTable, inside: NDArray[np.bool_]) -> Floats:
    present = answers.present
    asked = present[inside].any(0)
    if not asked.any():
        raise InputError("no model of the reference has a usable answer")
    habit = answers.habit[:, asked]
    difference = habit - np.nanmedian(habit[inside], axis=0)
    seen = ~np.isnan(difference)
    count = np.maximum(seen.sum(1), 1)
    mean = np.where(seen, difference, 0.0).sum(1) / count
    square = (np.where(seen, difference - mean[:, None], 0.0) ** 2).sum(1) / count
    absent = 1 - present.mean(1, keepdims=True)
    return np.hstack([mean, np.sqrt(square), absent])


def _words(answers: AnswerTable, inside: NDArray[np.bool_]) -> Floats:
    n, p = answers.present.shape
    owner = sparse.csr_array((np.ones(n * p), (np.tile(np.arange(n), p), np.arange(n * p))))
    columns = sparse.csc_array(owner @ sparse.vstack(answers.said, format="csr"))
    uses = sparse.csc_array(columns >= min(RARE, max(1, p // 10)))
    users = np.asarray(uses[inside].sum(0)).ravel()
    kept = users >= max(2, min(FEWEST, int(inside.sum()) // 2), int(inside.sum()) // 8)
    answered = np.maximum(answers.present.sum(1, keepdims=True), 1)
    share = columns[:, np.flatnonzero(kept)].toarray() / answered
    return np.asarray(np.log(share + 1 / p)).reshape(n, -1)


def _agreement(answers: AnswerTable) -> Floats:
    """Share of probes that both answered to which both conclude the same, (n, n), 0 diagonal."""
    present = answers.present.astype(np.float64)
    both = present @ present.T
    width = answers.conclusions.max(axis=0, initial=0) + 1
    row, probe = np.nonzero(answers.conclusions >= 0)
    start = np.concatenate([[0], np.cumsum(width)])
    column = start[probe] + answers.conclusions[row, probe]
    shown = sparse.csr_array(
        (np.ones(len(row)), (row, column)), shape=(len(present), int(start[-1]))
    )
    same = np.asarray((shown @ shown.T).toarray()) / np.maximum(both, 1)
    np.fill_diagonal(same, 0.0)
    return same


def _content(answers: AnswerTable, inside: NDArray[np.bool_]) -> Floats:
    """Mean cosine of words by probe, weighted by rarity among the reference, (n, n)."""
    n = len(answers.models)
    total, both = np.zeros((n, n)), np.zeros((n, n))
    for j, said in enumerate(answers.said):
        here = answers.present[:, j]
        if here.sum() < 2:
            continue
        members = int((here & inside).sum())
        users = np.asarray(said[here & inside].sum(0)).ravel()
        weight = np.log((members + 1) / (users + 1)).astype(np.float32)
        weighed = said @ sparse.diags_array(weight)
        norm = np.sqrt(np.asarray((weighed * weighed).sum(1)).ravel())
        unit = sparse.diags_array(1 / np.maximum(norm, 1e-9)) @ weighed
        total += (unit @ unit.T).toarray()
        both += np.outer(here, here)
    same = np.where(both > 0, total / np.maximum(both, 1), 0.0)
    np.fill_diagonal(same, 0.0)
    return same


def _consensus(similarity: Floats, inside: NDArray[np.bool_]) -> Floats:
    """Mean similarity with the reference, and that weighted by the reference's first eigenvector.

    The second is agreement with those who agree: one reliability a model, as in the analysis of
    answers without a key (Dawid and Skene 1979, Applied Statistics 28:20).
    """
    m = int(inside.sum())
    plain = similarity[:, inside].sum(1) / np.where(inside, m - 1, m)
    _, vectors = np.linalg.eigh(similarity[np.ix_(inside, inside)])
    first = np.abs(vectors[:, -1])
    own = np.zeros(len(similarity))
    own[inside] = first
    weighed = similarity[:, inside] @ first / np.maximum(first.sum() - own, 1e-12)
    return np.stack([plain, weighed], axis=1)
