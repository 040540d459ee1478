from __future__ import annotations

import numpy as np
import pytest

from cladist.kinship.inference.matching import fit_matching


def test_what_style_explains_is_taken_out() -> None:
    draw = np.random.default_rng(0)
    style, tokenizer = draw.random(20_000), draw.normal(size=20_000)
    score = 3 * np.maximum(style - 0.5, 0) + draw.normal(size=20_000)
    fitted = fit_matching(score, np.stack([style, tokenizer]))
    excess = fitted.excess(score, np.stack([style, tokenizer]))
    for low in (0.0, 0.25, 0.5, 0.75):
        part = excess[(style >= low) & (style < low + 0.25)]
        assert abs(part.mean()) < 0.15
        assert part.std() == pytest.approx(1.25, abs=0.2)  # in mean deviations of a normal
    assert fitted.coefficients[2:].min() >= 0


def test_a_rare_step_is_matched() -> None:
    draw = np.random.default_rng(0)
    x, rare = draw.random(5_000), np.arange(5_000) < 12
    score = 4.0 * rare + draw.normal(size=5_000) * 0.1
    fitted = fit_matching(score, np.stack([x, rare]))
    assert abs(fitted.excess(score, np.stack([x, rare]))[:12].mean()) < 1
    never = fit_matching(score[12:], np.stack([x, rare])[:, 12:])
    assert never.excess(score, np.stack([x, rare]))[:12].min() > 10


def test_nothing_is_extrapolated() -> None:
    draw = np.random.default_rng(0)
    x = draw.random(5_000)
    fitted = fit_matching(x + draw.normal(size=5_000) * 0.1, np.stack([x, x]))
    far = fitted.excess(np.zeros(2), np.array([[1.0, 50.0], [1.0, 50.0]]))
    assert far[0] == far[1]


def test_a_weight_counts_as_so_many_pairs() -> None:
    draw = np.random.default_rng(1)
    x, score = draw.random(600), draw.normal(size=600)
    times = draw.integers(1, 4, 600)
    weighed = fit_matching(score, x[None], times.astype(float))
    repeated = fit_matching(np.repeat(score, times), np.repeat(x, times)[None])
    at = (np.quantile(x, 0.2), np.quantile(x, 0.8))
    for place in at:
        mine, theirs = (f.excess(np.array(1.0), np.array([place])) for f in (weighed, repeated))
        assert mine == pytest.approx(theirs, abs=0.15)  # knots are those of unweighted quantiles
