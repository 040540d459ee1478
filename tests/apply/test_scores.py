"""Scores: learnt by families, never from the family itself, and honest where it cannot be."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.base import clone

from cladist.apply.baselines import FamilyMean, NearestModel, PhyloLMRecipe
from cladist.apply.behaviour import Block
from cladist.apply.evaluation import evaluate
from cladist.apply.scores import ScorePredictor, from_link, to_link
from cladist.errors import InputError

from .made import BLOCKS, families

BOUNDS = (0.0, 100.0)


def test_new_families_are_predicted_and_covered() -> None:
    x, y, names = families(count=10, members=4)
    found = evaluate(ScorePredictor(BLOCKS, BOUNDS, (0.1, 1.0)), x, y, names.tolist())
    plain = evaluate(FamilyMean(), x, y, names.tolist())
    assert found.pearson().value > 0.8
    assert found.pearson().low < found.pearson().value < found.pearson().high
    assert found.rmse().value < 0.6 * plain.rmse().value
    models, by_family, width, said = found.coverage(0.8)
    assert said == 1.0
    assert 0.7 <= models <= 1.0
    assert 0.7 <= by_family <= 1.0
    assert 0 < width < 100


def test_a_familys_own_scores_never_reach_its_prediction() -> None:
    x, y, names = families(count=6, members=3)
    before = evaluate(ScorePredictor(BLOCKS, BOUNDS), x, y, names.tolist())
    changed = y.copy()
    own = names == "f2"
    changed[own] = 100 - changed[own]
    after = evaluate(ScorePredictor(BLOCKS, BOUNDS), x, changed, names.tolist())
    assert np.array_equal(before.predicted[own], after.predicted[own])
    assert not np.array_equal(before.predicted[~own], after.predicted[~own])


def test_left_out_models_are_those_of_a_refit() -> None:
    """The shortcut for leaving out one model equals fitting without it, view and penalty kept."""
    rng = np.random.default_rng(1)
    x, y = rng.normal(size=(12, 3)), rng.normal(size=12)
    made = ScorePredictor(penalties=(0.5,)).fit(x, y)
    kernel = (x - x.mean(0)) @ (x - x.mean(0)).T
    kernel = kernel / np.diagonal(kernel).mean()
    for i in range(3):
        keep = np.arange(12) != i
        inside = np.linalg.inv(kernel[np.ix_(keep, keep)] + 0.5 * np.eye(11))
        guess = y.mean() + kernel[i, keep] @ inside @ (y[keep] - y.mean())
        spread = np.sqrt(0.5 + kernel[i, i] - kernel[i, keep] @ inside @ kernel[keep, i])
        assert made.calibration_.within[i] == pytest.approx(abs(y[i] - guess) / spread)


def test_training_models_get_what_the_kernel_says() -> None:
    """A curved block's centring is the same for new rows as for training rows."""
    x, y, names = families(count=5, members=4)
    made = ScorePredictor(BLOCKS[:1], penalties=(1e-8,)).fit(x[:, :4], y, names)
    assert made.predict(x[:, :4]) == pytest.approx(y, abs=1e-3)


def test_same_numbers_every_time_and_in_any_order() -> None:
    x, y, names = families(count=8, members=3)
    made = ScorePredictor(BLOCKS, BOUNDS)
    one = clone(made).fit(x, y, names).predict(x[:5])
    assert np.array_equal(one, clone(made).fit(x, y, names).predict(x[:5]))
    turn = np.random.default_rng(0).permutation(len(y))
    other = clone(made).fit(x[turn], y[turn], names[turn]).predict(x[:5])
    assert one == pytest.approx(other)
    assert set(made.get_params()) == {"blocks", "bounds", "penalties", "folds"}


def test_more_columns_than_models_and_constant_columns() -> None:
    rng = np.random.default_rng(0)
    x = np.hstack([rng.normal(size=(8, 300)), np.ones((8, 2))])
    y = x[:, 0]
    made = ScorePredictor((Block("words", 302, True),)).fit(x, y)
    far = np.hstack([x[:1, :300], [[1e9, -1e9]]])
    assert np.isfinite(made.predict(far)).all()
    assert made.predict(far) == pytest.approx(made.predict(x[:1]))


def test_one_family_only_says_that_nothing_can_be_said() -> None:
    x, y, _ = families(count=3, members=4)
    made = ScorePredictor(BLOCKS, BOUNDS).fit(x, y, ["only"] * len(y))
    new, own = made.predict_interval(x[:2], 0.8, [None, "only"])
    assert (new.lower, new.upper, new.basis) == (0.0, 100.0, "nothing can be said")
    assert "here is 1" in new.reason
    assert own.basis == "known family"
    with pytest.raises(InputError, match="one family"):
        evaluate(ScorePredictor(BLOCKS, BOUNDS), x, y, ["only"] * len(y))


def test_without_bounds_nothing_said_is_infinite() -> None:
    x, y, names = families(count=3, members=2)
    (found,) = ScorePredictor(BLOCKS).fit(x, y, names).predict_interval(x[:1])
    assert (found.lower, found.upper) == (-np.inf, np.inf)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda x, y: (x, np.full_like(y, 7.0)), "nothing to predict"),
        (lambda x, y: (x[:2], y[:2]), "too few"),
        (lambda x, y: (x, y + 100), "not within the bounds"),
        (lambda x, y: (np.where(x > 2, np.nan, x), y), "finite"),
        (lambda x, y: (x[:-1], y), "shape"),
    ],
)
def test_bad_input_is_told(change, message: str) -> None:
    x, y, _ = families()
    x, y = change(x, y)
    with pytest.raises(InputError, match=message):
        ScorePredictor(BLOCKS, BOUNDS).fit(x, y)


def test_predicting_needs_a_fit_of_the_same_width() -> None:
    x, y, _ = families(count=3, members=2)
    with pytest.raises(InputError, match="not fitted"):
        ScorePredictor().predict(x)
    with pytest.raises(InputError, match="columns"):
        ScorePredictor().fit(x, y).predict(x[:, :3])
    with pytest.raises(InputError, match="level"):
        ScorePredictor().fit(x, y).predict_interval(x, 1.5)
    with pytest.raises(InputError, match="blocks of 13"):
        ScorePredictor(BLOCKS).fit(x[:, :5], y)


def test_links_are_inverse() -> None:
    y = np.array([1.0, 50.0, 99.0])
    assert from_link(to_link(y, BOUNDS), BOUNDS) == pytest.approx(y)
    assert from_link(np.array([-np.inf, np.inf]), BOUNDS) == pytest.approx([0, 100])


def test_baselines_do_what_they_say() -> None:
    x, y, names = families(count=4, members=3)
    mean = FamilyMean().fit(x, y, names)
    assert mean.predict(x[:1], ["f1"])[0] == pytest.approx(y[names == "f1"].mean())
    assert mean.predict(x[:1])[0] == pytest.approx(y.mean())
    assert NearestModel().fit(x, y).predict(x + 1e-6) == pytest.approx(y)
    recipe = PhyloLMRecipe(3, BOUNDS).fit(x, y)
    assert np.corrcoef(recipe.predict(x), y)[0, 1] > 0
    assert ((recipe.predict(x * 50) >= 0) & (recipe.predict(x * 50) <= 100)).all()
