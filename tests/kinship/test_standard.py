"""Levels of rows: what stands above them must not raise them."""

from __future__ import annotations

import numpy as np
import pytest

from cladist.kinship.evidence.standard import Floats, level_of, row_levels, standardise


def likeness(models: int, kin: int, excess: float) -> Floats:
    """Noise of spread 1 between all models, and kin with so much more among the first ones."""
    x = np.random.default_rng(0).normal(size=(models, models))
    x = np.asarray((x + x.T) / np.sqrt(2))
    x[:kin, :kin] += excess
    np.fill_diagonal(x, 0)
    return x


def test_the_level_of_a_model_with_many_kin_is_that_of_its_strangers() -> None:
    members = np.ones(100, np.bool_)
    x = likeness(100, 30, 8.0)
    level = row_levels(lambda rows: x[rows], members, beyond=3.0)
    raised = row_levels(lambda rows: x[rows], members)
    # Thirty kin of a hundred hide themselves in a spread taken from all: clipping cannot start.
    np.testing.assert_array_equal(level.mean[:30], raised.mean[:30])
    few = likeness(100, 8, 8.0)
    level = row_levels(lambda rows: few[rows], members, beyond=3.0)
    raised = row_levels(lambda rows: few[rows], members)
    assert np.abs(level.mean[:8]).mean() < 0.2 < 0.5 < raised.mean[:8].mean()
    assert level.spread[:8].min() > 2.0  # kin count in the spread, whole


def test_few_models_have_no_level_beyond_which_to_leave_out() -> None:
    """Of ten values none lies three spreads above their mean."""
    members = np.ones(11, np.bool_)
    x = likeness(11, 2, 1000.0)
    for clipped, plain in zip(
        row_levels(lambda rows: x[rows], members, beyond=3.0),
        row_levels(lambda rows: x[rows], members),
        strict=True,
    ):
        np.testing.assert_array_equal(clipped, plain)


def test_strangers_alone_are_left_out_seldom() -> None:
    x = likeness(300, 0, 0.0)
    members = np.ones(300, np.bool_)
    whole = row_levels(lambda rows: x[rows], members)
    clipped = row_levels(lambda rows: x[rows], members, beyond=3.0)
    assert np.abs(clipped.mean - whole.mean).max() < 0.1
    assert (clipped.mean < whole.mean).mean() < 0.5


@pytest.mark.parametrize("beyond", [3.0, np.inf])
def test_an_outsider_changes_no_level(beyond: float) -> None:
    x = likeness(40, 12, 6.0)
    members = np.arange(40) < 39
    whole = row_levels(lambda rows: x[rows], members, beyond=beyond)
    among = row_levels(lambda rows: x[:39, :39][rows], members[:39], beyond=beyond)
    np.testing.assert_allclose(whole.mean[:39], among.mean, rtol=1e-12)
    np.testing.assert_allclose(whole.spread[:39], among.spread, rtol=1e-12)
    alone = level_of(x[39, :39], np.ones(39, np.bool_), among.pooled, beyond)
    np.testing.assert_allclose(alone, (whole.mean[39], whole.spread[39]), rtol=1e-12)


def test_standardised_likeness_is_symmetric_and_kin_stand_out_more() -> None:
    x, members = likeness(60, 5, 8.0), np.ones(60, np.bool_)
    z, plain = standardise(x, members, beyond=3.0), standardise(x, members)
    np.testing.assert_array_equal(z, z.T)
    kin = np.triu_indices(5, 1)
    assert z[:5, :5][kin].mean() > plain[:5, :5][kin].mean() + 0.1
