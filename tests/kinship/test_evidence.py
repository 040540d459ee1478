"""Evidence and distances: sizes, states, determinism."""

from __future__ import annotations

import weakref
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from made_functions import families as functions_of

from cladist.core.responses import Response, ResponseSet
from cladist.errors import InputError, NotComparableError
from cladist.kinship.evidence.corpus import read_corpus
from cladist.kinship.evidence.similarity import (
    evidence_of,
    kinship_distances,
    kinship_similarity,
)
from cladist.kinship.inference.pairs import pair_evidence
from cladist.kinship.panel.fitted import fit_panel

LETTERS = np.array(list("abcdefghijklmnopqrstuvwxyz"))
SPELLINGS = np.random.default_rng(0).choice(LETTERS, (400, 9))
WORDS = ["".join(w[: 3 + k % 7]) for k, w in enumerate(SPELLINGS)]


def family(seed: int, probes: int = 40, words: int = 30) -> list[list[str]]:
    """The words that a founder would say on every probe."""
    rng = np.random.default_rng(seed)
    return [[str(w) for w in rng.choice(WORDS, words)] for _ in range(probes)]


def member(name: str, founder: list[list[str]], seed: int, change: float = 0.03) -> ResponseSet:
    """A descendant: now and then it takes another word, and goes another way from there."""
    rng = np.random.default_rng(seed)
    texts = []
    for said in founder:
        text = list(said)
        for k in range(len(text)):
            if rng.random() < change:
                text[k:] = [str(w) for w in rng.choice(WORDS, len(text) - k)]
                break
        texts.append(" ".join(text))
    return ResponseSet.of_texts(name, texts)


def panel(families: int, members: int) -> list[ResponseSet]:
    return [
        member(f"f{f}-{m}", family(f), 100 * f + m) for f in range(families) for m in range(members)
    ]


@pytest.mark.parametrize(("families", "members"), [(2, 2), (3, 3), (5, 4)])
def test_families_come_out_apart(families: int, members: int) -> None:
    found = kinship_distances(panel(families, members))
    own = np.array([i.split("-")[0] for i in found.ids])
    kin = own[:, None] == own[None, :]
    off = ~np.eye(len(own), dtype=bool)
    assert found.matrix[kin & off].max() < found.matrix[~kin].min()


@pytest.mark.parametrize("n", [0, 1, 2, 3])
def test_strangers_stay_far_at_any_size(n: int) -> None:
    models = [member(f"m{k}", family(k), k) for k in range(n)]
    found = kinship_distances(models)
    assert found.matrix.shape == (n, n)
    assert np.isfinite(found.matrix).all()
    if n > 1:
        assert found.condensed().min() > 2


def test_identical_answers_are_near_zero_at_two() -> None:
    found = kinship_distances(
        [member("a", family(1), 1, change=0), member("b", family(1), 2, change=0)]
    )
    assert found.matrix[0, 1] < 0.1


def test_same_bytes_twice() -> None:
    models = panel(3, 3)
    first, second = kinship_similarity(models), kinship_similarity(models)
    assert first.combined.tobytes() == second.combined.tobytes()
    assert set(first.channels) == {"wording", "tokenizer", "identical"}
    total = sum(first.channels.values(), np.zeros((9, 9)))
    np.testing.assert_allclose(first.combined, total)


@pytest.mark.parametrize("rows", [1, 7])
def test_blocks_of_rows_change_nothing(rows: int, monkeypatch: pytest.MonkeyPatch) -> None:
    corpus = read_corpus(panel(6, 4))
    members = np.arange(24) % 7 > 0
    whole = evidence_of(corpus, members)
    monkeypatch.setattr("cladist.kinship.evidence.standard.ROWS", rows)
    parts = evidence_of(corpus, members)
    halved = evidence_of(corpus, members, single=True)
    for name in ("combined", "style"):
        one, other, kept = (getattr(e, name) for e in (whole, parts, halved))
        assert np.array_equal(one, other) and kept.dtype == np.float32
        assert np.array_equal(one.astype(np.float32), kept)
    for half in (0, 1):
        assert np.array_equal(whole.halves[half].astype(np.float32), halved.halves[half])
    for name, channel in whole.channels.items():
        assert np.array_equal(channel.astype(np.float32), halved.channels[name])


