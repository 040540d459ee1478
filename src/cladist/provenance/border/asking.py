"""One-token queries to any model, whatever its server makes of them."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import Literal

from cladist.core.next_token import Context, NextToken
from cladist.core.responses import Response, State
from cladist.errors import ModelError
from cladist.models.base import Model, Request, TellsNextToken
from cladist.models.budget import Metered, Usage
from cladist.provenance.border.inputs import Reading

__all__ = ["MANY", "TOP", "Asker"]

TOP = 5
"""Likeliest tokens that are asked for; completions of many servers give no more."""
MANY = "several words came where one token was asked for"
_SEVERAL = re.compile(r"\w\W*[\s,;!?，。、！？；]\W*\w")
"""Two words with a blank or a mark between them: more than one token."""


class Asker:
    """Asks a model for first tokens, and counts what that took.

    limit    max_tokens of a query
    queries  queries asked so far
    trouble  why the model cannot be asked any more; '' while it can
    scores   whether the model may tell log-probabilities; learning finds out whether it does
    """

    def __init__(self, model: Model, interface: Literal["raw", "chat"] | None = None) -> None:
        self.model = model
        self.interface = interface or ("chat" if "chat" in model.interfaces else "raw")
        self.limit = 1
        self.queries = 0
        self.trouble = ""
        self.scores = isinstance(model, TellsNextToken) and model.gives != "sampled"
        self._size = 0
        self._most = 0
        self._said = self._told_none = 0
        self._before = self._usage()

    @property
    def tokens(self) -> int | None:
        """Tokens that the queries took, None where nobody counts.

        As the server tells; where it tells fewer than queries, the most that they can have taken.
        """
        told = self._told
        if told is None or told >= self.queries:
            return told
        return self._size + self.queries * self.limit

    @property
    def _told(self) -> int | None:
        now = self._usage()
        if now is None or self._before is None:
            return None
        return now.tokens - self._before.tokens

    @property
    def miscounted(self) -> str:
        """What is wrong with the server's count of tokens; '' when it can be right."""
        told = self._told
        if told is None or not self.queries:
            return ""
        if 0 < self._said == self._told_none:
            return "the server does not say how many tokens it read and wrote (usage)"
        # A byte is at least a token's worth; a template adds some hundreds at most.
        if told > self._size + self.queries * 400 + self._most:
            return f"the server counts {told} tokens for texts of {self._size} bytes"
        if told < self.queries:
            return f"the server counts {told} tokens for {self.queries} queries"
        if self._written > self._most:
            return (
                f"the server counts {self._written} written tokens where {self._most} were asked "
                "for at most: it has a minimum charge, takes no max_tokens, or thinks"
            )
        return ""

    @property
    def _written(self) -> int:
        now = self._usage()
        if now is None or self._before is None:
            return 0
        return now.completion_tokens - self._before.completion_tokens

    def say(
        self,
        texts: Sequence[str],
        temperature: float = 0.0,
        seeds: Sequence[int] = (),
        *,
        extra: Sequence[int] = (),
    ) -> list[Reading]:
        """The first token after each text; `extra` tokens more may be asked for beside it."""
        more, none = extra or [0] * len(texts), [0] * len(texts)
        requests = [
            Request(t, self.limit + e, temperature, 1.0, s, self.interface)
            for t, e, s in zip(texts, more, seeds or none, strict=True)
        ]
        found = [Reading(error="the budget was spent before it was asked")] * len(texts)
        try:
            for index, response in self.model.answer(requests):
                found[index] = self._read(response, alone=not more[index])
                self._said += 1
                self._told_none += response.tokens is None
                self._count(texts[index], self.limit + more[index])
        except ModelError as problem:
            found = self._ended(found, str(problem))
        return found

    def score(self, texts: Sequence[str], tops: Sequence[int] = ()) -> list[Reading]:
        """The likeliest first tokens after each text, `tops` of them."""
        wanted = tops or [TOP] * len(texts)
        contexts = [
            Context(t, self.interface, "", n) for t, n in zip(texts, wanted, strict=True)
        ]  # fmt: skip
        found = [Reading(error="the budget was spent before it was asked")] * len(texts)
        if not isinstance(self.model, TellsNextToken):
            return [Reading(error="this model tells no log-probabilities")] * len(texts)
        try:
            for index, told in self.model.next_tokens(contexts):
                found[index] = _scored(told)
                self._count(texts[index], 1)
        except ModelError as problem:
            found = self._ended(found, str(problem))
        return found

    def _read(self, response: Response, *, alone: bool) -> Reading:
        if not response.final:
            return Reading(error=response.detail or "no answer")
        if response.state is State.REFUSED:
            return Reading(error=response.detail or "withheld")
        words = response.text.split(maxsplit=1)
        if self.limit == 1 and alone and _SEVERAL.search(response.text):
            return Reading(error=f"{MANY}: '{response.text.strip()[:80]}'")
        if self.limit == 1:
            return Reading(response.text.strip())
        return Reading(words[0] if words else "")

    def _ended(self, found: list[Reading], why: str) -> list[Reading]:
        self.trouble = why
        return [r if r.answered else Reading(error=why) for r in found]

    def _count(self, text: str, limit: int) -> None:
        self.queries += 1
        self._most += limit
        self._size += len(text.encode("utf-8", "replace"))

    def _usage(self) -> Usage | None:
        return self.model.usage if isinstance(self.model, Metered) else None


def _scored(told: NextToken) -> Reading:
    """Log-probabilities by text; tokens that differ in blanks alone are added up."""
    if told.error or not told.tokens:
        return Reading(error=told.error or "no log-probabilities were told")
    tops: dict[str, float] = {}
    for token, log_prob in zip(told.tokens, told.log_probs.tolist(), strict=True):
        text = "<end>" if token is None else token.decode("utf-8", "replace").strip()
        tops[text] = _added(tops[text], log_prob) if text in tops else log_prob
    return Reading(max(tops, key=lambda t: tops[t]), tops)


def _added(a: float, b: float) -> float:
    """Logarithm of the sum of two probabilities."""
    high, low = max(a, b), min(a, b)
    return high + math.log1p(math.exp(low - high))
