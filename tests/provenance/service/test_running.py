"""A service keeps to its schedule and budgets, through restarts, outages and clocks that jump."""

from __future__ import annotations

import json
import random
import threading
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from one_token import Server

from cladist.errors import InputError, ModelError, UsageError
from cladist.models.base import Model
from cladist.provenance.border.learning import Effort
from cladist.provenance.service.config import read_service
from cladist.provenance.service.notices import post
from cladist.provenance.service.running import Runner, Tools

pytest.importorskip("prometheus_client")
BASE = """
state = "kept"
log = "looks.jsonl"
metrics = "out.prom"

[[endpoint]]
name = "shop"
uri = "stub:shop"
every = "1h"
contexts = 60
pool = 16
replicates = 40
sittings = 1
"""
START = 1_800_000_000.0


class World:
    """Servers by URI, a clock that a test turns, and a webhook."""

    def __init__(self, **servers: Server) -> None:
        self.servers = servers
        self.time = START
        self.sent: list[Mapping[str, Any]] = []
        self.refuses = ""
        self.slept: list[float] = []

    def open(self, uri: str) -> Model:
        name = uri.partition(":")[2]
        if name not in self.servers:
            raise ModelError(f"nobody is there: {name}")
        return self.servers[name]

    def post(self, address: str, payload: Mapping[str, Any]) -> str:
        assert address == "https://hook.example/secret"
        if not self.refuses:
            self.sent.append(payload)
        return self.refuses

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.time += seconds

    def tools(self) -> Tools:
        return Tools(self.open, lambda: self.time, self.sleep, self.post, random.Random(1))


def written(folder: Path, text: str = BASE) -> Path:
    (folder / "watch.toml").write_text(text)
    return folder / "watch.toml"


def once(path: Path, world: World) -> list[str]:
    """One round in a process of its own, as cron makes them."""
    with Runner(read_service(path), world.tools()) as runner:
        return [look.status for look in runner.round()]


def hours(path: Path, world: World, count: int) -> list[str]:
    made = []
    for _ in range(count):
        made += once(path, world)
        world.time += 3600
    return made


def lines(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(x) for x in (folder / "looks.jsonl").read_text().splitlines()]


def test_looks_are_made_when_due_and_survive_restarts(tmp_path: Path) -> None:
    path, world = written(tmp_path), World(shop=Server())
    assert hours(path, world, 4) == ["learnt", "same", "same", "same"]
    world.time -= 1800
    assert once(path, world) == []  # not due yet
    assert [x["status"] for x in lines(tmp_path)] == ["learnt", "same", "same", "same"]
    assert [x["number"] for x in lines(tmp_path)] == [0, 1, 2, 3]
    text = (tmp_path / "out.prom").read_text()
    assert 'cladist_watch_looks_total{endpoint="shop",status="same"} 3.0' in text
    assert 'cladist_watch_changed{endpoint="shop"} 0.0' in text


def test_a_change_is_told_once_and_until_it_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOOK", "https://hook.example/secret")
    path, world = written(tmp_path, 'webhook_env = "HOOK"\n' + BASE), World(shop=Server())
    hours(path, world, 2)
    world.servers["shop"], world.refuses = Server(shift=4.0), "the webhook answered HTTP 500"
    assert "changed" in hours(path, world, 6)
    assert world.sent == []
    world.refuses = ""
    asked = len(world.servers["shop"].asked)
    assert hours(path, world, 3) == ["changed"] * 3
    assert len(world.servers["shop"].asked) == asked  # nothing is asked after a change
    (sent,) = world.sent
    assert sent["endpoint"] == "shop" and "shop has changed" in sent["text"]
    for file in tmp_path.rglob("*"):
        assert not file.is_file() or b"hook.example" not in file.read_bytes()


