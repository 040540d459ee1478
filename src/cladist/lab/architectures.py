"""Untrained models of every architecture, and where their layers lie."""

from __future__ import annotations

from typing import Any

import torch
import transformers

from cladist.lab.plan import Founder

CONTEXT = 512
"""Tokens that learnt or rotary positions reach; most probes are far shorter."""

LAYERS = {
    "llama": "model.layers",
    "gpt2": "transformer.h",
    "qwen2": "model.layers",
    "qwen3": "model.layers",
    "gpt-neox": "gpt_neox.layers",
    "mamba2": "backbone.layers",
}
"""Prefix of the names of the layers' tensors, by architecture."""


def fresh_model(founder: Founder, vocabulary: int, seed: int) -> Any:
    """An untrained float32 model of the founder's shape, drawn from `seed`."""
    torch.manual_seed(seed)
    width, layers, heads = founder.width, founder.layers, founder.heads
    special = {"bos_token_id": 0, "eos_token_id": 0, "pad_token_id": 0}
    common: dict[str, Any] = {"vocab_size": vocabulary, "tie_word_embeddings": True, **special}
    gated = -(-width * 11 // 4 // 32) * 32
    usual = {
        **common,
        "hidden_size": width,
        "num_hidden_layers": layers,
        "num_attention_heads": heads,
        "max_position_embeddings": CONTEXT,
    }
    t: Any = transformers  # its types are partial
    if founder.architecture == "llama":
        return t.LlamaForCausalLM(t.LlamaConfig(**usual, intermediate_size=gated))
    if founder.architecture == "qwen2":
        config = t.Qwen2Config(
            **usual, intermediate_size=gated, num_key_value_heads=max(1, heads // 2)
        )
        return t.Qwen2ForCausalLM(config)
    if founder.architecture == "qwen3":
        config = t.Qwen3Config(
            **usual,
            intermediate_size=gated,
            num_key_value_heads=max(1, heads // 2),
            head_dim=width // heads,
        )
        return t.Qwen3ForCausalLM(config)
    if founder.architecture == "gpt-neox":
        return t.GPTNeoXForCausalLM(t.GPTNeoXConfig(**usual, intermediate_size=4 * width))
    if founder.architecture == "gpt2":
        config = t.GPT2Config(
            **common,
            n_embd=width,
            n_layer=layers,
            n_head=heads,
            n_positions=CONTEXT,
            resid_pdrop=0.0,
            embd_pdrop=0.0,
            attn_pdrop=0.0,
        )
        return t.GPT2LMHeadModel(config)
    if founder.architecture == "mamba2":
        config = t.Mamba2Config(
            **common,
            hidden_size=width,
            num_hidden_layers=layers,
            state_size=16,
            expand=2,
            head_dim=2 * width // heads,
            num_heads=heads,
            n_groups=1,
            chunk_size=32,
        )
        return t.Mamba2ForCausalLM(config)
    config = t.T5Config(
        **common,
        d_model=width,
        d_kv=width // heads,
        d_ff=2 * width,
        num_layers=layers,
        num_decoder_layers=layers,
        num_heads=heads,
        dropout_rate=0.0,
        decoder_start_token_id=0,
        feed_forward_proj="gated-gelu",
    )
    return t.T5ForConditionalGeneration(config)


def layer_count(model: Any) -> int:
    """Layers of a model with one stack."""
    return int(model.config.num_hidden_layers)


def with_layers(model: Any, architecture: str, chosen: list[int]) -> Any:
    """A model of the layers `chosen` of another, in that order; one may come twice."""
    prefix = LAYERS[architecture] + "."
    config = type(model.config).from_dict(model.config.to_dict())
    config.num_hidden_layers = len(chosen)
    # Some configurations name the kind of every layer; here all are of one kind.
    if "layer_types" in config.to_dict() and config.layer_types:
        config.layer_types = [model.config.layer_types[k] for k in chosen]
    made = type(model)(config)
    old = model.state_dict()
    new = {k: v for k, v in old.items() if not k.startswith(prefix)}
    for place, layer in enumerate(chosen):
        own = f"{prefix}{layer}."
        new.update(
            {f"{prefix}{place}.{k[len(own) :]}": v for k, v in old.items() if k.startswith(own)}
        )
    made.load_state_dict(new)
    return made
