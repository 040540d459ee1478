"""An endpoint that misbehaves in every way that endpoints do, over real HTTP on the loopback.

`faulty` draws faults at random; `behaving` is a server that behaves in one way, as `MODES` has
them by name.
"""

from __future__ import annotations

import json
import random
import socket
import struct
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler

from loopback import LoopbackServer, running

FAULTS = (
    "429", "500", "503", "408", "reset", "reset midway", "cut", "drip", "garbage", "html", "deep",
    "shape", "empty body", "other model", "other configuration", "reordered choices",
    "answered twice",
)  # fmt: skip
RIGHT = frozenset({"", "other configuration", "reordered choices", "answered twice"})
"""Oddities after which the answer is still the right one."""
GRACE = 0.5
"""Seconds in which calls that were under way when a pause was asked for may still arrive."""


class FaultyServer(LoopbackServer):
    """Echoes prompts; a share `rate` of calls meets a fault, drawn with a seed.

    calls, faults      calls by prompt, and by fault
    hasty              calls that came while a pause was asked for
    delay              seconds that every answer takes
    expires            number of calls after which the key is refused, 0 for never
    """

    def __init__(
        self, rate: float, seed: int, pause: float = 0.3, faults: tuple[str, ...] = FAULTS
    ):
        super().__init__(_Handler)
        self.rate, self.pause, self.kinds = rate, pause, faults
        self.dice = random.Random(seed)
        self.lock = threading.Lock()
        self.calls: Counter[str] = Counter()
        self.faults: Counter[str] = Counter()
        self.billed = Counter(prompt=0, completion=0)
        self.hasty = 0
        self.paused: tuple[float, float] = (0.0, 0.0)
        self.expires = 0
        self.authorised = ""
        self.closing = threading.Event()
        self.delay = 0.0

    def draw(self, prompt: str, key: str) -> str:
        """What is to happen to a call."""
        with self.lock:
            now = time.monotonic()
            begun, ends = self.paused
            self.hasty += begun + GRACE < now < ends
            self.calls[prompt] += 1
            if self.expires and sum(self.calls.values()) > self.expires and key != self.authorised:
                return "expired"
            kind = self.dice.choice(self.kinds) if self.dice.random() < self.rate else ""
            self.faults[kind] += 1
            if kind == "429":
                self.paused = (now, now + self.pause)
            return kind


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: FaultyServer

    def log_message(self, *args: object) -> None:
        pass

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        prompt = body["prompt"] if "prompt" in body else body["messages"][-1]["content"]
        key = self.headers.get("Authorization", "").removeprefix("Bearer ")
        kind = self.server.draw(prompt, key)
        self.server.closing.wait(self.server.delay)
        good = _answer(body, f"echo {prompt}")
        if kind == "expired":
            self._reply(401, {"error": {"message": f"key {key} has expired"}})
        elif kind == "429":
            headers = [("Retry-After", str(self.server.pause))]
            self._reply(429, {"error": {"message": "slow down"}}, headers)
        elif kind.isdigit():
            self._reply(int(kind), {"error": {"message": "oops"}})
        elif kind.startswith("reset"):
            if kind == "reset midway":
                self._head(good)
                self.wfile.write(json.dumps(good).encode()[:20])
                self.wfile.flush()
            linger = struct.pack("ii", 1, 0)
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            self.connection.close()
            self.close_connection = True
        elif kind == "cut":
            self._head(good)
            self.wfile.write(json.dumps(good).encode()[:-9])
            self.close_connection = True
        elif kind == "drip":
            self._head(good)
            for byte in json.dumps(good).encode():
                if self.server.closing.wait(0.2):
                    break
                self.wfile.write(bytes([byte]))
                self.wfile.flush()
            self.close_connection = True
        else:
            self._odd(kind, body, good)

    def _odd(self, kind: str, body: dict, good: dict) -> None:
        bad = {"garbage": b"{]", "html": b"<html>busy</html>", "deep": b"[" * 100_000,
               "shape": b'{"choices": 7}', "empty body": b""}  # fmt: skip
        if kind in bad:
            self._reply(200, bad[kind], kind="text/html" if kind == "html" else "application/json")
            return
        if kind == "other model":
            good = {**_answer(body, "somebody else's"), "model": "impostor"}
        elif kind == "other configuration":
            good["system_fingerprint"] = "fp_new"
        elif kind == "reordered choices":
            other = {**good["choices"][0], "index": 1}
            if "text" in other:
                other["text"] = "the wrong one"
            else:
                other["message"] = {"content": "the wrong one"}
            good["choices"].insert(0, other)
        with self.server.lock:
            self.server.billed["prompt"] += good["usage"]["prompt_tokens"]
            self.server.billed["completion"] += good["usage"]["completion_tokens"]
        self._reply(200, good)
        if kind == "answered twice":
            self._reply(200, good)  # on the same connection, before anybody asked again

    def _head(self, good: dict) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(json.dumps(good))))
        self.end_headers()
        self.wfile.flush()

    def _reply(self, status: int, payload: object, headers=(), kind="application/json") -> None:
        raw = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(raw)))
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(raw)
        self.wfile.flush()


