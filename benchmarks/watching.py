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
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from watching_changes import explain
from watching_servers import SYSTEM, Bare, Played, Served, llama, transformers_server, tuned

from cladist import catalog
from cladist.core.hashing import key64
from cladist.core.next_token import Context, NextToken
from cladist.core.responses import Response
from cladist.errors import CladistError
from cladist.kinship.inference.departures import Evidence, threshold
from cladist.models import open_model
from cladist.models.base import Identity, Request
from cladist.models.builtin import path_of
from cladist.models.requantize import requantize
from cladist.provenance.border.learning import Effort
from cladist.provenance.border.looking import Rules, Watched, take_look
from cladist.provenance.border.state import begin, read_watched, save

EFFORT = Effort(contexts=200, pool=30, replicates=150)
RULES = Rules()
TRIALS, WITHIN, MOST_ASKED = 200, 60, 200
QUIET = Rules(explain=False)


def learnt(model: Any, kept: Path) -> Watched:
    """The border of a server, and what learning it took; kept for another run."""
    if kept.exists():
        return read_watched(json.loads(kept.read_text()))
    begun = time.monotonic()
    watched = replace(begin(model.identity), secret=11)
    told, watched = take_look(model, watched, RULES, EFFORT, random.Random(2))
    assert watched.border is not None and told.status == "learnt", told.reason
    print(f"  learnt with {told.queries} queries ({time.monotonic() - begun:.0f} s): {told.reason}",
          flush=True)  # fmt: skip
    save(kept, watched)
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
        while asked < MOST_ASKED:
            told, state = take_look(played, state, QUIET, EFFORT, draw)
            asked += told.asked
            if told.status == "changed":
                break
        found.append(asked if told.status == "changed" else 10**6)
    return found


def row(name: str, server: Served, watched: Watched, times: int = 1) -> None:
    """Ask a server and tell its line of the table."""
    line(name, recorded(server, watched, times), watched)
    server.close()


def line(name: str, played: Played, watched: Watched) -> None:
    """One line of the table of detection."""
    first, later = delays(played, watched, 0), delays(played, watched, 100)

    def shown(found: list[int]) -> str:
        within = np.mean([d <= WITHIN for d in found])
        middle, high = (int(np.quantile(found, q)) for q in (0.5, 0.95))
        told = ["never" if d > MOST_ASKED else str(d) for d in (middle, high)]
        return " | ".join([f"{within:.1%}", *told])

    print(f"| {name} | {shown(first)} | {shown(later)} |", flush=True)


HEAD = (
    "| changed to | within 60 | median | 95% | after 100 calm looks: within 60 | median | 95% |\n"
    "|---|---|---|---|---|---|---|"
)


def chat_table(files: dict[str, Path], folder: Path) -> None:
    """Chat, with log-probabilities."""
    with llama(files["Q8_0"]) as url:
        watched = learnt(Served(url, "chat"), folder / "chat.json")
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
    """Continuations, each twice: a server that tells log-probabilities, and one that does not."""
    with llama(files["Q8_0"]) as url:
        served = Served(url, "completions")
        told = learnt(served, folder / "raw.json")
        bare = learnt(Bare(served), folder / "raw-tokens.json")
    print(f"\nContinuations: tokens and log-probabilities, then tokens alone\n\n{HEAD}")
    known = told, bare
    for name, kind in (("Q8_0 to Q4_0", "Q4_0"), ("Q8_0 to Q4_1", "Q4_1")):
        with llama(files[kind]) as url:
            both(name, Served(url, "completions"), known)
    with llama(files["Q8_0"], slots=4) as url:
        both("nothing: four slots", Served(url, "completions"), known)
        both("a system prompt", Served(url, "completions", system=SYSTEM), known)
        both("temperature .7", Served(url, "completions", temperature=0.7), known, 4)
    for name, steps in (("20 steps of fine-tuning", 20), ("nothing: written again", 0)):
        with llama(tuned(files["Q8_0"], folder, steps)) as url:
            both(name, Served(url, "completions"), known)
    with transformers_server(folder / f"hf-{files['Q8_0'].stem}") as url:
        both("the same weights, another engine", Served(url, "completions"), known)


def both(name: str, server: Served, known: tuple[Watched, Watched], times: int = 1) -> None:
    """Two lines of the table: with log-probabilities, and learnt by tokens alone."""
    for label, watched in zip((name, f"{name}, tokens alone"), known, strict=True):
        line(label, recorded(server, watched, times), watched)
    server.close()


