"""Where a new model stands among the models of a reference.

How near the nearest member is means nothing by itself: among many strangers some are near. So
every member is asked the same question as a stranger, all of its maker taken away: how near is
the nearest then, the new model among those it may be near to? Models of one maker are alike, so
makers are what is counted, each once, and

    p = (1 + sum over makers of the share of their models that have as near a one) / (1 + makers).

Members of unknown family may be kin of anybody, so they are nobody's strangers, and the verdict
is on the nearest member of known family. If the new model is of a maker drawn as those of the
reference were, and kin of nobody here, its maker is as likely as any other to hold the nearest
strangers; so p <= alpha has a probability of at most alpha (as in
`kinship.inference.calibration`). The search for the nearest is part of what is compared: all
members are asked about at once. The new model must be among those that a member may be near to:
the nearest two strangers of all are two, and it would be taken for one of them twice as often
otherwise.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from cladist.core.responses import ResponseSet
from cladist.errors import CoverageError
from cladist.extraction.like import cut_to
from cladist.formats.labels import DeclaredModel
from cladist.kinship.inference.assumed import no_exclusion, repeated_answers
from cladist.kinship.inference.decision import UNTESTABLE, Policy, caveat, decide, percent
from cladist.kinship.inference.facts import Gatherer, gatherer
from cladist.kinship.inference.family_sets import FamilySet, family_set
from cladist.kinship.inference.identify import identify
from cladist.kinship.inference.labels import Labels, labels_of
from cladist.kinship.inference.null import maker_numbers
from cladist.kinship.inference.pairs import PairEvidence
from cladist.kinship.inference.silence import why_silent
from cladist.kinship.inference.states import model_flags, said
from cladist.kinship.panel.outsider import beside
from cladist.workflows.reference_fit import CHECKED, LEAST, Fit

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

_NAME = "\0asked"
"""Of the new model among the members, whose names it may share."""


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
    tested    the nearest member of known family, which the verdict is on
    p         that a stranger has a nearest one as near; NaN where it cannot be told
    alpha     rate of false accusations that the verdict keeps to
    makers    that p counts, and `outsiders` their models
    reason    of the verdict, a sentence without a full stop
    mute      members that took no part, as they say the same to all, or hardly anything
    doubts    settings in which the reference's answers may differ from the model's, in words
    repeated  groups of members with the same answers to the letter
    """

    nearest: tuple[Near, ...]
    families: tuple[Family, ...]
    kept: FamilySet | None
    verdict: str
    code: str
    tested: str
    p: float
    alpha: float
    makers: int
    outsiders: int
    reason: str
    mute: int = 0
    doubts: tuple[str, ...] = ()
    repeated: int = 0


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
            f"'{answers.model}' gave {usable} usable answers ({states or 'none given'}); {LEAST} "
            "are the least to say anything of its descent. See what it answers with 'cladist "
            "registry show', and whether it is asked through the right interface"
        )
    texts = [prompts.get(i, "") for i in answers.probe_ids]
    why = why_silent(model_flags(answers, texts), said(answers))
    if why:
        raise CoverageError(
            f"'{answers.model}' cannot be placed, as its answers say nothing of its descent: {why}"
        )


def place(
    fit: Fit,
    answers: ResponseSet,
    *,
    alpha: float = RATES[0],
    count: int = SHOWN,
    doubts: tuple[str, ...] = (),
) -> Placement:
    """Place a model, by its answers to some of a reference's probes, among the members of a fit.

    Where there are `doubts` no family is excluded (`kinship.inference.assumed`). No member is left
    out for bearing the model's name. Cost: the evidence of the new model with every member.

    Examples
    --------
    >>> fit = kept_fit(reference.folder, labels, prompts, 100, 24)  # doctest: +SKIP
    >>> place(fit, answers, alpha=0.05).nearest[0].model  # doctest: +SKIP
    'HuggingFaceTB/SmolLM2-135M-Instruct'
    """
    asked = cut_to(replace(answers, model=_NAME), fit.cut)
    pairs = beside(fit.members, asked)
    return placed(fit, asked, pairs, alpha=alpha, count=count, doubts=doubts)


