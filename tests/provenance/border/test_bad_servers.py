"""Honest servers that make it hard, over real HTTP: no change is called, and what is bad is said.

Each is learnt, looked at while it is honest, and looked at again when it is another model.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pytest
from one_token import Server, over_http

from cladist.core.responses import Response
from cladist.extraction.opening import open_any
from cladist.models import _calls
from cladist.models.base import Model, Request
from cladist.provenance.border import bisecting
from cladist.provenance.border.learning import Effort
from cladist.provenance.border.looking import Rules, TokenLook, Watched, take_look
from cladist.provenance.border.state import begin

pytest.importorskip("openai")
EFFORT = Effort(contexts=20, pool=10, replicates=40, firm=2)
RULES = Rules(explain=False)
LOOKS = 12


@pytest.fixture(autouse=True)
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_calls, "backoff", lambda attempt, seed: 0.001)
    monkeypatch.setattr(bisecting, "DRAWN", 6)
    monkeypatch.setenv("OPENAI_API_KEY", "none")


@dataclass
class Wordy(Server):
    """Writes as many tokens as it likes, whatever is asked."""

    def _said(self, request: Request) -> str:
        return super()._said(replace(request, max_tokens=5))


@dataclass
class Foreign(Server):
    """Refuses small limits in Chinese, and names no setting."""

    def answer(self, requests: Sequence[Request]) -> Any:
        for index, response in super().answer(requests):
            short = requests[index].max_tokens < 16
            yield index, Response.error("HTTP 400: 输出长度过小") if short else response


@dataclass
class Limited(Server):
    """Answers every second call; the others are too many."""

    calls: int = 0
    words: str = "HTTP 400: trop de demandes"

    def answer(self, requests: Sequence[Request]) -> Any:
        for index, response in super().answer(requests):
            self.calls += 1
            yield index, Response.error(self.words) if self.calls % 2 else response


@dataclass
class Polite(Server):
    """Tells that it is out of order as if that were the model's answer."""

    words: str = "系统繁忙，请稍后再试"

    def _said(self, request: Request) -> str:
        return self.words


@dataclass(frozen=True)
class Case:
    """A bad server.

    learnt  which is learnt, and its `usage` and `alias`
    then    what answers in the looks, one after the other, again and again
    says    what the reason of learning says, and `looks` what a look says
    failed  looks that may fail of LOOKS
    """

    learnt: Callable[..., Server] = Server
    then: tuple[Callable[..., Server], ...] = ()
    says: str = ""
    looks: str = ""
    failed: int = 0
    usage: dict[str, int] | None = None
    alias: str = "m"


USAGE = {"prompt_tokens": 9, "completion_tokens": 1}
GONE = lambda **_: Server(down="HTTP 400: servicio no disponible")  # noqa: E731
CASES = {
    "keeps answers": Case(
        lambda **k: Server(noise=0.3, cache=True, **k),
        (lambda **k: Server(noise=0.3, cache=True, **k),),
        says="keeps answers",
    ),
    "every second call is refused": Case(Server, (Limited,), looks="demandes"),
    "goes away for hours": Case(
        Server, (Server, GONE, GONE), looks="servicio no disponible", failed=8
    ),
    "moves its alias": Case(Server, (Server,), looks="now answers as 'm-2027'", alias="m-2027"),
    "errors of another language, as answers": Case(
        Server, (Server, Polite), looks="系统繁忙", failed=6
    ),
    "errors as answers, in words": Case(
        Server,
        (Server, lambda **_: Polite(words="Le service est indisponible")),
        looks="several words",
        failed=6,
    ),
    "begins to strip blanks": Case(Server, (lambda **k: Server(strip=True, **k),)),
    "counts nothing": Case(Server, usage={}, looks="does not say"),
    "counts none": Case(
        Server, usage={"prompt_tokens": 0, "completion_tokens": 0}, looks="counts 0 tokens",
    ),
    "counts too many": Case(
        Server, usage={"prompt_tokens": 10**6, "completion_tokens": 1}, looks="for texts of",
    ),
    "charges a minimum": Case(
        Server, usage={"prompt_tokens": 9, "completion_tokens": 16}, looks="minimum charge",
    ),
    "refuses one token": Case(
        lambda **k: Server(refuse=16, **k), says="refuses max_tokens=1"
    ),
    "refuses one token in Chinese": Case(Foreign, says="输出长度过小"),
    "keeps to no limit": Case(Wordy, says="does not keep to max_tokens=1"),
}  # fmt: skip


@pytest.fixture(scope="module")
def plain() -> Watched:
    """What is known of the plain server, learnt without HTTP, which takes most of the time."""
    told, watched = take_look(
        Server(), replace(begin(Server().identity), secret=7), RULES, EFFORT, random.Random(3)
    )
    assert told.status == "learnt" and watched.border is not None
    return replace(watched, border=replace(watched.border, served="m"))


def opened(url: str) -> Model:
    return open_any(f"openai:m@{url}?interface=chat&patience=1&retries=1&concurrency=1")


@pytest.mark.parametrize("name", list(CASES))
def test_a_bad_server_is_learnt_or_named_and_not_accused(name: str, plain: Watched) -> None:
    case, draw, watched = CASES[name], random.Random(3), plain
    with over_http(case.learnt()) as (server, url):
        server.usage = USAGE if case.usage is None else case.usage
        if case.learnt is not Server:
            model = opened(url)
            begun = replace(begin(model.identity), secret=7)
            told, watched = take_look(model, begun, RULES, EFFORT, draw)
            model.close()
            assert told.status == "learnt" and case.says in told.reason, told.reason
        server.alias, seen, model = case.alias, list[TokenLook](), opened(url)
        for number in range(LOOKS):
            server.model = case.then[number % len(case.then)]() if case.then else server.model
            told, watched = take_look(model, watched, RULES, EFFORT, draw)
            seen.append(told)
            unanswered = [q for q in told.told if q.error]
            assert told.asked == len(told.told) - len(unanswered)
            assert not unanswered or f"{len(unanswered)} were not answered" in told.reason
        assert {k.status for k in seen} <= {"same", "inconclusive", "failed"}
        assert sum(k.status == "failed" for k in seen) == case.failed
        assert any(case.looks in k.reason for k in seen)
        assert all(k.reason and k.queries for k in seen)
        server.model = case.learnt(shift=3.0, version=4)
        while told.status != "changed":  # what is bad hides no change
            told, watched = take_look(model, watched, RULES, EFFORT, draw)
            assert told.number < 2 * LOOKS
        model.close()


def test_an_alias_that_moves_within_a_run_is_named(plain: Watched) -> None:
    draw = random.Random(3)
    with over_http(Server()) as (server, url):
        model = opened(url)
        calm, watched = take_look(model, plain, RULES, EFFORT, draw)
        server.alias = "m-2027"
        moved, after = take_look(model, watched, RULES, EFFORT, draw)
        model.close()
        model = opened(url)
        again, _ = take_look(model, after, RULES, EFFORT, draw)
        model.close()
    assert (calm.status, moved.status, after) == ("same", "failed", watched)
    assert "'m-2027'" in moved.reason
    assert again.status == "same" and "now answers as 'm-2027'" in again.reason
