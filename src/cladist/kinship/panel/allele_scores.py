"""How one model is related to all members of a prepared panel, by its alleles."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cladist.core.responses import ResponseSet
from cladist.errors import NotComparableError
from cladist.kinship.config import OPENINGS
from cladist.kinship.evidence.corpus import read_corpus
from cladist.kinship.panel.allele_index import AlleleIndex, alive, grams, nats, packed

__all__ = ["allele_scores"]

_Doubles = NDArray[np.float64]


@dataclass
class _Row:
    """What is summed over probes for one kind of alleles.

    shared   float64 (m,) information that both show
    base     what all members get; exceptions, of those without an answer, are in `shared`
    square   squared norm of the model's own features
    own      its product with the mean
    """

    shared: _Doubles
    base: float = 0.0
    square: float = 0.0
    own: float = 0.0


def allele_scores(index: AlleleIndex, responses: ResponseSet) -> NDArray[np.float32]:
    """Relationship of a model with each of the m members, float32 (m,).

    The mean of `alleles.relationship` by whole and by local alleles, with all members as the
    panel and the model outside of it; equal to it up to rounding, save that a member's
    relationship with itself is like that with a copy. Cost: the lists of the alleles that the
    model shows; some tens of milliseconds for 100,000 members and 100 probes.

    Raises `NotComparableError` when the model shares no probe with the panel.
    """
    place = {probe: j for j, probe in enumerate(index.probe_ids)}
    if not place.keys() & set(responses.probe_ids):
        raise NotComparableError(f"'{responses.model}' shares no probe with the panel")
    corpus = read_corpus([responses])
    m = len(index)
    whole, local = _Row(np.zeros(m)), _Row(np.zeros(m))
    pairs = [
        (place[probe], k)
        for k, probe in enumerate(corpus.probe_ids)
        if probe in place and corpus.length[0, k]
    ]
    asked = np.array([j for j, _ in pairs], np.int64)
    columns = [k for _, k in pairs]
    codes, length = corpus.codes[0, columns], corpus.length[0, columns]
    for j, code, size in zip(asked.tolist(), codes, length.tolist(), strict=True):
        _add_whole(index, j, code[None, :], size, whole)
    _add_local(index, asked, codes, length, local)
    both = _scaled(index, whole, asked, "whole", 0) + _scaled(index, local, asked, "local", 1)
    return np.asarray(both / 2, np.float32)


def _share(index: AlleleIndex, j: int) -> float:
    m = len(index)
    return (m - 2) / m / max(int(index.arrays["answered"][j]), 1)


def _add_whole(
    index: AlleleIndex, j: int, codes: NDArray[np.uint32], length: int, row: _Row
) -> None:
    """Members that begin as the model does are nested ranges of the members in order."""
    a, m = index.arrays, len(index)
    openings, order = np.asarray(a["openings"][j]), np.asarray(a["order"][j])
    wide = openings.dtype.itemsize == 4 * OPENINGS.depth
    steps = min(length + 1, OPENINGS.depth)
    above = np.triu(np.ones((steps, OPENINGS.depth), np.bool_), 1)
    low = np.where(above, 0, codes)
    high = np.where(above, 0xFFFFFFFF if wide else 0xFFFF, codes)
    if length < OPENINGS.depth:
        # The end is a choice of its own: those who ended there, not those who went on.
        high[length] = low[length]
    if not wide and int(codes.max()) > 0xFFFE:
        # Nobody can have gone along with a character that the panel does not have.
        steps = min(steps, int(np.argmax(codes[0] > 0xFFFE)) + 1)
        low, high = low[:steps], high[:steps]
        low[-1] = high[-1] = 0xFFFF
    begin = np.searchsorted(openings, packed(low, wide), "left")
    end = np.searchsorted(openings, packed(high, wide), "right")
    first = m - int(a["answered"][j])
    shown = np.maximum(end - begin, 0)
    stood = np.concatenate([[m - first], shown[:-1]])
    value = np.where(stood > 0, nats(stood, shown, m), 0.0)
    row.square += float(value.sum())
    own = float((value * shown).sum()) * _share(index, j)
    _add_mean(index, j, own, float(a["norm_whole"][j]), row)
    together = np.cumsum(value)
    for d in range(len(shown)):
        if not shown[d]:
            break
        inner = d + 1 < len(shown) and shown[d + 1] > 0
        split = (begin[d + 1], end[d + 1]) if inner else (end[d], end[d])
        if together[d]:
            for s, e in ((begin[d], split[0]), (split[1], end[d])):
                if e > s:
                    np.add.at(row.shared, order[s:e], together[d])


def _add_local(
    index: AlleleIndex,
    asked: NDArray[np.int64],
    codes: NDArray[np.uint32],
    length: NDArray[np.int32],
    row: _Row,
) -> None:
    """Members that show the same four characters on the same probe, from their lists."""
    a, m = index.arrays, len(index)
    live = alive(codes, length)
    context, gram = grams(codes, live, asked)
    probe = np.repeat(np.arange(len(asked)), live.sum(axis=1))
    gram, first = np.unique(gram, return_index=True)
    context, probe = context[first], probe[first]
    at, known = _look_up(a["keys"], gram)
    at = at[known]
    value, shown = a["nats"][at].astype(np.float64), a["shown"][at]
    # What no member shows where members stood parts the model from all of them.
    where, there = _look_up(a["contexts"], context[~known])
    stood = a["stood"][where[there]]
    row.square += float(value.sum() + nats(stood, np.zeros(len(stood)), m).sum())
    own = np.bincount(probe[known], value * shown, len(asked))
    for j, total in zip(asked.tolist(), own.tolist(), strict=True):
        _add_mean(index, j, total * _share(index, j), float(a["norm_local"][j]), row)
    # Slicing a plain array takes a tenth of slicing a mapped file; adding in place half of
    # reading and writing what an index picks.
    begin, members = a["begin"][at], np.asarray(a["members"])
    for v, s, n in zip(value.tolist(), begin.tolist(), shown.tolist(), strict=True):
        if n:
            np.add.at(row.shared, members[s : s + n], v)


def _look_up(
    sorted_keys: NDArray[np.uint64], wanted: NDArray[np.uint64]
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Where each key is, and whether it is there at all."""
    at = np.searchsorted(sorted_keys, wanted)
    inside = at < len(sorted_keys)
    known = np.zeros(len(wanted), np.bool_)
    known[inside] = sorted_keys[at[inside]] == wanted[inside]
    return at, known


def _add_mean(index: AlleleIndex, j: int, own: float, norm: float, row: _Row) -> None:
    """The mean's part of the products; members without an answer have none on this probe."""
    a = index.arrays
    row.own += own
    row.base += norm - own
    missing = a["missing"][int(a["missing_at"][j]) : int(a["missing_at"][j + 1])]
    row.shared[missing] -= norm - own


def _scaled(
    index: AlleleIndex, row: _Row, asked: NDArray[np.int64], kind: str, usual: int
) -> _Doubles:
    a = index.arrays
    theirs = np.array(a[f"total_{kind}"])
    for j in np.setdiff1d(np.arange(len(index.probe_ids)), asked):
        theirs -= a[f"own_{kind}"][j]
    norm = float(a[f"norm_{kind}"][asked].sum())
    k = row.shared + row.base - theirs
    d = max(row.square - 2 * row.own + norm, 0.0)
    return np.asarray(k / a[f"scale_{kind}"] / np.sqrt(d + float(a["usual"][usual])))