def test_models_without_answers_are_no_evidence() -> None:
    silent = ResponseSet("silent", tuple(f"{i:04d}" for i in range(40)), ((),) * 40)
    failed = ResponseSet("failed", silent.probe_ids, ((Response.error("timeout"),),) * 40)
    found = kinship_similarity([*panel(2, 3), silent, failed])
    k = found.ids.index("silent")
    assert np.isfinite(found.combined).all()
    assert found.combined[k, k + 1] < 1  # two silences are not an agreement


def test_names_must_differ() -> None:
    with pytest.raises(InputError, match="given twice"):
        kinship_similarity([member("a", family(1), 1), member("a", family(2), 2)])


def test_models_that_say_one_thing_are_nobodys_kin() -> None:
    """Nor each other's: one word to forty prompts is said once."""
    guards = [ResponseSet.of_texts(f"guard-{k}", ["safe"] * 40) for k in range(2)]
    found = kinship_distances([*panel(3, 3), *guards])
    a, b = found.index("guard-0"), found.index("guard-1")
    others = [k for k in range(len(found)) if k not in (a, b)]
    assert found.matrix[a, b] > np.log(2)
    assert found.matrix[a, others].min() > 2


def test_models_that_echo_the_prompt_are_not_taken_for_a_family() -> None:
    """An echo is common ground of all who echo; what follows it tells the families apart."""
    prompt = [" ".join(said) for said in family(77, words=6)]
    echoed = [
        ResponseSet.of_texts(r.model, [f"{p} {t}" for p, t in zip(prompt, r.texts(), strict=True)])
        for r in panel(4, 3)
    ]
    found = kinship_distances(echoed)
    own = np.array([i.split("-")[0] for i in found.ids])
    kin = own[:, None] == own[None, :]
    off = ~np.eye(len(own), dtype=bool)
    assert found.matrix[kin & off].max() < found.matrix[~kin].min()


def test_few_common_probes_are_enough_and_none_is_no_evidence() -> None:
    models = panel(3, 3)
    ids = models[0].probe_ids
    texts = models[1].texts()
    part = ResponseSet.of_texts("part", texts[:8], ids[:8])
    elsewhere = ResponseSet.of_texts("elsewhere", texts[:8], [f"x{k}" for k in range(8)])
    found = kinship_similarity([*models, part, elsewhere])
    row = found.combined[found.ids.index("part")]
    assert found.ids[int(row[:9].argmax())].startswith("f0")
    assert found.combined[found.ids.index("elsewhere"), :9].max() < 1


def test_answers_are_let_go_as_they_are_read() -> None:
    given = panel(3, 3)
    alive: list[weakref.ref[ResponseSet]] = []

    def answers() -> Iterator[ResponseSet]:
        for r in given:
            # What is being read may still be there, and nothing before it.
            assert all(ref() is None for ref in alive[:-1])
            one = replace(r)
            alive.append(weakref.ref(one))
            yield one
            del one

    streamed, whole = fit_panel(answers()), fit_panel(given)
    assert len(alive) == len(given)
    assert streamed.flags == whole.flags and streamed.pairs.models == whole.pairs.models
    assert streamed.pairs.digest == whole.pairs.digest
    for name in ("combined", "score", "style", "tokenizer"):
        one, other = (getattr(p.pairs, name).stored for p in (streamed, whole))
        assert one.tobytes() == other.tobytes()


def test_texts_and_distributions_are_told_apart_in_a_stream() -> None:
    texts, functions = panel(2, 2), functions_of(1, 2)
    for mixed in ([*texts, *functions], [*functions, *texts]):
        with pytest.raises(NotComparableError, match="some of the answers are texts"):
            pair_evidence(iter(mixed))
    assert len(pair_evidence(iter(()))) == 0
