"""Prefixes: how an answer begins, at several depths; sharing a longer beginning counts more.

The explicit feature map of a shared-prefix kernel. A text has one feature a depth of a ladder
(1, 2, 3, 4, 6, 8, ... characters): the hash of all that stands before that depth. Two answers
to a probe share exactly the features down to the depth where they part, so the inner product
of their rows grows with the length of the common beginning. Rarity, which a panel of models
would tell, is replaced by depth: a long beginning is rare whatever the panel.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cladist.core.features import SparseFeatures
from cladist.core.hashing import mixed_words
from cladist.encoders._text import BASE, codes_of
from cladist.errors import AssayError

_END = np.uint64(0x110000)
"""Code of the end of a text, one above the last Unicode code point."""
_BLOCK = 1 << 14


def ladder(max_depth: int) -> tuple[int, ...]:
    """Depths up to `max_depth`: 1, 2, 3, 4, 6, 8, 12, 16, 24, ... (two steps a doubling)."""
    depths, power = [1, 2, 3], 4
    while power <= max_depth:
        depths += [power, power + power // 2]
        power *= 2
    return tuple(d for d in depths if d <= max_depth)


@dataclass(frozen=True)
class Prefixes:
    """One feature a depth; `growth` says how the squared weights grow along the ladder.

    The squared weight of depth d is (d - previous depth) / d ** (1 - growth), scaled so that
    a text as long as the ladder has norm 1. growth = 1 counts shared characters, growth = 0
    about the logarithm of their number.
    """

    max_depth: int = 32
    growth: float = 0.0

    @property
    def version(self) -> str:
        """What encodes."""
        return f"prefixes/1 depth {self.max_depth} growth {self.growth:g}"

    def weights(self) -> NDArray[np.float32]:
        """Weight of each depth of the ladder; their squares add up to 1."""
        depth = np.array(ladder(self.max_depth), dtype=np.float64)
        square = np.diff(depth, prepend=0.0) * depth ** (self.growth - 1)
        return np.asarray(np.sqrt(square / square.sum()), dtype=np.float32)

    def encode(self, texts: Sequence[str]) -> SparseFeatures:
        """At most one pair a depth and text, n rows. O(n * max_depth)."""
        weights = self.weights()
        parts = [
            self._encode([t.lstrip()[: self.max_depth] for t in texts[lo : lo + _BLOCK]], weights)
            for lo in range(0, len(texts), _BLOCK)
        ]
        sizes = np.concatenate([np.zeros(1, np.int64), *(size for size, _, _ in parts)])
        return SparseFeatures(
            np.cumsum(sizes),
            np.concatenate([np.zeros(0, np.uint64), *(keys for _, keys, _ in parts)]),
            np.concatenate([np.zeros(0, np.float32), *(values for _, _, values in parts)]),
        )

    def _encode(
        self, texts: list[str], weights: NDArray[np.float32]
    ) -> tuple[NDArray[np.int64], NDArray[np.uint64], NDArray[np.float32]]:
        depths = ladder(self.max_depth)
        flat = codes_of(texts)
        length = np.diff(flat.indptr)
        # The end of a short text is a letter of its own.
        table = np.full((len(texts), self.max_depth), _END, dtype=np.uint64)
        table[np.arange(self.max_depth) < length[:, None]] = flat.codes
        table = mixed_words(table)
        step, found = {}, np.zeros(len(texts), dtype=np.uint64)
        for column in range(self.max_depth):
            found = found * BASE + table[:, column]
            if column + 1 in depths:
                step[column + 1] = mixed_words(found + np.uint64(column + 1))
        keys = np.stack([step[d] for d in depths], axis=1)
        # A depth is told while the one before it does not already hold the end of the text.
        before = np.array((0, *depths[:-1]), dtype=np.int64)
        kept = before[None, :] <= length[:, None]
        values = np.broadcast_to(weights, keys.shape)
        return kept.sum(axis=1, dtype=np.int64), keys[kept], values[kept]


def make(max_depth: int = 32, growth: float = 0.0) -> Prefixes:
    """Prefixes down to `max_depth` characters (1 to 4,096), weights growing as `growth`."""
    if not isinstance(max_depth, int) or not 1 <= max_depth <= 4096:
        raise AssayError(f"encoder 'prefixes': max_depth {max_depth!r} is not within 1 to 4096")
    if not -2 <= growth <= 4:
        raise AssayError(f"encoder 'prefixes': growth {growth!r} is not within -2 to 4")
    return Prefixes(max_depth, float(growth))
