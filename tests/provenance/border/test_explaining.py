"""What changed is told from counts like those of known changes."""

from __future__ import annotations

import json
import random
from dataclasses import replace

import pytest
from one_token import Server, Teller

from cladist.provenance.border.asking import Asker
from cladist.provenance.border.explaining import (
    Known,
    Observed,
    explanations,
    known_changes,
    known_from,
    observed,
    told_as,
    worded,
)
from cladist.provenance.border.inputs import from_data, to_data
from cladist.provenance.border.learning import Effort, learn
from cladist.provenance.border.looking import Rules, take_look
from cladist.provenance.border.shift import Shift
from cladist.provenance.border.state import begin

EFFORT = Effort(contexts=120, pool=24, replicates=60)


def asked(kind: type[Server], changed: Server) -> Observed:
    border = learn(Asker(kind()), EFFORT, 3)
    assert border.firm and not {i.text for i in border.firm} & {i.text for i in border.inputs}
    return observed(Asker(changed), border, random.Random(1))


@pytest.mark.parametrize("kind", [Server, Teller])
def test_kinds_of_change_leave_marks_of_their_own(kind: type[Server]) -> None:
    same = asked(kind, kind())
    assert same.border[1:] == (0, 0) and same.firm[1:] == (0, 0) and same.again[1] == 0
    rounded = asked(kind, kind(shift=0.3))
    assert rounded.border[1] > rounded.border[2] and rounded.again[1] == 0
    assert rounded.firm[0] >= 10
    other = asked(kind, kind(shift=4.0))
    assert other.border[2] > other.border[0] and sum(other.firm[1:]) > 2
    hot = asked(kind, kind(served=1.0))
    assert hot.again[1] > 4


def test_the_measured_changes_explain_themselves() -> None:
    known = known_changes()
    assert {k.kind for k in known} == {
        "quantisation", "system prompt", "temperature", "another snapshot", "another model",
        "another engine", "the same",
    }  # fmt: skip
    for by_shift in (True, False):
        right = []
        for k in known:
            seen = k.seen if by_shift else replace(k.seen, shift=None)
            told = explanations(seen, [j for j in known if j.model != k.model])[0][0]
            right.append(told == told_as(k.kind))
        assert sum(right) > 0.8 * len(known)
    hot = Observed((4, 7, 3), (12, 0, 0), (3, 11))
    first, *rest = explanations(hot)
    assert first[0] == "temperature" and first[1] > 0.9
    assert sum(p for _, p in (first, *rest)) == pytest.approx(1, abs=1e-3)


def test_nothing_changed_is_an_explanation_too() -> None:
    calm = Observed((14, 0, 0), (12, 0, 0), (14, 0))
    assert explanations(calm)[0][0] == "the same"
    still = replace(calm, shift=Shift(0.0, 0.0))
    first, *_ = explanations(still)
    assert first[0] == "the same" and first[1] > 0.9
    after = dict(explanations(calm, unchanged=1e-6))
    assert after["the same"] < 1e-3 and sum(after.values()) == pytest.approx(1, abs=1e-3)


def test_a_shift_shows_what_turns_no_token() -> None:
    calm = Observed((14, 0, 0), (12, 0, 0), (14, 0))
    light = dict(explanations(replace(calm, shift=Shift(0.006, 0.0))))
    assert (
        light["precision, engine or tuning"]
        > 0.8
        > 0.5
        > dict(explanations(calm))["precision, engine or tuning"]
    )


def test_probabilities_are_read_again_where_they_were_told() -> None:
    border = learn(Asker(Teller()), EFFORT, 3)
    assert 40 <= len(border.profile) <= 120
    assert from_data(json.loads(json.dumps(to_data(border)))) == border
    same, moved = (
        observed(Asker(Teller(shift=x)), border, random.Random(1)).shift for x in (0.0, 0.5)
    )
    assert same is not None and same.size < 1e-4
    assert moved is not None and moved.size > 0.02
    assert observed(Asker(Server()), border, random.Random(1)).shift is None
    assert not learn(Asker(Server()), EFFORT, 3).profile


def test_what_was_not_seen_is_not_explained() -> None:
    nothing = Observed((0, 0, 0), (0, 0, 0), (0, 0))
    assert explanations(nothing) == ()
    one = Known("k", "m", "n", Observed((1, 2, 3), (1, 0, 0), (4, 0)))
    assert explanations(one.seen, []) == ()
    assert explanations(one.seen, [one]) == (("k", 1.0),)
    assert worded([("a", 0.96), ("b", 0.04)]) == "Likeliest: a (96%)"
    with pytest.raises(ValueError, match="counts"):
        known_from(
            {"kind": "k", "model": "m", "name": "n", "border": [1, 2], "firm": [], "again": []}
        )


def test_a_change_is_explained_where_that_is_wanted() -> None:
    watched = replace(begin(Server().identity), secret=7)
    _, watched = take_look(Server(), watched, Rules(), EFFORT, random.Random(1))
    hot = Server(served=1.0)
    told, _ = take_look(hot, watched, Rules(), EFFORT, random.Random(2))
    assert told.status == "changed" and told.explained[0][0] == "temperature"
    assert "Likeliest: temperature" in told.reason
    asked = len(hot.asked)
    plain, _ = take_look(hot, watched, Rules(explain=False), EFFORT, random.Random(2))
    assert plain.explained == () and len(hot.asked) - asked < asked
