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
from cladist.kinship.evidence.corpus import Corpus
from cladist.kinship.evidence.runs import distinct_of_each, run_lengths
from cladist.kinship.evidence.standard import in_turn

__all__ = ["CODE", "OPENING", "Choices", "read_choices"]

OPENING = 800
"""Characters read; later text has drifted apart by sampling and adds cost only."""

ANSWERS = 1000
"""Answers read at a time: enough that two threads do not wait for each other."""

CODE = np.uint64(24)
"""Bits of a choice that tell the word chosen; as many above them tell the word before it."""

_WORD = np.uint64(0x9E6C63D0876A9A35)
_BACK = np.uint64(pow(int(_WORD), -1, 1 << 64))
_PHRASE = np.uint64(0xD1342543DE82EF95)
_PROBE = np.uint64(16)
_MOST = 1 << 16


@dataclass(frozen=True, eq=False)
class Choices:
    """Distinct choices of n models on p probes, c in all: by probe, then model, then rising.

    pair   uint64 (c,) CODE bits of the context, then CODE bits of the word chosen
    owner  uint16 (c,) whose choice
    used   uint16 (c,) on how many probes that model makes this choice
    stood  uint16 (c,) on how many probes it stands at this context
    begin  int64 (p + 1,) where the choices of each probe begin, and their end
    """

    pair: NDArray[np.uint64]
    owner: NDArray[np.uint16]
    used: NDArray[np.uint16]
    stood: NDArray[np.uint16]
    begin: NDArray[np.int64]


_Some = tuple[
    NDArray[np.uint64],
    NDArray[np.int64],
    NDArray[np.uint16],
    NDArray[np.uint16],
    NDArray[np.uint16],
]


def read_choices(corpus: Corpus) -> Choices:
    """Choices of all models of a corpus; those of each model follow from its own answers alone.

    Raises `InputError` for 65,536 models or probes, or more. O(characters log) time, 14 bytes a
    choice.
    """
    for size, what in ((len(corpus), "models"), (len(corpus.probe_ids), "probes")):
        if size >= _MOST:
            raise InputError(f"kinship reads up to {_MOST - 1:,} {what}, {size:,} given")
    many = max(ANSWERS // max(len(corpus.probe_ids), 1), 1)
    starts = range(0, len(corpus), many)
    read = list(in_turn(lambda k: _choices(corpus.texts[k * many :][:many]), len(starts)))
    pair, count, used, stood, where = (np.concatenate(part) for part in zip(*read, strict=True))
    owner = np.repeat(np.arange(len(corpus), dtype=np.uint16), count)
    order = np.argsort(where, kind="stable")
    begin = np.searchsorted(where, np.arange(len(corpus.probe_ids) + 1), sorter=order)
    return Choices(pair[order], owner[order], used[order], stood[order], begin)


def _choices(rows: Sequence[Sequence[str]]) -> _Some:
    """Choices of some models from their answers to all probes.

    Pair, how many each model has, used, stood and probe. Sorting packed numbers is several times
    faster than sorting hashes and keeping places. Twenty thousand words of one probe in 2^24
    codes collide a dozen times, which moves nothing.
    """
    p = len(rows[0])
    said, word = _words([t[:OPENING] for row in rows for t in row])
    code = word >> np.uint64(64) - CODE
    pair = code.copy()
    pair[1:] |= code[:-1] << CODE
    first = np.cumsum(said) - said
    first = first[said > 0]
    pair[first] = code[first]  # nothing stands before the first word
    pair <<= _PROBE
    pair |= np.repeat(np.tile(np.arange(p, dtype=np.uint64), len(rows)), said)
    key, ends = distinct_of_each(pair, np.cumsum(said.reshape(len(rows), p).sum(1)))
    pair, where = key >> _PROBE, key.astype(np.uint16)
    context = pair >> CODE
    places, stops = distinct_of_each(context << _PROBE | where, ends)
    runs = run_lengths(pair, ends)
    stood = np.repeat(run_lengths(places >> _PROBE, stops), run_lengths(context, ends))
    count = np.diff(ends, prepend=0)
    return pair, count, np.repeat(runs, runs).astype(np.uint16), stood.astype(np.uint16), where


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


def _words(texts: Sequence[str]) -> tuple[NDArray[np.int64], NDArray[np.uint64]]:
    """How many words each text has, and the hash of every word of every text, in order.

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


@lru_cache(maxsize=4)
def _powers(count: int) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
    """The first powers of _WORD from the zeroth on, and those of its inverse."""
    power, back = (np.full(count, base) for base in (_WORD, _BACK))
    power[0] = back[0] = 1
    return np.cumprod(power), np.cumprod(back)
