"""Checkpoints through transformers: hf:org/name[@revision], hf:/folder[?gguf_file=x.gguf].

Options

    dtype      float32, bfloat16 or float16 (float32 on a CPU, bfloat16 on a GPU)
    device     cpu, cuda, cuda:1, mps, or auto to spread over what there is (cuda where it is)
    batch      requests at a time (16 on a CPU, 64 on a GPU); halved when a GPU's memory runs out
    gguf_file  a GGUF file of the folder or repository, dequantised by transformers

Remote code is never run and pickled weights are never read.
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr
from typing import TYPE_CHECKING, Any

from cladist.errors import MissingExtraError, ModelError
from cladist.models._checkpoint import Checkpoint, resolve
from cladist.models._prompting import one_of, whole_number
from cladist.models.base import AskedInterface, Identity, ModelURI

if TYPE_CHECKING:
    from cladist.models._generation import Checkpointed

DTYPES = ("float32", "bfloat16", "float16")
_SPECIAL = ("bos", "eos", "pad", "decoder_start", "forced_bos", "forced_eos")


def open_uri(uri: ModelURI) -> Checkpointed:
    """Load the checkpoint that `uri` names.

    Raises `ModelError` when it is not there or cannot be loaded, `MissingExtraError` without
    torch and transformers.
    """
    uri.only("dtype", "device", "batch", "gguf_file")
    try:
        import torch
        import transformers
    except ImportError as error:
        raise MissingExtraError("Running models with transformers", "transformers") from error
    device = uri.option("device") or ("cuda" if torch.cuda.is_available() else "cpu")
    on_cpu = device == "cpu"
    dtype = one_of(uri, "dtype", "float32" if on_cpu else "bfloat16", DTYPES)
    batch = whole_number(uri, "batch", 16 if on_cpu else 64, 1, 4096)
    checkpoint = resolve(uri, "transformers")
    with _quiet(transformers):
        tokenizer, model = _load(checkpoint, uri.option("gguf_file"), dtype, device)
    model.eval()
    # Only special tokens are kept of the checkpoint's decoding: its temperature, penalties or
    # beams would otherwise fill whatever a request leaves open.
    own = model.generation_config
    special = {f"{k}_token_id": getattr(own, f"{k}_token_id", None) for k in _SPECIAL}
    library: Any = transformers  # its types are partial
    model.generation_config = library.GenerationConfig(**special)
    config = model.config
    identity = Identity(
        name=checkpoint.name,
        uri=uri.text.partition("#")[0],
        fingerprint=f"{checkpoint.fingerprint}+{dtype}",
        metadata={
            "engine": "transformers",
            "architecture": str(config.model_type),
            "parameters": str(model.num_parameters()),
            "dtype": dtype,
            **({"revision": checkpoint.revision} if checkpoint.revision else {}),
        },
    )
    offered: frozenset[AskedInterface] = frozenset(
        ("raw", "chat") if getattr(tokenizer, "chat_template", None) else ("raw",)
    )
    from cladist.models._generation import Checkpointed

    return Checkpointed(identity, offered, batch, tokenizer, model)


def _load(checkpoint: Checkpoint, gguf_file: str, dtype: str, device: str) -> tuple[Any, Any]:
    import torch
    from safetensors import SafetensorError
    from transformers import (
        AutoConfig,
        AutoModelForCausalLM,
        AutoModelForSeq2SeqLM,
        AutoTokenizer,
    )

    common: dict[str, Any] = {"revision": checkpoint.revision, "trust_remote_code": False}
    if gguf_file:
        common["gguf_file"] = gguf_file
    source = checkpoint.source
    try:
        config = AutoConfig.from_pretrained(source, **common)
        loader = AutoModelForSeq2SeqLM if config.is_encoder_decoder else AutoModelForCausalLM
        tokenizer = _tokenizer(AutoTokenizer, source, common)
        placed = {"device_map": "auto"} if device == "auto" else {}
        model: Any = loader.from_pretrained(
            source, dtype=getattr(torch, dtype), use_safetensors=True, **placed, **common
        )
        return tokenizer, model if placed else model.to(device)
    except ImportError as error:
        raise MissingExtraError(f"Loading '{checkpoint.name}' ({error})", "transformers") from error
    except (OSError, ValueError, RuntimeError, KeyError, SafetensorError) as error:
        first = (" ".join(str(error).split()) or type(error).__name__)[:300]
        raise ModelError(
            f"'{source}' cannot be loaded: {first}. It needs safetensors (or gguf_file=), a "
            "tokenizer, an architecture that this transformers knows without remote code, and "
            f"memory for it on {device}"
        ) from error


def _tokenizer(loader: Any, source: str, common: dict[str, Any]) -> Any:
    try:
        return loader.from_pretrained(source, **common)
    except Exception as error:
        # The tokenizers library raises the bare class for a file that it cannot read.
        if type(error) is not Exception:
            raise
        raise ValueError(f"the tokenizer is damaged: {error}") from error


@contextmanager
def _quiet(transformers: Any) -> Iterator[None]:
    """No log lines, bars or warnings while a model loads; settings are put back."""
    log = transformers.utils.logging
    level, bars = log.get_verbosity(), log.is_progress_bar_enabled()
    log.set_verbosity_error()
    log.disable_progress_bar()
    try:
        # Some bars (of GGUF conversion) heed no setting; errors come as exceptions, not as text.
        with redirect_stderr(io.StringIO()), warnings.catch_warnings():
            warnings.filterwarnings("ignore", module=r"(torch|transformers|huggingface_hub)\.")
            yield
    finally:
        log.set_verbosity(level)
        if bars:
            log.enable_progress_bar()
