"""Truncation length: answers cut at a token limit tell the tokenizer by their length.

Two models that say comparable things and are both stopped at the same number of tokens differ
in length by what their tokenizers make of the text. Where answers end by themselves the lengths
of like answers hardly ever agree, be they of kin or of strangers; the panel shows that, and
this falls silent.

It tells tokenizers, not weights: unrelated models may share one. Its part in a similarity must
not be read as kinship on its own.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cladist.kinship.evidence.corpus import Corpus
from cladist.kinship.evidence.makeup import make_up
from cladist.kinship.evidence.standard import PSEUDO, Floats, in_turn

__all__ = ["Truncation", "truncation_evidence"]

READ = 1024  # characters whose composition describes an answer
SHARPNESS = 3  # content match is squared so often: cosine to the power 8
LENGTH_SCALE = 0.03  # relative difference of length between tokenizers worth telling apart
SHORTEST = 100  # characters below which one word more or less hides the tokenizer
BLOCK = 256  # rows of a block of pairs, which then fits a cache
PRIOR = 1.0  # matched probes at which lengths are believed as much as its prior
EXPECTED = 0.3  # agreement of a panel too small to show its own
SCALE = 0.15  # agreement that counts as much as one spread of the other evidence
SILENT, FULL = 0.05, 0.2
"""Usual agreement up to which there is no limit, and from which all its evidence counts. Answers
that end by themselves show .02 to .04 in recorded panels, answers cut by one limit .2 to .3."""

Cells = tuple[slice, slice] | tuple[NDArray[np.int64], ...]


@dataclass(frozen=True, eq=False)
class Truncation:
    """What lengths say.

    evidence  float64 (n, n), symmetric, zero diagonal, around zero; in spreads of other evidence
    limit     0..1, how surely one limit cut the answers; `evidence` is weighted by it already
    """

    evidence: Floats
    limit: float


def contents(corpus: Corpus, probe: int) -> NDArray[np.float32]:
    """Unit rows of square-rooted counts of hashed character pairs, float32 (n, BUCKETS)."""
    x = np.sqrt(make_up([row[probe][:READ] for row in corpus.texts]))
    norm = np.sqrt(np.einsum("ij,ij->i", x, x))
    return np.asarray(x / np.maximum(norm, np.float32(1e-9))[:, None], np.float32)


def truncation_evidence(corpus: Corpus, members: NDArray[np.bool_]) -> Truncation:
    """How much better lengths agree given like content than in the panel.

    Per probe a product kernel of content (cosine^8) and length (exp(-|ln ratio| / LENGTH_SCALE)),
    over all probes a ratio, against that of the usual pair, in units of SCALE. Pairs that never
    say the same get 0; the diagonal is 0. O(p n^2 BUCKETS) in float32.
    """
    n, p = corpus.length.shape
    agree, matched = np.zeros((n, n), np.float32), np.zeros((n, n), np.float32)
    log_length = np.log(np.maximum(corpus.length, 1)).astype(np.float32) / np.float32(LENGTH_SCALE)

    def of_probe(j: int) -> list[tuple[Cells, NDArray[np.float32], NDArray[np.float32]]]:
        run = np.flatnonzero(corpus.length[:, j] >= SHORTEST)
        if len(run) > n // 2:
            # Adding up whole blocks takes less than picking cells; the others match nobody.
            run = np.arange(n)
        x = contents(corpus, j)[run]
        x[corpus.length[run, j] < SHORTEST] = 0.0
        size = log_length[run, j]
        out = []
        for first in range(0, len(run), BLOCK):
            rows = slice(first, min(first + BLOCK, len(run)))
            c = x[rows] @ x[first:].T
            for _ in range(SHARPNESS):
                np.multiply(c, c, out=c)
            e = np.subtract.outer(size[rows], size[first:])
            np.abs(e, out=e)
            np.negative(e, out=e)
            np.exp(e, out=e)
            e *= c
            whole = len(run) == n
            cells: Cells = (rows, slice(first, n)) if whole else np.ix_(run[rows], run[first:])
            out.append((cells, e, c))
        return out

    for blocks in in_turn(of_probe, p):
        for cells, e, c in blocks:
            agree[cells] += e
            matched[cells] += c
    for total in (agree, matched):
        # Blocks hold the diagonal and what is right of it.
        total[:] = np.triu(total, 1)
        total += total.T.copy()
    inside = np.flatnonzero(members)
    panel = np.ix_(inside, inside)
    share = 1 / (matched[panel] + 1)
    usual = (float((agree[panel] * share).sum()) + PSEUDO * EXPECTED) / (
        float((matched[panel] * share).sum()) + PSEUDO
    )
    limit = float(np.clip((usual - SILENT) / (FULL - SILENT), 0.0, 1.0))
    excess = (agree.astype(np.float64) - usual * matched) / (matched + PRIOR) / SCALE
    np.fill_diagonal(excess, 0.0)
    return Truncation(np.asarray(limit * excess), limit)
