"""All evidence of kinship between models, and the distances that follow from it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from cladist.core.distances import DistanceMatrix, symmetric
from cladist.core.responses import ResponseSet
from cladist.kinship.config import EVIDENCE, SPREADS
from cladist.kinship.evidence.corpus import Corpus, read_corpus, said_once
from cladist.kinship.evidence.standard import Floats, blocks_of, row_levels
from cladist.kinship.evidence.style import style_similarity
from cladist.kinship.evidence.tokens_per_character import density_evidence, fit_densities
from cladist.kinship.evidence.truncation import truncation_evidence
from cladist.kinship.evidence.wording import Wording, wording

__all__ = [
    "Evidence",
    "Readings",
    "Standing",
    "combined_of",
    "copies_of",
    "distance_of",
    "evidence_of",
    "kinship_distances",
    "kinship_similarity",
    "lacking",
    "read_evidence",
    "spread_of_rows",
    "standing",
    "unrelated_spread",
]


@dataclass(frozen=True, eq=False)
class Evidence:
    """Evidence of kinship between n models; larger is closer.

    ids       n names
    channels  float64 (n, n) by name, each on the scale on which it enters the sum:
              wording    how alike two models go on where models part, on the same probes
              tokenizer  whether the two cut their text into tokens alike
              identical  what is missing to `EVIDENCE.identical` where all answers are the same
    combined  float64 (n, n), the sum, symmetric, zero diagonal; unrelated pairs lie around zero,
              and the unit is that of panels of many families
    halves    wording from even and from odd probes alone, each float64 (n, n)
    style     float64 (n, n) in 0..1: how alike two models sound whatever they are asked; no
              part of the sum, but what unrelated pairs are compared by
    unit      how much narrower or wider unrelated pairs lie than in panels of many families
    """

    ids: tuple[str, ...]
    channels: Mapping[str, Floats]
    combined: Floats
    halves: tuple[Floats, Floats]
    style: Floats
    unit: float = 1.0


def kinship_similarity(responses: Sequence[ResponseSet]) -> Evidence:
    """Evidence of kinship between all models, each measured against the others as a panel.

    At n = 2 there is no panel: what all models share cannot be told from what these two share,
    and the numbers rest on the prior spreads alone. Raises `InputError` when a name occurs
    twice. Costs are those of the channels; the n x n matrices are the memory.
    """
    corpus = read_corpus(responses)
    return evidence_of(corpus, np.ones(len(corpus), np.bool_))


def evidence_of(corpus: Corpus, members: NDArray[np.bool_], *, single: bool = False) -> Evidence:
    """Evidence between all n models with those in `members`, bool (n,), as the panel.

    Models outside the panel add nothing to any statistic: the evidence among members, and that
    of one outsider, do not depend on which other outsiders are there. Runs on two threads, and
    matrix products on one each, so that rounding is the same however many cores there are. With
    `single` everything is rounded to float32 in the end, and 24 n^2 bytes of memory are enough.
    """
    return read_evidence(corpus, members, single=single).evidence()


@dataclass(frozen=True, eq=False)
class Readings:
    """What the texts of n models say of pairs, each kind by itself; no text is held any more.

    members    bool (n,), who is the panel
    style      (n, n), in the precision that all evidence will have
    wording, stands, tokenizer, copies  the parts of the sum; None of fewer than two models
    """

    models: tuple[str, ...]
    members: NDArray[np.bool_]
    style: NDArray[Any]
    wording: Wording | None = None
    stands: Standing | None = None
    tokenizer: _Tokenizer | None = None
    copies: _Copies | None = None

    def evidence(self) -> Evidence:
        """All of it put together, which can be done once: what was read is let go meanwhile."""
        parts = self.wording, self.stands, self.tokenizer, self.copies
        found, stands, tokenizer, copies = parts
        if found is None or stands is None or tokenizer is None or copies is None:
            nothing = self.style
            return Evidence(self.models, {}, nothing, (nothing, nothing), nothing)
        with threadpool_limits(1, user_api="blas"):
            return _evidence(self, found, stands, tokenizer, copies)


def read_evidence(corpus: Corpus, members: NDArray[np.bool_], *, single: bool = False) -> Readings:
    """The first part of `evidence_of`, after which the corpus is not needed."""
    n = len(corpus)
    if n < 2:
        return Readings(corpus.models, members, np.zeros((n, n)))
    with threadpool_limits(1, user_api="blas"):
        with ThreadPoolExecutor(1) as aside:
            # Much of either side runs on one thread only, so the two fill two cores together.
            tokens = aside.submit(_Tokenizer, corpus, members)
            found = wording(said_once(corpus), members)
            stands = Standing(found, members, _own(corpus, members), (None, 0, 1))
            tokenizer = tokens.result()
        style = style_similarity(corpus, members, single=single)
    return Readings(corpus.models, members, style, found, stands, tokenizer, _Copies(corpus))


def _evidence(
    read: Readings, found: Wording, stands: Standing, tokenizer: _Tokenizer, copies: _Copies
) -> Evidence:
    n = len(read.models)
    middle, unit = spread_of_rows(
        lambda rows: stands.rows(None, rows, rows.start) + tokenizer.rows(rows, rows.start),
        read.members,
    )
    # Zeros take no memory until they are written over, and these are as many as there are copies.
    same = np.zeros((n, n), read.style.dtype)
    even, odd, score, token, total = (np.empty_like(same) for _ in range(5))
    for rows in blocks_of(n):
        first = rows.start
        common = found.common_of(rows, first).sum(0) > 0
        whole, *halves = (stands.rows(half, rows, first) for half in (None, 0, 1))
        # Two models without a common probe show neither likeness nor unlikeness.
        likeness = _off_diagonal(np.where(common, (whole - middle) / unit, 0.0), rows, first)
        tells = tokenizer.rows(rows, first) / unit
        both = likeness + tells
        alike = copies.rows(rows)[:, first:]
        missing = lacking(both, alike)
        for plane, block in zip(
            (even, odd, score, token, total),
            (*halves, likeness, tells, both + missing),
            strict=True,
        ):
            _write(plane, rows, block)
        i, j = np.nonzero(alike)
        same[i + first, j + first] = same[j + first, i + first] = missing[i, j]
        # As much is let go as was written.
        found.halves.forget(rows.stop)
        tokenizer.forget(rows.stop)
    channels = {"wording": score, "tokenizer": token, "identical": same}
    return Evidence(read.models, channels, total, (even, odd), read.style, unit)


def combined_of(found: Wording, tokenizer: Floats, members: NDArray[np.bool_]) -> Floats:
    """All evidence from wording and what the tokenizer says already weighted, float64 (n, n)."""
    total = standing(found, members, np.full(len(members), -1), None) + tokenizer
    middle, unit = unrelated_spread(total, members)
    known = np.where(found.common.sum(0) > 0, (total - middle) / unit, tokenizer / unit)
    return _off_diagonal(known, slice(0, len(members)))


def unrelated_spread(evidence: Floats, members: NDArray[np.bool_]) -> tuple[float, float]:
    """Middle and unit of evidence from unrelated pairs, where kin may be half of all pairs.

    Kin lie above. Pairs three spreads above the middle are left out, middle and spread are taken
    anew from the others, the spread from the lower half alone, until nothing changes (one-sided
    sigma clipping). Where a few families fill a panel, kin sit in every row's mean and spread;
    this gives evidence the unit that it has elsewhere, a spread of `SPREADS.usual`. Panels of
    fewer than `SPREADS.clipped` models have 0 and 1.
    """
    return spread_of_rows(lambda rows: evidence[rows, rows.start :], members)


def spread_of_rows(
    rows_of: Callable[[slice], Floats], members: NDArray[np.bool_]
) -> tuple[float, float]:
    """`unrelated_spread` of evidence that `rows_of` gives a block of rows of, from the column of
    the first on, float64 (b, n - first).

    4 n^2 bytes of memory.
    """
    inside = np.flatnonzero(members)
    if len(inside) < SPREADS.clipped:
        return 0.0, 1.0
    values = np.empty(len(inside) * (len(inside) - 1) // 2)
    place = np.cumsum(members) - 1
    filled = 0
    for rows in blocks_of(len(members)):
        before = int(np.searchsorted(inside, rows.start))
        block = rows_of(rows)[:, inside[before:] - rows.start]
        for i in np.flatnonzero(members[rows]):
            right = block[i, place[rows.start + i] + 1 - before :]
            values[filled : filled + len(right)] = right
            filled += len(right)
    values.sort()
    kept, middle, spread = len(values), 0.0, 0.0
    while kept:
        middle = _middle(values[:kept])
        lower = int(np.searchsorted(values[:kept], middle, side="right"))
        spread = 1.4826 * (middle - _middle(values[:lower]))
        fewer = int(np.searchsorted(values[:kept], middle + SPREADS.beyond * spread, side="right"))
        if fewer == kept:
            break
        kept = fewer
    return (middle, spread / SPREADS.usual) if spread > 1e-6 else (0.0, 1.0)


def _middle(rising: Floats) -> float:
    """Median of sorted values."""
    k = len(rising)
    return float((rising[(k - 1) // 2] + rising[k // 2]) / 2)


def _off_diagonal(block: Floats, rows: slice, first: int = 0) -> Floats:
    """A block of rows, from column `first` on, with 0 on the diagonal of the whole."""
    at = np.arange(len(block))
    block[at, at + rows.start - first] = 0.0
    return block


def _write(whole: NDArray[Any], rows: slice, block: Floats) -> None:
    """Write a block of rows of a symmetric matrix, from the column of the first on; those before
    it are there already. Rows are touched in their order: a page of memory may be as large as
    fifty rows, and all of it is taken when any of it is written."""
    whole[rows, rows.start :] = block
    whole[rows, : rows.start] = whole[: rows.start, rows].T


class Standing:
    """How far pairs stand out from the pairs of either model, all orders of context together.

    `parts` say of what: None for all probes, 0 for even and 1 for odd ones.
    """

    def __init__(
        self,
        found: Wording,
        members: NDArray[np.bool_],
        own: NDArray[np.int64],
        parts: Sequence[int | None],
    ) -> None:
        self._found = found
        self._told = len(members) > 1 and int(members.sum()) > 1
        self._levels = {
            half: [
                row_levels(partial(found.of, order, half), members, own, beyond=SPREADS.beyond)
                for order in range(EVIDENCE.orders)
            ]
            for half in (parts if self._told else ())
        }

    def rows(self, half: int | None, rows: slice, first: int = 0) -> Floats:
        """A block of rows, from column `first` on, which is 0 or their own first, float64
        (b, n - first)."""
        weights = [EVIDENCE.single, *[1.0] * (EVIDENCE.orders - 1)]
        total = np.zeros((rows.stop - rows.start, len(self._found.have) - first))
        if not self._told:
            return total
        for order, weight in enumerate(weights):
            t = self._found.of(order, half, rows, first)
            level = self._levels[half][order]
            z = (t - level.mean[rows, None]) / level.spread[rows, None]
            z += (t - level.mean[first:]) / level.spread[first:]
            total += weight * _off_diagonal(z / 2, rows, first)
        return np.asarray(total / sum(weights))


def standing(
    found: Wording, members: NDArray[np.bool_], own: NDArray[np.int64], half: int | None
) -> Floats:
    """`Standing` of all rows, float64 (n, n)."""
    return Standing(found, members, own, (half,)).rows(half, slice(0, len(members)))


class _Copies:
    """`copies_of`, some rows at a time."""

    def __init__(self, corpus: Corpus) -> None:
        self._varied = np.array([len(set(row) - {""}) >= 3 for row in corpus.texts], np.bool_)
        self._code = np.unique(np.array(corpus.digests()), return_inverse=True)[1]

    def rows(self, rows: slice) -> NDArray[np.bool_]:
        """A block of rows, bool (b, n)."""
        same = (self._code[rows, None] == self._code[None, :]) & self._varied[rows, None]
        at = np.arange(len(same))
        same[at, at + rows.start] = False
        return np.asarray(same, np.bool_)


def copies_of(corpus: Corpus) -> NDArray[np.bool_]:
    """Pairs with the same answers throughout, three different ones at least, bool (n, n)."""
    return _Copies(corpus).rows(slice(0, len(corpus)))


def lacking(found: Floats, copies: NDArray[np.bool_]) -> Floats:
    """What copies lack of `EVIDENCE.identical`; 0 for all other pairs, float64 (n, n).

    Of two models alone nothing can be called rare, and yet copies are copies.
    """
    return np.where(copies, np.maximum(EVIDENCE.identical - found, 0.0), 0.0)


class _Tokenizer:
    """Evidence for common descent from what answers tell of tokenizers, some rows at a time.

    Unrelated models may share a tokenizer and kin may differ in it, each with its share, so what
    one tokenizer against two says is worth ln((e + (1 - e) L) / (s L + 1 - s)) of its likelihood
    ratio L: at most -ln s, however sure it is.
    """

    def __init__(self, corpus: Corpus, members: NDArray[np.bool_]) -> None:
        self._lengths = truncation_evidence(corpus, members)
        self._rates = fit_densities(corpus, members)
        self._n = len(corpus)

    def rows(self, rows: slice, first: int = 0) -> Floats:
        """A block of rows, weighted as it enters the sum, from column `first` on, which is 0 or
        their own first, float64 (b, n - first)."""
        # Where one limit cut all answers, their lengths say a part of it already.
        nats = density_evidence(self._rates, self._n, rows, first)
        ratio = np.exp((1 - self._lengths.limit / 2) * nats)
        new, same = EVIDENCE.new_tokenizer, EVIDENCE.same_tokenizer
        bounded = np.log((new + (1 - new) * ratio) / (same * ratio + 1 - same))
        bounded[ratio == 1.0] = 0.0
        return np.asarray(EVIDENCE.tokenizer * (bounded + self._lengths.rows(rows, first)))

    def forget(self, end: int) -> None:
        """Give back the memory of rows before `end`, of which nothing is asked any more."""
        self._lengths.sums.forget(end)


def _own(corpus: Corpus, members: NDArray[np.bool_]) -> NDArray[np.int64]:
    """For each model outside the panel, the first member that said exactly the same, or -1."""
    own = np.full(len(corpus), -1)
    if members.all():
        return own
    said = corpus.digests()
    first: dict[bytes, int] = {}
    for i in np.flatnonzero(members):
        first.setdefault(said[i], int(i))
    for i in np.flatnonzero(~members):
        own[i] = first.get(said[i], -1)
    return own


def kinship_distances(responses: Sequence[ResponseSet], *, assay: str = "") -> DistanceMatrix:
    """Distances ln(1 + exp(offset - similarity)) between all models; copies are near zero."""
    found = kinship_similarity(responses)
    return symmetric(found.ids, distance_of(found.combined), "kinship", assay)


def distance_of(similarity: Floats) -> Floats:
    """Distances from combined similarities: positive, strictly decreasing, float64, same shape."""
    return np.asarray(np.logaddexp(0.0, EVIDENCE.offset - similarity), np.float64)
