"""The word that whoever may have something done knows; it changes with every run of the server."""

from __future__ import annotations

from dataclasses import dataclass, field
from hmac import compare_digest

__all__ = ["Token"]


@dataclass(frozen=True)
class Token:
    """A token; '' is known to nobody.

    >>> Token("a").allows("a"), Token("a").allows("b"), Token().allows("")
    (True, False, False)
    """

    value: str = field(default="", repr=False)

    @property
    def on(self) -> bool:
        """Whether anybody can know it."""
        return bool(self.value)

    def allows(self, told: str) -> bool:
        """Whether that is the token, compared in constant time."""
        return self.on and compare_digest(told.encode(), self.value.encode())
