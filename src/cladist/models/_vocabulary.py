"""The bytes of every token of a tokenizer that transformers has loaded.

What a token stands for follows from how its tokenizer puts texts together again (`decoder`):

byte-level BPE     each character stands for a byte (GPT-2's table; tiktoken files become this)
SentencePiece      BPE or Unigram: the word mark is a blank, <0xHH> is a byte where it falls back
WordPiece          a piece that continues a word has a prefix; any other begins with a blank
word ends          BPE whose pieces that end a word have a suffix: they end with a blank
words              whole words: each begins with a blank

A table is held against the tokenizer's own decoding before it is used; one that disagrees is no
table. The unknown token and empty pieces stand for no known text.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from cladist.core.next_token import Vocabulary
from cladist.errors import ModelError

_BYTE = re.compile(r"<0x([0-9A-Fa-f]{2})>")
_MARK = "\u2581"
_CHECKED = 1500
"""Tokens whose bytes are held against the tokenizer's decoding."""
_WRONG = 0.01
"""Share of them that may differ: decoders clean up blanks around a few tokens."""

Reads = Callable[[str], bytes]


def byte_alphabet() -> dict[str, int]:
    """The character that stands for each byte in byte-level BPE, as GPT-2 chose them.

    Printable bytes of Latin-1 stand for themselves, the others for characters from U+0100 on.
    """
    plain = {*range(33, 127), *range(161, 173), *range(174, 256)}
    others = [b for b in range(256) if b not in plain]
    table = {chr(b): b for b in plain}
    return table | {chr(256 + place): b for place, b in enumerate(others)}


def vocabulary_of(tokenizer: Any, name: str) -> Vocabulary:
    """The table of a tokenizer of transformers.

    Raises `ModelError` for one whose tokens cannot be turned into bytes.
    """
    size = len(tokenizer)
    special = {i for i in tokenizer.all_special_ids if i is not None}
    # Some name the end of the text as their unknown token, since bytes leave nothing unknown.
    unknown = getattr(tokenizer, "unk_token", None) or ""
    nameless = {tokenizer.unk_token_id} if "unk" in str(unknown).lower() else set()
    added = tokenizer.added_tokens_decoder
    reads = _reader(_description(tokenizer, name), name)
    pieces: list[bytes | None] = []
    for number, piece in enumerate(tokenizer.convert_ids_to_tokens(list(range(size)))):
        if number in nameless or piece is None:
            pieces.append(b"")
        elif number in special or (number in added and added[number].special):
            pieces.append(None)
        elif number in added:
            pieces.append(str(added[number].content).encode("utf-8", "replace"))
        else:
            pieces.append(reads(piece))
    found = Vocabulary(tuple(pieces))
    _held_against(tokenizer, found, name)
    return found


def _description(tokenizer: Any, name: str) -> Mapping[str, Any]:
    backend = getattr(tokenizer, "backend_tokenizer", None)
    if backend is None:
        raise ModelError(
            f"model '{name}': its tokenizer ({type(tokenizer).__name__}) has no description of how "
            "tokens become text, so its next bytes cannot be told; use an assay of texts"
        )
    found: Mapping[str, Any] = json.loads(backend.to_str())
    return found


def _reader(told: Mapping[str, Any], name: str) -> Reads:
    """How a piece of this tokenizer becomes bytes."""
    model = told.get("model") or {}
    kind = str(model.get("type", ""))
    parts = {str(p.get("type")): p for p in _parts(told.get("decoder"))}
    before = {str(p.get("type")): p for p in _parts(told.get("pre_tokenizer"))}
    if "ByteLevel" in parts or ("ByteLevel" in before and not parts):
        return _byte_level
    if "WordPiece" in parts or kind == "WordPiece":
        prefix = parts.get("WordPiece", {}).get("prefix") or model.get("continuing_subword_prefix")
        return _word_piece(str(prefix or "##"))
    if kind == "WordLevel":
        return lambda piece: f" {piece}".encode("utf-8", "replace")
    suffix = parts.get("BPEDecoder", {}).get("suffix") or model.get("end_of_word_suffix")
    if suffix:
        return _word_end(str(suffix))
    mark = _word_mark(parts, before)
    if kind not in ("BPE", "Unigram") or (not mark and not parts):
        raise ModelError(
            f"model '{name}': nothing tells how tokens of its tokenizer ({kind[:40] or 'none'}) "
            "become text, so its next bytes cannot be told; use an assay of texts"
        )
    falls_back = "ByteFallback" in parts or bool(model.get("byte_fallback"))
    return _sentence_piece(mark, falls_back)


