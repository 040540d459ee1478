"""The make-up of texts: how often each hashed character and pair of characters stands in them.

No word list and no alphabet: it describes any language, and tells what a tokenizer makes of it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from cladist.core.hashing import GOLDEN
from cladist.kinship.config import RATES

__all__ = ["make_up"]

_BLOCK = 128  # texts at a time, whose arrays then stay in a cache
_MIX = np.uint64(GOLDEN)


def make_up(texts: Sequence[str], *, singles: bool = False) -> NDArray[np.float32]:
    """Counts of hashed pairs of characters, float32 (n, `RATES.buckets`); O(characters).

    With `singles` (n, 2 buckets): those of hashed characters before them.
    """
    buckets = RATES.buckets
    shift = np.uint64(65 - buckets.bit_length())  # the highest bits of a hash
    width = 2 * buckets if singles else buckets
    out = np.empty((len(texts), width), np.float32)
    for first in range(0, len(texts), _BLOCK):
        part = texts[first : first + _BLOCK]
        length = np.fromiter(map(len, part), np.int64, len(part))
        wide = np.frombuffer("".join(part).encode("utf-32-le", "surrogatepass"), "<u4").astype(
            np.uint64
        )
        row = np.repeat(np.arange(len(part)) * width, length)
        # Operations in place: fresh memory would cost more than the arithmetic.
        pair = wide[:-1] * np.uint64(1000003)
        pair += wide[1:]
        pair *= _MIX
        pair >>= shift
        cell = pair.view(np.int64)
        cell += row[:-1]
        cell += width - buckets
        spill = len(part) * width  # takes the pairs that two texts would make
        ends = np.cumsum(length)
        cell[ends[(ends > 0) & (ends < len(wide))] - 1] = spill
        table = np.bincount(cell, minlength=spill + 1)
        if singles:
            wide += np.uint64(7)
            wide *= _MIX
            wide >>= shift
            cell = wide.view(np.int64)
            cell += row
            table += np.bincount(cell, minlength=spill + 1)
        out[first : first + _BLOCK] = table[:spill].reshape(len(part), width)
    return out
