"""Same or changed? Whether two sets of answers come from one and the same model.

Sampled answers (several a probe): let v_p be the difference between the mean features of the two
sides on probe p. Two unbiased squared distances are taken,

    overall    mean of <v_p, v_q> over different probes: a change of manner, however slight
    per probe  mean of |v_p|^2 less the spread of the samples: a change of what is answered

both expected to be 0 for the same distribution, and negative as often as not. The null is
self-versus-self: sample labels are permuted within every probe. Features are words and short
character runs weighted by rarity, so each is a string-kernel MMD (Gretton et al. 2012, JMLR
13:723). Both are tested, hence p = 2 min.

Greedy answers (one a probe): the share of probes answered with other characters. The same
weights on other hardware differ in a few roundings, which the tolerance allows for.

'same' is never the mere absence of a difference: the upper bound of the difference must lie
below what is tolerated, else the answer is inconclusive.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from cladist.core.responses import ResponseSet
from cladist.errors import InputError
from cladist.kinship.config import IDENTITY
from cladist.kinship.evidence.functional import tells_functions
from cladist.kinship.evidence.standard import Floats
from cladist.kinship.inference.identity_functional import compare_functions

__all__ = ["IdentityResult", "identity_kernel", "same_model"]

Answer = Literal["same", "changed", "inconclusive"]

_BATCH = 200
"""Permutations whose weights are held at a time."""


@dataclass(frozen=True)
class IdentityResult:
    """What a test of identity came to.

    verdict    same, changed or inconclusive
    mode       'sampled', 'greedy', or 'functional' for distributions
    reason     why, in a sentence
    effect     sampled: overall squared distance relative to the spread within a model, 0 for
               the same; greedy: share of answers that differ; functional: d_H
    interval   95% interval of the effect (jackknife over probes, or Clopper-Pearson)
    p          sampled: permutation p-value of no difference; greedy: that of a share of
               differing probes within the tolerance; functional: share of resamples within it
    rate       error rate that 'changed' keeps to
    tolerance  effect up to which the two count as the same
    probes     probes compared
    samples    answers compared
    agreement  mean share of the characters, from the start, on which first answers agree;
               functional: mean probability on which both agree
    within     functional: d_H that the two differ by at most, one-sided 95% over contexts; else nan
    """

    a: str
    b: str
    verdict: Answer
    mode: Literal["sampled", "greedy", "functional"]
    reason: str
    effect: float
    interval: tuple[float, float]
    p: float
    rate: float
    tolerance: float
    probes: int
    samples: int
    agreement: float
    within: float = float("nan")


def same_model(
    a: ResponseSet,
    b: ResponseSet,
    *,
    greedy: bool | None = None,
    repeatable: bool = True,
    rate: float = IDENTITY.rate,
    tolerance: float | None = None,
    shuffles: int = IDENTITY.shuffles,
    seed: int = 0,
) -> IdentityResult:
    """Whether `a` and `b` are answers of the same model in the same deployment.

    `repeatable` False says that it is not known whether single answers were greedy: then
    differences between them may be chance, and are never called a change. `greedy` None takes
    the sampled test where any probe has two answers on both sides. `shuffles` bounds its p-value
    from below, at 2 / (1 + shuffles).
    Empty answers count as answers; failed requests do not. Raises `InputError` when the probes
    differ, a number is out of range, or no probe was answered by both.
    """
    if a.probe_ids != b.probe_ids:
        raise InputError(f"'{a.model}' and '{b.model}' were asked other probes")
    if not 0 < rate < 1 or not (tolerance is None or 0 <= tolerance < 1):
        raise InputError("the error rate must lie within 0 to 1, the tolerance from 0 below 1")
    if tells_functions([a, b]):
        return _functional(
            a, b, rate, IDENTITY.functional if tolerance is None else tolerance, seed
        )
    texts = [
        ([r.text.strip() for r in x if r.final], [r.text.strip() for r in y if r.final])
        for x, y in zip(a.slots, b.slots, strict=True)
    ]
    texts = [(x, y) for x, y in texts if x and y]
    if not texts:
        raise InputError(f"'{a.model}' and '{b.model}' have no answered probe in common")
    several = [(x, y) for x, y in texts if len(x) > 1 and len(y) > 1]
    if greedy is None:
        greedy = not several
    if greedy:
        pairs = [(x[0], y[0]) for x, y in texts]
        limit = IDENTITY.greedy if tolerance is None else tolerance
        return _greedy(a.model, b.model, pairs, rate, limit, repeatable)
    if not several:
        raise InputError("the sampled test needs two answers a probe on both sides")
    limit = IDENTITY.sampled if tolerance is None else tolerance
    return _sampled(a.model, b.model, several, rate, limit, shuffles, seed)


def _functional(
    a: ResponseSet, b: ResponseSet, rate: float, tolerance: float, seed: int
) -> IdentityResult:
    found = compare_functions(a, b, rate=rate, tolerance=tolerance, seed=seed)
    return IdentityResult(
        a.model, b.model, found.verdict, "functional", found.reason, found.distance,
        found.interval, found.p, rate, tolerance, found.contexts, 2 * found.contexts,
        found.overlap, found.bounds[1],
    )  # fmt: skip


def _agreement(pairs: list[tuple[str, str]]) -> float:
    shares = []
    for x, y in pairs:
        longest = max(len(x), len(y))
        same = next((i for i, (c, d) in enumerate(zip(x, y)) if c != d), min(len(x), len(y)))
        shares.append(same / longest if longest else 1.0)
    return float(np.mean(shares))


def _greedy(
    a: str,
    b: str,
    pairs: list[tuple[str, str]],
    rate: float,
    tolerance: float,
    repeatable: bool,
) -> IdentityResult:
    from scipy.special import betainc, betaincinv  # lighter than scipy.stats

    n = len(pairs)
    k = sum(x != y for x, y in pairs)
    low = float(betaincinv(k, n - k + 1, 0.025)) if k else 0.0
    high = float(betaincinv(k + 1, n - k, 0.975)) if k < n else 1.0
    sure_low = float(betaincinv(k, n - k + 1, rate)) if k else 0.0
    sure_high = float(betaincinv(k + 1, n - k, 0.95)) if k < n else 1.0
    p = float(betainc(k, n - k + 1, tolerance)) if k else 1.0
    agreement = _agreement(pairs)
    verdict: Answer
    if sure_low > tolerance and not repeatable:
        verdict, reason = (
            "inconclusive",
            f"{k} of {n} answers differ, but they may have been sampled: single answers of one "
            "model differ too. Several samples a probe would decide",
        )
    elif sure_low > tolerance:
        verdict = "changed"
        kind = (
            "answers begin alike, as after quantisation or a light change"
            if agreement >= 0.3
            else "answers part at once, as between different models or deployments"
        )
        reason = f"{k} of {n} answers differ, more than rounding explains; {kind}"
    elif sure_high <= tolerance:
        verdict, reason = "same", f"{n - k} of {n} answers are the same to the character"
    else:
        verdict, reason = (
            "inconclusive",
            f"{k} of {n} answers differ, which neither shows a change nor rules one out; "
            "ask more probes",
        )
    return IdentityResult(
        a, b, verdict, "greedy", reason, k / n, (low, high), p, rate, tolerance, n, 2 * n, agreement
    )  # fmt: skip


def identity_kernel(texts: list[str]) -> Floats:
    """Cosines of n answers by words and short runs of characters, float64 (n, n).

    A feature counts with the root of its frequency times the root of -ln of the share of answers
    that hold it, so what every answer has hardly counts. An empty answer is like itself alone.
    """
    place: dict[str, int] = {}
    rows: list[int] = []
    columns: list[int] = []
    values: list[int] = []
    for number, text in enumerate(texts):
        part = text[: IDENTITY.read]
        found = Counter(" " + w for w in part.split())
        for k in range(1, IDENTITY.longest + 1):
            found.update(part[i : i + k] for i in range(len(part) - k + 1))
        if not found:
            found[""] = 1
        rows.extend([number] * len(found))
        columns.extend(place.setdefault(f, len(place)) for f in found)
        values.extend(found.values())
    x = sparse.csr_array((np.sqrt(values), (rows, columns)), shape=(len(texts), len(place)))
    holders = np.bincount(columns, minlength=len(place))
    x = x @ sparse.diags_array(np.sqrt(np.log((len(texts) + 1) / holders)))
    norm = np.sqrt(np.asarray(x.multiply(x).sum(axis=1)).ravel())
    kernel = (x @ x.T).toarray() / np.outer(norm, norm)
    return np.asarray(kernel, np.float64)


@dataclass(frozen=True, eq=False)
class _Answers:
    """Answers in probe order: their Gram matrix (n, n), probe (n,), and weights +-1/m (n,)."""

    kernel: Floats
    probe: NDArray[np.int64]
    weight: Floats

    def statistics(self, weights: Floats) -> tuple[Floats, Floats]:
        """Overall and per-probe sums (b,) for rows of weights (b, n)."""
        per_probe = np.zeros(len(weights))
        first = np.flatnonzero(np.diff(self.probe, prepend=-1))
        for lo, hi in pairwise([*first.tolist(), len(self.probe)]):
            w, k = weights[:, lo:hi], self.kernel[lo:hi, lo:hi]
            per_probe += ((w @ k) * w).sum(axis=1)
        total = ((weights @ self.kernel) * weights).sum(axis=1)
        own = (weights**2) @ np.diagonal(self.kernel)
        return total - per_probe, per_probe - own

    def shuffled(self, draw: np.random.Generator, count: int) -> Floats:
        """Weights with sample labels permuted within every probe, (count, n)."""
        order = np.argsort(self.probe + draw.random((count, len(self.probe))), axis=1)
        out = np.empty(order.shape)
        np.put_along_axis(out, order, np.broadcast_to(self.weight, order.shape), axis=1)
        return out


def _sampled(
    a: str,
    b: str,
    texts: list[tuple[list[str], list[str]]],
    rate: float,
    tolerance: float,
    shuffles: int,
    seed: int,
) -> IdentityResult:
    most = max(IDENTITY.most // max(len(x) + len(y) for x, y in texts), 2)
    if len(texts) > most:
        texts = [texts[i] for i in np.linspace(0, len(texts) - 1, most).astype(int)]
    sizes = np.array([(len(x), len(y)) for x, y in texts])
    answers = _Answers(
        identity_kernel([t for x, y in texts for t in (*x, *y)]),
        np.repeat(np.arange(len(texts)), sizes.sum(axis=1)),
        np.concatenate([[1 / m] * m + [-1 / n] * n for m, n in sizes]),
    )
    observed = answers.statistics(answers.weight[None, :])
    draw = np.random.default_rng(seed)
    reached = np.ones(2)
    for start in range(0, shuffles, _BATCH):
        null = answers.statistics(answers.shuffled(draw, min(_BATCH, shuffles - start)))
        reached += [float(np.sum(n >= o - 1e-12)) for n, o in zip(null, observed, strict=True)]
    p = min(1.0, 2 * float(reached.min()) / (1 + shuffles))
    overall, each = _relative(answers, sizes)
    effect, error = _jackknife_cross(overall)
    low, high = effect - 1.96 * error, effect + 1.96 * error
    sure = effect + 1.645 * error
    spread = float(each.std(ddof=1) / np.sqrt(len(each))) if len(each) > 1 else np.inf
    sure_each = float(each.mean()) + 1.645 * spread
    verdict: Answer
    if p <= rate:
        verdict = "changed"
        reason = f"the two differ by more than answers of one model among themselves (p = {p:.2g})"
    elif sure <= tolerance and sure_each <= IDENTITY.per_probe * tolerance:
        verdict = "same"
        reason = (
            f"no difference was found (p = {p:.2g}), and one of more than {tolerance:.2%} of the "
            "spread within a model would have been seen"
        )
    else:
        verdict = "inconclusive"
        reason = (
            f"no difference was found (p = {p:.2g}), but one of up to {sure:.2%} of the spread "
            f"within a model overall, or {sure_each:.1%} per probe, cannot be ruled out; ask more "
            "probes or samples"
        )
    return IdentityResult(
        a, b, verdict, "sampled", reason, effect, (low, high), p, rate, tolerance,
        len(texts), len(answers.probe), _agreement([(u[0], v[0]) for u, v in texts]),
    )  # fmt: skip


def _relative(answers: _Answers, sizes: NDArray[np.int64]) -> tuple[Floats, Floats]:
    """<v_p, v_q> (p, p) and unbiased |v_p|^2 (p,), both over the mean spread within a side."""
    count = len(sizes)
    weights = sparse.csr_array(
        (answers.weight, (answers.probe, np.arange(len(answers.probe)))),
        shape=(count, len(answers.probe)),
    )
    cross = np.asarray((weights @ answers.kernel) @ weights.T)
    side = np.where(answers.weight > 0, 0, 1)
    unbiased, within = np.zeros(count), np.zeros(count)
    for q in range(count):
        rows = np.flatnonzero(answers.probe == q)
        k = answers.kernel[np.ix_(rows, rows)]
        for s in (0, 1):
            mine = side[rows] == s
            m = int(mine.sum())
            block = k[np.ix_(mine, mine)]
            mean = (block.sum() - np.trace(block)) / (m * (m - 1))
            unbiased[q] += mean
            within[q] += float(np.trace(block)) / m - mean
        unbiased[q] -= 2 * float(k[np.ix_(side[rows] == 0, side[rows] == 1)].mean())
    scale = max(float(within.mean()), 1e-9)
    return cross / scale, unbiased / scale


def _jackknife_cross(cross: Floats) -> tuple[float, float]:
    """Mean of the off-diagonal and its standard error, leaving out one probe at a time."""
    n = len(cross)
    if n < 3:
        return (float(cross[0, 1]), float("inf")) if n == 2 else (0.0, float("inf"))
    rows = cross.sum(axis=1) - np.diagonal(cross)
    total = float(rows.sum())
    left = (total - 2 * rows) / ((n - 1) * (n - 2))
    error = np.sqrt((n - 1) / n * np.sum((left - left.mean()) ** 2))
    return total / (n * (n - 1)), float(error)
