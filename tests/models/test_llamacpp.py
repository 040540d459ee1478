"""GGUF models through llama.cpp."""

from __future__ import annotations

import struct
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tiny_models import write_gguf

from cladist.core.next_token import Context
from cladist.core.responses import State
from cladist.errors import MissingExtraError, ModelError, UsageError
from cladist.models import Request, open_model, parse_uri
from cladist.models._gguf_header import read_header
from cladist.models.llamacpp import LlamaCpp
from cladist.models.llamacpp import open_uri as open_gguf

pytest.importorskip("xllamacpp", reason="xllamacpp is not installed")
gguf = pytest.importorskip("gguf", reason="gguf is not installed")


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_gguf(tmp_path_factory.mktemp("gguf") / "random.gguf")


@pytest.fixture(scope="module")
def model(path: Path) -> Iterator[LlamaCpp]:
    opened = open_gguf(parse_uri(f"gguf:{path}"))
    yield opened
    opened.close()


def text(model: LlamaCpp, request: Request) -> str:
    ((_, response),) = model.answer([request])
    assert response.usable
    return response.text


def test_header_agrees_with_the_reference_reader(path: Path) -> None:
    header, reader = read_header(path), gguf.GGUFReader(path)
    for key, found in reader.fields.items():
        if key.startswith("GGUF.") or found.types[0] == gguf.GGUFValueType.ARRAY:
            assert key not in header.values
        else:
            assert header.values[key] == pytest.approx(found.contents())
    assert header.parameters == sum(int(t.n_elements) for t in reader.tensors)
    assert header.context == 512


def test_identity_is_the_content_of_the_file(path: Path, model: LlamaCpp, tmp_path: Path) -> None:
    copy = tmp_path / "copy.gguf"
    copy.write_bytes(path.read_bytes())
    other = write_gguf(tmp_path / "other.gguf", seed=1)
    prints = []
    for file in (copy, other):
        opened = open_gguf(parse_uri(f"gguf:{file}"))
        prints.append(opened.identity.fingerprint)
        opened.close()
    assert prints[0] == model.identity.fingerprint != prints[1]
    assert model.identity.name == "random"
    assert model.identity.metadata["architecture"] == "llama"
    assert model.identity.metadata["quantisation"] == "F32"


def test_threads_are_no_part_of_the_model_and_gpu_layers_are(path: Path, model: LlamaCpp) -> None:
    request = Request("The sea", 12)
    two = open_gguf(parse_uri(f"gguf:{path}?threads=2"))
    assert two.identity.fingerprint == model.identity.fingerprint
    assert text(two, request) == text(model, request)
    two.close()
    layers = open_gguf(parse_uri(f"gguf:{path}?gpu_layers=1"))
    assert layers.identity.fingerprint != model.identity.fingerprint
    layers.close()


def test_a_long_context_gives_the_same_bits_on_two_threads(tmp_path: Path) -> None:
    """One token alone after 512 read ones, which an engine may share out over its threads."""
    file = write_gguf(tmp_path / "long.gguf", context=1024)
    context = Context(("a man of seas, " * 40)[:513])
    found = []
    for threads in (1, 2):
        opened = open_gguf(parse_uri(f"gguf:{file}?threads={threads}"))
        ((_, token),) = opened.next_tokens([context])
        found.append(token.log_probs.tobytes())
        opened.close()
    assert found[0] == found[1]


def test_chat_goes_through_the_template_and_raw_does_not(model: LlamaCpp) -> None:
    chat = text(model, Request("Hello", 10, interface="chat", system="Be brief"))
    written = text(model, Request("<system>Be brief\n<user>Hello\n<assistant>", 10))
    assert chat == written
    assert chat != text(model, Request("Hello", 10))


def test_system_text_stands_before_a_raw_prompt(model: LlamaCpp) -> None:
    put = text(model, Request("Hello", 10, system="Be brief"))
    assert put == text(model, Request("Be brief\n\nHello", 10))


