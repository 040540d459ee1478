"""Model URIs and the look-up of backends by scheme."""

from __future__ import annotations

from importlib import import_module

import pytest

from cladist.errors import UsageError
from cladist.models import SCHEMES, open_model, parse_uri


def test_all_parts() -> None:
    uri = parse_uri("GGUF:dir/a:b.gguf?threads=2&system=Be+brief%21#nice name")
    assert (uri.scheme, uri.target, uri.name) == ("gguf", "dir/a:b.gguf", "nice name")
    assert uri.options == {"threads": "2", "system": "Be brief!"}
    assert uri.option("threads") == "2"
    assert uri.option("context", "7") == "7"


def test_an_endpoint_keeps_its_address() -> None:
    assert parse_uri("openai:m@http://127.0.0.1:80/v1").target == "m@http://127.0.0.1:80/v1"


@pytest.mark.parametrize("text", ["", "model.gguf", ":x", "gguf:", "gguf:?threads=1", "hf:#n"])
def test_no_uri(text: str) -> None:
    with pytest.raises(UsageError):
        parse_uri(text)


def test_unknown_scheme_lists_the_known() -> None:
    with pytest.raises(UsageError, match=r"unknown scheme 'onnx'.*gguf, hf"):
        open_model("onnx:model")


def test_only_names_the_wrong_option_and_the_known_ones() -> None:
    uri = parse_uri("gguf:a?treads=1&system=x")
    with pytest.raises(UsageError, match="unknown option treads; gguf knows threads, system"):
        uri.only("threads")
    parse_uri("gguf:a?threads=1&system=x&temperature=1&top_p=1").only("threads")


@pytest.mark.parametrize("scheme", sorted(SCHEMES))
def test_every_scheme_can_be_opened(scheme: str) -> None:
    assert callable(import_module(SCHEMES[scheme]).open_uri)
