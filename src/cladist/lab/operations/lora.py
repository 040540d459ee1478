"""Low-rank adaptation by peft (Hu et al. 2021, arXiv 2106.09685), merged or kept apart."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch

from cladist.errors import MissingExtraError
from cladist.lab.operations._job import Job, Made, train


def apply(job: Job) -> Made:
    """All linear layers adapted at the given rank; with `adapter` the base stays untouched."""
    peft = _peft()
    (parent,) = job.parents
    rank = job.count("rank")
    kind = "SEQ_2_SEQ_LM" if parent.model.config.is_encoder_decoder else "CAUSAL_LM"
    config = peft.LoraConfig(
        r=rank,
        lora_alpha=2 * rank,
        lora_dropout=0.0,
        target_modules="all-linear",
        task_type=kind,
        # GPT-2 keeps its matrices the other way round.
        fan_in_fan_out=parent.architecture == "gpt2",
    )
    torch.manual_seed(job.seed)
    with _no_remarks():
        adapted = peft.get_peft_model(parent.model, config)
    run = train(job, adapted, parent.tokenizer)
    changed = sum(p.numel() for p in adapted.parameters() if p.requires_grad)
    facts = {"trained_parameters": changed}
    if job.flag("adapter"):

        def write(folder: Path) -> None:
            # peft remembers where the base lay when it was made; the record knows better.
            adapted.peft_config["default"].base_model_name_or_path = parent.name
            with _no_remarks():
                adapted.save_pretrained(
                    folder, safe_serialization=True, save_embedding_layers=False
                )

        base = parent.name
        return Made(adapted, parent.tokenizer, run, "adapter", base, write, facts)
    with _no_remarks():
        return Made(adapted.merge_and_unload(), parent.tokenizer, run, facts=facts)


def attach(model: Any, folder: Path) -> Any:
    """A base with the adapter of a folder, folded into its weights."""
    with _no_remarks():
        return _peft().PeftModel.from_pretrained(model, folder).merge_and_unload()


@contextmanager
def _no_remarks() -> Iterator[None]:
    """No warnings: peft uses names that transformers is about to drop, and seeks bases online."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def _peft() -> Any:
    try:
        import peft
    except ImportError as error:
        raise MissingExtraError("Low-rank adaptation", "lab") from error
    return peft
