"""Bets on the mean of values between 0 and 1, good at every moment.

A value is drawn at each step: whether an answer departs, or how far it is. Under the null
hypothesis its mean, given all that was seen before, is at most a bound. For a rate q above the
bound v q / bound + (1 - v) (1 - q) / (1 - bound) is a fair or losing bet, whatever the values hang
together like; products of such bets, and mixtures over rates, are nonnegative supermartingales,
and reach 1/alpha with a chance of at most alpha, ever (Ville 1939; Waudby-Smith and Ramdas,
Estimating means of bounded random variables by betting, 2024).
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from cladist.errors import InputError
from cladist.kinship.config import WATCHING

__all__ = ["against_less", "against_more"]


def against_less(values: Sequence[float], bound: float) -> float:
    """ln of an e-value against 'the mean is at most `bound`'; values between 0 and 1.

    >>> against_less([1.0] * 8, 0.3) > math.log(100) > against_less([0.0] * 8, 0.3)
    True
    """
    if not 0 < bound < 1 or not all(0 <= v <= 1 for v in values):
        raise InputError(f"values and their bound ({bound:g}) have to lie between 0 and 1")
    logs = []
    for part in (*WATCHING.rates, 1.0):
        q = bound + (1 - bound) * part
        factors = [v * q / bound + (1 - v) * (1 - q) / (1 - bound) for v in values]
        logs.append(sum(math.log(max(f, 1e-300)) for f in factors))
    top = max(logs)
    return top + math.log(sum(math.exp(x - top) for x in logs) / len(logs))


def against_more(values: Sequence[float], bound: float) -> float:
    """ln of an e-value against 'the mean is at least `bound`'.

    >>> against_more([0.0] * 10, 0.5) > math.log(100)
    True
    """
    return against_less([1.0 - v for v in values], 1.0 - bound)
