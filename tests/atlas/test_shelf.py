"""Installed references opened from the page: who may, what becomes of it, and what goes wrong."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from threading import Event
from typing import Any

import httpx
import pytest

from cladist.atlas.build import Wishes
from cladist.atlas.making import make_atlas
from cladist.atlas.server.app import application
from cladist.atlas.server.shelf import MOST_OPEN, Opening, Shelf
from cladist.core.progress import Listener
from cladist.errors import InputError, UsageError
from cladist.references.home import HOME
from cladist.references.sharing import Terms, add_file, build_file
from tests.atlas.conftest import COUNT, REFERENCE, Lab
from tests.atlas.test_asking import answers_of
from tests.atlas.test_server import API, Client

TOKEN = "the-token-of-this-run"
NAME = REFERENCE


@pytest.fixture(scope="module", autouse=True)
def home(shelf_home: Path) -> Iterator[Path]:
    """Where references are, as long as these tests run."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(HOME, str(shelf_home))
        patch.setenv("XDG_CACHE_HOME", str(shelf_home / "cache"))
        yield shelf_home


@pytest.fixture
def client(lab: Lab, home: Path) -> Client:
    shelf = Shelf(TOKEN, Wishes(maps=("pcoa",), title="not of references"))
    return Client(application(lab.service, port=7373, shelf=shelf))


def send(client: Client, path: str = "", method: str = "GET", **wishes: Any) -> httpx.Response:
    headers = {"x-cladist-token": TOKEN, **wishes.pop("headers", {})}
    return client(f"{API}/references{path}", method, headers=headers, **wishes)


def finished(client: Client, number: int) -> dict[str, Any]:
    for _ in range(2_000):
        found: dict[str, Any] = send(client, f"/{number}").json()
        if found["state"] != "making":
            return found
        time.sleep(0.05)
    raise AssertionError("it never ended")


def test_nobody_sees_or_opens_anything_without_the_token(lab: Lab, client: Client) -> None:
    closed = Client(application(lab.service, port=7373))
    for asked, headers in (
        (closed, {}), (closed, {"x-cladist-token": ""}), (client, {"x-cladist-token": "other"}),
        (client, {"x-cladist-token": ""}), (client, {"origin": "http://evil.example"}),
        (client, {"sec-fetch-site": "cross-site"}), (client, {"host": "evil.example"}),
    ):  # fmt: skip
        assert send(asked, headers=headers).status_code == 403
        assert send(asked, "", "POST", json={"name": NAME}, headers=headers).status_code == 403
        assert send(asked, "/1", "DELETE", headers=headers).status_code == 403
    assert send(client).json()["making"] is None


def test_what_is_installed_is_listed_and_what_is_damaged_says_so(client: Client) -> None:
    found = send(client).json()
    (ours,) = found["references"]
    assert (ours["name"], ours["title"], ours["models"]) == (NAME, "Our <b>own</b> models", COUNT)
    assert ours["licence"] == "CC0-1.0" and ours["labelled"] > 0 and ours["address"] == ""
    assert found["broken"][0]["name"] == "torn" and "add it again" in found["broken"][0]["said"]


