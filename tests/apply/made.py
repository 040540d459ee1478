"""Made-up families with features and scores, and questions with records."""

from __future__ import annotations

import numpy as np

from cladist.apply.behaviour import Block
from cladist.apply.questions import Questions

BLOCKS = (
    Block("relatives", 4, False, "relatives", True),
    Block("words", 6, True),
    Block("agreement", 3, False, "conclusions"),
)


def families(seed: int = 0, count: int = 14, members: int = 5, noise: float = 0.3):
    """Features (n, 13), scores within 0 to 100 and families; a family shifts both."""
    rng = np.random.default_rng(seed)
    names = np.repeat([f"f{i}" for i in range(count)], members)
    x = rng.normal(size=(count * members, 13))
    x[:, 4:] += np.repeat(rng.normal(size=(count, 9)), members, axis=0)
    shift = np.repeat(rng.normal(size=count), members)
    z = x[:, 4] + 0.5 * x[:, 10] + noise * (shift + rng.normal(size=len(x)))
    return x, 100 / (1 + np.exp(-z)), names


def routed(seed: int = 0, models: int = 24, count: int = 160):
    """Records, questions of two kinds, the skills behind them, DNA features and families.

    Even models are better at one kind of question, and DNA tells the general skill.
    """
    rng = np.random.default_rng(seed)
    kind = rng.integers(2, size=count)
    vectors = rng.normal(size=(count, 8)) * 0.2
    vectors[:, 0] += 2 * kind
    texts = tuple(f"question {i} " + "about numbers 7 " * int(k) for i, k in enumerate(kind))
    skill = rng.normal(size=models)
    taste = np.where(np.arange(models) % 2, 1.0, -1.0)
    logit = skill[:, None] + 0.8 * taste[:, None] * (2 * kind - 1)[None]
    records = (rng.random((models, count)) < 1 / (1 + np.exp(-logit))).astype(np.float64)
    features = np.column_stack([skill + 0.2 * rng.normal(size=models), rng.normal(size=models)])
    groups = [f"g{i // 2}" for i in range(models)]
    return records, Questions(texts, vectors), skill, features, groups
