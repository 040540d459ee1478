"""Choices of words: which, where, and on how many probes."""

from __future__ import annotations

import numpy as np
import pytest

from cladist.core.responses import ResponseSet
from cladist.errors import InputError
from cladist.kinship.choices import CODE, _words, read_choices
from cladist.kinship.corpus import Corpus, read_corpus


def corpus(rows: list[list[str]]) -> Corpus:
    return read_corpus([ResponseSet.of_texts(f"m{k}", list(row)) for k, row in enumerate(rows)])


def bigrams(text: str) -> set[tuple[str, str]]:
    words = text.split()
    return set(zip(["", *words], words, strict=False))


def test_counts_are_those_of_a_plain_reading() -> None:
    rng = np.random.default_rng(3)
    texts = [" ".join(rng.choice(list("abcd"), int(rng.integers(1, 9)))) for _ in range(12)]
    texts[4] = ""
    (found,) = read_choices(corpus([texts]))
    assert found.begin[-1] == len(found.pair) == len(found.used) == len(found.stood)
    code = {w: int(_words([w])[1][0] >> np.uint64(64) - CODE) for w in "abcd"} | {"": 0}
    for j, text in enumerate(texts):
        part = slice(int(found.begin[j]), int(found.begin[j + 1]))
        expected = {}
        for before, word in bigrams(text):
            key = code[before] << int(CODE) | code[word]
            used = sum((before, word) in bigrams(t) for t in texts)
            stood = sum(any(b == before for b, _ in bigrams(t)) for t in texts)
            expected[key] = (used, stood)
        assert found.pair[part].tolist() == sorted(expected)
        got = zip(found.used[part].tolist(), found.stood[part].tolist(), strict=True)
        assert list(got) == [expected[k] for k in sorted(expected)]


def test_models_without_words_have_no_choices() -> None:
    found = read_choices(corpus([["...", "", "!"], ["a", "b", "c"]]))
    assert found[0].begin.tolist() == [0, 0, 0, 0]
    assert len(found[0].pair) == 0
    assert len(found[1].pair) == 3


def test_more_probes_than_can_be_told_apart_are_refused() -> None:
    few = corpus([["a"], ["b"]])
    many = Corpus(few.models, ("x",) * (1 << 16), few.texts, few.codes, few.length)
    with pytest.raises(InputError, match="65,535 probes"):
        read_choices(many)
