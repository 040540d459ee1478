"""The server: who may ask, what it answers, and that nothing asked can hurt it."""

from __future__ import annotations

import asyncio
import gzip
import json
import os
import socket
from collections.abc import Iterator
from pathlib import Path
from threading import Event
from typing import Any

import httpx
import numpy as np
import pytest

from cladist.atlas.server import app as app_module
from cladist.atlas.server.app import application
from cladist.atlas.server.guard import SECURITY_HEADERS, Guard, RequestLimits
from cladist.atlas.server.run import listen
from cladist.compare import resolve_assay
from cladist.core.responses import Response
from cladist.errors import InputError, UsageError
from cladist.extraction.derive import derive
from cladist.formats.trees.newick import newick_of, read_newick
from cladist.registry import Registry
from cladist.workflows.reporting import report
from tests.atlas.conftest import COUNT, Lab
from tests.support.synthetic import HOSTILE

API = "/api/v1"


class Client:
    """Asks an ASGI application without a network."""

    def __init__(self, guard: Guard) -> None:
        self.guard = guard

    def __call__(
        self, path: str, method: str = "GET", host: str = "127.0.0.1:7373", **wishes: Any
    ) -> httpx.Response:
        async def ask() -> httpx.Response:
            transport = httpx.ASGITransport(app=self.guard)  # type: ignore[arg-type]
            async with httpx.AsyncClient(transport=transport, base_url=f"http://{host}") as client:
                return await client.request(method, path, **wishes)

        return asyncio.run(ask())


@pytest.fixture(scope="module")
def ask(lab: Lab) -> Iterator[Client]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(app_module, "page_file", lambda name: f"<html>{name}".encode())
        yield Client(application(lab.service, port=7373))


def test_every_answer_bears_the_security_headers(ask: Client) -> None:
    for path, status in (("/", 200), (f"{API}/health", 200), ("/nowhere", 404)):
        answer = ask(path)
        assert answer.status_code == status
        for key, value in SECURITY_HEADERS.items():
            assert answer.headers[key] == value
    policy = SECURITY_HEADERS["content-security-policy"]
    assert "default-src 'none'" in policy and "unsafe" not in policy and "http" not in policy
    assert "access-control-allow-origin" not in ask(f"{API}/health").headers


@pytest.mark.parametrize(
    "host",
    ["evil.example", "127.0.0.1.evil.example:7373", "localhost:80", "127.0.0.1", "127.0.0.2:7373",
     "[::1]:1", "0.0.0.0:7373", "localhost.:7373"],
)  # fmt: skip
def test_other_hosts_are_refused(ask: Client, host: str) -> None:
    answer = ask(f"{API}/health", headers={"host": host})
    assert answer.status_code == 403
    assert "localhost alone" in answer.json()["error"]["message"]


def test_own_hosts_are_served(ask: Client, lab: Lab) -> None:
    for host in ("127.0.0.1:7373", "localhost:7373", "LOCALHOST:7373", "[::1]:7373"):
        assert ask(f"{API}/health", headers={"host": host}).status_code == 200
    anywhere = Client(application(lab.service))
    assert anywhere(f"{API}/health", headers={"host": "localhost:1"}).status_code == 200
    assert anywhere(f"{API}/health", headers={"host": "localhost:99999"}).status_code == 403
    assert anywhere(
        f"{API}/health", headers=[("host", "localhost"), ("host", "a")]
    ).status_code == (403)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"origin": "http://127.0.0.1:7373"}, 200),
        ({"origin": "https://127.0.0.1:7373"}, 403),
        ({"origin": "http://localhost:7373"}, 403),
        ({"origin": "http://evil.example"}, 403),
        ({"origin": "null"}, 403),
        ({"sec-fetch-site": "same-origin"}, 200),
        ({"sec-fetch-site": "none"}, 200),
        ({"sec-fetch-site": "same-site"}, 403),
        ({"sec-fetch-site": "cross-site"}, 403),
        ({"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate"}, 403),
    ],
)
def test_other_sites_are_refused(ask: Client, headers: dict[str, str], status: int) -> None:
    assert ask(f"{API}/health", headers=headers).status_code == status


