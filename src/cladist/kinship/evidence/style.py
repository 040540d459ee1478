"""Style similarity: how alike two models sound whatever they are asked.

Chat openings, a language, a habit of lists or of repeating the question make unrelated models
agree. What they share across *different* probes shows how much: an answer of one to probe p
against an answer of the other to probe q can agree only by style. Tests of kinship compare a
pair with unrelated pairs of the same style, or everybody who says "Sure! Here is" is kin.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from cladist.core.hashing import GOLDEN
from cladist.kinship.config import OPENINGS
from cladist.kinship.evidence.corpus import Corpus
from cladist.kinship.evidence.standard import Floats, blocks_of

if TYPE_CHECKING:
    from scipy import sparse

__all__ = ["cross_kernel", "opening_keys", "style_of_last", "style_similarity"]

_GOLDEN = np.uint64(GOLDEN)


def opening_keys(codes: NDArray[np.uint32]) -> list[NDArray[np.uint64]]:
    """Hashes of openings of each of `OPENINGS.lengths`, uint64 like `codes` without its last axis.

    0 stands where the answer is shorter. Equal openings have equal keys on all probes.
    """
    h = np.zeros(codes.shape[:-1], np.uint64)
    out = []
    for d in range(codes.shape[-1]):
        h = (h ^ (codes[..., d].astype(np.uint64) + np.uint64(1))) * _GOLDEN
        h ^= h >> np.uint64(29)
        if d + 1 in OPENINGS.lengths:
            out.append(np.where(codes[..., d] > 0, h | np.uint64(1), np.uint64(0)))
    return out


def style_similarity(
    corpus: Corpus, members: NDArray[np.bool_] | None = None, *, single: bool = False
) -> Floats:
    """Square root of the cosine of openings on different probes, float64 (n, n) in 0..1.

    Every opening weighs its information over all answers of the panel: the models in `members`,
    bool (n,), or all. With `single` it is rounded to float32. O(n p + sum over openings of (models
    that use it)^2) time, and no memory beside what comes back; under a second for 800 x 100.
    """
    n, p = corpus.length.shape
    out: NDArray[Any] = np.zeros((n, n), np.float32 if single else np.float64)
    if p < 2 or n == 0:
        return out
    kernel = _Kernel(corpus.codes, members)
    own = kernel.own()
    usual = float(own.mean() if members is None else own[members].mean())
    norm = np.sqrt(np.maximum(own, max(OPENINGS.floor * usual, 1e-12)))
    for rows in blocks_of(n):
        product = kernel.rows(rows) / norm[rows, None] / norm[None, :]
        out[rows] = np.sqrt(np.clip(product, 0.0, 1.0))
    return out


def cross_kernel(codes: NDArray[np.uint32], members: NDArray[np.bool_] | None = None) -> Floats:
    """Mean shared information of openings over all pairs of different probes, float64 (n, n).

    An opening that no panel member uses is as rare as one that a member uses once.
    """
    return _Kernel(codes, members).rows(slice(0, len(codes)))


class _Kernel:
    """`cross_kernel`, some rows at a time."""

    def __init__(self, codes: NDArray[np.uint32], members: NDArray[np.bool_] | None) -> None:
        from scipy.sparse import csr_array

        n, p = codes.shape[:2]
        inside = np.ones(n, np.bool_) if members is None else members
        model = np.broadcast_to(np.arange(n)[:, None], (n, p))
        probe = np.broadcast_to(np.arange(p), (n, p))
        self._n, self._pairs = n, p * (p - 1)
        self._said: list[tuple[sparse.csr_array, sparse.csr_array]] = []
        for key in opening_keys(codes):
            live = key > 0
            if not live.any():
                continue
            _, place = np.unique(key[live], return_inverse=True)
            count = np.maximum(np.bincount(place, inside[model[live]]), 1.0)
            answers = max(int(live[inside].sum()), 1)
            weight = np.sqrt(np.log(np.maximum(answers / count, 1.0)))[place]
            every = csr_array((weight, (model[live], place)), shape=(n, len(count)))
            cell = np.unique(probe[live] * len(count) + place, return_inverse=True)[1]
            same = csr_array((weight, (model[live], cell)), shape=(n, int(cell.max()) + 1))
            self._said.append((every, same))

    def rows(self, rows: slice) -> Floats:
        """A block of rows, float64 (b, n)."""
        total = np.zeros((rows.stop - rows.start, self._n))
        for every, same in self._said:
            total += (every[rows] @ every.T).toarray() - (same[rows] @ same.T).toarray()
        return np.asarray(total / self._pairs)

    def own(self) -> Floats:
        """The diagonal, float64 (n,)."""
        total = np.zeros(self._n)
        for every, same in self._said:
            total += _squares(every) - _squares(same)
        return np.asarray(total / self._pairs)


def _squares(said: sparse.csr_array) -> Floats:
    """Sums of squares of rows."""
    owner = np.repeat(np.arange(said.shape[0]), np.diff(said.indptr))
    return np.asarray(np.bincount(owner, said.data**2, said.shape[0]))


def style_of_last(corpus: Corpus) -> Floats:
    """The last row of `style_similarity`, with all others as the panel: float64 (n - 1,).

    O(n p) time and memory.
    """
    from scipy import sparse

    n, p = corpus.length.shape
    if p < 2 or n < 2:
        return np.zeros(max(n - 1, 0))
    model = np.broadcast_to(np.arange(n)[:, None], (n, p))
    probe = np.broadcast_to(np.arange(p), (n, p))
    total, own = np.zeros(n), np.zeros(n)
    for key in opening_keys(corpus.codes):
        live = key > 0
        if not live[:-1].any():
            continue
        _, place = np.unique(key[live], return_inverse=True)
        count = np.maximum(np.bincount(place, model[live] < n - 1), 1.0)
        answers = max(int(live[:-1].sum()), 1)
        weight = np.sqrt(np.log(np.maximum(answers / count, 1.0)))[place]
        cell = np.unique(probe[live] * len(count) + place, return_inverse=True)[1]
        for column, sign in ((place, 1.0), (cell, -1.0)):
            shape = (n, int(column.max()) + 1)
            said = sparse.csr_array((weight, (model[live], column)), shape=shape)
            total += sign * (said @ said[[n - 1]].T).toarray().ravel()
            said.data **= 2
            own += sign * np.asarray(said.sum(axis=1)).ravel()
    total, own = total / (p * (p - 1)), own / (p * (p - 1))
    norm = np.sqrt(np.maximum(own, max(OPENINGS.floor * float(own[:-1].mean()), 1e-12)))
    return np.asarray(np.sqrt(np.clip(total / norm / norm[-1], 0.0, 1.0))[:-1])