def test_a_reference_is_opened_and_a_model_placed_in_it(lab: Lab, client: Client) -> None:
    begun = send(client, "", "POST", json={"name": NAME})
    assert begun.status_code == 200, begun.text
    found = finished(client, begun.json()["number"])
    assert found["state"] == "open", found["said"]
    at = found["address"]
    assert at.startswith("/opened/") and len(at) > 30
    head = client(f"{at}api/v1/documents/atlas.json").json()
    assert head["title"] == "Our <b>own</b> models"
    assert head["families"]["origin"] == "labels" and len(head["models"]["name"]) == COUNT
    assert client(at).status_code == 200 and client(f"{at}app.js").status_code == 200
    assert client(f"{at}api/v1/health").json()["models"] == COUNT
    probes = lab.atlas.source.assay.protocol.probes.probes
    by_prompt = answers_of(lab, 12)
    responses = {p.id: by_prompt[p.text] for p in probes if p.text in by_prompt}
    placed = client(f"{at}api/v1/place", "POST", json={"name": "n", "responses": responses}).json()
    assert head["models"]["name"][placed["nearest"][0]["index"]] == lab.models[12].name
    assert placed["nearest"][0]["verdict"] == "related" and placed["set"] is not None
    # The list is reached from there too, and what is open is not made again.
    listed = client(f"{at}api/v1/references", headers={"x-cladist-token": TOKEN}).json()
    assert listed["references"][0]["address"] == at
    assert send(client, "", "POST", json={"name": NAME}).json() == found
    # What is open asks nobody unless the server does, and foreign sites follow no link into it.
    assert client(f"{at}api/v1/asked", "POST", json={}).status_code == 403
    followed = {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate"}
    assert client(at, headers=followed).status_code == 403
    assert client(at, "POST").status_code == 405
    assert client("/opened/guessed/").status_code == 404
    assert "again" in client("/opened/guessed/api/v1/health").json()["error"]["message"]


@pytest.mark.parametrize(
    ("body", "status", "words"),
    [
        ({"name": "our"}, 422, "did you mean ours"),
        ({"name": "../ours"}, 422, "no reference"),
        ({"name": "torn"}, 422, "not a readable reference"),
        ({"name": ""}, 422, "no reference"),
        ({"name": 3}, 422, "'name'"),
        ({"name": NAME, "more": 1}, 422, "no more"),
        ([], 422, "'name'"),
    ],
)
def test_wrong_names_are_told_in_words(client: Client, body: Any, status: int, words: str) -> None:
    answer = send(client, "", "POST", json=body)
    assert answer.status_code == status
    assert words in answer.json()["error"]["message"]


def waiting(shelf: Shelf, opening: Opening) -> str:
    assert opening.thread is not None
    opening.thread.join(30)
    return opening.state


def test_one_at_a_time_and_it_can_be_stopped(lab: Lab, home: Path) -> None:
    go = Event()

    def slow(name: str, wishes: Wishes, listener: Listener) -> Any:
        listener.progress("maps", 1, 3)
        go.wait(30)
        listener.progress("maps", 2, 3)
        return lab.atlas, lab.folder

    add_file(home / "ours.cladref", over=True)
    shelf = Shelf(TOKEN, make=slow)
    made = shelf.begin(NAME)
    for _ in range(400):
        if made.of:
            break
        time.sleep(0.01)
    assert made.document()["stage"] == "maps" and shelf.listed()["making"]["done"] == 1
    assert shelf.begin(NAME) is made
    shelf.stop(made)
    with pytest.raises(UsageError, match="wait, or stop"):
        shelf.begin(NAME)
    go.set()
    assert waiting(shelf, made) == "stopped" and shelf.listed()["references"][0]["address"] == ""
    again = shelf.begin(NAME)
    assert waiting(shelf, again) == "open" and again.number == made.number + 1
    assert shelf.at(made.number) is None and shelf.at(again.number) is again


def test_what_fails_says_why(home: Path) -> None:
    def bad(name: str, wishes: Wishes, listener: Listener) -> Any:
        raise InputError("the registry of 'ours' is empty")

    shelf = Shelf(TOKEN, make=bad)
    made = shelf.begin(NAME)
    assert waiting(shelf, made) == "failed" and made.said == "the registry of 'ours' is empty"


def test_few_are_open_at_once(lab: Lab, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shelf = Shelf(TOKEN, make=lambda *_: (lab.atlas, lab.folder))

    class Found:
        def __init__(self, name: str) -> None:
            self.name = self.facts = name

    monkeypatch.setattr("cladist.atlas.server.shelf.find", Found)
    made = [shelf.begin(f"r{k}") for k in range(1)]
    waiting(shelf, made[0])
    for k in range(1, MOST_OPEN + 1):
        made.append(shelf.begin(f"r{k}"))
        assert waiting(shelf, made[-1]) == "open"
    keys = [o.address.split("/")[2] for o in made]
    assert shelf.service(keys[0]) is None
    assert all(shelf.service(k) is not None for k in keys[1:])
    assert len(set(keys)) == MOST_OPEN + 1


def test_a_reference_that_was_replaced_is_made_anew(lab: Lab, home: Path) -> None:
    shelf = Shelf(TOKEN, make=lambda *_: (lab.atlas, lab.folder))
    made = shelf.begin(NAME)
    waiting(shelf, made)
    assert shelf.begin(NAME) is made
    terms = Terms(NAME, "CC0-1.0", "Changed")
    build_file(lab.folder, home / "changed.cladref", terms)
    add_file(home / "changed.cladref", over=True)
    again = shelf.begin(NAME)
    assert again is not made and waiting(shelf, again) == "open"
    assert [r["address"] for r in shelf.listed()["references"]] == [again.address]
    add_file(home / "ours.cladref", over=True)


def test_the_atlas_is_that_of_the_command(client: Client, home: Path) -> None:
    found = finished(client, send(client, "", "POST", json={"name": NAME}).json()["number"])
    head = client(f"{found['address']}api/v1/documents/atlas.json").json()
    by_command, _ = make_atlas(Path(), Wishes(maps=("pcoa",)), reference=NAME)
    assert head["title"] == by_command.title
    assert head["maps"][0]["x"][:3] == [round(float(v), 4) for v in by_command.maps[0].xy[:3, 0]]
