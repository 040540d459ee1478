"""Truncation length: answers cut at a token limit tell the tokenizer by their length.

Two models that say comparable things and are both stopped at the same number of tokens differ
in length by what their tokenizers make of the text. Where answers end by themselves the lengths
of like answers hardly ever agree, be they of kin or of strangers; the panel shows that, and
this falls silent. So it does where characters were limited and not tokens.

It tells tokenizers, not weights: unrelated models may share one. Its part in a similarity must
not be read as kinship on its own.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from cladist.kinship.config import LENGTHS, SPREADS
from cladist.kinship.evidence.corpus import Corpus
from cladist.kinship.evidence.makeup import make_up
from cladist.kinship.evidence.standard import Floats, blocks_of, in_turn
from cladist.kinship.evidence.triangle import Triangle

__all__ = ["Truncation", "truncation_evidence"]

_BLOCK = 256  # rows of a block of pairs, which then fits a cache; the last digit rests on it


@dataclass(frozen=True, eq=False)
class Truncation:
    """What lengths say.

    sums   (2, n, n): how well lengths agree given like content, and how much like content there
           was
    usual  agreement of a usual pair of the panel
    limit  0..1, how surely one limit cut the answers
    """

    sums: Triangle
    usual: float
    limit: float

    @property
    def evidence(self) -> Floats:
        """Evidence of all pairs, float64 (n, n), symmetric, zero diagonal, around zero; in spreads
        of other evidence, and weighted by `limit`."""
        return self.rows(slice(0, len(self.sums)))

    def rows(self, rows: slice, first: int = 0) -> Floats:
        """The same of a block of rows, from column `first` on, which is 0 or their own first,
        (b, n - first)."""
        agree, matched = (self.sums.rows(k, rows, first) for k in (0, 1))
        excess = agree.astype(np.float64) - self.usual * matched
        excess = excess / (matched + LENGTHS.prior) / LENGTHS.unit
        at = np.arange(len(excess))
        excess[at, at + rows.start - first] = 0.0
        return np.asarray(self.limit * excess)


def contents(corpus: Corpus, probe: int) -> NDArray[np.float32]:
    """Unit rows of square-rooted counts of hashed character pairs, float32 (n, buckets)."""
    x = np.sqrt(make_up([row[probe][: LENGTHS.read] for row in corpus.texts]))
    norm = np.sqrt(np.einsum("ij,ij->i", x, x))
    return np.asarray(x / np.maximum(norm, np.float32(1e-9))[:, None], np.float32)


def truncation_evidence(corpus: Corpus, members: NDArray[np.bool_]) -> Truncation:
    """How much better lengths agree given like content than in the panel.

    Per probe a product kernel of content (cosine^8) and length (exp(-|ln ratio| / scale)),
    over all probes a ratio, against that of the usual pair, in units of `LENGTHS.unit`. Pairs that
    never say the same get 0; the diagonal is 0. O(p n^2 buckets) in float32.
    """
    n, p = corpus.length.shape
    sums = Triangle((2,), n)
    log_length = np.log(np.maximum(corpus.length, 1)).astype(np.float32)
    log_length /= np.float32(LENGTHS.scale)

    def read(j: int) -> tuple[NDArray[np.int64], NDArray[np.float32], NDArray[np.float32]]:
        run = np.flatnonzero(corpus.length[:, j] >= LENGTHS.shortest)
        if len(run) > n // 2:
            # Adding up whole blocks takes less than picking cells; the others match nobody.
            run = np.arange(n)
        x = contents(corpus, j)[run]
        x[corpus.length[run, j] < LENGTHS.shortest] = 0.0
        return run, x, log_length[run, j]

    with ThreadPoolExecutor(2) as pool:
        for run, x, size in in_turn(read, p):
            # Blocks write to different rows, so two threads never meet.
            add_up = partial(_add_up, sums, run, x, size)
            list(pool.map(add_up, range(0, len(run), _BLOCK)))
    usual = _usual(sums, members)
    limit = float(np.clip((usual - LENGTHS.silent) / (LENGTHS.full - LENGTHS.silent), 0.0, 1.0))
    if _piled(corpus.length[members]):
        limit = 0.0
    return Truncation(sums, usual, limit)


def _add_up(
    sums: Triangle,
    run: NDArray[np.int64],
    x: NDArray[np.float32],
    size: NDArray[np.float32],
    first: int,
) -> None:
    """Add what a block of the models `run` says of one probe, right of the diagonal, in place."""
    rows = slice(first, min(first + _BLOCK, len(run)))
    for k, found in enumerate(_agreements(x, size, rows)):
        if len(run) == len(sums):
            sums.add(k, rows, found)
        else:
            sums.add_among(k, run[first:], found)


def _agreements(
    x: NDArray[np.float32], size: NDArray[np.float32], rows: slice
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Product of content and length, and content alone, of a block of rows with all from its
    first on."""
    c = x[rows] @ x[rows.start :].T
    for _ in range(LENGTHS.sharpness):
        np.multiply(c, c, out=c)
    e = np.subtract.outer(size[rows], size[rows.start :])
    np.abs(e, out=e)
    np.negative(e, out=e)
    np.exp(e, out=e)
    e *= c
    return e, c


def _piled(length: NDArray[np.int32]) -> bool:
    """Whether the longest answers are of one length: a limit of characters, not of tokens.

    Up to two characters apart, as blanks at the end are no part of an answer.
    """
    long = np.sort(length[length >= LENGTHS.shortest])
    if not len(long):
        return False
    top = long[int(0.99 * (len(long) - 1))]
    equal = int(((long > top - 3) & (long <= top)).sum()) - 1  # one is as long as itself
    return equal > LENGTHS.piled * len(long)


def _usual(sums: Triangle, members: NDArray[np.bool_]) -> float:
    """Agreement of lengths of the usual pair of the panel: every pair weighs the less the more
    its own agreement is believed."""
    inside = np.flatnonzero(members)
    above, below = SPREADS.pseudo * LENGTHS.expected, SPREADS.pseudo
    for rows in blocks_of(len(members)):
        agree, matched = (sums.rows(k, rows) for k in (0, 1))
        for i in np.flatnonzero(members[rows]):
            own = matched[i, inside]
            share = 1 / (own + 1)
            above += float((agree[i, inside] * share).sum(dtype=np.float64))
            below += float((own * share).sum(dtype=np.float64))
    return above / below
