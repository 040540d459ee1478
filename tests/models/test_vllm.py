"""vLLM, against a stand-in for its module: what reaches it and what is made of its answers."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from fake_vllm import fake_module

from cladist.core.responses import State
from cladist.errors import MissingExtraError, ModelError
from cladist.models import Request, open_model, parse_uri
from cladist.models.vllm import open_uri as open_vllm


@pytest.fixture
def module(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    fake = fake_module()
    monkeypatch.setitem(sys.modules, "vllm", fake)
    return fake


@pytest.fixture
def uri(tmp_path: Path) -> str:
    (tmp_path / "model.safetensors").write_bytes(b"weights")
    return f"vllm:{tmp_path}"


def test_the_engine_is_started_safely_and_repeatably(module: ModuleType, uri: str) -> None:
    options = open_vllm(parse_uri(f"{uri}?context=512&gpus=2"))._engine.options
    wanted = {"trust_remote_code": False, "load_format": "safetensors", "seed": 0}
    assert wanted.items() <= options.items()
    assert options["generation_config"] == "vllm"
    assert (options["max_model_len"], options["tensor_parallel_size"]) == (512, 2)
    assert (options["dtype"], options["enable_prefix_caching"]) == ("bfloat16", False)


def test_both_interfaces_in_one_call(module: ModuleType, uri: str) -> None:
    model = open_vllm(parse_uri(uri))
    requests = [
        Request("a", 4, system="s"),
        Request("b", 20, interface="chat", system="s"),
        Request("c", 4),
    ]
    answers = dict(model.answer(requests))
    talk = [{"role": "system", "content": "s"}, {"role": "user", "content": "b"}]
    assert model._engine.calls == [("generate", ["s\n\na", "c"]), ("chat", [talk])]
    assert [answers[i].state for i in range(3)] == [State.TRUNCATED, State.OK, State.TRUNCATED]
    assert answers[0].tokens == 4


def test_one_refused_prompt_does_not_spoil_the_others(module: ModuleType, uri: str) -> None:
    model = open_vllm(parse_uri(uri))
    answers = dict(model.answer([Request("word " * 3000, 4), Request("b", 4)]))
    assert "model length" in answers[0].detail
    assert answers[1].usable


def test_an_aborted_answer_is_an_error(module: ModuleType, uri: str) -> None:
    model = open_vllm(parse_uri(uri))
    cut = SimpleNamespace(text="hal", token_ids=[1], finish_reason="abort")
    model._engine.generate = lambda *_, **__: [SimpleNamespace(outputs=[cut])]
    ((_, response),) = model.answer([Request("a", 4)])
    assert response.state is State.ERROR
    assert "abort" in response.detail


def test_a_model_that_cannot_be_loaded(
    module: Any, uri: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(**_: Any) -> Any:
        raise ValueError("No supported architecture")

    monkeypatch.setattr(module, "LLM", refuse)
    with pytest.raises(ModelError, match="No supported architecture"):
        open_model(uri)


def test_settings_are_part_of_the_identity(module: ModuleType, uri: str) -> None:
    prints = {open_vllm(parse_uri(f"{uri}?dtype={d}")).identity.fingerprint for d in
              ("bfloat16", "float32")}  # fmt: skip
    assert len(prints) == 2


def test_without_the_package(uri: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "vllm", None)
    with pytest.raises(MissingExtraError, match=r"cladist\[vllm\]"):
        open_model(uri)
