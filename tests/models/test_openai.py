"""Endpoints: right answers from right servers, honest marks from all others, keys nowhere."""

from __future__ import annotations

import json
import logging
import random
import re
import socket
import struct
import threading
import traceback
from collections import Counter
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest
from loopback import LoopbackServer, running

from cladist.core.responses import State
from cladist.errors import EndpointError, ModelError, UsageError
from cladist.models import Request, open_model
from cladist.models import _calls as calls
from cladist.models import _endpoint as endpoint_module
from cladist.models._endpoint import backoff, retry_after
from cladist.models.openai import OPTIONS

pytest.importorskip("openai")

CANARY = "sk-canary-3f7a9b1c5d"


class Server(LoopbackServer):
    """Echoes prompts, unless `misbehave(handler, body, number)` has dealt with the call."""

    def __init__(self, misbehave=None):
        super().__init__(Handler)
        self.misbehave = misbehave or (lambda handler, body, number: False)
        self.lock = threading.Lock()
        self.calls = []
        self.asked = Counter()
        self.busy = self.busiest = 0


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        with self.server.lock:
            self.server.calls.append((self.path, body, self.headers))
            self.server.asked[prompt_of(body)] += 1
            number = len(self.server.calls)
            self.server.busy += 1
            self.server.busiest = max(self.server.busiest, self.server.busy)
        try:
            if not self.server.misbehave(self, body, number):
                self.reply(200, answer(body, f"echo {prompt_of(body)}"))
        finally:
            with self.server.lock:
                self.server.busy -= 1

    def reply(self, status, payload, headers=()):
        raw = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(raw)))
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(raw)
        return True

    def fail(self, status, message="bad", code=None, headers=()):
        return self.reply(status, {"error": {"message": message, "code": code}}, headers)

    def reset(self):
        linger = struct.pack("ii", 1, 0)
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self.connection.close()
        self.close_connection = True
        return True

    def cut(self, body):
        raw = json.dumps(answer(body, "never whole")).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw[: len(raw) // 2])
        self.close_connection = True
        return True


def prompt_of(body):
    return body["prompt"] if "prompt" in body else body["messages"][-1]["content"]


def answer(body, text, finish="stop", model="m", **message):
    choice = {"index": 0, "finish_reason": finish}
    if "messages" in body:
        choice["message"] = {"role": "assistant", "content": text, **message}
    else:
        choice["text"] = text
    usage = {"prompt_tokens": 3, "completion_tokens": 2}
    return {"model": model, "choices": [choice], "usage": usage}


@contextmanager
def serving(misbehave=None):
    server = Server(misbehave)
    with running(server):
        yield server, server.base_url


def asked(model, prompts, **kwargs):
    kwargs.setdefault("interface", "raw")
    got = list(model.answer([Request(p, 8, **kwargs) for p in prompts]))
    assert sorted(i for i, _ in got) == list(range(len(prompts)))
    return [r for _, r in sorted(got, key=lambda pair: pair[0])]


@pytest.fixture(autouse=True)
def hasty(monkeypatch):
    """No waiting between tries, whatever the server asks for."""
    monkeypatch.setattr(calls, "backoff", lambda attempt, seed: 0.001)
    monkeypatch.setenv("OPENAI_API_KEY", CANARY)
    monkeypatch.setenv("OPENAI_ADMIN_KEY", "sk-admin-canary")


def test_both_interfaces_send_what_was_asked_and_read_what_came():
    with serving() as (server, url):
        model = open_model(f"openai:m@{url}")
        raw = asked(model, ["a"], temperature=0.7, top_p=0.9, seed=2**40 + 5)
        chat = asked(model, ["b"], interface="chat", system="be brief")
    assert [r.text for r in raw + chat] == ["echo a", "echo b"]
    assert raw[0].state is State.OK
    assert raw[0].tokens == 2
    (path, body, headers), (path2, body2, _) = server.calls
    assert path == "/v1/completions"
    assert path2 == "/v1/chat/completions"
    assert (body["temperature"], body["top_p"], body["max_tokens"]) == (0.7, 0.9, 8)
    assert 0 < body["seed"] < 2**31
    assert "seed" not in body2
    assert body2["messages"][0] == {"role": "system", "content": "be brief"}
    assert headers["Authorization"] == f"Bearer {CANARY}"
    assert (model.usage.calls, model.usage.completion_tokens, model.usage.prompt_tokens) == (
        2,
        4,
        6,
    )
    assert model.served_model == "m"


@pytest.mark.parametrize(
    ("text", "finish", "extra", "state"),
    [
        ("hi", "stop", {}, State.OK),
        ("hi", "length", {}, State.TRUNCATED),
        ("  \n", "stop", {}, State.EMPTY),
        (None, "stop", {}, State.EMPTY),
        ("", "content_filter", {}, State.REFUSED),
        (None, "stop", {"refusal": "I must not"}, State.REFUSED),
        ([{"type": "text", "text": "hi"}], "stop", {}, State.OK),
    ],
)
def test_states(text, finish, extra, state):
    def odd(handler, body, number):
        return handler.reply(200, answer(body, text, finish, **extra))

    with serving(odd) as (_, url):
        (got,) = asked(open_model(f"openai:m@{url}"), ["x"], interface="chat")
    assert got.state is state


def test_a_third_of_faults_leaves_every_slot_right_or_marked():
    dice = random.Random(4)
    kinds = [
        "429",
        "500",
        "503",
        "reset",
        "cut",
        "garbage",
        "html",
        "deep",
        "shape",
        "model",
        "two",
    ]
    met = Counter()

    def misbehave(handler, body, number):
        with handler.server.lock:
            kind = dice.choice(kinds) if number > 1 and dice.random() < 0.3 else ""
        met[kind] += 1
        if kind == "429":
            return handler.fail(429, "slow down", headers=[("Retry-After", "0.01")])
        if kind in ("500", "503"):
            return handler.fail(int(kind), "oops")
        if kind == "reset":
            return handler.reset()
        if kind == "cut":
            return handler.cut(body)
        if kind == "model":
            return handler.reply(200, answer(body, "from elsewhere", model="impostor"))
        if kind == "two":
            both = answer(body, f"echo {prompt_of(body)}")
            both["choices"].insert(0, {"index": 1, "text": "wrong one", "finish_reason": "stop"})
            return handler.reply(200, both)
        bad = {
            "garbage": b"{]",
            "html": b"<html>",
            "deep": b"[" * 200_000,
            "shape": b'{"choices":7}',
        }
        return handler.reply(200, bad[kind]) if kind else False

    prompts = [f"prompt {i}" for i in range(300)]
    with serving(misbehave) as (server, url):
        model = open_model(f"openai:m@{url}?retries=4")
        got = asked(model, prompts)
    assert set(met) == {"", *kinds}
    for prompt, response in zip(prompts, got, strict=True):
        if response.state is State.ERROR:
            assert response.detail
        else:
            assert response.text == f"echo {prompt}"
    marked = [r for r in got if r.state is State.ERROR]
    assert len(marked) < 40
    assert any("impostor" in r.detail for r in marked)
    assert max(server.asked.values()) <= 5
    assert model.usage.calls == sum(met.values()) == sum(server.asked.values())
    assert server.busiest <= 8


def test_retries_are_bounded_and_the_reason_is_kept():
    def always(handler, body, number):
        return handler.fail(503, "down for\x1b[31m repair") if prompt_of(body) == "bad" else False

    with serving(always) as (server, url):
        bad, good = asked(open_model(f"openai:m@{url}?retries=3"), ["bad", "good"])
    assert bad.state is State.ERROR
    assert "503" in bad.detail
    assert "repair" in bad.detail
    assert "\x1b" not in bad.detail
    assert server.asked["bad"] == 4
    assert good.text == "echo good"


def test_retry_after_holds_every_call(monkeypatch):
    pauses = []
    monkeypatch.setattr(endpoint_module.Pace, "pause", lambda self, s: pauses.append(s))

    def once(handler, body, number):
        headers = [("Retry-After", "0.25")]
        return handler.fail(429, "later", headers=headers) if number == 1 else False

    with serving(once) as (_, url):
        assert asked(open_model(f"openai:m@{url}"), ["a"])[0].text == "echo a"
    assert pauses == [0.25]


def test_a_wait_beyond_all_patience_ends_the_run():
    def never(handler, body, number):
        return handler.fail(429, "tomorrow", headers=[("Retry-After", "86400")])

    with serving(never) as (server, url), pytest.raises(EndpointError, match="wait 86400 s"):
        asked(open_model(f"openai:m@{url}?concurrency=1"), ["a", "b"])
    assert len(server.calls) == 1


def test_a_slow_drip_is_a_time_out():
    release = threading.Event()

    def drip(handler, body, number):
        handler.send_response(200)
        handler.send_header("Content-Length", "100000")
        handler.end_headers()
        while not release.wait(0.1):
            handler.wfile.write(b" ")
            handler.wfile.flush()
        handler.close_connection = True
        return True

    with serving(drip) as (_, url):
        (got,) = asked(open_model(f"openai:m@{url}?timeout=1&retries=0"), ["a"])
        release.set()
    assert got.state is State.ERROR
    assert "within 1 s" in got.detail


@pytest.mark.parametrize(
    ("status", "code", "said"),
    [
        (401, None, "OPENAI_API_KEY"),
        (403, None, "OPENAI_API_KEY"),
        (404, None, "does not know model 'm'"),
        (429, "insufficient_quota", "quota"),
    ],
)
def test_what_no_retry_mends_ends_the_run(status, code, said):
    def refuse(handler, body, number):
        return handler.fail(status, f"wrong: {CANARY}", code)

    with serving(refuse) as (server, url), pytest.raises(EndpointError, match=said) as caught:
        asked(open_model(f"openai:m@{url}?concurrency=1"), ["a", "b", "c"])
    assert len(server.calls) == 1
    assert CANARY not in "".join(traceback.format_exception(caught.value))


def test_a_key_that_expires_leaves_what_was_answered():
    def expire(handler, body, number):
        return handler.fail(401, "expired") if number > 5 else False

    got = []
    with serving(expire) as (_, url), pytest.raises(EndpointError, match="expired"):
        model = open_model(f"openai:m@{url}?concurrency=1")
        for item in model.answer([Request(f"p{i}", 8) for i in range(20)]):
            got.append(item)  # noqa: PERF402 - what came before the error counts
    assert [(i, r.text) for i, r in got] == [(i, f"echo p{i}") for i in range(5)]


def test_one_bad_prompt_does_not_end_the_run():
    def picky(handler, body, number):
        return handler.fail(400, "too long") if prompt_of(body) == "long" else False

    with serving(picky) as (server, url):
        long, fine, broken = asked(open_model(f"openai:m@{url}"), ["long", "fine", "\ud800"])
    assert (long.state, fine.state, broken.state) == (State.ERROR, State.OK, State.ERROR)
    assert server.asked["long"] == 1


def test_a_limit_under_its_newer_name():
    def newer(handler, body, number):
        if "max_tokens" in body:
            return handler.fail(400, "use 'max_completion_tokens' instead")
        return False

    with serving(newer) as (_, url):
        got = asked(open_model(f"openai:m@{url}?interface=chat"), ["a", "b"], interface="chat")
    assert [r.text for r in got] == ["echo a", "echo b"]


def test_nobody_there_is_said_soon():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    model = open_model(f"openai:m@http://127.0.0.1:{port}/v1?retries=100")
    with pytest.raises(EndpointError, match="Check that the server runs"):
        asked(model, ["a"] * 50)
    assert model.usage.calls < 40


def test_a_server_that_only_fails_is_given_up():
    def broken(handler, body, number):
        return handler.fail(500, "always")

    with serving(broken) as (server, url), pytest.raises(EndpointError, match="HTTP 500"):
        asked(open_model(f"openai:m@{url}?retries=0"), [f"p{i}" for i in range(500)])
    assert len(server.calls) < 60
    with serving(broken) as (server, url), pytest.raises(EndpointError, match="HTTP 500"):
        asked(open_model(f"openai:m@{url}?patience=1"), [f"p{i}" for i in range(500)])
    assert len(server.asked) <= 8


def test_leaving_early_cancels_the_rest():
    with serving() as (server, url):
        stream = open_model(f"openai:m@{url}?concurrency=2").answer(
            [Request(f"p{i}", 8) for i in range(5000)]
        )
        next(stream)
        stream.close()
        assert len(server.calls) < 5000


def test_a_pinned_model_is_demanded_and_belongs_to_the_identity():
    with serving() as (_, url):
        free, pinned = open_model(f"openai:m@{url}"), open_model(f"openai:m@{url}?served=m-2026")
        assert free.identity.fingerprint != pinned.identity.fingerprint
        (got,) = asked(pinned, ["a"])
    assert got.state is State.ERROR
    assert "'m' instead of 'm-2026'" in got.detail


def test_the_key_is_nowhere(caplog):
    caplog.set_level(logging.DEBUG)

    def echo_key(handler, body, number):
        return handler.fail(400, f"{handler.headers['Authorization']} and sk-cana***5d")

    with serving(echo_key) as (server, url):
        model = open_model(f"openai:m@{url}")
        (got,) = asked(model, ["a"])
    assert server.calls[0][2]["Authorization"].endswith(CANARY)
    assert "sk-admin-canary" not in str(server.calls[0][2])
    everything = f"{model!r} {vars(model)} {model.identity} {got} {caplog.text}"
    assert "canary" not in everything
    assert "sk-cana" not in got.detail


def test_a_default_key_is_not_sent_unencrypted_to_other_machines(monkeypatch):
    def key_for(uri):
        return open_model(uri).endpoint.key()

    assert key_for("openai:m@http://gpu.example:8000/v1") == "none"
    assert key_for("openai:m@http://gpu.example:8000/v1?key_env=OPENAI_API_KEY") == CANARY
    assert key_for("openai:m@https://gpu.example/v1") == CANARY
    assert key_for("openai:m@http://[::1]:8000/v1") == CANARY
    monkeypatch.delenv("OPENAI_API_KEY")
    assert key_for("openai:m@http://localhost:8000/v1") == "none"
    with pytest.raises(EndpointError, match="OPENAI_API_KEY"):
        list(open_model("openai:gpt").answer([Request("a", 8, interface="chat")]))
    monkeypatch.setenv("OPENAI_API_KEY", "sk-ä\ncanary")
    with pytest.raises(UsageError) as caught:
        key_for("openai:gpt")
    assert "canary" not in str(caught.value)


def test_interfaces_follow_the_option_and_the_host():
    assert open_model("openai:gpt").interfaces == {"chat"}
    assert open_model("openai:m@http://127.0.0.1:1/v1").interfaces == {"raw", "chat"}
    only = open_model("openai:m@http://127.0.0.1:1/v1?interface=completions")
    assert only.interfaces == {"raw"}
    with pytest.raises(ModelError, match="chat"):
        only.answer([Request("a", 8, interface="chat")])


@pytest.mark.parametrize(
    "uri",
    [
        "openai:@http://x/v1",
        "openai:m@http://",
        "openai:m@http://x:99999/v1",
        f"openai:m@http://user:{CANARY}@x/v1",
        f"openai:m@https://x/v1?api_key={CANARY}",
        f"openai:m@https://x/v1?key_env={CANARY}",
        "openai:m@https://x/v1?rpm=fast",
        "openai:m@https://x/v1?concurrency=0",
        "openai:m@https://x/v1?interface=telepathy",
        "openai:m@https://x/v1?no_such_option=1",
    ],
)
def test_bad_uris_are_explained_without_their_secrets(uri):
    with pytest.raises(UsageError) as caught:
        open_model(uri)
    assert CANARY not in str(caught.value)


def test_retry_after_is_read_in_all_its_forms():
    assert retry_after({"retry-after": "1.5"}) == 1.5
    assert retry_after({"retry-after-ms": "250", "retry-after": "9"}) == 0.25
    assert retry_after({"retry-after": "Wed, 21 Oct 2015 07:28:00 GMT"}) == 0
    assert retry_after({"retry-after": "Wed, 21 Oct 2415 07:28:00 GMT"}) > 1e9
    assert [retry_after({"retry-after": t}) for t in ("soon", "nan", "-3", "")] == [None] * 4
    assert retry_after({}) is None


def test_backoff_grows_is_bounded_and_repeats():
    waits = [backoff(k, 7) for k in range(12)]
    assert waits == [backoff(k, 7) for k in range(12)]
    assert all(0.25 * 2**k <= w <= 0.75 * 2**k for k, w in enumerate(waits[:5]))
    assert max(waits) <= 45
    assert backoff(0, 8) != waits[0]


def test_a_rate_limit_spaces_the_calls(monkeypatch):
    now, slept = [100.0], []

    async def sleep(seconds):
        slept.append(seconds)

    monkeypatch.setattr(endpoint_module.time, "monotonic", lambda: now[0])
    monkeypatch.setattr(endpoint_module.asyncio, "sleep", sleep)
    pace = endpoint_module.Pace(120)

    async def go():
        for _ in range(4):
            await pace.turn()
        pace.pause(10)
        await pace.turn()

    _run(go)
    assert slept == pytest.approx([0, 0.5, 1.0, 1.5, 10])


def _run(coroutine_function):
    """Drive a coroutine that never really waits."""
    with pytest.raises(StopIteration):
        coroutine_function().send(None)


def test_every_option_is_documented():
    page = (Path(__file__).resolve().parents[2] / "docs" / "endpoints.md").read_text("utf-8")
    rows = re.findall(r"^\| `(\w+)` \|", page, re.M)
    assert set(OPTIONS) <= set(rows)