def family_table(folder: Path) -> None:
    """Other models of a family, on the tiny models of the project; borders found in both ways."""
    whole = path_of("tiny-scripture")  # in 16 bits; what is tuned is stored in eight
    eight = tuned(whole, folder, 0)
    with llama(eight) as url:
        served = Served(url, "completions")
        borders = {
            "tokens and log-probabilities": learnt(served, folder / "tiny.json"),
            "tokens alone, by bisection": learnt(Bare(served), folder / "tiny-tokens.json"),
        }
    four = folder / "tiny-scripture-Q4_0.gguf"
    requantize(eight, four, "Q4_0")
    for how, watched in borders.items():
        print(f"\nA tiny family, {how}\n\n{HEAD}")
        for name, path in (("nothing: asked again", eight),
                           ("to Q4_0", four),
                           ("to 16 bits", whole),
                           ("20 steps of tuning", tuned(whole, folder, 20)),
                           ("60 steps of tuning", tuned(whole, folder, 60)),
                           ("another of the family", path_of("tiny-scripture-poems")),
                           ("another family", path_of("tiny-stage"))):  # fmt: skip
            with llama(path) as url:
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
    print("| server | watches with an alarm | refused | queries a day | inputs learnt anew |")
    print("|---|---|---|---|---|")
    for name, shares in (
        ("answers the same always", (0.0, 0.0, 0.0)),
        ("rounds: 2% of answers depart at random", (0.02, 0.0, 0.0)),
        ("two replicas, by the day: 0 or 4% of the inputs differ", (0.0, 0.04, 0.0)),
        ("kernels change: one input of 30 turns for good after a year", (0.01, 0.0, 1.0)),
    ):
        alarms, refused, asked, anew = 0, 0, 0, 0
        for number in range(watches):
            try:
                told = _honest_watch(days, number, *shares)
            except CladistError:  # it departs too often for this watch, which says so
                refused += 1
                continue
            alarms, asked, anew = alarms + told[0], asked + told[1], anew + told[2]
        made = watches - refused
        print(f"| {name} | {alarms} of {made} | {refused} | {asked / made / days:.1f} | "
              f"{anew / made:.2f} |", flush=True)  # fmt: skip
    alarms = 0
    for number in range(20 * watches):
        draw, evidence = random.Random(number), Evidence()
        for _ in range(days // 4):
            hits = [draw.random() < 0.05 for _ in range(4)]
            evidence = evidence.begun().after(hits, 0.05)
            if evidence.value >= threshold(RULES.alpha):
                alarms += 1
                break
    print(
        f"| the worst that is honest: 5% always ({20 * watches} watches) | {alarms} | 0 | 4.0 | |"
    )


def _honest_watch(
    days: int, number: int, rounding: float, replica: float, turned: float
) -> tuple[int, int, int]:
    """Whether a watch alarms, its queries, and how often inputs were learnt anew."""
    draw = random.Random(number)
    server = _Honest(draw, rounding, replica, turned)
    watched = replace(begin(server.identity), secret=number)
    effort, asked = replace(EFFORT, contexts=60, sittings=8), 0
    for day in range(days):
        server.day = day
        server.other = draw.random() < 0.5
        told, watched = take_look(server, watched, RULES, effort, draw)
        asked += told.asked
        if watched.border is not None and not server.worn:
            server.worn = watched.border.inputs[0].text
        if told.status == "changed":
            return 1, asked, watched.epoch
    return 0, asked, watched.epoch


class _Honest:
    """A server of words by context; how its honest answers depart is set."""

    identity = Identity("honest", "honest", "honest")
    interfaces = frozenset({"raw"})

    def __init__(self, draw: random.Random, rounding: float, replica: float, turned: float) -> None:
        self.draw, self.shares, self.day, self.other = draw, (rounding, replica, turned), 0, False
        self.worn = ""

    def answer(self, requests: Sequence[Request]) -> Iterator[tuple[int, Response]]:
        rounding, replica, turned = self.shares
        for i, r in enumerate(requests):
            place = key64(r.prompt) % 9973 / 9973
            away = self.draw.random() < rounding
            away ^= self.other and place < replica
            away ^= bool(turned) and self.day > 365 and r.prompt == self.worn
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
    options.add_argument("--only", choices=["chat", "raw", "family", "honest", "explain"])
    options.add_argument("--table", type=Path, help="where the table of known changes is written")
    given = options.parse_args()
    os.environ.setdefault("OPENAI_API_KEY", "none")
    begun = time.process_time()
    with tempfile.TemporaryDirectory() as made:
        folder = given.folder or Path(made)
        folder.mkdir(parents=True, exist_ok=True)
        files = {"Q4_1": path_of("smollm2")}
        for kind in ("Q8_0", "Q4_0"):
            files[kind] = folder / f"{kind}.gguf"
            if not files[kind].exists() and given.only != "honest":
                requantize(files["Q4_1"], files[kind], kind)
        if given.only in (None, "honest"):
            honest(given.days, given.watches)
        if given.only in (None, "family"):
            family_table(folder)
        if given.only in (None, "chat"):
            chat_table(files, folder)
        if given.only in (None, "raw"):
            raw_table(files, folder)
        if given.only in (None, "explain"):
            explain(files, folder, given.table or folder / "changes.json")
    print(f"\n{time.process_time() - begun:.0f} s of processor", file=sys.stderr)


if __name__ == "__main__":
    main()
