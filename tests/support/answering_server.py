"""A loopback endpoint that gives the answers of one model, and tells what it was sent."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from threading import Event

from loopback import LoopbackServer, running


class AnsweringServer(LoopbackServer):
    """`answers` by prompt; `held` keeps all calls waiting until it is set."""

    def __init__(self, answers: Mapping[str, str], delay: float = 0.0) -> None:
        super().__init__(_Handler)
        self.answers = answers
        self.delay = delay
        self.held = Event()
        self.held.set()
        self.keys: list[str] = []


class _Handler(BaseHTTPRequestHandler):
    server: AnsweringServer

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.keys.append(self.headers.get("Authorization", ""))
        self.server.held.wait(20)
        time.sleep(self.server.delay)
        chat = "messages" in body
        prompt = body["messages"][-1]["content"] if chat else body["prompt"]
        text = self.server.answers.get(prompt, "I do not know.")
        said = {"message": {"role": "assistant", "content": text}} if chat else {"text": text}
        raw = json.dumps(
            {
                "id": "1", "object": "chat.completion" if chat else "text_completion",
                "created": 1, "model": body["model"],
                "choices": [{"index": 0, "finish_reason": "stop", **said}],
                "usage": {"prompt_tokens": 5, "completion_tokens": 5, "total_tokens": 10},
            }
        ).encode()  # fmt: skip
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)


@contextmanager
def answering(answers: Mapping[str, str], delay: float = 0.0) -> Iterator[AnsweringServer]:
    server = AnsweringServer(answers, delay)
    with running(server):
        try:
            yield server
        finally:
            server.held.set()
