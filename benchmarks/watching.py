"""One-token watching on real servers, and on simulated honest ones (docs/endpoints.md).

SmolLM2-135M is served by llama.cpp's own server over HTTP; changed deployments of it by the same
server, and the same weights by a second engine (transformers) behind a server of this file. Each
changed deployment is asked every border input once over HTTP (several times where it samples);
trials then draw from these answers through the real looks, until a change is called.

    python benchmarks/watching.py [--folder FOLDER] [--days 1000] [--watches 50]
"""

from __future__ import annotations

import argparse
import json
import os
import random
import sys
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np

from cladist import catalog
from cladist.core.hashing import key64
from cladist.core.next_token import Context, NextToken
from cladist.core.responses import Response
from cladist.kinship.inference.departures import Evidence, threshold
from cladist.models import open_model
from cladist.models.base import Identity, Request
from cladist.models.builtin import path_of
from cladist.models.requantize import requantize
from cladist.provenance.border.learning import Effort
from cladist.provenance.border.looking import Rules, Watched, take_look
from cladist.provenance.border.state import begin

EFFORT = Effort(contexts=200, pool=30, replicates=150)
RULES = Rules()
SYSTEM = "You are a helpful assistant named Bob."
TRIALS, WITHIN = 400, 60


@contextmanager
def llama(path: Path, slots: int = 1) -> Iterator[str]:
    """llama.cpp's server on a GGUF file; the address of its API."""
    import xllamacpp

    params = xllamacpp.CommonParams()
    params.model.path, params.model_alias = str(path), {"m"}
    params.verbosity, params.n_ctx, params.n_parallel = -1, 512 * slots, slots
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = 1
    params.hostnames, params.port = ["127.0.0.1"], 0
    params.warmup = params.fit_params = False
    server = xllamacpp.Server(params)
    yield f"{server.listening_address}/v1"
    del server


@contextmanager
def transformers_server(folder: Path) -> Iterator[str]:
    """A server of one-token completions on transformers, the second engine."""
    model, lock = open_model(f"hf:{folder}?dtype=float32&device=cpu"), threading.Lock()

    class Api(BaseHTTPRequestHandler):
        def log_message(self, *args: Any) -> None:
            pass

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            top = int(body.get("logprobs") or 1)
            with lock:
                ((_, told),) = model.next_tokens([Context(body["prompt"], "raw", "", top)])
            tops = [
                {"token": (t or b"").decode("utf-8", "replace"), "bytes": list(t or b""),
                 "logprob": float(p)}
                for t, p in zip(told.tokens, told.log_probs, strict=True)
            ]  # fmt: skip
            choice = {"index": 0, "text": tops[0]["token"], "finish_reason": "length",
                      "logprobs": {"content": [{**tops[0], "top_logprobs": tops}]}}  # fmt: skip
            raw = json.dumps({"model": "m", "choices": [choice]}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(raw)))
            self.end_headers()
            self.wfile.write(raw)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Api)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/v1"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class Served:
    """An endpoint that adds a system prompt or samples as it likes; `bare` tells tokens alone."""

    def __init__(self, url: str, interface: str, *, system: str = "", temperature: float = -1):
        self.inner: Any = open_model(f"openai:m@{url}?interface={interface}&concurrency=1")
        self.identity, self.interfaces = self.inner.identity, self.inner.interfaces
        self.system, self.temperature, self.gives = system, temperature, self.inner.gives

    def answer(self, requests: Sequence[Request]) -> Iterator[tuple[int, Response]]:
        yield from self.inner.answer([self._as_served(r) for r in requests])

    def _as_served(self, request: Request) -> Request:
        hot = self.temperature if self.temperature >= 0 else request.temperature
        seed = random.getrandbits(30) if self.temperature > 0 else request.seed
        return replace(request, system=self.system, temperature=hot, seed=seed)

    def next_tokens(self, contexts: Sequence[Context]) -> Iterator[tuple[int, NextToken]]:
        yield from self.inner.next_tokens([replace(c, system=self.system) for c in contexts])

    def close(self) -> None:
        self.inner.close()


