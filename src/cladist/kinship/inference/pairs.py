"""Evidence of all pairs of models: what every question of kinship is answered from."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cladist.core.distributions import holds_distributions
from cladist.core.memory import give_back
from cladist.core.responses import ResponseSet
from cladist.errors import InputError
from cladist.kinship.evidence.corpus import read_corpus
from cladist.kinship.evidence.functional import (
    Functions,
    functional_evidence,
    of_one_kind,
    read_functions,
)
from cladist.kinship.evidence.similarity import read_evidence
from cladist.kinship.evidence.standard import Floats
from cladist.kinship.inference.states import writes_reasoning

__all__ = ["COVARIATES", "Index", "PairEvidence", "Pairwise", "Rows", "pair_evidence"]

Rows = NDArray[np.int64] | list[int] | slice | int
Index = NDArray[np.int64] | list[int] | int

COVARIATES = 3
"""What explains a score without kinship: style, tokenizer, reasoning traces."""


class Pairwise:
    """A number for every pair of n models: kept as it came, also in a file, and read as float64.

    stored  float32 or float64 (n, n)

    >>> pairs = Pairwise(np.array([[0, 2], [2, 0]], np.float32))
    >>> pairs[0].tolist(), len(pairs), pairs[:].dtype.name
    ([0.0, 2.0], 2, 'float64')
    """

    def __init__(self, stored: NDArray[np.floating[Any]]) -> None:
        self.stored = stored

    def __getitem__(self, where: Any) -> Floats:
        """What NumPy gives of the matrix at `where`, and `[:]` all of it."""
        return np.asarray(self.stored[where], np.float64)

    def __len__(self) -> int:
        return len(self.stored)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        """All of it, for NumPy."""
        return np.asarray(self.stored, dtype or np.float64)


@dataclass(frozen=True, eq=False)
class PairEvidence:
    """What is known of all pairs of n models.

    models   n names
    combined (n, n): all evidence, what ranks relatives and makes distances
    score    (n, n): likeness of wording beyond the panel's, symmetric
    halves   the same of even and of odd probes, each (n, n)
    style    (n, n) in 0..1: how alike two models sound whatever they are asked
    tokenizer  (n, n): agreement of tokenizers, around 0
    present  bool (n, p): which probes have a usable answer
    digest   one hash a model of all its answers
    reasoning  bool (n,): which models write their reasoning into their answers
    """

    models: tuple[str, ...]
    combined: Pairwise
    score: Pairwise
    halves: tuple[Pairwise, Pairwise]
    style: Pairwise
    tokenizer: Pairwise
    present: NDArray[np.bool_]
    digest: tuple[bytes, ...]
    reasoning: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.models)

    def scored(self, half: int | None) -> Pairwise:
        """Scores of all probes, or of the even (0) or odd (1) ones."""
        return self.score if half is None else self.halves[half]

    def covariates(self, a: Rows, b: Rows) -> Floats:
        """What explains a score without kinship, float64 (3, ...): style, tokenizer, and whether
        both write reasoning traces."""
        return np.stack([self.covariate(k, a, b) for k in range(COVARIATES)])

    def covariate(self, number: int, a: Rows, b: Rows) -> Floats:
        """One of `covariates`."""
        if number == COVARIATES - 1:
            return np.asarray(self.both_reason(a, b), np.float64)
        return (self.style, self.tokenizer)[number][a, b]

    def both_reason(self, a: Rows, b: Rows) -> NDArray[np.bool_]:
        """Whether both models of pairs write reasoning traces. Known kin that do are too few to
        say of such a pair that it has less in common than kin: it is never called unrelated."""
        return np.asarray(self.reasoning[a] & self.reasoning[b], np.bool_)

    def among(self, models: Sequence[str]) -> PairEvidence:
        """The same of some models, in their order; every number is as it was in the panel.

        Raises `InputError` for a model that has no answers here.
        """
        rows = np.array([self.index(m) for m in models], np.int64)
        block = np.ix_(rows, rows)

        def of(whole: Pairwise) -> Pairwise:
            return Pairwise(whole.stored[block])

        return PairEvidence(
            tuple(models),
            of(self.combined),
            of(self.score),
            (of(self.halves[0]), of(self.halves[1])),
            of(self.style),
            of(self.tokenizer),
            self.present[rows],
            tuple(self.digest[k] for k in rows.tolist()),
            self.reasoning[rows],
        )

    def index(self, model: str) -> int:
        """Row of a model; `InputError` when it has no answers here."""
        try:
            return self.models.index(model)
        except ValueError:
            raise InputError(
                f"'{model}' is not among the {len(self.models)} models that answered"
            ) from None


def pair_evidence(
    responses: Iterable[ResponseSet], members: NDArray[np.bool_] | None = None
) -> PairEvidence:
    """Evidence, style and tokenizer agreement of all pairs. Cost of `kinship_similarity`.

    `members` bool (n,) says who is the panel that all statistics come from; everybody by default.
    Answers are gone through once, and let go when they were read where nobody else holds them.

    The score leaves out what tells tokenizers, as unrelated models share those; it comes back
    as something that explains a score. All is rounded to float32, which is what a fitted panel
    keeps, so that what is kept and what is measured afresh say the same to the last digit.
    """
    functions, answers = _looked_into(of_one_kind(responses))
    if functions:
        every = list(answers)
        inside = np.ones(len(every), np.bool_) if members is None else members
        return _of_functions(read_functions(every), inside)
    corpus = read_corpus(answers)
    n = len(corpus)
    inside = np.ones(n, np.bool_) if members is None else members
    read = read_evidence(corpus, inside, single=True)
    told = (
        corpus.present,
        tuple(corpus.digests()),
        np.array([writes_reasoning(row) for row in corpus.texts], np.bool_),
    )
    del corpus  # texts take as much as the evidence
    give_back()
    found = read.evidence()
    del read
    give_back()
    nothing = np.zeros((n, n), np.float32)
    return PairEvidence(
        found.ids,
        _rounded(found.combined),
        _rounded(found.channels.get("wording", nothing)),
        (_rounded(found.halves[0]), _rounded(found.halves[1])),
        _rounded(found.style),
        _rounded(found.channels.get("tokenizer", nothing)),
        *told,
    )


def _looked_into(responses: Iterable[ResponseSet]) -> tuple[bool, Iterator[ResponseSet]]:
    """Whether the first model that answered gave distributions, and the answers of all."""
    rest = iter(responses)
    seen: deque[ResponseSet] = deque()

    def again() -> Iterator[ResponseSet]:
        while seen:
            yield seen.popleft()
        yield from rest

    for r in rest:
        seen.append(r)
        if r.usable().any():
            return holds_distributions(r), again()
    return False, again()


def _of_functions(read: Functions, members: NDArray[np.bool_]) -> PairEvidence:
    """Evidence from distributions: nothing tells of tokenizers, and nobody writes traces."""
    n, found = len(read.models), functional_evidence(read, members)
    return PairEvidence(
        read.models,
        _rounded(found.combined),
        _rounded(found.score),
        (_rounded(found.halves[0]), _rounded(found.halves[1])),
        _rounded(found.style),
        _rounded(np.zeros((n, n))),
        read.present,
        read.digests,
        np.zeros(n, np.bool_),
    )


def _rounded(matrix: NDArray[np.floating[Any]]) -> Pairwise:
    return Pairwise(matrix.astype(np.float32, copy=False))
