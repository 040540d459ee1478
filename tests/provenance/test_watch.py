"""A watch tells a change when there is one, keeps to its rate when there is none."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from loopback import LoopbackServer, running
from typer.testing import CliRunner

from cladist import catalog
from cladist.cli.main import app
from cladist.core.responses import Response, ResponseSet
from cladist.errors import CladistError, InputError, ModelError, UsageError
from cladist.provenance.pace import Pace, seconds_of
from cladist.provenance.watch import WatchPlan, look, looks, looks_in
from tests.conftest import ScriptedModel, scripted, small_assay

ASSAY = small_assay(40, max_tokens=8)


def reference(name: str = "m") -> ResponseSet:
    texts = [f"{name} says {p.text}" for p in ASSAY.protocol.probes.probes]
    return ResponseSet.of_texts(name, texts, ASSAY.protocol.probes.ids)


def plan(**more: Any) -> WatchPlan:
    return WatchPlan(reference(), ASSAY, "raw", **more)


def test_the_same_and_a_changed_model() -> None:
    found, answers = look(scripted("m", ASSAY), plan(), 0)
    assert (found.status, found.p, found.differing) == ("same", 1.0, ())
    assert answers.texts() == reference().texts()
    other, _ = look(scripted("other", ASSAY), plan(planned=1000), 7)
    assert other.status == "changed" and other.p is not None and other.p <= other.level == 1e-5
    assert len(other.differing) == 20 and json.loads(other.line())["status"] == "changed"


def test_looks_keep_time_and_blocks() -> None:
    slept: list[float] = []
    now = [0.0]

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        now[0] += seconds

    made = [
        k.look
        for k in looks(
            scripted("m", ASSAY),
            plan(planned=2, before=1),
            Pace(times=4, every=60, sleep=sleep, clock=lambda: now[0]),
        )
    ]
    assert slept == [60, 60, 60]
    assert [(f.number, f.block) for f in made] == [(1, 0), (2, 1), (3, 1), (4, 2)]


def test_failures_spend_nothing() -> None:
    model = ScriptedModel(
        "m", {p.text: Response.error("down") for p in ASSAY.protocol.probes.probes}
    )
    made = [k.look for k in looks(model, plan(), Pace(3, sleep=lambda s: None))]
    assert [(f.status, f.number) for f in made] == [("failed", 0)] * 3
    chat = scripted("m", ASSAY, interfaces=frozenset({"chat"}))
    with pytest.raises(ModelError, match="interface"):
        look(chat, plan(), 0)


def test_false_alarms_over_whole_watches_stay_within_the_rate() -> None:
    """Rounding turns up to the tolerated share of answers, the same ones every time or others."""
    rate, alarms, watches = 0.2, 0, 150
    for seed in range(watches):
        draw = np.random.default_rng(seed)
        sticky = draw.random() < 0.5
        fixed = draw.random(40) < 0.1
        changed = False
        for number in range(5):
            flips = fixed if sticky else draw.random(40) < 0.1
            answers = {
                p.text: Response.of(f"m says {p.text}" + ("!" if f else ""))
                for p, f in zip(ASSAY.protocol.probes.probes, flips, strict=True)
            }
            found, _ = look(ScriptedModel("m", answers), plan(rate=rate, planned=5), number)
            changed |= found.status == "changed"
        alarms += changed
    assert alarms / watches <= rate


def test_sampled_answers_reach_small_levels() -> None:
    sampled = small_assay(20, temperature=0.7, samples=4)
    draw = np.random.default_rng(0)

    def answers(words: str) -> dict[str, list[str]]:
        return {
            p.text: [" ".join(draw.choice(words.split(), 5)) for _ in range(4)]
            for p in sampled.protocol.probes.probes
        }

    class Sampler(ScriptedModel):
        def answer(self, requests: Any) -> Iterator[tuple[int, Response]]:
            for k, r in enumerate(requests):
                yield k, Response.of(said[r.prompt][k // 20])

    first = answers("red green blue white black")
    slots = tuple(
        tuple(Response.of(t) for t in first[p.text]) for p in sampled.protocol.probes.probes
    )
    known = ResponseSet("m", sampled.protocol.probes.ids, slots)
    watched = WatchPlan(known, sampled, "raw", rate=0.01, planned=10)
    said = answers("red green blue white black")
    assert look(Sampler("m", {}), watched, 0)[0].status in ("same", "inconclusive")
    said = answers("one two three four five")
    found, _ = look(Sampler("m", {}), watched, 1)
    assert found.status == "changed" and found.p is not None and found.p <= 0.001
    with pytest.raises(InputError, match="shuffles"):
        WatchPlan(known, sampled, "raw", rate=0.01, planned=10_000)


def test_logs_and_intervals(tmp_path: Path) -> None:
    log = tmp_path / "w.jsonl"
    assert looks_in(log, "k") == 0
    rows = [{"watch": w, "status": s} for w, s in (("k", "same"), ("x", "same"), ("k", "failed"))]
    log.write_text("\n".join(json.dumps(r) for r in rows) + "\n")
    assert looks_in(log, "k") == 1
    for bad in ("nothing", "[1]", '{"watch": 1}', "[" * 99_999):
        log.write_text(bad)
        with pytest.raises(InputError, match="line 1"):
            looks_in(log, "k")
    assert [seconds_of(t) for t in ("90s", "15m", "1.5h", "1d")] == [90, 900, 5400, 86_400]
    for text in ("", "1", "0s", "-1h", "1 week", "9" * 30 + "s"):
        with pytest.raises(UsageError):
            seconds_of(text)


class Server(LoopbackServer):
    version = "one"
    asked = 0


class Handler(BaseHTTPRequestHandler):
    def log_message(self, *args: Any) -> None:
        pass

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        server: Any = self.server
        server.asked += 1
        if server.asked > 3 * 100:  # the model is swapped in the middle of the watch
            server.version = "two"
        text = f"{server.version} {sum(map(ord, body['prompt']))}"
        raw = json.dumps(
            {"model": "m", "choices": [{"index": 0, "text": text, "finish_reason": "stop"}]}
        )
        self.send_response(200)
        self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw.encode())


@contextmanager
def serving() -> Iterator[str]:
    server = Server(Handler)
    with running(server):
        yield server.base_url


def run(*arguments: str | Path) -> Any:
    return CliRunner().invoke(app, [str(a) for a in arguments])


def test_a_server_whose_model_changes_in_mid_watch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("openai")
    monkeypatch.setenv("OPENAI_API_KEY", "none")
    assert len(catalog.assay("cladist").protocol.probes) == 100
    with serving() as url:
        uri = f"openai:m@{url}?interface=completions"
        assert run("extract", uri, "-r", tmp_path / "lab", "-q").exit_code == 0
        call = ("watch", "m", "-r", tmp_path / "lab", "--every", "1s", "--json")
        log = ("--log", tmp_path / "w.jsonl", "--keep", tmp_path / "kept")
        calm = run(*call, *log)
        assert calm.exit_code == 0, calm.output
        found = run(*call, *log, "--times", "2")
    assert found.exit_code == 11
    looks = [json.loads(x) for x in (tmp_path / "w.jsonl").read_text().splitlines()]
    assert [k["status"] for k in looks] == ["same", "same", "changed"]
    assert [k["number"] for k in looks] == [0, 1, 2] and looks[2]["level"] == 0.0001
    (kept,) = (tmp_path / "kept").iterdir()
    assert run("registry", "import", kept, "-r", tmp_path / "other", "-q").exit_code == 0
    gone = run(*call)
    assert gone.exit_code == 5 and json.loads(gone.stdout)["status"] == "failed"


def test_what_cannot_be_watched(tmp_path: Path) -> None:
    rows = [{"model": "m", "prompt_id": i, "response": f"a{i}"} for i in range(12)]
    (tmp_path / "r.jsonl").write_text("".join(json.dumps(r) + "\n" for r in rows))
    run("registry", "import", tmp_path / "r.jsonl", "-r", tmp_path / "lab")
    for words in (("m",), ("nobody",), ("builtin:tiny-stage",), ("m", "--every", "soon")):
        result = run("watch", *words, "-r", tmp_path / "lab")
        assert isinstance(result.exception, CladistError), result.output
