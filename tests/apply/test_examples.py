"""The examples run: scores predicted, and a proxy that routes between two real models."""

from __future__ import annotations

import importlib.util
import json
import sys
import urllib.error
import urllib.request
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from loopback import running

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
needs_engine = pytest.mark.skipif(
    find_spec("xllamacpp") is None, reason="xllamacpp is not installed"
)


def load(name: str):
    spec = importlib.util.spec_from_file_location(f"example_{name}", EXAMPLES / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


def test_predict_scores(capsys: pytest.CaptureFixture[str]) -> None:
    load("predict_scores").main()
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 4
    for line in lines:
        guess, truth = float(line.split()[1].rstrip(",")), float(line.split()[-1])
        low, high = float(line.split()[4]), float(line.split()[6])
        assert abs(guess - truth) < 0.25
        assert low <= truth <= high


def call(url: str, body: object = None) -> tuple[int, dict]:
    raw = None if body is None else json.dumps(body).encode()
    try:
        with urllib.request.urlopen(urllib.request.Request(url, raw), timeout=60) as reply:
            return reply.status, json.load(reply)
    except urllib.error.HTTPError as problem:
        with problem:
            return problem.code, json.load(problem)


@pytest.mark.model
@needs_engine
def test_the_proxy_routes_between_two_real_models() -> None:
    from cladist.models import open_model

    example = load("route_proxy")
    models = [open_model("builtin:tiny-stage"), open_model("builtin:tiny-scripture")]
    pool = example.Pool(models, [1.0, 1.0], 0.9, encoder="lexical")
    try:
        stage = [f"Enter the king and speak, my lord, scene {i}" for i in range(12)]
        verse = [f"And the Lord spake unto Moses in chapter {i}" for i in range(12)]
        records = np.zeros((2, 24))
        records[0, :12] = records[1, 12:] = 1.0
        pool.learn([*stage, *verse], records)
        server = example.Server(pool)
        url = f"http://127.0.0.1:{server.server_port}/v1"
        with running(server):
            assert [m["id"] for m in call(f"{url}/models")[1]["data"]] == [
                "auto",
                "tiny-stage",
                "tiny-scripture",
            ]
            for text, name in ((stage[3] + " again", "tiny-stage"), (verse[3], "tiny-scripture")):
                body = {"messages": [{"role": "user", "content": text}], "max_tokens": 6}
                status, reply = call(f"{url}/chat/completions", body)
                assert status == 200
                assert reply["model"] == name
                assert reply["choices"][0]["message"]["content"].strip()
                expected = reply["cladist"]["expected"]
                assert expected[name] == max(expected.values())
                forced = call(f"{url}/chat/completions", {**body, "model": "tiny-stage"})[1]
                assert forced["model"] == "tiny-stage"
            assert call(f"{url}/chat/completions", {"messages": []})[0] == 400
            assert call(f"{url}/chat/completions", [1])[0] == 400
            assert call(f"{url}/chat/completions", {**body, "model": "ghost"})[0] == 404
            assert call(f"{url}/nothing")[0] == 404
    finally:
        for model in models:
            model.close()


@pytest.mark.model
@needs_engine
def test_the_proxy_examines_its_models() -> None:
    from cladist.models import open_model

    example = load("route_proxy")
    models = [open_model("builtin:tiny-stage"), open_model("builtin:tiny-scripture")]
    pool = example.Pool(models, [1.0, 2.0], 0.5, encoder="lexical")
    try:
        pool.examine()
        number, expected = pool.choose("The Lord is my")
        assert number in (0, 1)
        assert ((expected > 0) & (expected < 1)).all()
    finally:
        for model in models:
            model.close()
