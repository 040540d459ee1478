"""Is B kin of A? A test of one pair that an auditor can sign.

`facts` gathers what is known of the pair, `decision` says what follows; here both are put
together with the numbers that a reader wants to see beside a verdict.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cladist.core.responses import ResponseSet
from cladist.core.results import Result, offered, plain
from cladist.core.text import printable
from cladist.errors import InputError
from cladist.kinship.inference.calibration import Calibration
from cladist.kinship.inference.decision import (
    DEFAULT,
    Adjustment,
    Decision,
    PairFacts,
    Policy,
    Reason,
    Verdict,
    test_candidates,
    test_declared,
)
from cladist.kinship.inference.facts import Gatherer, gatherer
from cladist.kinship.inference.labels import Labels
from cladist.kinship.inference.pairs import PairEvidence

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["KinshipResult", "basis_of", "judge_candidates", "judge_declared", "judge_kinship"]


@dataclass(frozen=True, repr=False)
class KinshipResult(Result):
    """What a test of one pair came to.

    verdict      related, unrelated, inconclusive or not tested
    code         the reason as a code (`decision.Reason`)
    reason       the same in a sentence
    excess       standardised residual, for pairs of the same style; NaN without a panel
    per_probe    mean per-probe excess over controls, with its 95% interval over probes
    p            p-value among unrelated pairs, adjusted where several were asked at once
    p_alone      the same of this pair alone
    p_probes     sign-flip p-value over probes
    p_mismatch   p-value against the same answers on shuffled probes
    kin_p        share of known kin with no more in common, the mean over families or that of the
                 families in question, whichever is more; NaN without enough of them
    power        share of known kin, each family counting once, whose p alone would do at `alpha`
                 among as many candidates; NaN without known kin
    alpha        false-positive rate that the verdict keeps to
    probes       probes that both answered
    flags        what is remarkable about the answers ('identical-answers', 'few-probes', ...)
    basis        what the calibration rests on, in a sentence
    tokenizer    agreement of token clocks; above 1 the tokenizers look the same
    """

    a: str
    b: str
    verdict: Verdict
    code: Reason
    reason: str
    excess: float
    per_probe: tuple[float, float, float]
    p: float
    p_alone: float
    p_probes: float
    p_mismatch: float
    kin_p: float
    power: float
    alpha: float
    probes: int
    flags: tuple[str, ...]
    basis: str
    tokenizer: float = float("nan")

    def rows(self) -> list[dict[str, Any]]:
        """One row: the pair, the verdict and the numbers beside it."""
        mean, low, high = self.per_probe
        numbers = {"p": self.p, "alpha": self.alpha, "excess": self.excess, "per_probe": mean}
        more = {"low": low, "high": high, "power": self.power, "probes": self.probes}
        said = {"a": self.a, "b": self.b, "verdict": self.verdict}
        return [{**said, **plain({**numbers, **more}), "code": self.code, "reason": self.reason}]

    def headline(self) -> str:
        """The pair and the verdict, with p."""
        p = "" if self.p != self.p else f" (p {self.p:.2g}, alpha {self.alpha:g})"
        return f"{self.a} and {self.b}: {self.verdict}{p}"

    def __str__(self) -> str:
        return printable(f"{self.headline()}. {self.reason}. Rests on {self.basis}.")

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the mean excess a probe over controls with its 95% interval; 0 is unrelated."""
        axes: Axes = offered("plot_intervals")([self], ax)
        return axes


