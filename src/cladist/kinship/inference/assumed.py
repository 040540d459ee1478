"""What is claimed of answers that may have been asked differently from those beside them.

A model asked today is held against recorded answers of which a setting was not recorded, such as
the temperature. If it was another one, kin have less in common than known kin of the panel, who
were all asked alike: a sampled answer leaves a greedy one sooner than another greedy one does. So
a claim that rests on little in common would come too easily. Two claims do: that a family is
excluded, and that a pair is unrelated. Before either is made, what the two have in common is
divided by KEPT: nobody is excluded who would not be if the settings had taken that share away.

A claim that rests on much in common is not made easier by another setting: strangers asked so
come no nearer (docs/identify.md, "What is assumed"). 'Related' is claimed as ever.
"""

from __future__ import annotations

import numpy as np

from cladist.kinship.evidence.standard import Floats

__all__ = ["KEPT", "restored"]

KEPT = 0.5
"""Share of what kin have in common that is left when they were asked by different settings."""


def restored(evidence: Floats, kept: float = KEPT) -> Floats:
    """Evidence of kinship as it would be if both sides had been asked alike, at most.

    >>> restored(np.array([4.0, -1.0]), 0.5).tolist()
    [8.0, -1.0]
    """
    return np.where(evidence > 0, evidence / kept, evidence)