class Bare:
    """The same without log-probabilities."""

    def __init__(self, inner: Served) -> None:
        self.inner, self.identity, self.interfaces = inner, inner.identity, inner.interfaces

    def answer(self, requests: Sequence[Request]) -> Iterator[tuple[int, Response]]:
        yield from self.inner.answer(requests)

    def close(self) -> None:
        self.inner.close()


@dataclass
class Played:
    """Answers that a server gave, drawn anew."""

    identity: Identity
    interfaces: frozenset[Any]
    said: dict[str, list[Response]]
    told: dict[str, list[NextToken]]
    dice: random.Random
    gives: str = "top"

    def answer(self, requests: Sequence[Request]) -> Iterator[tuple[int, Response]]:
        for i, r in enumerate(requests):
            yield i, self.dice.choice(self.said[r.prompt])

    def next_tokens(self, contexts: Sequence[Context]) -> Iterator[tuple[int, NextToken]]:
        for i, c in enumerate(contexts):
            yield i, self.dice.choice(self.told[c.text])

    def close(self) -> None:
        pass


def learnt(model: Any) -> Watched:
    """The border of a server, and what learning it took."""
    begun = time.monotonic()
    watched = replace(begin(model.identity), secret=11)
    told, watched = take_look(model, watched, RULES, EFFORT, random.Random(2))
    assert watched.border is not None and told.status == "learnt", told.reason
    print(f"  learnt with {told.queries} queries ({time.monotonic() - begun:.0f} s): {told.reason}",
          flush=True)  # fmt: skip
    return watched


def recorded(server: Served, watched: Watched, times: int) -> Played:
    """What a server says at each input."""
    said: dict[str, list[Response]] = defaultdict(list)
    told: dict[str, list[NextToken]] = defaultdict(list)
    assert watched.border is not None
    interface = watched.border.interface
    tokens = [i.text for i in watched.border.inputs if i.kind == "token"]
    for k in range(times):
        requests = [Request(t, 1, seed=k, interface=interface) for t in tokens]
        for i, response in server.answer(requests):
            said[tokens[i]].append(response)
    scored = [i.text for i in watched.border.inputs if i.kind == "log-probs"]
    for i, next_token in server.next_tokens([Context(t, interface, "", 5) for t in scored]):
        told[scored[i]].append(next_token)
    return Played(watched_identity(server), server.interfaces, said, told, random.Random(3))


def watched_identity(server: Served) -> Identity:
    """The deployment under the name of the one that was learnt."""
    return server.identity


def delays(played: Played, watched: Watched, calm_looks: int) -> list[int]:
    """Queries until a change is called, over trials, after so many calm looks; 10**6 for never."""
    assert watched.border is not None
    found = []
    evidence = Evidence()
    for _ in range(calm_looks):
        evidence = evidence.begun().after([False] * RULES.least, 0.05)
    for trial in range(TRIALS):
        state, asked, draw = replace(watched, evidence=evidence), 0, random.Random(trial)
        while asked < 300:
            told, state = take_look(played, state, RULES, EFFORT, draw)
            asked += told.asked
            if told.status == "changed":
                break
        found.append(asked if told.status == "changed" else 10**6)
    return found


def row(name: str, server: Served, watched: Watched, times: int = 1) -> None:
    """One line of the table of detection."""
    assert watched.border is not None
    played = recorded(server, watched, times)
    first, later = delays(played, watched, 0), delays(played, watched, 100)

    def shown(found: list[int]) -> str:
        within = np.mean([d <= WITHIN for d in found])
        middle, high = (int(np.quantile(found, q)) for q in (0.5, 0.95))
        return " | ".join(
            [f"{within:.1%}", *("never" if d > 300 else str(d) for d in (middle, high))]
        )

    print(f"| {name} | {shown(first)} | {shown(later)} |", flush=True)
    server.close()


HEAD = (
    "| changed to | within 60 | median | 95% | after 100 calm looks: within 60 | median | 95% |\n"
    "|---|---|---|---|---|---|---|"
)


