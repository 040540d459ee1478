"""When looks are made: one every so often, so many or without end."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from cladist.errors import InputError, UsageError

__all__ = ["Pace", "seconds_of"]

UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}


@dataclass(frozen=True)
class Pace:
    """How many looks a run makes, and how far apart.

    times   looks; 0 goes on for ever
    every   seconds from the start of one to that of the next
    """

    times: int = 1
    every: float = 0.0
    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.monotonic

    def __post_init__(self) -> None:
        if self.times < 0 or self.every < 0:
            raise InputError("a watch makes 0 looks or more (0: without end), 0 s apart or more")

    def turns(self) -> Iterator[int]:
        """Numbers of the looks from 0, each given when it is due.

        A look that takes longer than the interval is followed by the next at once; none is made
        up for.

        >>> list(Pace(times=3).turns())
        [0, 1, 2]
        """
        made, due = 0, self.clock()
        while self.times == 0 or made < self.times:
            if made:
                due = max(due + self.every, self.clock())
                self.sleep(max(due - self.clock(), 0.0))
            yield made
            made += 1


def seconds_of(text: str) -> float:
    """Seconds in '90s', '15m', '1h' or '1d'; `UsageError` for anything else.

    >>> seconds_of("15m")
    900.0
    """
    found = re.fullmatch(r"(\d{1,7}(?:\.\d{1,3})?)([smhd])", text.strip())
    if found is None or float(found[1]) <= 0:
        raise UsageError(f"'{text[:40]}' is no interval; write 90s, 15m, 1h or 1d")
    return float(found[1]) * UNITS[found[2]]
