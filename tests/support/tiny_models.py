"""Real models with random weights, small enough to be made anew by the tests that need them.

Weights are drawn wide, so that the best next token wins by a margin that rounding cannot turn.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

TEMPLATE = (
    "{% for m in messages %}<{{ m['role'] }}>{{ m['content'] }}\n{% endfor %}"
    "{% if add_generation_prompt %}<assistant>{% endif %}"
)
END = "<|end|>"
WIDTH, HIDDEN, HEADS, LAYERS, CONTEXT = 32, 64, 2, 2, 512


def byte_symbols() -> list[str]:
    """The printable stand-ins of the 256 bytes in byte-level BPE, in byte order."""
    plain = [*range(33, 127), *range(161, 173), *range(174, 256)]
    spare = iter(range(256, 512))
    return [chr(b) if b in plain else chr(next(spare)) for b in range(256)]


def vocabulary() -> list[str]:
    """The end token, the 256 bytes in byte order, and one merged token (llama.cpp wants one)."""
    return [END, *byte_symbols(), "th"]


def write_gguf(
    path: Path,
    seed: int = 0,
    template: str = TEMPLATE,
    name: str = "random",
    context: int = CONTEXT,
) -> Path:
    """A two-layer Llama over bytes, F32."""
    import gguf

    draw = np.random.default_rng(seed)
    tokens = vocabulary()
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_name(name)
    writer.add_vocab_size(len(tokens))
    writer.add_context_length(context)
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
    writer.add_token_types([gguf.TokenType.CONTROL] + [gguf.TokenType.NORMAL] * 257)
    writer.add_token_merges(["t h"])
    writer.add_bos_token_id(0)
    writer.add_eos_token_id(0)
    writer.add_add_bos_token(False)
    if template:
        writer.add_chat_template(template)

    def matrix(rows: int, columns: int) -> Any:
        return draw.normal(0, 3 / np.sqrt(columns), (rows, columns)).astype(np.float32)

    ones = np.ones(WIDTH, dtype=np.float32)
    writer.add_tensor("token_embd.weight", matrix(len(tokens), WIDTH))
    writer.add_tensor("output_norm.weight", ones)
    head = matrix(len(tokens), WIDTH)
    head[128:] = 0  # bytes from 128 on hardly win: answers stay readable UTF-8
    writer.add_tensor("output.weight", head)
    for layer in range(LAYERS):
        for part in ("attn_q", "attn_k", "attn_v", "attn_output"):
            writer.add_tensor(f"blk.{layer}.{part}.weight", matrix(WIDTH, WIDTH))
        writer.add_tensor(f"blk.{layer}.attn_norm.weight", ones)
        writer.add_tensor(f"blk.{layer}.ffn_norm.weight", ones)
        writer.add_tensor(f"blk.{layer}.ffn_gate.weight", matrix(HIDDEN, WIDTH))
        writer.add_tensor(f"blk.{layer}.ffn_up.weight", matrix(HIDDEN, WIDTH))
        writer.add_tensor(f"blk.{layer}.ffn_down.weight", matrix(WIDTH, HIDDEN))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def byte_tokenizer() -> Any:
    """The tokenizer of `vocabulary`, as the `tokenizers` library has it."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers

    # Byte-level BPE; byte b has the number b + 1.
    tokenizer = Tokenizer(models.BPE({t: i for i, t in enumerate(vocabulary())}, [("t", "h")]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    return tokenizer


def write_checkpoint(
    folder: Path, kind: str = "llama", seed: int = 0, template: str = TEMPLATE
) -> Path:
    """A checkpoint folder as transformers saves it; kind is 'llama', 'gpt2' or 't5'."""
    import torch
    import transformers as tf

    fast = tf.PreTrainedTokenizerFast(tokenizer_object=byte_tokenizer(), eos_token=END)
    if template:
        fast.chat_template = template
    fast.save_pretrained(folder)
    ids = {"bos_token_id": 0, "eos_token_id": 0, "vocab_size": 258}
    if kind == "llama":
        config: Any = tf.LlamaConfig(
            hidden_size=WIDTH,
            intermediate_size=HIDDEN,
            num_hidden_layers=LAYERS,
            num_attention_heads=HEADS,
            max_position_embeddings=CONTEXT,
            **ids,
        )
        made = tf.LlamaForCausalLM
    elif kind == "gpt2":
        config = tf.GPT2Config(
            n_embd=WIDTH, n_layer=LAYERS, n_head=HEADS, n_positions=CONTEXT, **ids
        )
        made = tf.GPT2LMHeadModel
    else:
        config = tf.T5Config(
            d_model=WIDTH,
            d_ff=HIDDEN,
            d_kv=WIDTH // HEADS,
            num_layers=LAYERS,
            num_heads=HEADS,
            decoder_start_token_id=0,
            pad_token_id=0,
            tie_word_embeddings=False,
            **ids,
        )
        made = tf.T5ForConditionalGeneration
    with torch.random.fork_rng(), torch.no_grad():
        torch.manual_seed(seed)
        model = made(config)
        for name, weight in model.named_parameters():
            if weight.ndim == 2 and "relative_attention_bias" not in name:
                weight.normal_(0, 3 / weight.shape[-1] ** 0.5)
        head = model.get_output_embeddings().weight
        if kind != "gpt2":
            head[128:] = 0
    model.save_pretrained(folder)
    return folder
