"""What models said on each probe, as numbers, for what a pair shares there beyond others.

Every shingle gets a number once, and pairs count numbers. An index of a pair and its controls
serves that pair; one of all models serves thousands of pairs, and gives the same bits, as sums are
made in the same order.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from cladist.core.distinct import distinct
from cladist.core.hashing import GOLDEN
from cladist.core.responses import ResponseSet
from cladist.kinship.config import CHECKS
from cladist.kinship.evidence.corpus import read_corpus
from cladist.kinship.evidence.standard import Floats
from cladist.kinship.evidence.style import opening_keys

__all__ = ["MOST_INDEXED", "ProbeIndex", "index_probes", "shingle_hashes"]

MOST_INDEXED = 400_000
"""Answers up to which an index is made: a kilobyte each at most, half of it for usual ones."""

_REMEMBERED = 1 << 16
"""Texts whose shingles are remembered: controls are the same for pair after pair.
They take 200 MB at most."""
_GOLDEN = np.uint64(GOLDEN)

Index = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class ProbeIndex:
    """What n models said on p probes, as numbers.

    keys      hashes of openings by length, each uint64 (n, p); see `evidence.style.opening_keys`
    present   which answers there are, bool (n, p)
    shingles  by probe the numbers of all models' shingles, int32, rising by hash in each answer
    starts    by probe where each model's begin, int64 (n + 1,)
    kinds     by probe how many different shingles there are
    """

    keys: tuple[NDArray[np.uint64], ...]
    present: NDArray[np.bool_]
    shingles: tuple[NDArray[np.int32], ...]
    starts: tuple[Index, ...]
    kinds: tuple[int, ...]

    def compared(
        self, i: int, j: int, chosen: Index, said: tuple[ResponseSet, ResponseSet]
    ) -> tuple[tuple[Floats, Floats], Index]:
        """Openings and wordings of models i and j with all, and the probes that both answered.

        (2, 2 + c, p) each; the c models `chosen` come after the two. `said` are answers of the
        two, or a part of these: what is not in them does not count. Wordings are there for
        common probes alone.
        """
        rows = np.concatenate([[i, j], chosen])
        there = self.present[rows].copy()
        for row, answers in enumerate(said):
            there[row] &= [bool(t and t.strip()) for t in answers.texts()]
        keys = [np.where(there, key[rows], np.uint64(0)) for key in self.keys]
        both = np.flatnonzero(there[0] & there[1])
        wordings = np.zeros((2, len(rows), there.shape[1]))
        for probe in both.tolist():
            wordings[:, :, probe] = self._wordings(probe, rows)
        return (_openings(keys), wordings), both

    def _wordings(self, probe: int, rows: Index) -> Floats:
        """Square-rooted cosines of the first two rows' shingles with all rows', (2, m)."""
        m, starts, every = len(rows), self.starts[probe], self.shingles[probe]
        parts = [every[starts[r] : starts[r + 1]] for r in rows.tolist()]
        number = np.concatenate(parts)
        owner = np.repeat(np.arange(m), [len(part) for part in parts])
        users = np.bincount(number, minlength=self.kinds[probe])[number]
        weight = np.log((m + 1) / np.arange(1, m + 1))[users - 1]
        weight /= np.sqrt(np.bincount(owner, weight**2, m))[owner]
        out = np.zeros((2, m))
        first = 0
        for row in (0, 1):
            own = np.zeros(self.kinds[probe])
            last = first + len(parts[row])
            own[parts[row]] = weight[first:last]
            out[row] = np.bincount(owner, own[number] * weight, m)
            first = last
        return np.sqrt(np.clip(out, 0.0, None))


def index_probes(responses: Sequence[ResponseSet]) -> ProbeIndex:
    """Index the answers of all models. O(characters) time and memory.

    Raises what `read_corpus` raises.
    """
    corpus = read_corpus(responses)
    # Many more texts than are remembered would only drive each other out.
    many = corpus.length.size > _REMEMBERED // 2
    hashed = shingle_hashes.__wrapped__ if many else shingle_hashes
    shingles, starts, kinds = [], [], []
    for probe in range(corpus.length.shape[1]):
        texts = [row[probe][: CHECKS.read] for row in corpus.texts]
        known = {text: hashed(text) for text in dict.fromkeys(texts)}
        hashes = [known[text] for text in texts]
        found, number = np.unique(np.concatenate(hashes), return_inverse=True)
        shingles.append(number.astype(np.int32))
        starts.append(np.concatenate([[0], np.cumsum([len(h) for h in hashes])]))
        kinds.append(len(found))
    keys = tuple(opening_keys(corpus.codes))
    return ProbeIndex(keys, corpus.present, tuple(shingles), tuple(starts), tuple(kinds))


def _openings(keys: Sequence[NDArray[np.uint64]]) -> Floats:
    """(2, n, p) nats of the longest shared opening of models 0 and 1 with everybody.

    `keys` are those of `evidence.style.opening_keys`, (n, p) each.
    """
    n, p = keys[0].shape
    out = np.zeros((2, n, p))
    for key in keys:
        for row in (0, 1):
            same = (key == key[row]) & (key > 0)
            nats = np.log((n + 1) / (same.sum(axis=0) + 1))
            out[row] = np.maximum(out[row], np.where(same, nats, 0.0))
    return out


@lru_cache(maxsize=_REMEMBERED)
def shingle_hashes(text: str) -> NDArray[np.uint64]:
    """Hashes of the different shingles of a text, rising, uint64."""
    size = CHECKS.shingle
    raw = (text + "\0" * (size - 1)).encode("utf-32-le", "surrogatepass") if text else b""
    codes = np.frombuffer(raw, "<u4").astype(np.uint64)
    codes += np.uint64(1)
    width = max(len(codes) - size + 1, 0)
    h = codes[:width] * _GOLDEN
    for d in range(1, size):
        h += codes[d : d + width]
        h *= _GOLDEN
    found = distinct(h)
    found.setflags(write=False)
    return found
