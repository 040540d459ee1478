"""What the log of a watch says over time, by endpoint: evidence, looks, queries, alarms."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cladist.errors import InputError

__all__ = ["Point", "Trend", "read_trends"]

MOST_LINES = 2_000_000
STATUSES = ("learning", "learnt", "same", "inconclusive", "changed", "failed")


@dataclass(frozen=True, slots=True)
class Point:
    """One look: when, what it came to, and what it took.

    seconds  since 1970
    value    evidence after it, and `threshold` at which a change is called
    """

    seconds: float
    status: str
    value: float
    threshold: float
    queries: int
    departed: int
    asked: int
    reason: str


@dataclass(frozen=True)
class Trend:
    """The looks at one endpoint, by time."""

    name: str
    points: tuple[Point, ...]

    @property
    def counts(self) -> Mapping[str, int]:
        """Looks by status."""
        return Counter(p.status for p in self.points)

    @property
    def alarms(self) -> tuple[Point, ...]:
        """Looks that called a change, each once: those that only repeat it ask nothing."""
        return tuple(p for p in self.points if p.status == "changed" and p.asked)


def read_trends(logs: Sequence[Path]) -> tuple[tuple[Trend, ...], tuple[str, ...]]:
    """The endpoints of logs, by name, and remarks on lines that are no looks by token.

    Raises `InputError` for a log that cannot be read, or where none holds a look.
    """
    found: dict[str, list[Point]] = {}
    remarks = []
    for log in logs:
        strange = 0
        try:
            with log.open(encoding="utf-8", errors="replace") as lines:
                for number, line in enumerate(lines, 1):
                    if number > MOST_LINES:
                        raise InputError(f"{log}: more than {MOST_LINES:,} lines")
                    told = _look(line)
                    if told is None:
                        strange += bool(line.strip())
                    else:
                        found.setdefault(told[0], []).append(told[1])
        except OSError as problem:
            raise InputError(f"cannot read {log}: {problem.strerror or problem}") from problem
        if strange:
            remarks.append(f"{log.name}: {strange} lines are no looks by token and are left out")
    if not found:
        raise InputError(
            f"{', '.join(map(str, logs))}: no looks by token; a service writes them, and watch "
            "--by token --log"
        )
    made = (
        Trend(name, tuple(sorted(points, key=lambda p: p.seconds)))
        for name, points in sorted(found.items())
    )
    return tuple(made), tuple(remarks)


def _look(line: str) -> tuple[str, Point] | None:
    """Name and look of a line, None for one that is neither."""
    try:
        data = json.loads(line)
        status, name = data["status"], data["model"]
        value, limit = float(data["value"]), float(data["threshold"])
        if status not in STATUSES or not isinstance(name, str):
            return None
        if not (math.isfinite(value) and math.isfinite(limit) and value >= 0 and limit > 0):
            return None
        queries, departed, asked = (_count(data, k) for k in ("queries", "departed", "asked"))
        when, reason = _seconds(data["time"]), str(data.get("reason", ""))
        return name, Point(when, status, value, limit, queries, departed, asked, reason)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError, OverflowError):
        return None


def _count(data: Mapping[str, Any], key: str) -> int:
    value = data.get(key, 0)
    if type(value) is not int or value < 0:
        raise ValueError(key)
    return int(value)


def _seconds(text: Any) -> float:
    found = datetime.fromisoformat(str(text))
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()
