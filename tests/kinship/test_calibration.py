from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from made_families import population

from cladist.errors import InputError
from cladist.kinship.inference.calibration import (
    MINIMUM_MODELS,
    Calibration,
    Labels,
    calibrate,
    guess_families,
    pair_evidence,
)
from cladist.kinship.inference.matching import Matching, fit_matching


def flat(null: np.ndarray, families: int = 10, kin: np.ndarray | None = None) -> Calibration:
    """A calibration on given excesses, pairs spread evenly over families."""
    a, b = np.triu_indices(families, 1)
    order = np.resize(np.stack([a, b], axis=1), (len(null), 2))
    nothing = Matching((), np.zeros(2), np.zeros(2), 1.0)
    some = np.zeros(0) if kin is None else np.sort(kin)
    of = np.arange(len(some)) % families
    return Calibration(nothing, np.sort(null), order, some, of, 30, families, True, 0)


def test_p_value_counts_the_null_with_one_added() -> None:
    c = flat(np.arange(99.0))
    assert c.p_value(98.5) == 1 / 100
    assert c.p_value(98.0) == 2 / 100  # ties count against the accused's favour: as reached
    assert c.p_value(-1.0) == 1.0
    np.testing.assert_allclose(c.p_value(np.array([97.5, 49.5])), [2 / 100, 50 / 100])


def test_upper_bound_lies_above_the_estimate_and_falls_with_the_excess() -> None:
    c = flat(np.random.default_rng(0).normal(size=2000))
    values = [c.upper_p(x) for x in (-1.0, 0.0, 1.0, 2.0, 3.0)]
    assert values == sorted(values, reverse=True)
    assert all(v >= c.p_value(x) for v, x in zip(values, (-1.0, 0.0, 1.0, 2.0, 3.0), strict=True))
    assert c.upper_p(1.0, seed=3) == c.upper_p(1.0, seed=3)


def test_threshold_is_where_the_p_value_meets_the_rate() -> None:
    c = flat(np.random.default_rng(1).normal(size=5000))
    for rate in (0.05, 0.01):
        for bound in (True, False):
            t = c.threshold(rate, bound=bound)
            p = c.upper_p(t) if bound else float(c.p_value(t))
            below = np.nextafter(c.null[c.null < t].max(), -np.inf)
            assert p <= rate < (c.upper_p(below) if bound else c.p_value(below))
    assert c.threshold(0.01) >= c.threshold(0.01, bound=False)
    assert flat(np.arange(50.0)).threshold(0.001) == np.inf


def test_one_loud_family_widens_the_bound() -> None:
    """Exceedances that all come from one family pair count for less than scattered ones."""
    draw = np.random.default_rng(2)
    a, b = np.triu_indices(12, 1)
    order = np.repeat(np.stack([a, b], axis=1), 10, axis=0)
    values = draw.normal(size=len(order)) * 0.1
    loud, scattered = values.copy(), values.copy()
    loud[:10] = 5.0
    scattered[::66][:10] = 5.0

    def bound(x: np.ndarray) -> float:
        rank = np.argsort(x, kind="stable")
        nothing = Matching((), np.zeros(2), np.zeros(2), 1.0)
        return Calibration(
            nothing, x[rank], order[rank], np.zeros(0), np.zeros(0, np.int64), 36, 12, True, 0
        ).upper_p(4.0)

    assert bound(loud) > 1.3 * bound(scattered)


def test_matching_takes_out_what_manner_explains() -> None:
    draw = np.random.default_rng(0)
    manner, clock = draw.random(20_000), draw.normal(size=20_000)
    score = 3 * np.maximum(manner - 0.5, 0) + draw.normal(size=20_000) * (0.5 + manner)
    fitted = fit_matching(score, np.stack([manner, clock]))
    excess = fitted.excess(score, np.stack([manner, clock]))
    for low in (0.0, 0.25, 0.5, 0.75):
        part = excess[(manner >= low) & (manner < low + 0.25)]
        assert abs(part.mean()) < 0.15
        assert part.std() == pytest.approx(1.25, abs=0.2)  # in mean deviations of a normal
    assert fitted.level[2:].min() >= 0


