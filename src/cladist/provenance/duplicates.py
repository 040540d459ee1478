"""Models under several names that give the same answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cladist.core.responses import ResponseSet
from cladist.kinship.config import IDENTITY
from cladist.kinship.inference.states import VETO, pair_states

__all__ = ["Duplicate", "duplicates"]

LEAST = 20
"""Probes answered by both below which equal answers say little."""

DULL = frozenset({*VETO, "few-probes"})


@dataclass(frozen=True, slots=True)
class Duplicate:
    """Two models whose answers are the same to the character, but for rounding.

    equal, probes  equal answers, and probes that both answered
    upper          upper 95% bound of the share of answers that differ (Clopper-Pearson)
    """

    a: str
    b: str
    equal: int
    probes: int
    upper: float


def duplicates(
    responses: Sequence[ResponseSet], prompts: Sequence[str] | None = None
) -> list[Duplicate]:
    """Pairs of models that the identity test would call the same, by equal first answers.

    Models that say the same whatever they are asked, repeat the prompt or hardly answer are left
    out. O(n^2 p) bytes of comparison.
    """
    from scipy.special import betaincinv  # lighter than scipy.stats

    n = len(responses)
    table = [[(t or "").strip() for t in r.texts()] for r in responses]
    width = len(responses[0].probe_ids) if n else 0
    same = np.zeros((n, n), np.int32)
    both = np.zeros((n, n), np.int32)
    for p in range(width):
        column = np.unique(np.array([row[p] for row in table], dtype=object), return_inverse=True)
        values, code = column[0], column[1]
        there = np.asarray(values != "")[code]
        pair = there[:, None] & there[None, :]
        both += pair
        same += pair & (code[:, None] == code[None, :])
    out = []
    for i, j in zip(*np.nonzero(np.triu((same >= 0.8 * both) & (both >= LEAST), 1)), strict=True):
        k, m = int(both[i, j] - same[i, j]), int(both[i, j])
        upper = float(betaincinv(k + 1, m - k, 0.95)) if k < m else 1.0
        dull = DULL.intersection(pair_states(responses[i], responses[j], prompts))
        if upper <= IDENTITY.greedy and not dull:
            out.append(Duplicate(responses[i].model, responses[j].model, m - k, m, upper))
    return sorted(out, key=lambda d: (d.upper, d.a, d.b))
