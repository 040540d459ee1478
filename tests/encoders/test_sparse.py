"""Encoders that hash: alleles, prefixes, lexical."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cladist.core.hashing import key64, mixed_words
from cladist.core.hashing import mix64 as mix_one
from cladist.encoders import alleles, lexical, prefixes
from cladist.errors import AssayError

ENCODERS = {
    "alleles": alleles.make(),
    "prefixes": prefixes.make(),
    "prefixes to 5": prefixes.make(max_depth=5, growth=1.0),
    "char": lexical.make(),
    "char 3-5": lexical.make(shortest=3, longest=5, characters=20),
    "word": lexical.make(kind="word"),
}
# Surrogates on their own come in through JSON; they are text like any other here.
TEXT = st.text(alphabet=st.characters(codec=None), max_size=40)
SMALL = st.text(alphabet="ab \n語\U0001f600", max_size=12)


def rows(features):
    return [
        dict(zip(features.keys[a:b].tolist(), features.values[a:b].tolist(), strict=True))
        for a, b in zip(features.indptr[:-1], features.indptr[1:], strict=True)
    ]


def inner(a, b):
    return sum(v * b.get(k, 0.0) for k, v in a.items())


@pytest.mark.parametrize("encoder", ENCODERS.values(), ids=ENCODERS)
@settings(max_examples=30, deadline=None)
@given(texts=st.lists(TEXT | SMALL, max_size=12), data=st.data())
def test_a_row_does_not_depend_on_the_others(encoder, texts, data):
    together = encoder.encode(texts)
    assert len(together) == len(texts)
    order = data.draw(st.permutations(range(len(texts))))
    shuffled = rows(encoder.encode([texts[i] for i in order]))
    assert shuffled == [rows(together)[i] for i in order]
    for text, row in zip(texts, rows(together), strict=True):
        (alone,) = rows(encoder.encode([text]))
        assert alone == row


@pytest.mark.parametrize("encoder", ENCODERS.values(), ids=ENCODERS)
def test_the_result_does_not_depend_on_chunks(encoder, monkeypatch):
    texts = [f"{i} text {'long ' * (i % 5)}" for i in range(300)]
    whole = encoder.encode(texts)
    monkeypatch.setattr(prefixes, "_BLOCK", 7)
    monkeypatch.setattr(lexical, "_CHUNK", 100)
    parts = encoder.encode(texts)
    for name in ("indptr", "keys", "values"):
        np.testing.assert_array_equal(getattr(parts, name), getattr(whole, name))


@pytest.mark.parametrize("encoder", ENCODERS.values(), ids=ENCODERS)
def test_types_and_versions(encoder):
    for texts in ([], ["", " "], ["a"]):
        found = encoder.encode(texts)
        assert len(found) == len(texts)
        assert (found.indptr.dtype, found.keys.dtype) == (np.int64, np.uint64)
        assert found.values.dtype == np.float32
    versions = {e.version for e in ENCODERS.values()}
    assert len(versions) == len(ENCODERS)


def test_array_and_scalar_mixing_agree():
    words = [0, 1, 2**63, 2**64 - 1, 12345]
    found = mixed_words(np.array(words, dtype=np.uint64))
    assert found.tolist() == [mix_one(w) for w in words]


def test_alleles_are_the_first_characters_without_blanks():
    found = alleles.make(4).encode(["  \n The end", "The other", "Thé", "", "   "])
    keys = [key64("The "), key64("The "), key64("Thé"), key64(""), key64("")]
    assert found.keys.tolist() == keys
    assert found.values.tolist() == [1] * 5


def test_the_ladder():
    assert prefixes.ladder(1) == (1,)
    assert prefixes.ladder(5) == (1, 2, 3, 4)
    assert prefixes.ladder(64) == (1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64)


@settings(max_examples=60, deadline=None)
@given(SMALL, SMALL, st.sampled_from([-1.0, 0.0, 0.5, 1.0]))
def test_prefixes_share_exactly_what_begins_alike(a, b, growth):
    encoder = prefixes.make(max_depth=8, growth=growth)
    square = dict(zip(prefixes.ladder(8), encoder.weights().astype(float) ** 2, strict=True))
    one, two = rows(encoder.encode([a, b]))

    def told(text):
        # The text to each depth, its end counting as a letter, until the end has been told.
        text = text.lstrip()
        depths = prefixes.ladder(8)
        return {
            d: (*text[:d], "end")[:d] if len(text) < d else tuple(text[:d])
            for before, d in zip((0, *depths), depths, strict=False)
            if before <= len(text)
        }

    common = told(a).items() & told(b).items()
    assert inner(one, two) == pytest.approx(sum(square[d] for d, _ in common), abs=1e-6)


def test_longer_common_beginnings_count_more():
    encoder = prefixes.make(max_depth=32, growth=0.5)
    target = "the quick brown fox jumps over it"
    others = [target[:n] + "#" * 40 for n in (0, 1, 2, 3, 4, 6, 8, 12, 16, 24, 32)]
    (row,) = rows(encoder.encode([target]))
    shared = [inner(row, other) for other in rows(encoder.encode(others))]
    assert shared[0] == 0
    assert (np.diff(shared) > 0).all()
    assert shared[-1] == pytest.approx(1)


def test_growth_one_counts_characters():
    square = prefixes.make(max_depth=16, growth=1.0).weights() ** 2
    np.testing.assert_allclose(square.cumsum(), np.array([1, 2, 3, 4, 6, 8, 12, 16]) / 16)


def expected(units, shortest, longest):
    grams = Counter(
        tuple(units[i : i + n])
        for n in range(shortest, longest + 1)
        for i in range(len(units) - n + 1)
    )
    weight = {g: 1 + np.log(c) for g, c in grams.items()}
    norm = np.sqrt(sum(w * w for w in weight.values()))
    return {g: w / norm for g, w in weight.items()}


@settings(max_examples=60, deadline=None)
@given(SMALL, SMALL, st.integers(1, 3), st.integers(0, 3))
def test_character_n_grams_against_counting(a, b, shortest, more):
    encoder = lexical.make(shortest=shortest, longest=shortest + more, characters=9)
    one, two = rows(encoder.encode([a, b]))
    left, right = (expected(t.lstrip()[:9], shortest, shortest + more) for t in (a, b))
    assert sorted(one.values()) == pytest.approx(sorted(left.values()), rel=1e-5)
    assert inner(one, two) == pytest.approx(inner(left, right), abs=1e-6)


def test_words_against_counting():
    encoder = lexical.make(kind="word")
    a, b = "The cat, the CAT; a dog's 猫犬", "a cat the dog 犬"
    one, two = rows(encoder.encode([a, b]))
    left = expected(["the", "cat", "the", "cat", "a", "dog", "s", "猫", "犬"], 1, 2)
    right = expected(["a", "cat", "the", "dog", "犬"], 1, 2)
    assert sorted(one.values()) == pytest.approx(sorted(left.values()), rel=1e-5)
    assert inner(one, two) == pytest.approx(inner(left, right), abs=1e-6)


def test_a_text_without_words_has_no_features():
    assert rows(lexical.make(kind="word").encode(["?!", "a"]))[0] == {}


@pytest.mark.parametrize(
    ("module", "options"),
    [
        (alleles, {"length": 0}),
        (prefixes, {"max_depth": 0}),
        (prefixes, {"max_depth": 5000}),
        (prefixes, {"growth": 9.0}),
        (lexical, {"kind": "syllable"}),
        (lexical, {"shortest": 3, "longest": 2}),
        (lexical, {"characters": 0}),
    ],
)
def test_options_out_of_range(module, options):
    with pytest.raises(AssayError, match=f"'{module.__name__.rsplit('.')[-1]}'"):
        module.make(**options)