def tuned(source: Path, folder: Path, steps: int) -> Path:
    """The model after so many steps on verse, as 8-bit GGUF; with none, written again."""
    from cladist.lab.corpora import split
    from cladist.lab.gguf_file import write_gguf
    from cladist.lab.store import Loaded, load_gguf
    from cladist.lab.tokens import encode
    from cladist.lab.training import fit, windows

    made = folder / f"tuned-{steps}.gguf"
    if made.exists():
        return made
    model, tokenizer = load_gguf(source)
    if steps:
        texts = split("poems")[0]
        fit(model, windows(encode(tokenizer, texts), 48, 2, 1), steps, 2e-5, name="tuned")
    else:
        model.save_pretrained(folder / "hf")
        tokenizer.save_pretrained(folder / "hf")
    wide = folder / f"wide-{steps}.gguf"
    write_gguf(wide, Loaded("tuned", "llama", model, tokenizer), "tuned")
    requantize(wide, made, "Q8_0")
    return made


def chat_table(files: dict[str, Path]) -> None:
    """Chat, with log-probabilities."""
    with llama(files["Q8_0"]) as url:
        watched = learnt(Served(url, "chat"))
        print(f"\nChat, tokens and log-probabilities\n\n{HEAD}")
        row("nothing: asked again", Served(url, "chat"), watched)
        row("a system prompt", Served(url, "chat", system=SYSTEM), watched)
        row("temperature .7", Served(url, "chat", temperature=0.7), watched, 4)
        old_tokens(url)
    with llama(files["Q4_0"]) as url:
        row("Q8_0 to Q4_0", Served(url, "chat"), watched)
    with llama(files["Q4_1"]) as url:
        row("Q8_0 to Q4_1", Served(url, "chat"), watched)


def raw_table(files: dict[str, Path], folder: Path) -> None:
    """Continuations; log-probabilities, and tokens alone."""
    with llama(files["Q8_0"]) as url:
        both = {"tokens and log-probabilities": learnt(Served(url, "completions")),
                "tokens alone": learnt(Bare(Served(url, "completions")))}  # fmt: skip
    plain, verse = tuned(files["Q8_0"], folder, 0), tuned(files["Q8_0"], folder, 20)
    for how, watched in both.items():
        print(f"\nContinuations, {how}\n\n{HEAD}")
        for name, path in (
            ("nothing: written again", plain), ("20 steps of fine-tuning", verse),
            ("Q8_0 to Q4_0", files["Q4_0"]), ("Q8_0 to Q4_1", files["Q4_1"]),
        ):  # fmt: skip
            with llama(path) as url:
                row(name, Served(url, "completions"), watched)
        with llama(files["Q8_0"], slots=4) as url:
            row("nothing: four slots", Served(url, "completions"), watched)
            row("temperature .7", Served(url, "completions", temperature=0.7), watched, 4)
        with transformers_server(folder / "hf") as url:
            row("the same weights, another engine", Served(url, "completions"), watched)


def family_table(folder: Path) -> None:
    """Other models of a family, on the tiny models of the project."""
    with llama(path_of("tiny-scripture")) as url:
        watched = learnt(Served(url, "completions"))
    print(f"\nA tiny family, tokens and log-probabilities\n\n{HEAD}")
    for name, model in (("another of the family", "tiny-scripture-poems"),
                        ("another family", "tiny-stage")):  # fmt: skip
        with llama(path_of(model)) as url:
            row(name, Served(url, "completions"), watched)


def old_tokens(url: str) -> None:
    """Tokens of a look by all probes, from every fourth of them."""
    protocol = catalog.assay("cladist").protocol
    model: Any = open_model(f"openai:m@{url}?interface=chat&concurrency=1")
    some = protocol.probes.probes[::4]
    limit = protocol.decoding.max_tokens
    list(model.answer([Request(p.text, limit, interface="chat") for p in some]))
    one: Any = open_model(f"openai:m@{url}?interface=chat&concurrency=1")
    list(one.answer([Request("the water down", 1, interface="chat")] * 4))
    whole = model.usage.tokens * len(protocol.probes) / len(some)
    print(
        f"| tokens of a look: probes {whole:.0f}, one-token (calm, 4 queries) {one.usage.tokens}, "
        f"a {whole / one.usage.tokens:.0f}th |||||||"
    )


