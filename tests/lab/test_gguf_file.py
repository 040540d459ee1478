"""GGUF files of bred models: what any reader makes of them is the model that was written."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch", reason="the lab trains with torch")
pytest.importorskip("gguf", reason="the lab writes GGUF files")

from cladist.lab.gguf_file import write_gguf  # noqa: E402
from cladist.lab.store import Loaded, load_gguf  # noqa: E402
from cladist.lab.tokens import learn_tokenizer  # noqa: E402

TEXT = ["the old fox saw the red hat. my wet bee ate no oak."] * 4
ROWS = 270


def loaded(*, rows: int = ROWS, more_tokens: int = 0, **shape: Any) -> Loaded:
    from transformers import LlamaConfig, LlamaForCausalLM

    torch.manual_seed(3)
    config = LlamaConfig(
        **{
            "vocab_size": rows,
            "hidden_size": 64,
            "intermediate_size": 96,
            "num_hidden_layers": 2,
            "num_attention_heads": 4,
            "num_key_value_heads": 2,
            "max_position_embeddings": 64,
            "tie_word_embeddings": True,
            "bos_token_id": 0,
            "eos_token_id": 0,
            **shape,
        }
    )
    tokenizer = learn_tokenizer(TEXT, ROWS)
    tokenizer.add_tokens([f"<more-{k}>" for k in range(more_tokens)])
    return Loaded("x", "llama", LlamaForCausalLM(config).eval(), tokenizer)


def scores(model: Any) -> Any:
    with torch.no_grad():
        return model(torch.arange(5, 25)[None]).logits[0]


@pytest.mark.parametrize("heads", [1, 2, 4])
@pytest.mark.parametrize("tied", [True, False])
def test_what_was_written_is_read_again(tmp_path: Path, heads: int, tied: bool) -> None:
    one = loaded(num_key_value_heads=heads, tie_word_embeddings=tied)
    write_gguf(tmp_path / "x.gguf", one, "x")
    model, _ = load_gguf(tmp_path / "x.gguf")
    assert torch.allclose(scores(one.model), scores(model), atol=3e-3)


@pytest.mark.parametrize(("rows", "more"), [(ROWS, 1), (ROWS, 0), (ROWS + 8, 0), (ROWS + 8, 3)])
def test_there_are_as_many_tokens_as_embeddings(tmp_path: Path, rows: int, more: int) -> None:
    from gguf import GGUFReader

    one = loaded(rows=rows, more_tokens=more)
    write_gguf(tmp_path / "x.gguf", one, "x")
    fields = GGUFReader(tmp_path / "x.gguf").fields
    assert len(fields["tokenizer.ggml.tokens"].data) == rows
    assert len(fields["tokenizer.ggml.token_type"].data) == rows
    model, _ = load_gguf(tmp_path / "x.gguf")
    assert torch.allclose(scores(one.model), scores(model), atol=3e-3)


def test_llama_cpp_reads_the_same_function(tmp_path: Path) -> None:
    pytest.importorskip("xllamacpp", reason="xllamacpp is not installed")
    from cladist.core.next_token import Context, next_byte
    from cladist.models import open_model
    from cladist.models._generation import Checkpointed
    from cladist.models.base import Identity

    one = loaded(more_tokens=1)
    write_gguf(tmp_path / "x.gguf", one, "x")
    ours = Checkpointed(Identity("x", "x", "x"), frozenset({"raw"}), 4, one.tokenizer, one.model)
    theirs: Any = open_model(f"gguf:{tmp_path / 'x.gguf'}")
    try:
        asked = [Context("the old fox"), Context("my wet"), Context("no oak. the")]
        for (_, a), (_, b) in zip(
            sorted(ours.next_tokens(asked)), sorted(theirs.next_tokens(asked)), strict=True
        ):
            assert next_byte(a).mass == pytest.approx(next_byte(b).mass, abs=2e-3)
    finally:
        theirs.close()
