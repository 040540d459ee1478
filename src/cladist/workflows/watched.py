"""What every watch gives back, and how it is paced."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypedDict, TypeVar

from cladist.core.results import Results
from cladist.extraction.opening import open_any
from cladist.models.base import Model
from cladist.provenance.border.looking import Rules, Watched
from cladist.provenance.pace import Pace, seconds_of
from cladist.provenance.watch import WatchPlan

__all__ = ["ByToken", "WatchOptions", "WatchResult", "opened", "pace_of", "path_of"]


class _Line(Protocol):
    @property
    def status(self) -> str: ...


L = TypeVar("L", bound=_Line)


class WatchOptions(TypedDict, total=False):
    """How strictly is watched, how often, and where it is written.

    every      time between looks, as '90s', '15m', '1h', '1d'; 1h
    times      looks of this run; 0 goes on without end; 1
    alpha      false-alarm rate; .01
    tolerance  difference that still counts as the same
    log        file that every look is appended to, as a line of JSON
    """

    every: str
    times: int
    alpha: float
    tolerance: float | None
    log: str | Path | None


@dataclass(frozen=True, slots=True)
class ByToken:
    """How strictly was watched, and what was known before the first look and after each."""

    rules: Rules
    known: tuple[Watched, ...]


class WatchResult(Results[L]):
    """The looks of a watch, in order.

    Attributes
    ----------
    plan : WatchPlan or None
        What was watched and how strictly, of a watch by probes.
    by_token : ByToken or None
        What a watch by token of one deployment knew, from look to look.

    Examples
    --------
    >>> WatchResult([]).status
    'same'
    """

    def __init__(
        self,
        items: Iterable[L],
        *,
        plan: WatchPlan | None = None,
        by_token: ByToken | None = None,
    ) -> None:
        super().__init__(items, what="looks")
        self.plan = plan
        self.by_token = by_token

    @property
    def status(self) -> str:
        """'changed' if any look found a change, else what the last look found."""
        seen = [look.status for look in self]
        if "changed" in seen:
            return "changed"
        return seen[-1] if seen else "same"

    def headline(self) -> str:
        """How many looks there were, and what they come to."""
        return f"{len(self)} looks: {self.status}"


def pace_of(options: WatchOptions) -> Pace:
    """How many looks, how far apart; `UsageError` for what is no interval."""
    return Pace(options.get("times", 1), seconds_of(options.get("every", "1h")))


@contextmanager
def opened(model: str | Model) -> Iterator[Model]:
    """An open model; one that was opened here is closed."""
    if not isinstance(model, str):
        yield model
        return
    opened = open_any(model)
    try:
        yield opened
    finally:
        opened.close()


def path_of(given: str | Path | None) -> Path | None:
    """The path, where one is given."""
    return None if given is None else Path(given)
