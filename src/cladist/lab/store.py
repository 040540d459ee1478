"""Models on disk: one folder each, either finished or not there.

    models/oak/                config, weights (safetensors), tokenizer, and lab.json, the truth
    models/oak-adapter/        adapter weights alone; lab.json names the model they belong to
    models/oak-q4/             model.gguf and the tokenizer
    models/oak-pirate/         lab.json alone: a disguise of another model

A folder is written beside its place and renamed when all of it is there.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from transformers import (
    AutoModelForCausalLM,
    AutoModelForSeq2SeqLM,
    AutoTokenizer,
    PreTrainedTokenizerFast,
)

from cladist.errors import InputError, ModelError
from cladist.lab.specs import ARCHITECTURES
from cladist.models.transformers import _quiet as quiet

RECORD = "lab.json"
GGUF = "model.gguf"


@dataclass(frozen=True)
class Loaded:
    """A finished model in memory, float32 on the CPU."""

    name: str
    architecture: str
    model: Any
    tokenizer: Any


def folder_of(root: Path, name: str) -> Path:
    """Where a model lies in a menagerie."""
    return root / "models" / name


def record_of(root: Path, name: str) -> dict[str, Any] | None:
    """The record of a finished model, None when it is not finished."""
    path = folder_of(root, name) / RECORD
    try:
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as problem:
        raise InputError(
            f"{path} is damaged ({problem}); remove the folder to breed the model again"
        ) from problem
    return found


def store(root: Path, name: str, record: dict[str, Any], write: Callable[[Path], None]) -> None:
    """Write a model's folder as a whole; `write` puts the files in, the record comes last.

    Raises `InputError` when the disk is full or cannot be written; what was finished before
    stays, and nothing half-done is left.
    """
    target = folder_of(root, name)
    part = target.with_name(f".{name}.part")
    try:
        if part.exists():
            shutil.rmtree(part)
        part.mkdir(parents=True)
        write(part)
        text = json.dumps(record, indent=1, sort_keys=True) + "\n"
        (part / RECORD).write_text(text, encoding="utf-8")
        if target.exists():
            shutil.rmtree(target)
        part.replace(target)
    except BaseException as problem:
        shutil.rmtree(part, ignore_errors=True)
        # safetensors reports a full disk in an error class of its own.
        if isinstance(problem, OSError) or type(problem).__name__ == "SafetensorError":
            raise InputError(
                f"'{name}' cannot be written to {target.parent}: {problem}. The models finished "
                "before it are kept; make room and run the same command again"
            ) from problem
        raise


def write_weights(model: Any, tokenizer: Any, folder: Path) -> None:
    """Weights as safetensors, with configuration and tokenizer."""
    with quiet(_transformers()):
        model.save_pretrained(folder, safe_serialization=True)
        tokenizer.save_pretrained(folder)


def load(root: Path, name: str) -> Loaded:
    """A finished model; of a disguise the weights behind it.

    Raises `InputError` when it is not finished, `ModelError` when its files cannot be loaded.
    """
    record = record_of(root, name)
    if record is None:
        raise InputError(f"'{name}' is not in {root}; run 'cladist lab grow' first")
    folder, kind = folder_of(root, name), record["kind"]
    if kind == "disguise":
        return load(root, record["base"])
    architecture = str(record["architecture"])
    try:
        if kind == "adapter":
            base = load(root, record["base"])
            return Loaded(name, architecture, _adapted(base.model, folder), base.tokenizer)
        more = {"gguf_file": GGUF} if kind == "gguf" else {"use_safetensors": True}
        seq2seq = ARCHITECTURES[architecture].seq2seq
        loader: Any = AutoModelForSeq2SeqLM if seq2seq else AutoModelForCausalLM
        with quiet(_transformers()):
            model = loader.from_pretrained(folder, dtype=torch.float32, **more)
            tokenizer: Any = PreTrainedTokenizerFast.from_pretrained(folder)
            if kind == "gguf":
                model = _plain(model)
    except (OSError, ValueError, RuntimeError, KeyError) as problem:
        raise ModelError(
            f"{folder} cannot be loaded: {problem}; remove it and run 'cladist lab grow' again"
        ) from problem
    model.eval()
    return Loaded(name, architecture, model, tokenizer)


def load_gguf(path: Path) -> tuple[Any, Any]:
    """Model and tokenizer of a GGUF file, dequantised to float32; `ModelError` if they fail."""
    try:
        with quiet(_transformers()):
            model: Any = AutoModelForCausalLM.from_pretrained(
                path.parent, gguf_file=path.name, dtype=torch.float32
            )
            tokenizer: Any = AutoTokenizer.from_pretrained(path.parent, gguf_file=path.name)
    except (OSError, ValueError, RuntimeError, KeyError) as problem:
        raise ModelError(f"{path} cannot be loaded: {problem}") from problem
    model = _plain(model)
    model.eval()
    return model, tokenizer


def _plain(model: Any) -> Any:
    """A dequantised model without the mark of it, which would forbid to save it."""
    settings = model.config.to_dict()
    settings.pop("quantization_config", None)
    made = type(model)(type(model.config).from_dict(settings))
    made.load_state_dict(model.state_dict())
    return made


def _adapted(model: Any, folder: Path) -> Any:
    from cladist.lab.operations.lora import attach

    return attach(model, folder)


def _transformers() -> Any:
    import transformers

    return transformers
