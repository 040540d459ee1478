"""Figures of one similarity matrix against the truth: who is kin, and how far apart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cladist.core.optional import needed
from cladist.lab.truth import Truth

with needed("Scoring the lab", "lab"):
    from sklearn.metrics import average_precision_score, roc_auc_score

Floats = NDArray[np.float64]

RATE = 0.01
"""False-positive rate at which thresholds are set."""


@dataclass(frozen=True, eq=False)
class Pairs:
    """All pairs of models, i < j.

    a, b        row numbers, int64 (m,)
    kin         whether they have weights of a common founder
    distance    births between them, -1 for no kin
    kind        what they have in common that are no kin, '' for kin
    """

    names: tuple[str, ...]
    a: NDArray[np.int64]
    b: NDArray[np.int64]
    kin: NDArray[np.bool_]
    distance: NDArray[np.int64]
    kind: NDArray[np.str_]


@dataclass(frozen=True)
class Found:
    """How well a similarity tells kin.

    auc, ap, tpr  over kin against all pairs that share nothing; tpr at a false-positive rate of 1%
    hard          AUC of kin against strangers of the same founding text
    nearest       share of models with kin whose nearest is kin
    parent        share of descendants whose nearest, among all, is a parent
    """

    auc: float
    ap: float
    tpr: float
    hard: float
    nearest: float
    parent: float


def pairs_of(truth: Truth, names: Sequence[str]) -> Pairs:
    """All pairs of `names`, with the truth about each."""
    a, b = np.triu_indices(len(names), 1)
    couples = [(names[i], names[j]) for i, j in zip(a.tolist(), b.tolist(), strict=True)]
    kin = np.array([truth.kin(*c) for c in couples], dtype=np.bool_)
    return Pairs(
        tuple(names),
        a,
        b,
        kin,
        np.array([truth.distance(*c) for c in couples]),
        np.array(["" if k else truth.unrelated(*c) for c, k in zip(couples, kin, strict=True)]),
    )


def threshold(pairs: Pairs, similarity: Floats) -> float:
    """What one in a hundred pairs that share nothing reach."""
    null = similarity[pairs.a, pairs.b][pairs.kind == "nothing shared"]
    return float(np.quantile(null, 1 - RATE)) if len(null) else float("nan")


def figures(truth: Truth, pairs: Pairs, similarity: Floats) -> Found:
    """Figures of a similarity, float64 (n, n), larger for closer."""
    value = similarity[pairs.a, pairs.b]
    used = pairs.kin | (pairs.kind == "nothing shared")
    near = similarity.copy()
    np.fill_diagonal(near, -np.inf)
    first = near.argmax(axis=1)
    n = len(pairs.names)
    has = np.zeros(n, np.bool_)
    has[pairs.a[pairs.kin]] = has[pairs.b[pairs.kin]] = True
    hit = [truth.kin(pairs.names[i], pairs.names[first[i]]) for i in np.flatnonzero(has)]
    children = [k for k in range(n) if truth.by_name[pairs.names[k]].parents]
    parent = [pairs.names[first[k]] in truth.by_name[pairs.names[k]].parents for k in children]
    both = bool(pairs.kin.any()) and bool((pairs.kind == "nothing shared").any())
    return Found(
        float(roc_auc_score(pairs.kin[used], value[used])) if both else float("nan"),
        float(average_precision_score(pairs.kin[used], value[used])) if both else float("nan"),
        float(np.mean(value[pairs.kin] > threshold(pairs, similarity))) if both else float("nan"),
        exceeds(value[pairs.kin], value[pairs.kind == "same founding text"]),
        float(np.mean(hit)) if hit else float("nan"),
        float(np.mean(parent)) if parent else float("nan"),
    )


def by_distance(pairs: Pairs, similarity: Floats) -> dict[int, tuple[int, float, float]]:
    """Per number of births between kin: pairs, AUC against strangers, share above the threshold."""
    value = similarity[pairs.a, pairs.b]
    null, limit = value[pairs.kind == "nothing shared"], threshold(pairs, similarity)
    out = {}
    for births in sorted(set(pairs.distance[pairs.kin].tolist())):
        mine = value[pairs.kin & (pairs.distance == births)]
        out[births] = (len(mine), exceeds(mine, null), float(np.mean(mine > limit)))
    return out


def by_founder(
    truth: Truth, pairs: Pairs, similarity: Floats
) -> dict[str, tuple[int, float, float]]:
    """Per founder with kin: pairs of its line, AUC against strangers of its line, share found.

    A pair is of the line when both have weights of the founder, a stranger when one has and
    nothing is shared. The share found is above the threshold of all.
    """
    value, limit = similarity[pairs.a, pairs.b], threshold(pairs, similarity)
    out = {}
    for founder in (i.name for i in truth.individuals if not i.parents):
        line = np.array([founder in truth.founders(n) for n in pairs.names])
        inside = line[pairs.a] & line[pairs.b]
        outside = (line[pairs.a] ^ line[pairs.b]) & (pairs.kind == "nothing shared")
        if inside.any():
            auc = exceeds(value[inside], value[outside])
            out[founder] = (int(inside.sum()), auc, float(np.mean(value[inside] > limit)))
    return out


def by_operation(
    truth: Truth, pairs: Pairs, similarity: Floats
) -> dict[str, tuple[int, float, float]]:
    """Per operation: parents and children, AUC against strangers, share above the threshold."""
    place = {n: k for k, n in enumerate(pairs.names)}
    value = similarity[pairs.a, pairs.b]
    null, limit = value[pairs.kind == "nothing shared"], threshold(pairs, similarity)
    found: dict[str, list[float]] = {}
    for child in pairs.names:
        individual = truth.by_name[child]
        for parent in individual.parents:
            if parent in place:
                found.setdefault(named(individual.operation, individual.options), []).append(
                    float(similarity[place[parent], place[child]])
                )
    return {
        operation: (
            len(v),
            exceeds(np.array(v), null),
            float(np.mean(np.array(v) > limit)),
        )
        for operation, v in sorted(found.items())
    }


def named(operation: str, options: dict[str, object]) -> str:
    """An operation with what makes it another one: merges by method, disguises by what is worn."""
    if operation == "merge":
        return f"merge, {options['method']}"
    if operation == "quantise":
        simulated = options["kind"] == "simulated"
        return f"quantise, int{options['bits']}" if simulated else f"quantise, {options['kind']}"
    if operation == "disguise":
        return "disguise, " + ", ".join(k for k in ("system", "temperature", "words") if options[k])
    if operation == "lora" and options.get("adapter"):
        return "lora, adapter"
    return operation


def false_shares(pairs: Pairs, similarity: Floats) -> dict[str, tuple[int, float]]:
    """Per kind of strangers: pairs, and the share above the threshold of the plain ones."""
    value, limit = similarity[pairs.a, pairs.b], threshold(pairs, similarity)
    return {
        str(kind): (
            int((pairs.kind == kind).sum()),
            float(np.mean(value[pairs.kind == kind] > limit)),
        )
        for kind in sorted(set(pairs.kind.tolist()) - {""})
    }


def exceeds(high: Floats, low: Floats) -> float:
    """Probability that one of `high` lies above one of `low`, ties half (an AUC)."""
    if not len(high) or not len(low):
        return float("nan")
    order = np.sort(low)
    left = np.searchsorted(order, high, "left") + np.searchsorted(order, high, "right")
    return float(np.mean(left) / 2 / len(low))
