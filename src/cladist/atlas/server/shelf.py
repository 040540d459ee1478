"""Installed references whose atlases are opened beside the one that is served.

Only whoever knows the token that the server told where it was started sees what is installed or
has an atlas made: that costs minutes, and references may be private while other people of the
machine reach the port as well. An atlas that is open stands at an address that nobody can guess.
One is made at a time, with progress, and the making can be stopped. References stay as they are.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from secrets import token_urlsafe
from threading import Lock, Thread
from typing import Literal

from cladist.atlas.build import Atlas, Wishes
from cladist.atlas.columns import shortened
from cladist.atlas.documents import LONGEST_NAME, Document
from cladist.atlas.making import make_atlas
from cladist.atlas.server.service import AtlasService
from cladist.atlas.server.token import Token
from cladist.core.progress import Listener
from cladist.errors import CladistError, UsageError
from cladist.references.installed import Facts, broken, find, installed

__all__ = ["MOST_OPEN", "OPENED", "Opening", "Shelf", "State"]

MOST_OPEN = 3
"""Atlases of references that are open at once; for one more the one opened first is closed."""

OPENED = "/opened/"
"""What the addresses of opened atlases begin with."""

State = Literal["making", "open", "failed", "stopped"]
_USUAL = Wishes()

Make = Callable[[str, Wishes, Listener], tuple[Atlas, Path]]


class _Stopped(Exception):
    """Somebody stopped the making."""


@dataclass
class Opening:
    """The atlas of one reference, on its way or open.

    facts            of the reference when the making began
    stage, done, of  what is being done, and how far it is
    said             what went wrong
    address          where it stands once it is open
    """

    number: int
    name: str
    facts: Facts = field(repr=False)
    state: State = "making"
    stage: str = ""
    done: int = 0
    of: int = 0
    said: str = ""
    address: str = ""
    thread: Thread | None = field(default=None, repr=False)

    def hear(self, stage: str, done: int, of: int) -> None:
        """Take down how far it is; ends the making where it was stopped meanwhile."""
        if self.state == "stopped":
            raise _Stopped
        self.stage, self.done, self.of = stage, done, of

    def remark(self, words: str) -> None:
        """Remarks are in the atlas; only the stop is looked for."""
        self.hear(self.stage, self.done, self.of)

    def document(self) -> Document:
        """As plain data."""
        return {
            "number": self.number,
            "name": self.name,
            "state": self.state,
            "stage": self.stage,
            "done": self.done,
            "of": self.of,
            "said": shortened(self.said, 1_000),
            "address": self.address,
        }


def _stale(service: AtlasService) -> bool:
    """Whether more models were asked since, or the registry went."""
    try:
        return bool(service.health()["stale"])
    except CladistError:
        return True


def _make(name: str, wishes: Wishes, listener: Listener) -> tuple[Atlas, Path]:
    return make_atlas(Path(), wishes, reference=name, listener=listener)


class Shelf:
    """The references of this user for those who know `token`; '' is for nobody.

    `wishes` are those of the atlas served, of which maps, seed, rate and replicates count here.
    With `asks` opened atlases ask endpoints for those who know the token, as the first one does.
    """

    def __init__(
        self,
        token: str = "",
        wishes: Wishes = _USUAL,
        *,
        asks: bool = False,
        make: Make = _make,
    ) -> None:
        self.token = Token(token)
        self._wishes = replace(wishes, title="", metadata=None, declared=None, labels=None)
        self._asks = asks
        self._make = make
        self._open: dict[str, tuple[Opening, AtlasService]] = {}
        self._last: Opening | None = None
        self._lock = Lock()

    def listed(self) -> Document:
        """Installed references, the damaged ones with what is wrong, and what is being made."""
        at = {opening.name: opening.address for opening, _ in self._open.values()}
        facts = [r.facts for r in installed()]
        last = self._last
        return {
            "references": [
                {
                    "name": f.name,
                    "title": shortened(f.title, LONGEST_NAME),
                    "models": f.models,
                    "prompts": f.prompts,
                    "labelled": f.labelled,
                    "licence": shortened(f.licence, LONGEST_NAME),
                    "address": at.get(f.name, ""),
                }
                for f in facts
            ],
            "broken": [
                {"name": shortened(name, LONGEST_NAME), "said": shortened(said, 1_000)}
                for name, said in broken()
            ],
            "making": None if last is None or last.state != "making" else last.document(),
        }

    def begin(self, name: str) -> Opening:
        """Have the atlas of a reference made, unless it is open as it is now.

        Raises `UsageError` for a name that is not installed and while another one is made.
        """
        found = find(name)
        with self._lock:
            for opening, service in self._open.values():
                if opening.facts == found.facts and not _stale(service):
                    return opening
            last = self._last
            if last is not None and last.thread is not None and last.thread.is_alive():
                if last.name == found.name and last.state == "making":
                    return last
                raise UsageError(
                    f"the atlas of '{last.name}' is made, or about to end; wait, or stop it first"
                )
            made = Opening(1 if last is None else last.number + 1, found.name, found.facts)
            made.thread = Thread(target=self._run, args=(made,), daemon=True)
            self._last = made
        made.thread.start()
        return made

    def at(self, number: int) -> Opening | None:
        """The opening of that number, as long as it is open or no later one began."""
        every = [opening for opening, _ in self._open.values()]
        last = [] if self._last is None else [self._last]
        return next((o for o in (*last, *every) if o.number == number), None)

    def stop(self, opening: Opening) -> None:
        """End the making at its next step; what is open stays open."""
        if opening.state == "making":
            opening.state = "stopped"

    def service(self, key: str) -> AtlasService | None:
        """The atlas that is open at the address with a key."""
        found = self._open.get(key)
        return None if found is None else found[1]

    def _run(self, made: Opening) -> None:
        try:
            atlas, folder = self._make(made.name, self._wishes, Listener(made.hear, made.remark))
            service = AtlasService(atlas, folder, self.token.value if self._asks else "")
            with self._lock:
                if made.state == "making":
                    self._put(made, service)
        except _Stopped:
            pass
        except CladistError as problem:
            self._failed(made, str(problem))
        except Exception as problem:
            # A thread has nobody who would hear of it; the page must not wait for ever.
            self._failed(made, f"the making broke off: {type(problem).__name__}")
            raise

    def _put(self, made: Opening, service: AtlasService) -> None:
        """Open it in place of an older state of the same reference, or of the first of too many."""
        old = [key for key, (opening, _) in self._open.items() if opening.name == made.name]
        kept = [key for key in self._open if key not in old]
        for key in (*old, *kept[: max(0, len(kept) - MOST_OPEN + 1)]):
            del self._open[key]
        key = token_urlsafe(18)
        made.address = f"{OPENED}{key}/"
        self._open[key] = made, service
        made.state = "open"

    def _failed(self, made: Opening, why: str) -> None:
        if made.state == "making":
            made.state, made.said = "failed", why
