"""Phrases: words in any script, contested choices, placement outside the panel."""

from __future__ import annotations

import numpy as np
import pytest

from cladist.core.responses import ResponseSet
from cladist.kinship.evidence.choices import _words, read_choices
from cladist.kinship.evidence.circle import sounding_alike
from cladist.kinship.evidence.corpus import Corpus, read_corpus
from cladist.kinship.evidence.phrases import MANY, _among, _features, phrase_cosines, phrase_kernel


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
    said, word = _words(["", text, "two words"])
    assert said.tolist() == [0, count, 2]
    again = _words([text])[1]
    np.testing.assert_array_equal(word[:count], again)


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


def strangers(count: int, probes: int) -> list[list[str]]:
    """Answers that share nothing but a plain turn of speech."""
    return [[f"the s{k}p{j} t{k}p{j} so plain" for j in range(probes)] for k in range(count)]


def test_what_a_model_always_says_counts_for_little() -> None:
    def agreement(rows: list[list[str]]) -> float:
        x, _ = _features(read_choices(corpus(rows)), 0, np.ones(24, bool))
        return float((x @ x.T).toarray()[0, 1])

    rows = strangers(24, 10)
    for k in (0, 1):
        rows[k][0] = rows[k][0].replace("plain", "strange")
    once = agreement(rows)
    for k in (0, 1):
        rows[k] = [t.replace("plain", "strange") for t in rows[k]]
    always = agreement(rows)
    assert 0.1 * once < always < once / 2


def test_weights_are_those_of_a_plain_reading() -> None:
    rng = np.random.default_rng(4)
    rows = [[" ".join(rng.choice(list("abc"), 5)) for _ in range(4)] for _ in range(25)]
    members = np.arange(25) < 23
    x, norm = _features(read_choices(corpus(rows)), 0, members)

    def made(text: str) -> set[tuple[str, str]]:
        words = text.split()
        return set(zip(["", *words], words, strict=False))

    def weights(i: int) -> dict[tuple[str, str], float]:
        out = {}
        for before, word in made(rows[i][0]):
            inside = [made(rows[k][0]) for k in range(23)]
            shown = sum((before, word) in c for c in inside)
            stood = sum(any(b == before for b, _ in c) for c in inside)
            share = (shown + 0.5) / (stood + 0.5 + 2 / 23)
            nats = 0.0 if stood <= shown else -np.log(share)
            own = [made(t) for t in rows[i]]
            used = sum((before, word) in c for c in own)
            at = sum(any(b == before for b, _ in c) for c in own)
            out[before, word] = np.clip(-np.log((used - 1 + share) / at), nats / 2, nats)
        return out

    plain = [weights(i) for i in range(25)]
    size = [np.sqrt(sum(v * v for v in w.values())) for w in plain]
    np.testing.assert_allclose(norm, size, rtol=1e-9)
    expected = [
        [sum(w[c] * v[c] for c in w.keys() & v.keys()) / a / b for v, b in zip(plain, size)]
        for w, a in zip(plain, size)
    ]
    got = (x @ x.T).toarray()
    off = ~np.eye(25, dtype=bool)
    np.testing.assert_allclose(got[off], np.array(expected)[off], atol=1e-6)


def test_what_all_who_sound_alike_say_counts_for_little() -> None:
    rows = strangers(30, 6)
    for k in range(6):
        rows[k][0] = rows[k][0].replace("plain", "strange")
    panel = corpus(rows)
    seen = ~np.eye(30, dtype=bool)
    plain = phrase_kernel(panel)
    manner = np.zeros((30, 30))
    manner[:6, :6] = 1
    held = phrase_kernel(panel, near=sounding_alike(manner, seen, 2))
    assert 0 < held[0, 1] < 0.9 * plain[0, 1]
    far = phrase_kernel(panel, near=sounding_alike(1 - manner, seen, 2))
    assert far[0, 1] == pytest.approx(plain[0, 1], abs=1e-6)


def test_families_that_say_hardly_anything_but_habits_stay_families() -> None:
    rows = [
        [
            f"{start} {j * 7919 % 97} said{f' {start} {k}' if (j + k) % 3 == 0 else ''} in {j}"
            for j in range(12)
        ]
        for start in ("the quick brown fox", "to be or not to be")
        for k in range(3)
    ]
    panel = corpus(rows)
    manner = np.kron(np.eye(2), np.ones((3, 3)))
    kernel = phrase_kernel(panel, near=sounding_alike(manner, ~np.eye(6, dtype=bool), 2))
    kin = manner.astype(bool) & ~np.eye(6, dtype=bool)
    assert kernel[kin].min() > kernel[manner == 0].max()


def test_near_models_are_counted_in_groups_of_any_size() -> None:
    rng = np.random.default_rng(5)
    n = 3 * MANY
    near = (rng.random((n, n)) < 0.1).astype(np.float32)
    groups = [np.sort(rng.choice(n, size, replace=False)) for size in (1, 2, 9, MANY, MANY + 1, n)]
    row = np.concatenate(groups).astype(np.uint16)
    group = np.repeat(np.arange(len(groups)) * 2, [len(g) for g in groups])
    expected = [near[i, g[g != i]].sum() + near[i, i] * (len(g) > 1) for g in groups for i in g]
    np.testing.assert_array_equal(_among(near, row, group), expected)
    assert len(_among(near, row[:0], group[:0])) == 0


def test_axes_of_a_few_large_families_are_not_flattened() -> None:
    # Three families of six and nothing else: the main axes are the families.
    label = np.repeat(np.arange(3), 6)
    kernel = 0.5 * (label[:, None] == label[None, :]).astype(float)
    np.fill_diagonal(kernel, 1.0)
    everyone = np.ones(18, bool)
    out = phrase_cosines(kernel, everyone, everyone)
    kin = (label[:, None] == label[None, :]) & ~np.eye(18, dtype=bool)
    assert out[kin].min() > 0.2
    assert out[label[:, None] != label[None, :]].max() < -0.1
