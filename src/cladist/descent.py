"""The most likely parent of every model of a registry, with confidence from its probes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from cladist.compare import panel_answers
from cladist.core.assay import Assay
from cladist.core.progress import Progress, silent
from cladist.core.responses import ResponseSet
from cladist.errors import InputError
from cladist.kinship.evidence.resampled import resampled_similarity
from cladist.kinship.inference.silence import why_silent
from cladist.kinship.inference.states import model_flags, said
from cladist.phylogeny.ancestry import Descent, ancestry, descent_costs
from cladist.phylogeny.arborescence import minimum_arborescence
from cladist.phylogeny.parents import CONFIDENT, LEAST, TEMPERATURE, certainly_later
from cladist.registry import Registry


@dataclass(frozen=True)
class Parent:
    """The most likely parent of a model; None for a founder, and where it is not told.

    told        whether the likeliest answer reaches the confidence asked for
    likeliest   the likeliest parent, named or not; None where having none is likeliest
    evidence    of kinship with the parent, in units of its spread; None for a founder
    confidence  share of replicates with this very parent (of a founder: with none), or, without
                replicates, the probability over all arborescences
    either_way  share of replicates in which one of the two is the other's parent; None without
    rival       next likely parent, None for having none, and its share or probability
    basis       'probes' or 'margin': where the confidence comes from
    nearest     the model with most evidence of kinship, whether enough for a parent or not
    nearest_evidence  that evidence
    """

    model: str
    parent: str | None
    evidence: float | None
    confidence: float
    either_way: float | None
    rival: str | None
    rival_confidence: float
    basis: Literal["probes", "margin"]
    nearest: str
    nearest_evidence: float
    told: bool
    likeliest: str | None


@dataclass(frozen=True, kw_only=True)
class ParentRule:
    """When a model is named as a parent.

    least       evidence of kinship that a parent must show
    replicates  how often probes are drawn anew for the confidence; 0 takes it from the margins.
                None leaves it to whoever asks: `cladist.parents` takes 20 up to 100 models, else 0
    confidence  from which a parent is named
    seed        of the resampling
    """

    least: float = LEAST
    replicates: int | None = None
    confidence: float = CONFIDENT
    seed: int = 0


USUAL = ParentRule(replicates=0)


def parents_of(
    registry: Registry,
    assay: Assay,
    names: Sequence[str] | None = None,
    *,
    dates: Mapping[str, str] | None = None,
    rule: ParentRule = USUAL,
    progress: Progress = silent,
) -> list[Parent]:
    """The most likely parent of each of `names` (default all) among them, by name.

    Evidence of kinship is taken with all models of the registry as the panel. The parents
    together are the minimum-cost arborescence over it (`phylogeny.ancestry`), so nobody is an
    ancestor of himself. A model whose date is certainly later is no parent; one whose answers say
    nothing of its descent is no parent and has none; of two that answer alike to the letter it is
    a toss which came first, and none is named, unless dates tell. Every replicate draws
    the probes anew and repeats all of it, asking no model; without replicates probabilities come
    from the margins between the costs. A model whose parent is not named is not told to be a
    founder either.

    `InputError` for fewer than two models or a date that cannot be read. Cost: `kinship_similarity`
    and O(n^3) for the first and for every replicate.
    """
    if assay.protocol.decoding.asks == "distribution":
        raise InputError(
            "likely parents are not read from distributions: on models of known descent too few "
            "were right (docs/lab-functional.md). 'cladist compare kinship A B --direction' tells "
            "of two models which is the ancestor; for all at once use an assay of texts"
        )
    answers = panel_answers(registry, assay)
    chosen = list(names) if names is not None else [a.model for a in answers]
    registry.dnas(assay, chosen)
    if len(set(chosen)) < 2:
        raise InputError(f"ancestry needs at least two different models, got {len(set(chosen))}")
    order = sorted(set(chosen))
    later = certainly_later(order, dates or {})
    texts = {a.model: tuple(a.texts()) for a in answers}
    mute = _mute(answers, assay, order)
    forbidden = later | mute[:, None] | mute[None, :]

    def sure(p: Parent) -> Parent:
        """The same, with nobody named where answers say nothing or cannot tell who came first."""
        if mute[order.index(p.model)]:
            return replace(p, parent=None, told=False, confidence=0.0)
        if p.likeliest is None or texts[p.model] != texts[p.likeliest]:
            return p
        if later[order.index(p.model), order.index(p.likeliest)]:
            return p
        return replace(p, parent=None, told=False, confidence=p.confidence / 2)

    read = resampled_similarity(answers)
    rows = np.array([read.ids.index(name) for name in order])
    similarity, costs = _costs(read.whole[np.ix_(rows, rows)], forbidden, rule.least)
    found = ancestry(order, costs, -rule.least, temperature=TEMPERATURE)
    if not rule.replicates:
        return [sure(_by_margin(d, similarity, order, rule)) for d in found]
    rng = np.random.default_rng(rule.seed)
    probes = len(assay.protocol.probes)
    votes = [Counter[int]() for _ in order]
    for done in range(rule.replicates):
        weights = rng.multinomial(probes, np.full(probes, 1 / probes)).astype(np.float64)
        drawn = read.combined(weights)[np.ix_(rows, rows)]
        for child, parent in enumerate(_once(drawn, forbidden, rule.least)):
            votes[child][parent] += 1
        progress("ancestry", done + 1, rule.replicates)
    return [sure(_by_votes(k, d, votes, similarity, order, rule)) for k, d in enumerate(found)]


def _mute(answers: Sequence[ResponseSet], assay: Assay, order: Sequence[str]) -> NDArray[np.bool_]:
    """Which models' answers say nothing of their descent, bool (n,)."""
    prompts = [p.text for p in assay.protocol.probes.probes]
    named = set(order)
    why = {
        r.model: why_silent(model_flags(r, prompts), said(r)) for r in answers if r.model in named
    }
    return np.array([bool(why[name]) for name in order], np.bool_)


