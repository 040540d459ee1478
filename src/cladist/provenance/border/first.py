"""First-token probabilities of a deployment held beside those of a reference.

The distance of two distributions is the share of the probability that a deployment tells which the
reference does not give to the same tokens: 0 for the same, 1 where no token is shared. What the
deployment leaves untold says nothing. Tokens that differ in blanks alone are one.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from cladist.core.next_token import NextToken

__all__ = ["apart", "by_text", "strange"]


def by_text(told: NextToken) -> dict[str, float]:
    """Probabilities by the text of a token, without blanks around it."""
    found: dict[str, float] = {}
    for token, chance in zip(told.tokens, np.exp(told.log_probs).tolist(), strict=True):
        text = "<end>" if token is None else token.decode("utf-8", "replace").strip()
        found[text] = found.get(text, 0.0) + chance
    return found


def apart(own: Mapping[str, float], other: Mapping[str, float]) -> float:
    """Share of what a deployment tells that the reference gives to other tokens.

    >>> apart({"a": 0.5, "b": 0.5}, {"a": 0.5, "c": 0.3})
    0.375
    """
    whole = sum(other.values())
    shared = sum(min(own.get(t, 0.0), p) for t, p in other.items())
    return min(1.0, max(0.0, round(1 - shared / whole, 9))) if whole else 1.0


def strange(own: Mapping[str, float], other: Mapping[str, float]) -> bool:
    """Whether no token of the one is known to the other: others, or written in another way."""
    return not set(own) & set(other)