def _answer(body: dict, text: str) -> dict:
    choice: dict = {"index": 0, "finish_reason": "stop"}
    if "messages" in body:
        choice["message"] = {"role": "assistant", "content": text}
    else:
        choice["text"] = text
    usage = {"prompt_tokens": 5, "completion_tokens": 3}
    return {"model": "m", "system_fingerprint": "fp_old", "choices": [choice], "usage": usage}


@contextmanager
def faulty(rate: float, seed: int, **kwargs: object) -> Iterator[tuple[FaultyServer, str]]:
    """The server, and the base URL to give to openai:."""
    server = FaultyServer(rate, seed, **kwargs)
    with running(server):
        try:
            yield server, server.base_url
        finally:
            server.closing.set()


@dataclass(frozen=True)
class Call:
    """What a server was sent. `number` counts from 1."""

    body: dict
    number: int
    chat: bool

    @property
    def prompt(self) -> str:
        return (
            self.body["messages"][-1]["content"] if "messages" in self.body else self.body["prompt"]
        )

    def good(self, text: str | None = "", finish: str | None = "stop", **more: object) -> dict:
        """A right answer; fields of the message are given as message=..."""
        message = more.pop("message", {})
        made = _answer(self.body, text or f"echo {self.prompt}")
        made["choices"][0]["finish_reason"] = finish
        if isinstance(message, dict) and self.chat:
            made["choices"][0]["message"] |= message
        return {**made, **more}


@dataclass(frozen=True)
class Reply:
    """What it sends back."""

    payload: object
    status: int = 200
    headers: dict = field(default_factory=dict)
    kind: str = "application/json"


Mode = Callable[[Call], Reply]


def error(status: int, message: object, http: int | None = None, **more: object) -> Reply:
    """An error in the form of the OpenAI API, under `http` or its own status."""
    return Reply({"error": {"message": message, **more}}, status if http is None else http)


def refusing(name: str, words: str, status: int = 400, **more: object) -> Mode:
    """A server that does not take one setting."""

    def mode(call: Call) -> Reply:
        return error(status, words, **more) if name in call.body else Reply(call.good())

    return mode


def in_choice(**fields: object) -> Mode:
    """A server whose choices have other fields."""

    def mode(call: Call) -> Reply:
        made = call.good("The capital of France is Pa")
        made["choices"][0] |= fields
        return Reply(made)

    return mode


def events(*chunks: object, done: bool = True) -> Mode:
    """A server that answers as a stream of events, whatever it was asked."""
    lines = [": PROCESSING"] + [f"data: {json.dumps(c)}" for c in chunks]
    lines += ["data: [DONE]"] if done else []
    return lambda call: Reply("\n\n".join(lines).encode(), kind="text/event-stream")


def delta(finish: str | None = None, **told: object) -> dict:
    """One event of a stream."""
    return {"model": "m", "choices": [{"index": 0, "delta": told, "finish_reason": finish}]}


def _together(call: Call) -> Reply:
    if "temperature" in call.body and "top_p" in call.body:
        return error(400, "`temperature` and `top_p` cannot both be specified for this model.")
    return Reply(call.good())


def _thinking_limits(call: Call) -> Reply:
    if "max_tokens" in call.body:
        return error(400, "Unsupported parameter: 'max_tokens' is not supported with this model. "
                     "Use 'max_completion_tokens' instead.", param="max_tokens")  # fmt: skip
    if call.body.get("temperature", 1) != 1:
        return error(400, "Unsupported value: 'temperature' does not support 0 with this model.",
                     param="temperature", code="unsupported_value")  # fmt: skip
    return Reply(call.good())


def _extra_seed(call: Call) -> Reply:
    if "seed" in call.body:
        detail = [{"type": "extra_forbidden", "loc": ["body", "seed"],
                   "msg": "Extra inputs are not permitted"}]  # fmt: skip
        return Reply({"object": "error", "message": {"detail": detail}}, 422)
    return Reply(call.good())


def _moved(call: Call) -> Reply:
    if call.number <= 6:
        return Reply(call.good(model="m-old"))
    if call.number <= 12:
        return error(500, "overworked")
    return Reply(call.good("something else", model="m-new"))


def _thoughtful(call: Call) -> Reply:
    """Thinks for 40 tokens, unless it is asked not to."""
    told = call.body.get("chat_template_kwargs") or {}
    if told.get("enable_thinking") is False:
        return Reply(call.good("the short answer"))
    limit = call.body.get("max_tokens", 0)
    usage = {"prompt_tokens": 5, "completion_tokens": min(limit, 60)}
    if limit <= 40:
        message = {"content": None, "reasoning_content": "Okay, so"}
        return Reply(call.good("", "length", usage=usage, message=message))
    words = " ".join(f"word{i}" for i in range(20))
    usage["completion_tokens_details"] = {"reasoning_tokens": 40}
    return Reply(call.good(words, usage=usage, message={"reasoning_content": "Okay, so " * 40}))