def _by_margin(
    d: Descent, similarity: NDArray[np.float64], order: Sequence[str], rule: ParentRule
) -> Parent:
    """A parent with the probability that margins between costs give it."""
    return Parent(
        d.model,
        d.parent if d.confidence >= rule.confidence else None,
        None if d.parent is None else _pair(similarity, order, d.model, d.parent),
        d.confidence,
        None,
        d.second or None,
        d.second_confidence,
        "margin",
        *_nearest(similarity, order, d.model),
        d.confidence >= rule.confidence,
        d.parent,
    )


def _by_votes(
    k: int,
    d: Descent,
    votes: Sequence[Counter[int]],
    similarity: NDArray[np.float64],
    order: Sequence[str],
    rule: ParentRule,
) -> Parent:
    """A parent with the share of replicates that gave it."""
    replicates = rule.replicates or 0
    own = -1 if d.parent is None else order.index(d.parent)
    rival, count = next(
        ((p, c) for p, c in sorted(votes[k].items(), key=lambda v: (-v[1], v[0])) if p != own),
        (-1, 0),
    )
    both = votes[k][own] + (votes[own][k] if own >= 0 else 0)
    told = votes[k][own] >= rule.confidence * replicates
    return Parent(
        d.model,
        d.parent if told else None,
        None if own < 0 else float(similarity[own, k]),
        votes[k][own] / replicates,
        both / replicates,
        None if rival < 0 else order[rival],
        count / replicates,
        "probes",
        *_nearest(similarity, order, d.model),
        told,
        d.parent,
    )


def _pair(similarity: NDArray[np.float64], order: Sequence[str], a: str, b: str) -> float:
    return float(similarity[order.index(a), order.index(b)])


def _nearest(similarity: NDArray[np.float64], order: Sequence[str], name: str) -> tuple[str, float]:
    row = similarity[order.index(name)].copy()
    row[order.index(name)] = -np.inf
    best = int(np.argmax(row))
    return order[best], float(row[best])


def _costs(
    similarity: NDArray[np.float64], forbidden: NDArray[np.bool_], least: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    costs = descent_costs(similarity)
    costs[forbidden | (similarity < least)] = np.inf
    return similarity, costs


def _once(similarity: NDArray[np.float64], forbidden: NDArray[np.bool_], least: float) -> list[int]:
    """Number of every model's parent, -1 for none."""
    _, costs = _costs(similarity, forbidden, least)
    full = np.full((len(costs) + 1, len(costs) + 1), np.inf)
    full[1:, 1:] = costs
    full[0, 1:] = -least
    np.fill_diagonal(full, np.inf)
    return [parent - 1 for parent in minimum_arborescence(full)[1:]]