def placed(
    fit: Fit,
    asked: ResponseSet,
    pairs: PairEvidence,
    *,
    alpha: float = RATES[0],
    count: int = SHOWN,
    doubts: tuple[str, ...] = (),
) -> Placement:
    """Place the last model of `pairs`, whose evidence with the members is measured already."""
    i = len(pairs) - 1
    order = sorted(range(i), key=lambda k: (-pairs.combined[i, k], k))
    near = tuple(
        Near(pairs.models[k], float(pairs.combined[i, k]), fit.declared(k).family,
             fit.declared(k).licence)
        for k in order[:count]
    )  # fmt: skip
    blank = Placement(near, (), None, "no answer", "no-panel", near[0].model, math.nan, alpha, 0,
                      0, fit.missing, fit.mute, doubts,
                      repeated_answers(fit.members.pairs.digest))  # fmt: skip
    if fit.labels is None:
        return blank
    families = _labels_beside(fit.labels)
    blank = _with_families(fit, pairs, families, blank)
    return _judged(fit, asked, pairs, families, blank)


def _labels_beside(labels: Labels) -> Labels:
    """Labels of the members, and of the new model none."""
    return Labels((*labels.families, ""), (*labels.groups, "") if labels.groups else ())


def _with_families(fit: Fit, pairs: PairEvidence, labels: Labels, blank: Placement) -> Placement:
    """Families by probability, 'none' among them, and those that cannot be excluded."""
    if fit.families is None:
        return blank
    found = identify(pairs, labels, fit.families.model, pairs.models[-1])
    ranked = [
        *(Family(f, p) for f, p in zip(found.families, found.probabilities, strict=True)),
        Family("", found.none),
    ]
    ranked.sort(key=lambda f: -f.probability)
    kept = family_set(pairs, labels, fit.families.sets, found, refused=no_exclusion(blank.doubts))
    return replace(blank, families=tuple(ranked[:SHOWN]), kept=kept)


def _judged(
    fit: Fit, asked: ResponseSet, pairs: PairEvidence, labels: Labels, blank: Placement
) -> Placement:
    """The verdict on the nearest member of known family, by the rule that decides every pair."""
    if fit.calibration is None or fit.strangers is None:
        return blank
    i, maker = len(pairs) - 1, fit.strangers.maker
    known = np.flatnonzero(maker >= 0)
    nearest = int(known[pairs.combined[i, known].argmax()])
    makers = len(np.unique(maker[known]))
    policy = Policy(blank.alpha, minimum_probes=LEAST)
    calibration = replace(fit.calibration, makers=maker_numbers(pairs, labels))
    made = gatherer([*fit.members.responses, asked], pairs, labels, calibration=calibration)
    p = _stranger_p(made, fit, nearest, policy)
    facts = made.facts(i, nearest, policy, whole=p <= blank.alpha)
    facts = replace(facts, p=p, kin_p=math.nan, floor=least_p(makers))
    found = decide(facts, policy)
    verdict = "related" if found.verdict == "related" else "not shown"
    verdict = "no answer" if found.reason in UNTESTABLE else verdict
    told = f"unrelated models have a nearest one as near in {percent(p)} of cases"
    reason = {
        "beyond-unrelated": f"{told}, and what both share is spread over prompts{caveat(facts)}",
        "above-alpha": f"{told}, which is more than {percent(blank.alpha)}",
        "panel-too-small": f"the {makers} makers of the reference cannot give a p below "
        f"{least_p(makers):.2g}, and a rate of {blank.alpha:g} was asked for",
    }.get(found.reason, found.sentence)
    return replace(
        blank, verdict=verdict, code=found.reason, tested=pairs.models[nearest], p=p,
        makers=makers, outsiders=len(known), reason=reason,
    )  # fmt: skip


def _stranger_p(made: Gatherer, fit: Fit, nearest: int, policy: Policy) -> float:
    """p of the last model of `made`, whose nearest member of known family is given."""
    pairs, s = made.pairs, fit.strangers
    assert s is not None and fit.calibration is not None
    i = len(pairs) - 1
    known = np.flatnonzero(s.maker >= 0)
    own = float(fit.calibration.excess(pairs, np.array([i]), np.array([nearest]))[0])
    nearer = pairs.combined[i, known] > s.combined[known]
    mine = fit.calibration.excess(pairs, known, np.full(len(known), i))
    reached = np.where(nearer, mine, s.excess[known]) >= own
    counted = reached & (nearer | s.counts[known])
    for k in np.flatnonzero(nearer & reached)[:CHECKED]:
        facts = made.facts(i, int(known[k]), policy, whole=True)
        counted[k] = decide(replace(facts, p=0.0), policy).verdict == "related"
    size = np.bincount(s.maker[known])
    share = np.bincount(s.maker[known], counted)[size > 0] / size[size > 0]
    return float((1 + share.sum()) / (1 + len(share)))
