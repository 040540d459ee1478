"""A model behind an endpoint, asked by the server for the page, and placed in the atlas.

One at a time, only for whoever knows the token that the server told where it was started, and
with nothing stored: answers live until the next model is asked, a key is read from the
environment at the moment of asking, and no page ever sees it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from threading import Lock, Thread
from typing import Any

from cladist.atlas.build import Atlas
from cladist.atlas.kin import AnswerKin
from cladist.atlas.server.placing import Newcomer, place_answers
from cladist.atlas.server.token import Token
from cladist.core.assay import Assay
from cladist.core.comparable import doubts
from cladist.core.responses import Response, ResponseSet
from cladist.errors import CladistError, InputError, ModelError, UsageError
from cladist.extraction.asking import choose_interface, requests_for
from cladist.extraction.comparable import about_refused
from cladist.extraction.like import Like, like, reading_length
from cladist.kinship.inference.assumed import seen_greedy
from cladist.models.base import AskedInterface, Model, ModelURI
from cladist.models.openai import open_uri
from cladist.models.served import Served

__all__ = ["INTERFACES", "Asking", "Askings", "Wanted", "wanted_of"]

INTERFACES = ("auto", "completions", "chat")
PATIENCE = "60"
"""Seconds that an endpoint may go without an answer; a person waits before the page."""

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,80}", re.ASCII)
_FIELDS = {"model": 300, "base_url": 500, "interface": 20, "key_env": 500, "name": 200}


@dataclass(frozen=True)
class Wanted:
    """What somebody asks the server to ask.

    key_env  name of the variable that holds the key where the server runs, '' for none
    name     what the page calls the model
    """

    model: str
    base_url: str
    interface: str = "auto"
    key_env: str = ""
    name: str = ""


def wanted_of(data: object) -> Wanted:
    """What a request says, read strictly; `InputError` names the field, never its content.

    >>> wanted_of({"model": "m", "base_url": "http://127.0.0.1:8080/v1"}).interface
    'auto'
    """
    if not isinstance(data, dict) or not data.keys() <= _FIELDS.keys():
        raise InputError(f"send an object with {', '.join(_FIELDS)}, and no more")
    for key, most in _FIELDS.items():
        if not isinstance(data.get(key, ""), str) or len(data.get(key, "")) > most:
            raise InputError(f"{key}: text of at most {most} characters")
    given = {key: str(value).strip() for key, value in data.items()}
    wanted = Wanted(**{"model": "", "base_url": "", **given})
    if not wanted.model or not wanted.base_url.startswith(("http://", "https://")):
        raise InputError("a model and a base_url that begins with http:// or https:// are needed")
    if wanted.interface not in INTERFACES:
        raise InputError(f"interface: one of {', '.join(INTERFACES)}")
    if wanted.key_env and not _NAME.fullmatch(wanted.key_env):
        raise InputError(
            "key_env takes the name of an environment variable where the server runs, as "
            "OPENAI_API_KEY; never type a key into a page"
        )
    return wanted


class _Stopped(ModelError):
    """Somebody stopped the asking."""


@dataclass
class Asking:
    """One model that is asked.

    state    'asking', 'placing', 'done', 'failed' or 'stopped'
    done     answers so far of `of`
    said     why nothing comes, or what went wrong
    assumed  what is taken for granted of the recorded answers
    """

    number: int
    name: str
    of: int
    state: str = "asking"
    done: int = 0
    said: str = ""
    assumed: tuple[str, ...] = ()
    placed: Newcomer | None = None
    thread: Thread | None = field(default=None, repr=False)

    @property
    def over(self) -> bool:
        """Whether nothing more comes."""
        return self.state in ("done", "failed", "stopped")

    def hear(self, words: str) -> None:
        """Take down why nothing comes; ends the asking where it was stopped meanwhile."""
        if self.state == "stopped":
            raise _Stopped("stopped")
        self.said = words


class Askings:
    """Asks one model after the other for those who know `token`; '' asks nobody."""

    def __init__(
        self,
        atlas: Atlas,
        token: str = "",
        opened: Callable[[Wanted], Model] | None = None,
    ) -> None:
        self.atlas = atlas
        self.token = Token(token)
        self._open = opened or _opened
        self._last: Asking | None = None
        self._lock = Lock()

    def begin(self, wanted: Wanted) -> Asking:
        """Begin to ask; `UsageError` while another model is asked or the atlas cannot place it."""
        assay = self.atlas.source.assay
        if not isinstance(self.atlas.kin, AnswerKin):
            raise UsageError(
                "so many models are compared by their DNA, which needs whole answers; ask the "
                "model with 'cladist identify'"
            )
        if assay.protocol.decoding.asks == "distribution":
            raise UsageError("these models were asked for distributions, which no chat page reads")
        model = self._open(wanted)
        with self._lock:
            last = self._last
            if last is not None and last.thread is not None and last.thread.is_alive():
                model.close()
                raise UsageError("another model is asked, or about to end; wait, or stop it first")
            number = 1 if last is None else last.number + 1
            made = Asking(number, wanted.name or wanted.model, len(assay.protocol.probes))
            made.thread = Thread(target=self._run, args=(made, model, wanted), daemon=True)
            self._last = made
        made.thread.start()
        return made

    def at(self, number: int) -> Asking | None:
        """The asking of that number, as long as no later one began."""
        last = self._last
        return last if last is not None and last.number == number else None

    def stop(self, made: Asking) -> None:
        """End it; what was answered so far is forgotten."""
        if not made.over:
            made.state, made.said = "stopped", ""

    def _run(self, made: Asking, model: Model, wanted: Wanted) -> None:
        try:
            answers, made.assumed, left = self._ask(made, model, wanted)
            if made.over:
                return
            made.state, made.said = "placing", ""
            found = place_answers(self.atlas, answers, cut=reading_length(answers), doubts=left)
            if made.state == "placing":
                made.placed, made.state = found, "done"
        except _Stopped:
            pass
        except CladistError as problem:
            self._failed(made, str(problem))
        except Exception as problem:
            # A thread has nobody who would hear of it; the page must not wait for ever.
            self._failed(made, f"the asking broke off: {type(problem).__name__}")
            raise
        finally:
            model.close()

    def _failed(self, made: Asking, why: str) -> None:
        if not made.over:
            made.state, made.said = "failed", why

    def _ask(
        self, made: Asking, model: Model, wanted: Wanted
    ) -> tuple[ResponseSet, tuple[str, ...], tuple[str, ...]]:
        """Its answers, what is taken for granted, and settings that may have been others."""
        if isinstance(model, Served):
            model.tell(made.hear)
        how = self._how(model, wanted)
        through = choose_interface(model, how.asked)
        ids = self.atlas.source.assay.protocol.probes.ids
        slots: list[tuple[Response, ...]] = [()] * len(ids)
        for place, response in _answers(model, how.asked, through, len(ids)):
            made.hear("")
            slots[place] = (response,)
            made.done += 1
        refused = model.refused_settings if isinstance(model, Served) else {}
        recorded, own = how.counts.protocol.decoding, how.asked.protocol.decoding
        told = (*how.taken, *about_refused(refused, own))
        left = doubts(recorded, own, refused, greedy=self._greedy())
        return ResponseSet(made.name, ids, tuple(slots)), told, left

    def _greedy(self) -> bool:
        """Whether the models of the atlas are seen to have been asked greedily."""
        kin = self.atlas.kin
        if not isinstance(kin, AnswerKin):
            return False
        panel = kin.tests.made
        return seen_greedy(panel.pairs.digest, [f.speaks for f in panel.flags])

    def _how(self, model: Model, wanted: Wanted) -> Like:
        kin, assay = self.atlas.kin, self.atlas.source.assay
        chosen: dict[str, Any] = {"auto": "auto", "completions": "raw", "chat": "chat"}
        recorded = kin.responses if isinstance(kin, AnswerKin) else ()
        unknown = "interface" in assay.protocol.decoding.unsure and wanted.interface == "auto"
        # Recorded answers are read only where they must tell how to ask.
        return like(
            model, assay, list(recorded) if unknown else (), interface=chosen[wanted.interface]
        )


def _answers(
    model: Model, assay: Assay, through: AskedInterface, probes: int
) -> Iterator[tuple[int, Response]]:
    seen: set[int] = set()
    slots = [(p, 0) for p in range(probes)]
    for place, response in model.answer(requests_for(assay, through, slots)):
        if place not in seen:
            seen.add(place)
            yield place, response


def _opened(wanted: Wanted) -> Model:
    """The endpoint; nothing is asked of it yet."""
    if "@http" in wanted.model:
        raise InputError("model takes the model's id at the endpoint, without an address")
    options: Mapping[str, str] = {
        "patience": PATIENCE,
        **({} if wanted.interface == "auto" else {"interface": wanted.interface}),
        **({"key_env": wanted.key_env} if wanted.key_env else {}),
    }
    target = f"{wanted.model}@{wanted.base_url}"
    return open_uri(ModelURI(f"openai:{target}", "openai", target, options))
