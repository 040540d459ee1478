from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_families import population, taught
from scipy.stats import false_discovery_control

from cladist.core.responses import ResponseSet
from cladist.errors import InputError
from cladist.kinship.evidence.corpus import read_corpus
from cladist.kinship.evidence.style import cross_kernel, style_similarity
from cladist.kinship.inference.decision import adjust
from cladist.kinship.inference.labels import Labels
from cladist.kinship.inference.pair_test import judge_kinship as kinship_of
from cladist.kinship.inference.pairs import pair_evidence
from cladist.kinship.inference.probe_checks import mismatch_p, probe_excess, sign_flip_p
from cladist.kinship.inference.sequential import stop_early
from cladist.kinship.inference.states import writes_reasoning


@pytest.fixture(scope="module")
def lab() -> tuple[list[ResponseSet], Labels]:
    models, names = population(families=40, members=3, kept=0.7)
    return models, Labels(tuple(names))


def test_kin_are_related_and_strangers_are_not(lab: tuple[list[ResponseSet], Labels]) -> None:
    models, labels = lab
    pairs = pair_evidence(models)
    found = [kinship_of(models, pairs, f"f{f}-m0", f"f{f}-m1", labels=labels) for f in range(8)]
    assert sum(r.verdict == "related" for r in found) >= 6
    strangers = [kinship_of(models, pairs, f"f{f}-m0", f"f{f + 1}-m1", labels=labels)
                 for f in range(8)]  # fmt: skip
    assert [r.verdict for r in strangers].count("related") == 0
    assert sum(r.verdict == "unrelated" for r in strangers) >= 4
    kin = found[0]
    assert kin.p == kin.p_alone <= 0.01 and kin.p_probes < 0.05
    assert kin.per_probe[1] < kin.per_probe[0] < kin.per_probe[2]
    assert "7020 unrelated" in kin.basis and "40 declared families" in kin.basis
    assert 0 < kin.power <= 1


def test_without_labels_nobody_is_called_unrelated(lab: tuple[list[ResponseSet], Labels]) -> None:
    models, _ = lab
    pairs = pair_evidence(models)
    assert kinship_of(models, pairs, "f0-m0", "f0-m1").verdict == "related"
    stranger = kinship_of(models, pairs, "f0-m0", "f3-m1")
    assert stranger.verdict == "inconclusive"
    assert "without known kin nobody is called unrelated" in stranger.reason
    assert np.isnan(stranger.kin_p) and np.isnan(stranger.power)


def test_a_shared_manner_accuses_nobody() -> None:
    """A third of all families' members begin every answer alike; unrelated ones stay unaccused."""
    models, names = population(
        families=16, members=3, kept=0.5, openings=("", "Sure! Here is my answer: ", "Okay, so ")
    )
    labels, pairs = Labels(tuple(names)), pair_evidence(models)
    accused = 0
    for f in range(15):
        r = kinship_of(models, pairs, f"f{f}-m1", f"f{f + 1}-m1", labels=labels)
        assert pairs.style[pairs.index(r.a), pairs.index(r.b)] > 0.5
        accused += r.verdict == "related"
    assert accused == 0


@pytest.mark.parametrize(
    ("pupils", "reason"),
    [
        (2, "1 unrelated pairs of the panel do"),
        (8, "without known kin that write a reasoning trace"),
    ],
)
def test_pupils_of_one_teacher_are_not_accused(pupils: int, reason: str) -> None:
    models, names = taught(pupils)
    pairs, labels = pair_evidence(models), Labels(tuple(names))
    assert pairs.reasoning.sum() == pupils
    found = kinship_of(models, pairs, "pupil0", "pupil1", labels=labels)
    assert (found.verdict, found.flags) == ("inconclusive", ("reasoning-trace",))
    assert reason in found.reason
    deaf = replace(pairs, reasoning=np.zeros_like(pairs.reasoning))
    if pupils == 2:  # what would be said if reasoning traces were not heard
        assert kinship_of(models, deaf, "pupil0", "pupil1", labels=labels).verdict == "related"
    early = stop_early(models, "pupil0", "pupil1", labels=labels)
    assert early.verdict != "related"


def test_two_models_alone_get_a_permutation_test_and_no_verdict() -> None:
    models, _ = population(families=1, members=2, kept=0.8)
    r = kinship_of(models, pair_evidence(models), "f0-m0", "f0-m1")
    assert (r.verdict, r.code) == ("not tested", "no-panel")
    assert r.p_mismatch <= 0.001
    assert "2 models to calibrate on" in r.reason and "neither kinship nor its absence" in r.reason
    assert np.isnan(r.p)


def test_states_stop_a_verdict(lab: tuple[list[ResponseSet], Labels]) -> None:
    models, labels = lab
    guard = [ResponseSet.of_texts(n, ["I cannot help with that."] * 40) for n in ("g0", "g1")]
    few = ResponseSet.of_texts("few", [*models[0].texts()[:6], *[None] * 34])
    prompts = [f"please continue the text number {i}" for i in range(40)]
    echo = ResponseSet.of_texts("echo", [q + " and so on" for q in prompts])
    every = [*models, *guard, few, echo]
    pairs = pair_evidence(every)
    wide = Labels((*labels.families, "g", "g", labels.families[0], "e"))

    def verdict(a: str, b: str) -> tuple[str, tuple[str, ...]]:
        r = kinship_of(every, pairs, a, b, labels=wide, prompts=prompts)
        return r.verdict, r.flags

    assert verdict("g0", "g1") == ("inconclusive", ("identical-answers", "constant-answers"))
    assert verdict("few", "f0-m0") == (
        "inconclusive", ("identical-answers", "nearly-empty", "few-probes"),
    )  # fmt: skip
    assert verdict("echo", "f0-m0") == ("inconclusive", ("prompt-echo",))


