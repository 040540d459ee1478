"""Tokens per character: how much text of a given make-up a model puts into the token limit.

Answers that were cut by one token limit hold equally many tokens, so their length given their
characters tells the tokenizer, even where no two models say the same. Over a panel the log
length of unfinished answers is regressed on their hashed characters and pairs of characters (no
word list: any language), trimmed robustly, with an offset for every model. The mean of a model's
residuals is its rate. Prior and noise are estimated from the panel (empirical Bayes). Two models
are compared by the Gaussian log likelihood ratio of one common rate against two independent ones.

A regression over characters knows a tokenizer's rates only for such text as its models write. The
further the texts of two models are apart in make-up, the less their rates need to agree, whatever
the tokenizer: each such difference adds to the variance of both (a Gaussian process whose
increments grow with distance; Cressie 1993, Statistics for Spatial Data, on variograms).

Where no common limit cut the answers, lengths scatter and the rate abstains, by itself. It also
abstains where models do not surely differ as tokenizers do: a form that all fill in, which ends
where the form ends, is as long in every model.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from cladist.kinship.config import LENGTHS, RATES
from cladist.kinship.evidence.corpus import Corpus
from cladist.kinship.evidence.makeup import make_up
from cladist.kinship.evidence.standard import Floats, blocks_of, in_turn

__all__ = ["Densities", "DensityModel", "density_evidence", "fit_densities"]

_STEP = np.float32(2.0**-24)
"""Step of shares: the sum of as many products of two as there are buckets has 50 bits."""

_TERMINAL = frozenset(".!?。！？\"”'’)]}>*`:;…")


@dataclass(frozen=True, eq=False)
class DensityModel:
    """What a panel says about rates; immutable.

    centre, cost  float64 (2 buckets,) mean composition and slopes of log length
    level         log length at the centre
    window        residuals that count as cut by the limit
    mean, spread  of the prior of rates; `spread` and `noise`, that of a residual, are variances
    """

    centre: Floats
    cost: Floats
    level: float
    window: tuple[float, float]
    mean: float
    spread: float
    noise: float


@dataclass(frozen=True, eq=False)
class Densities:
    """Rates of n models, and what their texts are made of.

    rate, variance  float64 (n,), as measured and how surely
    known           bool (n,), who has a rate
    made            float32 (2, n, 2 buckets), mean make-up of every other text of each model, in
                    steps of _STEP: products of double precision are exact, in any order
    """

    rate: Floats
    variance: Floats
    known: NDArray[np.bool_]
    made: NDArray[np.float32]

    def apart(self, rows: slice, first: int = 0) -> Floats:
        """Squared distance in make-up of a block of models from those of number `first` and on,
        float64 (b, n - first); `first` is at most that of the block.

        Products of one half of the texts with the other: what texts happen to hold adds nothing.
        """
        one, other = self.made[:, first:].astype(np.float64)
        block = slice(rows.start - first, rows.stop - first)
        cross = one[block] @ other.T
        cross += other[block] @ one.T
        own = np.einsum("ij,ij->i", one, other)
        return np.asarray(np.maximum(own[block, None] + own[None, :] - cross, 0.0))


@dataclass(frozen=True, eq=False)
class _Unfinished:
    """The m unfinished answers.

    texts  the answers; what they are made of is counted when it is asked for, as it takes 200
           kilobytes a model to hold and half a second of 80,000 answers to count
    owner  int64 (m,) whose each is
    size   float64 (m,) log length
    """

    texts: Sequence[str]
    owner: NDArray[np.int64]
    size: Floats

    def shares(self, rows: Iterable[int]) -> NDArray[np.float32]:
        """Shares of hashed characters and pairs in some answers, float32 (k, 2 buckets)."""
        read = [self.texts[k][: RATES.read] for k in rows]
        count = np.fromiter(map(len, read), np.float32, len(read))
        made = make_up(read, singles=True)
        made /= count[:, None]
        return made

    def along(self, cost: NDArray[np.float32]) -> NDArray[np.float32]:
        """Shares in all answers times `cost` (2 buckets,), float32 (m,).

        Row by row, where a matrix product would round by how many rows there are.
        """
        parts = list(blocks_of(len(self.texts)))
        out = np.empty(len(self.texts), np.float32)

        def fill(part: int) -> None:
            rows = parts[part]
            np.einsum("ij,j->i", self.shares(range(rows.start, rows.stop)), cost, out=out[rows])

        for _ in in_turn(fill, len(parts)):
            pass
        return out

    def halves(self, kept: NDArray[np.bool_], n: int) -> NDArray[np.float32]:
        """Mean make-up of every other kept answer of n models, float32 (2, n, 2 buckets)."""
        from scipy.sparse import csr_array  # a fifth of a second to import

        order = np.flatnonzero(kept)[np.argsort(self.owner[kept], kind="stable")]
        count = np.bincount(self.owner[order], minlength=n)
        first = np.repeat(np.cumsum(count) - count, count)
        place = self.owner[order] + n * ((np.arange(len(order)) - first) % 2)
        parts = list(blocks_of(len(order)))
        total = np.zeros((2 * n, 2 * RATES.buckets), np.float32)

        def summed(part: int) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
            rows = parts[part]
            which, where = np.unique(place[rows], return_inverse=True)
            held = csr_array(
                (np.ones(len(where), np.float32), (where, np.arange(len(where)))),
                shape=(len(which), len(where)),
            )
            return which, held @ self.shares(order[rows])

        for which, found in in_turn(summed, len(parts)):
            total[which] += found
        held = np.bincount(place, minlength=2 * n).astype(np.float32)
        total /= np.maximum(held, 1)[:, None]
        total /= _STEP
        np.round(total, out=total)
        total *= _STEP
        return total.reshape(2, n, -1)


def _unfinished(corpus: Corpus) -> _Unfinished:
    """Answers that did not end by themselves, probe by probe."""
    cut = [
        [int(i) for i in found if corpus.texts[i][j][-1] not in _TERMINAL]
        for j in range(len(corpus.probe_ids))
        for found in [np.flatnonzero(corpus.length[:, j] >= RATES.shortest)]
    ]
    owner = np.array([i for who in cut for i in who], np.int64)
    probe = np.repeat(np.arange(len(cut)), [len(who) for who in cut])
    texts = [corpus.texts[i][j] for j, who in enumerate(cut) for i in who]
    return _Unfinished(texts, owner, np.log(corpus.length[owner, probe].astype(np.float64)))


def fit_densities(
    corpus: Corpus, members: NDArray[np.bool_]
) -> tuple[DensityModel, Densities] | None:
    """The panel's rate model from its members, and the rates of all n models.

    None when too few unfinished answers are there, or no common limit or no tokenizer shows.
    Models outside the panel change nothing in the model, not even by rounding: matrix products run
    on one thread, as more share rows out by their number. O(characters + fitted buckets^2).
    """
    with threadpool_limits(1, user_api="blas"):
        return _fit(corpus, members)


def _fit(corpus: Corpus, members: NDArray[np.bool_]) -> tuple[DensityModel, Densities] | None:
    n = len(corpus)
    made = _unfinished(corpus)
    owner, y = made.owner, made.size
    inside = members[owner]
    needed = RATES.needed * 2 * RATES.buckets
    if inside.sum() < needed:
        return None
    panel = np.flatnonzero(inside)
    step = -(-len(panel) // RATES.fitted)
    centre, cost, level, window = _regress(
        made.shares(panel[::step]), owner[panel[::step]], y[panel[::step]], members
    )
    residual = y - level + float(centre @ cost) - made.along(cost.astype(np.float32))
    kept = (residual > window[0]) & (residual < window[1])
    chosen = kept & inside
    if chosen.sum() < needed or float(residual[chosen].std()) > 2 * RATES.noise:
        return None
    model, rate, variance, known = _rates(residual[kept], owner[kept], n, members)
    _, spread, noise = model
    told = int((known & members).sum())
    if noise > RATES.noise**2 or told < RATES.texts or not _differ(spread, told):
        return None
    fitted = DensityModel(centre, cost, level, window, *model)
    return fitted, Densities(rate, variance, known, made.halves(kept, n))


def _differ(spread: float, models: int) -> bool:
    """Whether rates surely spread more than `LENGTHS.scale`, by the standard error of a standard
    deviation of so many. Of few models a form that all fill in can seem to tell tokenizers."""
    return bool(np.sqrt(spread) * (1 - RATES.surely / np.sqrt(2 * models)) > LENGTHS.scale)


def _regress(
    shares: NDArray[np.float32], owner: NDArray[np.int64], y: Floats, members: NDArray[np.bool_]
) -> tuple[Floats, Floats, float, tuple[float, float]]:
    """Trimmed ridge regression with an offset a model, weights 1/sqrt(texts of the model)."""
    n = len(members)
    centre = shares.mean(0, dtype=np.float64)
    x = shares - centre.astype(np.float32)
    kept = np.ones(len(y), np.bool_)
    weighed = np.empty_like(x)
    offset = np.zeros(n)
    cost, level, middle, scale = np.zeros(x.shape[1]), 0.0, 0.0, 1.0
    for step in range(RATES.rounds):
        weight = kept / np.sqrt(np.maximum(np.bincount(owner[kept], minlength=n), 1))[owner]
        target = y - offset[owner]
        level = float(np.average(target, weights=weight))
        root = np.sqrt(weight).astype(np.float32)
        np.multiply(x, root[:, None], out=weighed)
        gram = (weighed.T @ weighed).astype(np.float64)
        ridge = RATES.ridge / len(y) * np.trace(gram) / len(gram)
        cost = np.linalg.solve(
            gram + ridge * np.eye(len(gram)),
            (weighed.T @ (root * (target - level).astype(np.float32))).astype(np.float64),
        )
        residual = y - level - x @ cost.astype(np.float32)
        middle = float(np.median(residual[kept]))
        scale = max(1.4826 * float(np.median(np.abs(residual[kept] - middle))), RATES.spread)
        kept = np.abs(residual - middle) < 3 * scale
        if step >= 2:
            offset = _medians(residual[kept], owner[kept], n)
            offset -= np.median(offset[members])
    return centre, cost, level, (middle - 3 * scale, middle + 3 * scale)


def _medians(values: Floats, owner: NDArray[np.int64], n: int) -> Floats:
    """Median of each owner's values, (n,); zero where fewer than `RATES.texts` are there."""
    ordered = values[np.lexsort((values, owner))]
    count = np.bincount(owner, minlength=n)
    first = np.cumsum(count) - count
    enough = np.flatnonzero(count >= RATES.texts)
    first, count = first[enough], count[enough]
    out = np.zeros(n)
    out[enough] = (ordered[first + (count - 1) // 2] + ordered[first + count // 2]) / 2
    return out


def _rates(
    y: Floats, owner: NDArray[np.int64], n: int, members: NDArray[np.bool_]
) -> tuple[tuple[float, float, float], Floats, Floats, NDArray[np.bool_]]:
    """Mean and spread of rates and noise of an answer, from the members alone; and the rates of
    all models, their variances, and who has one."""
    count = np.bincount(owner, minlength=n)
    total = np.bincount(owner, y, minlength=n)
    energy = np.bincount(owner, y**2, minlength=n)
    rate = total / np.maximum(count, 1)
    known = count >= RATES.texts
    used = known & members
    if not used.any():
        return (0.0, 1.0, np.inf), rate, np.ones(n), known
    alike = (1 + np.maximum(count - 1, 0) * RATES.alike) / np.maximum(count, 1)
    mean, spread, noise = float(total[used].sum() / count[used].sum()), 0.05**2, 0.06**2
    for _ in range(20):
        variance = noise * alike
        held = spread / (spread + variance)
        post, doubt = mean + held * (rate - mean), held * variance
        rest = energy - 2 * total * post + count * (post**2 + doubt)
        mean = float(post[used].mean())
        spread = max(float(((post[used] - mean) ** 2 + doubt[used]).mean()), 1e-8)
        noise = float(rest[used].sum() / count[used].sum())
    return (mean, spread, noise), rate, noise * alike, known


def density_evidence(
    fitted: tuple[DensityModel, Densities] | None,
    n: int,
    rows: slice | None = None,
    first: int = 0,
) -> Floats:
    """Nats for one tokenizer against two, float64 (n, n), within `RATES.clip`; zero where unknown.

    The log likelihood ratio of a common rate of two Gaussian observations, each of its variance
    and half of what the unlikeness of the two texts leaves open, with the prior of the panel. With
    `rows` a block of them alone, from column `first` on, which is at most their first.
    """
    block = slice(0, n) if rows is None else rows
    total = np.zeros((block.stop - block.start, n - first))
    if fitted is None:
        return total
    model, rates = fitted
    x, w, tau = rates.rate - model.mean, model.spread + rates.variance, model.spread
    doubt = rates.apart(block, first)
    doubt *= RATES.unlike / 2
    one, other = w[block, None] + doubt, w[None, first:] + doubt
    # Sums of two that change places with the models: the same both ways round.
    square, whole = (x * x)[block, None], (x * x)[None, first:]
    both = one * other
    det = both - tau * tau
    total += square / one + whole / other
    joint = square * other + whole * one
    joint -= 2 * tau * (x[block, None] * x[None, first:])
    joint /= det
    total -= joint
    total -= np.log(det / both)
    total /= 2
    total[~rates.known[block]] = 0.0
    total[:, ~rates.known[first:]] = 0.0
    at = np.arange(len(total))
    total[at, at + block.start - first] = 0.0
    return np.clip(total, -RATES.clip, RATES.clip)
