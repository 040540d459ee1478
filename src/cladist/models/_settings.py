"""What a request becomes on the wire, less the settings that a server does not take."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cladist.models._faults import Told
from cladist.models._log_probs import MOST_TOKENS, asking_for
from cladist.models._prompting import messages, raw_text
from cladist.models.base import Request

__all__ = ["DROPPABLE", "Echoed", "Scored", "Settings"]

DROPPABLE = ("top_p", "seed", "temperature")
"""Settings of a protocol that can be left to the server, the one that matters least first."""

THOUGHTLESS: Mapping[str, Any] = {
    "reasoning_effort": "none",
    "chat_template_kwargs": {"enable_thinking": False, "thinking": False},
    "thinking": {"type": "disabled"},
}
"""Ways of various servers to be asked for answers without thoughts."""

LIMITS = ("max_tokens", "max_completion_tokens")
_STATUSES = frozenset({0, 400, 422})
_REFUSES = re.compile(
    r"support|unknown|unrecogni[sz]ed|unexpected|permitted|allowed|extra|invalid|valid|cannot|can't"
    r"|can not|must|only|deprecated|available|accept|should|incompatible|not both|one of|no longer"
    r"|unable|refus|remove|disabled|fixed|out of range|ignored",
    re.IGNORECASE,
)
_TOGETHER = re.compile(
    r"\bboth\b|only (use |specify |set |provide )?one|\beither\b|same time", re.I
)
_TOO_SMALL = re.compile(r"at least|minimum|below|too (small|low|few)|greater|larger|>=?", re.I)
_TOO_LONG = re.compile(r"context|too (large|long|many)|maximum.{0,20}length|exceeds", re.I)


@dataclass(frozen=True, slots=True)
class Scored(Request):
    """A request for the first token's distribution; `top` tokens, 0 for all that can be had."""

    top: int = 0


@dataclass(frozen=True, slots=True)
class Echoed(Request):
    """A request for the log probabilities of the prompt itself."""


class Settings:
    """Which settings are sent. One that the server refuses by name is never sent again.

    refused   settings of the protocol that are left out, with the server's words
    thoughts  'off' asks for answers without thoughts, a number grants so many tokens for them
    """

    def __init__(self, thinking: str = "") -> None:
        self.refused: dict[str, str] = {}
        self._limit = LIMITS[0]
        self._grant = int(thinking) if thinking.isdecimal() else 0
        self._asked_off = dict(THOUGHTLESS) if thinking == "off" else {}
        self._deaf: set[str] = set()
        self._off = thinking == "off"
        self._most = MOST_TOKENS[0]

    @property
    def grant(self) -> int:
        """Tokens that a model may think for, over those of its answer."""
        return self._grant

    @property
    def cannot_be_stopped(self) -> bool:
        """Whether the server took no way at all of being asked for no thoughts."""
        return self._off and not self._asked_off

    def body(self, request: Request, model: str) -> dict[str, Any]:
        """The fields to send. What has no effect is not sent, as servers may refuse it.

        In greedy decoding `top_p` and `seed` mean nothing. In sampling `top_p` is sent when it
        is 1 as well: many servers take another value for the one that is not sent.
        """
        body: dict[str, Any] = {"model": model, self._limit: request.max_tokens + self._grant}
        wanted: dict[str, Any] = {"temperature": request.temperature}
        if request.temperature > 0:
            wanted["top_p"] = request.top_p
            # Engines hold seeds in 32 bits; fold, so that different seeds stay different.
            wanted["seed"] = (request.seed ^ request.seed >> 31) & 0x7FFFFFFF
        elif request.top_p != 1:
            wanted["top_p"] = request.top_p
        body |= {k: v for k, v in wanted.items() if k not in self.refused}
        if isinstance(request, Scored):
            top = min(request.top or self._most, self._most)
            body |= {self._limit: 1, **asking_for(request.interface, top)}
        if isinstance(request, Echoed):
            # Many servers take no limit of nought; the one token is cut off again.
            body |= {self._limit: 1, "echo": True, "logprobs": 1}
        if request.interface == "chat":
            return {**body, **self._asked_off, "messages": messages(request)}
        return {**body, "prompt": raw_text(request)}

    def adapt(self, told: Told, sent: Mapping[str, Any], words: str) -> bool:
        """Leave out or rename what the server refuses by name; True when that may help.

        `sent` is the body that was refused, and `words` the server's words fit to be stored. A
        setting that other calls were refused for in the meantime helps as well.
        """
        if told.status not in _STATUSES:
            return False
        if name := self._limit_refused(told, sent):
            other = next(limit for limit in LIMITS if limit != name)
            if self._limit == name and other not in self._deaf:
                self._limit = other
                self._deaf.add(name)
            return self._limit != name
        if self._fewer_tokens(told, sent):
            return True
        name = _refused_name(told, [k for k in (*THOUGHTLESS, *DROPPABLE) if k in sent])
        if name in THOUGHTLESS:
            self._asked_off.pop(name, None)
            self._deaf.add(name)
            return True
        if name:
            self.refused.setdefault(name, words)
        return bool(name)

    def _fewer_tokens(self, told: Told, sent: Mapping[str, Any]) -> bool:
        """Ask for fewer of the likeliest tokens, where it is their number that is refused."""
        number = sent.get("top_logprobs", sent.get("logprobs"))
        if type(number) is not int or not re.search(r"log_?-? ?probs?", told.words, re.I):
            return False
        fewer = [most for most in MOST_TOKENS if most < number]
        if fewer:
            self._most = min(self._most, fewer[0])
        return bool(fewer)

    def _limit_refused(self, told: Told, sent: Mapping[str, Any]) -> str:
        """The name of the limit on tokens, when it is the name that the server does not know."""
        name = next((limit for limit in LIMITS if limit in sent), "")
        if not name or _TOO_LONG.search(told.words):
            return ""
        # A number that is refused is no name that is: under another name it might be passed over.
        if _TOO_SMALL.search(told.words) and told.param in ("", name):
            return ""
        other = next(limit for limit in LIMITS if limit != name)
        named = told.param == name or _mentions(told.words, name)
        points = name == LIMITS[0] and _mentions(told.words, other)
        return name if points or (named and _REFUSES.search(told.words)) else ""


def _refused_name(told: Told, sent: list[str]) -> str:
    """Which of the settings that were sent the server does not take; '' when it names none."""
    if told.param.split(".")[-1] in sent:
        return told.param.split(".")[-1]
    named = [name for name in sent if _mentions(told.words, name)]
    if not named or not _REFUSES.search(told.words) or _TOO_LONG.search(told.words):
        return ""
    if len(named) > 1 and _TOGETHER.search(told.words):
        return next(name for name in (*THOUGHTLESS, *DROPPABLE) if name in named)
    return min(named, key=lambda name: _place(told.words, name))


def _place(words: str, name: str) -> int:
    found = re.search(_pattern(name), words, re.IGNORECASE)
    return found.start() if found else len(words)


def _mentions(words: str, name: str) -> bool:
    return bool(re.search(_pattern(name), words, re.IGNORECASE))


def _pattern(name: str) -> str:
    """The name as servers write it: top_p, topP, top-p; not as a part of another word."""
    first, *rest = name.split("_")
    return rf"(?<![a-z0-9]){first}" + "".join(rf"[_ -]?{part}" for part in rest) + r"(?![a-z0-9_])"
