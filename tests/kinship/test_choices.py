"""Choices of words: which, where, and on how many probes."""

from __future__ import annotations

import numpy as np
import pytest

from cladist.core.responses import ResponseSet
from cladist.errors import InputError
from cladist.kinship.evidence.choices import CODE, _words, read_choices
from cladist.kinship.evidence.corpus import Corpus, read_corpus


def corpus(rows: list[list[str]]) -> Corpus:
    return read_corpus([ResponseSet.of_texts(f"m{k}", list(row)) for k, row in enumerate(rows)])


def bigrams(text: str) -> set[tuple[str, str]]:
    words = text.split()
    return set(zip(["", *words], words, strict=False))


def test_counts_are_those_of_a_plain_reading() -> None:
    rng = np.random.default_rng(3)
    rows = [
        [" ".join(rng.choice(list("abcd"), int(rng.integers(1, 9)))) for _ in range(12)]
        for _ in range(3)
    ]
    rows[1][4] = ""
    found = read_choices(corpus(rows))
    assert found.begin[-1] == len(found.pair) == len(found.used) == len(found.stood)
    code = {w: int(_words([w])[1][0] >> np.uint64(64) - CODE) for w in "abcd"} | {"": 0}
    for j in range(12):
        expected = []
        for i, texts in enumerate(rows):
            of_model = {}
            for before, word in bigrams(texts[j]):
                used = sum((before, word) in bigrams(t) for t in texts)
                stood = sum(any(b == before for b, _ in bigrams(t)) for t in texts)
                of_model[code[before] << int(CODE) | code[word]] = (i, used, stood)
            expected += [(pair, *rest) for pair, rest in sorted(of_model.items())]
        part = slice(int(found.begin[j]), int(found.begin[j + 1]))
        got = (found.pair[part], found.owner[part], found.used[part], found.stood[part])
        assert list(zip(*(g.tolist() for g in got), strict=True)) == expected


def test_models_without_words_have_no_choices() -> None:
    found = read_choices(corpus([["...", "", "!"], ["a", "b", "c"]]))
    assert found.owner.tolist() == [1, 1, 1]
    assert found.begin.tolist() == [0, 1, 2, 3]
    none = read_choices(corpus([["...", "", "!"], ["?", "", ""]]))
    assert none.begin.tolist() == [0, 0, 0, 0]


def test_more_than_can_be_told_apart_is_refused() -> None:
    few = corpus([["a"], ["b"]])
    many = Corpus(few.models, ("x",) * (1 << 16), few.texts, few.codes, few.length)
    with pytest.raises(InputError, match="65,535 probes"):
        read_choices(many)
    many = Corpus(("x",) * (1 << 16), few.probe_ids, few.texts, few.codes, few.length)
    with pytest.raises(InputError, match="65,535 models"):
        read_choices(many)
