"""Whether a panel holds models like a pair, by how far functions lie apart.

A panel tells how much unrelated models have in common. Two models that both stand apart from all
of it, as two capable ones among tiny ones, have in common what sets them apart, and look like kin:
nothing in the panel says how much of that unrelated models of their sort share. So a pair of which
each is further from every model of other makers than half of the unrelated pairs of these are from
each other is not called related.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cladist.kinship.evidence.standard import Floats

__all__ = ["standing_apart"]


def standing_apart(far: Floats, makers: NDArray[np.int64], i: int, j: int) -> str:
    """Why the panel says too little of models i and j, or ''.

    Parameters
    ----------
    far : float64 (n, n)
        d_H of all models; NaN where two have no context in common.
    makers : int64 (n,)
        Whose each model is; -1 where that is not known, which is nobody's evidence.
    i, j : int
        The two models.

    Examples
    --------
    >>> far = np.array([[0, .4, .9, .9], [.4, 0, .9, .9], [.9, .9, 0, .3], [.9, .9, .3, 0]])
    >>> standing_apart(far, np.arange(4), 2, 3)[:35]
    'both stand apart from the panel: no'
    >>> standing_apart(far[:3, :3], np.arange(3), 0, 1)
    ''
    """
    known = makers >= 0
    others = known & (makers != makers[i]) & (makers != makers[j])
    # Without the makers of the two, whose distances are what is asked about.
    unrelated = far[others[:, None] & others[None, :] & (makers[:, None] != makers[None, :])]
    near = [far[k, others] for k in (i, j)]
    if np.isnan(unrelated).all() or any(np.isnan(d).all() for d in near):
        return ""
    usual, least = float(np.nanmedian(unrelated)), min(float(np.nanmin(d)) for d in near)
    if least <= usual:
        return ""
    return (
        f"both stand apart from the panel: no model of another maker is nearer to either than "
        f"{least:.2f} (d_H), and half of the unrelated pairs of these are within {usual:.2f}, so "
        "nothing says how much unrelated models of their sort have in common; add such models"
    )
