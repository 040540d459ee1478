"""What all who name likely parents agree on: what shows a parent, and how sure one must be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from cladist.core.dates import year_range
from cladist.errors import InputError

__all__ = ["CONFIDENT", "LEAST", "TEMPERATURE", "certainly_later"]

LEAST = 3.0
"""Evidence of kinship from which a parent is taken; unrelated models lie around zero."""

TEMPERATURE = 2.0
"""Of the probabilities without replicates, in units of the evidence; measured in docs/trees.md."""

CONFIDENT = 0.5
"""Confidence from which a parent is named: it is then likelier than all others together."""


def certainly_later(names: Sequence[str], dates: Mapping[str, str]) -> NDArray[np.bool_]:
    """Whether i certainly came after j, bool (n, n); a date may be a whole year or month.

    Models without a date, or with an empty one, came after nobody for certain. Raises `InputError`
    for a date that cannot be read.
    """
    span = np.full((len(names), 2), np.nan)
    for k, name in enumerate(names):
        if dates.get(name):
            try:
                span[k] = year_range(dates[name])
            except InputError as problem:
                raise InputError(f"model '{name[:60]}': {problem}") from problem
    with np.errstate(invalid="ignore"):
        return np.asarray(span[:, None, 0] >= span[None, :, 1])
