"""Rounds of looks at many endpoints, one after the other run, without end or once."""

from __future__ import annotations

import random
import sqlite3
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Any

from cladist.core.progress import Hear, unheard
from cladist.errors import CladistError, InputError, UsageError
from cladist.extraction.opening import open_any
from cladist.kinship.inference.departures import threshold
from cladist.models.base import Model
from cladist.models.budget import Budget, within
from cladist.models.served import Served
from cladist.provenance.border.looking import TokenLook, Watched, now_text, take_look
from cladist.provenance.border.state import anew, begin
from cladist.provenance.service import notices
from cladist.provenance.service.config import Endpoint, WatchService
from cladist.provenance.service.ledger import Ledger, limits_of, read_ledger, write_ledger
from cladist.provenance.service.log import append
from cladist.provenance.service.metrics import Exporter

__all__ = ["Runner", "Tools"]

LONGEST_SLEEP = 30.0
"""Seconds after which the clock is looked at again: it may have been set."""


@dataclass(frozen=True)
class Tools:
    """What a service reaches the world with; tests put others in their place."""

    open: Callable[[str], Model] = open_any
    now: Callable[[], float] = time.time
    sleep: Callable[[float], None] = time.sleep
    post: notices.Post = notices.post
    draw: random.Random = random.SystemRandom()  # noqa: RUF009 - it has no state of its own


class Runner:
    """A service while it runs; nobody else may run on the same state meanwhile.

    Raises `UsageError` when another process does, or a webhook is named and not set,
    `MissingExtraError` for packages that metrics or webhooks need.
    """

    def __init__(
        self,
        service: WatchService,
        tools: Tools | None = None,
        *,
        tell: Callable[[TokenLook], None] = lambda look: None,
        hear: Hear = unheard,
    ) -> None:
        self.service = service
        self.tools = tools or Tools()
        self._tell, self._hear = tell, hear
        self._address = notices.address_in(service.webhook_env)
        try:
            service.state.mkdir(parents=True, exist_ok=True)
        except OSError as problem:
            raise InputError(f"cannot make {service.state}: {problem.strerror}") from None
        self._lock = _locked(service.state)
        self._told = threading.Lock()
        for endpoint in service.endpoints:
            if endpoint.remark:
                hear(f"{endpoint.name}: {endpoint.remark}")
        try:
            self.ledgers = {e.name: read_ledger(self._file(e)) for e in service.endpoints}
            wanted = service.metrics is not None or service.port
            self._exporter = Exporter(service.metrics, service.port) if wanted else None
        except BaseException:
            self._lock.close()
            raise

    def __enter__(self) -> Runner:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._exporter is not None:
            self._exporter.close()
        self._lock.close()

    def round(self) -> list[TokenLook]:
        """One look at each endpoint that is due; a dead one holds up nobody but itself."""
        now = self.tools.now()
        due = [e for e in self.service.endpoints if self.ledgers[e.name].due(e, now)]
        with ThreadPoolExecutor(max(1, min(self.service.workers, len(due)))) as pool:
            made = list(pool.map(self._look, due))
        self._send()
        if self._exporter is not None:
            self._exporter.show(self.ledgers)
        return made

    def run(self, rounds: int = 0) -> None:
        """Rounds as they become due, without end or so many."""
        made = 0
        while not rounds or made < rounds:
            self.round()
            made += 1
            now = self.tools.now()
            next_ones = [
                self.ledgers[e.name].last + e.every - now for e in self.service.endpoints
            ]  # fmt: skip
            self.tools.sleep(min(max(min(next_ones), 0.1), LONGEST_SLEEP))

    def _look(self, endpoint: Endpoint) -> TokenLook:
        now = self.tools.now()
        ledger = self.ledgers[endpoint.name].on(now)
        budget = Budget(limits_of(endpoint, ledger))
        found, watched = self._taken(endpoint, ledger, budget)
        found = replace(found, model=endpoint.name)
        new = found.status == "changed" and found.asked > 0
        ledger = ledger.after(found, watched, now, budget.spent)
        if new and self._address:
            unsent = (*ledger.unsent, notices.notice(endpoint.name, ledger.told))
            ledger = replace(ledger, unsent=unsent)
        if new and watched is not None and endpoint.after_change == "relearn":
            ledger = replace(ledger, watched=anew(watched))
        self.ledgers[endpoint.name] = ledger
        write_ledger(self._file(endpoint), ledger)
        with self._told:
            append(self.service.log, found.line())
            self._tell(found)
        return found

    def _taken(
        self, endpoint: Endpoint, ledger: Ledger, budget: Budget
    ) -> tuple[TokenLook, Watched | None]:
        """A look, or a failed one whatever went wrong: nothing ends the service."""
        watched = ledger.watched
        try:
            opened = self.tools.open(endpoint.uri)
        except CladistError as problem:
            return _failed(endpoint, watched, str(problem)), watched
        try:
            if watched is None:
                watched = begin(opened.identity)
            elif watched.fingerprint != opened.identity.fingerprint:
                raise UsageError(
                    "the endpoint is asked in another way than before; give it a name of its own, "
                    f"or move {self._file(endpoint).name} away to begin anew"
                )
            model = within(opened, budget)
            if isinstance(model, Served):
                model.tell(self._hear)
            return take_look(model, watched, endpoint.rules, endpoint.effort, self.tools.draw)
        except CladistError as problem:
            return _failed(endpoint, watched, str(problem)), watched
        finally:
            opened.close()

    def _send(self) -> None:
        """Tell the webhook what it has not taken yet."""
        for endpoint in self.service.endpoints:
            ledger = self.ledgers[endpoint.name]
            left: list[Mapping[str, Any]] = []
            for payload in ledger.unsent:
                why = self.tools.post(self._address, payload) if self._address else "no webhook"
                if why:
                    self._hear(f"{endpoint.name}: {why}; it is told again in the next round")
                    left.append(payload)
            if len(left) < len(ledger.unsent):
                self.ledgers[endpoint.name] = replace(ledger, unsent=tuple(left))
                write_ledger(self._file(endpoint), self.ledgers[endpoint.name])

    def _file(self, endpoint: Endpoint) -> Path:
        return self.service.state / f"{endpoint.name}.json"


def _failed(endpoint: Endpoint, known: Watched | None, why: str) -> TokenLook:
    watched = known or Watched(endpoint.name, "", 0)
    return TokenLook(
        watched.key, now_text(), endpoint.name, watched.evidence.looks, "failed", why,
        watched.evidence.value, threshold(endpoint.rules.alpha), None,
    )  # fmt: skip


def _locked(folder: Path) -> sqlite3.Connection:
    """Hold the folder for this process; the system lets go of it when the process ends."""
    held = sqlite3.connect(folder / "lock.sqlite", timeout=0, check_same_thread=False)
    try:
        held.execute("BEGIN EXCLUSIVE")
    except sqlite3.Error as problem:
        with suppress(sqlite3.Error):
            held.close()
        raise UsageError(
            f"another process watches with {folder} ({problem}); let it end, or name another state"
        ) from None
    return held
