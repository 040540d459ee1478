"""Simulated models: trees of known shape, and answers that follow descent."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cladist.core.hashing import mix64, mixed_words
from cladist.core.responses import State
from cladist.errors import UsageError
from cladist.models import Request, open_model
from cladist.models.simulated import (
    Habits,
    SimulatedModel,
    _vocabulary,
    respond_all,
    simulate_tree,
)

PROMPTS = [f"prompt {i}" for i in range(40)]


def shared(a: str, b: str) -> float:
    """Share of positions with the same word."""
    x, y = a.split(), b.split()
    return sum(p == q for p, q in zip(x, y, strict=False)) / max(len(x), 1)


def likeness(sets, a, b) -> float:
    return float(np.mean([shared(x, y) for x, y in zip(sets[a], sets[b], strict=True)]))


def texts(genealogy, **kwargs) -> dict[str, list[str]]:
    return {
        s.model: [slot[0].text for slot in s.slots]
        for s in respond_all(genealogy, PROMPTS, **kwargs)
    }


@given(
    st.integers(1, 40),
    st.sampled_from(["balanced", "caterpillar", "star", "birth-death"]),
    st.integers(0, 2**32),
    st.integers(1, 5),
)
@settings(max_examples=60, deadline=None)
def test_trees_have_the_asked_leaves_and_are_level(models, shape, seed, founders):
    founders = min(founders, models)
    genealogy = simulate_tree(models, shape, seed, founders=founders)
    tree = genealogy.tree()
    assert sorted(tree.leaves()) == sorted(genealogy.observed)
    assert len(genealogy.observed) == models
    assert len(set(genealogy.foundations())) == founders
    depth = np.zeros(len(genealogy))
    for i, parent in enumerate(genealogy.parents):
        depth[i] = genealogy.lengths[i] + (depth[parent] if parent >= 0 else 0)
    for name in genealogy.observed:
        assert depth[genealogy.index(name)] == pytest.approx(1)


def test_shapes_are_what_they_say():
    def heights(shape):
        line = simulate_tree(16, shape, 3)
        up = [0] * len(line)
        for i, parent in enumerate(line.parents):
            up[i] = up[parent] + 1 if parent >= 0 else 0
        return sorted(up[line.index(n)] for n in line.observed)

    assert heights("star") == [1] * 16
    assert heights("balanced") == [4] * 16
    assert heights("caterpillar") == sorted([*range(1, 16), 15])


def test_equal_seeds_give_equal_trees_and_others_not():
    one, two, other = (simulate_tree(30, "birth-death", s, clock=0.3) for s in (5, 5, 6))
    assert one.names == two.names
    assert np.array_equal(one.lengths, two.lengths)
    assert not np.array_equal(one.lengths, other.lengths)


def test_tree_of_a_merge_and_a_quantised_copy_keeps_sampled_ancestors():
    genealogy = simulate_tree(6, "balanced", 2, merges=2, quantised=2)
    assert set(genealogy.tree().names()) == set(genealogy.observed)
    assert {"x0", "x1", "q0", "q1"} <= set(genealogy.observed)
    assert "f0" in genealogy.tree(ancestors=True).names()


def test_vectorised_mixing_is_the_scalar_one():
    numbers = [0, 1, 2**63, 2**64 - 1, 12345678901234567]
    assert [int(x) for x in mixed_words(np.array(numbers, dtype=np.uint64))] == [
        mix64(n) for n in numbers
    ]


@pytest.mark.parametrize("size", [2, 70, 512, 6000, 30_000])
def test_vocabulary_has_distinct_words(size):
    assert len(set(_vocabulary(size))) == size == len(_vocabulary(size))


def test_relatives_speak_alike_by_closeness_and_strangers_share_common_words():
    genealogy = simulate_tree(16, "balanced", 1, founders=2)
    said = texts(genealogy, habits=Habits(rate=0.4))
    family = dict(zip(genealogy.observed, genealogy.foundations(), strict=True))
    depth = {}
    for a, b in combinations(genealogy.observed, 2):
        kin = family[a] == family[b]
        depth.setdefault(kin, []).append(likeness(said, a, b))
    assert min(depth[True]) > max(depth[False])
    assert 0.005 < np.mean(depth[False]) < 0.1
    lines = {}
    for node in genealogy.names:
        parent = genealogy.parents[genealogy.index(node)]
        if node in said:
            lines.setdefault(int(parent), []).append(node)
    siblings = np.mean([likeness(said, *v[:2]) for v in lines.values() if len(v) > 1])
    assert siblings > np.mean(depth[True]) + 0.05


def test_first_word_is_kept_at_the_stated_rate():
    genealogy = simulate_tree(2, "star", 9)
    prompts = [f"p{i}" for i in range(4000)]
    a, b = respond_all(genealogy, prompts, habits=Habits(rate=0.5, vocabulary=30_000, zipf=0.0),
                       max_tokens=1)  # fmt: skip
    same = np.mean([x[0].text == y[0].text for x, y in zip(a.slots, b.slots, strict=True)])
    assert same == pytest.approx(np.exp(-1.0), abs=0.03)


def test_without_context_answers_meet_again_after_a_difference():
    genealogy = simulate_tree(2, "star", 4)
    free = texts(genealogy, habits=Habits(rate=0.2, context=0))
    bound = texts(genealogy, habits=Habits(rate=0.2))
    assert likeness(free, "m0", "m1") > likeness(bound, "m0", "m1") + 0.2


def test_a_merge_resembles_both_parents_and_quantisation_changes_little():
    genealogy = simulate_tree(8, "star", 5, merges=1, quantised=1)
    said = texts(genealogy, habits=Habits(rate=1.0, context=0))
    x, q = genealogy.index("x0"), genealogy.index("q0")
    parents = [genealogy.names[int(i)] for i in (genealogy.parents[x], genealogy.second[x])]
    others = [n for n in genealogy.observed if n not in ("x0", "q0", *parents)]
    background = max(likeness(said, "x0", n) for n in others)
    assert all(likeness(said, "x0", p) > background + 0.1 for p in parents)
    assert likeness(said, "q0", genealogy.names[int(genealogy.parents[q])]) > 0.9


def test_one_model_and_all_models_say_the_same():
    genealogy = simulate_tree(12, "birth-death", 8, founders=2, merges=2)
    habits = Habits(empty=0.1, stop=0.05)
    for answers in respond_all(genealogy, PROMPTS, habits=habits):
        model = SimulatedModel(genealogy, answers.model, habits)
        alone = dict(model.answer([Request(p, 16) for p in PROMPTS]))
        assert [alone[i] for i in range(len(PROMPTS))] == [slot[0] for slot in answers.slots]


def test_a_shorter_limit_gives_a_prefix_and_states_are_told():
    model = SimulatedModel(simulate_tree(3), "m1", Habits(stop=0.1, empty=0.2))
    long = [r for _, r in model.answer([Request(p, 20) for p in PROMPTS])]
    short = [r for _, r in model.answer([Request(p, 4) for p in PROMPTS])]
    for a, b in zip(long, short, strict=True):
        assert a.text.startswith(b.text)
        assert b.tokens == len(b.text.split())
    assert {r.state for r in long} == {State.OK, State.TRUNCATED, State.EMPTY}


def test_samples_differ_by_seed_and_repeat_by_seed():
    model = SimulatedModel(simulate_tree(3), "m1")
    requests = [Request("a", 16, temperature=1.0, seed=s) for s in (1, 2, 1)]
    one, two, again = (r.text for _, r in model.answer(requests))
    assert one == again != two


def test_chat_manners_are_shared_across_families_and_a_system_text_changes_the_answer():
    genealogy = simulate_tree(24, "star", 1, founders=24)
    openings = set()
    for name in genealogy.observed:
        ((_, answer),) = SimulatedModel(genealogy, name).answer([Request("q", 9, interface="chat")])
        openings.add(" ".join(answer.text.split()[:3]))
    assert 1 < len(openings) <= Habits().manners
    model = SimulatedModel(genealogy, "m0")
    plain, told = (
        [r.text for _, r in model.answer([Request(p, 16, system=s) for p in PROMPTS])]
        for s in ("", "You are a pirate.")
    )
    assert 0 < sum(a == b for a, b in zip(plain, told, strict=True)) < len(PROMPTS)


def test_uri_opens_the_same_model_every_time():
    text = "simulated:7/m3?models=20&shape=balanced&founders=2&rate=0.3"
    one, two = open_model(text), open_model(text + "#nick")
    assert one.identity.fingerprint == two.identity.fingerprint
    assert (one.identity.name, two.identity.name) == ("m3", "nick")
    other = open_model(text.replace("rate=0.3", "rate=0.4"))
    assert other.identity.fingerprint != one.identity.fingerprint
    assert one.identity.metadata["foundation"] in ("f0", "f1")
    ask = [Request("x", 8)]
    assert list(one.answer(ask)) == list(two.answer(ask))


@pytest.mark.parametrize(
    ("uri", "said"),
    [
        ("simulated:7", "SEED/NODE"),
        ("simulated:x/m0", "SEED/NODE"),
        ("simulated:7/zebra", "zebra"),
        ("simulated:7/m0?rate=fast", "rate must be a number"),
        ("simulated:7/m0?rate=nan", "finite"),
        ("simulated:7/m0?rate=-1", "rate"),
        ("simulated:7/m0?shape=bush", "bush"),
        ("simulated:7/m0?models=0", "0 simulated models"),
        ("simulated:7/m0?models=99999999", "million"),
        ("simulated:7/m0?models=4&founders=5", "5 founders"),
        ("simulated:7/m0?colour=red", "colour"),
        ("simulated:7/m0?vocabulary=1", "vocabulary"),
    ],
)
def test_bad_uris_are_explained(uri, said):
    with pytest.raises(UsageError, match=said):
        open_model(uri)
