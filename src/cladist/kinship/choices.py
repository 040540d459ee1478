"""Which word a model chooses after which, probe by probe, and how far each choice is its habit.

Every word of an opening is a choice in the context of the word before it. In scripts without
blanks every ideograph, kana or syllable block is a word, so one rule serves all languages.
What a model chooses at a context on other probes too is a habit, and says little of why two
models agree on this one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from cladist.errors import InputError
from cladist.kinship.corpus import Corpus
from cladist.kinship.standard import in_turn

__all__ = ["CODE", "OPENING", "Choices", "read_choices"]

OPENING = 800
"""Characters read; later text has drifted apart by sampling and adds cost only."""

CODE = np.uint64(24)
"""Bits of a choice that tell the word chosen; as many above them tell the word before it."""

_WORD = np.uint64(0x9E6C63D0876A9A35)
_PHRASE = np.uint64(0xD1342543DE82EF95)
_START = np.uint64(0)  # what stands before the first word
_PROBE = np.uint64(16)
_PROBES = 1 << 16


@dataclass(frozen=True, eq=False)
class Choices:
    """Distinct choices of one model, c of them on p probes; probe by probe, rising within one.

    pair   uint64 (c,) CODE bits of the context, then CODE bits of the word chosen
    begin  int64 (p + 1,) where the choices of each probe begin, and their end
    used   uint16 (c,) on how many probes the model makes this choice
    stood  uint16 (c,) on how many probes it stands at this context
    """

    pair: NDArray[np.uint64]
    begin: NDArray[np.int64]
    used: NDArray[np.uint16]
    stood: NDArray[np.uint16]


def read_choices(corpus: Corpus) -> list[Choices]:
    """Choices of every model of a corpus, each from its own answers alone.

    Raises `InputError` for 65,536 probes or more. O(characters log) time, 12 bytes a choice.
    """
    if len(corpus.probe_ids) >= _PROBES:
        raise InputError(
            f"kinship reads up to {_PROBES - 1:,} probes, {len(corpus.probe_ids):,} given"
        )
    return list(in_turn(lambda i: _choices(corpus.texts[i]), len(corpus)))


def _choices(texts: Sequence[str]) -> Choices:
    """Choices of one model from its answers to all probes.

    Sorting packed numbers is several times faster than sorting hashes and keeping places.
    Twenty thousand words of one probe in 2^24 codes collide a dozen times, which moves nothing.
    """
    p = len(texts)
    probe, word = _words([t[:OPENING] for t in texts])
    if not len(word):
        few = np.zeros(0, np.uint16)
        return Choices(word, np.zeros(p + 1, np.int64), few, few)
    code = word >> np.uint64(64) - CODE
    before = np.empty_like(code)
    before[0], before[1:] = _START, code[:-1]
    before[1:][probe[1:] != probe[:-1]] = _START
    pair = before << CODE | code
    key = _distinct(np.asarray(pair << _PROBE | probe.astype(np.uint64), np.uint64))
    pair, where = key >> _PROBE, key.astype(np.uint16)
    context = pair >> CODE
    places = _distinct(np.asarray(context << _PROBE | where, np.uint64))
    runs = _runs(pair)
    used = np.repeat(runs, runs)
    stood = np.repeat(_runs(places >> _PROBE), _runs(context))
    order = np.argsort(where, kind="stable")
    begin = np.concatenate([[0], np.cumsum(np.bincount(where, minlength=p))])
    return Choices(
        pair[order], begin, used[order].astype(np.uint16), stood[order].astype(np.uint16)
    )


def _runs(values: NDArray[np.uint64]) -> NDArray[np.int64]:
    """Lengths of runs of equal neighbours."""
    new = np.flatnonzero(values[1:] != values[:-1]) + 1
    return np.diff(np.concatenate([[0], new, [len(values)]]))


def _distinct(packed: NDArray[np.uint64]) -> NDArray[np.uint64]:
    packed = np.sort(packed)
    new: NDArray[np.bool_] = np.ones(len(packed), np.bool_)
    np.not_equal(packed[1:], packed[:-1], out=new[1:])
    return packed[new]


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