def _loading(call: Call) -> Reply:
    """Loads its model while forty calls come; with eight at once that is no time."""
    if call.number <= 40:
        return error(503, "Loading model", type="unavailable_error")
    return Reply(call.good())


MODES: dict[str, Mode] = {
    "fine": lambda call: Reply(call.good()),
    "finish error": in_choice(
        finish_reason="error", error={"code": 502, "message": "Provider returned error"}
    ),
    "finish aborted": in_choice(finish_reason="abort"),
    "finish unheard of": in_choice(finish_reason="moonrise"),
    "finish not told": in_choice(finish_reason=None),
    "moved": _moved,
    "fleet": lambda call: Reply(call.good(model="m-a" if call.number % 3 else "m-b")),
    "providers": lambda call: Reply(call.good(provider="one" if call.number % 2 else "two")),
    "together": _together,
    "thinking limits": _thinking_limits,
    "extra seed": _extra_seed,
    "no money": lambda call: error(402, "Insufficient Balance"),
    "no money in 200": lambda call: error(402, "This request requires more credits", 200, code=402),
    "no model in 200": lambda call: Reply(
        {"object": "error", "message": "The model `x` does not exist.", "code": 404}
    ),
    "wrong path in 200": lambda call: Reply({"error": "Unexpected endpoint or method. (POST /v1)"}),
    "not allowed": lambda call: error(405, "Method Not Allowed"),
    "suspended": lambda call: error(400, f"Account suspended (request {call.number})"),
    "no choices": lambda call: Reply({**call.good(), "choices": None}),
    "page": lambda call: Reply(b"<html><title>It works!</title></html>", kind="text/html"),
    "quota with a delay": lambda call: Reply(
        [{"error": {"code": 429, "message": "You exceeded your current quota, please check your "
                    "plan and billing details.", "status": "RESOURCE_EXHAUSTED",
                    "details": [{"retryDelay": "0.05s"}]}}], 429),
    "loading": _loading,
    "stream": events(delta(role="assistant", content="Hello "), delta(content="there"),
                     delta("stop")),
    "stream with an error": events(delta(content="Hello "), {"error": {"message": "gone"}}),
    "stream cut": events(delta(content="Hello "), done=False),
    "mark": lambda call: Reply(b"\xef\xbb\xbf" + json.dumps(call.good()).encode()),
    "utf-16": lambda call: Reply(json.dumps(call.good()).encode("utf-16")),
    "latin-1 told": lambda call: Reply(
        json.dumps(call.good("caf\xe9"), ensure_ascii=False).encode("latin-1"),
        kind="application/json; charset=ISO-8859-1"),
    "latin-1": lambda call: Reply(
        json.dumps(call.good("caf\xe9"), ensure_ascii=False).encode("latin-1")),
    "control characters": lambda call: Reply(
        json.dumps(call.good("one@two")).replace("@", "\n").encode()),
    "thoughts alone": lambda call: Reply(call.good("", "length", message={
        "content": None, "reasoning_content": "Okay, the user wants"})),
    "no content": lambda call: Reply(_without_content(call.good(finish="length"))),
    "think tag": lambda call: Reply(call.good("<think>\nOkay, so the user", "length")),
    "thoughtful": _thoughtful,
    "withheld": lambda call: Reply(call.good()) if call.number % 5 else error(
        400, "The response was filtered due to the prompt triggering the content management "
        "policy.", code="content_filter"),
}  # fmt: skip
"""Ways in which real servers were seen to behave; docs/endpoints.md says which."""


def _without_content(answer: dict) -> dict:
    message = answer["choices"][0].get("message", {})
    message.pop("content", None)
    return answer


class _Behaving(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: BehavingServer

    def log_message(self, *args: object) -> None:
        pass

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        with self.server.lock:
            self.server.bodies.append(body)
            number = len(self.server.bodies)
        reply = self.server.mode(Call(body, number, "messages" in body))
        raw = (
            reply.payload
            if isinstance(reply.payload, bytes)
            else json.dumps(reply.payload).encode()
        )
        self.send_response(reply.status)
        for name, value in {"Content-Type": reply.kind, **reply.headers}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)


class BehavingServer(LoopbackServer):
    """A server of one mode; it keeps the bodies that it was sent."""

    def __init__(self, mode: Mode) -> None:
        super().__init__(_Behaving)
        self.mode = mode
        self.lock = threading.Lock()
        self.bodies: list[dict] = []


@contextmanager
def behaving(mode: Mode | str) -> Iterator[tuple[BehavingServer, str]]:
    """A server of one mode, and the base URL to give to openai:."""
    server = BehavingServer(MODES[mode] if isinstance(mode, str) else mode)
    with running(server):
        yield server, server.base_url