def test_a_rare_step_is_matched() -> None:
    draw = np.random.default_rng(0)
    x, rare = draw.random(5_000), np.arange(5_000) < 12
    score = 4.0 * rare + draw.normal(size=5_000) * 0.1
    fitted = fit_matching(score, np.stack([x, rare]))
    assert abs(fitted.excess(score, np.stack([x, rare]))[:12].mean()) < 1
    never = fit_matching(score[12:], np.stack([x, rare])[:, 12:])
    assert never.excess(score, np.stack([x, rare]))[:12].min() > 10


def test_matching_does_not_extrapolate() -> None:
    draw = np.random.default_rng(0)
    x = draw.random(5_000)
    fitted = fit_matching(x + draw.normal(size=5_000) * 0.1, np.stack([x, x]))
    far = fitted.excess(np.zeros(2), np.array([[1.0, 50.0], [1.0, 50.0]]))
    assert far[0] == far[1]


def test_calibrate_on_labels_finds_kin_and_holds_its_rate() -> None:
    models, names = population(families=14, members=3)
    pairs = pair_evidence(models)
    c = calibrate(pairs, Labels(tuple(names)))
    assert (c.models, c.families, c.labelled, len(c.kin)) == (42, 14, True, 42)
    assert len(c.null) == 42 * 41 // 2 - 42
    assert c.power(0.05) > 0.8
    assert np.median(c.kin) > c.threshold(0.05, bound=False)


def test_models_left_out_and_unknown_ones_take_no_part() -> None:
    models, names = population(families=8, members=3)
    pairs = pair_evidence(models)
    unknown = tuple("" if i < 3 else n for i, n in enumerate(names))
    c = calibrate(pairs, Labels(unknown), leave_out=[5, 6])
    assert c.models == 24 - 3 - 2
    one = calibrate(pairs, Labels(tuple(names), tuple("g" if i < 12 else "" for i in range(24))))
    assert one.families == 5  # one group of four families, and four more
    assert len(one.null) < len(calibrate(pairs, Labels(tuple(names))).null)


def test_guessed_families_put_close_kin_together_and_nobody_else() -> None:
    models, names = population(families=10, members=3, kept=0.95)
    guessed = guess_families(pair_evidence(models))
    truth = np.unique(names, return_inverse=True)[1]
    together = guessed[:, None] == guessed[None, :]
    assert (together & (truth[:, None] != truth[None, :])).sum() == 0
    assert together[truth[:, None] == truth[None, :]].mean() > 0.8


def test_too_small_a_panel_is_refused_with_numbers() -> None:
    models, names = population(families=3, members=3)
    pairs = pair_evidence(models)
    with pytest.raises(InputError, match=f"9 other models to calibrate on, {MINIMUM_MODELS}"):
        calibrate(pairs, Labels(tuple(names)))
    models, names = population(families=2, members=8)
    with pytest.raises(InputError, match="64 unrelated pairs"):
        calibrate(pair_evidence(models), Labels(tuple(names)))
    with pytest.raises(InputError, match="labels: 3 for 16"):
        calibrate(pair_evidence(models), Labels(("a", "b", "c")))


def test_copies_are_no_kin_pairs() -> None:
    models, names = population(families=8, members=2)
    copy = replace(models[0], model="copy")
    pairs = pair_evidence([*models, copy])
    c = calibrate(pairs, Labels((*names, names[0])))
    assert len(c.kin) == 8 + 1  # the copy is kin of the sibling, not of its original


def test_little_in_common_is_measured_against_known_kin() -> None:
    c = flat(np.zeros(100), kin=np.arange(99.0))
    assert c.kin_p(-1.0) == 1 / 100 and c.kin_p(98.0) == 1.0
    assert c.upper_kin_p(10.0) >= c.kin_p(10.0)
    t = c.kin_threshold(0.2)
    assert c.upper_kin_p(t) <= 0.2 < c.upper_kin_p(t + 1)
    # A large family whose kin share less than those of all others is not outvoted by them.
    kin = np.sort(np.concatenate([np.arange(30.0), np.arange(30, 230.0)]))
    of = np.repeat([0, *range(1, 11)], [30, *[20] * 10])
    odd = replace(flat(np.zeros(100), 11), kin=kin, kin_order=of)
    assert odd.kin_p(9.0) < 0.05 < 11 / 31 <= odd.upper_kin_p(9.0)
    none = flat(np.zeros(100))
    assert none.upper_kin_p(-9.0) == 1.0 and none.kin_threshold(0.5) == -np.inf
    assert np.isnan(none.power(0.01))
