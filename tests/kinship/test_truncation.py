"""Truncation length and tokens per character: one limit, two tokenizers, nothing else alike."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from cladist.core.responses import ResponseSet
from cladist.kinship.config import RATES
from cladist.kinship.evidence.corpus import read_corpus
from cladist.kinship.evidence.tokens_per_character import density_evidence, fit_densities
from cladist.kinship.evidence.truncation import truncation_evidence

Letters = NDArray[np.str_]
LETTERS = np.array(list("abcdefghijklmnopqrstuvwxyz "))


def cut(
    seed: int, characters: int, spread: float, probes: int = 55, letters: Letters = LETTERS
) -> list[str | None]:
    """Random letters, every answer about as long as the tokens of this tokenizer reach."""
    rng = np.random.default_rng(seed)
    sizes = np.exp(rng.normal(np.log(characters), spread, probes)).astype(int)
    return ["x" + "".join(rng.choice(letters, k)) + "x" for k in sizes]


def panel(spread: float) -> list[ResponseSet]:
    """A hundred models, every other one with a tokenizer that packs a fifth more."""
    return [
        ResponseSet.of_texts(f"m{k}", cut(k, 300 if k % 2 else 360, spread)) for k in range(100)
    ]


def test_rate_tells_tokenizers_where_nothing_is_said_alike() -> None:
    models = panel(0.05)
    members = np.ones(100, bool)
    fitted = fit_densities(read_corpus(models), members)
    assert fitted is not None
    found = density_evidence(fitted, 100)
    kind = np.arange(100) % 2
    same = kind[:, None] == kind[None, :]
    off = ~np.eye(100, dtype=bool)
    assert found[same & off].min() > found[~same].max()
    assert np.abs(found).max() <= RATES.clip


def test_rate_abstains_without_a_common_limit() -> None:
    assert fit_densities(read_corpus(panel(0.9)), np.ones(100, bool)) is None


def test_rate_abstains_where_all_fill_in_one_form() -> None:
    """Lengths then scatter as little as under a limit, and differ by less than tokenizers do."""
    form = [ResponseSet.of_texts(f"m{k}", cut(k, 300 + 3 * (k % 2), 0.05)) for k in range(100)]
    assert fit_densities(read_corpus(form), np.ones(100, bool)) is None


def test_few_models_that_fill_in_one_form_are_not_told_apart() -> None:
    """Twenty models can seem to differ by as much as tokenizers do."""
    form = [ResponseSet.of_texts(f"m{k}", cut(k, 300 + 24 * (k % 2), 0.05)) for k in range(20)]
    assert fit_densities(read_corpus(form), np.ones(20, bool)) is None
    many = [ResponseSet.of_texts(f"m{k}", cut(k, 300 + 24 * (k % 2), 0.05)) for k in range(200)]
    assert fit_densities(read_corpus(many), np.ones(200, bool)) is not None


def test_rate_abstains_where_few_answers_were_cut() -> None:
    assert fit_densities(read_corpus(panel(0.05)[:9]), np.ones(9, bool)) is None
    assert (density_evidence(None, 3) == 0).all()


def test_rate_tells_tokenizers_of_twenty_models() -> None:
    found = density_evidence(fit_densities(read_corpus(panel(0.05)[:20]), np.ones(20, bool)), 20)
    same = (np.arange(20)[:, None] - np.arange(20)) % 2 == 0
    assert found[same & ~np.eye(20, dtype=bool)].min() > 0 > found[~same].max()


def test_rates_of_texts_of_another_make_up_say_less() -> None:
    """A tokenizer that packs one alphabet tighter than another is no other tokenizer."""
    halves = LETTERS[:13], LETTERS[13:]
    models = [
        ResponseSet.of_texts(f"m{k}", cut(k, 300 if k % 2 else 360, 0.05, letters=halves[k // 20]))
        for k in range(40)
    ]
    found = density_evidence(fit_densities(read_corpus(models), np.ones(40, bool)), 40)
    other = (np.arange(40)[:, None] - np.arange(40)) % 2 == 1
    apart = np.arange(40)[:, None] // 20 != np.arange(40) // 20
    assert found[other & ~apart].max() < -1.5
    assert found[other & apart].min() > -1.0
    np.testing.assert_array_equal(found, found.T)


def test_outsiders_do_not_change_the_rate_model() -> None:
    models = panel(0.05)
    odd = ResponseSet.of_texts("odd", cut(999, 900, 0.05))
    members = np.r_[np.ones(100, bool), False]
    alone = fit_densities(read_corpus(models), members[:100])
    crowd = fit_densities(read_corpus([*models, odd]), members)
    assert alone is not None
    assert crowd is not None
    np.testing.assert_allclose(crowd[0].cost, alone[0].cost)
    np.testing.assert_allclose(crowd[0].mean, alone[0].mean)
    np.testing.assert_allclose(crowd[1].rate[:100], alone[1].rate, atol=1e-8)


def test_truncation_compares_lengths_of_like_contents_only() -> None:
    rng = np.random.default_rng(0)
    base = ["".join(rng.choice(LETTERS, 400)) for _ in range(30)]
    shifted = ["".join(rng.choice(list("ABCDEFGHIJ"), 400)) for _ in range(30)]
    # So many tokens of this text, and of that: no two answers are as long to the character.
    reach = [int(k) for k in np.linspace(280, 320, 30)]
    rows = [
        [t[:k] for t, k in zip(base, reach, strict=True)],
        [t[:k] for t, k in zip(base, reach, strict=True)],
        [t[: int(1.25 * k)] for t, k in zip(base, reach, strict=True)],
        [t[:k] for t, k in zip(shifted, reach, strict=True)],
    ]
    corpus = read_corpus([ResponseSet.of_texts(f"m{k}", list(r)) for k, r in enumerate(rows)])
    found_lengths = truncation_evidence(corpus, np.ones(4, bool))
    found = found_lengths.evidence
    assert found_lengths.limit == 1
    assert found[0, 1] > 1 > 0 > found[0, 2]
    assert abs(found[0, 3]) < 0.1
    np.testing.assert_array_equal(found, found.T)


def test_truncation_is_silent_where_like_answers_end_where_they_like() -> None:
    rng = np.random.default_rng(0)
    base = ["".join(rng.choice(LETTERS, 900)) for _ in range(20)]
    models = [
        ResponseSet.of_texts(f"m{k}", [t[: int(rng.integers(150, 900))] for t in base])
        for k in range(40)
    ]
    found_lengths = truncation_evidence(read_corpus(models), np.ones(40, bool))
    assert found_lengths.limit < 0.2
    assert np.abs(found_lengths.evidence).max() < 0.5


@pytest.mark.parametrize("most", [300, 600])
def test_truncation_is_silent_where_characters_were_limited(most: int) -> None:
    """Who reaches such a limit writes much, and no tokenizer shows in it."""
    rng = np.random.default_rng(0)
    base = ["".join(rng.choice(LETTERS, 900)) for _ in range(30)]
    models = [
        [t[: min(most, int(rng.integers(150, 900)))] for t in base]
        if k % 3
        else [t[:most] for t in base]
        for k in range(12)
    ]
    corpus = read_corpus([ResponseSet.of_texts(f"m{k}", rows) for k, rows in enumerate(models)])
    found = truncation_evidence(corpus, np.ones(12, bool))
    assert found.usual > 0.2
    assert found.limit == 0
    assert not found.evidence.any()