def test_what_answers_after_a_change_may_be_the_new_reference(tmp_path: Path) -> None:
    path = written(tmp_path, BASE + 'after_change = "relearn"\n')
    world = World(shop=Server())
    hours(path, world, 2)
    world.servers["shop"] = Server(shift=4.0)
    made = hours(path, world, 12)
    place = made.index("changed")
    assert made[place + 1] == "learnt" and set(made[place + 2 :]) == {"same"}


def test_dead_endpoints_hold_up_nobody_and_come_back(tmp_path: Path) -> None:
    more = BASE.replace("shop", "gone").partition("[[")[2]
    path = written(tmp_path, f"{BASE}\n[[{more}")
    world = World(shop=Server())
    assert sorted(hours(path, world, 1)) == ["failed", "learnt"]
    world.servers["gone"] = Server(down="HTTP 503: Wartungsarbeiten")
    assert sorted(hours(path, world, 1)) == ["failed", "same"]
    world.servers["gone"] = Server()
    assert sorted(hours(path, world, 1)) == ["learnt", "same"]
    world.servers["shop"] = Server(down="HTTP 429: slow down")
    assert sorted(set(hours(path, world, 30))) == ["failed", "same"]
    world.servers["shop"] = Server()
    assert set(hours(path, world, 3)) == {"same"}


def test_clocks_that_jump_cost_no_second_budget(tmp_path: Path) -> None:
    calls = Effort(60, 16, 40).most
    path = written(tmp_path, BASE + f"calls_a_day = {calls}\n")
    world = World(shop=Server())
    hours(path, world, 1)
    spent = json.loads((tmp_path / "kept/shop.json").read_text())["calls"]
    assert spent == len(world.servers["shop"].asked) > 100
    world.time -= 40 * 86_400
    assert once(path, world) == ["same"]  # the clock went back: the look is due
    after = json.loads((tmp_path / "kept/shop.json").read_text())["calls"]
    assert after == spent + 4
    world.time += 86_400
    assert once(path, world) == ["same"]
    assert json.loads((tmp_path / "kept/shop.json").read_text())["calls"] == 4


def test_a_spent_budget_asks_nothing_more_that_day(tmp_path: Path) -> None:
    effort = Effort(60, 16, 40)
    path = written(
        tmp_path, BASE.replace("1h", "60s") + f"calls_a_day = {effort.most}\nleast = 20\n"
    )
    world = World(shop=Server())
    made = []
    for _ in range(100):
        made += once(path, world)
        world.time += 60
    assert len(world.servers["shop"].asked) <= effort.most
    assert made[-1] == "failed" and "changed" not in made
    assert "budget" in lines(tmp_path)[-1]["reason"]
    world.time += 86_400
    assert once(path, world) == ["same"]


