"""Same or changed? Whether two sets of answers come from one and the same model.

Sampled answers (several a probe): the unbiased squared distance between the mean features of
both sides, per probe, ||mean_a - mean_b||^2 - s_a^2/m_a - s_b^2/m_b, averaged over probes; it
is expected to be 0 for the same distribution and may come out negative. The null is
self-versus-self: sample labels are permuted within every probe. Features are rarity-weighted
character shingles, so the statistic is a string-kernel MMD (Gretton et al. 2012, JMLR 13:723).

Greedy answers (one a probe): the share of probes answered with the same characters. The same
weights on other hardware differ in a few roundings, which the tolerance allows for.

'same' is never the mere absence of a difference: the upper bound of the difference must lie
below what is tolerated, else the answer is inconclusive.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.stats import beta

from cladist.core.responses import ResponseSet
from cladist.errors import InputError
from cladist.kinship.standard import Floats

__all__ = ["IdentityResult", "identity_kernel", "same_model"]

Answer = Literal["same", "changed", "inconclusive"]

TOLERANCE = 0.1
"""Greedy: share of probes that may differ by rounding alone. Sampled: tolerated squared distance
in units of the squared distance between two answers of one model to one probe."""

SHUFFLES = 4_999
RESAMPLES = 2_000
READ = 1_000  # characters of an answer that are compared
SHINGLE = 4
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)


@dataclass(frozen=True)
class IdentityResult:
    """What a test of identity came to.

    verdict    same, changed or inconclusive
    mode       'sampled' or 'greedy'
    reason     why, in a sentence
    effect     sampled: relative squared distance, 0 for the same; greedy: share that differs
    interval   95% interval of the effect (over probes, or Clopper-Pearson)
    p          sampled: permutation p-value of no difference; greedy: that of a share of
               differing probes within the tolerance
    rate       error rate that 'changed' keeps to
    tolerance  effect up to which the two count as the same
    probes     probes compared
    samples    answers compared
    agreement  mean share of the characters, from the start, on which first answers agree
    """

    a: str
    b: str
    verdict: Answer
    mode: Literal["sampled", "greedy"]
    reason: str
    effect: float
    interval: tuple[float, float]
    p: float
    rate: float
    tolerance: float
    probes: int
    samples: int
    agreement: float


def same_model(
    a: ResponseSet,
    b: ResponseSet,
    *,
    greedy: bool | None = None,
    repeatable: bool = True,
    rate: float = 0.01,
    tolerance: float = TOLERANCE,
    seed: int = 0,
) -> IdentityResult:
    """Whether `a` and `b` are answers of the same model in the same deployment.

    `repeatable` False says that it is not known whether single answers were greedy: then
    differences between them may be chance, and are never called a change. `greedy` None takes
    the sampled test where any probe has two answers on both sides.
    Empty answers count as answers; failed requests do not. Raises `InputError` when the probes
    differ, a number is out of range, or no probe was answered by both.
    """
    if a.probe_ids != b.probe_ids:
        raise InputError(f"'{a.model}' and '{b.model}' were asked other probes")
    if not 0 < rate < 1 or not 0 <= tolerance < 1:
        raise InputError("the error rate must lie within 0 to 1, the tolerance from 0 below 1")
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
        return _greedy(a.model, b.model, pairs, rate, tolerance, repeatable)
    if not several:
        raise InputError("the sampled test needs two answers a probe on both sides")
    return _sampled(a.model, b.model, several, rate, tolerance, seed)


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
    n = len(pairs)
    k = sum(x != y for x, y in pairs)
    low = float(beta.ppf(0.025, k, n - k + 1)) if k else 0.0
    high = float(beta.ppf(0.975, k + 1, n - k)) if k < n else 1.0
    sure_low = float(beta.ppf(rate, k, n - k + 1)) if k else 0.0
    sure_high = float(beta.ppf(0.95, k + 1, n - k)) if k < n else 1.0
    p = float(beta.cdf(tolerance, k, n - k + 1)) if k else 1.0
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


def identity_kernel(texts: list[str], groups: NDArray[np.int64]) -> sparse.csr_array:
    """Unit feature rows of answers: SHINGLE-character shingles, weighted by rarity, (n, f) csr.

    A shingle's weight is -ln of the share of answers that hold it, so what the question itself
    brings into every answer hardly counts. `groups` (n,) is the probe of each answer; shingles
    of different probes are different features. An empty answer has one feature of its own.
    """
    owners, hashes = [], []
    for number, text in enumerate(texts):
        codes = np.frombuffer(
            ("\1" * (SHINGLE - 1) + text[:READ]).encode("utf-32-le", "surrogatepass"), "<u4"
        )
        width = max(len(codes) - SHINGLE + 1, 1)
        h = np.full(width, np.uint64(groups[number] + 1) * _GOLDEN)
        for d in range(SHINGLE if len(codes) >= SHINGLE else 0):
            h = (h ^ codes[d : d + width].astype(np.uint64)) * _GOLDEN
            h ^= h >> np.uint64(29)
        h = np.unique(h)
        hashes.append(h)
        owners.append(np.full(len(h), number))
    owner = np.concatenate(owners)
    _, place, users = np.unique(np.concatenate(hashes), return_inverse=True, return_counts=True)
    size = np.bincount(groups)[groups[owner]]
    weight = np.log((size + 1) / users[place])
    norm = np.sqrt(np.bincount(owner, weight**2, len(texts)))
    return sparse.csr_array((weight / norm[owner], (owner, place)), shape=(len(texts), len(users)))


def _sampled(
    a: str,
    b: str,
    texts: list[tuple[list[str], list[str]]],
    rate: float,
    tolerance: float,
    seed: int,
) -> IdentityResult:
    flat = [t for x, y in texts for t in (*x, *y)]
    sizes = np.array([(len(x), len(y)) for x, y in texts])
    groups = np.repeat(np.arange(len(texts)), sizes.sum(axis=1))
    x = identity_kernel(flat, groups)
    first = np.concatenate([[0], np.cumsum(sizes.sum(axis=1))])
    width = int(sizes.sum(axis=1).max())
    kernel = np.zeros((len(texts), width, width))
    real = np.zeros((len(texts), width), np.bool_)
    for probe, (lo, hi) in enumerate(pairwise(first.tolist())):
        part = x[lo:hi]
        kernel[probe, : hi - lo, : hi - lo] = (part @ part.T).toarray()
        real[probe, : hi - lo] = True
    mine = np.arange(width)[None, :] < sizes[:, :1]
    per_probe = _distances(kernel, mine, real, sizes)
    within = _within(kernel, mine, real, sizes)
    scale = max(float(within.mean()), 1e-9)
    observed = float(per_probe.mean())
    draw = np.random.default_rng(seed)
    reached = 0
    for _ in range(SHUFFLES):
        # The first m_a places in a random order of the real ones; padding sorts last.
        order = np.argsort(np.where(real, draw.random(real.shape), 2.0), axis=1)
        rank = np.argsort(order, axis=1)
        reached += (
            float(_distances(kernel, (rank < sizes[:, :1]) & real, real, sizes).mean())
            >= observed - 1e-12
        )
    p = (1 + reached) / (1 + SHUFFLES)
    picks = draw.integers(0, len(texts), (RESAMPLES, len(texts)))
    relative = per_probe[picks].mean(axis=1) / np.maximum(within[picks].mean(axis=1), 1e-9)
    low, sure, high = (float(v) for v in np.quantile(relative, [0.025, 0.95, 0.975]))
    effect = observed / scale
    verdict: Answer
    if p <= rate:
        verdict = "changed"
        reason = (
            f"answers of the two lie further apart than answers of one model to one question do "
            f"among themselves (p = {p:.2g})"
        )
    elif sure <= tolerance:
        verdict = "same"
        reason = (
            f"no difference was found (p = {p:.2g}), and one of more than {tolerance:.0%} of the "
            "spread within a model would have been seen"
        )
    else:
        verdict = "inconclusive"
        reason = (
            f"no difference was found (p = {p:.2g}), but one of up to {sure:.0%} of the spread "
            "within a model cannot be ruled out; ask more probes or samples"
        )
    return IdentityResult(
        a, b, verdict, "sampled", reason, effect, (low, high), p, rate, tolerance,
        len(texts), len(flat), _agreement([(u[0], v[0]) for u, v in texts]),
    )  # fmt: skip


def _distances(
    kernel: Floats, mine: NDArray[np.bool_], real: NDArray[np.bool_], sizes: NDArray[np.int64]
) -> Floats:
    """Unbiased squared distances between means, (p,): may be negative."""
    u = mine.astype(np.float64)
    v = (real & ~mine).astype(np.float64)
    m, n = sizes[:, 0], sizes[:, 1]
    own = np.einsum("pii->pi", kernel)
    left = np.matmul(kernel, u[..., None])[..., 0]
    right = np.matmul(kernel, v[..., None])[..., 0]
    aa = ((u * left).sum(axis=1) - (u * own).sum(axis=1)) / (m * (m - 1))
    bb = ((v * right).sum(axis=1) - (v * own).sum(axis=1)) / (n * (n - 1))
    ab = (v * left).sum(axis=1) / (m * n)
    return np.asarray(aa + bb - 2 * ab)


def _within(
    kernel: Floats, mine: NDArray[np.bool_], real: NDArray[np.bool_], sizes: NDArray[np.int64]
) -> Floats:
    """Mean squared distance between two answers of one side to one probe, (p,)."""
    out = np.zeros(len(kernel))
    own = np.einsum("pii->pi", kernel)
    for side, count in ((mine, sizes[:, 0]), (real & ~mine, sizes[:, 1])):
        u = side.astype(np.float64)
        cross = (u * np.matmul(kernel, u[..., None])[..., 0]).sum(axis=1)
        diagonal = (u * own).sum(axis=1)
        mean = (cross - diagonal) / (count * (count - 1))
        out += diagonal / count - mean
    return out
