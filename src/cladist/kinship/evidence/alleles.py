"""Alleles: which way a model goes where models part.

An answer is read as a path of characters. At every context where members of the panel go on
differently, the continuation taken is an allele, and it carries -ln(share) nats of information:
sharing a rare choice says more than sharing a common one. Contexts are, per probe,

    whole   everything said so far (a prefix tree: identity by descent), and
    local   the last three characters (finds two answers again that slipped apart).

Only choices at contested contexts count, so a long shared phrase is one choice and not one for
each of its characters. Features have the weight sqrt(information) and are centred on the panel;
their scaled products are a genomic relationship matrix (VanRaden 2008, J. Dairy Sci. 91:4414).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from cladist.core.hashing import GOLDEN
from cladist.kinship.config import OPENINGS
from cladist.kinship.evidence.corpus import Corpus
from cladist.kinship.evidence.runs import distinct
from cladist.kinship.evidence.standard import Floats, in_turn

if TYPE_CHECKING:
    from scipy import sparse

__all__ = ["Alleles", "local_alleles", "relationship", "whole_alleles"]

_GOLDEN = np.uint64(GOLDEN)
_Words = NDArray[np.uint64]
_Ints = NDArray[np.int64]
_Reader = Callable[[NDArray[np.uint32], NDArray[np.bool_]], tuple[_Words, _Words]]


@dataclass(frozen=True, eq=False)
class Alleles:
    """Explicit features of n models.

    shown    csr float32 (n, f) of 0/1: the model shows the allele
    stood    csr float32 (n, g) of 0/1: the model stood at the contested context
    context  int64 (f,) column of `stood` that each allele belongs to
    probe    int64 (f,) probe of each allele
    """

    shown: sparse.csr_array
    stood: sparse.csr_array
    context: _Ints
    probe: _Ints


def whole_alleles(corpus: Corpus) -> Alleles:
    """Alleles at contexts 'everything said so far'. O(n p depth log n)."""
    return _collect(corpus, _whole)


def local_alleles(corpus: Corpus) -> Alleles:
    """Alleles at contexts 'the last three characters, on this probe'. O(n p depth log n)."""
    return _collect(corpus, _local)


def _whole(codes: NDArray[np.uint32], live: NDArray[np.bool_]) -> tuple[_Words, _Words]:
    h = np.zeros((codes.shape[0], codes.shape[1] + 1), np.uint64)
    for d in range(codes.shape[1]):
        step = (h[:, d] + codes[:, d].astype(np.uint64) + np.uint64(1)) * _GOLDEN
        h[:, d + 1] = step ^ (step >> np.uint64(29))
    live &= _accompanied(h)
    return h[:, :-1], h[:, 1:]


def _accompanied(h: _Words) -> NDArray[np.bool_]:
    """(n, depth): another model has said exactly the same so far; alone there is no allele."""
    n, width = h.shape
    live = np.zeros((n, width - 1), np.bool_)
    active = np.arange(n)
    for d in range(width - 1):
        live[active, d] = True
        _, inverse, count = np.unique(h[active, d + 1], return_inverse=True, return_counts=True)
        active = active[count[inverse] > 1]
        if not len(active):
            break
    return live


def _local(codes: NDArray[np.uint32], live: NDArray[np.bool_]) -> tuple[_Words, _Words]:
    start = np.ones((codes.shape[0], OPENINGS.order - 1), np.uint32)
    padded = np.concatenate([start, codes], axis=1)
    return _windows(padded[:, :-1], OPENINGS.order - 1), _windows(padded, OPENINGS.order)


def _windows(codes: NDArray[np.uint32], k: int) -> _Words:
    width = codes.shape[1] - k + 1
    h = np.zeros((codes.shape[0], width), np.uint64)
    for d in range(k):
        h = (h + codes[:, d : d + width].astype(np.uint64) + np.uint64(1)) * _GOLDEN
    return np.asarray(h ^ (h >> np.uint64(31)), np.uint64)


def _collect(corpus: Corpus, reader: _Reader) -> Alleles:
    n, p, depth = corpus.codes.shape
    parts: list[tuple[_Ints, ...]] = []
    probes: list[_Ints] = [np.zeros(0, np.int64)]
    f = g = 0

    def of_probe(j: int) -> tuple[_Ints, ...] | None:
        codes = corpus.codes[:, j]
        live = codes > 0
        # The end of an answer within the depth is a choice too.
        length = corpus.length[:, j]
        ended = np.flatnonzero((length < depth) & (length > 0))
        live[ended, length[ended]] = True
        context, gram = reader(codes, live)
        rows = np.broadcast_to(np.arange(n)[:, None], live.shape)[live]
        return _contested(rows, context[live], gram[live], n) if len(rows) else None

    for j, found in enumerate(in_turn(of_probe, p)):
        if found is None:
            continue
        ar, ac, of, cr, cc = found
        parts.append((ar, ac + f, of + g, cr, cc + g))
        probes.append(np.full(len(of), j))
        f, g = f + len(of), g + (int(cc.max()) + 1 if len(cc) else 0)
    if not parts:
        parts = [(np.zeros(0, np.int64),) * 5]
    ar, ac, of, cr, cc = (np.concatenate(x) for x in zip(*parts, strict=True))
    return Alleles(
        _incidence(ar, ac, (n, f)), _incidence(cr, cc, (n, g)), of, np.concatenate(probes)
    )


def _incidence(rows: _Ints, columns: _Ints, shape: tuple[int, int]) -> sparse.csr_array:
    from scipy import sparse

    return sparse.csr_array((np.ones(len(rows), np.float32), (rows, columns)), shape=shape)


def _contested(rows: _Ints, context: _Words, gram: _Words, n: int) -> tuple[_Ints, ...]:
    """Distinct (model, allele) and (model, context) at contexts where two models stood."""
    _, first, allele = np.unique(gram, return_index=True, return_inverse=True)
    _, place = np.unique(context, return_inverse=True)
    of_allele = place[first]
    a_col, a_row = np.divmod(distinct(allele * n + rows), n)
    c_col, c_row = np.divmod(distinct(place * n + rows), n)
    shown = np.bincount(a_col, minlength=len(first))
    stood = np.bincount(c_col, minlength=int(place.max()) + 1)
    kept = (stood[of_allele] >= 2) & ((shown < stood[of_allele]) | (n <= OPENINGS.few))
    needed = np.zeros(len(stood), np.bool_)
    needed[of_allele[kept]] = True
    number, number_c = np.cumsum(kept) - 1, np.cumsum(needed) - 1
    ok, ok_c = kept[a_col], needed[c_col]
    return (
        a_row[ok],
        number[a_col[ok]],
        number_c[of_allele[kept]],
        c_row[ok_c],
        number_c[c_col[ok_c]],
    )


def information(alleles: Alleles, weight: Floats) -> Floats:
    """Nats of each allele, (f,): -ln of its weighted share among those at its context.

    `weight` (n,) is one for the panel's members and zero for others. Half a pseudo-member
    stands on each side, and 2/n of a member that never agrees for the models that a small panel
    lacks: all of the background at n = 2, next to nothing at 1,000. A choice that parts no two
    members of a larger panel has none.
    """
    n = max(int((weight > 0).sum()), 1)
    shown = alleles.shown.T @ weight
    stood = (alleles.stood.T @ weight)[alleles.context]
    nats = np.log((np.maximum(stood, shown) + 0.5 + 2.0 / n) / (shown + 0.5))
    if n > OPENINGS.few:
        nats[stood - shown < 1e-6] = 0.0
    return np.asarray(nats)


def relationship(alleles: Alleles, present: NDArray[np.bool_], weight: Floats) -> Floats:
    """Centred, scaled products of sqrt(information) features, float64 (n, n).

    A probe without an answer sits at the panel's mean: neither agreement nor disagreement. Of
    the mean only the part (n - 2)/n that is not the pair itself is removed. The mean norm is
    added to both norms, or models with few shared alleles would turn into hubs. `weight` (n,) is
    zero for models outside the panel, which change nothing for the others. O(n p + sum over
    alleles of (models that show it)^2) time, O(n^2) memory.
    """
    p = present.shape[1]
    f = len(alleles.probe)
    inside = weight > 0
    count = max(int(inside.sum()), 1)
    root = np.sqrt(information(alleles, weight)).astype(np.float32)
    y = alleles.shown.copy()
    y.data = root[y.indices]
    have = present.astype(np.float64)
    mass = np.maximum(have.T @ weight, 1e-9)
    mean = np.asarray(y.T @ weight).ravel() / mass[alleles.probe] * ((count - 2) / count)
    from scipy import sparse

    by_probe = sparse.csr_array((np.ones(f), (np.arange(f), alleles.probe)), shape=(f, p))
    pulled = y.copy().astype(np.float64)
    pulled.data *= mean[y.indices]
    own = (pulled @ by_probe).toarray()
    norm = np.bincount(alleles.probe, mean * mean, p)
    cross = own @ have.T
    k = (y @ y.T).toarray().astype(np.float64) - cross - cross.T + (have * norm) @ have.T
    d = np.maximum(np.diagonal(k), 0.0)
    scale = np.sqrt(d + max(float(d[inside].mean()), 1e-9))
    return np.asarray(k / scale[:, None] / scale[None, :])
