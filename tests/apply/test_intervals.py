"""Intervals cover what they claim for new families, and say when they cannot."""

from __future__ import annotations

import math

import numpy as np
import pytest

from cladist.apply.intervals import calibrate, families_needed, models_needed
from cladist.errors import InputError


@pytest.mark.parametrize(("level", "needed"), [(0.5, 1), (0.8, 4), (0.9, 9), (0.95, 19)])
def test_how_many_families_a_level_needs(level: float, needed: int) -> None:
    assert families_needed(level) == models_needed(level) == needed
    ones = np.ones(needed)
    names = [str(i) for i in range(needed)]
    assert math.isfinite(calibrate(names, ones, ones).radius(level)[0])
    fewer = calibrate(names[1:], ones[1:], ones[1:]).radius(level)
    assert math.isinf(fewer[0])
    assert fewer[1] == "nothing can be said"
    assert f"needs {needed} families" in fewer[2]


def test_a_large_family_counts_as_one() -> None:
    """Hundred good residuals of one family do not hide the bad ones of nine others."""
    names = ["large"] * 100 + [str(i) for i in range(9)]
    between = np.concatenate([np.full(100, 0.1), np.full(9, 5.0)])
    found = calibrate(names, between, between)
    assert found.radius(0.8)[0] == 5.0
    assert np.quantile(between, 0.9) == 0.1


def test_new_families_are_covered_as_claimed() -> None:
    """Families of unequal size, residuals that share a family's scale: mean over draws."""
    rng = np.random.default_rng(0)
    inside = []
    for _ in range(150):
        sizes = rng.integers(1, 12, size=16)
        scale = np.exp(rng.normal(size=17))
        names = np.repeat(np.arange(16).astype(str), sizes).tolist()
        between = np.abs(rng.normal(size=len(names))) * np.repeat(scale[:16], sizes)
        radius, basis, _ = calibrate(names, between, between).radius(0.8)
        assert basis == "new family"
        inside.append(abs(rng.normal()) * scale[16] <= radius)
    assert 0.75 <= np.mean(inside) <= 0.92


def test_a_known_family_has_its_own_residuals_where_there_are_enough() -> None:
    names = ["big"] * 12 + ["small"] * 2 + [str(i) for i in range(8)]
    within = np.concatenate([np.full(12, 0.5), np.full(2, 2.0), np.full(8, 9.0)])
    found = calibrate(names, np.full(22, 3.0), within)
    assert found.radius(0.9, "big") == (0.5, "known family", "")
    assert found.radius(0.9, "small")[1] == "known families"
    assert found.radius(0.9, "small")[0] == 2.0
    assert found.radius(0.9, "unseen")[1] == "new family"
    assert found.radius(0.9, "0")[1] == "known families"


def test_lengths_must_agree() -> None:
    with pytest.raises(InputError, match="differ in length"):
        calibrate(["a"], np.ones(2), np.ones(2))
