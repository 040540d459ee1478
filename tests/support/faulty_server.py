"""An endpoint that misbehaves in every way that endpoints do, over real HTTP on the loopback."""

from __future__ import annotations

import json
import random
import socket
import struct
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

FAULTS = (
    "429", "500", "503", "408", "reset", "reset midway", "cut", "drip", "garbage", "html", "deep",
    "shape", "empty body", "other model", "other configuration", "reordered choices",
    "answered twice",
)  # fmt: skip
RIGHT = frozenset({"", "other configuration", "reordered choices", "answered twice"})
"""Oddities after which the answer is still the right one."""
GRACE = 0.5
"""Seconds in which calls that were under way when a pause was asked for may still arrive."""


class FaultyServer(ThreadingHTTPServer):
    """Echoes prompts; a share `rate` of calls meets a fault, drawn with a seed.

    calls, faults      calls by prompt, and by fault
    hasty              calls that came while a pause was asked for
    delay              seconds that every answer takes
    expires            number of calls after which the key is refused, 0 for never
    """

    daemon_threads = True
    request_queue_size = 128

    def __init__(
        self, rate: float, seed: int, pause: float = 0.3, faults: tuple[str, ...] = FAULTS
    ):
        super().__init__(("127.0.0.1", 0), _Handler)
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

    def handle_error(self, request: object, client_address: object) -> None:
        """Clients that hang up are part of the trial."""


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
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server, f"http://127.0.0.1:{server.server_port}/v1"
    finally:
        server.closing.set()
        server.shutdown()
        thread.join()
        server.server_close()
