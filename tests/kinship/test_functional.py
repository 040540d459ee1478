"""Evidence and distances from distributions, against what they are defined as."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
from made_functions import CONTEXTS, families, model

from cladist.core.distributions import response_of, roundings_of
from cladist.core.next_token import OUTCOMES, NextByte, NextToken, next_byte
from cladist.core.responses import ResponseSet
from cladist.errors import InputError, NotComparableError
from cladist.extraction.comparable import about_roundings
from cladist.kinship.evidence.corpus import read_corpus
from cladist.kinship.evidence.functional import (
    functional_distances,
    lineage_weights,
    read_functions,
)
from cladist.kinship.evidence.resampled import resampled_similarity
from cladist.kinship.inference.calibration import calibrate
from cladist.kinship.inference.facts import gatherer
from cladist.kinship.inference.function_descent import function_direction, function_mixture
from cladist.kinship.inference.identity import IdentityResult, same_model
from cladist.kinship.inference.identity_functional import nearer_than
from cladist.kinship.inference.labels import Labels
from cladist.kinship.inference.pair_test import judge_candidates
from cladist.kinship.inference.pairs import pair_evidence
from cladist.kinship.inference.probe_checks import mismatch_p, probe_excess


def test_the_distance_is_the_root_of_the_mean_squared_distance_of_roots() -> None:
    draw = np.random.default_rng(1)
    logits = [draw.normal(0, 2, (CONTEXTS, OUTCOMES)) for _ in range(3)]
    lost = ((), (3, 5), (5, 7))
    found = functional_distances([model(f"m{i}", x, lost[i]) for i, x in enumerate(logits)])
    chances = [np.exp(x) / np.exp(x).sum(axis=1, keepdims=True) for x in logits]
    for i, j in combinations(range(3), 2):
        both = [c for c in range(CONTEXTS) if c not in {*lost[i], *lost[j]}]
        apart = np.sqrt(chances[i][both]) - np.sqrt(chances[j][both])
        assert found.matrix[i, j] == pytest.approx(np.sqrt((apart**2).sum(1).mean()), abs=1e-4)
    assert found.metric == "hellinger"


def test_equal_functions_are_at_zero_and_disjoint_ones_at_root_two() -> None:
    one, other = np.full((4, OUTCOMES), -60.0), np.full((4, OUTCOMES), -60.0)
    one[:, :100] = 0.0
    other[:, 100:] = 0.0
    found = functional_distances([model("a", one), model("b", one), model("c", other)])
    assert found.matrix[0, 1] == 0.0
    assert found.matrix[0, 2] == pytest.approx(np.sqrt(2), abs=1e-4)


def test_kin_stand_out_from_strangers() -> None:
    pairs = pair_evidence(families(8, 3))
    family = np.repeat(np.arange(8), 3)
    kin = family[:, None] == family[None, :]
    off = ~np.eye(24, dtype=bool)
    assert pairs.combined[kin & off].min() > pairs.combined[~kin].max()
    for half in pairs.halves:
        assert half[kin & off].min() > half[~kin].max()
    assert (pairs.style[:] >= 0).all()
    assert (pairs.style[:] <= 1).all()


def test_a_panel_does_not_depend_on_who_else_is_asked() -> None:
    panel = families(6, 2)
    outsiders = [families(9, 1)[i] for i in (7, 8)]
    renamed = [ResponseSet(f"out{i}", r.probe_ids, r.slots) for i, r in enumerate(outsiders)]
    members = np.arange(13) < 12
    one = pair_evidence([*panel, renamed[0]], members)
    both = pair_evidence([*panel, *renamed], np.arange(14) < 12)
    assert one.score[:13, :13] == pytest.approx(both.score[:13, :13], abs=1e-4)


def test_verdicts_follow_from_distributions() -> None:
    answers = families(24, 2)  # enough makers for two candidates at 1%
    pairs = pair_evidence(answers)
    labels = Labels(tuple(r.model.split("-")[0] for r in answers))
    made = gatherer(answers, pairs, labels, calibration=calibrate(pairs, labels))
    kin, stranger = judge_candidates(made, "f0-0", ["f0-1", "f1-0"])
    assert kin.verdict == "related"
    assert stranger.verdict != "related"
    assert kin.p_probes <= 0.01
    assert kin.p_mismatch <= 0.01


def test_copies_are_nearest_whatever_else_there_is() -> None:
    answers = families(4, 2)
    twin = ResponseSet("twin", answers[0].probe_ids, answers[0].slots)
    pairs = pair_evidence([*answers, twin])
    assert int(np.argmax(pairs.combined[8])) == 0


def test_strangers_show_no_excess_over_controls() -> None:
    answers = families(12, 2)
    pairs = pair_evidence(answers)
    labels = Labels(tuple(r.model.split("-")[0] for r in answers))
    kin = probe_excess(answers, pairs, 0, 1, labels)
    strangers = probe_excess(answers, pairs, 0, 2, labels)
    assert len(kin) == len(strangers) == CONTEXTS
    assert kin.mean() > 10 * abs(strangers.mean())


def test_agreement_on_shuffled_contexts_is_none() -> None:
    answers = families(1, 2)
    assert mismatch_p(*answers, shuffles=199) == pytest.approx(1 / 200)
    turned = ResponseSet("turned", answers[1].probe_ids, answers[1].slots[::-1])
    assert mismatch_p(answers[0], turned, shuffles=199) > 0.05


def test_texts_and_distributions_do_not_mix_and_texts_are_not_read_from_numbers() -> None:
    answers = families(1, 2)
    texts = ResponseSet.of_texts("t", ["a"] * CONTEXTS, answers[0].probe_ids)
    with pytest.raises(NotComparableError, match="some are distributions"):
        pair_evidence([*answers, texts])
    with pytest.raises(InputError, match="these answers are texts"):
        functional_distances([texts, texts])
    with pytest.raises(InputError, match="assay of texts"):
        read_corpus(answers)
    with pytest.raises(InputError, match="different contexts"):
        read_functions([answers[0], ResponseSet("x", ("z",), answers[1].slots[:1])])
    with pytest.raises(InputError, match="given twice"):
        read_functions([answers[0], answers[0]])
    lost = tuple(range(CONTEXTS))
    with pytest.raises(InputError, match="no context in common"):
        functional_distances(
            [model("a", np.zeros((CONTEXTS, OUTCOMES)), lost[:20]),
             model("b", np.zeros((CONTEXTS, OUTCOMES)), lost[20:])]
        )  # fmt: skip


def test_the_same_function_is_the_same_and_another_is_told_on_a_scale() -> None:
    draw = np.random.default_rng(3)
    logits = draw.normal(0, 2, (CONTEXTS, OUTCOMES))
    one = model("m", logits)

    def held(noise: float) -> IdentityResult:
        other = model("m", logits + draw.normal(0, noise, logits.shape))
        return same_model(one, other)

    again = same_model(one, model("m", logits))
    assert (again.verdict, again.effect, again.mode) == ("same", 0.0, "functional")
    assert again.agreement == pytest.approx(1.0, abs=1e-4)
    assert held(0.002).verdict == "same"
    eight, four, other = held(0.065), held(0.45), held(3.0)
    assert {r.verdict for r in (eight, four, other)} == {"changed"}
    assert "8 bits" in eight.reason
    assert "4 bits" in four.reason
    assert "another model" in other.reason
    assert eight.interval[0] < eight.effect < eight.within <= eight.interval[1]
    assert nearer_than(eight.within).startswith("weights of")
    assert nearer_than(2.0) == ""


def test_what_neither_shows_nor_rules_out_a_change_is_inconclusive() -> None:
    draw = np.random.default_rng(4)
    logits = draw.normal(0, 2, (CONTEXTS, OUTCOMES))
    off = np.zeros_like(logits)
    off[0] = draw.normal(0, 0.2, OUTCOMES)  # one context alone
    assert same_model(model("a", logits), model("b", logits + off)).verdict == "inconclusive"


def test_too_few_common_contexts_are_an_error() -> None:
    logits = np.zeros((CONTEXTS, OUTCOMES))
    lost = tuple(range(CONTEXTS - 9))
    with pytest.raises(InputError, match="10 are needed"):
        same_model(model("a", logits, lost), model("b", logits))


def test_evidence_can_be_drawn_anew() -> None:
    answers = families(3, 4)
    answers[2] = model("lossy", np.zeros((CONTEXTS, OUTCOMES)), lost=tuple(range(0, CONTEXTS, 3)))
    read = resampled_similarity(answers)
    whole = pair_evidence(answers).combined
    assert np.allclose(read.whole, whole, atol=1e-5)
    assert np.allclose(read.combined(np.ones(CONTEXTS)), whole, atol=1e-4)
    # Who is of one line is told by all contexts, so that it is the same whichever are drawn.
    part = [ResponseSet(r.model, r.probe_ids[:20], r.slots[:20]) for r in answers]
    twice = [
        ResponseSet(r.model, (*r.probe_ids, *(f"{i}+" for i in r.probe_ids)), r.slots * 2)
        for r in part
    ]
    drawn = resampled_similarity(twice)
    first = np.repeat([1.0, 0.0], 20)
    assert np.allclose(drawn.combined(first), pair_evidence(part).combined, atol=1e-4)
    assert np.allclose(drawn.combined(2 * first), pair_evidence(twice).combined, atol=1e-4)
    odd = drawn.combined(np.tile([0.0, 1.0], 20))
    assert not np.allclose(odd, pair_evidence(part).combined, atol=0.1)


def test_a_line_counts_about_once_however_many_are_of_it() -> None:
    even = families(6, 2, noise=0.05)
    draw = np.random.default_rng(9)
    first = np.log(np.maximum(read_functions(even[:1]).roots[0], 1e-6)) * 2
    more = [model(f"more{k}", first + draw.normal(0, 0.05, first.shape)) for k in range(20)]
    read = read_functions([*even, *more])
    counted = lineage_weights(read, np.ones(32, np.bool_))
    assert counted[2:12] == pytest.approx(0.5, abs=0.02)
    assert counted[[0, 1, *range(12, 32)]].sum() == pytest.approx(1.0, abs=0.05)
    outside = np.arange(32) < 12
    assert not lineage_weights(read, outside)[12:].any()
    # Strangers look no more alike because one family has grown.
    strangers = np.ix_([2, 6], [5, 8, 10])
    before, after = pair_evidence(even), pair_evidence([*even, *more])
    assert before.score[strangers] == pytest.approx(after.score[strangers], abs=0.15)
    kin = before.score[[2, 4, 6], [3, 5, 7]]
    assert (kin > after.score[strangers].max() + 1).all()


def partly(name: str, logits: np.ndarray, top: int) -> ResponseSet:
    """A model of which only the `top` likeliest outcomes are told."""
    chances = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    slots = []
    for row in chances:
        told = np.where(row >= np.sort(row)[-top], row, 0.0)
        slots.append((response_of(NextByte(told, 1.0 - float(told.sum()))),))
    return ResponseSet(name, tuple(f"c{c}" for c in range(len(logits))), tuple(slots))


def test_what_was_not_told_is_no_change() -> None:
    logits = np.random.default_rng(4).normal(0, 3, (CONTEXTS, OUTCOMES))
    whole, few = partly("whole", logits, OUTCOMES), partly("few", logits, 20)
    found = same_model(whole, few)
    assert found.effect > 0.1, "told less looks like another function"
    assert found.verdict == "inconclusive"
    assert "told" in found.reason
    assert same_model(few, partly("again", logits, 20)).verdict == "same"
    other = np.random.default_rng(5).normal(0, 3, logits.shape)
    assert same_model(whole, partly("other", other, 20)).verdict == "changed"
    assert same_model(whole, model("near", logits + 0.2 * other)).verdict == "changed"


def line(seed: int = 0) -> list[ResponseSet]:
    """A founder, three children that moved each its own way, a merge of two, and strangers."""
    draw = np.random.default_rng(seed)
    founder = draw.normal(0, 2, (CONTEXTS, OUTCOMES))
    moved = {c: founder + draw.normal(0, 0.5, founder.shape) for c in "abc"}
    merge = (moved["a"] + moved["b"]) / 2 + draw.normal(0, 0.05, founder.shape)
    others = [model(f"s{i}", draw.normal(0, 2, founder.shape)) for i in range(4)]
    told = {"founder": founder, **moved, "merge": merge}
    return [*(model(n, x) for n, x in told.items()), *others]


def test_a_merge_is_a_mean_of_its_parents_and_a_sibling_is_not() -> None:
    read = read_functions(line())
    found = function_mixture(read, "merge", ["c", "a", "b", "s0"])
    assert set(found.parents[:2]) == {"a", "b"}
    assert found.merged
    assert sum(found.weights) == pytest.approx(1)
    assert found.weights[0] == pytest.approx(0.5, abs=0.1)
    sibling = function_mixture(read, "c", ["founder", "a", "b"])
    assert not sibling.merged
    assert sibling.parents[0] == "founder"
    copy = function_mixture(read_functions([*line(), model("twin", np.zeros((CONTEXTS, 257)))]),
                            "twin", ["s0", "s1"])  # fmt: skip
    assert not copy.merged
    with pytest.raises(InputError, match="two candidates"):
        function_mixture(read, "merge", ["a"])
    with pytest.raises(InputError, match="no answers of x"):
        function_mixture(read, "merge", ["a", "x"])


def test_an_ancestor_lies_between_its_descendant_and_the_others() -> None:
    read = read_functions([r for r in line() if r.model != "merge"])
    for child in "abc":
        for first, second in (("founder", child), (child, "founder")):
            assert function_direction(read, first, second).ancestor == "founder"
    assert function_direction(read, "a", "b").ancestor == "", "siblings have none among them"
    assert function_direction(read, "s0", "s1").ancestor == "", "nor have strangers"
    with pytest.raises(InputError, match="no descendant of itself"):
        function_direction(read, "a", "a")


def told(name: str, logits: np.ndarray, step: float = 0.0) -> ResponseSet:
    """A model whose log probabilities of single-byte tokens are told, rounded to `step`."""
    pieces = [bytes([b]) for b in range(256)]
    slots = []
    for row in logits[:, :256]:
        exact = row - np.logaddexp.reduce(row)
        chances = np.rint(exact / step) * step if step else exact
        slots.append((response_of(next_byte(NextToken.of(pieces, chances, "top"))),))
    return ResponseSet(name, tuple(f"c{c}" for c in range(len(logits))), tuple(slots))


def test_what_rounding_may_have_made_is_no_change() -> None:
    draw = np.random.default_rng(5)
    logits = draw.normal(0, 2, (CONTEXTS, OUTCOMES))
    other = logits + draw.normal(0, 0.6, logits.shape)
    for step in (0.25, 0.1):
        found = same_model(told("a", logits), told("b", logits, step))
        assert found.effect > 0.005
        assert found.verdict == "inconclusive"
        assert f"rounded to {step:g}" in found.reason
        assert same_model(told("a", logits), told("c", other, step)).verdict == "changed"
    assert same_model(told("a", logits), told("b", logits)).verdict == "same"


def test_the_rounding_of_answers_is_read_and_told_of() -> None:
    logits = np.random.default_rng(6).normal(0, 2, (CONTEXTS, OUTCOMES))
    rounded = told("a", logits, 0.1)
    assert roundings_of(rounded) == pytest.approx(np.full(CONTEXTS, 0.1))
    (said,) = about_roundings(rounded)
    assert "at 40 of 40 contexts were told rounded to 0.1" in said
    assert "0.014" in said
    exact = told("a", logits)
    assert roundings_of(exact).max() == 0
    assert about_roundings(exact) == ()
    hostile = replace(exact.slots[0][0], detail="log probabilities rounded to 1e9")
    assert roundings_of(ResponseSet("h", ("c0",), ((hostile,),))).max() == 0
