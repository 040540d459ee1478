"""The server asks an endpoint for the page: who may have it asked, and what becomes of keys."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from cladist.atlas.server.app import application
from cladist.atlas.server.asking import wanted_of
from cladist.atlas.server.service import AtlasService
from cladist.errors import InputError
from cladist.registry import Registry
from tests.atlas.conftest import Lab
from tests.atlas.test_server import API, Client
from tests.support.answering_server import AnsweringServer, answering

pytest.importorskip("openai")

TOKEN = "the-token-of-this-run"
CANARY = "sk-canary-91c5d3f7a"
MODEL = 12


def answers_of(lab: Lab, i: int) -> dict[str, str]:
    with Registry.open(lab.folder, create=False) as store:
        (found,) = lab.atlas.source.answers(store, [i])
    prompts = [p.text for p in lab.atlas.source.assay.protocol.probes.probes]
    return {p: t for p, t in zip(prompts, found.texts(), strict=True) if t}


@pytest.fixture
def endpoint(lab: Lab) -> Iterator[AnsweringServer]:
    with answering(answers_of(lab, MODEL)) as server:
        yield server


@pytest.fixture
def client(lab: Lab) -> Client:
    return Client(application(AtlasService(lab.atlas, lab.folder, TOKEN), port=7373))


def send(client: Client, path: str, method: str, **wishes: Any) -> httpx.Response:
    headers = {"x-cladist-token": TOKEN, **wishes.pop("headers", {})}
    return client(f"{API}/asked{path}", method, headers=headers, **wishes)


def finished(client: Client, number: int) -> dict[str, Any]:
    for _ in range(600):
        found: dict[str, Any] = send(client, f"/{number}", "GET").json()
        if found["state"] not in ("asking", "placing"):
            return found
        time.sleep(0.05)
    raise AssertionError("it never ended")


def test_nobody_may_ask_without_the_token(
    lab: Lab, client: Client, endpoint: AnsweringServer
) -> None:
    body = {"model": "m", "base_url": endpoint.base_url}
    silent = Client(application(lab.service, port=7373))
    for asked, headers in (
        (silent, {}), (silent, {"x-cladist-token": ""}), (client, {"x-cladist-token": "other"}),
        (client, {"x-cladist-token": ""}), (client, {"origin": "http://evil.example"}),
        (client, {"sec-fetch-site": "cross-site"}), (client, {"host": "evil.example"}),
    ):  # fmt: skip
        answer = send(asked, "", "POST", json=body, headers=headers)
        assert answer.status_code == 403, headers
        assert send(asked, "/1", "DELETE", headers=headers).status_code == 403
    assert endpoint.keys == []


def test_a_model_is_asked_and_placed(
    lab: Lab, client: Client, endpoint: AnsweringServer, monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    monkeypatch.setenv("CLADIST_TEST_KEY", CANARY)
    before = sorted(p.stat().st_mtime_ns for p in lab.folder.rglob("*"))
    with caplog.at_level(logging.DEBUG):
        body = {"model": "m", "base_url": endpoint.base_url, "key_env": "CLADIST_TEST_KEY"}
        begun = send(client, "", "POST", json={**body, "interface": "chat", "name": "suspect"})
        assert begun.status_code == 200, begun.text
        found = finished(client, begun.json()["number"])
    assert found["state"] == "done", found["said"]
    assert found["done"] == found["of"] == len(lab.atlas.source.assay.protocol.probes)
    placed = found["placed"]
    assert placed["name"] == "suspect" and placed["nearest"][0]["index"] == MODEL
    assert placed["nearest"][0]["verdict"] == "related" and placed["tree"] is not None
    # The key went where it belongs, and nowhere else.
    assert set(endpoint.keys) == {f"Bearer {CANARY}"}
    assert CANARY not in str(found) + begun.text + caplog.text
    assert sorted(p.stat().st_mtime_ns for p in lab.folder.rglob("*")) == before


def test_one_at_a_time_and_it_can_be_stopped(client: Client, endpoint: AnsweringServer) -> None:
    endpoint.held.clear()
    body = {"model": "m", "base_url": endpoint.base_url}
    number = send(client, "", "POST", json=body).json()["number"]
    busy = send(client, "", "POST", json=body)
    assert busy.status_code == 422 and "another model" in busy.json()["error"]["message"]
    stopped = send(client, f"/{number}", "DELETE").json()
    assert stopped["state"] == "stopped" and stopped["placed"] is None
    endpoint.held.set()
    for _ in range(400):
        again = send(client, "", "POST", json=body)
        if again.status_code == 200:
            break
        time.sleep(0.05)
    assert again.json()["number"] == number + 1
    assert finished(client, number + 1)["state"] == "done"
    assert send(client, f"/{number}", "GET").status_code == 404


def test_what_fails_says_why(client: Client) -> None:
    body = {"model": "m", "base_url": "http://127.0.0.1:9/v1", "interface": "chat"}
    number = send(client, "", "POST", json=body).json()["number"]
    found = finished(client, number)
    assert found["state"] == "failed" and "127.0.0.1:9" in found["said"]


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"model": "m"}, "base_url"),
        ({"model": "", "base_url": "http://x"}, "model"),
        ({"model": "m", "base_url": "file:///etc/passwd"}, "http"),
        ({"model": "m", "base_url": "http://x", "key_env": CANARY}, "never type a key"),
        ({"model": "m", "base_url": "http://x", "key": CANARY}, "no more"),
        ({"model": "m", "base_url": "http://x", "interface": "raw"}, "interface"),
        ({"model": 3, "base_url": "http://x"}, "model: text"),
        (["m"], "object"),
    ],
)
def test_wrong_wishes_are_refused_and_not_repeated(body: Any, words: str) -> None:
    with pytest.raises(InputError, match=words) as refused:
        wanted_of(body)
    assert CANARY not in str(refused.value)


def test_credentials_in_an_address_are_refused(client: Client) -> None:
    body = {"model": "m", "base_url": f"http://user:{CANARY}@127.0.0.1:9/v1"}
    answer = send(client, "", "POST", json=body)
    assert answer.status_code == 422 and CANARY not in answer.text
