"""Llama models of the lab as GGUF F16, which every engine reads."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cladist.errors import MissingExtraError
from cladist.lab.store import Loaded

_NAMES = {
    "input_layernorm": "attn_norm",
    "post_attention_layernorm": "ffn_norm",
    "self_attn.q_proj": "attn_q",
    "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output",
    "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
}


def write_gguf(path: Path, loaded: Loaded, name: str) -> None:
    """Write a Llama: matrices as F16, norm vectors as F32.

    Raises `MissingExtraError` without the package gguf, `OSError` when the disk is full.
    """
    try:
        import gguf
    except ImportError as error:
        raise MissingExtraError("Writing GGUF files", "gguf") from error
    writer = gguf.GGUFWriter(path, "llama")
    try:
        _settings(writer, loaded.model.config, name)
        _vocabulary(writer, loaded)
        writer.add_file_type(gguf.LlamaFileType.MOSTLY_F16)
        for key, weight in _tensors(loaded):
            writer.add_tensor(key, weight.astype(np.float16) if weight.ndim == 2 else weight)
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()
    finally:
        writer.close()


def _settings(writer: Any, config: Any, name: str) -> None:
    """The shape of a Llama."""
    heads = int(config.num_attention_heads)
    writer.add_name(name)
    writer.add_context_length(config.max_position_embeddings)
    writer.add_embedding_length(config.hidden_size)
    writer.add_block_count(config.num_hidden_layers)
    writer.add_feed_forward_length(config.intermediate_size)
    writer.add_head_count(heads)
    writer.add_head_count_kv(int(config.num_key_value_heads))
    writer.add_rope_dimension_count(config.hidden_size // heads)
    writer.add_rope_freq_base(float(config.rope_parameters["rope_theta"]))
    writer.add_layer_norm_rms_eps(config.rms_norm_eps)


def _vocabulary(writer: Any, loaded: Loaded) -> None:
    """A token for every row of the embeddings: what the tokenizer knows beyond them is left out,
    as no model can say it, and rows beyond the tokenizer get names that stand for nothing."""
    import gguf

    types = gguf.TokenType
    rows = int(loaded.model.get_input_embeddings().weight.shape[0])
    tokenizer = json.loads(loaded.tokenizer.backend_tokenizer.to_str())
    added = {int(t["id"]): t for t in tokenizer["added_tokens"]}
    known = {int(number): text for text, number in tokenizer["model"]["vocab"].items()}
    known.update({number: str(t["content"]) for number, t in added.items()})
    writer.add_vocab_size(rows)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("gpt-2")
    writer.add_token_list([known.get(number, f"[PAD{number}]") for number in range(rows)])
    writer.add_token_types(
        [
            types.UNUSED
            if number not in known
            else types.NORMAL
            if number not in added
            else types.CONTROL
            if added[number]["special"]
            else types.USER_DEFINED
            for number in range(rows)
        ]
    )
    merges = [m if isinstance(m, str) else " ".join(m) for m in tokenizer["model"]["merges"]]
    # A tokenizer of bytes alone has none, and readers want a list that is not empty or none.
    if merges:
        writer.add_token_merges(merges)
    config = loaded.model.config
    for add, number in (
        (writer.add_bos_token_id, config.bos_token_id),
        (writer.add_eos_token_id, config.eos_token_id),
    ):
        first = number[0] if isinstance(number, list) else number
        add(0 if first is None else int(first))
    writer.add_add_bos_token(False)


def _interleaved(weight: NDArray[np.float32], heads: int) -> NDArray[np.float32]:
    """Rows of each head in the interleaved rotary order that GGUF has."""
    rows, columns = weight.shape
    by_head = weight.reshape(heads, 2, rows // heads // 2, columns)
    return np.ascontiguousarray(by_head.swapaxes(1, 2).reshape(rows, columns))


def _tensors(loaded: Loaded) -> Iterator[tuple[str, NDArray[np.float32]]]:
    """Weights under GGUF's names; keys may have fewer heads than queries."""
    config = loaded.model.config
    heads = {"attn_q": config.num_attention_heads, "attn_k": config.num_key_value_heads}
    state = {k: v.detach().numpy() for k, v in loaded.model.state_dict().items()}
    yield "token_embd.weight", state["model.embed_tokens.weight"]
    for layer in range(config.num_hidden_layers):
        for theirs, ours in _NAMES.items():
            weight = state[f"model.layers.{layer}.{theirs}.weight"]
            if ours in heads:
                weight = _interleaved(weight, int(heads[ours]))
            yield f"blk.{layer}.{ours}.weight", np.ascontiguousarray(weight)
    yield "output_norm.weight", state["model.norm.weight"]
    if not config.tie_word_embeddings:
        yield "output.weight", state["lm_head.weight"]
