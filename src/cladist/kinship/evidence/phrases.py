"""Phrases: word for word, which way a model goes where models part.

The counterpart of alleles on long and sampled answers. Per probe, every word of the opening is
a choice in the context of the word before it (two words before do as well on completions and
worse on chat), and carries -ln(share) nats among the panel's members that stood there: a fixed
expression is one choice, a rare turn of speech is a strong one. It carries down to half of that
where its share is larger among the model's own answers to other probes, or among the models that
sound most like it: what it says anyway says little of this probe, and manner is shared by
strangers. Cosines of each probe are square-rooted (many probes with a little in common say more
than one with much), averaged over the probes that both answered, centred on the panel and shrunk
along its main axes, which carry manner more than descent.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from cladist.kinship.evidence.alleles import FEW
from cladist.kinship.evidence.choices import CODE, Choices, read_choices
from cladist.kinship.evidence.corpus import Corpus
from cladist.kinship.evidence.runs import distinct, groups
from cladist.kinship.evidence.standard import Floats, in_turn

__all__ = ["phrase_cosines", "phrase_kernel"]

RIDGE = 0.01
"""Ridge of the spectral shrinkage, as a share of all variance: axes that carry more are flattened.
One value serves greedy completions and sampled chat; .8% to 2% differ by .003 AUC."""

TYPICAL = 3.0
"""The ridge is no less than this many times the share of a typical axis, the sum of squared
shares: where families are few they are the main axes, and flattening them would hide kin. From 1
to 3 recorded panels lose .005 of average precision, and small ones of known descent gain .03."""

ALIVE = 0.1
"""Share of probes with an answer below which a model takes no part: it is no evidence."""

CIRCLES = 2
"""Circles of models, as `circle_size` has them, that a choice is held against; one does as well on
chat and a little worse elsewhere."""

KEPT = 0.5
"""Part of a choice's nats that no habit takes away: where models say hardly anything else, what
they say anyway is all there is to tell them by. None or half differ by .002 AP."""

MANY = 64
"""Models in a column from which a matrix product is faster than going through their pairs."""

_OWNER = np.uint64(16)


def _features(
    choices: Choices,
    probe: int,
    members: NDArray[np.bool_],
    near: NDArray[np.float32] | None = None,
) -> tuple[sparse.csr_array, NDArray[np.float64]]:
    """Weighted choices of one probe, rows of norm 1 before rare columns go, and those norms."""
    n = len(members)
    part = slice(int(choices.begin[probe]), int(choices.begin[probe + 1]))
    made, used, at = choices.pair[part], choices.used[part], choices.stood[part]
    if not len(made):
        return sparse.csr_array(np.zeros((n, 0), np.float32)), np.zeros(n)
    packed = np.sort(made << _OWNER | choices.owner[part])
    pair, row = packed >> _OWNER, packed.astype(np.uint16)
    first, column = groups(pair)
    _, place = groups(pair >> CODE)
    # A model stands at a context once, however many ways it goes on from there.
    stand = place.astype(np.uint64) << _OWNER | row
    stands = distinct(stand)
    there = (stands >> _OWNER).astype(np.int64)
    stood = np.bincount(there, members[stands.astype(np.uint16)])[place[first]]
    shown = np.add.reduceat(members[row], first, dtype=np.int64)
    m = max(int(members.sum()), 1)
    share = (shown + 0.5) / (stood + 0.5 + 2.0 / m)
    nats = -np.log(share)
    if m > FEW:
        nats[stood <= shown] = 0.0
    usual = share[column]
    # A model's choices rise here as they do in its own list, so places are found by counting.
    mine = np.argsort(row, kind="stable")
    habit = np.empty(len(row))
    habit[mine] = (used - 1 + usual[mine]) / at
    shared = np.diff(first, append=len(column)) > 1  # others touch the norm alone
    say = shared[column]
    if near is not None:
        circle = max(float(near[0].sum()), 1.0)
        stood_near = _among(near, stands.astype(np.uint16), there) / circle
        said_near = _among(near, row[say], column[say]) / circle
        alike = (said_near + usual[say]) / (stood_near[np.searchsorted(stands, stand[say])] + 1)
        habit[say] = np.maximum(habit[say], alike)
    weight = np.clip(-np.log(habit), nats[column] * KEPT, nats[column])
    norm = np.sqrt(np.bincount(row, weight**2, n))
    value = (weight / np.maximum(norm[row], 1e-12)).astype(np.float32)
    number = np.cumsum(shared) - 1
    kept = say & (value > 0)
    x = sparse.csr_array(
        (value[kept], (row[kept].astype(np.int64), number[column[kept]])),
        shape=(n, int(shared.sum())),
    )
    return x, norm


def _among(
    near: NDArray[np.float32], row: NDArray[np.uint16], group: NDArray[np.int64]
) -> NDArray[np.float64]:
    """For every entry, how many of the models near its own are in its group.

    row and group (e,), groups rising, no model twice in one. Counts are whole numbers, so their
    order of addition changes nothing.
    """
    n = len(near)
    out = np.zeros(len(row))
    if not len(row):
        return out
    first, group = groups(group)
    size = np.diff(first, append=len(group))
    few = np.flatnonzero(((size > 1) & (size <= MANY))[group])
    if len(few):
        others = size[group[few]]
        begin = np.cumsum(others) - others
        step = np.arange(begin[-1] + others[-1])
        step += np.repeat(first[group[few]] - begin, others)
        cell = np.repeat(row[few].astype(np.int64) * n, others) + row[step]
        out[few] = np.add.reduceat(near.ravel()[cell], begin)
    many = (size > MANY)[group]
    if many.any():
        place = (np.cumsum(size > MANY) - 1)[group[many]]
        inside = np.zeros((n, int(place[-1]) + 1), np.float32)
        inside[row[many], place] = 1.0
        out[many] = (near @ inside)[row[many], place]
    return out


def phrase_kernel(
    corpus: Corpus,
    members: NDArray[np.bool_] | None = None,
    near: NDArray[np.float32] | None = None,
) -> Floats:
    """Mean over common probes of the square-rooted cosine of choices, float64 (n, n) in 0..1.

    Zero where two models have no probe in common. Without `members` all models are the panel
    that shares are taken of; without `near`, of `sounding_alike`, nobody sounds alike.
    O(characters + sum over choices of (models that make it)^2) time; one probe at a time.
    """
    n, p = corpus.length.shape
    inside = np.ones(n, np.bool_) if members is None else members
    choices = read_choices(corpus)
    total = np.zeros((n, n), np.float32)
    spoke = np.zeros(n)

    def of_probe(j: int) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
        x, norm = _features(choices, j, inside, near)
        cosine = x @ x.T
        np.sqrt(cosine.data, out=cosine.data)
        return cosine.toarray(), np.asarray(norm > 0, np.bool_)

    for cosine, said in in_turn(of_probe, p):
        total += cosine
        spoke += said
    np.fill_diagonal(total, spoke)
    have = corpus.present.astype(np.float64)
    both = have @ have.T
    return np.asarray(np.clip(total / np.maximum(both, 1.0), 0.0, 1.0), np.float64)


def phrase_cosines(kernel: Floats, alive: NDArray[np.bool_], members: NDArray[np.bool_]) -> Floats:
    """Cosines after centring on the panel and spectral shrinkage, float64 (n, n).

    Rows of models that are not alive are zero. Of the mean only the part (m - 2)/m is removed,
    since a panel of two has no background but itself. Models outside the panel are placed by
    Nystroem's formula, which gives a member its own place again. O(m^3 + n m^2) time.
    """
    n = len(kernel)
    out = np.zeros((n, n))
    here, base = np.flatnonzero(alive), np.flatnonzero(alive & members)
    m = len(base)
    if m < 2:
        return out
    k = kernel[np.ix_(here, base)]
    mean = k.mean(1) * ((m - 2) / m)
    column = kernel[np.ix_(base, base)].mean(0) * ((m - 2) / m)
    k = k - mean[:, None] - column + float(column.mean())
    square = k[np.searchsorted(here, base)]
    values, vectors = np.linalg.eigh((square + square.T) / 2)
    kept = values > 1e-9 * max(float(values[-1]), 1e-12)
    values, vectors = values[kept], vectors[:, kept]
    part = values / values.sum()
    ridge = max(RIDGE, TYPICAL * float((part**2).sum()))
    x = k @ (vectors / np.sqrt(values * (values + ridge * values.sum())))
    x /= np.maximum(np.linalg.norm(x, axis=1, keepdims=True), 1e-9)
    out[np.ix_(here, here)] = x @ x.T
    return out