def test_a_link_to_the_page_may_be_followed(ask: Client) -> None:
    followed = {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate"}
    assert ask("/", headers=followed).status_code == 200
    assert ask("/", headers={**followed, "sec-fetch-mode": "no-cors"}).status_code == 403


def test_methods(ask: Client) -> None:
    for method in ("POST", "PUT", "DELETE", "PATCH", "TRACE", "CONNECT", "BREW"):
        answer = ask(f"{API}/health", method)
        assert answer.status_code == 405 and answer.headers["allow"] == "GET, HEAD, OPTIONS"
    assert ask(f"{API}/place").status_code == 405
    assert ask(f"{API}/place", "OPTIONS").headers["allow"] == "OPTIONS, POST"
    assert ask("/", "OPTIONS").status_code == 204
    whole, head = ask(f"{API}/documents/probes.json"), ask(f"{API}/documents/probes.json", "HEAD")
    assert head.status_code == 200 and head.content == b"" and whole.content
    assert head.headers["etag"] == whole.headers["etag"]


@pytest.mark.parametrize(
    "path",
    ["/../../etc/passwd", "/..%2f..%2fetc/passwd", "/app.js/../../secret", "/%2e%2e/x",
     "/page/app.js",
     f"{API}/documents/../../../x", f"{API}/documents/model/..%2f0.json", "/app.py", "//app.js",
     f"{API}/documents/model/0.json/", "/index.html%00.js", "/\\..\\x"],
)  # fmt: skip
def test_no_way_out_of_the_page(ask: Client, path: str) -> None:
    answer = ask("/", extensions={"target": path.encode()}) if "\\" in path else ask(path)
    assert answer.status_code == 404 or answer.content == b"<html>index.html"


def test_too_much_is_refused(lab: Lab) -> None:
    small = Client(application(lab.service, limits=RequestLimits(body=1_000, address=500)))
    long = {"responses": {"x": "y" * 2_000}}
    assert small(f"{API}/place", "POST", json=long).status_code == 413
    assert small(f"{API}/models?query={'x' * 600}").status_code == 414

    async def trickle() -> Any:
        for _ in range(30):
            yield b"x" * 100

    assert small(f"{API}/place", "POST", content=trickle()).status_code == 413


def test_slow_requests_and_slow_answers_end(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    async def stuck(scope: Any, receive: Any, send: Any) -> None:
        await asyncio.sleep(60)

    everything = frozenset({"GET", "POST"})
    guard = Guard(stuck, lambda path: everything, RequestLimits(sending=0.05, answering=0.05), None)
    assert Client(guard)("/", host="localhost").status_code == 503

    async def drip() -> Any:
        while True:
            await asyncio.sleep(0.02)
            yield b"x"

    assert Client(guard)("/", "POST", host="localhost", content=drip()).status_code == 408


def test_web_sockets_are_closed(lab: Lab) -> None:
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any:
        return {"type": "websocket.connect"}

    asyncio.run(application(lab.service)({"type": "websocket", "path": "/"}, receive, send))
    assert sent == [{"type": "websocket.close", "code": 1008}]


def test_documents_are_those_of_the_bundle(ask: Client, lab: Lab) -> None:
    head = ask(f"{API}/documents/atlas.json").json()
    assert head["models"]["name"][20] == lab.models[20].name
    assert head["documents"] == {"models": True, "answers": True}
    model = ask(f"{API}/documents/model/20.json").json()
    assert model == ask(f"{API}/models/20").json() == lab.service.model(20)
    assert ask(f"{API}/documents/answers/20.json").json()["text"] == list(lab.models[20].answers)
    near = model["relatives"][0]
    pair = ask(f"{API}/documents/pair/20/{near['index']}.json").json()
    assert pair == ask(f"{API}/kinship?a=20&b={near['index']}").json()
    assert pair["a"] == 20 and pair["b"] == near["index"] and len(pair["probe"]) == 24
    back = ask(f"{API}/documents/pair/{near['index']}/20.json").json()
    assert back == {**pair, "a": pair["b"], "b": pair["a"]}
    assert pair["distance"] == near["distance"]
    for path in ("model/72", "model/x", "model/-1", "model/007", "model/1e3", "pair/1/99"):
        answer = ask(f"{API}/documents/{path}.json")
        assert answer.status_code == 404 and answer.json()["error"]["status"] == 404
    assert ask(f"{API}/documents/pair/3/3.json").status_code == 404


def test_hostile_names_cannot_leave_their_json(ask: Client) -> None:
    for path in ("documents/atlas.json", "models?limit=72", "documents/model/0.json"):
        answer = ask(f"{API}/{path}")
        assert answer.headers["content-type"] == "application/json"
        assert answer.text.isascii() and not set(answer.text) & set("<>&\0\n")
    answer = ask(f"{API}/nothing?<script>")
    assert "<" not in answer.text


def test_search_among_models(ask: Client, lab: Lab) -> None:
    every = ask(f"{API}/models?limit=500").json()
    assert every["total"] == COUNT and [m["index"] for m in every["models"]] == list(range(COUNT))
    page = ask(f"{API}/models?limit=5&offset=70").json()
    assert [m["index"] for m in page["models"]] == [70, 71]
    family = lab.models[30].family
    found = ask(f"{API}/models", params={"query": f"{family.upper()}  {family[:4]}", "limit": 500})
    assert {m["index"] for m in found.json()["models"]} == {
        i for i, m in enumerate(lab.models) if m.family == family or family in m.name
    } | {i for i, m in enumerate(lab.atlas.columns[0].values) if family in str(m)}
    hostile = ask(f"{API}/models", params={"query": HOSTILE[0]}).json()
    assert hostile["models"][0]["index"] == 0
    for bad in ("limit=0", "limit=501", "limit=x", "limit=٣", "offset=-1", "what=1",
                "limit=1&limit=2", f"query={'x' * 201}"):  # fmt: skip
        assert ask(f"{API}/models?{bad}").status_code == 400


def test_relatives_and_distances(ask: Client, lab: Lab) -> None:
    assert len(ask(f"{API}/models/20/relatives").json()["relatives"]) == 10
    far = ask(f"{API}/models/20/relatives?limit=100").json()["relatives"]
    assert len(far) == COUNT - 1 and len({r["index"] for r in far}) == COUNT - 1
    assert [r["distance"] for r in far] == sorted(r["distance"] for r in far)
    assert {r["verdict"] for r in far[10:]} == {"not tested"}
    few = ask(f"{API}/distances?models=20,{far[0]['index']},3").json()
    matrix = np.array(few["distances"])
    assert (matrix == matrix.T).all() and (np.diag(matrix) == 0).all()
    assert few["distances"][0][1] == far[0]["distance"]
    for bad, status in (("1,1", 400), ("1,,2", 400), ("", 400), ("1,99", 404)):
        assert ask(f"{API}/distances?models={bad}").status_code == status
    assert ask(f"{API}/distances").status_code == 400
    assert ask(f"{API}/kinship?a=1").status_code == 400


def test_trees_of_parts(ask: Client, lab: Lab) -> None:
    assert lab.atlas.forest is not None
    whole = ask(f"{API}/tree").json()
    assert whole == lab.atlas.forest.data()
    part = ask(f"{API}/tree?models=3,9,20,33&format=newick")
    assert part.headers["content-type"].startswith("text/plain")
    assert sorted(read_newick(part.text).leaves()) == ["m20", "m3", "m33", "m9"]
    assert ask(f"{API}/tree?format=nexus").status_code == 400
    assert ask(f"{API}/tree?models=3").status_code == 422


def test_parts_of_a_tree_keep_distances_and_least_support() -> None:
    tree = read_newick("(((a:1,b:2)0.9:1,c:3)0.5:1,(d:1,e:1)0.8:2);")
    assert newick_of(tree.induced({"a", "d", "e"}).root) == "(a:3,(d:1,e:1)0.8:2)"
    assert newick_of(tree.induced({"a", "b"}).root) == "(a:1,b:2)"
    assert newick_of(tree.induced({"a", "b", "d"}).root) == "((a:1,b:2)0.5:2,d:3)"
    assert newick_of(tree.induced(set("abcde")).root) == newick_of(tree.root)
    for wanted in (set(), {"a"}, {"x", "y"}):
        with pytest.raises(InputError):
            tree.induced(wanted)


def test_a_newcomer_is_placed_beside_its_kin(ask: Client, lab: Lab) -> None:
    probes = ask(f"{API}/documents/probes.json").json()["id"]
    said = dict(zip(probes, lab.models[30].answers, strict=True))
    answer = ask(f"{API}/place", "POST", json={"name": "<b>", "responses": said})
    assert answer.status_code == 200
    found = answer.json()
    nearest = found["nearest"][0]
    assert lab.models[nearest["index"]].answers == lab.models[30].answers
    assert found["usable"] == 24 and found["name"] == "<b>" and "<" not in answer.text
    assert found["tree"] is not None and found["tree"]["pendant"] < 0.05
    kin = {lab.models[i].family for i in found["tree"]["below"]}
    assert kin == {lab.models[30].family}
    # How a file's answers were asked for is not told: nobody is excluded.
    assert "not told" in found["set"]["refused"] and found["set"]["none"]
    assert not [r for r in found["nearest"] if r["verdict"] == "unrelated"]
    alike = ask(f"{API}/place", "POST", json={"responses": said, "alike": True}).json()
    assert not alike["set"]["refused"] and alike["set"]["families"]
    assert [r["verdict"] for r in alike["nearest"]][:1] == ["related"]
    stranger = dict.fromkeys(probes, "Nothing anybody else would say, ever.")
    answer = ask(f"{API}/place", "POST", json={"responses": stranger})
    assert not [r for r in answer.json()["nearest"] if r["verdict"] == "related"]


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"", "application/json", 400),
        (b"{", "application/json", 400),
        (b"\xff", "application/json", 400),
        (b"[" * 100_000, "application/json", 400),
        (b"[]", "application/json", 422),
        (b'{"responses": {}}', "application/json", 422),
        (b'{"responses": {"x": 1}}', "application/json", 422),
        (b'{"responses": {"nobody asked this": "y"}}', "application/json", 422),
        (b'{"responses": {"x": "y"}, "more": 1}', "application/json", 422),
        (b'{"responses": {"x": "y"}, "alike": 1}', "application/json", 422),
        (b'{"responses": {"x": "y"}}', "text/plain", 415),
        (b"responses=x", "application/x-www-form-urlencoded", 415),
    ],
)
def test_bad_newcomers(ask: Client, body: bytes, kind: str, status: int) -> None:
    answer = ask(f"{API}/place", "POST", content=body, headers={"content-type": kind})
    assert answer.status_code == status and answer.json()["error"]["status"] == status


