"""Models that tell made-up distributions, in families."""

from __future__ import annotations

import numpy as np

from cladist.core.distributions import response_of
from cladist.core.next_token import OUTCOMES, NextByte
from cladist.core.responses import Response, ResponseSet

CONTEXTS = 40


def model(name: str, logits: np.ndarray, lost: tuple[int, ...] = ()) -> ResponseSet:
    chances = np.exp(logits - logits.max(axis=1, keepdims=True))
    chances /= chances.sum(axis=1, keepdims=True)
    slots = tuple(
        (Response.error("lost"),) if c in lost else (response_of(NextByte(row)),)
        for c, row in enumerate(chances)
    )
    return ResponseSet(name, tuple(f"c{c}" for c in range(len(logits))), slots)


def families(count: int, size: int, noise: float = 0.5) -> list[ResponseSet]:
    """Families of models: what all models share, what a family does, and what each does."""
    draw = np.random.default_rng(0)
    common = draw.normal(0, 2, (CONTEXTS, OUTCOMES))
    found: list[ResponseSet] = []
    for family in range(count):
        own = common + draw.normal(0, 1, common.shape)
        found.extend(
            model(f"f{family}-{member}", own + draw.normal(0, noise, common.shape))
            for member in range(size)
        )
    return found
