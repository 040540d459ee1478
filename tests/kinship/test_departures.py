"""Bets on departures are fair to an honest server for ever, and win against a changed one."""

from __future__ import annotations

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cladist.errors import InputError
from cladist.kinship.config import WATCHING
from cladist.kinship.inference.departures import (
    Evidence,
    crowded,
    largest_share,
    learning_error,
    rate_bound,
    ratio_of,
    threshold,
    weight_left,
)


@given(st.integers(0, 300), st.floats(0.01, 0.6), st.lists(st.booleans(), max_size=40))
def test_the_next_bet_is_fair_at_the_bound_and_better_than_fair_below(
    looks: int, bound: float, past: list[bool]
) -> None:
    held = Evidence(looks).begun().after(past, bound)
    one, none = held.after([True], bound).value, held.after([False], bound).value
    assert bound * one + (1 - bound) * none == pytest.approx(held.value)
    lower = bound / 3
    assert lower * one + (1 - lower) * none <= held.value * (1 + 1e-12)
    assert held.begun().value == pytest.approx(held.value)  # a new look is bought, not given


def test_an_honest_server_is_called_changed_no_more_often_than_stated_however_long() -> None:
    """400 watches of 150 looks at the very bound: the worst that the null allows."""
    alpha, alarms, draw = 0.1, 0, random.Random(0)
    for _ in range(400):
        evidence = Evidence()
        for _ in range(150):
            evidence = evidence.begun().after([draw.random() < 0.05 for _ in range(4)], 0.05)
            if evidence.value >= 1 / alpha:
                alarms += 1
                break
    assert alarms / 400 <= alpha
    assert alarms > 0  # the test could fail


def test_a_change_after_a_long_calm_is_seen_soon() -> None:
    evidence = Evidence()
    for _ in range(1000):
        evidence = evidence.begun().after([False] * 4, 0.05)
    queries = 0
    evidence = evidence.begun()
    while evidence.value < threshold(0.01):
        evidence = evidence.after([queries % 2 == 0], 0.05)
        queries += 1
    assert queries <= 25


def test_all_that_is_spent_on_learning_stays_within_its_part() -> None:
    spent = math.fsum(learning_error(0.01, epoch) for epoch in range(100_000))
    assert spent <= WATCHING.learning * 0.01
    assert weight_left(0) == 1.0
    assert all(weight_left(k) > weight_left(k + 1) > 0 for k in range(100))


def test_bounds_cover_the_rate_they_are_learnt_from() -> None:
    draw, missed = random.Random(1), 0
    for _ in range(1000):
        departed = sum(draw.random() < 0.08 for _ in range(100))
        missed += rate_bound(departed, 100, 0.05) < 0.08
    assert 0 < missed / 1000 <= 0.05
    assert rate_bound(5, 5, 0.01) == 1.0


def honest_replicas(share: float, draw: random.Random, *, by_look: bool) -> bool | None:
    """Whether a watch calls a change of a server of which, on half of the days, `share` of the
    inputs depart; None where learning refuses it."""
    days = [draw.random() < 0.5 for _ in range(8)]
    looks = [(sum(d and draw.random() < share for _ in range(19)), 19) for d in days]
    learnt = (sum(a for a, _ in looks), sum(b for _, b in looks))
    counts = [learnt, crowded(looks) if by_look else None]
    bound = max(0.05, *(rate_bound(*c, learning_error(0.01, 0)) for c in counts if c))
    if bound > 0.5:
        return None
    evidence = Evidence()
    for _ in range(150):
        other, evidence, asked, departed = draw.random() < 0.5, evidence.begun(), 0, 0
        while asked < 40 and departed >= bound * asked:
            hits = [other and draw.random() < share for _ in range(4)]
            asked, departed = asked + 4, departed + sum(hits)
            evidence = evidence.after(hits, bound)
            if evidence.value >= threshold(0.01):
                return True
    return False


def test_replicas_that_change_by_the_day_raise_few_alarms() -> None:
    def alarms(by_look: bool) -> int:
        draw = random.Random(3)
        shares = [s for s in (0.03, 0.1, 0.2, 0.3, 0.5) for _ in range(40)]
        return sum(honest_replicas(s, draw, by_look=by_look) is True for s in shares)

    assert alarms(by_look=True) <= 4
    assert alarms(by_look=False) >= 20  # one rate of all days does not do


def test_looks_of_one_rate_are_rarely_called_unlike() -> None:
    draw = random.Random(6)
    for rate in (0.02, 0.05, 0.2):
        wrong = sum(
            crowded([(sum(draw.random() < rate for _ in range(19)), 19) for _ in range(8)])
            is not None
            for _ in range(1000)
        )
        assert wrong / 1000 <= 1.2 * WATCHING.unlike
    assert crowded([]) is None
    assert crowded([(3, 19)]) is None


def test_the_largest_share_is_never_below_the_truth_but_rarely() -> None:
    draw, missed = random.Random(2), 0
    for _ in range(100):
        departed = 0
        for drawn in range(1, 121):
            departed += draw.random() < 0.2
            if drawn % 4 == 0 and largest_share(departed, drawn, 0.1) < 0.2:
                missed += 1
                break
    assert missed / 100 <= 0.1
    assert largest_share(0, 300, 0.01) < 0.03 < largest_share(0, 30, 0.01)


def test_nonsense_is_refused() -> None:
    for act in (
        lambda: rate_bound(3, 2, 0.1),
        lambda: rate_bound(1, 2, 0.0),
        lambda: largest_share(3, 2, 0.1),
        lambda: Evidence(-1),
        lambda: Evidence(0, (math.nan,) * 6),
        lambda: Evidence(0, (1.0,)),
        lambda: ratio_of([True], 0.0),
        lambda: crowded([(2, 1)]),
    ):
        with pytest.raises(InputError):
            act()