def test_newcomers_of_too_few_answers(ask: Client) -> None:
    probes = ask(f"{API}/documents/probes.json").json()["id"]
    for responses in ({probes[0]: "one answer"}, dict.fromkeys(probes, "  ")):
        answer = ask(f"{API}/place", "POST", json={"responses": responses})
        assert answer.status_code == 422 and "usable" in answer.text


def test_gzip_and_etag(ask: Client) -> None:
    path = f"{API}/documents/atlas.json"
    plain = ask(path, headers={"accept-encoding": "identity"})
    packed = ask(path, headers={"accept-encoding": "br, gzip"})
    assert "content-encoding" not in plain.headers and packed.headers["content-encoding"] == "gzip"
    assert plain.json() == packed.json() and plain.headers["etag"] != packed.headers["etag"]
    assert plain.headers["vary"] == "accept-encoding"
    assert "content-encoding" not in ask(path, headers={"accept-encoding": "gzip;q=0"}).headers
    again = ask(path, headers={"accept-encoding": "gzip", "if-none-match": packed.headers["etag"]})
    assert again.status_code == 304 and again.content == b""
    weak = {"accept-encoding": "gzip", "if-none-match": f'"x", W/{packed.headers["etag"]}'}
    assert ask(path, headers=weak).status_code == 304
    assert ask(path, headers={"if-none-match": '"x"'}).status_code == 200
    assert gzip.compress(plain.content, 6, mtime=0)  # what is sent has no date in it
    assert ask(path).headers["cache-control"] == "no-cache"


