"""A rung of the ladder: what was asked, what it cost, and what it makes likely."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

__all__ = ["Rung", "Spent", "Stand"]

Stand = Literal["fits", "does not fit", "undecided", "says nothing", "not asked"]


@dataclass(frozen=True, slots=True)
class Spent:
    """Calls made, and tokens read and written as the server tells, else at most."""

    calls: int = 0
    tokens: int = 0
    cost: float = 0.0


@dataclass(frozen=True)
class Rung:
    """One kind of question.

    stand       what it says of the claim: 'says nothing' has no likelihood, 'not asked' no answer
    said        what was seen, in sentences; words of a server stand in it as they came
    likelihood  natural logarithms, by hypothesis; None where this rung has none
    posterior   by hypothesis, all alike beforehand; None likewise
    error       rate at which 'fits' or 'does not fit' is said wrongly, None where nobody knows
    against     ln of an e-value against the claim, None where this rung bets on nothing
    """

    name: str
    stand: Stand
    said: tuple[str, ...]
    spent: Spent
    likelihood: Mapping[str, float] | None = None
    posterior: Mapping[str, float] | None = None
    error: float | None = None
    seen: Mapping[str, object] = field(default_factory=dict)
    against: float | None = None
