"""Relations that nobody declared, with a false discovery rate.

The unit that is tested is a model and a family it is not declared to belong to (declared links,
at any remove, make a family; a model without any is one by itself). Its p-value is Simes' over
the pairs it forms with the family's members (Simes 1986, Biometrika 73:751), each pair held
against pairs of the registry that are declared to be unrelated, matched on style and tokenizer
(`kinship.inference.calibration`). Beyond the tenth-rarest unrelated pair the tail is a fitted
generalised Pareto (Knijnenburg et al. 2009, Bioinformatics 25:i161), as counting ends at 1 / pairs.

All units are then adjusted together: Benjamini-Yekutieli (2001, Ann. Stat. 29:1165) controls the
false discovery rate under any dependence, Benjamini-Hochberg only under positive dependence.
Pairs share models, so they do depend on each other. What is left is only proposed: it must also
be called related by the decision on its strongest pair (`kinship.inference.decision`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from cladist.core.responses import ResponseSet
from cladist.errors import InputError
from cladist.kinship.evidence.standard import Floats
from cladist.kinship.inference.calibration import Calibration, calibrate
from cladist.kinship.inference.decision import DEFAULT, Policy, adjust, decide
from cladist.kinship.inference.facts import Gatherer, gatherer
from cladist.kinship.inference.labels import Labels
from cladist.kinship.inference.null import guess_families
from cladist.kinship.inference.pairs import PairEvidence
from cladist.kinship.inference.states import ModelFlags

__all__ = [
    "Declarations",
    "Families",
    "Relation",
    "Tested",
    "held_against",
    "tail_p",
    "undocumented",
]

Control = Literal["bh", "by"]
Ints = NDArray[np.int64]

TAIL = 0.05
"""Part of the unrelated pairs that the tail is fitted to, at least 30 and at most 2,000 of them."""

COUNTED = 10
"""Unrelated pairs that must reach an excess for their share to be believed as it is."""


@dataclass(frozen=True, eq=False)
class Families:
    """What is declared of n models.

    family    int64 (n,): equal where declared links connect two models
    maker     int64 (n,): equal where models are at least not clearly unrelated
    speaking  bool (n,): models of which something is declared, if only that they have no parent
    """

    family: Ints
    maker: Ints
    speaking: NDArray[np.bool_]


@dataclass(frozen=True)
class Relation:
    """A relation that is shown and not declared.

    model, other  its strongest pair
    excess        standardised residual over unrelated pairs of the same style
    p, q          of the model and the other's family; q is p adjusted for all that were tested
    p_probes, p_mismatch  of the strongest pair, over probes and against shuffled probes
    members       models of the other's family that the model was held against
    """

    model: str
    other: str
    excess: float
    p: float
    q: float
    p_probes: float
    p_mismatch: float
    members: int


@dataclass(frozen=True)
class Tested:
    """Relations found, strongest first, and what that rests on.

    tests      units tested
    withdrawn  units below the rate whose strongest pair is not called related
    basis      what the unrelated pairs are, in a sentence
    """

    relations: tuple[Relation, ...]
    tests: int
    withdrawn: int
    control: Control
    basis: str


@dataclass(frozen=True, eq=False)
class Declarations:
    """What is declared, with all that verdicts are gathered from.

    declared  whether unrelated pairs are known from declarations; else they were guessed
    basis     that in words
    """

    families: Families
    made: Gatherer
    declared: bool
    basis: str


def held_against(
    responses: Sequence[ResponseSet],
    pairs: PairEvidence,
    families: Families,
    flags: Sequence[ModelFlags],
) -> Declarations:
    """Calibrate on models of which something is declared; else on all, families guessed.

    `InputError` when there are too few models or pairs for either.
    """
    known = families.speaking
    speaking = np.array([f.speaks for f in flags], np.bool_)
    names = tuple(str(f) if k else "" for f, k in zip(families.family, known, strict=True))
    wide = tuple(str(c) if k else "" for c, k in zip(families.maker, known, strict=True))
    labels, declared = Labels(names, wide), True
    try:
        made = calibrate(pairs, labels, speaking)
        basis = f"{_size(made)} that are declared to be of different families"
    except InputError:
        merged = _merged(families.maker, guess_families(pairs.score.stored))
        labels, declared = Labels(tuple(str(c) for c in merged)), False
        made = calibrate(pairs, labels, speaking)
        how = "too little is declared to know unrelated pairs, so families were guessed as well"
        basis = f"{_size(made)}; {how}"
    facts = gatherer(responses, pairs, labels, calibration=made, flags=flags)
    return Declarations(families, facts, declared, basis)


def _size(c: Calibration) -> str:
    return f"{c.size} unrelated pairs among {c.models} models of {c.families} families"


def _merged(a: Ints, b: Ints) -> Ints:
    """The finest grouping that both groupings refine."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    n = len(a)
    rows = np.concatenate([np.arange(n), np.arange(n)])
    first = np.unique(a, return_inverse=True)[1]
    second = np.unique(b, return_inverse=True)[1]
    columns = np.concatenate([first, first.max(initial=0) + 1 + second]) + n
    size = int(columns.max(initial=n)) + 1
    graph = coo_array((np.ones(2 * n), (rows, columns)), shape=(size, size))
    return np.asarray(connected_components(graph, directed=False)[1][:n], np.int64)


