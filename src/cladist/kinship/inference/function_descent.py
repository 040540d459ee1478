"""Who descends from whom, from distributions: several parents, and which of two is the ancestor.

A model's function is a point (roots of distributions, so that distances are d_H), and making a
model moves it.

Several parents. A merge of weights lies near the line between the functions of its parents. The
model is written as a weighted mean of its candidates, weights not negative and adding up to one,
which brings it nearer than the nearest candidate alone by some share. Siblings and descendants
bring a model nearer as well, by less: `DESCENT.merged` lies between.

Direction. Changes of different descendants have little to do with each other, so the ancestor lies
between its descendant and the other relatives: of a relative r the squared distance to the
descendant is that to the ancestor and that of the two added up.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cladist.errors import InputError
from cladist.kinship.config import DECISION, DESCENT, PARENTAGE
from cladist.kinship.evidence.functional import Functions
from cladist.kinship.evidence.standard import Floats
from cladist.kinship.inference.parentage import Direction

__all__ = [
    "FunctionDirection", "FunctionMixture", "direction_of_functions",
    "function_direction", "function_mixture",
]  # fmt: skip


@dataclass(frozen=True)
class FunctionMixture:
    """A model as a weighted mean of candidates.

    parents    candidates, heaviest first
    weights    their shares, adding up to one
    explained  share of the squared distance to the nearest candidate that the mean takes away
    contexts   contexts it rests on
    """

    child: str
    parents: tuple[str, ...]
    weights: tuple[float, ...]
    explained: float
    contexts: int

    @property
    def merged(self) -> bool:
        """Whether it looks like a merge."""
        second = self.weights[1] if len(self.weights) > 1 else 0.0
        return self.explained >= DESCENT.merged and second >= DESCENT.weighty


@dataclass(frozen=True)
class FunctionDirection:
    """Which of two kin is the ancestor; '' for cannot tell.

    between    where relatives turn off on the way from b to a, mean: 1 at a, -1 at b
    relatives  how many relatives it rests on
    support    share of resamples over contexts that speak for a
    """

    a: str
    b: str
    ancestor: str
    between: float
    relatives: int
    support: float


def function_mixture(read: Functions, child: str, candidates: Sequence[str]) -> FunctionMixture:
    """Split a model among candidate parents. Raises `InputError` for fewer than two candidates
    other than the model, unknown names, and too few contexts in common."""
    if len(set(candidates)) < 2 or child in candidates:
        raise InputError("a mixture needs at least two candidates other than the model itself")
    chosen = [_row(read, c) for c in candidates]
    own = _row(read, child)
    both = read.present[[own, *chosen]].all(axis=0)
    if both.sum() < DECISION.minimum_probes:
        raise InputError(
            f"'{child}' and its candidates have fewer than {DECISION.minimum_probes} contexts in "
            "common"
        )
    away = (read.roots[chosen][:, both] - read.roots[own, both]).astype(np.float64)
    weights, left = _nearest_mean(away.reshape(len(chosen), -1))
    nearest = float((away**2).sum(axis=(1, 2)).min())
    order = np.argsort(-weights, kind="stable")
    return FunctionMixture(
        child,
        tuple(candidates[k] for k in order),
        tuple(float(weights[k]) for k in order),
        0.0 if nearest <= 0 else max(0.0, 1.0 - left / nearest),
        int(both.sum()),
    )


def _nearest_mean(away: Floats) -> tuple[Floats, float]:
    """Weights of the weighted mean of rows that is nearest to nought, and its squared length."""
    from scipy.optimize import nnls  # takes a third of a second to import

    gram = away @ away.T
    k, scale = len(gram), float(np.trace(gram)) / len(gram)
    if scale <= 0:
        return np.full(k, 1 / k), 0.0
    # Weights add up to one by a heavy penalty, and are made to exactly afterwards.
    heavy = 1e3 * scale
    root = np.linalg.cholesky(gram + heavy * np.ones((k, k)) + 1e-9 * scale * np.eye(k)).T
    weights = nnls(root, np.linalg.solve(root.T, np.full(k, heavy)))[0]
    weights = weights / weights.sum()
    return weights, float(weights @ gram @ weights)


def function_direction(read: Functions, a: str, b: str, *, seed: int = 0) -> FunctionDirection:
    """Which of `a` and `b` is the ancestor, given that one descends from the other.

    Siblings have none among them, which this cannot tell. Raises `InputError` for unknown names.
    """
    if a == b:
        raise InputError(f"'{a}' is no descendant of itself; name two models")
    i, j = _row(read, a), _row(read, b)
    to_a, to_b = _squares(read, i), _squares(read, j)
    apart = to_a[j].mean()
    rest = [k for k in range(len(read.models)) if k not in (i, j)]
    near = [k for k in rest if min(to_a[k].mean(), to_b[k].mean()) < DESCENT.close * apart]
    near = sorted(near, key=lambda k: min(to_a[k].mean(), to_b[k].mean()))[: PARENTAGE.relatives]
    if not near or apart <= 0:
        return FunctionDirection(a, b, "", 0.0, 0, 0.5)
    turning = (to_b[near] - to_a[near]).mean(axis=0)  # by context
    draw = np.random.default_rng(seed)
    picks = draw.integers(0, len(turning), (DESCENT.resamples, len(turning)))
    drawn = turning[picks].mean(axis=1) / np.maximum(to_a[j][picks].mean(axis=1), 1e-12)
    between, support = float(turning.mean() / apart), float(np.mean(drawn > 0))
    ancestor = ""
    turned = DESCENT.turning <= abs(between) <= DESCENT.beyond
    if turned and max(support, 1 - support) >= DESCENT.sure:
        ancestor = a if between > 0 else b
    return FunctionDirection(a, b, ancestor, between, len(near), support)


def _squares(read: Functions, row: int) -> Floats:
    """Squared distances of all models from one, by context, float64 (n, p); 0 where not told."""
    gap: NDArray[np.float32] = read.roots - read.roots[row]
    here = (read.present & read.present[row]).astype(np.float64)
    return np.asarray(np.einsum("npk,npk->np", gap, gap, dtype=np.float64) * here)


def _row(read: Functions, name: str) -> int:
    try:
        return read.models.index(name)
    except ValueError:
        raise InputError(f"no answers of {name}") from None


def direction_of_functions(
    read: Functions, a: str, b: str, *, dates: tuple[str, str] = ("", "")
) -> Direction:
    """Direction of a pair from distributions, in words; dates, where given, overrule."""
    found = function_direction(read, a, b)
    support = (found.support, found.support)
    values = (found.between, float("nan"))
    if all(dates) and dates[0] != dates[1]:
        older = a if dates[0] < dates[1] else b
        reason = f"{older} was released first ({min(dates)}, the other {max(dates)})"
        return Direction(a, b, older, "dates", reason, *values, support)
    if found.ancestor:
        reason = f"{found.ancestor} lies between the other and {found.relatives} relatives of both"
        return Direction(a, b, found.ancestor, "behaviour", reason, *values, support)
    reason = f"{found.relatives} relatives near them do not clearly turn off at one of the two"
    return Direction(a, b, "", "", reason, *values, support)
