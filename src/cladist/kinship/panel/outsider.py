"""One new model beside a panel that was fitted before: its evidence with every member.

What members have in common does not depend on who else is asked, so it is measured once; a new
model then costs what it takes to read, and not the square of the panel. Lengths of answers take
no part: where answers are cut to be held beside others that were cut, they tell nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from cladist.core.responses import ResponseSet
from cladist.errors import InputError
from cladist.kinship.config import EVIDENCE, SPREADS
from cladist.kinship.evidence.corpus import Corpus, read_corpus, said_once
from cladist.kinship.evidence.similarity import (
    copies_of,
    lacking,
    standing,
    unrelated_spread,
)
from cladist.kinship.evidence.standard import Floats, RowLevels, level_of, row_levels
from cladist.kinship.evidence.style import style_of_last, style_similarity
from cladist.kinship.evidence.wording import Wording, wording, wording_of_last
from cladist.kinship.inference.pairs import PairEvidence, Pairwise
from cladist.kinship.inference.states import writes_reasoning

__all__ = ["Members", "beside", "fit_members"]

_HALVES = (None, 0, 1)


@dataclass(frozen=True, eq=False)
class Members:
    """A fitted panel of m members.

    responses  their answers, as they were read
    pairs      evidence of all pairs of them, without what tells tokenizers
    levels     of each member's likeness of wording with the others, on all probes, the even and
               the odd ones, by order
    middle, unit  of unrelated pairs, as `unrelated_spread` has them
    """

    responses: tuple[ResponseSet, ...]
    pairs: PairEvidence
    levels: tuple[tuple[RowLevels, ...], ...]
    middle: float
    unit: float

    def __len__(self) -> int:
        return len(self.responses)


def fit_members(responses: Sequence[ResponseSet]) -> Members:
    """Measure all pairs of at least three members (`InputError`). Cost of the evidence of all."""
    if len(responses) < 3:
        raise InputError(f"a panel needs at least three models, {len(responses)} given")
    corpus = read_corpus(responses)
    m = len(corpus)
    members, own = np.ones(m, np.bool_), np.full(m, -1)
    with threadpool_limits(1, user_api="blas"):
        found = wording(said_once(corpus), members)
        style = style_similarity(corpus, members)
        whole, even, odd = (standing(found, members, own, half) for half in _HALVES)
    middle, unit = unrelated_spread(whole, members)
    likeness = np.where(found.common.sum(0) > 0, (whole - middle) / unit, 0.0)
    np.fill_diagonal(likeness, 0.0)
    pairs = PairEvidence(
        corpus.models, Pairwise(likeness + lacking(likeness, copies_of(corpus))),
        Pairwise(likeness), (Pairwise(even), Pairwise(odd)), Pairwise(style),
        Pairwise(np.zeros((m, m))), corpus.present, tuple(corpus.digests()),
        np.array([writes_reasoning(row) for row in corpus.texts], np.bool_),
    )  # fmt: skip
    return Members(tuple(responses), pairs, _levels(found), middle, unit)


def _levels(found: Wording) -> tuple[tuple[RowLevels, ...], ...]:
    """Levels of all members, of all probes and of either half, by order."""
    everybody = np.ones(len(found.have), np.bool_)
    return tuple(
        tuple(
            row_levels(partial(found.of, order, half), everybody, beyond=SPREADS.beyond)
            for order in range(EVIDENCE.orders)
        )
        for half in _HALVES
    )


def beside(members: Members, asked: ResponseSet) -> PairEvidence:
    """Evidence of all pairs of the members and one new model, which is the last.

    The same as measuring all of them with the members as the panel. Raises `InputError` where
    the new model bears the name of a member. O(characters of all answers) time.

    Examples
    --------
    >>> pairs = beside(fit_members(recorded), asked)  # doctest: +SKIP
    >>> pairs.combined[-1].argmax()  # doctest: +SKIP
    17
    """
    corpus = read_corpus([*members.responses, asked])
    with threadpool_limits(1, user_api="blas"):
        halves, common = wording_of_last(said_once(corpus))
        style = style_of_last(corpus)
    twin = _twin(members, corpus)
    whole, even, odd = (_standing_of_last(members, halves, common, twin, h) for h in range(3))
    score = np.where(common.sum(0) > 0, (whole - members.middle) / members.unit, 0.0)
    lost = np.zeros_like(score)
    if twin is not None and len(set(corpus.texts[-1]) - {""}) >= 3:
        same = np.array([d == members.pairs.digest[twin] for d in members.pairs.digest])
        lost[same] = np.maximum(EVIDENCE.identical - score[same], 0.0)
    p = members.pairs
    return PairEvidence(
        corpus.models, _bordered(p.combined, score + lost), _bordered(p.score, score),
        (_bordered(p.halves[0], even), _bordered(p.halves[1], odd)),
        _bordered(p.style, style, 1.0), _bordered(p.tokenizer, np.zeros_like(score)),
        corpus.present, tuple(corpus.digests()),
        np.append(p.reasoning, writes_reasoning(corpus.texts[-1])),
    )  # fmt: skip


def _twin(members: Members, corpus: Corpus) -> int | None:
    """The first member that said exactly the same."""
    said = corpus.digests()[-1]
    return next((k for k, d in enumerate(members.pairs.digest) if d == said), None)


def _standing_of_last(
    members: Members, halves: NDArray[np.float32], common: Floats, twin: int | None, half: int
) -> Floats:
    """How far the new model's pairs stand out, all orders together, float64 (m,)."""
    parts = [0, 1] if half == 0 else [half - 1]
    m = len(members)
    weights = [EVIDENCE.single, *[1.0] * (EVIDENCE.orders - 1)]
    total = np.zeros(m)
    for order, weight in enumerate(weights):
        t = halves[parts, order].sum(0, dtype=np.float64) / np.maximum(common[parts].sum(0), 1.0)
        seen = np.ones(m, np.bool_)
        if twin is not None:
            seen[twin] = False
        level = members.levels[half][order]
        mean, spread = level_of(t, seen, level.pooled, SPREADS.beyond)
        own = (t - mean) / spread
        other = (t - level.mean) / level.spread
        total += weight * (own + other) / 2
    return np.asarray(total / sum(weights))


def _bordered(matrix: Pairwise, row: Floats, corner: float = 0.0) -> Pairwise:
    """The matrix with one more row and column."""
    m = len(row)
    out = np.full((m + 1, m + 1), corner)
    out[:m, :m], out[m, :m], out[:m, m] = matrix[:], row, row
    return Pairwise(out)
