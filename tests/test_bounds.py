"""What benchmarks/bounds.py says is promised of a projection holds where it is drawn."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture
def bounds(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    return __import__("bounds")


def test_the_lemma_of_existence_is_met_with_equality(bounds: Any) -> None:
    eps = bounds.existence(256, 86)
    assert (eps**2 / 2 - eps**3 / 3) * 256 == pytest.approx(4 * np.log(86))
    assert bounds.existence(64, 86) == np.inf


def test_a_drawn_matrix_keeps_distances_as_often_as_promised(bounds: Any) -> None:
    rng = np.random.default_rng(3)
    models, length, draws = 12, 24, 400
    x = rng.standard_normal((models, 50))
    a, b = np.triu_indices(models, 1)
    before = np.linalg.norm(x[a] - x[b], axis=1)
    worst = []
    for _ in range(draws):
        y = x @ rng.standard_normal((50, length)) / np.sqrt(length)
        worst.append(bounds.kept(before, np.linalg.norm(y[a] - y[b], axis=1)).distortion[2])
    eps = bounds.drawn(length, models, risk=0.2)
    failed = np.mean(np.array(worst) > eps)
    assert failed <= 0.2
    assert np.mean(np.array(worst) > eps / 2) > 0.5  # the bound is not idle


def test_one_pair_has_the_exact_bound(bounds: Any) -> None:
    rng = np.random.default_rng(4)
    eps = bounds.drawn(16, 2, risk=0.1)
    squares = rng.chisquare(16, 20_000) / 16
    assert np.mean(np.abs(squares - 1) > eps) == pytest.approx(0.1, abs=0.01)
