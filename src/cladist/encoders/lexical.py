"""Lexical evidence: hashed n-grams of characters or words."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from cladist.core.features import FloatArray, SparseFeatures
from cladist.core.hashing import key64, mixed_words
from cladist.encoders._text import chunks, codes_of, rolling
from cladist.errors import AssayError

Kind = Literal["char", "word"]

_CHUNK = 1 << 19
"""Characters hashed at a time; bounds the memory at about 100 bytes times the n-gram sizes."""
_HASH_BITS = np.uint64(48)
_HASH_MASK = np.uint64((1 << 48) - 1)

# Scripts without blanks between words are read a character a word.
_UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff"
_WORD = re.compile(rf"[{_UNSPACED}]|[^\W{_UNSPACED}]+")


@dataclass(frozen=True)
class Lexical:
    """N-grams of `shortest` to `longest` units, weighted 1 + ln(count), each text of norm 1.

    kind        char: characters as they are; word: lower-cased words
    characters  of a text, blanks before it dropped, so many are read
    """

    kind: Kind = "char"
    shortest: int = 1
    longest: int = 4
    characters: int = 512

    @property
    def version(self) -> str:
        """What encodes."""
        return f"lexical/1 {self.kind} {self.shortest}-{self.longest} of {self.characters}"

    def encode(self, texts: Sequence[str]) -> SparseFeatures:
        """Distinct n-grams of n texts, n rows; a text without any has an empty row.

        Cost: O(characters * n-gram sizes), most of it one sort of 64-bit words a chunk.
        """
        heads = [t.lstrip()[: self.characters] for t in texts]
        sizes, keys, values = [np.zeros(1, np.int64)], [], []
        for lo, hi in chunks(heads, _CHUNK):
            packed, rows = self._grams(heads[lo:hi]), hi - lo
            size, key, value = _count(packed, rows)
            sizes.append(size)
            keys.append(key)
            values.append(value)
        return SparseFeatures(
            np.cumsum(np.concatenate(sizes)),
            np.concatenate([np.zeros(0, np.uint64), *keys]),
            np.concatenate([np.zeros(0, np.float32), *values]),
        )

    def _grams(self, texts: Sequence[str]) -> NDArray[np.uint64]:
        """Row number (16 bits) and n-gram hash (48 bits) of every n-gram, in one word."""
        if self.kind == "char":
            flat = codes_of(texts)
            indptr, units = flat.indptr, mixed_words(flat.codes.astype(np.uint64))
        else:
            indptr, units = _words(texts)
        length = np.diff(indptr)
        row = np.repeat(np.arange(len(texts), dtype=np.uint64), length) << _HASH_BITS
        left = np.repeat(indptr[1:], length) - np.arange(len(units))
        out = [np.zeros(0, np.uint64)]
        for n, window in rolling(units, self.longest):
            if n >= self.shortest:
                inside = left[: len(window)] >= n
                hashed = mixed_words(window[inside] + np.uint64(n)) & _HASH_MASK
                out.append(hashed | row[: len(window)][inside])
        return np.concatenate(out)


def make(
    kind: Kind = "char", shortest: int = 1, longest: int = 0, characters: int = 512
) -> Lexical:
    """Hashed n-grams; `longest` 0 is 4 for characters and 2 for words."""
    if kind not in get_args(Kind):
        raise AssayError(f"encoder 'lexical': kind '{kind}' is unknown; use 'char' or 'word'")
    longest = longest or (4 if kind == "char" else 2)
    if not 1 <= shortest <= longest <= 32:
        raise AssayError(
            f"encoder 'lexical': n-grams of {shortest} to {longest} units; "
            "use 1 <= shortest <= longest <= 32"
        )
    if characters < 1:
        raise AssayError(f"encoder 'lexical': characters must be at least 1, not {characters}")
    return Lexical(kind, shortest, longest, characters)


def _count(
    packed: NDArray[np.uint64], rows: int
) -> tuple[NDArray[np.int64], NDArray[np.uint64], FloatArray]:
    """Pairs a row, keys and weights from packed n-grams; `packed` is sorted in place."""
    packed.sort()
    fresh = np.ones(len(packed), dtype=np.bool_)
    np.not_equal(packed[1:], packed[:-1], out=fresh[1:])
    start = np.flatnonzero(fresh)
    count = np.diff(start, append=len(packed))
    owner = (packed[start] >> _HASH_BITS).astype(np.int64)
    size = np.bincount(owner, minlength=rows)
    weight = 1.0 + np.log(count)
    norm = np.sqrt(np.bincount(owner, weights=weight * weight, minlength=rows))
    return (
        size.astype(np.int64),
        mixed_words(packed[start] & _HASH_MASK),
        (weight / norm[owner]).astype(np.float32),
    )


def _words(texts: Sequence[str]) -> tuple[NDArray[np.int64], NDArray[np.uint64]]:
    """Where each text's words begin, and a hash a word."""
    known: dict[str, int] = {}
    indptr = np.zeros(len(texts) + 1, dtype=np.int64)
    found: list[int] = []
    for number, text in enumerate(texts):
        for word in _WORD.findall(text.lower()):
            key = known.get(word)
            if key is None:
                key = known[word] = key64(word)
            found.append(key)
        indptr[number + 1] = len(found)
    return indptr, np.array(found, dtype=np.uint64)
