"""What learning a border may take."""

from __future__ import annotations

from dataclasses import dataclass, replace

from cladist.errors import InputError
from cladist.provenance.border.bisecting import DRAWN, FAR, ORDERS

__all__ = ["LEAST", "LIMITS", "STEADY", "SURE", "TRIED", "Effort"]

LIMITS = (1, 4, 16, 64)
"""Values of max_tokens that are tried, where a server refuses small ones."""
STEADY, SURE = 3, 4
"""Times that an input must be answered alike; the second where the server samples."""
BISECTED = 2 + FAR.bit_length() + ORDERS + (FAR * FAR).bit_length()
"""Queries that one pair takes at most."""
LEAST = 8
"""Inputs that a pool has at least."""
TRIED = 6
"""Contexts that are sampled for each sure one that is wanted."""


@dataclass(frozen=True, slots=True)
class Effort:
    """What learning may take.

    contexts    contexts that are searched at most
    pool        inputs that are kept
    replicates  queries that the honest rate is learnt from
    sittings    looks over which these are spread, to see the server at different times
    firm        inputs far from the border that are kept, to tell one change from another
    """

    contexts: int = 240
    pool: int = 40
    replicates: int = 150
    sittings: int = 1
    firm: int = 12

    def __post_init__(self) -> None:
        if not LEAST <= self.pool <= self.contexts or self.replicates < 1 or self.sittings < 1:
            raise InputError(
                f"learning needs a pool of {LEAST} inputs or more, as many contexts at least, and "
                "one replicate"
            )

    def fitted(self, calls: int) -> Effort:
        """The same with so many contexts fewer that learning takes no more than these calls.

        Raises `InputError` where even the fewest contexts take more, and says how many.

        >>> Effort().fitted(3000).most <= 3000 < Effort().most
        True
        """
        if self.most <= calls:
            return self
        least = replace(self, contexts=self.pool)
        if least.most > calls:
            raise InputError(
                f"learning takes up to {least.most:,} calls with a pool of {self.pool} inputs and "
                f"{self.replicates} replicates, and {calls:,} are allowed a day; allow as many, or "
                "set pool or replicates lower"
            )
        more = range(self.pool, self.contexts)
        return replace(
            self, contexts=max(c for c in more if replace(self, contexts=c).most <= calls)
        )

    @property
    def most(self) -> int:
        """Queries that learning takes at most."""
        near = self.pool + self.pool // 4
        searched = 2 * self.contexts + 4 * near + 6 * (self.pool + 10)
        searched += 3 * self.contexts + BISECTED * DRAWN
        again = max(STEADY * near, SURE * (self.contexts + self.pool))
        again += (STEADY + 3 * TRIED + 4) * self.firm + STEADY * near
        return len(LIMITS) * 3 + searched + again + 3 * self.pool + self.replicates
