"""Untrained models of every architecture, and where their layers lie."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch
import transformers

from cladist.lab.plan import Founder

_t: Any = transformers  # its types are partial

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
    special = {"bos_token_id": 0, "eos_token_id": 0, "pad_token_id": 0}
    common: dict[str, Any] = {"vocab_size": vocabulary, "tie_word_embeddings": True, **special}
    return _BUILDERS.get(founder.architecture, _t5)(founder, common)


def _usual(founder: Founder, common: Mapping[str, Any]) -> dict[str, Any]:
    """Settings that most architectures name alike."""
    return {
        **common,
        "hidden_size": founder.width,
        "num_hidden_layers": founder.layers,
        "num_attention_heads": founder.heads,
        "max_position_embeddings": CONTEXT,
    }


def _gated(founder: Founder) -> int:
    """Width of a gated feed-forward layer."""
    return -(-founder.width * 11 // 4 // 32) * 32


def _llama(founder: Founder, common: Mapping[str, Any]) -> Any:
    config = _t.LlamaConfig(**_usual(founder, common), intermediate_size=_gated(founder))
    return _t.LlamaForCausalLM(config)


def _qwen2(founder: Founder, common: Mapping[str, Any]) -> Any:
    config = _t.Qwen2Config(
        **_usual(founder, common),
        intermediate_size=_gated(founder),
        num_key_value_heads=max(1, founder.heads // 2),
    )
    return _t.Qwen2ForCausalLM(config)


def _qwen3(founder: Founder, common: Mapping[str, Any]) -> Any:
    config = _t.Qwen3Config(
        **_usual(founder, common),
        intermediate_size=_gated(founder),
        num_key_value_heads=max(1, founder.heads // 2),
        head_dim=founder.width // founder.heads,
    )
    return _t.Qwen3ForCausalLM(config)


def _gpt_neox(founder: Founder, common: Mapping[str, Any]) -> Any:
    config = _t.GPTNeoXConfig(**_usual(founder, common), intermediate_size=4 * founder.width)
    return _t.GPTNeoXForCausalLM(config)


def _gpt2(founder: Founder, common: Mapping[str, Any]) -> Any:
    config = _t.GPT2Config(
        **common,
        n_embd=founder.width,
        n_layer=founder.layers,
        n_head=founder.heads,
        n_positions=CONTEXT,
        resid_pdrop=0.0,
        embd_pdrop=0.0,
        attn_pdrop=0.0,
    )
    return _t.GPT2LMHeadModel(config)


def _mamba2(founder: Founder, common: Mapping[str, Any]) -> Any:
    config = _t.Mamba2Config(
        **common,
        hidden_size=founder.width,
        num_hidden_layers=founder.layers,
        state_size=16,
        expand=2,
        head_dim=2 * founder.width // founder.heads,
        num_heads=founder.heads,
        n_groups=1,
        chunk_size=32,
    )
    return _t.Mamba2ForCausalLM(config)


def _t5(founder: Founder, common: Mapping[str, Any]) -> Any:
    config = _t.T5Config(
        **common,
        d_model=founder.width,
        d_kv=founder.width // founder.heads,
        d_ff=2 * founder.width,
        num_layers=founder.layers,
        num_decoder_layers=founder.layers,
        num_heads=founder.heads,
        dropout_rate=0.0,
        decoder_start_token_id=0,
        feed_forward_proj="gated-gelu",
    )
    return _t.T5ForConditionalGeneration(config)


_BUILDERS: Mapping[str, Callable[[Founder, Mapping[str, Any]], Any]] = {
    "llama": _llama,
    "qwen2": _qwen2,
    "qwen3": _qwen3,
    "gpt-neox": _gpt_neox,
    "gpt2": _gpt2,
    "mamba2": _mamba2,
}
"""What builds a model, by architecture; all others are encoder-decoders."""


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
