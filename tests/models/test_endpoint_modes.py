"""Servers that behave as real ones do, asked over real HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from faulty_server import Call, Mode, Reply, behaving, error, refusing

from cladist.core.responses import Response, State
from cladist.errors import EndpointError
from cladist.models import Request, _calls, open_model
from cladist.models.budget import Budget, Limits
from cladist.models.served import Remembered, Served

pytest.importorskip("openai")


@pytest.fixture(autouse=True)
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_calls, "backoff", lambda attempt, seed: 0.005)


def asked(
    url: str, options: str = "", count: int = 12, **request: Any
) -> tuple[list[Response], Any]:
    request = {"interface": "chat", "max_tokens": 16, **request}
    model = open_model(f"openai:m@{url}?interface=chat&{options}")
    got = dict(model.answer([Request(f"prompt {i}", **request) for i in range(count)]))
    assert sorted(got) == list(range(count))
    return [got[i] for i in range(count)], model


def test_what_can_be_read_is_read() -> None:
    expected = {
        "stream": "Hello there",
        "mark": "echo prompt 0",
        "utf-16": "echo prompt 0",
        "latin-1 told": "café",
        "control characters": "one\ntwo",
        "finish not told": "The capital of France is Pa",
    }
    for mode, text in expected.items():
        with behaving(mode) as (_, url):
            got, _ = asked(url, count=1)
        assert (got[0].text, got[0].state) == (text, State.OK), mode


@pytest.mark.parametrize(
    ("mode", "said"),
    [
        ("finish error", "Provider returned error"),
        ("finish aborted", "finish_reason 'abort'"),
        ("finish unheard of", "'moonrise' is none that cladist knows"),
        ("thoughts alone", "spent before the first visible word, on thinking"),
        ("no content", "spent before the first visible word, as by models that think"),
        ("think tag", "spent before the first visible word, on thinking"),
    ],
)
def test_what_is_no_answer_is_asked_once_and_told(mode: str, said: str) -> None:
    with behaving(mode) as (server, url):
        got, model = asked(url)
    assert {r.state for r in got} == {State.ERROR}
    assert all(said in r.detail and r.text == "" for r in got)
    assert len(server.bodies) == 12
    # What was billed is counted, and no failure is.
    assert model.usage.completion_tokens == 12 * 3


@pytest.mark.parametrize(
    ("mode", "said", "most"),
    [
        ("no money", "want of money or quota: HTTP 402: Insufficient Balance", 1),
        ("no money in 200", "requires more credits", 1),
        ("no model in 200", "does not exist", 1),
        ("wrong path in 200", "Unexpected endpoint", 1),
        ("not allowed", "HTTP 405: Method Not Allowed", 1),
        ("suspended", "refuses every request in the same words: HTTP 400: Account suspended", 3),
        ("stream with an error", "same words: gone", 3),
        ("quota with a delay", "check your plan and billing details. Waiting as it asked", 2),
    ],
)
def test_what_every_request_meets_ends_the_run_in_the_servers_words(
    mode: str, said: str, most: int
) -> None:
    with behaving(mode) as (server, url), pytest.raises(EndpointError, match=said):
        asked(url, "concurrency=1")
    assert len(server.bodies) <= most


@pytest.mark.parametrize(
    ("mode", "said"),
    [
        ("no choices", r"the answer holds no choice \('choices' is null\)"),
        ("page", "the answer is HTML"),
        ("latin-1", "the answer is not UTF-8: byte 0xe9"),
        ("stream cut", "the stream ended before the answer did"),
    ],
)
def test_what_is_no_answer_of_the_api_is_named(mode: str, said: str) -> None:
    with behaving(mode) as (_, url), pytest.raises(EndpointError, match=f"no request: {said}"):
        asked(url, "patience=1")


def test_faults_of_the_moment_and_one_bad_prompt_do_not_end_it() -> None:
    def mode(call: Call) -> Reply:
        if call.number % 3 == 1:
            return Reply({**call.good(), "choices": None})
        return error(400, "too long") if call.prompt == "prompt 5" else Reply(call.good())

    with behaving(mode) as (_, url):
        got, _ = asked(url)
    assert [r.state is State.ERROR for r in got] == [i == 5 for i in range(12)]


def test_loading_is_waited_for_by_time_not_by_count() -> None:
    told: list[str] = []
    with behaving("loading") as (server, url):
        model = open_model(f"openai:m@{url}?interface=chat")
        assert isinstance(model, Served)
        model.tell(told.append)
        got = list(model.answer([Request(f"p{i}", 8, interface="chat") for i in range(12)]))
    assert all(r.state is State.OK for _, r in got)
    assert len(server.bodies) == 52


def test_patience_ends_and_says_what_it_waited_for() -> None:
    def never(call: Call) -> Reply:
        return error(503, "Loading model")

    with behaving(never) as (_, url), pytest.raises(EndpointError, match="503: Loading model"):
        asked(url, "patience=1")
    with behaving(never) as (server, url):
        got, _ = asked(url, "retries=1", count=2)
    assert [r.detail for r in got] == ["HTTP 503: Loading model (2 tries)"] * 2
    assert len(server.bodies) == 4


def test_a_waiting_user_is_told_why(monkeypatch: pytest.MonkeyPatch) -> None:
    def once(call: Call) -> Reply:
        if call.number == 1:
            return Reply({"error": "busy"}, 429, {"Retry-After": "2"})
        return Reply(call.good())

    waits: list[float] = []

    async def sleep(seconds: float) -> None:
        waits.append(seconds)

    monkeypatch.setattr(_calls.asyncio, "sleep", sleep)
    monkeypatch.setattr(_calls.Pace, "pause", lambda self, seconds: None)
    told: list[str] = []
    with behaving(once) as (_, url):
        model = open_model(f"openai:m@{url}?interface=chat&patience=9")
        assert isinstance(model, Served)
        model.tell(told.append)
        ((_, got),) = model.answer([Request("p", 8, interface="chat")])
    assert (got.state, waits) == (State.OK, [2.0])
    assert told == [
        f"waiting for {url}: HTTP 429: busy (0 s so far, 9 s at most; patience=SECONDS in the URI "
        "is the bound)"
    ]


@pytest.mark.parametrize(
    ("mode", "sampling", "refused", "extra"),
    [
        ("together", {"temperature": 0.0}, set(), 0),
        ("together", {"temperature": 0.7}, {"top_p"}, 1),
        ("thinking limits", {"temperature": 0.0}, {"temperature"}, 2),
        ("extra seed", {"temperature": 0.7, "seed": 3}, {"seed"}, 1),
        ("extra seed", {"temperature": 0.0, "seed": 3}, set(), 0),
        (refusing("temperature", "'temperature' is deprecated for this model."),
         {"temperature": 0.0}, {"temperature"}, 1),
        (refusing("top_p", "`top_p` must be > 0.0 and < 1.0", 422),
         {"temperature": 0.7}, {"top_p"}, 1),
    ],
)  # fmt: skip
def test_settings_that_are_refused_are_left_out_once_for_all(
    mode: Mode | str, sampling: dict[str, Any], refused: set[str], extra: int
) -> None:
    with behaving(mode) as (server, url):
        got, model = asked(url, "concurrency=1", **sampling)
    assert all(r.text.startswith("echo prompt") for r in got)
    assert set(model.refused_settings) == refused
    assert len(server.bodies) == 12 + extra
    again = open_model(f"openai:m@{url}?interface=chat")
    assert isinstance(again, Served)
    with behaving(mode) as (server, url):
        again = open_model(f"openai:m@{url}?interface=chat&concurrency=1")
        assert isinstance(again, Served)
        again.remember(Remembered(refused=model.refused_settings))
        list(again.answer([Request("p", 16, interface="chat", **sampling)]))
    assert not refused & set(server.bodies[0])


@pytest.mark.parametrize("interface", ["chat", "raw"])
def test_every_setting_may_be_sent_through_both_interfaces(interface: str) -> None:
    with behaving("thinking limits") as (server, url):
        model = open_model(f"openai:m@{url}?thinking=off&concurrency=1")
        request = Request("p", 9, 0.7, 0.9, 5, interface)  # type: ignore[arg-type]
        ((_, got),) = model.answer([request])
    assert got.text == "echo p"
    assert server.bodies[-1]["max_completion_tokens"] == 9
    assert server.bodies[-1]["top_p"] == 0.9
    assert ("thinking" in server.bodies[-1]) is (interface == "chat")


def test_many_calls_at_once_learn_of_a_refused_setting_together() -> None:
    with behaving("thinking limits") as (server, url):
        got, model = asked(url, "concurrency=8", count=40)
    assert all(r.state is State.OK for r in got)
    assert set(model.refused_settings) == {"temperature"}
    assert len(server.bodies) <= 40 + 2 * 8


def test_prompts_that_a_filter_withholds_are_refused_not_failed() -> None:
    with behaving("withheld") as (_, url):
        got, _ = asked(url, "concurrency=1")
    assert [r.state for r in got].count(State.REFUSED) == 2
    assert all("filtered" in r.detail for r in got if r.state is State.REFUSED)


def test_thoughts_can_be_turned_off_or_granted_room() -> None:
    with behaving("thoughtful") as (server, url):
        plain, _ = asked(url)
        off, _ = asked(url, "thinking=off")
        room, model = asked(url, "thinking=100", max_tokens=10)
        inside, _ = asked(url, "thinking=100&thoughts=answer")
    assert {r.state for r in plain} == {State.ERROR}
    assert {r.text for r in off} == {"the short answer"}
    assert {r.state for r in room} == {State.TRUNCATED}
    assert all(len(r.text) < 80 and r.thoughts.startswith("Okay, so") for r in room)
    assert all(r.text.startswith("Okay, so") and not r.thoughts for r in inside)
    assert server.bodies[-1]["max_tokens"] == 116
    assert any("thought before it answered: 12 answers" in r for r in model.remarks)


def test_thoughts_that_cannot_be_turned_off_are_said() -> None:
    def strict(call: Call) -> Reply:
        for name in ("reasoning_effort", "chat_template_kwargs", "thinking"):
            if name in call.body:
                return error(400, f"Unrecognized request argument supplied: {name}")
        return Reply(call.good())

    with behaving(strict) as (_, url):
        got, model = asked(url, "thinking=off&concurrency=1")
    assert all(r.state is State.OK for r in got)
    assert any("took no known way" in r for r in model.remarks)


def test_what_is_granted_for_thoughts_counts_in_the_budget() -> None:
    with behaving("thoughtful") as (server, url):
        model = open_model(f"openai:m@{url}?interface=chat&thinking=1000")
        assert isinstance(model, Served)
        budget = Budget(Limits(tokens=1500))
        model.limit(budget)
        list(model.answer([Request(f"p{i}", 16, interface="chat") for i in range(12)]))
    assert len(server.bodies) < 12
    assert budget.spent.tokens <= 1500


def test_options_that_change_answers_belong_to_the_identity() -> None:
    base = "openai:m@http://127.0.0.1:1/v1?interface=chat"
    names: Iterator[str] = (
        open_model(f"{base}{more}").identity.fingerprint
        for more in ("", "&thinking=off", "&thinking=9", "&thoughts=answer", "&finish=x",
                     "&served=y")
    )  # fmt: skip
    assert len(set(names)) == 6
    same = [
        open_model(f"{base}{m}").identity.fingerprint for m in ("", "&patience=9", "&retries=2")
    ]
    assert len(set(same)) == 1


def test_a_router_that_serves_two_models_gives_answers_of_one() -> None:
    with behaving("fleet") as (_, url):
        got, model = asked(url, "concurrency=1")
    assert [r.state is State.ERROR for r in got] == [i % 3 == 2 for i in range(12)]
    assert any("m-b (4)" in r for r in model.remarks)
    with behaving("providers") as (_, url):
        got, _ = asked(url, "concurrency=1", count=2)
    assert [r.origin.provider for r in got] == ["one", "two"]
    assert got[1].detail == "provider two instead of one"