def judge_kinship(
    responses: Sequence[ResponseSet],
    pairs: PairEvidence,
    a: str,
    b: str,
    *,
    alpha: float = DEFAULT.alpha,
    labels: Labels | None = None,
    prompts: Sequence[str] | None = None,
    calibration: Calibration | None = None,
    seed: int = 0,
) -> KinshipResult:
    """Test whether `a` and `b` are kin, with all models given as the panel.

    `responses` and `pairs` (of `pair_evidence`) are of the same models in the same order.
    `prompts` (p) let repeated prompts be told from answers. Raises `InputError` for unknown
    names and for a rate outside 0 to 1. Cost beyond `pair_evidence`: O(n^2) for the calibration.
    Of many pairs make one `facts.gatherer` and ask `judge_candidates`.

    >>> from cladist.kinship.inference.pairs import pair_evidence
    >>> answers = [ResponseSet.of_texts(n, ["No."] * 12) for n in "ab"]
    >>> judge_kinship(answers, pair_evidence(answers), "a", "b").code
    'constant-answers'
    """
    made = gatherer(responses, pairs, labels, prompts=prompts, calibration=calibration, seed=seed)
    return judge_candidates(made, a, [b], Policy(alpha), "none")[0]


def judge_candidates(
    made: Gatherer,
    a: str,
    candidates: Sequence[str],
    policy: Policy = DEFAULT,
    method: Adjustment = "holm",
) -> list[KinshipResult]:
    """One test a candidate, in the order given; p is adjusted for all of them.

    Raises `InputError` for a name that is not there and for a model held against itself.
    """
    i = made.pairs.index(a)
    rows = [made.pairs.index(c) for c in candidates]
    if i in rows:
        raise InputError(f"'{a}' was to be compared with itself; name two models")
    facts = [made.facts(i, j, policy, whole=True) for j in rows]
    decided = test_candidates(facts, policy, method)
    asked = policy.alpha / max(len(rows), 1)
    return [
        _result(made, i, j, f, d, policy, asked)
        for j, f, d in zip(rows, facts, decided, strict=True)
    ]


def judge_declared(
    made: Gatherer, a: str, others: Sequence[str], policy: Policy = DEFAULT
) -> list[KinshipResult]:
    """One test for each model that is declared to be kin of `a`; see `decision.test_declared`.

    Raises `InputError` for a name that is not there.
    """
    i = made.pairs.index(a)
    rows = [made.pairs.index(c) for c in others]
    facts = [made.facts(i, j, policy, whole=True) for j in rows]
    decided = test_declared(facts, policy)
    return [
        _result(made, i, j, f, d, policy, policy.alpha)
        for j, f, d in zip(rows, facts, decided, strict=True)
    ]


def _result(
    made: Gatherer,
    i: int,
    j: int,
    facts: PairFacts,
    decided: Decision,
    policy: Policy,
    asked: float,
) -> KinshipResult:
    """The result of one pair; power is counted at `asked`, alpha shared among candidates."""
    nothing = (float("nan"),) * 3
    c = made.calibration
    return KinshipResult(
        a=facts.a,
        b=facts.b,
        verdict=decided.verdict,
        code=decided.reason,
        reason=decided.sentence,
        excess=facts.excess,
        per_probe=nothing if c is None else made.per_probe(i, j),
        p=decided.p,
        p_alone=facts.p,
        p_probes=facts.p_probes,
        p_mismatch=facts.p_mismatch,
        kin_p=facts.kin_p,
        power=float("nan") if c is None else c.power(asked),
        alpha=policy.alpha,
        probes=facts.common,
        flags=facts.flags,
        basis=basis_of(made),
        tokenizer=float(made.pairs.tokenizer[i, j])
        if c and _tells_tokenizers(made)
        else float("nan"),
    )


def _tells_tokenizers(made: Gatherer) -> bool:
    """Whether answers tell of tokenizers; distributions do not."""
    return bool(made.pairs.tokenizer.stored.any())


def basis_of(made: Gatherer) -> str:
    """What verdicts rest on, in a sentence without a full stop."""
    c = made.calibration
    if c is None:
        return f"no calibration: {made.missing}"
    how = "declared families" if c.labelled else "families guessed from tight clusters"
    kin = f", {len(c.kin)} known kin pairs" if c.labelled else ", no known kin"
    return (
        f"{c.size} unrelated pairs among {c.models} models of {c.families} {how}{kin}; "
        f"matched on style{' and tokenizer' if _tells_tokenizers(made) else ''}"
        + (", and on reasoning traces" if c.reasoning_pairs else "")
    )
