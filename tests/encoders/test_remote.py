"""The remote encoder against a small real server on the loopback."""

import json
from http.server import BaseHTTPRequestHandler

import numpy as np
import pytest
from loopback import LoopbackServer, running

from cladist.encoders import remote
from cladist.errors import AssayError, EndpointError, InputError

pytest.importorskip("openai")


class Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        server = self.server
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        server.seen.append((self.path, self.headers["Authorization"], body))
        if body["model"] == "guarded" and self.headers["Authorization"] != "Bearer secret":
            return self.answer(401, {"error": {"message": "no"}})
        if body["model"] == "absent":
            return self.answer(404, {"error": {"message": "no such model"}})
        if body["model"] == "busy" and len(server.seen) < 3:
            return self.answer(429, {"error": {"message": "slow down"}}, {"Retry-After": "0.01"})
        vectors = [[float(len(t)), float(t.count("a")), 1.0] for t in body["input"]]
        if body["model"] == "nan":
            vectors[-1][0] = float("nan")
        if body["model"] == "ragged":
            vectors[-1].append(0.0)
        data = [{"object": "embedding", "index": i, "embedding": v} for i, v in enumerate(vectors)]
        if body["model"] == "lossy":
            data.pop()
        # Items may come in any order; the index counts.
        return self.answer(200, {"object": "list", "data": data[::-1], "model": body["model"]})

    def answer(self, status, body, headers=None):
        raw = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(raw)))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(raw)

    def log_message(self, *_):
        pass


@pytest.fixture
def server():
    found = LoopbackServer(Handler)
    found.seen = []
    found.url = found.base_url
    with running(found):
        yield found


def test_vectors_come_in_order_and_in_batches(server):
    encoder = remote.make(server.url, "plain", batch=2, dimensions=2)
    found = encoder.encode(["a", "bb", "aaa", "", "\ud800"]).values
    assert found.tolist() == [[1, 1], [2, 0], [3, 3], [0, 0], [1, 0]]
    assert found.dtype == np.float32
    assert [len(body["input"]) for _, _, body in server.seen] == [2, 2, 1]
    assert {path for path, _, _ in server.seen} == {"/v1/embeddings"}
    assert encoder.version == f"remote/1 plain at {server.url}"


def test_no_texts_ask_nothing(server):
    assert remote.make(server.url, "plain", dimensions=3).encode([]).values.shape == (0, 3)
    assert server.seen == []


def test_the_key_comes_from_the_environment(server, monkeypatch):
    monkeypatch.setenv("TEST_KEY", "secret")
    encoder = remote.make(server.url, "guarded", key_env="TEST_KEY")
    assert encoder.encode(["a"]).values.shape == (1, 3)
    assert "secret" not in repr(encoder) + encoder.version
    monkeypatch.setenv("TEST_KEY", "wrong")
    with pytest.raises(EndpointError, match="key is refused; check TEST_KEY") as problem:
        encoder.encode(["a"])
    assert "wrong" not in str(problem.value)
    monkeypatch.delenv("TEST_KEY")
    with pytest.raises(EndpointError, match="TEST_KEY is not set"):
        encoder.encode(["a"])


def test_a_busy_server_is_asked_again(server):
    assert len(remote.make(server.url, "busy").encode(["a"])) == 1
    assert len(server.seen) == 3


@pytest.mark.parametrize(
    ("model", "error", "reason"),
    [
        ("absent", EndpointError, "status 404 for embeddings of 'absent'"),
        ("lossy", EndpointError, "asked for 2 embeddings, got 1"),
        ("ragged", EndpointError, r"vectors of \[3, 4\] coordinates"),
        ("nan", InputError, "NaN"),
    ],
)
def test_answers_that_cannot_be_used(server, model, error, reason):
    with pytest.raises(error, match=reason):
        remote.make(server.url, model, retries=0).encode(["a", "b"])


def test_a_dead_endpoint(server):
    url = server.url.replace(str(server.server_port), "9")
    with pytest.raises(EndpointError, match="no connection after 1 tries"):
        remote.make(url, "m", retries=0, timeout=2.0).encode(["a"])


@pytest.mark.parametrize(
    "options",
    [
        {"url": "ftp://x", "model": "m"},
        {"url": "http://user:key@x/v1", "model": "m"},
        {"url": "http://x", "model": ""},
        {"url": "http://x", "model": "m", "batch": 0},
    ],
)
def test_options_out_of_range(options):
    with pytest.raises(AssayError, match="'remote'"):
        remote.make(**options)
