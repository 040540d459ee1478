"""Wording: whether two models go on alike where models part.

On one probe, a model stands at a context (the beginning, a word, two words) and goes on with
another word. Two models of common descent go on alike more often than two that have nothing to
do with each other. With probability ALPHA the one copies what the other does there, otherwise it
chooses as the panel does; so where a share q of the panel goes on that way,

    ln((ALPHA + (1 - ALPHA) q) / q)    is what agreement says for common descent, and
    ln(1 - ALPHA)                      what disagreement says against it.

This is the log-likelihood ratio of identity by descent (Thompson 1975, Ann. Hum. Genet. 39:173,
with models for people and contexts for loci). A rare continuation says much, a common one next to
nothing; an expression that everybody uses adds nothing at all.

Choices within one answer depend on each other: one slip, and two answers agree for a page. So the
sum of a probe is taken as sign(x) ln(1 + |x|) before probes are averaged.

Pairs are gone through by blocks of rows, one half of the probes on a thread. What agreement says
is rounded to a grid (`_grid`) on which sums are exact in any order: the same numbers come out
whatever the blocks, the threads and the processor.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from cladist.core.distinct import distinct, numbered
from cladist.kinship.config import EVIDENCE
from cladist.kinship.evidence.corpus import Corpus
from cladist.kinship.evidence.standard import Floats, in_turn, mirror
from cladist.kinship.evidence.triangle import Triangle
from cladist.kinship.evidence.words import grams_of, words_of

if TYPE_CHECKING:
    from scipy import sparse

__all__ = [
    "ProbeGrams",
    "Wording",
    "gains",
    "probe_grams",
    "wording",
    "wording_by_probe",
    "wording_of_last",
]

_DENSE = 32
_CROWD = 8
"""Models that say one sequence, from which a dense product is faster than going through pairs:
the first of these, and one in so many of all."""

_FEWEST, _ROWS = 128, 256
"""Rows of a block, an eighth of all within these bounds. Nothing but time depends on them."""


@dataclass(frozen=True, eq=False)
class ProbeGrams:
    """Word sequences of n models on one probe, f distinct ones of all orders.

    said     csr float32 (n, f) in 0..1: the share of a model's samples that say it; so the product
             of two models is what two samples, one of each, agree on in the mean
    order    int8 (f,) words before the last
    context  int64 (f,) column of the sequence without its last word; -1 at order 0 and at a
             beginning, where everybody who answered stands
    """

    said: sparse.csr_array
    order: NDArray[np.int8]
    context: NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Wording:
    """Likeness of wording of all pairs of n models, by order of the context.

    halves   (2, orders, n, n): sums over even and over odd probes
    have     float64 (n, p): which probes each answered, 1 or 0
    counted  float64 (2, p): how often each probe counts in either half
    """

    halves: Triangle
    have: Floats
    counted: Floats

    @property
    def common(self) -> Floats:
        """Probes that both answered, even and odd ones, float64 (2, n, n)."""
        return self.common_of(slice(None))

    def common_of(self, rows: slice, first: int = 0) -> Floats:
        """The same of a block of rows, from column `first` on, (2, b, n - first)."""
        have = self.have[first:].T
        return np.stack([(self.have[rows] * often) @ have for often in self.counted])

    def of(
        self, order: int, half: int | None = None, rows: slice | None = None, first: int = 0
    ) -> Floats:
        """Mean over common probes, of all probes or of one half, float64 (n, n); 0 without any.

        With `rows` a block of them alone, from column `first` on, which is 0 or their own first.
        """
        parts = [0, 1] if half is None else [half]
        block = slice(0, len(self.have)) if rows is None else rows
        total = np.zeros((block.stop - block.start, len(self.have) - first))
        for part in parts:
            total += self.halves.rows((part, order), block, first)
        often = self.counted[parts].sum(0)
        total /= np.maximum((self.have[block] * often) @ self.have[first:].T, 1.0)
        return total


def probe_grams(corpus: Corpus, probe: int) -> ProbeGrams:
    """Word sequences of one probe, of all samples and their first words. O(words log words)."""
    from scipy import sparse

    n = len(corpus)
    texts = [row[probe][: EVIDENCE.characters] for row in corpus.texts]
    whose = list(range(n))
    for i, more in enumerate(corpus.further):
        for text in more.get(probe, ()):
            texts.append(text[: EVIDENCE.characters])
            whose.append(i)
    model = np.array(whose)
    said, word = words_of(texts)
    kept = np.arange(len(word)) - np.repeat(np.cumsum(said) - said, said) < EVIDENCE.words
    word, said = word[kept], np.minimum(said, EVIDENCE.words)
    owner = np.repeat(np.arange(len(texts)), said)
    rows, columns, orders, contexts = [], [], [], []
    before, first = np.zeros(0, np.int64), 0
    for order, (_, sequence) in enumerate(grams_of(said, word)):
        at, place = numbered(sequence)
        row, column = np.divmod(distinct(owner * len(at) + place), max(len(at), 1))
        rows.append(row)
        columns.append(column + first)
        orders.append(np.full(len(at), order, np.int8))
        if order == 0:
            contexts.append(np.full(len(at), -1))
        else:
            start = np.zeros(len(word) + 1, np.bool_)
            start[np.cumsum(said) - said] = True
            previous = np.concatenate([[-1], before[:-1]]) if len(before) else before
            contexts.append(np.where(start[:-1], -1, previous)[at])
        before, first = place + first, first + len(at)
    whole = model[np.concatenate(rows)]
    share = (1.0 / np.bincount(model, minlength=n)).astype(np.float32)[whole]
    matrix = sparse.csr_array((share, (whole, np.concatenate(columns))), shape=(n, first))
    matrix.sum_duplicates()
    return ProbeGrams(matrix, np.concatenate(orders), np.concatenate(contexts).astype(np.int64))


def gains(grams: ProbeGrams, answered: NDArray[np.bool_], members: NDArray[np.bool_]) -> Floats:
    """What agreement on each sequence says, nats, float64 (f,): rising with its rarity.

    `answered` and `members` bool (n,) say of whom shares are taken. Half a model stands on either
    side of a share, and 2 / n at its foot: of two models alone nothing is rare.
    """
    mass = (members & answered).astype(np.float64)
    shown = grams.said.T @ mass
    stood = np.where(grams.context >= 0, shown[grams.context], mass.sum())
    share = (shown + 0.5) / (np.maximum(stood, shown) + 0.5 + 2.0 / max(int(members.sum()), 1))
    return np.asarray(np.log1p(EVIDENCE.copied * (1.0 / share - 1.0)))


def wording(corpus: Corpus, members: NDArray[np.bool_]) -> Wording:
    """Likeness of wording of all pairs, with `members`, bool (n,), as the panel.

    O(characters + sum over sequences of (models that say it)^2) time on two threads, 12 n^2
    bytes of memory and what some blocks of rows take.
    """
    n = len(corpus)
    halves = Triangle((2, EVIDENCE.orders), n)

    def add_up(half: int) -> None:
        for j in range(half, len(corpus.probe_ids), 2):
            for rows, found in _blocks(corpus, j, members):
                halves.add(half, rows, found)

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(add_up, (0, 1)))
    half_of = np.arange(len(corpus.probe_ids)) % 2
    counted = np.stack([half_of == k for k in (0, 1)]).astype(np.float64)
    return Wording(halves, corpus.present.astype(np.float64), counted)


def wording_by_probe(corpus: Corpus, members: NDArray[np.bool_]) -> Iterator[NDArray[np.float32]]:
    """Damped log-likelihood ratios of one probe after the other, float32 (orders, n, n) each."""
    n = len(corpus)

    def whole(probe: int) -> NDArray[np.float32]:
        out = np.empty((EVIDENCE.orders, n, n), np.float32)
        for rows, found in _blocks(corpus, probe, members):
            out[:, rows, rows.start :] = found
        mirror(out)
        return out

    return in_turn(whole, len(corpus.probe_ids))


def wording_of_last(corpus: Corpus) -> tuple[NDArray[np.float32], Floats]:
    """The last row of `wording`, with all others as the panel.

    Halves float32 (2, orders, n - 1) and common probes float64 (2, n - 1), as `Wording` has them.
    O(characters) time.
    """
    n = len(corpus)
    members = np.arange(n) < n - 1
    halves = np.zeros((2, EVIDENCE.orders, n - 1), np.float32)
    grid = _grid(n - 1)
    against = float(np.log1p(-EVIDENCE.copied))
    for probe in np.flatnonzero(corpus.present[-1]):
        grams = probe_grams(corpus, int(probe))
        gain = gains(grams, corpus.present[:, probe], members)
        own = grams.said[[n - 1]].tocoo()
        column, share = own.coords[1], own.data
        said = grams.said[:-1].tocsc()[:, column]
        stood: NDArray[np.float32] | float = 0.0
        for order in range(EVIDENCE.orders):
            part = grams.order[column] == order
            mine = said[:, np.flatnonzero(part)]
            value = _worth(gain[column[part]], order, grid)
            agreed = (mine @ (value * share[part])).astype(np.float32) + against * stood
            halves[probe % 2, order] += _damped(agreed)
            stood = (mine @ share[part]).astype(np.float32)
    have = corpus.present.astype(np.float64)
    common = np.stack([have[:-1, k::2] @ have[-1, k::2] for k in (0, 1)])
    return halves, common


def _grid(members: int) -> float:
    """Steps in a nat: as many as a number of double precision holds where all words of an answer
    say the most that they can among so many members."""
    m = max(members, 1)
    rarest = 0.5 / (m + 0.5 + 2.0 / m)
    most = np.log1p(EVIDENCE.copied * (1.0 / rarest - 1.0)) - np.log1p(-EVIDENCE.copied)
    return float(2.0 ** (52 - np.ceil(np.log2(EVIDENCE.words * most))))


def _worth(gain: Floats, order: int, grid: float) -> Floats:
    """What agreement adds, on the grid. Beyond the first order two models that stand at one context
    are charged with disagreeing, and where they agree that is taken back."""
    taken_back = float(np.log1p(-EVIDENCE.copied)) if order else 0.0
    return np.asarray(np.round((gain - taken_back) * grid) / grid)


def _damped(x: NDArray[np.float32]) -> NDArray[np.float32]:
    """sign(x) ln(1 + |x|)."""
    y = np.abs(x)
    y += np.float32(1)
    np.log(y, out=y)
    return np.copysign(y, x, out=y)


def _blocks(
    corpus: Corpus, probe: int, members: NDArray[np.bool_]
) -> Iterator[tuple[slice, NDArray[np.float32]]]:
    """Damped log-likelihood ratios of one probe, float32 (orders, rows, n - first row) a block."""
    n = len(corpus)
    grams = probe_grams(corpus, probe)
    gain = gains(grams, corpus.present[:, probe], members)
    against = float(np.log1p(-EVIDENCE.copied))
    parts = [np.flatnonzero(grams.order == k) for k in range(EVIDENCE.orders)]
    last, grid = EVIDENCE.orders - 1, _grid(int(members.sum()))
    orders = [
        _Products(grams.said[:, part], _worth(gain[part], k, grid), counted=k < last)
        for k, part in enumerate(parts)
    ]
    step = min(_ROWS, max(_FEWEST, n // 8))
    for first in range(0, n, step):
        rows = slice(first, min(first + step, n))
        out = np.empty((EVIDENCE.orders, rows.stop - first, n - first), np.float32)
        stood: Floats | None = None
        for k, products in enumerate(orders):
            agreed, both = products.of(rows)
            if stood is not None:
                agreed += against * stood
            out[k], stood = _damped(agreed.astype(np.float32)), both
        yield rows, out


class _Products:
    """Sum of `value` over the sequences that both of two models say, and their number.

    said csr (n, f), value float64 (f,); without `counted` numbers are left out. Blocks of rows
    are asked for from the first on, as what lies left of them is let go.
    """

    def __init__(self, said: sparse.csr_array, value: Floats, counted: bool) -> None:
        count = np.bincount(said.indices, minlength=said.shape[1])
        usual = max(_DENSE, said.shape[0] // _CROWD)
        few, many = (count > 1) & (count <= usual), count > usual
        self._left = said[:, np.flatnonzero(few)]
        unit = value[few] + 1j if counted else value[few]
        weighed = self._left.astype(unit.dtype)
        weighed.data *= unit[weighed.indices]
        self._right = weighed.T.tocsr()
        self._dense = said[:, np.flatnonzero(many)].toarray()
        self._weighed = self._dense * value[many]
        self._counted = counted
        self._first = 0

    def of(self, rows: slice) -> tuple[Floats, Floats | None]:
        """Of a block of rows with all models from its first on, (rows, n - first) each."""
        if rows.start > self._first:
            self._right = self._right[:, rows.start - self._first :]
            self._first = rows.start
        pairs = self._left[rows] @ self._right
        # Few pairs share anything, so the two parts are parted before they are spread out.
        total = _filled(pairs, pairs.data.real)
        number = _filled(pairs, pairs.data.imag) if self._counted else None
        if self._dense.shape[1]:
            total += self._weighed[rows] @ self._dense[rows.start :].T
            if number is not None:
                number += self._dense[rows] @ self._dense[rows.start :].T
        return total, number


def _filled(matrix: sparse.csr_array, values: Floats) -> Floats:
    """The matrix with other values in its places, float64, and 0 elsewhere."""
    own = matrix.__class__((values.copy(), matrix.indices, matrix.indptr), shape=matrix.shape)
    return np.asarray(own.toarray())
