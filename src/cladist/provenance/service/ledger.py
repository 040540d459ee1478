"""What a service keeps of each endpoint: its watch, its last look, its budget, its totals."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cladist.errors import InputError
from cladist.formats.files import write_text
from cladist.models.budget import Limits, Usage
from cladist.provenance.border.looking import TokenLook, Watched
from cladist.provenance.border.state import read_watched, watched_data
from cladist.provenance.service.config import Endpoint

__all__ = ["Ledger", "limits_of", "read_ledger", "write_ledger"]


@dataclass(frozen=True, slots=True)
class Ledger:
    """What is known of one endpoint between two rounds.

    last          seconds since 1970 of the last look, 0 before the first
    day           UTC day that `calls` and `tokens` were spent on
    totals        looks by status, and queries and tokens, since the ledger was begun
    unsent        notices that the webhook has not taken yet
    told          the last look, as its line says it
    """

    watched: Watched | None = None
    last: float = 0.0
    day: str = ""
    calls: int = 0
    tokens: int = 0
    totals: Mapping[str, int] = field(default_factory=dict)
    unsent: tuple[Mapping[str, Any], ...] = ()
    told: Mapping[str, Any] = field(default_factory=dict)

    def due(self, endpoint: Endpoint, now: float) -> bool:
        """Whether a look is due; a last look in the future means that the clock went back."""
        return not self.last or not 0 <= now - self.last < endpoint.every

    def on(self, now: float) -> Ledger:
        """The same on this day: a later day has a fresh budget, an earlier one has none.

        A clock that went back keeps what was spent, so that no day's budget is had twice.
        """
        today = datetime.fromtimestamp(now, UTC).date().isoformat()
        if today == self.day:
            return self
        if self.day and today < self.day:
            return replace(self, day=today)
        return replace(self, day=today, calls=0, tokens=0)

    def after(self, look: TokenLook, watched: Watched | None, now: float, usage: Usage) -> Ledger:
        """What is known after a look that cost so much."""
        totals, tokens = dict(self.totals), max(usage.tokens, look.tokens or 0)
        for key, more in (
            (f"looks.{look.status}", 1), ("queries", look.queries), ("departed", look.departed),
            ("tokens", tokens), ("calls", usage.calls),
        ):  # fmt: skip
            totals[key] = totals.get(key, 0) + more
        return replace(
            self,
            watched=watched,
            last=now,
            calls=self.calls + usage.calls,
            tokens=self.tokens + tokens,
            totals=totals,
            told=asdict(look),
        )


def limits_of(endpoint: Endpoint, ledger: Ledger) -> Limits:
    """What may still be spent today."""

    def left(bound: int | None, spent: int) -> int | None:
        return None if bound is None else max(0, bound - spent)

    return Limits(
        left(endpoint.calls_a_day, ledger.calls), left(endpoint.tokens_a_day, ledger.tokens)
    )  # fmt: skip


def write_ledger(path: Path, ledger: Ledger) -> None:
    """Put it in place of the file; `InputError` when it cannot be written."""
    plain = asdict(ledger)
    plain["watched"] = None if ledger.watched is None else watched_data(ledger.watched)
    write_text(path, json.dumps(plain, ensure_ascii=True, indent=1) + "\n")


def read_ledger(path: Path) -> Ledger:
    """The ledger in a file, an empty one without a file; `InputError` for a damaged one."""
    if not path.exists():
        return Ledger()
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        watched = None if data["watched"] is None else read_watched(data["watched"])
        made = Ledger(
            watched, float(data["last"]), str(data["day"]), int(data["calls"]), int(data["tokens"]),
            {str(k): int(v) for k, v in data["totals"].items()}, tuple(map(dict, data["unsent"])),
            dict(data["told"]),
        )  # fmt: skip
    except (OSError, UnicodeDecodeError, ValueError, KeyError, TypeError, AttributeError,
            RecursionError, InputError) as problem:  # fmt: skip
        raise InputError(
            f"{path} is damaged ({problem}); restore it, or move it away to begin this watch anew"
        ) from None
    if made.calls < 0 or made.tokens < 0 or made.last != made.last:
        raise InputError(f"{path} is damaged (counts below 0); restore it or move it away")
    return made
