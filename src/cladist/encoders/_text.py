"""Texts as flat arrays of code points, and 64-bit hashes of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Words = NDArray[np.uint64]

BASE = np.uint64(0x9E6C63D0876A9A35)
"""Odd multiplier of the rolling hash; arithmetic is modulo 2**64."""


@dataclass(frozen=True)
class Codes:
    """Code points of n texts, end to end: text i is codes[indptr[i]:indptr[i+1]] (uint32)."""

    indptr: NDArray[np.int64]
    codes: NDArray[np.uint32]


def codes_of(texts: Sequence[str]) -> Codes:
    """Code points of texts; lone surrogates stay what they are. O(characters)."""
    indptr = np.zeros(len(texts) + 1, dtype=np.int64)
    np.cumsum(np.fromiter(map(len, texts), dtype=np.int64, count=len(texts)), out=indptr[1:])
    raw = "".join(texts).encode("utf-32-le", "surrogatepass")
    return Codes(indptr, np.frombuffer(raw, dtype="<u4").astype(np.uint32, copy=False))


def rolling(words: Words, longest: int) -> Iterator[tuple[int, Words]]:
    """(n, hash of words[i:i+n] for every i) for n = 1 to `longest`.

    A polynomial modulo 2**64 over words that are mixed already; the caller drops the windows
    that cross the end of a text, and mixes the result. The array of step n has
    len(words) - n + 1 entries and is overwritten by the next step.
    """
    window = words.copy()
    yield 1, window
    for n in range(2, longest + 1):
        if n > len(words):
            return
        window = window[:-1]
        window *= BASE
        window += words[n - 1 :]
        yield n, window


def chunks(texts: Sequence[str], characters: int) -> Iterator[tuple[int, int]]:
    """Ranges of texts that hold about `characters` together, at most 65,536 texts each."""
    start, held = 0, 0
    for number, text in enumerate(texts):
        held += len(text)
        if held >= characters or number + 1 - start == 1 << 16:
            yield start, number + 1
            start, held = number + 1, 0
    if start < len(texts):
        yield start, len(texts)
