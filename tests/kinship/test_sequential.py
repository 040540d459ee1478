"""Interim looks: what they spend, and that they only propose."""

from __future__ import annotations

import numpy as np
import pytest
from made_families import population

from cladist.core.responses import ResponseSet
from cladist.errors import InputError
from cladist.kinship.inference.decision import Decision, PairFacts, Policy, decide
from cladist.kinship.inference.labels import Labels
from cladist.kinship.inference.sequential import (
    affordable_looks,
    first_probes,
    interim_looks,
    levels,
    stop_early,
    until_decided,
)


@pytest.mark.parametrize("count", [1, 3, 8])
def test_levels_add_up_to_the_rate_and_fall(count: int) -> None:
    shares = levels(count, 0.01)
    assert shares.sum() == pytest.approx(0.01) and (shares > 0).all()
    assert (np.diff(shares) < 0).all()
    assert shares[0] == pytest.approx(0.01 / np.sqrt(count))


def test_the_rate_holds_over_all_looks_whatever_their_correlation() -> None:
    """p-values of unrelated pairs at every look: independent, equal, and of a random walk."""
    draw = np.random.default_rng(0)
    looks = interim_looks(100)
    count = len(looks)
    steps = draw.normal(size=(20_000, 100)).cumsum(axis=1)[:, np.array(looks) - 1]
    z = steps / np.sqrt(looks)
    walk = np.argsort(np.argsort(-z, axis=0), axis=0) / len(z)
    for p in (draw.random((20_000, count)), np.repeat(draw.random((20_000, 1)), count, 1), walk):
        ever = (p <= levels(count, 0.05)).any(axis=1)
        assert ever.mean() <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / len(p))
        assert ever.mean() > 0.02  # and it is no empty promise


def facts_at(p: float, kin_p: float = float("nan")) -> PairFacts:
    return PairFacts("a", "b", 40, p=p, kin_p=kin_p, p_probes=0.001, p_mismatch=0.001, floor=1e-6)


def test_the_first_look_that_decides_ends_it() -> None:
    p = {10: 0.006, 15: 0.002, 20: 0.002}
    asked: list[tuple[int, Policy]] = []

    def look(at: int, policy: Policy) -> Decision:
        asked.append((at, policy))
        return decide(facts_at(p[at]), policy)

    found = until_decided("a", "b", 20, Policy(0.01), look, 1e-6)
    assert (found.verdict, found.probes, found.saved, found.p) == ("related", 15, 5, 0.002)
    assert [at for at, _ in asked] == [10, 15]
    assert found.alpha == asked[1][1].alpha == pytest.approx(levels(3, 0.01)[1])
    assert asked[0][1].beta == pytest.approx(levels(3, 0.05)[0])


def test_what_is_decided_at_no_look_has_the_reason_of_the_last() -> None:
    found = until_decided(
        "a", "b", 20, Policy(), lambda at, policy: decide(facts_at(0.3), policy), 1e-6
    )
    assert (found.verdict, found.code, found.probes) == ("inconclusive", "above-alpha", 20)


def test_a_small_panel_affords_few_looks() -> None:
    """No look may have a share of alpha that the panel cannot reach; the last is always there."""
    for floor in (1e-5, 0.0005, 0.001, 0.002, 0.004, 0.0083, 0.02):
        looks = affordable_looks(100, 0.01, floor)
        assert looks[-1] == 100 and set(looks) <= set(interim_looks(100))
        assert len(looks) == 1 or levels(len(looks), 0.01).min() >= floor
    assert affordable_looks(100, 0.01, 0.0083) == (100,)
    assert affordable_looks(100, 0.01, 1e-5) == interim_looks(100)
    assert len(affordable_looks(100, 0.01, 0.002)) == 2


@pytest.mark.parametrize("kind", ["refusal", "echo"])
def test_degenerate_answers_are_never_related(kind: str) -> None:
    """Two models that always refuse, or that echo, share everything; they were called related."""
    models, names = population(families=40, members=3, probes=40, kept=0.7)
    prompts = [f"please continue the text number {i}" for i in range(40)]
    texts = [q + " and so on" for q in prompts]
    if kind == "refusal":
        texts = ["I cannot help with that."] * 40
    odd = [ResponseSet.of_texts(n, texts) for n in ("x", "y")]
    labels = Labels((*names, "one", "two"))
    found = stop_early([*models, *odd], "x", "y", labels=labels, prompts=prompts)
    code = {"refusal": "constant-answers", "echo": "prompt-echo"}[kind]
    assert (found.verdict, found.code, found.probes) == ("inconclusive", code, 40)


def test_a_panel_too_small_is_refused() -> None:
    models, _ = population(families=3, members=2, probes=20)
    with pytest.raises(InputError, match="needs a panel to test against: 6 models"):
        stop_early(models, "f0-m0", "f0-m1")


def test_looks_end_with_all_probes() -> None:
    assert interim_looks(12) == (10, 12)
    assert interim_looks(10) == (10,)
    assert interim_looks(40)[-2:] == (30, 40)


def test_kin_are_decided_before_the_last_probe() -> None:
    models, names = population(families=40, members=3, probes=40, kept=0.85)
    assert first_probes(models[0], 7).texts() == models[0].texts()[:7]
    told: list[tuple[str, int, int]] = []
    answer = stop_early(
        models,
        "f0-m0",
        "f0-m1",
        labels=Labels(tuple(names)),
        progress=lambda *now: told.append(now),
    )
    looks = len(interim_looks(40))
    assert {(what, total) for what, _, total in told} == {("interim looks, f0-m1", looks)}
    assert [done for _, done, _ in told] == sorted(done for _, done, _ in told)
    assert (told[0][1], told[-1][1]) == (0, looks) and len(told) > 2
    assert answer.verdict == "related"
    assert answer.probes < 40 and answer.probes + answer.saved == answer.available == 40
    stranger = stop_early(models, "f0-m0", "f5-m1", labels=Labels(tuple(names)))
    assert stranger.verdict != "related"
