"""An OpenAI-compatible proxy that sends each question to the cheapest model that will do.

    python examples/route_proxy.py --port 8080
    curl http://127.0.0.1:8080/v1/chat/completions -d \
        '{"model": "auto", "messages": [{"role": "user", "content": "What is 2 + 2?"}]}'

Without --records both models are first asked the questions below, whose answers are known, which
takes a minute; how they did tells what each may be trusted with. The answer's `model` says who
answered, `cladist` why. It listens on this machine alone, keeps nothing and needs no key.
"""

from __future__ import annotations

import argparse
import json
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np

from cladist.apply.decisions import choose
from cladist.apply.routing import Router, Skill
from cladist.errors import CladistError
from cladist.formats.score_tables import read_records
from cladist.models import Request, open_model
from cladist.models.base import Model
from cladist.traits import question_vectors

KNOWN = (
    ("The capital of France is", "paris"),
    ("The opposite of hot is", "cold"),
    ("Two plus two is", "4 four"),
    ("The sun rises in the", "east"),
    ("A baby dog is called a", "puppy pup"),
    ("Water freezes into", "ice"),
    ("The first month of the year is", "january"),
    ("Grass is of the colour", "green"),
    ("In the beginning God created the heaven and the", "earth"),
    ("The Lord is my", "shepherd"),
    ("Thou shalt not", "kill steal covet bear commit take"),
    ("O Romeo, Romeo, wherefore art thou", "romeo"),
    ("To be, or not to be: that is the", "question"),
    ("Romeo and", "juliet"),
)
"""Openings, and words of which a right continuation has one."""
LARGEST = 1 << 20


@dataclass
class Pool:
    """Models that can be asked, what they cost, and what is known of them."""

    models: Sequence[Model]
    costs: Sequence[float]
    threshold: float
    encoder: str = "auto"
    router: Router = field(default_factory=Router)
    skills: list[Skill] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def ask(self, number: int, text: str, tokens: int) -> str:
        """One greedy answer; a model without a chat template goes on from the text."""
        model = self.models[number]
        chat = "chat" in model.interfaces
        request = Request(text, max_tokens=tokens, interface="chat" if chat else "raw")
        with self.lock:  # these engines hold one conversation at a time
            (answer,) = model.answer([request])
        if not answer[1].final:
            raise CladistError(f"{model.identity.name} did not answer: {answer[1].detail}")
        return answer[1].text

    def learn(self, questions: Sequence[str], records: np.ndarray) -> None:
        """Fit the router; asking a model costs more than all of this."""
        vectors, _ = question_vectors(questions, self.encoder)
        self.router.fit(records, vectors)
        self.skills = self.router.skills_

    def examine(self) -> None:
        """Records of all models on the questions with known answers."""
        records = np.zeros((len(self.models), len(KNOWN)))
        for m in range(len(self.models)):
            for q, (text, words) in enumerate(KNOWN):
                said = self.ask(m, text, 12).lower()
                records[m, q] = any(word in said for word in words.split())
        self.learn([text for text, _ in KNOWN], records)

    def choose(self, text: str) -> tuple[int, np.ndarray]:
        """Number of the model to ask, and everybody's expected accuracy."""
        vectors, _ = question_vectors([text], self.encoder)
        expected = self.router.expected(self.skills, vectors)
        return int(choose(expected, self.costs, self.threshold)[0]), expected[:, 0]


class Handler(BaseHTTPRequestHandler):
    """/v1/models and /v1/chat/completions, without streaming."""

    server: Server
    protocol_version = "HTTP/1.1"

    def log_message(self, *args: Any) -> None:
        """Questions are nobody's business."""

    def do_GET(self) -> None:
        if self.path != "/v1/models":
            return self.reply(404, {"error": {"message": f"no {self.path} here"}})
        names = ["auto", *(m.identity.name for m in self.server.pool.models)]
        return self.reply(200, {"object": "list", "data": [{"id": n} for n in names]})

    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        if self.path != "/v1/chat/completions" or not 0 < length <= LARGEST:
            return self.reply(404, {"error": {"message": "POST to /v1/chat/completions"}})
        try:
            body = json.loads(self.rfile.read(length))
            text = str(body["messages"][-1]["content"])
            tokens = int(body.get("max_tokens") or 64)
            wanted = str(body.get("model") or "auto")
        except (ValueError, KeyError, IndexError, TypeError, AttributeError):
            return self.reply(400, {"error": {"message": "messages with a content are needed"}})
        pool = self.server.pool
        names = [m.identity.name for m in pool.models]
        if wanted not in ("auto", *names):
            return self.reply(404, {"error": {"message": f"no model {wanted[:80]}; say auto"}})
        try:
            number, expected = pool.choose(text)
            if wanted != "auto":
                number = names.index(wanted)
            answer = pool.ask(number, text, max(1, min(tokens, 1024)))
        except CladistError as problem:
            return self.reply(502, {"error": {"message": str(problem)}})
        return self.reply(
            200,
            {
                "object": "chat.completion",
                "created": int(time.time()),
                "model": names[number],
                "choices": [
                    {
                        "index": 0,
                        "message": {"role": "assistant", "content": answer},
                        "finish_reason": "stop",
                    }
                ],
                "cladist": {
                    "expected": dict(zip(names, expected.round(4).tolist(), strict=True)),
                    "threshold": pool.threshold,
                },
            },
        )

    def reply(self, status: int, data: Any) -> None:
        raw = json.dumps(data).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)


class Server(ThreadingHTTPServer):
    """Loopback only."""

    daemon_threads = True

    def __init__(self, pool: Pool, port: int = 0) -> None:
        super().__init__(("127.0.0.1", port), Handler)
        self.pool = pool


def main() -> None:
    """Learn, then serve until interrupted."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", action="append", help="a model's URI (repeatable)")
    parser.add_argument("--cost", action="append", type=float, help="of each model, in order")
    parser.add_argument("--records", type=Path, help="CSV model,question,score by model name")
    parser.add_argument("--threshold", type=float, default=0.6)
    parser.add_argument("--port", type=int, default=8080)
    args = parser.parse_args()
    uris = args.model or ["builtin:tiny-stage", "builtin:smollm2"]
    costs = args.cost or [float(4**i) for i in range(len(uris))]
    if len(costs) != len(uris):
        parser.error(f"{len(costs)} costs for {len(uris)} models")
    pool = Pool([open_model(uri) for uri in uris], costs, args.threshold)
    try:
        if args.records:
            found = read_records(args.records)
            names = [m.identity.name for m in pool.models]
            table = [[found.scores.get((m, q), np.nan) for q in found.questions] for m in names]
            pool.learn(found.questions, np.array(table))
        else:
            pool.examine()
        server = Server(pool, args.port)
        print(f"listening on http://127.0.0.1:{server.server_address[1]}/v1", flush=True)
        server.serve_forever()
    except KeyboardInterrupt:
        pass
    finally:
        for model in pool.models:
            model.close()


if __name__ == "__main__":
    main()