def honest(days: int, watches: int) -> None:
    """Watches of honest servers that round, that have replicas, that drift; alarms over days."""
    print(f"\nHonest servers: {watches} watches of {days} days, rate {RULES.alpha}\n")
    print(
        "| server | watches with an alarm | queries a day | inputs learnt anew |\n|---|---|---|---|"
    )
    for name, shares in (
        ("answers the same always", (0.0, 0.0, 0.0)),
        ("rounds: 2% of answers depart at random", (0.02, 0.0, 0.0)),
        ("two replicas, by the day: 0 or 4% of the inputs differ", (0.0, 0.04, 0.0)),
        ("kernels change: an input in 30 turns for good after a year", (0.01, 0.0, 1 / 30)),
    ):
        alarms, asked, anew = 0, 0, 0
        for number in range(watches):
            told = _honest_watch(days, number, *shares)
            alarms, asked, anew = alarms + told[0], asked + told[1], anew + told[2]
        print(f"| {name} | {alarms} | {asked / watches / days:.1f} | {anew / watches:.2f} |",
              flush=True)  # fmt: skip
    alarms = 0
    for number in range(20 * watches):
        draw, evidence = random.Random(number), Evidence()
        for _ in range(days // 4):
            hits = [draw.random() < 0.05 for _ in range(4)]
            evidence = evidence.begun().after(hits, 0.05)
            if evidence.value >= threshold(RULES.alpha):
                alarms += 1
                break
    print(f"| the worst that is honest: 5% always ({20 * watches} watches) | {alarms} | 4.0 | |")


def _honest_watch(
    days: int, number: int, rounding: float, replica: float, turned: float
) -> tuple[int, int, int]:
    """Whether a watch alarms, its queries, and how often inputs were learnt anew."""
    draw = random.Random(number)
    server = _Honest(draw, rounding, replica, turned)
    watched = replace(begin(server.identity), secret=number)
    effort, asked = replace(EFFORT, contexts=60, sittings=4), 0
    for day in range(days):
        server.day = day
        server.other = draw.random() < 0.5
        told, watched = take_look(server, watched, RULES, effort, draw)
        asked += told.asked
        if told.status == "changed":
            return 1, asked, watched.epoch
    return 0, asked, watched.epoch


class _Honest:
    """A server of words by context; how its honest answers depart is set."""

    identity = Identity("honest", "honest", "honest")
    interfaces = frozenset({"raw"})

    def __init__(self, draw: random.Random, rounding: float, replica: float, turned: float) -> None:
        self.draw, self.shares, self.day, self.other = draw, (rounding, replica, turned), 0, False

    def answer(self, requests: Sequence[Request]) -> Iterator[tuple[int, Response]]:
        rounding, replica, turned = self.shares
        for i, r in enumerate(requests):
            place = key64(r.prompt) % 9973 / 9973
            away = self.draw.random() < rounding
            away ^= self.other and place < replica
            away ^= self.day > 365 and 0.5 < place < 0.5 + turned
            sampled = r.temperature > 0 and self.draw.random() < 0.5
            yield i, Response.of("other" if away or sampled else "word", truncated=True)

    def close(self) -> None:
        pass


def main() -> None:
    """All tables."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--folder", type=Path)
    options.add_argument("--days", type=int, default=1000)
    options.add_argument("--watches", type=int, default=50)
    options.add_argument("--only", choices=["chat", "raw", "family", "honest"])
    given = options.parse_args()
    os.environ.setdefault("OPENAI_API_KEY", "none")
    begun = time.process_time()
    with tempfile.TemporaryDirectory() as made:
        folder = given.folder or Path(made)
        folder.mkdir(parents=True, exist_ok=True)
        files = {"Q4_1": path_of("smollm2")}
        for kind in ("Q8_0", "Q4_0"):
            files[kind] = folder / f"{kind}.gguf"
            if not files[kind].exists() and given.only in (None, "chat", "raw"):
                requantize(files["Q4_1"], files[kind], kind)
        if given.only in (None, "honest"):
            honest(given.days, given.watches)
        if given.only in (None, "family"):
            family_table(folder)
        if given.only in (None, "chat"):
            chat_table(files)
        if given.only in (None, "raw"):
            raw_table(files, folder)
    print(f"\n{time.process_time() - begun:.0f} s of processor", file=sys.stderr)


if __name__ == "__main__":
    main()
