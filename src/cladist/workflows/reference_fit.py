"""What is fitted on the models of a reference: once, and for every model that is asked later.

It depends on the reference, on how many of its prompts were asked, and on how far answers are
read: not on the model that was asked. So it is kept beside the reference.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from cladist.core.responses import ResponseSet
from cladist.errors import InputError
from cladist.extraction.like import cut_to
from cladist.formats.labels import DeclaredModel
from cladist.kinship.evidence.standard import Floats
from cladist.kinship.inference.calibration import Calibration, calibrate
from cladist.kinship.inference.decision import Policy, decide
from cladist.kinship.inference.facts import gatherer
from cladist.kinship.inference.family_fits import FamilyFits, fit_families
from cladist.kinship.inference.labels import Labels, labels_of
from cladist.kinship.inference.sequential import first_probes
from cladist.kinship.inference.states import speaking
from cladist.kinship.panel.outsider import Members, fit_members
from cladist.kinship.panel.saved import Panel

__all__ = [
    "CHECKED",
    "LEAST",
    "Accused",
    "Fit",
    "Strangers",
    "fit_answers",
    "fit_panel_for",
    "fit_reference",
    "judge",
]

LEAST = 10
"""Usable answers below which nothing is said at all."""

CHECKED = 60
"""Nearest strangers whose answers are looked at one by one; p is large where more come near."""


_NOBODY = DeclaredModel("")

Accused = Callable[[int, int], bool]
"""Whether two members would be called related if they came near enough."""


@dataclass(frozen=True, eq=False)
class Strangers:
    """How near strangers come: for every member of known family its nearest one of another maker.

    maker    int64 (m,), -1 where the family is not known: such members are nobody's stranger
    combined float64 (m,): evidence with the nearest stranger, -inf where there is none
    excess   float64 (m,): what style does not explain of it
    counts   bool (m,): whether the two would be called related if they came near enough
    """

    maker: NDArray[np.int64]
    combined: Floats
    excess: Floats
    counts: NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Fit:
    """All that one question needs of a reference.

    labels       of the members; None where no family is known
    calibration  None where none could be made; `missing` then says why
    families     None where too few members have a relative
    mute         models of the reference that take no part
    cut          characters that answers are read to, 0 for all
    told         what is known of members, by their names
    """

    members: Members
    labels: Labels | None
    calibration: Calibration | None
    missing: str
    strangers: Strangers | None
    families: FamilyFits | None
    mute: int
    cut: int
    told: Mapping[str, DeclaredModel]

    def declared(self, member: int) -> DeclaredModel:
        """What is known of a member."""
        return self.told.get(self.members.pairs.models[member], _NOBODY)


def fit_panel_for(
    panel: Panel, labels: Mapping[str, DeclaredModel], prompts: Sequence[str], probes: int, cut: int
) -> Fit:
    """Fit the members of a panel on their first `probes` answers, read to `cut` characters.

    Raises what `fit_answers` raises.
    """
    return fit_answers(panel.responses, labels, prompts, probes, cut)


def fit_answers(
    answers: Sequence[ResponseSet],
    labels: Mapping[str, DeclaredModel],
    prompts: Sequence[str],
    probes: int,
    cut: int,
) -> Fit:
    """The same from the members' answers, one set a member.

    Members that say the same whatever they are asked, that repeat the prompts or say hardly
    anything take no part, as no kinship can be seen in it. Raises `InputError` for fewer than
    three others. Cost: the evidence of all pairs of them.
    """
    asked = list(prompts)[:probes] if prompts else None
    early = [first_probes(r, probes) for r in answers]
    heard = [r for r, says in zip(early, speaking(early, asked), strict=True) if says]
    if len(heard) < 3:
        raise InputError("fewer than three members of the reference answered these prompts")
    members = fit_members([cut_to(r, cut) for r in heard])
    return fit_reference(members, labels, mute=len(early) - len(heard), cut=cut)


def fit_reference(
    members: Members,
    labels: Mapping[str, DeclaredModel],
    *,
    mute: int = 0,
    cut: int = 0,
    accused: Accused | None = None,
) -> Fit:
    """Calibrate on the families of members that are measured already.

    `accused` says of two members, by their numbers, what is otherwise found from their answers:
    whether they would be called related if they came near enough.
    """
    known = labels_of(members.pairs.models, labels)
    if known is None:
        why = "no family of the reference's models is known, so this is an order and no more"
        return Fit(members, None, None, why, None, None, mute, cut, labels)
    try:
        calibration = calibrate(members.pairs, known)
    except InputError as problem:
        why = f"the reference cannot say how near strangers come: {problem}"
        families = _families(members, known)
        return Fit(members, known, None, why, None, families, mute, cut, labels)
    strangers = _strangers(members, known, calibration, accused)
    families = _families(members, known)
    return Fit(members, known, calibration, "", strangers, families, mute, cut, labels)


def _families(members: Members, labels: Labels) -> FamilyFits | None:
    try:
        return fit_families(members.pairs, labels)
    except InputError:
        return None  # fewer than `FAMILIES.queries` labelled models with a relative


def _strangers(
    members: Members, labels: Labels, calibration: Calibration, accused: Accused | None
) -> Strangers:
    """The nearest stranger of every member of known family, and whether it would be accused.

    Two that would not be called related however near they are, because what they share rests on
    a few prompts or on nothing but style, are as far apart as any.
    """
    pairs, maker = members.pairs, calibration.nulls[0].makers
    every = np.arange(len(pairs))
    apart = (maker[:, None] != maker[None, :]) & (maker >= 0)[None, :] & (maker >= 0)[:, None]
    beside = np.where(apart, pairs.combined[:], -np.inf)
    nearest = beside.argmax(axis=1)
    combined = beside[every, nearest]
    counts = np.isfinite(combined)
    excess = np.where(counts, calibration.excess(pairs, every, nearest), -np.inf)
    told = accused or judge(members, labels, calibration)
    for k in np.argsort(-excess, kind="stable")[:CHECKED]:
        counts[k] &= told(int(k), int(nearest[k]))
    return Strangers(maker, combined, excess, counts)


def judge(members: Members, labels: Labels, calibration: Calibration) -> Accused:
    """Look at the answers of two members: is it spread over prompts, and more than style?"""
    made = gatherer(members.responses, members.pairs, labels, calibration=calibration).indexed()
    policy = Policy(minimum_probes=LEAST)

    def accused(i: int, j: int) -> bool:
        facts = made.facts(i, j, policy, whole=True)
        return decide(replace(facts, p=0.0), policy).verdict == "related"

    return accused
