"""One-token watching: borders are found, changes seen in few queries, honest servers left alone."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from one_token import Server, Teller

from cladist.core.responses import Response
from cladist.errors import CladistError, CoverageError, InputError, ModelError, UsageError
from cladist.provenance.border.asking import Asker
from cladist.provenance.border.inputs import from_data, to_data
from cladist.provenance.border.learning import Effort, learn
from cladist.provenance.border.looking import Rules, TokenLook, Watched, bound_of, take_look
from cladist.provenance.border.state import begin, load, save

EFFORT = Effort(contexts=160, pool=24, replicates=120)
RULES = Rules()


def learnt(server: Server, effort: Effort = EFFORT, seed: int = 7) -> Watched:
    watched = replace(begin(server.identity), secret=seed)
    told, watched = take_look(server, watched, RULES, effort, random.Random(1))
    assert told.status == "learnt", told.reason
    return watched


def looks(server: Server, watched: Watched, count: int, seed: int = 3) -> list[TokenLook]:
    draw, made = random.Random(seed), []
    for _ in range(count):
        told, watched = take_look(server, watched, RULES, EFFORT, draw)
        made.append(told)
    return made


def gap(server: Server, text: str) -> float:
    high = np.sort(server.logits(text))
    return float(high[-1] - high[-2])


@pytest.mark.parametrize("kind", [Server, Teller])
def test_inputs_are_nearer_to_the_border_than_contexts_are(kind: type[Server]) -> None:
    server = kind()
    border = learn(Asker(server), EFFORT, 7)
    found = np.median([gap(server, i.text) for i in border.inputs])
    plain = np.median([gap(server, f"any words {i}") for i in range(200)])
    assert found < plain / (2 if kind is Server else 5)
    kinds = {i.kind for i in border.inputs}
    assert kinds == ({"token"} if kind is Server else {"token", "log-probs"})
    assert border.queries == len(server.asked)


@pytest.mark.parametrize("kind", [Server, Teller])
def test_changes_are_seen_and_honest_looks_are_short(kind: type[Server]) -> None:
    watched = learnt(kind())
    honest = looks(kind(), watched, 20)
    assert {t.status for t in honest} == {"same"} and {t.asked for t in honest} == {4}
    for changed in (kind(shift=0.5), kind(shift=3.0), kind(served=1.0)):
        made = looks(changed, watched, 12)
        assert made[-1].status == "changed"
        (call,) = [t for t in made if t.status == "changed" and t.asked]
        assert sum(t.asked for t in made) <= 60 and call.value >= call.threshold
        assert f"seen after {call.since} queries" in call.reason


def test_nothing_is_asked_after_a_change() -> None:
    watched = learnt(Server())
    other = Server(shift=3.0)
    told, watched = take_look(other, watched, RULES, EFFORT, random.Random(0))
    while told.status != "changed":
        told, watched = take_look(other, watched, RULES, EFFORT, random.Random(0))
    asked = len(other.asked)
    again, after = take_look(other, watched, RULES, EFFORT, random.Random(0))
    assert (again.status, after, len(other.asked)) == ("changed", watched, asked)


def test_an_honest_server_that_rounds_is_learnt_and_left_alone() -> None:
    """Margins move at every call; what moves is dropped, and what is left is in the bound."""
    alarms = 0
    for seed in range(12):
        noisy = Teller(noise=0.05, dice=random.Random(seed))
        watched = learnt(noisy, seed=seed)
        made = looks(noisy, watched, 60, seed)
        alarms += made[-1].status == "changed"
    assert alarms == 0


def test_a_server_that_samples_is_watched_by_surer_inputs() -> None:
    watched = learnt(Server(served=0.4))
    assert watched.border is not None and not watched.border.greedy
    assert "it samples" in " ".join(watched.border.notes)
    assert looks(Server(served=0.4), watched, 40)[-1].status != "changed"
    assert looks(Server(served=0.4, shift=3.0), watched, 12)[-1].status == "changed"


def test_outages_change_nothing_and_are_told() -> None:
    watched = learnt(Server())
    for down in ("HTTP 429: slow down", "HTTP 503: Dienst nicht verfügbar", "ends"):
        told, after = take_look(Server(down=down), watched, RULES, EFFORT, random.Random(0))
        assert told.status == "failed" and after == watched
        assert ("dead" if down == "ends" else down) in told.reason
    assert looks(Server(), watched, 3)[-1].status == "same"


def test_an_outage_while_learning_loses_nothing_and_is_no_reference() -> None:
    fresh = begin(Server().identity)
    told, after = take_look(Server(down="HTTP 503: busy"), fresh, RULES, EFFORT, random.Random(0))
    assert told.status == "failed" and after == fresh and "busy" in told.reason


def test_sittings_spread_the_learning() -> None:
    effort = replace(EFFORT, sittings=3)
    server, watched, seen = Server(), begin(Server().identity), []
    for _ in range(4):
        told, watched = take_look(server, watched, RULES, effort, random.Random(1))
        seen.append(told.status)
    assert seen == ["learning", "learning", "learnt", "same"]


def test_departures_that_crowd_in_some_looks_are_bounded_by_these() -> None:
    """Replicas by the day: a quarter of all departs, half of it on the days of the other one."""
    border = learnt(Server()).border
    assert border is not None
    even = replace(border, drawn=152, departed=40, by_look=((5, 19),) * 8)
    crowded = replace(even, by_look=((0, 19),) * 4 + ((10, 19),) * 4)
    assert bound_of(even, RULES, 0) == bound_of(replace(even, by_look=()), RULES, 0) < 0.45
    assert bound_of(crowded, RULES, 0) > 10 / 19
    assert from_data(json.loads(json.dumps(to_data(crowded)))) == crowded
    old = {k: v for k, v in to_data(even).items() if k != "by_look"}
    assert from_data(json.loads(json.dumps(old))).by_look == ()
    with pytest.raises(InputError, match="counts of its looks"):
        from_data({**json.loads(json.dumps(to_data(even))), "by_look": [[3, 2]]})


def test_a_server_that_refuses_one_token_is_asked_for_more() -> None:
    watched = learnt(Server(refuse=16))
    assert watched.border is not None and watched.border.limit == 16
    assert "refuses max_tokens=1" in watched.border.notes[0]
    same = looks(Server(refuse=16), watched, 5)
    assert {t.status for t in same} == {"same"}
    assert looks(Server(refuse=16, shift=3.0), watched, 5)[-1].status == "changed"


def test_a_server_that_begins_to_strip_blanks_has_not_changed() -> None:
    watched = learnt(Server())
    assert {t.status for t in looks(Server(strip=True), watched, 10)} == {"same"}


def test_a_server_that_keeps_answers_is_named_and_raises_no_alarm() -> None:
    rounding, draw = Server(noise=0.3, cache=True), random.Random(1)
    watched, statuses = replace(begin(rounding.identity), secret=7), list[str]()
    while "learnt" not in statuses:  # answers that were kept do not count as drawn
        told, watched = take_look(rounding, watched, RULES, EFFORT, draw)
        statuses.append(told.status)
    assert watched.border is not None and set(statuses[:-1]) <= {"learning"}
    assert "keep answers" in " ".join(watched.border.notes)
    # The cache forgets: what was learnt covers what then comes.
    forgetful = Server(noise=0.3, dice=random.Random(99))
    assert looks(forgetful, watched, 60)[-1].status != "changed"
    fixed = learnt(Server(cache=True, served=0.0))
    assert fixed.border is not None and "takes no temperature" in " ".join(fixed.border.notes)


class Turned(Server):
    """The same server, which answers otherwise at some contexts."""

    gone: frozenset[str] = frozenset()

    def _said(self, request: Any) -> str:
        return " turned" if request.prompt in self.gone else super()._said(request)


def test_an_input_that_wears_out_is_left_out_without_an_alarm() -> None:
    """One input of 40 goes the other way for ever, as after a new kernel: honest, and worn."""
    watched = learnt(Turned(), replace(EFFORT, pool=40))
    assert watched.border is not None
    turned, draw, seen = Turned(), random.Random(5), []
    gone = watched.border.inputs[0].text
    turned.gone = frozenset([gone])
    for _ in range(200):
        told, watched = take_look(turned, watched, RULES, EFFORT, draw)
        seen.append(told.status)
    assert "changed" not in seen and "learnt" not in seen and watched.border is not None
    assert gone not in {i.text for i in watched.border.inputs}
    assert len(watched.border.inputs) == 39 == len(watched.wear)
    # What is left is learnt anew when half of the pool is gone.
    few = replace(watched.border, inputs=watched.border.inputs[:11])
    told, after = take_look(
        Server(), replace(watched, border=few, wear=((0, 0),) * 11), RULES, EFFORT, draw
    )
    assert told.status == "learnt" and after.epoch == 1 and "worn out" in told.reason


def test_a_small_change_is_not_taken_for_wear() -> None:
    watched = learnt(Turned(), replace(EFFORT, pool=40))
    assert watched.border is not None
    turned, draw = Turned(), random.Random(5)
    turned.gone = frozenset(i.text for i in watched.border.inputs[:7])
    for _ in range(200):
        told, watched = take_look(turned, watched, RULES, EFFORT, draw)
        if told.status == "changed":
            break
    assert told.status == "changed"
    assert watched.border is not None and len(watched.border.inputs) == 40


def test_what_cannot_be_watched_says_so() -> None:
    with pytest.raises(CoverageError, match="hold still"):
        learn(Asker(Server(served=5.0, noise=9.0)), Effort(contexts=40, pool=24), 1)
    thinking = Server(down="the limit of 1 tokens was spent before the first visible word, on "
                      "thinking; thinking=off in the URI asks for no thoughts")  # fmt: skip
    with pytest.raises(ModelError, match="thinking=off"):
        learn(Asker(thinking), EFFORT, 1)
    for wrong in ({"alpha": 0.0}, {"tolerance": 0.9}, {"least": 9, "most": 3}):
        with pytest.raises(InputError):
            Rules(**wrong)  # type: ignore[arg-type]


def test_a_filter_that_withholds_is_no_departure() -> None:
    class Filtered(Server):
        def answer(self, requests: Any) -> Any:
            from cladist.core.responses import State

            for i, r in super().answer(requests):
                yield i, Response("", State.REFUSED, None, "withheld: no") if i % 2 else r

    watched = learnt(Server())
    told = looks(Filtered(), watched, 1)[0]
    assert told.status == "same" and told.departed == 0 and "withheld" in told.reason


def test_what_is_known_survives_a_restart_and_damage_is_refused(tmp_path: Path) -> None:
    path, watched = tmp_path / "w.json", learnt(Teller())
    save(path, watched)
    assert load(path, Server().identity) == watched
    text = path.read_text()
    with pytest.raises(UsageError, match="another file"):
        load(path, replace(Server().identity, fingerprint="other"))
    data = json.loads(text)
    for change in (
        {"form": "x"}, {"wear": []}, {"border": {}}, {"evidence": {"looks": -1, "stakes": []}},
        {"secret": None}, {"model": 1}, {"border": {**data["border"], "departed": 999}},
        {"border": {**data["border"], "inputs": []}},
        {"border": {**data["border"], "interface": "voice"}},
    ):  # fmt: skip
        path.write_text(json.dumps({**data, **change}))
        with pytest.raises(InputError):
            load(path, Server().identity)
    for broken in (
        text[:100],
        "[" * 9999,
        "\udc80".encode("utf-8", "surrogatepass").decode("latin1"),
    ):
        path.write_text(broken)
        with pytest.raises(InputError):
            load(path, Server().identity)


def test_a_bound_beyond_use_is_an_error() -> None:
    class Moody(Server):
        """Holds still while inputs are chosen, and then samples."""

        def answer(self, requests: Any) -> Any:
            self.served = 5.0 if len(self.asked) > 900 else None
            return super().answer(requests)

    server = Moody()
    probe = Server()
    learn(Asker(probe), EFFORT, 7)
    with pytest.raises(CladistError, match="nothing could be seen"):
        watched = replace(begin(server.identity), secret=7)
        server.asked = [None] * (901 - len(probe.asked))  # type: ignore[list-item]
        take_look(server, watched, RULES, EFFORT, random.Random(1))