def tail_p(null: Floats, excess: Floats) -> Floats:
    """p-values of `excess` (m,) against sorted `null` (k,): counted, and fitted beyond COUNTED.

    The fitted shape is never below 0, so there is no excess that nothing reaches.
    """
    from scipy.stats import genpareto  # takes half a second to import

    k = len(null)
    above = k - np.searchsorted(null, excess, side="left")
    p = (1.0 + above) / (1.0 + k)
    size = min(max(int(TAIL * k), 30), 2_000)
    if k <= size:
        return np.asarray(p)
    start = float(null[-size - 1])
    over = null[-size:] - start
    shape, _, scale = genpareto.fit(over, floc=0.0)
    if shape < 0:
        shape, scale = 0.0, float(over.mean())
    rare = above < COUNTED
    fitted = size / k * genpareto.sf(np.maximum(excess - start, 0.0), shape, scale=scale)
    return np.asarray(np.where(rare, np.clip(fitted, 1e-12, p.max(initial=1.0)), p))


def undocumented(
    held: Declarations,
    *,
    rate: float = 0.05,
    control: Control = "by",
    policy: Policy = DEFAULT,
    progress: Callable[[str, int, int], None] = lambda what, done, total: None,
) -> Tested:
    """Models that share more with a family than declared unrelated pairs do.

    Of every two families only the strongest pair is reported. Without enough declarations the
    control is Benjamini-Yekutieli whatever was asked for. Errors: `InputError` for a rate outside
    0 to 1. Cost: about 0.1 s a finding.
    """
    if not 0 < rate < 1:
        raise InputError(f"a false discovery rate of {rate} is outside 0 to 1")
    made, families = held.made, held.families
    pairs = made.pairs
    assert made.calibration is not None
    control = control if held.declared else "by"
    units = _units(pairs, families, made.calibration)
    if not len(units.p):
        return Tested((), 0, 0, control, held.basis)
    q = adjust(units.p.tolist(), control)
    best: dict[tuple[int, int], int] = {}
    for u in np.lexsort((-units.excess, q)).tolist():
        if q[u] > rate:
            break
        i, j = int(units.model[u]), int(units.other[u])
        f, g = sorted((int(families.family[i]), int(families.family[j])))
        best.setdefault((f, g), u)
    kept, withdrawn = [], 0
    for done, u in enumerate(best.values()):
        i, j = int(units.model[u]), int(units.other[u])
        progress("checking relations", done, len(best))
        facts = made.facts(i, j, policy)
        if decide(facts, policy).verdict != "related":
            withdrawn += 1
            continue
        kept.append(
            Relation(
                pairs.models[i], pairs.models[j], float(units.excess[u]), float(units.p[u]),
                float(q[u]), facts.p_probes, facts.p_mismatch, int(units.members[u]),
            )
        )  # fmt: skip
    progress("checking relations", len(best), len(best))
    return Tested(tuple(kept), len(units.p), withdrawn, control, held.basis)


@dataclass(frozen=True, eq=False)
class _Units:
    model: Ints
    other: Ints
    members: Ints
    excess: Floats
    p: Floats


def _units(pairs: PairEvidence, families: Families, made: Calibration) -> _Units:
    """Simes' p-value of every model and family that are not declared to belong together."""
    alive = np.flatnonzero(pairs.present.any(axis=1))
    i, j = (x.ravel() for x in np.meshgrid(alive, alive, indexing="ij"))
    apart = families.maker[i] != families.maker[j]
    i, j = i[apart], j[apart]
    excess = made.excess(pairs, i, j)
    tails = [tail_p(null.residual, null.excess(pairs, i, j)) for null in made.nulls]
    p = np.minimum(np.sum(tails, axis=0), 1.0)
    order = np.lexsort((-excess, p, families.family[j], i))
    i, j, excess, p = i[order], j[order], excess[order], p[order]
    family = families.family[j]
    new = (np.diff(i, prepend=-1) != 0) | (np.diff(family, prepend=-1) != 0)
    start = np.flatnonzero(new)
    if not len(start):
        empty = np.zeros(0, np.int64)
        return _Units(empty, empty, empty, np.zeros(0), np.zeros(0))
    count = np.diff(np.append(start, len(p)))
    rank = np.arange(len(p)) - np.repeat(start, count) + 1
    simes = np.minimum.reduceat(p * np.repeat(count, count) / rank, start)
    return _Units(i[start], j[start], count, excess[start], np.minimum(simes, 1.0))
