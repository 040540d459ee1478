"""The decision: what each verdict needs, and what several questions at once change."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cladist.errors import InputError
from cladist.kinship.inference import decision
from cladist.kinship.inference.decision import PairFacts, Policy, decide, makers_needed, untestable
from cladist.kinship.inference.states import FLAGS, VETO

KIN = PairFacts(
    "a", "b", 40, excess=9.0, p=0.001, kin_p=0.7, p_probes=0.001, p_mismatch=0.001,
    floor=0.0005, labelled=True, null=2000, makers=30,
)  # fmt: skip
STRANGERS = replace(KIN, excess=0.0, p=0.5, kin_p=0.01, p_less=0.5)
NAN = float("nan")


def told(facts: PairFacts, policy: Policy = Policy()) -> tuple[str, str]:  # noqa: B008
    found = decide(facts, policy)
    return found.verdict, found.reason


def test_related_and_unrelated() -> None:
    assert told(KIN) == ("related", "beyond-unrelated")
    assert told(STRANGERS) == ("unrelated", "below-kin")
    assert decide(KIN).p == 0.001


def test_related_by_distributions_says_what_else_makes_them_alike() -> None:
    said = decide(replace(KIN, functions=True))
    assert said.verdict == "related"
    assert said.sentence.startswith(decide(KIN).sentence)
    assert "17%" in said.sentence and "36% of pupils" in said.sentence
    assert "17%" not in decide(KIN).sentence
    assert decide(replace(STRANGERS, functions=True)).sentence == decide(STRANGERS).sentence


@pytest.mark.parametrize(
    ("change", "verdict"),
    [
        ({"common": 9}, ("inconclusive", "few-probes")),
        ({"p": 0.011}, ("inconclusive", "above-alpha")),
        ({"p_probes": 0.06}, ("inconclusive", "probes-disagree")),
        ({"p_probes": NAN}, ("inconclusive", "probes-disagree")),
        ({"p_mismatch": 0.06}, ("inconclusive", "probes-disagree")),
        ({"p_mismatch": NAN}, ("inconclusive", "probes-disagree")),
        ({"uncovered": "nothing like these"}, ("inconclusive", "uncovered")),
        ({"p": NAN}, ("not tested", "no-panel")),
        ({"missing": "3 models"}, ("not tested", "no-panel")),
        ({"p": 0.04, "floor": 0.02}, ("not tested", "panel-too-small")),
    ],
)
def test_every_condition_of_related_is_needed(
    change: dict[str, object], verdict: tuple[str, str]
) -> None:
    assert told(replace(KIN, **change)) == verdict  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("change", "verdict"),
    [
        ({"kin_p": 0.06}, ("inconclusive", "above-alpha")),
        ({"kin_p": NAN}, ("inconclusive", "above-alpha")),
        ({"kin_p": 0.04, "p_less": 0.03}, ("inconclusive", "above-alpha")),
        ({"p_less": NAN}, ("inconclusive", "above-alpha")),
        ({"p": 0.03}, ("inconclusive", "above-alpha")),
        ({"uncovered": "nothing like these"}, ("inconclusive", "uncovered")),
        ({"floor": 0.5}, ("unrelated", "below-kin")),
    ],
)
def test_unrelated_needs_kin_that_share_more(
    change: dict[str, object], verdict: tuple[str, str]
) -> None:
    assert told(replace(STRANGERS, **change)) == verdict  # type: ignore[arg-type]


def test_nobody_is_cleared_where_kin_have_as_little_as_strangers() -> None:
    said = decide(replace(STRANGERS, kin_p=0.04, p_less=0.01)).sentence
    assert "4% of known kin have no more, but only 1% of unrelated pairs" in said


@pytest.mark.parametrize("flag", VETO)
@pytest.mark.parametrize("facts", [KIN, STRANGERS, replace(KIN, missing="no panel", p=NAN)])
def test_answers_that_say_nothing_decide_nothing(flag: str, facts: PairFacts) -> None:
    found = decide(replace(facts, flags=("identical-answers", flag, "reasoning-trace")))
    assert (found.verdict, found.reason, found.sentence) == ("inconclusive", flag, FLAGS[flag])
    assert untestable(found)


share = st.floats(0, 1) | st.just(NAN)


@given(
    common=st.integers(0, 100), p=share, kin_p=share, p_less=share, p_probes=share,
    p_mismatch=share, floor=share, flags=st.sets(st.sampled_from(sorted(FLAGS))),
    alpha=st.floats(0.001, 0.3),
)  # fmt: skip
def test_an_accusation_always_has_all_its_grounds(
    common: int, p: float, kin_p: float, p_less: float, p_probes: float, p_mismatch: float,
    floor: float, flags: set[str], alpha: float,
) -> None:  # fmt: skip
    facts = PairFacts(
        "a", "b", common, tuple(flags), p=p, kin_p=kin_p, p_less=p_less, p_probes=p_probes,
        p_mismatch=p_mismatch, floor=floor,
    )  # fmt: skip
    found = decide(facts, Policy(alpha=alpha))
    assert found.sentence and not found.sentence.endswith(".")
    if found.verdict == "related":
        assert p <= alpha and p_probes <= 0.05 and p_mismatch <= 0.05 and common >= 10
    if found.verdict == "unrelated":
        assert kin_p <= 0.05 and p > alpha and p_less >= kin_p
    if flags & set(VETO):
        assert found.verdict == "inconclusive"


def test_several_candidates_take_back_what_one_alone_would_show() -> None:
    weak = replace(KIN, p=0.006)
    alone = decision.test_candidates([weak])
    assert [d.verdict for d in alone] == ["related"]
    both = decision.test_candidates([weak, STRANGERS])
    assert (both[0].verdict, both[0].reason) == ("inconclusive", "among-candidates")
    assert "alone it would be related; among 2 candidates p is 0.012" in both[0].sentence
    assert both[0].p == pytest.approx(0.012) and both[1].verdict == "unrelated"
    untested = replace(KIN, p=NAN, missing="no panel")
    mixed = decision.test_candidates([weak, untested])
    assert [d.verdict for d in mixed] == ["related", "not tested"] and np.isnan(mixed[1].p)


def test_of_many_declared_links_few_are_contradicted_by_chance() -> None:
    """Under true kinship kin_p is uniform: of many links none may be called unrelated lightly."""
    draw = np.random.default_rng(0)
    wrong, naive = 0, 0
    for _ in range(200):
        facts = [replace(STRANGERS, kin_p=float(k)) for k in draw.random(50)]
        wrong += any(d.verdict == "unrelated" for d in decision.test_declared(facts))
        naive += any(decide(f).verdict == "unrelated" for f in facts)
    assert wrong <= 0.05 * 200 + 3 * np.sqrt(0.05 * 0.95 * 200) and naive > 150
    sure = [replace(STRANGERS, kin_p=1e-6), *[replace(STRANGERS, kin_p=0.5)] * 20]
    assert decision.test_declared(sure)[0].verdict == "unrelated"


def test_an_open_declared_link_tells_shares_of_kin_and_no_adjusted_number() -> None:
    """Adjusted over many links a share becomes 100%, which is true of no kin."""
    weak = replace(STRANGERS, kin_p=0.3)
    found = decision.test_declared([weak, *[replace(KIN, kin_p=0.9)] * 40])[0]
    assert found.reason == "above-alpha" and "30% of known kin" in found.sentence
    assert found == decide(weak)
    one = replace(STRANGERS, kin_p=0.04)
    assert decide(one).verdict == "unrelated"
    found = decision.test_declared([one, *[weak] * 9])[0]
    assert found.verdict == "inconclusive" and "4% of known kin" in found.sentence
    assert "among 10 declared links" in found.sentence


def test_a_small_panel_says_how_many_makers_are_needed() -> None:
    small = replace(KIN, p=0.04, floor=0.02, null=49, makers=11)
    assert "about 15 makers" in decide(small).sentence
    for alpha in (0.05, 0.01, 0.001):
        m = makers_needed(alpha)
        assert 1 / (m * (m - 1) / 2) <= alpha < 1 / ((m - 1) * (m - 2) / 2)


@pytest.mark.parametrize("alpha", [0.0, 1.0, -1.0, NAN])
def test_rates_outside_0_to_1_are_refused(alpha: float) -> None:
    with pytest.raises(InputError, match="alpha"):
        Policy(alpha=alpha)
