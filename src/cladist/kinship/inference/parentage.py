"""Who descends from whom among kin: direction, and several parents.

Direction. An ancestor lies nearer to the rest of its family than a descendant, which has moved
on; and a descendant shows rarer alleles, which nobody else has. Both are differences between two
models over the same things (relatives, probes), so each has a bootstrap. Only where both point
one way, and neither is doubtful, is an ancestor named. Dates, where given, overrule: a model
cannot descend from a later one.

Several parents. A merge answers now like one parent, now like another. Its evidence profile over
the panel is written as a non-negative mixture of the candidates' profiles; whether a further
candidate is needed is tested by sign flips over probes of what it adds. A sibling adds something
too: what is shown is that a candidate holds evidence that the others lack, not that it was one
of the merged models.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from cladist.core.responses import ResponseSet
from cladist.errors import InputError
from cladist.kinship.config import PARENTAGE
from cladist.kinship.evidence.corpus import read_corpus
from cladist.kinship.evidence.standard import Floats
from cladist.kinship.evidence.style import opening_keys
from cladist.kinship.inference.decision import adjust
from cladist.kinship.inference.pairs import PairEvidence
from cladist.kinship.inference.probe_checks import sign_flip_p

__all__ = ["Direction", "Mixture", "direction", "mixture", "rarity"]


@dataclass(frozen=True)
class Direction:
    """Which of two kin is the ancestor.

    ancestor    its name, '' for cannot tell
    basis       'dates', 'behaviour' or ''
    centrality  mean evidence with common relatives, a less b; positive speaks for a
    rarity      mean nats of openings, b less a; positive speaks for a
    support     share of bootstrap replicates in which each of the two speaks for a
    """

    a: str
    b: str
    ancestor: str
    basis: Literal["dates", "behaviour", ""]
    reason: str
    centrality: float
    rarity: float
    support: tuple[float, float]


def rarity(responses: Sequence[ResponseSet]) -> Floats:
    """Nats of the opening of every answer against all models, float64 (n, p); NaN where missing.

    -ln of the share of models that begin alike, averaged over lengths of openings.
    """
    corpus = read_corpus(responses)
    n, p = corpus.length.shape
    total, seen = np.zeros((n, p)), np.zeros((n, p))
    have = np.maximum(corpus.present.sum(axis=0), 1)
    for key in opening_keys(corpus.codes):
        for probe in range(p):
            live = key[:, probe] > 0
            if live.any():
                _, place, count = np.unique(
                    key[live, probe], return_inverse=True, return_counts=True
                )
                total[live, probe] += np.log(have[probe] / count[place])
                seen[live, probe] += 1
    return np.where(seen > 0, total / np.maximum(seen, 1), np.nan)


def direction(
    pairs: PairEvidence,
    rare: Floats,
    a: str,
    b: str,
    *,
    dates: tuple[str, str] = ("", ""),
    seed: int = 0,
) -> Direction:
    """Which of `a` and `b` is the ancestor, given that one descends from the other.

    Siblings have none among them; behaviour cannot tell them from parent and child.
    `rare` is `rarity` of the same models in the same order; `dates` are ISO dates ('' unknown).
    Raises `InputError` for unknown names.
    """
    i, j = pairs.index(a), pairs.index(b)
    if i == j:
        raise InputError(f"'{a}' is no descendant of itself; name two models")
    draw = np.random.default_rng(seed)
    either = np.maximum(pairs.score[i], pairs.score[j])
    nearest = np.argsort(-either, kind="stable")
    nearest = nearest[~np.isin(nearest, [i, j])][: PARENTAGE.relatives]
    nearest = nearest[either[nearest] >= PARENTAGE.close * pairs.score[i, j]]
    central = pairs.score[i, nearest] - pairs.score[j, nearest]
    both = np.isfinite(rare[i]) & np.isfinite(rare[j])
    private = rare[j, both] - rare[i, both]
    support = (_support(central, draw), _support(private, draw))
    values = (_mean(central), _mean(private))
    if dates[0] and dates[1] and dates[0] != dates[1]:
        older = a if dates[0] < dates[1] else b
        reason = f"{older} was released first ({min(dates)}, the other {max(dates)})"
        return Direction(a, b, older, "dates", reason, *values, support)
    for name, share in ((a, support), (b, (1 - support[0], 1 - support[1]))):
        if min(share) >= PARENTAGE.sure:
            reason = f"{name} is nearer to the relatives of both, and the other gives rarer answers"
            return Direction(a, b, name, "behaviour", reason, *values, support)
    reason = "nearness to common relatives and rarity of answers do not clearly point one way"
    return Direction(a, b, "", "", reason, *values, support)


def _mean(values: Floats) -> float:
    return float(values.mean()) if len(values) else 0.0


def _support(values: Floats, draw: np.random.Generator) -> float:
    if not len(values):
        return 0.5
    picks = draw.integers(0, len(values), (PARENTAGE.resamples, len(values)))
    means = values[picks].mean(axis=1)
    return float(np.mean((means > 0) + 0.5 * (means == 0)))


@dataclass(frozen=True)
class Mixture:
    """Parents of one model as a non-negative mixture.

    parents  candidates, heaviest first
    weights  their shares, adding up to one (all zero when nothing fits)
    p        Holm-adjusted p-values that a parent adds nothing to the others
    probes   probes it rests on
    explained  of distributions: share of the squared distance to the nearest parent that the
             mixture takes away; p is nan there
    copies   for each parent the other candidates that answer as it does throughout: one of them
             cannot be told from another, so they count once; () where nobody looked for them
    """

    child: str
    parents: tuple[str, ...]
    weights: tuple[float, ...]
    p: tuple[float, ...]
    probes: int
    explained: float = float("nan")
    copies: tuple[tuple[str, ...], ...] = ()

    def needed(self, rate: float = PARENTAGE.needed) -> tuple[str, ...]:
        """Parents that are needed beside the others at a level."""
        return tuple(n for n, p in zip(self.parents, self.p, strict=True) if p <= rate)


def mixture(
    responses: Sequence[ResponseSet], child: str, candidates: Sequence[str], *, seed: int = 0
) -> Mixture:
    """Split a model among candidate parents; all others given are the background.

    Per probe the child's shared information with everybody (nats of the longest common opening)
    is the profile to explain by those of the candidates. A parent is needed if, on the probes
    where it and the rest of the mixture disagree, the child goes with it more than the background
    models do. What is tested is the difference of the two, which has either sign: what the child
    gains alone is never below zero, so its sign would be no evidence. Raises `InputError` for
    fewer than two candidates, unknown names, and fewer than `PARENTAGE.background` other models.
    """
    if len(set(candidates)) < 2 or child in candidates:
        raise InputError("a mixture needs at least two candidates other than the model itself")
    names = [r.model for r in responses]
    missing = [n for n in (child, *candidates) if n not in names]
    if missing:
        raise InputError(f"no answers of {', '.join(missing)}")
    corpus = read_corpus(responses)
    row = names.index(child)
    parents = [names.index(c) for c in candidates]
    rest = [k for k in range(len(names)) if k != row and k not in parents]
    if len(rest) < PARENTAGE.background:
        raise InputError(
            f"{len(rest)} models besides '{child}' and the candidates; a mixture needs "
            f"{PARENTAGE.background} to tell what unrelated models share with a candidate by chance"
        )
    common = np.flatnonzero(corpus.present[[row, *parents]].all(axis=0))
    shared = _profiles(corpus.codes, [row, *parents])
    # Targets: what the child shares with each candidate, and candidates with each other.
    gram = shared[1:][:, parents][:, :, common].mean(axis=2)
    target = shared[0][parents][:, common].mean(axis=1)
    root = np.linalg.cholesky((gram + gram.T) / 2 + 1e-6 * np.eye(len(parents)) * gram.trace())
    from scipy.optimize import nnls  # takes a third of a second to import

    weights = nnls(root.T, np.linalg.solve(root, target))[0]
    p_values = []
    for k in range(len(parents)):
        others = [q for q in range(len(parents)) if q != k]
        mine = shared[0][parents[k]][common]
        best = shared[0][[parents[q] for q in others]][:, common].max(axis=0)
        gain = np.maximum(mine - best, 0.0)
        # Unrelated models fall in with a parent by chance as well: take their part off.
        ground = shared[1 + k][rest][:, common]
        against = np.max([shared[1 + q][rest][:, common] for q in others], axis=0)
        gain = gain - np.maximum(ground - against, 0.0).mean(axis=0)
        p_values.append(sign_flip_p(gain, seed=seed))
    total = float(weights.sum())
    share = weights / total if total > 0 else weights
    adjusted = adjust(p_values)
    order = np.argsort(-share, kind="stable")
    return Mixture(
        child,
        tuple(candidates[k] for k in order),
        tuple(float(share[k]) for k in order),
        tuple(float(adjusted[k]) for k in order),
        len(common),
    )


def _profiles(codes: NDArray[np.uint32], rows: Sequence[int]) -> Floats:
    """(q, n, p) nats of the longest common opening of the rows with everybody."""
    n, p = codes.shape[:2]
    out = np.zeros((len(rows), n, p))
    for key in opening_keys(codes):
        for number, row in enumerate(rows):
            same = (key == key[row]) & (key > 0)
            nats = np.log((n + 1) / np.maximum(same.sum(axis=0), 1))
            out[number] = np.maximum(out[number], np.where(same, nats, 0.0))
    return out
