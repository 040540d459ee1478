"""Groups of near-identical models, and which one of each group to keep."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.sparse import csr_array
from scipy.spatial.distance import squareform

from cladist.core.responses import ResponseSet
from cladist.errors import InputError

__all__ = ["Group", "duplicate_groups", "same_answers"]

_FAR = 1e9
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Group:
    """Models that are near-identical, each to every other.

    keep     the one to keep
    others   those that it stands for
    reason   why that one
    farthest largest distance between two of them
    """

    keep: str
    others: tuple[str, ...]
    reason: str
    farthest: float


def same_answers(responses: Sequence[ResponseSet]) -> Floats:
    """Share of commonly answered probes to which two models do not answer the same, (n, n).

    Blanks around an answer do not count; of several samples the first usable one does. A pair
    without a common probe is at 1. O(n^2 p).
    """
    n = len(responses)
    if not n:
        return np.zeros((0, 0))
    ids = responses[0].probe_ids
    if any(r.probe_ids != ids for r in responses):
        raise InputError("answers to different probes cannot be compared")
    known: dict[tuple[int, str], int] = {}
    present = np.zeros((n, len(ids)))
    rows, columns = [], []
    for i, one in enumerate(responses):
        for j, text in enumerate(one.texts()):
            if text is not None:
                present[i, j] = 1.0
                rows.append(i)
                columns.append(known.setdefault((j, text.strip()), len(known)))
    shown = csr_array((np.ones(len(rows)), (rows, columns)), shape=(n, max(len(known), 1)))
    both = present @ present.T
    same = np.asarray((shown @ shown.T).toarray())
    apart = np.where(both > 0, 1 - same / np.maximum(both, 1), 1.0)
    np.fill_diagonal(apart, 0.0)
    return np.maximum(apart, 0.0)


def duplicate_groups(
    names: Sequence[str],
    distance: Floats,
    within: float,
    preference: Sequence[float] | None = None,
    what: str = "preference",
    speaking: Sequence[bool] | None = None,
) -> list[Group]:
    """Groups in which every two models are at most `within` apart (complete linkage).

    Kept is the model of greatest `preference` (n,), of equals the one nearest to all others of
    its group, and of these the first by name. Models without a duplicate are in no group.
    A model that is not `speaking` (n,), whose answers say nothing, is in no group either.
    Largest groups first. Raises `InputError` for a negative `within`. O(n^2 log n).
    """
    n = len(names)
    if distance.shape != (n, n):
        raise InputError(f"distances of shape {distance.shape} for {n} models")
    if within < 0:
        raise InputError(f"a distance of {within:g} is negative")
    if n < 2:
        return []
    if speaking is not None:
        dumb = ~np.asarray(speaking, np.bool_)
        distance = np.where(dumb[:, None] | dumb[None, :], _FAR * (1 + within), distance)
        np.fill_diagonal(distance, 0.0)
    wanted = np.zeros(n) if preference is None else np.asarray(preference, np.float64)
    tree = linkage(squareform(distance, checks=False), "complete")
    label = fcluster(tree, within * (1 + 1e-12), "distance")
    groups = []
    for number in np.unique(label):
        members = np.flatnonzero(label == number).tolist()
        if len(members) < 2:
            continue
        part = distance[np.ix_(members, members)]
        mean = part.sum(1) / (len(members) - 1)
        order = sorted(
            range(len(members)), key=lambda i: (-wanted[members[i]], mean[i], names[members[i]])
        )
        first, second = order[0], order[1]
        if wanted[members[first]] > wanted[members[second]]:
            reason = f"best by {what}"
        elif mean[first] < mean[second]:
            reason = "nearest to all others of the group"
        else:
            reason = "first by name; the others are as good"
        groups.append(
            Group(
                names[members[first]],
                tuple(sorted(names[members[i]] for i in order[1:])),
                reason,
                float(part.max()),
            )
        )
    return sorted(groups, key=lambda g: (-len(g.others), g.keep))
