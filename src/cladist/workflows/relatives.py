"""Verdicts on the nearest relatives of a model."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from cladist.core.assay import Assay
from cladist.formats.labels import DeclaredModel
from cladist.kinship.inference.decision import DEFAULT, Decision, Policy, test_candidates
from cladist.nearest import Nearest
from cladist.registry import Registry
from cladist.workflows.kinship import question

__all__ = ["MOST_TESTED", "Judged", "with_verdicts"]

MOST_TESTED = 2_000
"""Models up to which all are held against each other: above it that takes gigabytes."""


@dataclass(frozen=True)
class Judged:
    """A decision on each relative, in the same order.

    untested  why nothing was tested at all, '' where something was
    remarks   sentences for people
    """

    decisions: tuple[Decision, ...]
    untested: str
    remarks: tuple[str, ...] = ()


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
    return Judged(decisions, untested, asked.remarks)
