"""Same or changed, from distributions: how far apart two functions are, on a scale people know.

The distance is d_H (`kinship.evidence.functional`) with an interval from a bootstrap over contexts.
Where one side told less of its distributions than the other, as an endpoint that gives the
likeliest twenty, or told rounded numbers, the least distance that what was told allows is what a
change must show in.
A function is not drawn, so two deployments of one model differ by arithmetic alone, and what that
comes to was measured: `_LANDMARKS`. 'same' is never the mere absence of a difference: the upper
bound must lie below what is tolerated.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from cladist.core.distributions import masses_of, roundings_of
from cladist.core.responses import ResponseSet
from cladist.errors import InputError
from cladist.kinship.config import CHECKS, DECISION, IDENTITY
from cladist.kinship.evidence.functional import read_functions
from cladist.kinship.evidence.standard import Floats

__all__ = [
    "FunctionCompared",
    "compare_functions",
    "nearer_than",
]

_ANOTHER = "another model"

_LANDMARKS: tuple[tuple[float, str], ...] = (
    (0.0017, "another engine"),
    (0.037, "weights of 8 bits"),
    (0.24, "weights of 4 bits, or a light fine-tune"),
    (0.48, _ANOTHER),
)
"""d_H that was measured (docs/assays.md), and what between."""


@dataclass(frozen=True)
class FunctionCompared:
    """What comparing two functions came to.

    distance  d_H over common contexts, with its 95% interval over contexts
    bounds    one-sided: it is above the first except at the stated rate, below the second at 95%
    p         share of resamples within the tolerance
    least     d_H that remains if what one side did not tell, or rounded, is as like the other as
              can be
    overlap   mean probability on which both agree, 0 to 1
    """

    verdict: Literal["same", "changed", "inconclusive"]
    reason: str
    distance: float
    interval: tuple[float, float]
    bounds: tuple[float, float]
    p: float
    overlap: float
    contexts: int
    least: float


def compare_functions(
    a: ResponseSet, b: ResponseSet, *, rate: float, tolerance: float, seed: int = 0
) -> FunctionCompared:
    """Compare two models that told distributions after the same contexts.

    Raises `InputError` for too few common contexts. Cost: O(resamples * contexts).
    """
    same_name = a.model == b.model
    read = read_functions([a, ResponseSet(f"{b.model} ", b.probe_ids, b.slots) if same_name else b])
    both = np.asarray(read.present.all(axis=0), np.bool_)
    if both.sum() < DECISION.minimum_probes:
        raise InputError(
            f"'{a.model}' and '{b.model}' have {int(both.sum())} contexts in common that both tell "
            f"enough of; {DECISION.minimum_probes} are needed"
        )
    x, y = read.roots[:, both].astype(np.float64)
    square = ((x - y) ** 2).sum(axis=1)
    overlap = float(np.minimum(x**2, y**2).sum(axis=1).mean())
    bare, untold, step = _least(a, b, both)
    drawn, least = _drawn(square, seed), _drawn(np.minimum(square, bare), seed)
    low, high = (float(q) for q in np.quantile(drawn, [0.025, 0.975]))
    sure_high = float(np.quantile(drawn, 0.95))
    sure_low = float(np.quantile(least, rate))
    distance = float(np.sqrt(square.mean()))
    p = float((1 + (least <= tolerance).sum()) / (1 + len(least)))
    verdict: Literal["same", "changed", "inconclusive"] = "inconclusive"
    reason = f"a distance of {distance:.3f} neither shows a change nor rules one out; ask more"
    if sure_high <= tolerance:
        verdict, reason = "same", "they differ by no more than two engines do at one precision"
    elif sure_low > tolerance:
        verdict = "changed"
        reason = f"they differ by more than two engines at one precision; {_scaled(distance)}"
    elif untold > IDENTITY.untold:
        reason = (
            f"one side told {untold:.0%} less of its probabilities than the other, which may be "
            f"all of the distance of {distance:.3f}; ask both for equally many tokens"
        )
    elif step:
        reason = (
            f"log probabilities were told rounded to {step:g}, which may be all of the distance of "
            f"{distance:.3f}; ask where they are told in full"
        )
    return FunctionCompared(
        verdict, reason, distance, (low, high), (sure_low, sure_high), p, overlap,
        int(both.sum()), float(np.sqrt(np.minimum(square, bare).mean())),
    )  # fmt: skip


def _least(a: ResponseSet, b: ResponseSet, both: NDArray[np.bool_]) -> tuple[Floats, float, float]:
    """Squared distances at the contexts `both`, least that what was told allows; by how much less
    one side told, on the mean; and the largest step that either told rounded numbers in.

    What neither told is taken to be alike. What one side told less may be any outcomes'. Numbers
    rounded to a step are off by half of it at most.
    """
    (x, x_missing), (y, y_missing) = ((m[both], g[both]) for m, g in (masses_of(a), masses_of(b)))
    spare = (y_missing - x_missing)[:, None]
    # The side that told less may have meant more of every outcome, by all that it left out.
    x_step, y_step = (roundings_of(m)[both] for m in (a, b))
    x_off, y_off = (np.exp(step / 2)[:, None] for step in (x_step, y_step))
    x_most = x * x_off + np.maximum(-spare, 0.0)
    y_most = y * y_off + np.maximum(spare, 0.0)
    gap = np.maximum(np.sqrt(y / y_off) - np.sqrt(x_most), np.sqrt(x / x_off) - np.sqrt(y_most))
    square = (np.maximum(gap, 0.0) ** 2).sum(axis=1)
    steps = np.concatenate([x_step, y_step])
    return np.asarray(square, np.float64), float(np.abs(spare).mean()), float(steps.max())


def _drawn(square: Floats, seed: int) -> Floats:
    """Distances of contexts drawn anew with replacement."""
    draw = np.random.default_rng(seed)
    picks = draw.integers(0, len(square), (CHECKS.resamples, len(square)))
    return np.asarray(np.sqrt(square[picks].mean(axis=1)))


def nearer_than(within: float) -> str:
    """The least of the landmarks that two functions are nearer than, '' where there is none.

    Never that of another model: unrelated models of one text were .30 apart at least, and nothing
    says that others cannot be nearer.
    """
    near = (f"{what} ({far:g})" for far, what in _LANDMARKS if within < far and what != _ANOTHER)
    return next(near, "")


def _scaled(distance: float) -> str:
    """The distance on the scale of what was measured."""
    nearest = min(_LANDMARKS, key=lambda mark: abs(np.log(mark[0] / max(distance, 1e-9))))
    beyond = [what for far, what in _LANDMARKS if far < distance / 1.5]
    close = nearest[0] / 1.5 <= distance <= nearest[0] * 1.5
    if close:
        return f"about as far as {nearest[1]} ({nearest[0]:.3f})"
    if not beyond:
        return f"less than {_LANDMARKS[0][1]} ({_LANDMARKS[0][0]:.3f})"
    return f"further than {beyond[-1]}"
