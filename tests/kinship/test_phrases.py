"""Phrases: words in any script, contested choices, placement outside the panel."""

from __future__ import annotations

import numpy as np
import pytest

from cladist.core.responses import ResponseSet
from cladist.kinship.corpus import Corpus, read_corpus
from cladist.kinship.phrases import _words, phrase_cosines, phrase_kernel


def corpus(rows: list[list[str]]) -> Corpus:
    return read_corpus([ResponseSet.of_texts(f"m{k}", list(row)) for k, row in enumerate(rows)])


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("two words", 2),
        ("don't_stop, 3.5", 4),
        ("子曰學而", 4),
        ("한국 말", 3),
        ("mixed 子 x", 3),
        ("...!", 0),
        ("Ünï çødé", 2),
    ],
)
def test_words_of_any_script(text: str, count: int) -> None:
    owner, word = _words(["", text, "two words"])
    assert (owner == 1).sum() == count
    again = _words([text])[1]
    np.testing.assert_array_equal(word[owner == 1], again)


def test_same_word_same_hash_wherever_it_stands() -> None:
    _, word = _words(["stone and stone", "and stone"])
    assert word[0] == word[2] == word[4]
    assert word[1] == word[3] != word[0]


def test_kernel_is_one_for_copies_and_zero_without_common_ground() -> None:
    rows = [["a b c d e"] * 3, ["a b c d e"] * 3, ["v w x y z"] * 3, ["a q r s t"] * 3]
    k = phrase_kernel(corpus(rows))
    assert k[0, 1] == pytest.approx(1, abs=1e-5)
    assert k[0, 2] == 0
    assert 0 < k[0, 3] < 0.5


def test_absent_probes_do_not_count() -> None:
    full = ["the same old words", "some more of it"]
    k = phrase_kernel(corpus([full, [full[0], ""], ["else entirely", "and not that"]]))
    assert k[0, 1] == pytest.approx(1, abs=1e-5)


def test_members_get_their_own_place_again() -> None:
    rng = np.random.default_rng(0)
    rows = [[" ".join(rng.choice(list("abcdefgh"), 12)) for _ in range(9)] for _ in range(24)]
    inner, outer = corpus(rows), corpus([*rows, rows[5]])
    members = np.arange(25) < 24
    alive = np.ones(25, bool)
    one = phrase_cosines(phrase_kernel(inner), alive[:24], alive[:24])
    two = phrase_cosines(phrase_kernel(outer, members), alive, members)
    np.testing.assert_allclose(two[:24, :24], one, atol=1e-4)
    np.testing.assert_allclose(two[24, :24], one[5], atol=1e-4)


def test_models_without_words_are_zero() -> None:
    k = phrase_cosines(np.eye(4), np.array([True, True, True, False]), np.ones(4, bool))
    assert (k[3] == 0).all()
    assert np.isfinite(k).all()
