"""A tiny Llama with random weights, as a transformers checkpoint and as a GGUF file."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np

VOCABULARY, WIDTH, HIDDEN, LAYERS, HEADS, CONTEXT = 2048, 128, 352, 4, 4, 2048
END = "<|end|>"


def write_checkpoint(folder: Path, texts: Sequence[str], seed: int = 0) -> int:
    """Write safetensors, configuration and a byte-level BPE learned from `texts`.

    Returns the number of parameters. Weights are drawn wide, so that greedy answers do not hang
    on rounding. No token ends an answer, so every answer has the asked length.
    """
    import torch
    import transformers
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY,
        special_tokens=[END],
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    torch.manual_seed(seed)
    config = transformers.LlamaConfig(
        vocab_size=VOCABULARY,
        hidden_size=WIDTH,
        intermediate_size=HIDDEN,
        num_hidden_layers=LAYERS,
        num_attention_heads=HEADS,
        num_key_value_heads=HEADS,
        max_position_embeddings=CONTEXT,
        rms_norm_eps=1e-5,
        rope_parameters={"rope_type": "default", "rope_theta": 10000.0},
        initializer_range=0.2,
        bos_token_id=0,
        eos_token_id=0,
    )
    model = transformers.LlamaForCausalLM(config)
    with torch.no_grad():
        model.lm_head.weight[0] = 0  # the end never wins
    model.save_pretrained(folder)
    transformers.PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token=END).save_pretrained(
        folder
    )
    return int(model.num_parameters())


def write_gguf(folder: Path, path: Path) -> None:
    """The checkpoint in `folder` as one GGUF file, float32, nothing rounded."""
    import gguf
    from safetensors.numpy import load_file

    weights = load_file(folder / "model.safetensors")
    told = json.loads((folder / "tokenizer.json").read_text("utf-8"))["model"]
    tokens = sorted(told["vocab"], key=told["vocab"].__getitem__)
    merges = [m if isinstance(m, str) else " ".join(m) for m in told["merges"]]
    kinds = [gguf.TokenType.CONTROL if t == END else gguf.TokenType.NORMAL for t in tokens]
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_name("tiny")
    writer.add_vocab_size(len(tokens))
    writer.add_context_length(CONTEXT)
    writer.add_embedding_length(WIDTH)
    writer.add_block_count(LAYERS)
    writer.add_feed_forward_length(HIDDEN)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(HEADS)
    writer.add_rope_dimension_count(WIDTH // HEADS)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_file_type(gguf.LlamaFileType.ALL_F32)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("gpt-2")
    writer.add_token_list(tokens)
    writer.add_token_types(kinds)
    writer.add_token_merges(merges)
    writer.add_bos_token_id(0)
    writer.add_eos_token_id(0)
    writer.add_add_bos_token(False)
    for name, data in weights.items():
        writer.add_tensor(_gguf_name(name), _interleaved(name, data))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def _gguf_name(name: str) -> str:
    fixed = {
        "model.embed_tokens.weight": "token_embd.weight",
        "model.norm.weight": "output_norm.weight",
        "lm_head.weight": "output.weight",
    }
    if name in fixed:
        return fixed[name]
    _, _, layer, *part = name.split(".")
    parts = {
        "self_attn.q_proj": "attn_q",
        "self_attn.k_proj": "attn_k",
        "self_attn.v_proj": "attn_v",
        "self_attn.o_proj": "attn_output",
        "mlp.gate_proj": "ffn_gate",
        "mlp.up_proj": "ffn_up",
        "mlp.down_proj": "ffn_down",
        "input_layernorm": "attn_norm",
        "post_attention_layernorm": "ffn_norm",
    }
    return f"blk.{layer}.{parts['.'.join(part[:-1])]}.weight"


def _interleaved(name: str, data: np.ndarray) -> np.ndarray:
    """llama.cpp rotates neighbouring pairs of coordinates, transformers the two halves."""
    if not name.endswith(("q_proj.weight", "k_proj.weight")):
        return data
    halves = data.reshape(HEADS, 2, WIDTH // HEADS // 2, WIDTH)
    return np.ascontiguousarray(halves.swapaxes(1, 2).reshape(WIDTH, WIDTH))
