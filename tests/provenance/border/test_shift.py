"""How far probabilities moved, and whether alike: rounding and training leave other marks."""

from __future__ import annotations

import numpy as np
import pytest

from cladist.provenance.border.shift import LEAST, shifted

TOKENS = "abcdefgh"


def tops(logits: np.ndarray) -> dict[str, float]:
    told = logits - np.log(np.exp(logits).sum())
    return {TOKENS[i]: float(told[i]) for i in np.argsort(-told)[:5]}


def moved(alike: float, apart: float, count: int = 120) -> tuple[list, list]:  # type: ignore[type-arg]
    """Contexts before and after a change that is partly the same everywhere."""
    draw = np.random.default_rng(1)
    common = draw.normal(size=len(TOKENS)) * alike
    before = draw.normal(size=(count, len(TOKENS)))
    after = before + common + draw.normal(size=before.shape) * apart
    return [tops(x) for x in before], [tops(x) for x in after]


def test_what_is_shared_tells_training_from_rounding() -> None:
    rounded, trained = shifted(*moved(0.0, 0.2)), shifted(*moved(0.2, 0.05))
    assert rounded is not None and trained is not None
    assert abs(rounded.shared) < 0.15 and trained.shared > 0.7
    assert 0.02 < rounded.size < 0.2 and 0.02 < trained.size < 0.2
    farther = shifted(*moved(0.0, 0.4))
    assert farther is not None and farther.size > 1.5 * rounded.size


def test_nothing_is_said_of_too_few_contexts_or_none() -> None:
    before, after = moved(0.1, 0.1)
    assert shifted(before[: LEAST - 1], after[: LEAST - 1]) is None
    unanswered = [None if i % 2 else t for i, t in enumerate(after)]
    half = shifted(before, unanswered)
    assert half is not None and half == shifted(before[::2], after[::2])
    apart = shifted(before, [{f"other {t}": p for t, p in x.items()} for x in after])
    assert apart is not None and apart.size == pytest.approx(0.9, abs=0.1) and apart.shared == 0
