"""Words of answers as numbers: equal words have equal numbers, in every script.

In scripts without blanks every ideograph, kana or syllable block is a word, so one rule serves
all languages and no word list is needed.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from cladist.kinship.config import EVIDENCE

__all__ = ["grams_of", "words_of"]

_TOGETHER = 256
"""Texts whose characters are looked at together. Nothing but time and memory depends on it."""

_WORD = np.uint64(0x9E6C63D0876A9A35)
_BACK = np.uint64(pow(int(_WORD), -1, 1 << 64))
_PHRASE = np.uint64(0xD1342543DE82EF95)


@lru_cache(maxsize=1)
def _characters() -> tuple[NDArray[np.uint8], NDArray[np.uint64]]:
    """Class of every code point (0 no word, 1 part of a word, 2 a word of its own), and its hash.

    What is no part of a word has hash 0.
    """
    kind = np.zeros(0x110000, np.uint8)
    kind[np.fromiter(map(str.isalnum, map(chr, range(len(kind)))), np.bool_, len(kind))] = 1
    kind[ord("_")] = 1
    for first, last in (
        (0x2E80, 0x9FFF),  # CJK radicals, kana, ideographs
        (0xAC00, 0xD7AF),  # Hangul syllables
        (0xF900, 0xFAFF),  # compatibility ideographs
        (0x20000, 0x3FFFF),  # further ideographs
    ):
        part = kind[first : last + 1]
        part[part == 1] = 2
    mixed = (np.arange(len(kind), dtype=np.uint64) + np.uint64(1)) * _PHRASE
    mixed ^= mixed >> np.uint64(29)
    mixed[kind == 0] = 0
    return kind, mixed


def words_of(texts: Sequence[str]) -> tuple[NDArray[np.int64], NDArray[np.uint64]]:
    """How many words each text has, int64 (n,), and the number of every word of every text.

    O(characters) time, and memory beside what comes back for _TOGETHER texts alone.
    """
    parts = [
        _words_of(texts[first : first + _TOGETHER]) for first in range(0, len(texts), _TOGETHER)
    ]
    if not parts:
        return np.zeros(0, np.int64), np.zeros(0, np.uint64)
    return np.concatenate([said for said, _ in parts]), np.concatenate([word for _, word in parts])


def _words_of(texts: Sequence[str]) -> tuple[NDArray[np.int64], NDArray[np.uint64]]:
    """`words_of` a few texts.

    The hash of a word sums its mixed characters times powers of their places in it: powers of
    their places among all characters, taken back by that of the first, as odd numbers have
    inverses modulo 2^64.
    """
    raw = np.frombuffer("".join(texts).encode("utf-32-le", "surrogatepass"), "<u4")
    ends = np.cumsum(np.fromiter(map(len, texts), np.int64, len(texts)))
    kinds, mixed = _characters()
    raw = raw.astype(np.intp)
    kind = kinds[raw]
    begins = kind > 0
    begins[1:] &= (kind[1:] == 2) | (kind[1:] != kind[:-1])
    first = ends[:-1][ends[:-1] < len(raw)]  # of every text but the first
    begins[first] = kind[first] > 0
    start = np.flatnonzero(begins)
    if not len(start):
        return np.zeros(len(texts), np.int64), np.zeros(0, np.uint64)
    power, back = _powers(1 << (len(raw) - 1).bit_length())
    each = mixed[raw]
    each *= power[: len(raw)]
    word = np.add.reduceat(each, start)
    word *= back[start]
    word ^= word >> np.uint64(31)
    return np.diff(np.searchsorted(start, ends), prepend=0), word


def grams_of(
    said: NDArray[np.int64], word: NDArray[np.uint64]
) -> list[tuple[NDArray[np.uint64], NDArray[np.uint64]]]:
    """Context and sequence of every word, once for each of the orders.

    said int64 (n,) words of each text, word uint64 of all texts in order, as `words_of` gives
    them. Of order k the sequence is the word and the k before it in its text, and the context is
    the sequence without the word: order 0 has the context 0 everywhere.
    """
    start = np.cumsum(said) - said
    start = start[said > 0]
    context = np.zeros(len(word), np.uint64)
    out = []
    for _ in range(EVIDENCE.orders):
        sequence = (context ^ (context >> np.uint64(31))) * _PHRASE + word * _WORD + np.uint64(1)
        sequence ^= sequence >> np.uint64(29)
        out.append((context, sequence))
        following = np.empty_like(sequence)
        following[1:] = sequence[:-1]
        following[start] = np.uint64(1 + len(out))  # nothing stands before the first word
        context = following
    return out


@lru_cache(maxsize=4)
def _powers(count: int) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
    """The first powers of _WORD from the zeroth on, and those of its inverse."""
    power, back = (np.full(count, base) for base in (_WORD, _BACK))
    power[0] = back[0] = 1
    return np.cumprod(power), np.cumprod(back)
