"""Where a new model stands among the models of a reference.

How near the nearest member is means nothing by itself: among many strangers some are near. So
every member is asked the same question as an outsider, its own family taken away: how near is the
nearest then? The share of members that strangers come as near to is the p-value of the new
model's nearest, all members compared at once included in it.
"""

from __future__ import annotations

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
    MINIMUM_MODELS,
    Calibration,
    Labels,
    PairEvidence,
    calibrate,
    guess_families,
    pair_evidence,
)
from cladist.kinship.inference.identify import fit_identifier, identify
from cladist.kinship.inference.states import pair_states
from cladist.kinship.panel.saved import Panel, index_panel, nearest_members
from cladist.kinship.panel.shortlist import CANDIDATES, EXHAUSTIVE, sample_of

__all__ = ["COVERAGE", "LEAST", "Family", "Near", "Placement", "place", "require_answers"]

COVERAGE = 0.9
"""Probability that the families of the set hold the right one, as the calibration has it."""

SHOWN = 20
"""Members named, nearest first."""

LEAST = 10
"""Usable answers below which nothing is said at all."""

_STRANGE = {
    "constant-answers": "it says the same to nearly all prompts",
    "prompt-echo": "it mostly repeats the prompts",
}


@dataclass(frozen=True)
class Near:
    """A member near the model: what both share, in spreads of unrelated pairs, and its family."""

    model: str
    evidence: float
    family: str


@dataclass(frozen=True)
class Family:
    """A family with its probability; the empty name is 'none of these'."""

    name: str
    probability: float


@dataclass(frozen=True)
class Placement:
    """Where a model stands.

    nearest   members, nearest first
    families  the fewest that hold COVERAGE of the probability, likeliest first; empty where
              too few labels are known
    verdict   'related', or 'not shown' of the nearest, or 'no answer' where nothing can be said
    p         share of members to whom a stranger is as near; NaN where it cannot be told
    rate      of false accusations that the verdict keeps to
    outsiders members it was told from, and `circles` the families they belong to
    reason    of the verdict, a sentence
    """

    nearest: tuple[Near, ...]
    families: tuple[Family, ...]
    verdict: str
    p: float
    rate: float
    outsiders: int
    circles: int
    reason: str


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
    rate: float = 0.01,
    count: int = SHOWN,
) -> Placement:
    """Place a model, by its answers to some of the panel's probes, among the panel's members.

    Members are read on the probes that the model answered, and as far as it was let speak. No
    member is left out for bearing its name. Raises `InputError` for a panel of fewer than three
    members with answers to these probes. Cost: the evidence of up to EXHAUSTIVE members.
    """
    name = "\0asked"
    asked = _answered(replace(answers, model=name))
    members = [m for m in _fitted(panel, asked) if m.usable().any()]
    if len(members) < 3:
        raise InputError("fewer than three members of the reference answered these prompts")
    members = cut_alike(asked, members)
    pairs = pair_evidence([*members, asked], np.arange(len(members) + 1) < len(members))
    known = [labels.get(m, DeclaredModel("")) for m in pairs.models]
    circles = Labels(tuple(k.family for k in known), tuple(k.group for k in known))
    labelled = any(circles.families)
    i, others = len(members), np.arange(len(members))
    order = sorted(others.tolist(), key=lambda k: (-pairs.combined[i, k], k))
    near = tuple(
        Near(pairs.models[k], float(pairs.combined[i, k]), known[k].family) for k in order[:count]
    )
    families = _families(pairs, circles, name) if labelled else ()
    if len(members) <= MINIMUM_MODELS:
        reason = (
            f"{len(members)} members are too few to say how near strangers come; this is an order"
        )
        return Placement(near, families, "no answer", float("nan"), rate, 0, 0, reason)
    fitted = calibrate(pairs, circles if labelled else None)
    return _judged(pairs, circles if labelled else None, fitted, near, families, rate)


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


def _families(pairs: PairEvidence, circles: Labels, name: str) -> tuple[Family, ...]:
    """The smallest set of families, 'none' among them, that holds COVERAGE."""
    try:
        fitted = fit_identifier(pairs, circles, without=name)
        found = identify(pairs, circles, fitted, name)
    except InputError:
        return ()  # fewer than MINIMUM_QUERIES labelled models with a relative
    ranked = [
        *(Family(f, p) for f, p in zip(found.families, found.probabilities, strict=True)),
        Family("", found.none),
    ]
    ranked.sort(key=lambda f: -f.probability)
    sums = np.cumsum([f.probability for f in ranked])
    return tuple(ranked[: int(np.searchsorted(sums, COVERAGE)) + 1])


def _judged(
    pairs: PairEvidence,
    labels: Labels | None,
    fitted: Calibration,
    near: Sequence[Near],
    families: tuple[Family, ...],
    rate: float,
) -> Placement:
    i = len(pairs) - 1
    k = pairs.index(near[0].model)
    circle = _circles(pairs, labels)
    outsiders = [r for r in range(i) if circle[r] >= 0]
    others = np.arange(i)
    usual = np.array([_best(pairs, fitted, r, others[circle[others] != circle[r]])
                      for r in outsiders])  # fmt: skip
    mine = float(_excess(pairs, fitted, i, np.array([k]))[0])
    reached = int((usual >= mine).sum())
    p = (1 + reached) / (1 + len(usual))
    unheard = fitted.uncovered(pairs, i, k)
    if unheard:
        verdict, reason = "no answer", unheard
    elif (least := 1 / (1 + len(usual))) > rate:
        verdict = "no answer"
        reason = (
            f"{len(usual)} models of known family are too few: the least p they can give is "
            f"{least:.2g}, and a rate of {rate:g} was asked for"
        )
    elif p <= rate:
        verdict = "related"
        reason = (
            f"with their own family taken away, {reached} of {len(usual)} models of the reference "
            "have a nearest one as near"
        )
    else:
        verdict = "not shown"
        reason = (
            f"with their own family taken away, {reached} of {len(usual)} models of the reference "
            f"have a nearest one as near, which is more than {rate:.0%}"
        )
    count = len(set(circle[outsiders].tolist()))
    return Placement(tuple(near), families, verdict, p, rate, len(usual), count, reason)


def _circles(pairs: PairEvidence, labels: Labels | None) -> NDArray[np.int64]:
    """Number of each model's circle of kin, -1 where it is unknown; guessed without labels."""
    if labels is None:
        guessed = guess_families(pairs.score).copy()
        guessed[-1] = -1
        return guessed
    numbers = np.unique(np.array(labels.makers), return_inverse=True)[1].astype(np.int64)
    return np.where(np.array([bool(f) for f in labels.families]), numbers, -1)


def _excess(pairs: PairEvidence, fitted: Calibration, i: int, others: NDArray[np.int64]) -> Floats:
    return fitted.excess(pairs, np.full(len(others), i), others)


def _best(pairs: PairEvidence, fitted: Calibration, i: int, others: NDArray[np.int64]) -> float:
    """The excess of a member's nearest among `others`, chosen as the new model's is."""
    nearest = others[int(np.argmax(pairs.combined[i, others]))]
    return float(_excess(pairs, fitted, i, np.array([nearest]))[0])
