"""Manners towards an endpoint: pace, back-off, what is dead, and what it cost."""

from __future__ import annotations

import asyncio
import email.utils
import math
import random
import time
from collections.abc import Mapping
from threading import Lock

from cladist.models.budget import Usage, added

LONGEST_WAIT = 300.0
"""Seconds; an endpoint that asks for more is asked again on another run."""


class Meter:
    """Counts usage; safe to read from other threads."""

    def __init__(self) -> None:
        self._usage = Usage()
        self._lock = Lock()

    @property
    def usage(self) -> Usage:
        """The counts so far."""
        return self._usage

    def add(self, more: Usage) -> None:
        """Count one more call."""
        with self._lock:
            self._usage = added(self._usage, more)


class Pace:
    """When the next call may start: so many a minute, and not before an asked pause is over."""

    def __init__(self, per_minute: float) -> None:
        self._gap = 60 / per_minute if per_minute else 0.0
        self._next = 0.0

    async def turn(self) -> None:
        """Wait for a slot of one's own."""
        while (wait := self._next - time.monotonic()) > 0 and not self._gap:
            await asyncio.sleep(wait)
        if self._gap:
            start = max(self._next, time.monotonic())
            self._next = start + self._gap
            await asyncio.sleep(max(0.0, start - time.monotonic()))

    def pause(self, seconds: float) -> None:
        """Hold all calls for a while."""
        self._next = max(self._next, time.monotonic() + seconds)


class Pulse:
    """Tells a dead endpoint from a faulty one by failures without a success between them."""

    def __init__(self, concurrency: int) -> None:
        self._limit = max(24, 3 * concurrency)
        self._unreached = 0
        self._failed = 0
        self._answered = False

    def answered(self) -> None:
        """The endpoint did answer."""
        self._answered = True
        self._failed = self._unreached = 0

    def failed(self, *, unreached: bool) -> bool:
        """Count a failure; True when the endpoint is to be given up.

        Three refused connections do where nothing was ever answered; otherwise it takes 24 and
        more failures in a row, which at a fault rate of 30% happens once in 10^12 calls.
        """
        self._failed += 1
        self._unreached = self._unreached + 1 if unreached else 0
        return self._failed >= self._limit or (self._unreached >= 3 and not self._answered)


def backoff(attempt: int, seed: int) -> float:
    """Seconds before try `attempt` + 1: .5, 1, 2, ... to 30, times a seeded .5 to 1.5."""
    jitter = random.Random(seed * 1009 + attempt).random()  # noqa: S311 - no secret
    return float(min(30.0, 0.5 * 2**attempt) * (0.5 + jitter))


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds that the server asks to wait: retry-after-ms, or Retry-After as number or date."""
    for name, unit in (("retry-after-ms", 1000.0), ("retry-after", 1.0)):
        text = headers.get(name)
        if text is None:
            continue
        try:
            seconds = float(text) / unit
        except ValueError:
            continue
        if math.isfinite(seconds) and seconds >= 0:
            return seconds
    try:
        date = email.utils.parsedate_to_datetime(headers.get("retry-after", ""))
        return max(0.0, date.timestamp() - time.time())
    except (TypeError, ValueError, IndexError, OverflowError):
        return None