def test_the_process_sleeps_until_something_is_due(tmp_path: Path) -> None:
    world = World(shop=Server())
    with Runner(read_service(written(tmp_path)), world.tools()) as runner:
        runner.run(rounds=250)
    assert max(world.slept) <= 30.0
    assert len(lines(tmp_path)) == 1 + int((world.time - START) // 3600)


def test_two_processes_do_not_share_a_state(tmp_path: Path) -> None:
    path, world = written(tmp_path), World(shop=Server())
    with (
        Runner(read_service(path), world.tools()),
        pytest.raises(UsageError, match="another process"),
    ):
        Runner(read_service(path), world.tools())
    assert once(path, world) == ["learnt"]


def test_damaged_state_is_named_and_kept(tmp_path: Path) -> None:
    path, world = written(tmp_path), World(shop=Server())
    once(path, world)
    file = tmp_path / "kept/shop.json"
    whole = file.read_text()
    for broken in (whole[: len(whole) // 2], "[]", "{}", whole.replace('"calls":', '"cells":')):
        file.write_text(broken)
        with pytest.raises(InputError, match=r"shop\.json is damaged"):
            once(path, world)
        assert file.read_text() == broken
    file.write_text(whole)
    (tmp_path / "looks.jsonl").write_text('{"torn": ')
    world.time += 3600
    assert once(path, world) == ["same"]
    assert json.loads((tmp_path / "looks.jsonl").read_text().splitlines()[1])["status"] == "same"


def test_a_small_budget_has_less_searched_and_says_so(tmp_path: Path) -> None:
    calls = Effort(60, 16, 40).most - 200
    path = written(tmp_path, BASE + f"calls_a_day = {calls}\n")
    (endpoint,) = read_service(path).endpoints
    assert 16 <= endpoint.effort.contexts < 60 and endpoint.effort.most <= calls
    world, heard = World(shop=Server()), []
    with Runner(read_service(path), world.tools(), hear=heard.append) as service:
        assert [look.status for look in service.round()] == ["learnt"]
    assert f"{calls:,} are allowed a day" in heard[0] and heard[0].startswith("shop: ")
    assert len(world.servers["shop"].asked) <= calls
    (whole,) = read_service(written(tmp_path, BASE + "calls_a_day = 9000\n")).endpoints
    assert whole.effort == Effort(60, 16, 40) and not whole.remark


def test_files_that_are_no_service_say_why(tmp_path: Path) -> None:
    for text, words in (
        ("", "names no"),
        ("[[endpoint]", "TOML"),
        (BASE + 'key = "sk-1"\n', "unknown setting 'key'"),
        (BASE.replace('name = "shop"', 'name = "../shop"'), "needs a name"),
        (BASE.replace("1h", "often"), "interval"),
        (BASE.replace("stub:shop", "shop"), "not a model URI"),
        (BASE + "alpha = 2.0\n", "out of range"),
        (BASE + "alpha = true\n", "is no float"),
        (BASE + "calls_a_day = 10\n", "learning takes up to 1,.* 10 are allowed a day"),
        (BASE + 'after_change = "shrug"\n', "stop or relearn"),
        (BASE + BASE.partition("[[")[1] + BASE.partition("[[")[2], "two endpoints"),
        ('webhook_env = "https://hook.example"\n' + BASE, "environment variable"),
        ("port = 99999\n" + BASE, "port"),
    ):
        with pytest.raises(InputError, match=words):
            read_service(written(tmp_path, text))
    with pytest.raises(InputError):
        read_service(tmp_path / "none.toml")
    hooked = read_service(written(tmp_path, 'webhook_env = "NOT_SET_AT_ALL"\n' + BASE))
    with pytest.raises(UsageError, match="NOT_SET_AT_ALL"):
        Runner(hooked, World().tools())


def test_webhooks_are_told_over_http_and_reasons_hide_the_address() -> None:
    pytest.importorskip("httpx")
    heard: list[Any] = []

    class Hook(BaseHTTPRequestHandler):
        def log_message(self, *args: Any) -> None:
            pass

        def do_POST(self) -> None:
            heard.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(204 if self.path == "/good" else 500)
            self.end_headers()

    server = HTTPServer(("127.0.0.1", 0), Hook)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    base = f"http://127.0.0.1:{server.server_port}"
    assert post(f"{base}/good", {"a": 1}) == ""
    assert post(f"{base}/bad", {"a": 2}) == "the webhook answered HTTP 500"
    server.shutdown()
    thread.join()
    server.server_close()
    gone = post(f"{base}/good", {"a": 3})
    assert "not reached" in gone and "127.0.0.1" not in gone
    assert heard == [{"a": 1}, {"a": 2}]


def test_metrics_are_served_on_this_machine(tmp_path: Path) -> None:
    import socket
    from urllib.request import urlopen

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    path, world = written(tmp_path, f"port = {port}\n{BASE}"), World(shop=Server())
    with Runner(read_service(path), world.tools()) as runner:
        runner.round()
        told = urlopen(f"http://127.0.0.1:{port}/metrics").read().decode()
        assert 'cladist_watch_threshold{endpoint="shop"} 125.0' in told
        with pytest.raises(UsageError, match="port"):
            Runner(read_service(written(tmp_path, f'port = {port}\nstate = "b"\n' + BASE[15:])),
                   world.tools())  # fmt: skip
    once(path, world)
