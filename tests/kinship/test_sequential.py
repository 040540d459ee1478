from __future__ import annotations

import numpy as np
import pytest
from made_families import population

from cladist.errors import InputError
from cladist.kinship.inference.calibration import Labels
from cladist.kinship.inference.sequential import (
    decide,
    first_probes,
    fit_boundaries,
    looks_at,
    spent,
    stop_early,
)

LOOKS = (5, 10, 20, 40)


def walks(count: int, drift: float, seed: int) -> np.ndarray:
    """Standardised random walks at LOOKS: what the excess of a pair does as probes come in."""
    steps = np.random.default_rng(seed).normal(drift, 1, (count, LOOKS[-1]))
    n = np.array(LOOKS)
    return steps.cumsum(axis=1)[:, n - 1] / np.sqrt(n)


@pytest.mark.parametrize("spending", ["early", "even", "late"])
def test_the_rate_holds_over_all_looks_on_pairs_never_seen(spending: str) -> None:
    b = fit_boundaries(LOOKS, walks(20_000, 0, 0), walks(5_000, 0.6, 1), rate=0.01, miss=0.05,
                       spending=spending)  # type: ignore[arg-type]  # fmt: skip
    null, kin = decide(b, walks(20_000, 0, 2)), decide(b, walks(20_000, 0.6, 3))
    assert np.mean(null.verdict == 1) == pytest.approx(0.01, abs=0.003)
    assert np.mean(kin.verdict == -1) == pytest.approx(0.05, abs=0.01)
    assert np.mean(kin.verdict == 1) > 0.8
    assert np.median(kin.probes) < 40


def test_spending_adds_up_to_the_rate() -> None:
    late, even, early = (spent(4, 0.02, s) for s in ("late", "even", "early"))
    assert late[-1] == even[-1] == early[-1] == 0.02
    assert late[0] < even[0] == 0.005 < early[0] == 0.01


def test_calibration_pairs_never_exceed_what_may_be_spent() -> None:
    null = walks(999, 0, 4)
    b = fit_boundaries(LOOKS, null, np.zeros((0, 4)), rate=0.02)
    d = decide(b, null)
    for look, allowed in zip(LOOKS, spent(4, 0.02), strict=True):
        assert (1 + np.sum((d.verdict == 1) & (d.probes <= look))) / 1000 <= allowed
    assert np.all(b.lower == -np.inf)
    assert set(d.verdict.tolist()) == {0, 1}


def test_too_few_unrelated_pairs_never_stop() -> None:
    b = fit_boundaries(LOOKS, walks(50, 0, 0), np.zeros((0, 4)), rate=0.01)
    assert np.all(np.isinf(b.upper))
    assert np.all(decide(b, np.full((3, 4), 1e9)).verdict == 0)


def test_first_boundary_met_decides() -> None:
    b = fit_boundaries(LOOKS, walks(5_000, 0, 0), walks(5_000, 1, 1))
    paths = np.array([[9.0, -9, -9, -9], [1.0, 9, 9, 9], [0.9, 0.9, 0.9, 1.5]])
    d = decide(b, paths)
    assert d.verdict.tolist()[:2] == [1, 1]
    assert d.probes.tolist()[:2] == [5, 10]
    with pytest.raises(InputError):
        fit_boundaries(LOOKS, np.zeros((5, 3)), np.zeros((5, 4)))


def test_looks_end_with_all_probes() -> None:
    assert looks_at(12) == (10, 12)
    assert looks_at(10) == (10,)
    assert looks_at(40)[-2:] == (30, 40)


def test_kin_are_decided_before_the_last_probe() -> None:
    models, names = population(families=16, members=3, probes=40, kept=0.85)
    assert first_probes(models[0], 7).texts() == models[0].texts()[:7]
    answer = stop_early(models, "f0-m0", "f0-m1", labels=Labels(tuple(names)))
    assert answer.verdict == "related"
    assert answer.probes < 40 and answer.probes + answer.saved == answer.available == 40
    stranger = stop_early(models, "f0-m0", "f5-m1", labels=Labels(tuple(names)))
    assert stranger.verdict != "related"
