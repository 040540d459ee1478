"""Manners towards an endpoint: pace, back-off, patience, what is dead, and what it cost."""

from __future__ import annotations

import asyncio
import email.utils
import math
import random
import re
import time
from collections.abc import Mapping
from threading import Lock

from cladist.core.text import same_words
from cladist.models._faults import Kind
from cladist.models.budget import Usage, added

FAULT_SECONDS = 120.0
"""Longest time that one request is tried again after faults that do not ask for patience."""
UNHEARD_SECONDS = 20.0
"""The same for an endpoint that never answered; so long it may break before it is given up."""
ALIKE = 3
"""Requests that must fail in the same words before the words are taken to be for all."""
_TELL_FIRST, _TELL_AGAIN = 2.0, 15.0


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
    """Tells a dead endpoint from a faulty or a slow one, by what came since its last answer.

    patience  seconds without any answer after which it is given up
    """

    def __init__(self, concurrency: int, patience: float) -> None:
        self.patience = patience
        self._limit = max(24, 3 * concurrency)
        self._unreached = self._given_up = 0
        self._since: float | None = None
        self._told = 0.0
        self._alike: dict[tuple[Kind, str], list[str]] = {}
        self.heard = False

    def answered(self) -> float:
        """The endpoint did answer; returns the seconds of trouble before, 0 where nobody knew."""
        waited = time.monotonic() - self._since if self._since is not None and self._told else 0.0
        self.heard = True
        self._given_up = self._unreached = 0
        self._since, self._told = None, 0.0
        self._alike.clear()
        return waited

    def failed(
        self,
        kind: Kind,
        words: str,
        request: str,
        *,
        begun: float = math.inf,
        unreached: bool = False,
    ) -> bool:
        """Count a failure; True when every request fails like this, or nobody is there.

        Nobody is there after three refused connections, where nothing was ever answered. What the
        server does not take is taken to be the same for all when three requests, one after the
        other, are refused in the same words and nothing was answered; where something was it
        takes more. Faults may be of the moment: they take some time as well.

        Before the first answer trouble begins with the first call, as patience does, so nobody
        takes another request in between. `begun` is when this one was made, where that is known.
        """
        now = time.monotonic()
        since = now if self.heard else min(begun, now)
        self._since = since if self._since is None else min(self._since, since)
        self._unreached = self._unreached + 1 if unreached else 0
        if self._unreached >= ALIKE and not self.heard:
            return True
        if kind is Kind.WAIT:
            return False
        failures = self._alike.setdefault((kind, same_words(words)), [])
        failures.append(request)
        if len(set(failures)) < ALIKE:
            return False
        if self.heard:
            return kind is Kind.REQUEST and len(failures) >= self._limit
        long = time.monotonic() - self._since >= min(UNHEARD_SECONDS, self.patience)
        return kind is Kind.REQUEST or (long and len(failures) >= ALIKE**2)

    def gave_up(self) -> bool:
        """A request is given up; True when the endpoint is to be given up with it."""
        self._given_up += 1
        silent = self._since is not None and time.monotonic() - self._since >= self.patience
        return self._given_up >= self._limit or (
            silent and (self._given_up >= ALIKE or not self.heard)
        )

    def waiting(self, seconds: float) -> float | None:
        """Seconds of trouble so far, when it is time to tell somebody before waiting on."""
        now = time.monotonic()
        since = self._since if self._since is not None else now
        if now + seconds - since < _TELL_FIRST or now - self._told < _TELL_AGAIN:
            return None
        self._told = now
        return now - since


def backoff(attempt: int, seed: int) -> float:
    """Seconds before try `attempt` + 1: .5, 1, 2, ... to 30, times a seeded .5 to 1.5."""
    jitter = random.Random(seed * 1009 + attempt).random()  # noqa: S311 - no secret
    return float(min(30.0, 0.5 * 2**attempt) * (0.5 + jitter))


def retry_after(headers: Mapping[str, str], body: object = None) -> float | None:
    """Seconds that the server asks to wait, None where it does not.

    Read from retry-after-ms, Retry-After as number or date, and what bodies say: `retryDelay`,
    `retry_after`, `estimated_time`, or 'try again in 1m2.5s'.
    """
    for name, unit in (("retry-after-ms", 1000.0), ("retry-after", 1.0)):
        seconds = _number(headers.get(name))
        if seconds is not None:
            return seconds / unit
    try:
        date = email.utils.parsedate_to_datetime(headers.get("retry-after", ""))
        return max(0.0, date.timestamp() - time.time())
    except (TypeError, ValueError, IndexError, OverflowError):
        pass
    return _wait_in(body)


_IN_TIME = re.compile(
    r"(?:try|retry) again in (?:(\d{1,4})\s*h(?:ours?)?)?\s*(?:(\d{1,5})\s*m(?!s)(?:in\w*)?)?\s*"
    r"(?:(\d{1,6}(?:\.\d{1,6})?)\s*(ms|s))?", re.IGNORECASE
)  # fmt: skip


def _wait_in(body: object, depth: int = 0) -> float | None:
    if depth > 6:
        return None
    if isinstance(body, str):
        found = _IN_TIME.search(body[:2000])
        if found is None or not any(found.groups()):
            return None
        hours, minutes, seconds, unit = found.groups()
        small = float(seconds or 0) / (1000 if (unit or "").lower() == "ms" else 1)
        return int(hours or 0) * 3600 + int(minutes or 0) * 60 + small
    if isinstance(body, list):
        return next((w for w in (_wait_in(x, depth + 1) for x in body[:10]) if w is not None), None)
    if not isinstance(body, dict):
        return None
    for name in ("retryDelay", "retry_after", "retryAfter", "estimated_time"):
        seconds = _number(body.get(name))
        if seconds is not None:
            return seconds
    values = list(body.values())[:30]
    return next((w for w in (_wait_in(x, depth + 1) for x in values) if w is not None), None)


def _number(value: object) -> float | None:
    """Seconds from 1.5, '1.5' or '1.5s'; None for all that is no time to wait."""
    if isinstance(value, str):
        value = value.strip().removesuffix("s")
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        seconds = float(value)
    except (ValueError, OverflowError):
        return None
    return seconds if math.isfinite(seconds) and seconds >= 0 else None
