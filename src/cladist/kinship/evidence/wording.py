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
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from cladist.core.distinct import distinct
from cladist.kinship.config import EVIDENCE
from cladist.kinship.evidence.corpus import Corpus
from cladist.kinship.evidence.standard import Floats, in_turn
from cladist.kinship.evidence.words import ORDERS, grams_of, words_of

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
"""Models that say one sequence, from which a dense product is faster than going through pairs."""


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

    halves  float32 (2, ORDERS, n, n), symmetric: sums over even and over odd probes
    common  float64 (2, n, n): probes that both answered, even and odd ones
    """

    halves: NDArray[np.float32]
    common: Floats

    def of(self, order: int, half: int | None = None) -> Floats:
        """Mean over common probes, float64 (n, n), of all probes or of one half; 0 without any."""
        parts = [0, 1] if half is None else [half]
        total = self.halves[parts, order].sum(0, dtype=np.float64)
        return np.asarray(total / np.maximum(self.common[parts].sum(0), 1.0))


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
    columns, orders, contexts = [], [], []
    before, first = np.zeros(0, np.int64), 0
    for order, (_, sequence) in enumerate(grams_of(said, word)):
        _, at, place = np.unique(sequence, return_index=True, return_inverse=True)
        columns.append(place + first)
        orders.append(np.full(len(at), order, np.int8))
        if order == 0:
            contexts.append(np.full(len(at), -1))
        else:
            start = np.zeros(len(word) + 1, np.bool_)
            start[np.cumsum(said) - said] = True
            previous = np.concatenate([[-1], before[:-1]]) if len(before) else before
            contexts.append(np.where(start[:-1], -1, previous)[at])
        before, first = columns[-1], first + len(at)
    cell = distinct(np.tile(owner, ORDERS) * max(first, 1) + np.concatenate(columns))
    row, column = np.divmod(cell, max(first, 1))
    share = (1.0 / np.bincount(model, minlength=n)).astype(np.float32)[model[row]]
    matrix = sparse.csr_array((share, (model[row], column)), shape=(n, first))
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

    O(characters + sum over sequences of (models that say it)^2) time on two threads, 24 n^2
    bytes of memory and as much again while it works.
    """
    n = len(corpus)
    halves = np.zeros((2, ORDERS, n, n), np.float32)
    for j, products in enumerate(wording_by_probe(corpus, members)):
        halves[j % 2] += products
    have = corpus.present.astype(np.float64)
    common = np.stack([have[:, k::2] @ have[:, k::2].T for k in (0, 1)])
    return Wording(halves, common)


def wording_by_probe(corpus: Corpus, members: NDArray[np.bool_]) -> Iterator[NDArray[np.float32]]:
    """Damped log-likelihood ratios of one probe after the other, float32 (ORDERS, n, n) each."""
    return in_turn(lambda j: _probe(corpus, j, members), len(corpus.probe_ids))


def wording_of_last(corpus: Corpus) -> tuple[NDArray[np.float32], Floats]:
    """The last row of `wording`, with all others as the panel.

    Halves float32 (2, ORDERS, n - 1) and common probes float64 (2, n - 1), as `Wording` has them.
    O(characters) time.
    """
    n = len(corpus)
    members = np.arange(n) < n - 1
    halves = np.zeros((2, ORDERS, n - 1), np.float32)
    against = float(np.log1p(-EVIDENCE.copied))
    for probe in np.flatnonzero(corpus.present[-1]):
        grams = probe_grams(corpus, int(probe))
        gain = gains(grams, corpus.present[:, probe], members)
        own = grams.said[[n - 1]].tocoo()
        column, share = own.coords[1], own.data
        said = grams.said[:-1].tocsc()[:, column]
        stood: NDArray[np.float32] | float = 0.0
        for order in range(ORDERS):
            part = grams.order[column] == order
            mine = said[:, np.flatnonzero(part)]
            value = gain[column[part]] - (against if order else 0.0)
            agreed = (mine @ (value * share[part])).astype(np.float32) + against * stood
            halves[probe % 2, order] += np.sign(agreed) * np.log1p(np.abs(agreed))
            stood = (mine @ share[part]).astype(np.float32)
    have = corpus.present.astype(np.float64)
    common = np.stack([have[:-1, k::2] @ have[-1, k::2] for k in (0, 1)])
    return halves, common


def _probe(corpus: Corpus, probe: int, members: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Damped log-likelihood ratios of one probe, float32 (ORDERS, n, n)."""
    grams = probe_grams(corpus, probe)
    gain = gains(grams, corpus.present[:, probe], members)
    against = float(np.log1p(-EVIDENCE.copied))
    out = np.empty((ORDERS, len(corpus), len(corpus)), np.float32)
    stood: NDArray[np.float32] | float = 0.0
    for order in range(ORDERS):
        part = np.flatnonzero(grams.order == order)
        mine = grams.said[:, part]
        # Where two models stand at one context and agree, the cost of disagreeing is taken back.
        agreed, both = _products(mine, gain[part] - (against if order else 0.0))
        agreed += against * stood
        out[order] = np.sign(agreed) * np.log1p(np.abs(agreed))
        np.fill_diagonal(out[order], 0.0)
        stood = both
    return out


def _products(
    said: sparse.csr_array, value: Floats
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Sum of `value` over the sequences that both of two models say, and their number, (n, n)."""
    count = np.bincount(said.indices, minlength=said.shape[1])
    few, many = (count > 1) & (count <= _DENSE), count > _DENSE
    left = said[:, np.flatnonzero(few)]
    right = left.astype(np.complex64)
    right.data = (value[few] + 1j).astype(np.complex64)[right.indices]
    pairs = (left @ right.T).toarray()
    total, number = np.ascontiguousarray(pairs.real), np.ascontiguousarray(pairs.imag)
    if many.any():
        dense = np.asarray(said[:, np.flatnonzero(many)].toarray(), np.float32)
        total += (dense * value[many].astype(np.float32)) @ dense.T
        number += dense @ dense.T
    return total, number
