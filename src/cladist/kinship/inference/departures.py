"""Evidence that answers depart more often than an honest server's do, good at every moment.

A watch holds a pool of inputs with the answers of a reference. Each query draws one input of the
pool at random and sees whether the answer departs from the reference's. The null hypothesis is
about the server alone: *at every query, the probability of a departure, given all that was seen
before and averaged over the pool, is at most `bound`*. It says nothing of how departures depend on
each other: since the draw is ours and fresh, a bet on it is fair whatever the server remembers.

For a rate q above the bound, the likelihood ratio of q against the bound is then a nonnegative
supermartingale that starts at 1, and so is a mixture of such ratios over rates and over the look
at which they begin, with weights that sum to 1 over all looks that will ever be. By Ville's
inequality it reaches 1/alpha with probability at most alpha, over an unlimited number of looks,
each as long as it likes (Ville 1939; Shafer, Test martingales, 2021; Ramdas and others,
Game-theoretic statistics, 2023). Weights over beginnings keep it quick after a long calm, where a
detector of the usual kind (Page; Shiryaev and Roberts) keeps no rate for ever.

The bound is learnt from departures of the honest server, counted on queries that chose nothing
(Clopper and Pearson; for rates that vary from query to query its upper limit stays valid by
Hoeffding, On the distribution of the number of successes, 1956). What that may err is a part of
the stated rate.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from cladist.errors import InputError
from cladist.kinship.config import WATCHING

__all__ = [
    "Evidence",
    "crowded",
    "largest_share",
    "learning_error",
    "rate_bound",
    "ratio_of",
    "threshold",
    "weight_left",
]


@dataclass(frozen=True, slots=True)
class Evidence:
    """What was won by betting against the honest server.

    looks   looks that were begun
    stakes  what the bets are worth, one for each of `WATCHING.rates`

    >>> calm = Evidence().begun().after([False] * 4, 0.05)
    >>> swapped = calm.begun().after([True] * 4, 0.05)
    >>> calm.value < 1, swapped.value > 125
    (True, True)
    """

    looks: int = 0
    stakes: tuple[float, ...] = (0.0,) * len(WATCHING.rates)

    def __post_init__(self) -> None:
        good = all(0 <= s < math.inf for s in self.stakes) and len(self.stakes) == len(
            WATCHING.rates
        )
        if self.looks < 0 or not good:
            raise InputError("the evidence of a watch is damaged: stakes or looks out of range")

    @property
    def value(self) -> float:
        """The e-process: bets and what is left to bet on later looks."""
        return sum(self.stakes) + weight_left(self.looks)

    def begun(self) -> Evidence:
        """One more look: its share is put on bets that begin here."""
        fresh = (weight_left(self.looks) - weight_left(self.looks + 1)) / len(WATCHING.rates)
        return Evidence(self.looks + 1, tuple(s + fresh for s in self.stakes))

    def after(self, departures: Iterable[bool], bound: float) -> Evidence:
        """The bets after some queries, in the order in which they were drawn."""
        stakes = self.stakes
        for departed in departures:
            stakes = tuple(
                min(s * _ratio(departed, q, bound), 1e200)
                for s, q in zip(stakes, _rates(bound), strict=True)
            )
        return replace(self, stakes=stakes)


def weight_left(looks: int) -> float:
    """What is left for looks after so many: 1 at first, falling as slowly as 1 / log2.

    >>> weight_left(0), weight_left(1)
    (1.0, 0.6309297535714575)
    """
    return 1.0 / math.log2(2.0 + looks)


def ratio_of(departures: Iterable[bool], bound: float) -> float:
    """What bets made at the first of these queries came to, for each unit."""
    return sum(
        Evidence(0, (1 / len(WATCHING.rates),) * len(WATCHING.rates))
        .after(departures, bound)
        .stakes
    )


def threshold(alpha: float) -> float:
    """The value at which a change is called."""
    return 1.0 / (alpha * (1.0 - WATCHING.learning))


@lru_cache(maxsize=4096)
def rate_bound(departed: int, drawn: int, error: float) -> float:
    """Upper limit of a rate from counts, wrong with probability at most `error`.

    Raises `InputError` for counts that are none.

    >>> round(rate_bound(0, 121, 0.002), 3)
    0.05
    """
    if not 0 <= departed <= drawn or not 0 < error < 1:
        raise InputError(f"{departed} departures of {drawn} are no counts")
    if departed == drawn:
        return 1.0
    from scipy.stats import beta

    return float(beta.ppf(1.0 - error, departed + 1, drawn - departed))


def crowded(
    looks: Sequence[tuple[int, int]], level: float = WATCHING.unlike
) -> tuple[int, int] | None:
    """Where departures crowd in some looks, those of these looks: (departed, drawn), else None.

    `looks` are (departed, drawn) of each. A server with replicas may depart at half of the
    inputs today and nowhere tomorrow, and one rate of all days covers no day of the other replica.
    Pearson's chi-square of dispersion asks whether all looks had one rate; if not, those that
    depart more than the mean are taken together. Where it errs, the honest rate is taken too
    high, which costs queries and accuses nobody; so `level` is not small.

    Raises `InputError` for counts that are none.

    >>> crowded([(0, 19), (1, 19), (0, 19), (1, 19)])
    >>> crowded([(0, 19), (9, 19), (0, 19), (10, 19)])
    (19, 38)
    """
    if any(not 0 <= a <= b for a, b in looks):
        raise InputError("departures of a look are not between none and all that were asked")
    asked = [(a, b) for a, b in looks if b]
    departed, drawn = sum(a for a, _ in asked), sum(b for _, b in asked)
    if len(asked) < 2 or departed in (0, drawn):
        return None
    from scipy.stats import chi2

    rate = departed / drawn
    found = sum((a - b * rate) ** 2 / (b * rate * (1 - rate)) for a, b in asked)
    if chi2.sf(found, len(asked) - 1) >= level:
        return None
    above = [(a, b) for a, b in asked if a > b * rate]
    return sum(a for a, _ in above), sum(b for _, b in above)


def learning_error(alpha: float, epoch: int) -> float:
    """What the bound of one learning may err: all of them `WATCHING.learning` of alpha."""
    return (
        WATCHING.learning * alpha * (weight_left(epoch) - weight_left(epoch + 1)) / weight_left(0)
    )


@lru_cache(maxsize=4096)
def largest_share(departed: int, drawn: int, alpha: float) -> float:
    """The share of departures that a watch can still not exclude, good at every moment.

    The limit of a confidence sequence: the smallest rate against which bets that it is lower have
    won 1/alpha. It takes the rate to be the same over the queries that are counted.

    >>> 0.03 < largest_share(0, 100, 0.05) < 0.05
    True
    """
    if not 0 <= departed <= drawn:
        raise InputError(f"{departed} departures of {drawn} are no counts")
    low, high = departed / max(drawn, 1), 1.0
    for _ in range(40):
        middle = (low + high) / 2
        if _lower_won(departed, drawn, middle) >= 1.0 / alpha:
            high = middle
        else:
            low = middle
    return high


def _lower_won(departed: int, drawn: int, rate: float) -> float:
    """What bets on lower rates than `rate` have won."""
    logs = []
    for part in WATCHING.lower:
        q = rate * part
        calm = (drawn - departed) * (math.log1p(-q) - math.log1p(-min(rate, 1 - 1e-12)))
        logs.append(calm + departed * math.log(part))
    return math.fsum(math.exp(min(x, 700.0)) for x in logs) / len(logs)


def _rates(bound: float) -> tuple[float, ...]:
    if not 0 < bound < 1:
        raise InputError(f"a share of departures of {bound:g} lies outside 0 to 1")
    return tuple(bound + (1 - bound) * f for f in WATCHING.rates)


def _ratio(departed: bool, rate: float, bound: float) -> float:
    return rate / bound if departed else (1 - rate) / (1 - bound)
