"""First-token probabilities of a deployment held beside those of a reference.

The distance of two distributions is that of total variation, over the tokens that the deployment
tells; what it leaves untold counts as one token more. Tokens that differ in blanks alone are one.
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
    """Total variation between the reference's distribution and what a deployment tells of its own.

    >>> apart({"a": 0.5, "b": 0.5}, {"a": 0.5, "b": 0.3})
    0.2
    """
    gaps = [own.get(t, 0.0) - p for t, p in other.items()]
    rest = sum(own.get(t, 0.0) for t in other) - sum(other.values())
    return min(1.0, round(0.5 * (sum(map(abs, gaps)) + abs(rest)), 9))


def strange(own: Mapping[str, float], other: Mapping[str, float]) -> bool:
    """Whether no token of the one is known to the other: others, or written in another way."""
    return not set(own) & set(other)
