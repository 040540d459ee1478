"""Verdicts on the nearest relatives of a model."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from cladist.core.assay import Assay
from cladist.formats.labels import DeclaredModel
from cladist.kinship.inference.decision import DEFAULT, Decision, Policy, test_candidates
from cladist.kinship.inference.facts import Gatherer
from cladist.kinship.inference.searched import lists_with_strangers
from cladist.nearest import Nearest
from cladist.registry import Registry
from cladist.workflows.kinship import question

__all__ = ["MOST_TESTED", "Judged", "with_verdicts"]

MOST_TESTED = 2_000
"""Models up to which all are held against each other: above it that takes gigabytes."""


@dataclass(frozen=True)
class Judged:
    """A decision on each relative, in the same order.

    untested   why nothing was tested at all, '' where something was
    remarks    sentences for people
    strangers  share of such lists in which somebody would be called related if all kin were gone
               (`lists_with_strangers`); NaN where nobody is, and without labels
    """

    decisions: tuple[Decision, ...]
    untested: str
    remarks: tuple[str, ...] = ()
    strangers: float = math.nan


def with_verdicts(
    registry: Registry,
    assay: Assay,
    found: Nearest,
    declared: Mapping[str, DeclaredModel],
    policy: Policy = DEFAULT,
) -> Judged:
    """Decide on every relative found, p adjusted for all of them (Holm).

    Nothing is tested among more than MOST_TESTED models, which is said. Cost: that of
    `question`.
    """
    models = [m.name for m in registry.answering(assay.protocol)]
    silent = {found.model, *(n.model for n in found.relatives)} - set(models)
    why = ""
    if len(models) > MOST_TESTED or len(models) < 2:
        why = f"pairs are tested among 2 to {MOST_TESTED:,} models, here are {len(models):,}"
    elif silent:
        why = f"the answers of '{min(silent)[:60]}' are not in this registry"
    if why:
        none = Decision("not tested", "no-panel", why, math.nan)
        return Judged((none,) * len(found.relatives), why)
    asked = question(registry, assay, declared)
    pairs = asked.pairs
    i = pairs.index(found.model)
    facts = [asked.made.facts(i, pairs.index(n.model), policy) for n in found.relatives]
    decisions = test_candidates(facts, policy)
    tested = any(d.verdict != "not tested" for d in decisions)
    untested = "" if tested or not decisions else decisions[0].sentence
    related = any(d.verdict == "related" for d in decisions)
    strangers = _strangers(asked.made, len(facts), policy) if related else math.nan
    return Judged(decisions, untested, asked.remarks, strangers)


def _strangers(made: Gatherer, count: int, policy: Policy) -> float:
    if made.calibration is None or made.labels is None:
        return math.nan
    speaks = np.array([f.speaks for f in made.flags], np.bool_)
    return lists_with_strangers(
        made.pairs, made.calibration, made.labels, speaks, count, policy.alpha
    )