def test_reasoning_traces_are_told_by_its_signs() -> None:
    assert writes_reasoning(["<think>\nOkay", "Well, so it is.</think> Yes", "", "No.", "No."])
    assert writes_reasoning(["<|channel|>analysis<|message|>Is it?"])
    assert not writes_reasoning(
        ["I think that is > 3", "Reasoning: none", "No."] * 2 + ["</think>"]
    )
    assert not writes_reasoning(["", ""])


def test_copies_are_related(lab: tuple[list[ResponseSet], Labels]) -> None:
    from dataclasses import replace

    models, labels = lab
    every = [*models, replace(models[0], model="copy")]
    r = kinship_of(every, pair_evidence(every), "f0-m0", "copy",
                   labels=Labels((*labels.families, "")))  # fmt: skip
    assert r.verdict == "related" and r.flags == ("identical-answers",)


def test_wrong_questions_are_refused(lab: tuple[list[ResponseSet], Labels]) -> None:
    models, _ = lab
    pairs = pair_evidence(models[:3])
    with pytest.raises(InputError, match="with itself"):
        kinship_of(models[:3], pairs, "f0-m0", "f0-m0")
    with pytest.raises(InputError, match="'x' is not among the 3"):
        kinship_of(models[:3], pairs, "x", "f0-m0")
    with pytest.raises(InputError, match="outside 0 to 1"):
        kinship_of(models[:3], pairs, "f0-m0", "f0-m1", alpha=0.0)


def test_a_few_lucky_probes_cannot_make_a_small_p() -> None:
    lucky = np.full(60, -0.01)
    lucky[:3] = 100.0
    assert sign_flip_p(lucky) > 0.1
    assert sign_flip_p(np.random.default_rng(0).normal(0.8, 1, 60)) < 0.001
    assert sign_flip_p(np.zeros(0)) == 1.0
    assert sign_flip_p(np.ones(3), flips=99) >= 1 / 100


def test_sign_flips_hold_their_level() -> None:
    draw = np.random.default_rng(5)
    p = np.array([sign_flip_p(draw.normal(size=30), flips=199, seed=s) for s in range(400)])
    assert 0.02 < np.mean(p <= 0.05) < 0.09


def test_mismatch_sees_through_manner() -> None:
    draw = np.random.default_rng(0)
    own = [[f"Sure! Here you are: {draw.integers(10**9)}" for _ in range(40)] for _ in range(2)]
    a, b = (ResponseSet.of_texts(n, t) for n, t in zip("ab", own, strict=True))
    assert mismatch_p(a, b, shuffles=499) > 0.02
    copied = [*own[0][:12], *own[1][12:]]
    assert mismatch_p(a, ResponseSet.of_texts("c", copied), shuffles=499) <= 0.002
    assert mismatch_p(a, ResponseSet.of_texts("e", [None] * 40)) == 1.0


def test_probe_excess_is_higher_for_kin(lab: tuple[list[ResponseSet], Labels]) -> None:
    models, labels = lab
    pairs = pair_evidence(models)
    kin = probe_excess(models, pairs, 0, 1, labels)
    stranger = probe_excess(models, pairs, 0, 4, labels)
    assert kin.shape == stranger.shape == (40,)
    assert kin.mean() > 3 > abs(stranger.mean())


def test_cross_kernel_is_the_mean_over_different_probes() -> None:
    """Against a plain double loop over probes."""
    models, _ = population(families=2, members=2, probes=5, openings=("Yes: ", "No: "))
    corpus = read_corpus(models)
    fast = cross_kernel(corpus.codes)
    lengths = (1, 2, 4, 8, 16, 32)
    cut = [[[t[:k] for t in row] for row in corpus.texts] for k in lengths]
    for i in range(4):
        for j in range(4):
            total = 0.0
            for k, level in zip(lengths, cut, strict=True):
                every = [t for row in level for t in row if len(t) == k]
                for p in range(5):
                    for q in range(5):
                        t = level[i][p]
                        if p != q and len(t) == k and t == level[j][q]:
                            total += np.log(len(every) / every.count(t))
            assert fast[i, j] == pytest.approx(total / 20)
    agreement = style_similarity(corpus)
    assert agreement[0, 2] > 3 * agreement[0, 1]


def test_adjustments_against_published_examples() -> None:
    """Holm by the definition; Benjamini-Hochberg by scipy and their own 15 p-values (1995)."""
    np.testing.assert_allclose(adjust([0.01, 0.04, 0.03, 0.005]), [0.03, 0.06, 0.06, 0.02])
    original = [0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240,
                0.4262, 0.5719, 0.6528, 0.7590, 1.0]  # fmt: skip
    assert (adjust(original, "bh") <= 0.05).sum() == 4
    assert (adjust(original, "holm") <= 0.05).sum() == 3
    np.testing.assert_allclose(adjust(original, "bh"), false_discovery_control(original))
    assert adjust([0.2, 0.3], "none").tolist() == [0.2, 0.3]
    assert adjust([]).tolist() == []
    with pytest.raises(InputError):
        adjust([0.5, float("nan")])


@given(st.lists(st.floats(0, 1), min_size=1, max_size=12))
def test_adjusted_values_are_ordered_and_never_smaller(p: list[float]) -> None:
    holm, bh = adjust(p), adjust(p, "bh")
    assert (holm >= np.array(p) - 1e-12).all() and (holm <= 1).all()
    assert (bh <= holm + 1e-12).all()
    assert (np.diff(holm[np.argsort(p, kind="stable")]) >= -1e-12).all()
