"""The circle of a pair: what manner and kin of two models say about the two.

Two corrections of direct evidence, both from other members of the panel:

    background  models that sound alike whatever they are asked agree with the same others. What
                model i shares with those of j's manner that are not j's kin is no kinship.
                Such local centring is what CSLS does to nearest neighbours (Conneau et al.,
                arXiv 1710.04087, section 2.3), here with neighbours by manner.
    support     kin have kin in common: the evidence of a pair is averaged with that between the
                apparent kin of either, as in the query expansion of image retrieval
                (Chum et al. 2007, ICCV; Radenovic et al., arXiv 1711.02512). A model without
                apparent kin stands for itself alone, so nothing is taken from isolated ones.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.special import expit

from cladist.kinship.evidence.standard import Floats

__all__ = ["KIN", "background", "controls", "sounding_alike", "support"]

KIN = 7.0
"""Evidence at which two models are as likely kin as not, in spreads of one channel. 6 and 8 do
equally well on recorded panels."""

_NEGLIGIBLE = 1e-3

Seen = NDArray[np.bool_]


def circle_size(seen: Seen) -> int:
    """Members that a model is looked at beside: the square root of a member's panel, at least one.

    Outsiders see one more than members do, and must change nothing among these.
    """
    return max(round(float(np.sqrt(seen.sum(1).min()))), 1)


def sounding_alike(manner: Floats, seen: Seen, circles: int) -> NDArray[np.float32]:
    """For each model the members nearest in manner, so many circles of them, float32 0/1 (n, n).

    At most all but one: in a small panel the other of a pair must not be all there is to compare
    with. Rows have equal sums. `seen` as `panel_view` gives it. O(n^2 log n).
    """
    n = len(manner)
    size = min(circles * circle_size(seen), max(int(seen.sum(1).min()) - 1, 0))
    order = np.argsort(np.where(seen, -manner, np.inf), axis=1, kind="stable")[:, :size]
    near = np.zeros((n, n), np.float32)
    np.put_along_axis(near, order, np.float32(1.0), axis=1)
    return near


def controls(manner: Floats, evidence: Floats, seen: Seen) -> sparse.csr_array:
    """For each model the members nearest in manner that are not its apparent kin.

    manner and evidence float64 (n, n), seen bool (n, n) as `panel_view` gives it; 0/1 float64
    (n, n), at most `circle_size` ones a row. Apparent kin have evidence above KIN, and in small
    panels above half of the most that one of their numbers can stand out by, the square root of
    how many they are (Samuelson 1968, JASA 63): kin taken for controls would cancel kinship.
    O(n^2 log n).
    """
    n = len(manner)
    candidate = seen & (evidence <= min(KIN, float(np.sqrt(seen.sum(1).min())) / 2))
    order = np.argsort(np.where(candidate, -manner, np.inf), axis=1, kind="stable")
    order = order[:, : circle_size(seen)]
    row = np.broadcast_to(np.arange(n)[:, None], order.shape)
    kept = candidate[row, order]
    return sparse.csr_array((np.ones(int(kept.sum())), (row[kept], order[kept])), shape=(n, n))


def background(similarity: Floats, near: sparse.csr_array, seen: Seen) -> Floats:
    """Mean similarity of one model of a pair to the controls of the other, both ways, (n, n).

    One control that shares nothing is added: in small panels there is less to be known about
    manner, and none is removed at n = 2. Symmetric, zero diagonal. O(n^2 sqrt(n)).
    """
    total = near @ np.where(seen, similarity, 0.0).T
    count = near @ seen.T.astype(np.float64) + 1.0
    share = total / count
    share = (share + share.T) / 2
    np.fill_diagonal(share, 0.0)
    return np.asarray(share)


def support(evidence: Floats, seen: Seen, own: NDArray[np.int64]) -> Floats:
    """What apparent kin add to the evidence of every pair, symmetric, zero diagonal, (n, n).

    A model's circle is itself and the members that are mutually among the nearest, each by the
    probability that it is kin; half of the pair's evidence is replaced by the mean between both
    circles. A model is as near to itself as its nearest member is. O(n^2 sqrt(n)).
    """
    n = len(evidence)
    hidden = np.where(seen, evidence, -np.inf)
    size = min(circle_size(seen), n)
    reach = np.partition(hidden, n - size, axis=1)[:, n - size]
    kin = np.where(hidden >= np.maximum(reach[:, None], reach), hidden, -np.inf)
    chance = expit(kin - KIN)
    chance[chance < _NEGLIGIBLE] = 0.0
    np.fill_diagonal(chance, 1.0)
    circle = sparse.csr_array(chance / chance.sum(1, keepdims=True))
    itself = np.maximum(hidden.max(1), 0.0)
    full = evidence.copy()
    np.fill_diagonal(full, itself)
    twin = np.flatnonzero(own >= 0)
    full[twin, own[twin]] = full[own[twin], twin] = itself[twin]
    half = np.asarray(circle @ full)
    added = (np.asarray(circle @ half.T) - evidence) / 2
    added = (added + added.T) / 2
    np.fill_diagonal(added, 0.0)
    return np.asarray(added)
