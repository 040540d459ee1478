"""How often a search alone makes relatives: lists of the nearest strangers of a panel's members.

The test of a pair keeps its rate for a pair that was named beforehand. Who heads a list was chosen
for being near among all models, and a list without any kin has a head as well. How often that is
called related is counted on the panel itself, where makers are declared.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cladist.kinship.inference.calibration import Calibration
from cladist.kinship.inference.labels import Labels
from cladist.kinship.inference.pairs import PairEvidence

__all__ = ["lists_with_strangers"]


def lists_with_strangers(
    pairs: PairEvidence,
    calibration: Calibration,
    labels: Labels,
    speaks: NDArray[np.bool_],
    count: int,
    alpha: float,
) -> float:
    """Share of members for whom somebody would be related if all models of their maker were gone.

    Parameters
    ----------
    pairs : PairEvidence
        Of all n models.
    calibration : Calibration
        What p-values are taken from.
    labels : Labels
        Makers; models without one take no part.
    speaks : ndarray of bool, shape (n,)
        Whose answers are evidence.
    count : int
        Models in a list, p adjusted for all of them (Holm, whose first step is Bonferroni's).
    alpha : float
        False-positive rate over a list.

    Returns
    -------
    float
        0 to 1, every maker weighing the same; NaN with fewer than two makers. The checks over
        probes, which take some verdicts back, are left out. O(n^2) comparisons and n `count`
        p-values.
    """
    names = np.array(labels.makers)
    known = np.flatnonzero((names != "") & speaks)
    makers, maker = np.unique(names[known], return_inverse=True)
    if len(makers) < 2:
        return float("nan")
    nearest, whose = [], []
    for k, i in enumerate(known):
        strangers = known[maker != maker[k]]
        near = np.asarray(pairs.combined[i])[strangers]
        first = np.argsort(-near, kind="stable")[:count]
        nearest.append(strangers[first])
        whose.append(np.full(len(first), k))
    who = np.concatenate(whose)
    p = calibration.p(pairs, known[who], np.concatenate(nearest))
    listed = np.bincount(who, minlength=len(known))
    least = np.ones(len(known))
    np.minimum.at(least, who, p)
    said = least * listed <= alpha
    return float(np.mean(np.bincount(maker, said) / np.bincount(maker)))
