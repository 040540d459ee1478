"""Phrases: word for word, which way a model goes where models part.

The counterpart of alleles on long and sampled answers. Per probe, every word of the opening is
a choice in the context of the word before it (two words before do as well on completions and
worse on chat), and carries -ln(share) nats among the panel's
members that stood there: a fixed expression is one choice, a rare turn of speech is a strong
one. In scripts without blanks every ideograph, kana or syllable block is a word, so one rule
serves all languages. Cosines of each probe are square-rooted (many probes with a little in
common say more than one with much), averaged over the probes that both answered, centred on the
panel and shrunk along its main axes, which carry manner more than descent.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from cladist.errors import InputError
from cladist.kinship.alleles import FEW
from cladist.kinship.corpus import Corpus
from cladist.kinship.standard import Floats, in_turn

__all__ = ["phrase_cosines", "phrase_kernel"]

OPENING = 800
"""Characters read; later text has drifted apart by sampling and adds cost only."""

RIDGE = 0.01
"""Ridge of the spectral shrinkage, as a share of all variance, and no less than the mean
eigenvalue: axes that carry more are flattened. One value serves greedy completions and sampled
chat, a hundred models and eight hundred; .8% to 2% differ by .003 AUC."""

ALIVE = 0.1
"""Share of probes with an answer below which a model takes no part: it is no evidence."""

_WORD = np.uint64(0x9E6C63D0876A9A35)
_START = np.uint64(0)  # what stands before the first word
_PLACE, _WIDTH = np.uint64(40), np.uint64(16)
_OWNER = np.uint64(0xFFFF)
_PHRASE = np.uint64(0xD1342543DE82EF95)


@lru_cache(maxsize=1)
def _classes() -> NDArray[np.uint8]:
    """Class of every code point: 0 no word, 1 part of a word, 2 a word of its own."""
    table = np.zeros(0x110000, np.uint8)
    table[[i for i in range(0x110000) if chr(i).isalnum()]] = 1
    table[ord("_")] = 1
    for first, last in (
        (0x2E80, 0x9FFF),  # CJK radicals, kana, ideographs
        (0xAC00, 0xD7AF),  # Hangul syllables
        (0xF900, 0xFAFF),  # compatibility ideographs
        (0x20000, 0x3FFFF),  # further ideographs
    ):
        part = table[first : last + 1]
        part[part == 1] = 2
    return table


def _words(texts: list[str]) -> tuple[NDArray[np.int64], NDArray[np.uint64]]:
    """(owner, hash) of every word of every text, in order."""
    size = np.fromiter(map(len, texts), np.int64, len(texts))
    raw = np.frombuffer("".join(texts).encode("utf-32-le", "surrogatepass"), "<u4")
    kind = _classes()[raw]
    owner = np.repeat(np.arange(len(texts)), size)
    inside = kind > 0
    if not inside.any():
        return np.zeros(0, np.int64), np.zeros(0, np.uint64)
    begins = inside.copy()
    begins[1:] &= (kind[1:] == 2) | (kind[1:] != kind[:-1]) | (owner[1:] != owner[:-1])
    start = np.flatnonzero(begins)
    number = np.cumsum(begins)[inside] - 1
    # The hash of a word sums its mixed characters times powers of their places.
    position = np.flatnonzero(inside) - start[number]
    powers = np.cumprod(np.full(int(position.max()) + 1, _WORD))
    mixed = (raw[inside].astype(np.uint64) + np.uint64(1)) * _PHRASE
    mixed ^= mixed >> np.uint64(29)
    value = np.zeros(len(raw), np.uint64)
    value[inside] = mixed * powers[position]
    word = np.add.reduceat(value, start)
    return owner[start], word ^ (word >> np.uint64(31))


def _choices(texts: list[str]) -> NDArray[np.uint64]:
    """Sorted distinct (context, choice, owner) of every word, packed into 24, 24 and 16 bits.

    One sort of plain numbers is several times faster than sorting hashes and keeping places.
    Twenty thousand words of one probe in 2^24 places collide a dozen times, which moves nothing.
    """
    owner, word = _words(texts)
    if not len(word):
        return word
    code = word >> np.uint64(40)
    before = np.empty_like(code)
    before[0], before[1:] = _START, code[:-1]
    before[1:][owner[1:] != owner[:-1]] = _START
    packed = before << np.uint64(40) | code << np.uint64(16) | owner.astype(np.uint64)
    return _distinct(np.asarray(packed, np.uint64))


def _distinct(packed: NDArray[np.uint64]) -> NDArray[np.uint64]:
    packed = np.sort(packed)
    new: NDArray[np.bool_] = np.ones(len(packed), np.bool_)
    np.not_equal(packed[1:], packed[:-1], out=new[1:])
    return packed[new]


def _features(
    texts: list[str], members: NDArray[np.bool_]
) -> tuple[sparse.csr_array, NDArray[np.float64]]:
    """Weighted choices of one probe, rows of norm 1 before rare columns go, and those norms."""
    n = len(texts)
    choices = _choices(texts)
    if not len(choices):
        return sparse.csr_array(np.zeros((n, 0), np.float32)), np.zeros(n)
    row = (choices & _OWNER).astype(np.int64)
    pair = choices >> np.uint64(16)
    column = np.cumsum(np.r_[False, pair[1:] != pair[:-1]])
    stands = _distinct(np.asarray(choices >> _PLACE << _WIDTH | choices & _OWNER, np.uint64))
    place = stands >> np.uint64(16)
    contexts, begins = np.unique(place, return_index=True)
    stood = np.add.reduceat(members[(stands & _OWNER).astype(np.int64)].astype(np.int64), begins)
    first = np.flatnonzero(np.r_[True, column[1:] != column[:-1]])
    shown = np.add.reduceat(members[row].astype(np.int64), first)
    stood = stood[np.searchsorted(contexts, pair[first] >> np.uint64(24))]
    m = max(int(members.sum()), 1)
    nats = np.log((stood + 0.5 + 2.0 / m) / (shown + 0.5))
    if m > FEW:
        nats[stood <= shown] = 0.0
    weight = nats[column]
    norm = np.sqrt(np.bincount(row, weight**2, n))
    value = (weight / np.maximum(norm[row], 1e-12)).astype(np.float32)
    shared = np.diff(np.r_[first, len(column)]) > 1  # others touch the norm alone
    number = np.cumsum(shared) - 1
    kept = shared[column] & (value > 0)
    x = sparse.csr_array(
        (value[kept], (row[kept], number[column[kept]])), shape=(n, int(shared.sum()))
    )
    return x, norm


def phrase_kernel(corpus: Corpus, members: NDArray[np.bool_] | None = None) -> Floats:
    """Mean over common probes of the square-rooted cosine of choices, float64 (n, n) in 0..1.

    Zero where two models have no probe in common. Without `members` all models are the panel
    that shares are taken of. O(characters + sum over choices of (models
    that make it)^2) time; one probe at a time.
    """
    n, p = corpus.length.shape
    if n > 1 << 16:
        raise InputError(f"kinship compares up to 65,536 models at once, {n} given")
    inside = np.ones(n, np.bool_) if members is None else members
    total = np.zeros((n, n), np.float32)
    spoke = np.zeros(n)

    def of_probe(j: int) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
        x, norm = _features([row[j][:OPENING] for row in corpus.texts], inside)
        return np.sqrt((x @ x.T).toarray()), np.asarray(norm > 0, np.bool_)

    for cosine, said in in_turn(of_probe, p):
        total += cosine
        spoke += said
    np.fill_diagonal(total, spoke)
    have = corpus.present.astype(np.float64)
    both = have @ have.T
    return np.asarray(np.clip(total / np.maximum(both, 1.0), 0.0, 1.0), np.float64)


def phrase_cosines(kernel: Floats, alive: NDArray[np.bool_], members: NDArray[np.bool_]) -> Floats:
    """Cosines after centring on the panel and spectral shrinkage, float64 (n, n).

    Rows of models that are not alive are zero. Of the mean only the part (m - 2)/m is removed,
    since a panel of two has no background but itself. Models outside the panel are placed by
    Nystroem's formula, which gives a member its own place again. O(m^3 + n m^2) time.
    """
    n = len(kernel)
    out = np.zeros((n, n))
    here, base = np.flatnonzero(alive), np.flatnonzero(alive & members)
    m = len(base)
    if m < 2:
        return out
    k = kernel[np.ix_(here, base)]
    mean = k.mean(1) * ((m - 2) / m)
    column = kernel[np.ix_(base, base)].mean(0) * ((m - 2) / m)
    k = k - mean[:, None] - column + float(column.mean())
    square = k[np.searchsorted(here, base)]
    values, vectors = np.linalg.eigh((square + square.T) / 2)
    kept = values > 1e-9 * max(float(values[-1]), 1e-12)
    values, vectors = values[kept], vectors[:, kept]
    x = k @ (vectors / np.sqrt(values * (values + max(RIDGE, 1 / m) * values.sum())))
    x /= np.maximum(np.linalg.norm(x, axis=1, keepdims=True), 1e-9)
    out[np.ix_(here, here)] = x @ x.T
    return out
