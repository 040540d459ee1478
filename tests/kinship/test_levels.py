"""Levels: what models have in common with families of other makers, each family counting once."""

from __future__ import annotations

import numpy as np
import pytest

from cladist.kinship.inference.levels import Groups, Levels, Residuals, fit_levels


def symmetric(draw: np.random.Generator, n: int) -> np.ndarray:
    made = draw.normal(size=(n, n))
    return np.asarray(made + made.T)


def read(matrix: np.ndarray) -> Residuals:
    return lambda a, b: matrix[a, b]


def plainly(matrix: np.ndarray, levels: Levels, i: int, j: int) -> float:
    """The same from its definition."""
    late = np.full(len(matrix) - len(levels.groups), -1)
    makers = np.append(levels.groups.makers, late)
    families = np.append(levels.groups.families, late)
    made = 0.0
    for one, other in ((i, j), (j, i)):
        apart = (makers >= 0) & (makers != makers[one]) & (makers != makers[other])
        free = sorted(set(families[apart].tolist()))
        means = [matrix[one, families == f].mean() for f in free]
        squares = [(matrix[one, families == f] ** 2).mean() for f in free]
        count, level = len(free), sum(means) / max(len(free), 1)
        scatter = max(sum(squares) - count * level**2, 0.0)
        spread = np.sqrt((scatter + 10 * levels.pooled) / (count + 10))
        made += (matrix[one, other] - level) / spread
    return made / 2


@pytest.mark.parametrize("families", [None, [5, 5, 5, 5, 6, 0, 1, 1, 0, 2, 3, 9, 9]])
def test_a_pair_is_held_against_other_makers_of_either_model(families: list[int] | None) -> None:
    """One family number may stand under two makers: there it is two families."""
    draw = np.random.default_rng(0)
    makers = np.array([0, 0, 0, 1, 1, 4, 4, 4, 4, 7, 7, 9, -1])
    matrix = symmetric(draw, len(makers) + 2)
    groups = Groups.of(makers, None if families is None else np.array(families))
    levels, table = fit_levels(read(matrix), groups)
    for i, j in ((0, 3), (0, 1), (12, 5), (3, 12), (12, 13), (14, 2), (13, 14)):
        found = levels.standing(read(matrix), np.array([i]), np.array([j]))
        assert found[0] == pytest.approx(plainly(matrix, levels, i, j), abs=1e-8)
        if max(i, j) < len(makers):
            looked_up = levels.standing(read(matrix), np.array([i]), np.array([j]), table)
            np.testing.assert_array_equal(looked_up, found)


def test_a_pair_is_the_same_with_whomever_it_is_asked() -> None:
    draw = np.random.default_rng(1)
    makers = draw.integers(0, 30, 300)
    matrix = symmetric(draw, 300)
    levels, table = fit_levels(read(matrix), Groups.of(makers, draw.integers(0, 3, 300)))
    i, j = (x.ravel() for x in np.meshgrid(np.arange(300), np.arange(300)))
    every = levels.standing(read(matrix), i, j, table).reshape(300, 300)
    np.testing.assert_array_equal(every.ravel(), levels.standing(read(matrix), i, j))
    np.testing.assert_array_equal(every, every.T)
    for k in (0, 17, 299):
        alone = levels.standing(read(matrix), np.full(300, k), np.arange(300))
        np.testing.assert_array_equal(alone, every[k])


def test_kin_that_fill_a_panel_do_not_hide_each_other() -> None:
    """Of 20 families of 3 one grows to 60 models; its pairs stand out as much as before."""
    draw = np.random.default_rng(2)
    rank = []
    for members in (3, 60):
        makers = np.concatenate([np.zeros(members, np.int64), np.repeat(np.arange(1, 20), 3)])
        n = len(makers)
        matrix = symmetric(draw, n) + 4.0 * (makers[:, None] == makers)
        levels, _ = fit_levels(read(matrix), Groups.of(makers))
        a, b = np.triu_indices(members, 1)
        rank.append(levels.standing(read(matrix), a, b).mean())
        over_models = (matrix[0] - matrix[0].mean()) / matrix[0].std()
        if members == 60:
            assert over_models[1:60].mean() < 1.0, "over models they do"
    assert rank[1] == pytest.approx(rank[0], rel=0.15)


def test_two_makers_leave_no_other() -> None:
    makers = np.array([0, 0, 1, 1])
    matrix = symmetric(np.random.default_rng(3), 4)
    levels, _ = fit_levels(read(matrix), Groups.of(makers))
    found = levels.standing(read(matrix), np.array([0, 1]), np.array([2, 3]))
    np.testing.assert_allclose(found, matrix[[0, 1], [2, 3]] / np.sqrt(levels.pooled * 10 / 10))
    assert not len(levels.standing(read(matrix), np.zeros(0, np.int64), np.zeros(0, np.int64)))
