"""Llama models of the lab as GGUF F16, which every engine reads."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

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
    """Write a Llama with tied embeddings: matrices as F16, norm vectors as F32.

    Raises `MissingExtraError` without the package gguf, `OSError` when the disk is full.
    """
    try:
        import gguf
    except ImportError as error:
        raise MissingExtraError("Writing GGUF files", "gguf") from error
    config = loaded.model.config
    heads = int(config.num_attention_heads)
    tokenizer = json.loads(loaded.tokenizer.backend_tokenizer.to_str())
    known: dict[str, int] = dict(tokenizer["model"]["vocab"])
    added = {t["content"]: int(t["id"]) for t in tokenizer["added_tokens"]}
    known.update(added)
    special = {t["content"] for t in tokenizer["added_tokens"] if t["special"]}
    order = sorted(known, key=known.__getitem__)
    types = gguf.TokenType
    writer = gguf.GGUFWriter(path, "llama")
    try:
        writer.add_name(name)
        writer.add_vocab_size(len(order))
        writer.add_context_length(config.max_position_embeddings)
        writer.add_embedding_length(config.hidden_size)
        writer.add_block_count(config.num_hidden_layers)
        writer.add_feed_forward_length(config.intermediate_size)
        writer.add_head_count(heads)
        writer.add_head_count_kv(int(config.num_key_value_heads))
        writer.add_rope_dimension_count(config.hidden_size // heads)
        writer.add_rope_freq_base(float(config.rope_parameters["rope_theta"]))
        writer.add_layer_norm_rms_eps(config.rms_norm_eps)
        writer.add_file_type(gguf.LlamaFileType.MOSTLY_F16)
        writer.add_tokenizer_model("gpt2")
        writer.add_tokenizer_pre("gpt-2")
        writer.add_token_list(order)
        writer.add_token_types(
            [
                types.CONTROL
                if t in special
                else types.USER_DEFINED
                if t in added
                else types.NORMAL
                for t in order
            ]
        )
        merges = [m if isinstance(m, str) else " ".join(m) for m in tokenizer["model"]["merges"]]
        # A tokenizer of bytes alone has none, and readers want a list that is not empty or none.
        if merges:
            writer.add_token_merges(merges)
        for add in (writer.add_bos_token_id, writer.add_eos_token_id):
            add(0)
        writer.add_add_bos_token(False)
        for key, weight in _tensors(loaded, heads):
            writer.add_tensor(key, weight.astype(np.float16) if weight.ndim == 2 else weight)
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()
    finally:
        writer.close()


def _tensors(loaded: Loaded, heads: int) -> Iterator[tuple[str, NDArray[np.float32]]]:
    """Weights under GGUF's names; query and key rows in the interleaved rotary order."""
    state = {k: v.detach().numpy() for k, v in loaded.model.state_dict().items()}
    yield "token_embd.weight", state["model.embed_tokens.weight"]
    for layer in range(loaded.model.config.num_hidden_layers):
        for theirs, ours in _NAMES.items():
            weight = state[f"model.layers.{layer}.{theirs}.weight"]
            if ours in ("attn_q", "attn_k"):
                rows, columns = weight.shape
                by_head = weight.reshape(heads, 2, rows // heads // 2, columns)
                weight = by_head.swapaxes(1, 2).reshape(rows, columns)
            yield f"blk.{layer}.{ours}.weight", np.ascontiguousarray(weight)
    yield "output_norm.weight", state["model.norm.weight"]
