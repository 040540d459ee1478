"""Tokenizers trained here: byte-level BPE over all 256 bytes, and the bytes alone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerFast

Ids = NDArray[np.int64]

END = "<|end|>"
"""Never a training target, so that a raw continuation always has words."""


def learn_tokenizer(texts: Iterable[str], vocabulary: int) -> Any:
    """A tokenizer of `vocabulary` tokens, END among them; 257 merges nothing: bytes alone."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary,
        special_tokens=[END],
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    wrapper: Any = PreTrainedTokenizerFast  # untyped
    return wrapper(
        tokenizer_object=tokenizer,
        eos_token=END,
        pad_token=END,
        clean_up_tokenization_spaces=False,
    )


def encode(tokenizer: Any, texts: Sequence[str]) -> Ids:
    """Tokens of all texts, one after another with empty lines between, int64 (n,)."""
    rows = tokenizer([t + "\n\n" for t in texts], return_attention_mask=False)["input_ids"]
    return np.concatenate([np.asarray(r, dtype=np.int64) for r in rows])