def test_the_registry_may_grow_and_go_meanwhile(tmp_path: Path) -> None:
    from cladist.atlas.build import Wishes, build
    from cladist.atlas.server.service import AtlasService
    from tests.support.synthetic import make_registry

    make_registry(tmp_path / "lab", 5, probes=12)
    with Registry.open(tmp_path / "lab") as store:
        assay = resolve_assay(store)
        service = AtlasService(
            build(store, assay, Wishes(maps=(), only_maps=True)), tmp_path / "lab"
        )
        ask = Client(application(service))
        assert ask(f"{API}/health", host="localhost").json()["stale"] is False
        record = store.add_model("late", "x:late", "x:late")
        slots = [(p, 0, Response.of(f" word {p}")) for p in range(12)]
        store.write_responses(store.add_protocol(assay.protocol), record, slots)
        derive(store, assay, ["late"])
        assert ask(f"{API}/health", host="localhost").json()["stale"] is True
        assert ask(f"{API}/documents/model/5.json", host="localhost").status_code == 404
        assert ask(f"{API}/documents/answers/4.json", host="localhost").status_code == 200
    for file in (tmp_path / "lab").glob("registry.sqlite*"):
        file.unlink()
    gone = ask(f"{API}/documents/answers/1.json", host="localhost")
    assert gone.status_code == 503 and "no registry" in gone.json()["error"]["message"]
    assert ask(f"{API}/documents/atlas.json", host="localhost").status_code == 200