def test_without_a_template_there_is_no_chat(tmp_path: Path) -> None:
    opened = open_gguf(parse_uri(f"gguf:{write_gguf(tmp_path / 'raw.gguf', template='')}"))
    assert opened.interfaces == {"raw"}
    with pytest.raises(ModelError, match="no chat template"):
        list(opened.answer([Request("hi", 2, interface="chat")]))
    opened.close()


def test_finish_reasons_become_states(model: LlamaCpp) -> None:
    def state(finish: str, said: str, tokens: int) -> State:
        reply = {
            "choices": [{"text": said, "finish_reason": finish}],
            "usage": {"completion_tokens": tokens},
        }
        return model._response(Request("x", 4), reply).state

    assert state("stop", "done", 2) is State.OK
    assert state("length", "cut", 4) is State.TRUNCATED
    assert state("stop", " ", 1) is State.EMPTY
    assert model._response(Request("x", 4), {"error": {"message": "no"}}).detail == "llama.cpp: no"


def test_a_context_made_too_small_is_an_error_not_an_answer(path: Path, model: LlamaCpp) -> None:
    small = open_gguf(parse_uri(f"gguf:{path}?context=256"))
    short, long = (r for _, r in small.answer([Request("a" * 200, 100), Request("a" * 300, 4)]))
    small.close()
    assert short.state is long.state is State.ERROR
    assert "?context=" in short.detail
    assert "300 tokens" in long.detail
    ((_, full),) = model.answer([Request("a" * 400, 200)])
    assert full.state in (State.TRUNCATED, State.OK)  # the model's own context is its nature


def damaged(kind: str, good: bytes) -> bytes:
    if kind == "no magic":
        return b"PK\x03\x04" + good[4:]
    if kind == "version 99":
        return good[:4] + struct.pack("<I", 99) + good[8:]
    if kind == "huge count":
        return good[:16] + struct.pack("<Q", 1 << 60) + good[24:]
    return good[: {"empty": 0, "cut header": 300, "cut weights": len(good) - 5000}[kind]]


@pytest.mark.parametrize(
    "kind", ["no magic", "version 99", "huge count", "empty", "cut header", "cut weights"]
)
def test_damaged_files(kind: str, path: Path, tmp_path: Path, capfd: Any) -> None:
    bad = tmp_path / "bad.gguf"
    bad.write_bytes(damaged(kind, path.read_bytes()))
    with pytest.raises(ModelError, match=r"bad.gguf.*ownload it again"):
        open_model(f"gguf:{bad}")
    assert capfd.readouterr() == ("", "")


def test_missing_files_and_folders(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="no such file"):
        open_model(f"gguf:{tmp_path / 'none.gguf'}")
    with pytest.raises(ModelError, match="cannot be read"):
        open_model(f"gguf:{tmp_path}")


@pytest.mark.parametrize("query", ["threads=0", "threads=many", "context=0", "gpu_layers=-1"])
def test_options_out_of_range(path: Path, query: str) -> None:
    with pytest.raises(UsageError, match=query.partition("=")[0]):
        open_model(f"gguf:{path}?{query}")


def test_a_closed_model_says_so(path: Path) -> None:
    opened = open_gguf(parse_uri(f"gguf:{path}"))
    opened.close()
    with pytest.raises(ModelError, match="closed"):
        list(opened.answer([Request("hi", 2)]))


def test_nobody_else_on_the_machine_can_ask_it(model: LlamaCpp) -> None:
    address = model._server.listening_address
    assert address.startswith("http://127.0.0.1:")
    asked = urllib.request.Request(
        f"{address}/v1/completions", b'{"prompt": "x"}', {"Content-Type": "application/json"}
    )
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(asked, timeout=10)
    refused.value.close()
    assert refused.value.code == 401


def test_the_engine_is_silent(path: Path) -> None:
    code = (
        "from cladist.models import Request, open_model\n"
        f"model = open_model('gguf:{path}')\n"
        "list(model.answer([Request('hi', 4)]))\n"
        "model.close()\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_without_the_package(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "xllamacpp", None)
    with pytest.raises(MissingExtraError, match=r"cladist\[gguf\]"):
        open_model(f"gguf:{path}")
