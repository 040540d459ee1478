"""Tokenizers of every kind, trained on a few lines."""

from __future__ import annotations

import json
from typing import Any

import transformers
from tokenizers import (
    AddedToken,
    Tokenizer,
    decoders,
    models,
    normalizers,
    pre_tokenizers,
    trainers,
)

CORPUS = [
    "The quick brown fox jumps over the lazy dog, and the dog sleeps on.",
    "def area(radius):\n    return 3.14 * radius ** 2\n",
    "Ночью все кошки серы, и кошки это знают.",
    "海は広い。山は高い。",
    '{"name": "value", "list": [1, 2, 3]}',
    "Die alte Frau sagte: »Über Wälder und Flüsse« — naïve café 🙂",
] * 4
SPECIAL = ["<unk>", "<s>", "</s>"]


def wrapped(tokenizer: Tokenizer, **names: str) -> Any:
    return transformers.PreTrainedTokenizerFast(tokenizer_object=tokenizer, **names)


def byte_level() -> Any:
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    tokenizer.train_from_iterator(
        CORPUS,
        trainers.BpeTrainer(
            vocab_size=500, special_tokens=["<|end|>"], initial_alphabet=alphabet,
            show_progress=False,
        ),
    )  # fmt: skip
    tokenizer.add_tokens([AddedToken("    ", special=False), AddedToken("<think>", special=False)])
    return wrapped(tokenizer, eos_token="<|end|>", unk_token="<|end|>")


def sentence_piece_bpe() -> Any:
    """As Llama 2: word marks by the normaliser, bytes for what is not known."""
    octets = [f"<0x{b:02X}>" for b in range(256)]
    trained = Tokenizer(models.BPE(unk_token="<unk>"))
    marks = [normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")]
    trained.normalizer = normalizers.Sequence(marks)
    trained.train_from_iterator(
        CORPUS[:3],
        trainers.BpeTrainer(vocab_size=700, special_tokens=SPECIAL + octets, show_progress=False),
    )
    told = json.loads(trained.to_str())
    # Byte pieces are ordinary pieces of the vocabulary, as SentencePiece writes them.
    told["added_tokens"] = told["added_tokens"][: len(SPECIAL)]
    told["model"].update(byte_fallback=True, fuse_unk=True)
    tokenizer = Tokenizer.from_str(json.dumps(told))
    steps = [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse()]
    tokenizer.decoder = decoders.Sequence([*steps, decoders.Strip(" ", 1, 0)])
    return wrapped(tokenizer, unk_token="<unk>", bos_token="<s>", eos_token="</s>")


def unigram() -> Any:
    tokenizer = Tokenizer(models.Unigram())
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.decoder = decoders.Metaspace()
    tokenizer.train_from_iterator(
        CORPUS,
        trainers.UnigramTrainer(
            vocab_size=220, special_tokens=SPECIAL, unk_token="<unk>", show_progress=False
        ),
    )
    return wrapped(tokenizer, unk_token="<unk>", bos_token="<s>", eos_token="</s>")


def word_piece() -> Any:
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    tokenizer.decoder = decoders.WordPiece(cleanup=False)
    tokenizer.train_from_iterator(
        CORPUS,
        trainers.WordPieceTrainer(
            vocab_size=400, special_tokens=["[UNK]", "[SEP]"], show_progress=False
        ),
    )
    return wrapped(tokenizer, unk_token="[UNK]", sep_token="[SEP]")


def word_ends() -> Any:
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>", end_of_word_suffix="</w>"))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    tokenizer.decoder = decoders.BPEDecoder("</w>")
    tokenizer.train_from_iterator(
        CORPUS,
        trainers.BpeTrainer(
            vocab_size=400, special_tokens=SPECIAL, end_of_word_suffix="</w>", show_progress=False
        ),
    )
    return wrapped(tokenizer, unk_token="<unk>", bos_token="<s>", eos_token="</s>")


MADE = {
    "byte-level": byte_level,
    "sentencepiece-bpe": sentence_piece_bpe,
    "unigram": unigram,
    "wordpiece": word_piece,
    "word-ends": word_ends,
}
