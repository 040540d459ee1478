"""Servers of one-token answers that a test makes: near every context two tokens are close."""

from __future__ import annotations

import json
import math
import random
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from http.server import BaseHTTPRequestHandler
from typing import Any

import numpy as np
from loopback import LoopbackServer, running

from cladist.core.next_token import Context, Gives, NextToken
from cladist.core.responses import Response
from cladist.errors import EndpointError
from cladist.models.base import AskedInterface, Identity, Request


@lru_cache(maxsize=100_000)
def effect(word: str, place: int, version: str) -> np.ndarray:
    """What a word adds to the logits, as the last one (place 0) or before it."""
    dice = random.Random(f"{version}/{min(place, 1)}/{word}")
    return np.array([dice.gauss(0, 1) for _ in range(6)])


def drawn_logits(text: str, version: str) -> np.ndarray:
    """Logits that the last words decide, and farther ones the less; of spread 1."""
    found = text.split()[::-1]
    weights = [0.93**place for place in range(len(found))]
    whole = sum(w * effect(word, i, version) for i, (w, word) in enumerate(zip(weights, found)))
    return np.asarray(whole) / math.sqrt(sum(w * w for w in weights))


@dataclass
class Server:
    """A model of numbers: each context has logits of six tokens, drawn from its words.

    shift      spread of what is added to the logits: another model, or another precision
    version    which draw the addition is
    noise      spread of what is added anew at every call: an honest server that rounds
    served     temperature that it samples at, whatever is asked; None obeys
    cache      whether an answer is kept for whoever asks the same again
    down       whether every call fails
    refuse     smallest max_tokens that is taken
    strip      whether blanks around a token are left out
    """

    shift: float = 0.0
    version: int = 0
    noise: float = 0.0
    served: float | None = None
    cache: bool = False
    down: str = ""
    refuse: int = 1
    strip: bool = False
    telling: bool = False
    interfaces: frozenset[AskedInterface] = frozenset({"chat"})
    asked: list[Request | Context] = field(default_factory=list)
    kept: dict[object, str] = field(default_factory=dict)
    dice: random.Random = field(default_factory=lambda: random.Random(5))

    @property
    def identity(self) -> Identity:
        return Identity("served", "stub:served", "stub:served")

    def logits(self, text: str) -> np.ndarray:
        own, other_own = 1.5 * drawn_logits(text, ""), drawn_logits(text, str(self.version))
        anew = np.array([self.dice.gauss(0, 1) for _ in range(6)])
        return own + self.shift * other_own + self.noise * anew

    def answer(self, requests: Sequence[Request]) -> Iterator[tuple[int, Response]]:
        for index, request in enumerate(requests):
            self.asked.append(request)
            if self.down:
                if self.down == "ends":
                    raise EndpointError("the endpoint is dead")
                yield index, Response.error(self.down)
            elif request.max_tokens < self.refuse:
                yield index, Response.error("HTTP 400: max_tokens must be at least 16")
            else:
                text = self.kept.get(request) if self.cache else None
                text = self._said(request) if text is None else text
                self.kept[request] = text
                yield index, Response.of(text, truncated=True, tokens=request.max_tokens)

    def _said(self, request: Request) -> str:
        temperature = request.temperature if self.served is None else self.served
        logits = self.logits(request.prompt)
        place = int(logits.argmax())
        if temperature:
            chances = np.exp(logits / temperature)
            place = self.dice.choices(range(6), chances.tolist())[0]
        words = " ".join([f" w{place}", *(f"more{i}" for i in range(1, request.max_tokens))])
        return words.strip() if self.strip else words

    def close(self) -> None:
        pass


@dataclass
class Teller(Server):
    """The same, which tells log-probabilities too."""

    gives: Gives = "top"

    def next_tokens(self, contexts: Sequence[Context]) -> Iterator[tuple[int, NextToken]]:
        for index, context in enumerate(contexts):
            self.asked.append(context)
            if self.down:
                yield index, NextToken.failed(self.down)
                continue
            logits = self.logits(context.text)
            logits -= math.log(np.exp(logits).sum())
            order = np.argsort(-logits)[: context.top or 6]
            tokens = tuple(f" w{i}".encode() for i in order)
            yield index, NextToken(tokens, logits[order], "top")


class _Api(BaseHTTPRequestHandler):
    """The OpenAI API over a `Server`."""

    server: Any

    def log_message(self, *args: object) -> None:
        pass

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        status, payload = _replied(self.server.model, body, self.server.usage, self.server.alias)
        raw = json.dumps(payload).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)


def _replied(
    model: Server, body: dict[str, Any], usage: dict[str, int], alias: str
) -> tuple[int, dict[str, Any]]:
    text = body["messages"][-1]["content"]
    limit = body.get("max_tokens", 1)
    request = Request(text, limit, body.get("temperature", 1.0), interface="chat")
    ((_, response),) = model.answer([request])
    if not response.final:
        found = re.match(r"HTTP (\d+): (.*)", response.detail)
        status, words = (int(found[1]), found[2]) if found else (500, response.detail)
        return status, {"error": {"message": words}}
    choice: dict[str, Any] = {
        "index": 0,
        "finish_reason": "length",
        "message": {"role": "assistant", "content": response.text},
    }
    if body.get("logprobs") and isinstance(model, Teller):
        ((_, told),) = model.next_tokens([Context(text, "chat", "", 6)])
        tops = [
            {"token": t.decode(), "bytes": list(t), "logprob": float(p)}
            for t, p in zip(told.tokens, told.log_probs, strict=True)
            if t is not None
        ]
        wrote = next(t for t in tops if str(t["token"]).strip() == response.text.split()[0])
        choice["logprobs"] = {"content": [{**wrote, "top_logprobs": tops[: body["top_logprobs"]]}]}
    return 200, {"model": alias, "choices": [choice], "usage": usage}


@contextmanager
def over_http(model: Server, alias: str = "m", **usage: int) -> Iterator[tuple[Any, str]]:
    """The model behind a real server, which can be given another `model`; and its base URL."""
    server: Any = LoopbackServer(_Api)
    server.model, server.alias = model, alias
    server.usage = usage or {"prompt_tokens": 9, "completion_tokens": 1}
    with running(server):
        yield server, server.base_url
