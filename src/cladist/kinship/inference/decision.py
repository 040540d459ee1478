"""One decision: from what is known of a pair of models, and a policy, to a verdict with a reason.

Whatever tells of two models whether they are kin asks `decide` and nothing else, so that one pair
has one verdict wherever it is looked at. Being called related needs all of this:

    panel     so much in common is rarer among unrelated pairs than alpha
    covered   the panel holds models like these two, so that it can say so
    probes    it is spread over probes (signs of the per-probe excess flipped)
    mismatch  the two agree more on the same probe than across probes
    flags     neither says the same whatever it is asked, repeats the prompt, or hardly answers

Being called unrelated needs known kin, nearly all of which have more in common. Where no test
could be made the verdict is 'not tested', which is neither a finding nor its absence. All else is
inconclusive. Every verdict carries a code of its reason, for programs, and a sentence, for people.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from cladist.errors import InputError
from cladist.kinship.config import DECISION
from cladist.kinship.inference.assumed import in_words
from cladist.kinship.inference.states import FLAGS, VETO

__all__ = [
    "COMMON_TEXT",
    "DEFAULT",
    "UNTESTABLE",
    "VERDICTS",
    "Adjustment",
    "Decision",
    "PairFacts",
    "Policy",
    "Reason",
    "Verdict",
    "adjust",
    "caveat",
    "decide",
    "makers_needed",
    "percent",
    "test_candidates",
    "test_declared",
    "untestable",
]

Verdict = Literal["related", "unrelated", "inconclusive", "not tested"]
VERDICTS: tuple[Verdict, ...] = ("related", "unrelated", "inconclusive", "not tested")
Reason = Literal[
    "beyond-unrelated",
    "below-kin",
    "few-probes",
    "constant-answers",
    "prompt-echo",
    "canned-answers",
    "nearly-empty",
    "uncovered",
    "probes-disagree",
    "among-candidates",
    "above-alpha",
    "panel-too-small",
    "no-panel",
]
Adjustment = Literal["holm", "bh", "by", "none"]

_NAN = float("nan")
UNTESTABLE: frozenset[Reason] = frozenset(
    {
        "few-probes", "constant-answers", "prompt-echo", "canned-answers", "nearly-empty",
        "uncovered", "panel-too-small", "no-panel",
    }
)  # fmt: skip


COMMON_TEXT = (
    "a common text or teacher does that to distributions too: of unrelated bred models 17% of "
    "those with one founding text, and 36% of pupils and teachers, are as near at a rate of 1%"
)
"""What everybody must read who is told 'related' from distributions (docs/lab-functional.md)."""


@dataclass(frozen=True)
class PairFacts:
    """What is known of a pair; numbers that are not known are NaN.

    excess      standardised residual over unrelated pairs like it
    p           share of unrelated pairs with as much in common
    kin_p       share of known kin with no more in common (`Calibration.kin_p`); NaN without enough
    p_less      share of unrelated pairs with as little in common; NaN where there is no panel
    p_probes    sign-flip p-value over probes; NaN where it was not needed
    p_mismatch  p-value against the same answers on shuffled probes; NaN where it was not needed
    common      probes that both answered
    flags       of `states.FLAGS`
    uncovered   why the panel holds nothing like these two, '' where it does
    floor       smallest p-value that the panel can give
    labelled    whether the panel's families were declared
    null        unrelated pairs that p rests on
    makers      makers or families among the models these are of
    missing     why there is no panel to test against, '' where there is one
    doubts      settings in which the two may have been asked differently (`assumed`): `kin_p` is
                not known then
    functions   whether the answers are distributions, which a common text moves as kinship does
    """

    a: str
    b: str
    common: int
    flags: tuple[str, ...] = ()
    excess: float = _NAN
    p: float = _NAN
    kin_p: float = _NAN
    p_less: float = _NAN
    p_probes: float = _NAN
    p_mismatch: float = _NAN
    uncovered: str = ""
    floor: float = _NAN
    labelled: bool = False
    null: int = 0
    makers: int = 0
    missing: str = ""
    doubts: tuple[str, ...] = ()
    functions: bool = False


@dataclass(frozen=True)
class Policy:
    """Error rates that verdicts keep to.

    alpha           false-positive rate: share of unrelated pairs that may be called related
    beta            share of known kin that may be called unrelated
    probe_level     level of the two checks over probes
    minimum_probes  probes in common below which nothing is said

    Raises `InputError` for a rate outside 0 to 1.
    """

    alpha: float = DECISION.alpha
    beta: float = DECISION.beta
    probe_level: float = DECISION.probe_level
    minimum_probes: int = DECISION.minimum_probes

    def __post_init__(self) -> None:
        for name in ("alpha", "beta", "probe_level"):
            value = getattr(self, name)
            if not 0 < value < 1:
                raise InputError(f"{name.replace('_', ' ')}: a rate of {value} is outside 0 to 1")


DEFAULT = Policy()
"""What is decided by unless told otherwise."""


@dataclass(frozen=True)
class Decision:
    """A verdict, why, and the p-value it rests on (adjusted where several were asked at once).

    reason    code of the reason, the same for the same facts wherever it is asked
    sentence  the reason in words, without a full stop
    p         NaN where nothing was tested
    """

    verdict: Verdict
    reason: Reason
    sentence: str
    p: float = _NAN


def decide(facts: PairFacts, policy: Policy = DEFAULT) -> Decision:
    """The verdict on a pair. Pure: the same facts and policy give the same decision.

    >>> decide(PairFacts("a", "b", 40, missing="3 models are too few")).verdict
    'not tested'
    """
    verdict, reason, sentence = _decide(facts, policy)
    return Decision(verdict, reason, sentence, facts.p)


def _decide(facts: PairFacts, policy: Policy) -> tuple[Verdict, Reason, str]:
    if facts.common < policy.minimum_probes:
        said = f"both answered only {facts.common} probes; {policy.minimum_probes} are the least"
        return "inconclusive", "few-probes", said
    for flag in VETO:
        if flag in facts.flags:
            return "inconclusive", _code(flag), FLAGS[flag]
    if facts.missing or math.isnan(facts.p):
        return "not tested", "no-panel", _without_panel(facts, policy)
    if facts.uncovered:
        return "inconclusive", "uncovered", facts.uncovered
    if facts.p <= policy.alpha:
        return _near(facts, policy)
    if facts.kin_p <= policy.beta and facts.p > max(policy.alpha, policy.beta) and _clears(facts):
        said = (
            f"at most {percent(facts.kin_p)} of known kin have so little in common, and "
            f"{percent(facts.p_less)} of unrelated pairs do"
        )
        return "unrelated", "below-kin", said
    if facts.floor > policy.alpha:
        return "not tested", "panel-too-small", _too_small(facts, policy)
    return "inconclusive", "above-alpha", _above(facts, policy)


def untestable(decision: Decision) -> bool:
    """Whether the answers or the panel forbid any test of the pair, rather than leave it open."""
    return decision.reason in UNTESTABLE


def _code(flag: str) -> Reason:
    codes: dict[str, Reason] = {
        "constant-answers": "constant-answers",
        "prompt-echo": "prompt-echo",
        "canned-answers": "canned-answers",
        "nearly-empty": "nearly-empty",
    }
    return codes[flag]


def _near(facts: PairFacts, policy: Policy) -> tuple[Verdict, Reason, str]:
    """Of pairs with more in common than unrelated ones."""
    level = policy.probe_level
    if not (facts.p_probes <= level and facts.p_mismatch <= level):
        said = "what they share rests on a few probes, or on style alone"
        return "inconclusive", "probes-disagree", said
    said = (
        f"at most {percent(facts.p)} of unrelated pairs of the same style have so much in common, "
        f"and it is spread over probes{caveat(facts)}"
    )
    return "related", "beyond-unrelated", said


def _clears(facts: PairFacts) -> bool:
    """Whether so little in common is at least as usual among unrelated pairs as among kin.

    Kin of a family may have less in common than strangers do: such a panel clears nobody.
    """
    return facts.p_less >= facts.kin_p


def caveat(facts: PairFacts) -> str:
    """What ends the reason of every 'related', '' where there is nothing to add.

    >>> caveat(PairFacts("a", "b", 40, functions=True)).startswith("; but a common text or teacher")
    True
    """
    return f"; but {COMMON_TEXT}" if facts.functions else ""


def _above(facts: PairFacts, policy: Policy) -> str:
    if facts.kin_p <= policy.beta and not _clears(facts):
        alike = (
            f"{percent(facts.kin_p)} of known kin have no more, but only "
            f"{percent(facts.p_less)} of unrelated pairs, so this does not clear them"
        )
    elif not math.isnan(facts.kin_p):
        alike = f"{percent(facts.kin_p)} of known kin have no more, so this does not clear them"
    else:
        trace = "reasoning-trace" in facts.flags
        which = "known kin that write a reasoning trace" if trace else "known kin"
        alike = f"without {which} nobody is called unrelated"
    if facts.doubts:
        alike = f"their {in_words(facts.doubts)} may differ, so nobody is called unrelated"
    return (
        f"{percent(facts.p)} of unrelated pairs of the same style have as much in common, more "
        f"than the false-positive rate of {percent(policy.alpha)}; {alike}"
    )


def _too_small(facts: PairFacts, policy: Policy) -> str:
    return (
        f"the panel has {facts.null} unrelated pairs of {facts.makers} makers, so no p-value is "
        f"below {facts.floor:.2g}; a false-positive rate of {policy.alpha:g} needs about "
        f"{makers_needed(policy.alpha)} makers"
    )


def _without_panel(facts: PairFacts, policy: Policy) -> str:
    p = facts.p_mismatch
    found = ""
    if p <= policy.alpha:
        found = (
            f"the two agree more on the same probe than across probes (p = {p:.2g}), which style "
            "does not explain; but models that merely know the same answers do that too. "
        )
    elif not math.isnan(p):
        found = f"the two agree no more on the same probe than across probes (p = {p:.2g}). "
    why = facts.missing or "no test could be made"
    return f"{found}No panel to test against: {why}; neither kinship nor its absence can be claimed"


def makers_needed(alpha: float) -> int:
    """Makers from which a false-positive rate can be stated: their pairs are what is counted.

    >>> makers_needed(0.01)
    15
    """
    return math.ceil((1 + math.sqrt(1 + 8 / alpha)) / 2)


def percent(share: float) -> str:
    """A share in two digits, as '0.12%'."""
    whole = 100 * min(share, 1.0)
    return f"{whole:.0f}%" if whole >= 99.5 else f"{whole:.2g}%"


def test_candidates(
    facts: Sequence[PairFacts], policy: Policy = DEFAULT, method: Adjustment = "holm"
) -> tuple[Decision, ...]:
    """Verdicts on several candidates that were asked about together, in the order given.

    p is adjusted for all of them. A candidate that would be related if it were the only one, and
    no longer is, is inconclusive by reason 'among-candidates'. Nothing else changes.
    """
    known = [k for k, f in enumerate(facts) if not math.isnan(f.p)]
    adjusted = dict(zip(known, adjust([min(facts[k].p, 1.0) for k in known], method), strict=True))
    out = []
    for k, f in enumerate(facts):
        alone = decide(f, policy)
        p = float(adjusted.get(k, _NAN))
        if alone.verdict == "related" and p > policy.alpha:
            said = f"alone it would be related; among {len(facts)} candidates p is {p:.3g}"
            out.append(Decision("inconclusive", "among-candidates", said, p))
        else:
            out.append(replace(alone, p=p))
    return tuple(out)


def test_declared(
    facts: Sequence[PairFacts], policy: Policy = DEFAULT, method: Adjustment = "by"
) -> tuple[Decision, ...]:
    """Verdicts on pairs that are declared to be kin, in the order given.

    The grave verdict is 'unrelated' here, as it contradicts somebody, and of many true links beta
    would be called so. So it is `kin_p` that is adjusted for all links that were asked about, by
    default to a false discovery rate of beta under any dependence. Nothing else changes.
    """
    known = [k for k, f in enumerate(facts) if not math.isnan(f.kin_p)]
    adjusted = adjust([min(facts[k].kin_p, 1.0) for k in known], method)
    wary = dict(zip(known, adjusted.tolist(), strict=True))
    out = []
    for k, f in enumerate(facts):
        found = decide(replace(f, kin_p=wary.get(k, f.kin_p)), policy)
        if found.reason == "above-alpha":
            # An adjusted share is no share of known kin, so none is told.
            found = replace(found, sentence=_left_open(decide(f, policy), f, len(facts)))
        out.append(found)
    return tuple(out)


def _left_open(alone: Decision, facts: PairFacts, links: int) -> str:
    """Why a declared link is left open that may not have been by itself."""
    if alone.verdict != "unrelated":
        return alone.sentence
    return (
        f"alone it would be unrelated, as {percent(facts.kin_p)} of known kin have so little in "
        f"common; among {links} declared links that many true ones would have as little"
    )


def adjust(p: Sequence[float], method: Adjustment = "holm") -> NDArray[np.float64]:
    """Adjusted p-values of several candidates, in the order given.

    holm  family-wise error (Holm 1979, Scand. J. Stat. 6:65)
    bh    false discovery rate under positive dependence (Benjamini & Hochberg 1995, J. R. Stat.
          Soc. B 57:289)
    by    false discovery rate under any dependence (Benjamini & Yekutieli 2001, Ann. Stat. 29:1165)

    Raises `InputError` for values outside 0 to 1.
    """
    values = np.asarray(p, dtype=np.float64)
    if values.size == 0 or method == "none":
        return values
    if np.isnan(values).any() or (values < 0).any() or (values > 1).any():
        raise InputError("p-values to be adjusted must lie within 0 to 1")
    if method in ("bh", "by"):
        from scipy.stats import false_discovery_control  # takes half a second to import

        return np.asarray(false_discovery_control(values, method=method))
    n = len(values)
    order = np.argsort(values, kind="stable")
    stepped = np.maximum.accumulate(values[order] * (n - np.arange(n)))
    out = np.empty(n)
    out[order] = np.minimum(stepped, 1.0)
    return out
