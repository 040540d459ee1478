"""Evidence of kinship with probes weighted anew, for a bootstrap over probes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from cladist.core.responses import ResponseSet
from cladist.kinship.evidence.corpus import Corpus, read_corpus, said_once
from cladist.kinship.evidence.functional import resampled_functions, tells_functions
from cladist.kinship.evidence.similarity import combined_of, copies_of, evidence_of, lacking
from cladist.kinship.evidence.standard import Floats
from cladist.kinship.evidence.triangle import Triangle
from cladist.kinship.evidence.wording import Wording, wording_by_probe

__all__ = ["Redrawn", "Resampled", "resampled_similarity"]


class Redrawn(Protocol):
    """Evidence of n models, named by `ids`, that can be taken over any draw of their p probes."""

    @property
    def ids(self) -> tuple[str, ...]:
        """The models, in the order of rows."""
        ...

    @property
    def whole(self) -> Floats:
        """The evidence with every probe once, float64 (n, n)."""
        ...

    def combined(self, weights: Floats) -> Floats:
        """The evidence with probe k counted `weights[k]` times, float64 (n, n)."""
        ...


@dataclass(frozen=True, eq=False)
class Resampled:
    """Evidence of n models that can be summed over any draw of p probes.

    ids        n names
    by_probe   float16 (p, orders, n, n): damped log-likelihood ratios of wording
    present    bool (n, p)
    tokenizer  float64 (n, n): it rests on all answers together and is not drawn anew
    whole      float64 (n, n): the evidence with every probe once
    copies     bool (n, n): pairs that say the same throughout
    """

    ids: tuple[str, ...]
    by_probe: NDArray[np.float16]
    present: NDArray[np.bool_]
    tokenizer: Floats
    whole: Floats
    copies: NDArray[np.bool_]

    def combined(self, weights: Floats) -> Floats:
        """All evidence with probe k counted `weights[k]` times, float64 (n, n).

        O(p n^2). Rarity is that of all probes' panel, whichever are drawn.
        """
        orders, n = self.by_probe.shape[1:3]
        total = np.zeros((orders, n, n), np.float32)
        for k in np.flatnonzero(weights):
            total += np.float32(weights[k]) * self.by_probe[k]
        half = np.zeros((2, orders, n, n), np.float32)
        half[0] = total
        everybody = np.ones(n, np.bool_)
        counted = np.stack([np.asarray(weights, np.float64), np.zeros(len(weights))])
        drawn = Wording(Triangle.of(half), self.present.astype(np.float64), counted)
        with threadpool_limits(1, user_api="blas"):
            found = combined_of(drawn, self.tokenizer, everybody)
        return found + lacking(found, self.copies)


def resampled_similarity(responses: Sequence[ResponseSet]) -> Redrawn:
    """Read all probes once; 6 p n^2 bytes of memory. Raises `InputError` for a name given twice.

    Cost of `kinship_similarity` and the memory. Of distributions see `ResampledFunctions`.
    """
    if tells_functions(responses):
        return resampled_functions(responses)
    corpus = read_corpus(responses)
    n = len(corpus)
    everybody, once = np.ones(n, np.bool_), said_once(corpus)
    found = evidence_of(corpus, everybody)
    return Resampled(
        corpus.models,
        _stacked(once, everybody),
        once.present,
        found.unit * found.channels.get("tokenizer", np.zeros((n, n))),
        found.combined,
        copies_of(corpus),
    )


def _stacked(corpus: Corpus, members: NDArray[np.bool_]) -> NDArray[np.float16]:
    with threadpool_limits(1, user_api="blas"):
        return np.stack([part.astype(np.float16) for part in wording_by_probe(corpus, members)])