def _parts(told: Any) -> Iterator[Mapping[str, Any]]:
    """The steps of a decoder or pre-tokenizer, those inside sequences one by one."""
    if not isinstance(told, dict):
        return
    inner = told.get("decoders") or told.get("pretokenizers")
    if told.get("type") == "Sequence" and isinstance(inner, list):
        for part in inner:
            yield from _parts(part)
    else:
        yield told


def _word_mark(*steps: Mapping[str, Mapping[str, Any]]) -> str:
    for parts in steps:
        if "Metaspace" in parts:
            return str(parts["Metaspace"].get("replacement") or _MARK)
        replaced = parts.get("Replace", {})
        if replaced.get("content") == " ":
            return str((replaced.get("pattern") or {}).get("String") or _MARK)
    return ""


def _byte_level(piece: str) -> bytes:
    try:
        return bytes(_ALPHABET[c] for c in piece)
    except KeyError:
        return piece.encode("utf-8", "replace")


def _word_piece(prefix: str) -> Reads:
    def reads(piece: str) -> bytes:
        text = piece[len(prefix) :] if piece.startswith(prefix) else f" {piece}"
        return text.encode("utf-8", "replace")

    return reads


def _word_end(suffix: str) -> Reads:
    def reads(piece: str) -> bytes:
        text = f"{piece[: -len(suffix)]} " if piece.endswith(suffix) else piece
        return text.encode("utf-8", "replace")

    return reads


def _sentence_piece(mark: str, falls_back: bool) -> Reads:
    def reads(piece: str) -> bytes:
        found = _BYTE.fullmatch(piece) if falls_back else None
        if found:
            return bytes([int(found[1], 16)])
        text = piece.replace(mark, " ") if mark else piece
        return text.encode("utf-8", "replace")

    return reads


def _held_against(tokenizer: Any, found: Vocabulary, name: str) -> None:
    """`ModelError` when the tokenizer itself makes other texts of its tokens.

    Each token is decoded behind another one, since decoders take the blank off that begins a text.
    """
    numbers = [i for i, p in enumerate(found.pieces) if p and _is_text(p)]
    if not numbers:
        raise ModelError(f"model '{name}': its tokenizer has no token that stands for a text")
    first = next((i for i in numbers if found.pieces[i] in (b"a", b" a", b"a ")), numbers[0])
    numbers = numbers[:: max(1, len(numbers) // _CHECKED)]
    said = tokenizer.batch_decode(
        [[first, i] for i in numbers],
        skip_special_tokens=False,
        clean_up_tokenization_spaces=False,
    )
    one = found.pieces[first] or b""
    wrong = sum(
        text.encode("utf-8", "replace").strip() != (one + (found.pieces[i] or b"")).strip()
        for i, text in zip(numbers, said, strict=True)
    )
    if wrong > _WRONG * len(numbers):
        raise ModelError(
            f"model '{name}': {wrong} of {len(numbers)} tokens of its tokenizer become another "
            "text than their bytes, so its next bytes cannot be told; use an assay of texts"
        )


def _is_text(piece: bytes) -> bool:
    try:
        piece.decode()
    except UnicodeDecodeError:
        return False
    return True


_ALPHABET = byte_alphabet()