def test_listening_is_for_this_machine() -> None:
    first = listen(0)
    address, port = first.getsockname()
    assert address == "127.0.0.1"
    first.listen()
    with pytest.raises(UsageError, match="choose another"):
        listen(port, search=False)
    second = listen(port)
    assert second.getsockname()[1] > port
    first.close(), second.close()
    with pytest.raises(UsageError):
        listen(70_000)


def test_the_description_names_every_address(ask: Client) -> None:
    described = ask("/openapi.json").json()
    assert described["openapi"] == "3.1.0"
    assert set(described["paths"]) >= {f"{API}/models", f"{API}/place", f"{API}/tree"}
    assert json.dumps(described).count(f'"maximum": {COUNT - 1}') > 5


def test_what_takes_long_does_not_hold_up_the_page(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = Event()

    def measured(i: int, j: int) -> dict[str, int]:
        assert gate.wait(30)
        return {"a": i, "b": j}

    service = lab.service
    monkeypatch.setattr(service, "pair", measured)
    transport = httpx.ASGITransport(app=application(service, port=7373))  # type: ignore[arg-type]

    async def run() -> httpx.Response:
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:7373") as get:
            pairs = [
                asyncio.create_task(get.get(f"{API}/documents/pair/0/{k}.json"))
                for k in range(1, 3 + (os.cpu_count() or 1))
            ]
            await asyncio.sleep(0.1)
            try:
                return await asyncio.wait_for(get.get(f"{API}/health"), 10)
            finally:
                gate.set()
                await asyncio.gather(*pairs)

    assert asyncio.run(run()).status_code == 200


def test_small_answers_are_sent_at_once() -> None:
    with listen(0) as bound:
        # asyncio sets TCP_NODELAY on connections of sockets that name their protocol alone.
        assert bound.proto == socket.IPPROTO_TCP


def test_several_models_are_compared_at_once(ask: Client, lab: Lab) -> None:
    found = ask(f"{API}/compare?models=20,21,22,23").json()
    assert found["models"] == [20, 21, 22, 23] and len(found["pairs"]) == 6
    assert [(p["a"], p["b"]) for p in found["pairs"]][:3] == [(20, 21), (20, 22), (20, 23)]
    for pair in found["pairs"]:
        alone = ask(f"{API}/kinship?a={pair['a']}&b={pair['b']}").json()
        assert pair["distance"] == alone["distance"] and pair["alpha"] == alone["alpha"]
        assert alone["p"] is None or pair["p"] >= alone["p"]
    for query, status in (("20", 422), (",".join(map(str, range(11))), 400), ("1,1", 400)):
        assert ask(f"{API}/compare?models={query}").status_code == status


def test_a_report_is_the_one_of_the_command(ask: Client, lab: Lab) -> None:
    answer = ask(f"{API}/models/12/report.json")
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-disposition"] == 'attachment; filename="report.json"'
    told = answer.json()
    with Registry.open(lab.folder, create=False) as store:
        made = report(
            store,
            lab.atlas.source.names[12],
            assay=lab.atlas.source.assay,
            labels=lab.folder / "labels.csv",
            declared=[lab.folder / "lineage.csv"],
        )
    assert told["claims"] == made.to_dict()["claims"]
    assert ask(f"{API}/models/12/report.html").status_code == 404
    assert ask(f"{API}/models/{COUNT}/report.json").status_code == 404


def test_a_report_on_paper(ask: Client) -> None:
    pytest.importorskip("weasyprint")
    answer = ask(f"{API}/models/12/report.pdf")
    assert answer.status_code == 200 and answer.content.startswith(b"%PDF-")
    assert answer.headers["content-type"] == "application/pdf"
