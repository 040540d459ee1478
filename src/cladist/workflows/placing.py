"""Where a new model stands among the models of a reference.

How near the nearest member is means nothing by itself: among many strangers some are near. So
every member is asked the same question as a stranger, all of its maker taken away: how near is
the nearest then, the new model among those it may be near to? Models of one maker are alike, so
makers are what is counted, each once, and

    p = (1 + sum over makers of the share of their models that have as near a one) / (1 + makers).

If the new model is of a maker drawn as those of the reference were, and kin of nobody here, its
maker is as likely as any other to hold the nearest strangers; so p <= alpha has a probability of
at most alpha (as in `kinship.inference.calibration`). The search for the nearest is part of what
is compared: all members are asked about at once. The new model must be among those that a member
may be near to: the nearest two strangers of all are two, and it would be taken for one of them
twice as often otherwise.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from cladist.core.responses import ResponseSet
from cladist.errors import CoverageError, InputError
from cladist.extraction.like import cut_alike
from cladist.formats.labels import DeclaredModel
from cladist.kinship.evidence.standard import Floats
from cladist.kinship.inference.calibration import (
    Calibration,
    Labels,
    PairEvidence,
    calibrate,
    pair_evidence,
)
from cladist.kinship.inference.decision import UNTESTABLE, Policy, decide, percent
from cladist.kinship.inference.facts import Gatherer, gatherer
from cladist.kinship.inference.family_sets import FamilySet, family_set, fit_sets
from cladist.kinship.inference.identify import fit_identifier, identify
from cladist.kinship.inference.labels import labels_of
from cladist.kinship.inference.states import pair_states, speaking
from cladist.kinship.panel.saved import Panel, index_panel, nearest_members
from cladist.kinship.panel.shortlist import CANDIDATES, EXHAUSTIVE, sample_of

__all__ = [
    "LEAST",
    "RATES",
    "Family",
    "Near",
    "Placement",
    "least_p",
    "makers_of",
    "place",
    "placed",
    "rate_for",
    "require_answers",
]

RATES = (0.01, 0.05)
"""False-positive rates that a verdict may have when none is asked for: the first that the
reference can carry. How many makers it has decides, and nothing that the model says."""

SHOWN = 20
"""Members and families named, nearest and likeliest first."""

CHECKED = 60
"""Strangers as near whose answers are looked at one by one; of more of them p is large anyway."""

LEAST = 10
"""Usable answers below which nothing is said at all."""

_STRANGE = {
    "constant-answers": "it says the same to nearly all prompts",
    "prompt-echo": "it mostly repeats the prompts",
}


@dataclass(frozen=True)
class Near:
    """A member near the model: the evidence of kinship, and what is known of the member."""

    model: str
    evidence: float
    family: str
    licence: str


@dataclass(frozen=True)
class Family:
    """A family with its probability; the empty name is 'none of these'."""

    name: str
    probability: float


@dataclass(frozen=True)
class Placement:
    """Where a model stands.

    nearest   members, nearest first
    families  likeliest first, 'none of these' among them; empty where too few labels are known
    kept      the families that cannot be excluded; None where too few labels are known
    verdict   'related', or 'not shown' of the nearest, or 'no answer' where nothing can be said
    code      of the reason, as in `kinship.inference.decision`
    p         that a stranger has a nearest one as near; NaN where it cannot be told
    alpha     rate of false accusations that the verdict keeps to
    makers    that p counts, and `outsiders` their models
    reason    of the verdict, a sentence without a full stop
    mute      members that took no part, as they say the same to all, or hardly anything
    """

    nearest: tuple[Near, ...]
    families: tuple[Family, ...]
    kept: FamilySet | None
    verdict: str
    code: str
    p: float
    alpha: float
    makers: int
    outsiders: int
    reason: str
    mute: int = 0


def makers_of(models: Sequence[str], labels: Mapping[str, DeclaredModel]) -> int:
    """How many makers the models of known family are of."""
    known = labels_of(models, labels)
    if known is None:
        return 0
    return len({m for m, f in zip(known.makers, known.families, strict=True) if f})


def least_p(makers: int) -> float:
    """The least p that so many makers can give.

    >>> least_p(99)
    0.01
    """
    return 1.0 / (1 + makers)


def rate_for(makers: int, wanted: float | None = None) -> float:
    """The rate that is wanted, or else the first of RATES that so many makers carry.

    Twice the least p must lie within it, as a parent that is its maker's only model counts too.

    >>> rate_for(80), rate_for(199), rate_for(80, 0.01)
    (0.05, 0.01, 0.01)
    """
    if wanted is not None:
        return wanted
    return next((r for r in RATES if 2 * least_p(makers) <= r), RATES[-1])


def require_answers(answers: ResponseSet, prompts: Mapping[str, str]) -> None:
    """Refuse answers that say nothing of descent (`CoverageError`): too few, constant, echoes."""
    usable = int(answers.usable().sum())
    if usable < LEAST:
        states = ", ".join(f"{n} {s.value}" for s, n in sorted(answers.states().items()))
        raise CoverageError(
            f"'{answers.model}' gave {usable} usable answers ({states or 'none asked'}); {LEAST} "
            "are the least to say anything of its descent. See what it answers with 'cladist "
            "show', and whether it is asked through the right interface"
        )
    texts = [prompts.get(i, "") for i in answers.probe_ids]
    strange = [_STRANGE[s] for s in pair_states(answers, answers, texts) if s in _STRANGE]
    if strange:
        raise CoverageError(
            f"'{answers.model}' cannot be placed: {' and '.join(strange)}, which says nothing of "
            "its descent"
        )


def place(
    panel: Panel,
    labels: Mapping[str, DeclaredModel],
    answers: ResponseSet,
    *,
    alpha: float = RATES[0],
    count: int = SHOWN,
) -> Placement:
    """Place a model, by its answers to some of the panel's probes, among the panel's members.

    Members are read on the probes that the model answered, and as far as it was let speak. Those
    that say the same whatever they are asked, or hardly anything, take no part, as no kinship can
    be seen in it; no member is left out for bearing the model's name. Raises `InputError` for a
    panel of fewer than three members with answers to these probes. Cost: the evidence of up to
    EXHAUSTIVE members.
    """
    name = "\0asked"
    asked = _answered(replace(answers, model=name))
    fitted = _fitted(panel, asked)
    members = [m for m, says in zip(fitted, speaking(fitted), strict=True) if says]
    if len(members) < 3:
        raise InputError("fewer than three members of the reference answered these prompts")
    members = cut_alike(asked, members)
    pairs = pair_evidence([*members, asked], np.arange(len(members) + 1) < len(members))
    found = placed([*members, asked], pairs, labels, alpha=alpha, count=count)
    return replace(found, mute=len(fitted) - len(members))


def placed(
    responses: Sequence[ResponseSet],
    pairs: PairEvidence,
    labels: Mapping[str, DeclaredModel],
    *,
    alpha: float = RATES[0],
    count: int = SHOWN,
) -> Placement:
    """Place the last of several models among the others, whose evidence is measured already.

    `labels` say nothing of the last one. Cost: that of `fit_sets`.
    """
    known = labels_of(pairs.models, labels)
    name, i = pairs.models[-1], len(pairs) - 1
    order = sorted(range(i), key=lambda k: (-pairs.combined[i, k], k))
    nothing = DeclaredModel("")
    near = tuple(
        Near(m, float(pairs.combined[i, k]), d.family, d.licence)
        for k in order[:count]
        for m in [pairs.models[k]]
        for d in [labels.get(m, nothing)]
    )
    if known is None:
        reason = "no family of the reference's models is known, so this is an order and no more"
        return Placement(near, (), None, "no answer", "no-panel", math.nan, alpha, 0, 0, reason)
    families, kept = _families(pairs, known, name)
    blank = Placement(near, families, kept, "", "", math.nan, alpha, 0, 0, "")
    return _judged(responses, pairs, known, order[0], blank)


def _answered(answers: ResponseSet) -> ResponseSet:
    """The answers without the probes that have none."""
    kept = np.flatnonzero(answers.usable()).tolist()
    return ResponseSet(
        answers.model,
        tuple(answers.probe_ids[k] for k in kept),
        tuple(answers.slots[k] for k in kept),
    )


def _fitted(panel: Panel, asked: ResponseSet) -> list[ResponseSet]:
    """Members with their answers to the asked probes; of a large panel the nearest and a sample."""
    chosen = panel.responses
    if len(chosen) > EXHAUSTIVE:
        found = nearest_members(panel, index_panel(panel), asked, CANDIDATES, candidates=0)
        kept = {m.model for m in found}
        kept |= set(sample_of([m for m in panel.models if m not in kept], EXHAUSTIVE - len(kept)))
        chosen = tuple(r for r in chosen if r.model in kept)
    at = {probe: k for k, probe in enumerate(panel.probe_ids)}
    places = [at[probe] for probe in asked.probe_ids]
    return [
        ResponseSet(r.model, asked.probe_ids, tuple(r.slots[k] for k in places)) for r in chosen
    ]


def _families(
    pairs: PairEvidence, labels: Labels, name: str
) -> tuple[tuple[Family, ...], FamilySet | None]:
    """Families by probability, 'none' among them, and those that cannot be excluded."""
    try:
        found = identify(pairs, labels, fit_identifier(pairs, labels, without=name), name)
    except InputError:
        return (), None  # fewer than MINIMUM_QUERIES labelled models with a relative
    ranked = [
        *(Family(f, p) for f, p in zip(found.families, found.probabilities, strict=True)),
        Family("", found.none),
    ]
    ranked.sort(key=lambda f: -f.probability)
    kept = family_set(pairs, labels, fit_sets(pairs, labels, without=name), found)
    return tuple(ranked[:SHOWN]), kept


def _judged(
    responses: Sequence[ResponseSet],
    pairs: PairEvidence,
    labels: Labels,
    nearest: int,
    blank: Placement,
) -> Placement:
    """The verdict on the nearest member, by the rule that every pair is decided by."""
    i = len(pairs) - 1
    try:
        fitted = calibrate(pairs, labels)
    except InputError as problem:
        reason = f"the reference cannot say how near unrelated models come: {problem}"
        return replace(blank, verdict="no answer", code="no-panel", reason=reason)
    maker = fitted.nulls[0].makers
    makers = len(np.unique(maker[maker >= 0]))
    policy = Policy(blank.alpha, minimum_probes=LEAST)
    made = gatherer(responses, pairs, labels, calibration=fitted)
    p = _stranger_p(made, fitted, maker, policy)
    facts = made.facts(i, nearest, policy, whole=p <= blank.alpha)
    facts = replace(facts, p=p, kin_p=math.nan, floor=least_p(makers))
    found = decide(facts, policy)
    verdict = "related" if found.verdict == "related" else "not shown"
    verdict = "no answer" if found.reason in UNTESTABLE else verdict
    told = f"unrelated models have a nearest one as near in {percent(p)} of cases"
    reason = {
        "beyond-unrelated": f"{told}, and what both share is spread over prompts",
        "above-alpha": f"{told}, which is more than {percent(blank.alpha)}",
        "panel-too-small": f"the {makers} makers of the reference cannot give a p below "
        f"{least_p(makers):.2g}, and a rate of {blank.alpha:g} was asked for",
    }.get(found.reason, found.sentence)
    return replace(
        blank, verdict=verdict, code=found.reason, p=p, makers=makers,
        outsiders=int((maker >= 0).sum()), reason=reason,
    )  # fmt: skip


def _stranger_p(
    made: Gatherer, fitted: Calibration, maker: NDArray[np.int64], policy: Policy
) -> float:
    """p of the last model of `made`; `maker` (n,) is -1 where it is not known.

    A member whose nearest stranger would not be called related however near it is, because what
    they share rests on a few prompts or on nothing but style, is as one that has none.
    """
    pairs = made.pairs
    i = len(pairs) - 1
    rows = np.append(np.flatnonzero(maker >= 0), i)
    own = maker[rows]
    beside = pairs.combined[rows].copy()
    beside[(own[:, None] == maker[None, :]) & (own >= 0)[:, None]] = -np.inf
    beside[np.arange(len(rows)), rows] = -np.inf
    nearest = beside.argmax(axis=1)
    excess: Floats = fitted.excess(pairs, rows, nearest)
    reached = excess[:-1] >= excess[-1]
    if reached.sum() <= CHECKED:
        for k in np.flatnonzero(reached):
            facts = made.facts(int(rows[k]), int(nearest[k]), policy, whole=True)
            reached[k] = decide(replace(facts, p=0.0), policy).verdict == "related"
    others = own[:-1]
    size = np.bincount(others)
    share = np.bincount(others, reached)[size > 0] / size[size > 0]
    return float((1 + share.sum()) / (1 + len(share)))
