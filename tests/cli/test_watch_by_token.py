"""cladist watch by token, as a service and over recorded series, through the command line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from one_token import Server, Teller, over_http
from typer.testing import CliRunner, Result

from cladist.cli.main import app
from cladist.errors import UsageError
from cladist.models import _calls
from cladist.provenance.border import schedule
from cladist.provenance.border.learning import Effort

pytest.importorskip("openai")

pytestmark = pytest.mark.long


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(_calls, "backoff", lambda attempt, seed: 0.005)
    monkeypatch.setattr(schedule, "Effort", lambda: Effort(60, 16, 60))
    monkeypatch.setenv("OPENAI_API_KEY", "sk-very-secret-key")
    monkeypatch.chdir(tmp_path)


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, [str(a) for a in arguments])


def watch(url: str, *more: str, options: str = "") -> Result:
    uri = f"openai:m@{url}?interface=chat&patience=1{options}"
    return run("watch", uri, "--by", "token", "--state", "w.json", "--json", *more)


def told(result: Result) -> list[dict[str, Any]]:
    return [json.loads(x) for x in result.stdout.splitlines()]


@pytest.mark.parametrize("kind", [Server, Teller])
def test_a_deployment_is_learnt_then_watched_then_changes(
    kind: type[Server], tmp_path: Path
) -> None:
    with over_http(kind()) as (server, url):
        first = watch(url)
        assert first.exit_code == 0, first.output
        assert [x["status"] for x in told(first)] == ["learnt"]
        calm = watch(url, "--times", "3", "--every", "0.01s", "--log", "looks.jsonl")
        assert calm.exit_code == 0
        assert [(x["status"], x["asked"]) for x in told(calm)] == [("same", 4)] * 3
        assert told(calm)[0]["tokens"] == 10 * told(calm)[0]["queries"]
        server.model = kind(shift=4.0)
        found = watch(url, "--times", "5", "--every", "0.01s", "--log", "looks.jsonl")
        assert found.exit_code == 11
        last = told(found)[-1]
        assert last["status"] == "changed" and last["value"] >= last["threshold"] == 125.0
        again = watch(url)
        assert again.exit_code == 11 and told(again)[0]["asked"] == 0
        anew = watch(url, "--relearn")
        assert [x["status"] for x in told(anew)] == ["learnt"]
        assert {x["status"] for x in told(watch(url, "--times", "2", "--every", "0.01s"))} == {
            "same"
        }
    kept = [json.loads(x)["number"] for x in (tmp_path / "looks.jsonl").read_text().splitlines()]
    assert kept == sorted(kept)
    for file in tmp_path.iterdir():
        assert b"secret" not in file.read_bytes().replace(b'"secret":', b"")


def test_servers_that_misbehave_raise_no_alarm(tmp_path: Path) -> None:
    with over_http(Server()) as (server, url):
        assert watch(url).exit_code == 0
        before = (tmp_path / "w.json").read_bytes()
        for down in ("HTTP 429: zu viele Anfragen", "HTTP 503: 服务不可用", "HTTP 400: nein"):
            server.model = Server(down=down)
            failed = watch(url)
            assert failed.exit_code == 5, failed.output
            assert told(failed)[0]["status"] == "failed"
            assert down.partition(": ")[2] in told(failed)[0]["reason"]
            assert (tmp_path / "w.json").read_bytes() == before
        server.model, server.alias = Server(strip=True), "m-2026-11"
        moved = watch(url)
        assert moved.exit_code == 0
        assert "now answers as 'm-2026-11' instead of 'm'" in told(moved)[0]["reason"]
        server.usage = {"prompt_tokens": 0, "completion_tokens": 0}
        free = told(watch(url))[0]
        assert "counts 0 tokens" in free["reason"] and free["tokens"] > 4
        server.usage = {"prompt_tokens": 10**6, "completion_tokens": 1}
        assert "counts 4000004 tokens" in told(watch(url))[0]["reason"]
    gone = watch(url)
    assert gone.exit_code == 5 and "not reached" not in gone.stdout


def test_a_server_that_wants_more_than_one_token(tmp_path: Path) -> None:
    with over_http(Server(refuse=16)) as (_, url):
        learnt = watch(url)
        assert learnt.exit_code == 0, learnt.output
        assert "refuses max_tokens=1" in told(learnt)[0]["reason"]
        assert told(watch(url))[0]["status"] == "same"


def test_a_state_of_another_deployment_is_left_alone(tmp_path: Path) -> None:
    with over_http(Server()) as (_, url):
        watch(url)
        before = (tmp_path / "w.json").read_bytes()
        other = watch(url, options="&served=x")
        assert isinstance(other.exception, UsageError)
        assert (tmp_path / "w.json").read_bytes() == before


def test_a_service_makes_rounds(tmp_path: Path) -> None:
    pytest.importorskip("prometheus_client")
    with over_http(Server()) as (server, url):
        (tmp_path / "watch.toml").write_text(
            f'metrics = "out.prom"\n[[endpoint]]\nname = "shop"\nevery = "1s"\nsittings = 1\n'
            "contexts = 60\npool = 16\nreplicates = 60\n"
            f'uri = "openai:m@{url}?interface=chat&patience=1"\n'
        )
        first = run("watch", "--config", "watch.toml", "--once", "--json")
        assert first.exit_code == 0, first.output
        assert [(x["model"], x["status"]) for x in told(first)] == [("shop", "learnt")]
        server.model = Server(shift=4.0)
        seen = []
        for _ in range(30):
            result = run("watch", "--config", "watch.toml", "--once", "--json")
            seen += told(result)
            if seen and seen[-1]["status"] == "changed":
                break
        assert result.exit_code == 11 and "shop" in (tmp_path / "out.prom").read_text()


def test_a_recorded_series_is_replayed(tmp_path: Path) -> None:
    rows = ["time,prompt,token"]
    rows += [
        f"2026-01-{day:02d},p{n},{'a' if day < 20 else 'b'}"
        for day in range(1, 29)
        for n in range(12)
    ]
    (tmp_path / "trace.csv").write_text("\n".join(rows))
    found = run("watch", "--replay", "trace.csv", "--until", "0.5", "--json")
    assert found.exit_code == 11
    looks = told(found)
    assert looks[-1]["time"].startswith("2026-01-20") and looks[-1]["status"] == "changed"
    calm = run("watch", "--replay", "trace.csv", "--until", "2026-01-21")
    assert calm.exception is not None  # half of the reference is of another model


@pytest.mark.parametrize("words", [
    (), ("m", "--config", "x.toml"), ("m", "--by", "guess"), ("m", "--state", "w.json"),
    ("m", "--once"), ("--config", "none.toml"), ("--replay", "none.csv"),
    ("builtin:tiny-stage", "--by", "token", "--every", "soon"),
])  # fmt: skip
def test_contradictions_are_refused(words: tuple[str, ...]) -> None:
    result = run("watch", *words)
    assert result.exception is not None and result.exit_code != 0
    assert "Traceback" not in result.output


@pytest.mark.parametrize("words", [("--keep", "x"), ("--against", "m"), ("--planned", "3")])
def test_options_of_the_other_way_are_refused(words: tuple[str, ...]) -> None:
    result = run("watch", "builtin:tiny-stage", "--by", "token", *words)
    assert isinstance(result.exception, UsageError) and words[0] in str(result.exception)
