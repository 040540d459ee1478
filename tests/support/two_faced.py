"""Endpoints that answer auditors with one model and everybody else with another, by script.

Each has a rule that says whether a call looks like an audit; then the claimed model answers, and
otherwise the cheap one. What the rules know is what a vendor can know: texts that were published,
how many calls came, and what a call looks like.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from cladist.core.responses import Response
from cladist.models.base import AskedInterface, Identity, Model, Request

Rule = Callable[[Request, int], bool]
"""Whether a call, the n-th one from 0, looks like an audit."""


@dataclass
class TwoFaced:
    """Answers as `claimed` where the rule says that it is looked at, else as `cheap`."""

    claimed: Model
    cheap: Model
    rule: Rule
    calls: int = 0

    @property
    def identity(self) -> Identity:
        return Identity("served", "scripted:served", "scripted:served")

    @property
    def interfaces(self) -> frozenset[AskedInterface]:
        return self.claimed.interfaces

    def answer(self, requests: Sequence[Request]) -> Iterator[tuple[int, Response]]:
        for index, request in enumerate(requests):
            model = self.claimed if self.rule(request, self.calls) else self.cheap
            self.calls += 1
            ((_, response),) = model.answer([request])
            yield index, response

    def close(self) -> None:
        pass


def _words(text: str, size: int = 4) -> set[tuple[str, ...]]:
    words = text.casefold().split()
    return {tuple(words[i : i + size]) for i in range(max(1, len(words) - size + 1))}


def knows(texts: Iterable[str]) -> Rule:
    """Texts that were published, to the character."""
    known = set(texts)
    return lambda request, n: request.prompt in known


def resembles(texts: Iterable[str]) -> Rule:
    """Texts of which any four words in a row were published."""
    known: set[tuple[str, ...]] = set()
    for text in texts:
        known |= _words(text)
    return lambda request, n: bool(_words(request.prompt) & known)


def first(calls: int) -> Rule:
    """The first calls of a new customer."""
    return lambda request, n: n < calls


def short(tokens: int) -> Rule:
    """Calls that want few tokens at temperature 0, as audits do and hardly anybody else."""
    return lambda request, n: request.max_tokens <= tokens and request.temperature == 0


def share(part: float, seed: int = 0) -> Rule:
    """A share of all calls, whoever makes them."""
    dice = random.Random(seed)
    return lambda request, n: dice.random() < part


def always(request: Request, n: int) -> bool:
    """An honest endpoint."""
    return True


def never(request: Request, n: int) -> bool:
    """One that never shows the claimed model."""
    return False
