"""Phrases: turns of speech that two models share on the same probe.

Per probe, three words in a row from the opening of the answer, weighted by -ln of their share
in the panel. In scripts without blanks every ideograph, kana or syllable block is a word, so one
rule serves all languages. Cosines of each probe are square-rooted (many probes with a little in
common say more than one with much), averaged over the probes that both answered, centred on the
panel and shrunk along its main axes: what many models share says little of descent, and what
only noise carries says nothing.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from cladist.kinship.corpus import Corpus
from cladist.kinship.standard import Floats

__all__ = ["phrase_cosines", "phrase_kernel"]

ORDER = 3
"""Words in a row. Fewer measure manner more than descent; five do as well on long answers."""

OPENING = 800
"""Characters read; later text has drifted apart by sampling and adds cost only."""

RIDGE = 3.0
"""Ridge of the spectral shrinkage in mean eigenvalues. One value serves greedy completions and
sampled chat; 1 to 10 do equally well."""

ALIVE = 0.1
"""Share of probes with an answer below which a model takes no part: it is no evidence."""

_WORD = np.uint64(0x9E6C63D0876A9A35)
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


def _phrases(texts: list[str]) -> tuple[NDArray[np.int64], NDArray[np.uint64]]:
    """(owner, hash) of every distinct run of ORDER words, sorted by owner."""
    size = np.fromiter(map(len, texts), np.int64, len(texts))
    raw = np.frombuffer("".join(texts).encode("utf-32-le", "surrogatepass"), "<u4")
    if not len(raw):
        return np.zeros(0, np.int64), np.zeros(0, np.uint64)
    kind = _classes()[raw]
    owner = np.repeat(np.arange(len(texts)), size)
    begins = kind > 0
    begins[1:] &= (kind[1:] == 2) | (kind[1:] != kind[:-1]) | (owner[1:] != owner[:-1])
    number = np.cumsum(begins) - 1
    inside = kind > 0
    start = np.flatnonzero(begins)
    if len(start) < ORDER:
        return np.zeros(0, np.int64), np.zeros(0, np.uint64)
    # Word hash: sum over its characters of mixed code times a power of its place.
    position = np.arange(len(raw)) - start[np.maximum(number, 0)]
    powers = np.cumprod(np.full(int(position[inside].max()) + 1, _WORD))
    value = np.zeros(len(raw), np.uint64)
    mixed = (raw.astype(np.uint64) + np.uint64(1)) * _PHRASE
    mixed ^= mixed >> np.uint64(29)
    value[inside] = mixed[inside] * powers[position[inside]]
    word = np.add.reduceat(value, start)
    word ^= word >> np.uint64(31)
    count = len(word) - ORDER + 1
    run = np.zeros(count, np.uint64)
    for k in range(ORDER):
        run = (run + word[k : k + count]) * _PHRASE
        run ^= run >> np.uint64(29)
    first, last = owner[start[:count]], owner[start[ORDER - 1 :]]
    run, first = run[first == last], first[first == last]
    order = np.lexsort((run, first))
    run, first = run[order], first[order]
    new = np.ones(len(run), np.bool_)
    new[1:] = (run[1:] != run[:-1]) | (first[1:] != first[:-1])
    return first[new], run[new]


def phrase_kernel(corpus: Corpus) -> Floats:
    """Mean over common probes of the square-rooted cosine of phrases, float64 (n, n) in 0..1.

    Zero where two models have no probe in common. O(characters + sum over phrases of (models
    that use it)^2) time; one sparse matrix of a probe at a time.
    """
    n, p = corpus.length.shape
    total = np.zeros((n, n), np.float32)
    spoke = np.zeros(n)
    for j in range(p):
        owner, run = _phrases([row[j][:OPENING] for row in corpus.texts])
        if not len(run):
            continue
        _, column, users = np.unique(run, return_inverse=True, return_counts=True)
        weight = np.log((n + 1) / users)[column]
        norm = np.sqrt(np.bincount(owner, weight**2, n))
        value = (weight / norm[owner]).astype(np.float32)
        shared = users[column] > 1  # the rest touches the norm alone
        numbers = np.cumsum(users > 1) - 1
        x = sparse.csr_array(
            (value[shared], (owner[shared], numbers[column[shared]])),
            shape=(n, int((users > 1).sum())),
        )
        product = (x @ x.T).tocoo()
        total[product.coords] += np.sqrt(product.data)
        spoke += norm > 0
    np.fill_diagonal(total, spoke)  # with itself a model shares its own turns too
    have = corpus.present.astype(np.float64)
    both = have @ have.T
    return np.asarray(np.clip(total / np.maximum(both, 1.0), 0.0, 1.0), np.float64)


def phrase_cosines(kernel: Floats, alive: NDArray[np.bool_]) -> Floats:
    """Cosines after centring on the panel and spectral shrinkage, float64 (n, n).

    Rows of models that are not alive are zero. Of the mean only the part (n - 2)/n is removed,
    since a panel of two has no background but itself. O(n^3) time.
    """
    n = len(kernel)
    out = np.zeros((n, n))
    here = np.flatnonzero(alive)
    m = len(here)
    if m < 2:
        return out
    k = kernel[np.ix_(here, here)]
    mean = k.mean(1) * ((m - 2) / m)
    k = k - mean[:, None] - mean + float(mean.mean())
    values, vectors = np.linalg.eigh(k)
    kept = values > 1e-9 * max(float(values[-1]), 1e-12)
    values, vectors = values[kept], vectors[:, kept]
    x = vectors * np.sqrt(values / (values + RIDGE * values.sum() / m))
    x /= np.maximum(np.linalg.norm(x, axis=1, keepdims=True), 1e-9)
    out[np.ix_(here, here)] = x @ x.T
    return out
