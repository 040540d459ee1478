"""Which setting a difference of distributions looks like."""

from __future__ import annotations

import numpy as np
import pytest

from cladist.core.distributions import response_of
from cladist.core.next_token import OUTCOMES, NextByte
from cladist.core.responses import ResponseSet
from cladist.kinship.inference.likely_setting import (
    SettingMarks,
    likely_setting,
    marks_of,
    setting_of,
)


def told(mass: np.ndarray, missing: float = 0.0) -> ResponseSet:
    slots = tuple((response_of(NextByte(row * (1 - missing), missing)),) for row in mass)
    return ResponseSet("m", tuple(f"c{k}" for k in range(len(mass))), slots)


def text_like(contexts: int = 60) -> np.ndarray:
    """Distributions in which some outcomes are likely everywhere, as letters are."""
    draw = np.random.default_rng(0)
    logits = draw.normal(0, 1.5, (contexts, OUTCOMES)) + draw.normal(0, 3, OUTCOMES)
    return softmax(logits)


def softmax(logits: np.ndarray) -> np.ndarray:
    mass = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(mass / mass.sum(axis=1, keepdims=True))


@pytest.mark.parametrize("temperature", [0.5, 0.7, 1.5])
def test_a_temperature_is_named_and_its_side_is_right(temperature: float) -> None:
    mass = text_like()
    found = likely_setting(told(mass), told(softmax(np.log(mass) / temperature)))
    assert found is not None
    assert found.setting == "temperature"
    assert (found.value < 1) == (temperature < 1)
    assert "temperature of about" in found.sentence


def test_hotter_and_cooler_lie_in_order() -> None:
    mass = text_like()
    marks = [marks_of(mass, softmax(np.log(mass) / t)) for t in (0.3, 0.5, 0.7, 0.85, 1.2, 1.5, 2)]
    values = [found.value for m in marks if (found := setting_of(m)) is not None]
    assert len(values) > 4
    assert values == sorted(values)


def test_top_p_leaves_outcomes_without_probability() -> None:
    mass = text_like()
    order = np.sort(mass, axis=1)[:, ::-1]
    kept = (np.cumsum(order, axis=1) < 0.9).sum(axis=1)
    cut = np.where(mass >= order[np.arange(len(mass)), kept][:, None], mass, 0.0)
    found = likely_setting(told(mass), told(cut / cut.sum(axis=1, keepdims=True)))
    assert found is not None
    assert found.setting == "top-p"
    assert np.isnan(found.value)


def test_outcomes_that_were_not_told_are_no_top_p() -> None:
    """A deployment that tells the likeliest few shows no probability for the others."""
    mass = text_like()
    order = np.sort(mass, axis=1)[:, ::-1]
    least = order[np.arange(len(mass)), (np.cumsum(order, axis=1) < 0.95).sum(axis=1)]
    few = np.where(mass >= least[:, None], mass, 0.0)
    untold = 1 - few.sum(axis=1)
    whole = few / few.sum(axis=1, keepdims=True)
    assert marks_of(mass, whole).cut > 0.002
    assert marks_of(mass, whole, untold).cut == pytest.approx(0.0, abs=1e-9)


def test_a_setting_is_named_for_one_model_alone() -> None:
    for marks in (SettingMarks(0.27, 0.6, 0.0, -0.3), SettingMarks(0.2, 0.1, 0.01, 0.0)):
        found = setting_of(marks)
        assert found is not None
        assert "if it is the same model" in found.sentence
        assert "41% of unrelated models" in found.sentence


def test_what_differs_from_context_to_context_is_not_named() -> None:
    mass, draw = text_like(), np.random.default_rng(1)
    changed = softmax(np.log(mass) + draw.normal(0, 1, mass.shape))
    assert marks_of(mass, changed).distance > 0.2
    assert likely_setting(told(mass), told(changed)) is None
    assert likely_setting(told(mass), told(mass)) is None


def test_nothing_is_named_from_few_contexts_or_where_much_was_not_told() -> None:
    mass = text_like()
    cooler = softmax(np.log(mass) / 0.5)
    assert likely_setting(told(mass[:9]), told(cooler[:9])) is None
    assert likely_setting(told(mass), told(cooler, missing=0.2)) is None
