"""Stopping as soon as the question is decided.

Probes come in a fixed order, and a pair is looked at after 10, 15, 20, ... of them. Interim looks
share the error that is allowed: the share of a look is what the spent error grows by (alpha
spending; Lan & DeMets 1983, Biometrika 70:659), here with the square root of the share of looks
taken (Kim & DeMets 1987, Biometrika 74:149), so that the shares add up to alpha. By Boole's
inequality the false-positive rate over all looks is then at most alpha whatever the correlation
between looks is, and no boundary has to be fitted. The same is done with beta for 'unrelated'.

A look only proposes to stop. What is said is decided on all facts of that look
(`decision.decide`), as it is anywhere else; a pair that is decided at no look is inconclusive,
for the reason that the last look gives.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from cladist.core.progress import Progress, silent
from cladist.core.responses import ResponseSet
from cladist.errors import InputError
from cladist.kinship.config import DECISION
from cladist.kinship.evidence.standard import Floats
from cladist.kinship.inference.calibration import calibrate
from cladist.kinship.inference.decision import (
    DEFAULT,
    Decision,
    Policy,
    Reason,
    Verdict,
)
from cladist.kinship.inference.facts import Gatherer, gatherer
from cladist.kinship.inference.labels import Labels
from cladist.kinship.inference.pairs import PairEvidence, pair_evidence

__all__ = [
    "EarlyAnswer",
    "affordable_looks",
    "first_probes",
    "interim_looks",
    "levels",
    "look_at",
    "stop_early",
    "until_decided",
]

Look = Callable[[int, Policy], Decision]
"""The decision after so many probes, by the policy of that look."""


@dataclass(frozen=True)
class EarlyAnswer:
    """When a question was decided: `probes` of `available` were needed, `saved` were not.

    code, reason  why, as a code and in a sentence
    p, alpha      of the look at which it ended, with the share of alpha that this look had
    """

    a: str
    b: str
    verdict: Verdict
    code: Reason
    reason: str
    p: float
    alpha: float
    probes: int
    available: int
    saved: int


def interim_looks(probes: int) -> tuple[int, ...]:
    """The looks for a number of probes, ending with all of them.

    >>> interim_looks(25)
    (10, 15, 20, 25)
    """
    return (*(k for k in DECISION.looks if k < probes), probes)


def levels(count: int, rate: float) -> Floats:
    """The share of `rate` that each of `count` looks has, float64 (count,); they add up to it."""
    spent = rate * np.sqrt(np.arange(count + 1) / count)
    return np.diff(spent)


def first_probes(responses: ResponseSet, count: int) -> ResponseSet:
    """The answers to the first `count` probes."""
    return replace(responses, probe_ids=responses.probe_ids[:count], slots=responses.slots[:count])


def affordable_looks(probes: int, alpha: float, floor: float) -> tuple[int, ...]:
    """As many of `interim_looks` as leave every look a share of alpha that the panel can reach.

    `floor` is the least p-value of the panel: a look whose share lies below it can call nobody
    related. Looks are spread evenly, and the last one is always there.

    >>> affordable_looks(60, 0.01, 0.0083), affordable_looks(60, 0.01, 0.001)
    ((60,), (10, 15, 20, 30, 60))
    """
    looks = interim_looks(probes)
    for count in range(len(looks), 1, -1):
        if levels(count, alpha).min() >= floor:
            at = np.unique(np.linspace(0, len(looks) - 1, count + 1)[1:].round().astype(int))
            return tuple(looks[k] for k in (range(len(looks)) if count == len(looks) else at))
    return looks[-1:]


def until_decided(
    a: str, b: str, probes: int, policy: Policy, look: Look, floor: float
) -> EarlyAnswer:
    """Take one look after another until one of them says related or unrelated.

    `look` is asked once for each of `affordable_looks(probes, policy.alpha, floor)`, with the
    share of both error rates that this look has. Raises what it raises.
    """
    looks = affordable_looks(probes, policy.alpha, floor)
    alphas, betas = levels(len(looks), policy.alpha), levels(len(looks), policy.beta)
    for at, alpha, beta in zip(looks, alphas.tolist(), betas.tolist(), strict=True):
        decided = look(at, replace(policy, alpha=alpha, beta=beta))
        if decided.verdict in ("related", "unrelated"):
            break
    return EarlyAnswer(
        a, b, decided.verdict, decided.reason, decided.sentence, decided.p, alpha, at,
        looks[-1], looks[-1] - at,
    )  # fmt: skip


def look_at(made: Gatherer, a: str, b: str, policy: Policy) -> Decision:
    """The decision of one look, on the facts that there are by then.

    Raises `InputError` where no panel could be calibrated: no later look could mend that.
    """
    if made.calibration is None:
        raise InputError(f"stopping early needs a panel to test against: {made.missing}")
    return made.decide(made.pairs.index(a), made.pairs.index(b), policy)


def stop_early(
    responses: Sequence[ResponseSet],
    a: str,
    b: str,
    *,
    labels: Labels | None = None,
    policy: Policy = DEFAULT,
    prompts: Sequence[str] | None = None,
    evidence: Sequence[PairEvidence] | None = None,
    progress: Progress = silent,
) -> EarlyAnswer:
    """After how many probes the question of one pair was decided.

    `evidence`, of `pair_evidence` after each of `interim_looks`, saves its cost for further pairs.
    `progress` is told of every look before it, of as many as there are at most. Raises `InputError`
    for unknown names and when the panel is too small. Cost: the evidence of all pairs at every look
    until it is decided.
    """
    looks = interim_looks(len(responses[0].probe_ids))
    what = f"interim looks, {b}"
    progress(what, 0, len(looks))
    whole = pair_evidence(responses) if evidence is None else evidence[-1]
    try:
        floor = calibrate(whole, labels).floor
    except InputError as problem:
        raise InputError(f"stopping early needs a panel to test against: {problem}") from None

    def look(at: int, share: Policy) -> Decision:
        progress(what, looks.index(at), len(looks))
        cut = [first_probes(r, at) for r in responses]
        pairs = pair_evidence(cut) if evidence is None else evidence[looks.index(at)]
        asked = None if prompts is None else prompts[:at]
        return look_at(gatherer(cut, pairs, labels, prompts=asked), a, b, share)

    found = until_decided(a, b, looks[-1], policy, look, floor)
    progress(what, len(looks), len(looks))
    return found
