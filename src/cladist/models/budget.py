"""What asking may cost, what it did cost, and how models are kept within it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from threading import Lock
from typing import Protocol, runtime_checkable

from cladist.core.next_token import Context, Gives, NextToken
from cladist.core.responses import Response
from cladist.errors import UsageError
from cladist.models.base import AskedInterface, Identity, Model, Request, TellsNextToken

TEMPLATE_TOKENS = 64
"""Tokens that a chat template adds to a prompt, at most."""


@dataclass(frozen=True, slots=True)
class Usage:
    """What was asked for.

    calls              requests sent, retries included
    failures           those that brought no answer
    prompt_tokens      as the endpoint tells; where it does not, an upper bound
    completion_tokens  likewise
    """

    calls: int = 0
    failures: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0

    @property
    def tokens(self) -> int:
        """Tokens read and written."""
        return self.prompt_tokens + self.completion_tokens


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds on calls, on tokens read and written, and on cost; None for no bound.

    Prices are for a million tokens, in whatever currency `cost` is in.
    """

    calls: int | None = None
    tokens: int | None = None
    cost: float | None = None
    price_in: float = 0.0
    price_out: float = 0.0

    def __post_init__(self) -> None:
        bounds = (self.calls, self.tokens, self.cost, self.price_in, self.price_out)
        if any(b is not None and not 0 <= b < float("inf") for b in bounds):
            raise UsageError("limits and prices must be numbers of 0 or more")
        if self.cost is not None and not (self.price_in or self.price_out):
            raise UsageError(
                "a limit on cost needs prices: give --price-in and --price-out, each for a "
                "million tokens"
            )

    def price(self, prompt: int, completion: int) -> float:
        """Cost of so many tokens."""
        return (prompt * self.price_in + completion * self.price_out) / 1e6


@dataclass(frozen=True, slots=True)
class Reserved:
    """What one call may take at most."""

    prompt: int
    completion: int


class Budget:
    """What is left of the limits, for all models of a run; safe to use from many threads.

    A call is let through only when the most it can take still fits beside all calls that are
    under way, so the limits hold whatever the calls bring. A byte is at least a token's worth,
    so a prompt's bytes bound its tokens.
    """

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self._spent = Usage()
        self._held = Reserved(0, 0)
        self._waiting = 0
        self._over = False
        self._lock = Lock()

    @property
    def spent(self) -> Usage:
        """What was spent so far, by all models."""
        return self._spent

    @property
    def cost(self) -> float:
        """What it came to."""
        return self.limits.price(self._spent.prompt_tokens, self._spent.completion_tokens)

    @property
    def over(self) -> bool:
        """Whether a call was refused for good."""
        return self._over

    def reserve(self, request: Request) -> Reserved | None:
        """Let a call through, or None: not now, and not at all once `over`."""
        size = len((request.prompt + request.system).encode("utf-8", "surrogatepass"))
        wanted = Reserved(size + TEMPLATE_TOKENS, request.max_tokens)
        with self._lock:
            prompt = self._spent.prompt_tokens + self._held.prompt + wanted.prompt
            completion = self._spent.completion_tokens + self._held.completion + wanted.completion
            fits = (
                not self._over
                and _within(self._spent.calls + self._waiting + 1, self.limits.calls)
                and _within(prompt + completion, self.limits.tokens)
                and _within(self.limits.price(prompt, completion), self.limits.cost)
            )
            if fits:
                self._hold(wanted, 1)
                return wanted
            # While others are under way they may turn out smaller than was reserved for them.
            self._over = self._over or not self._waiting
            return None

    def settle(
        self, held: Reserved, prompt: int | None, completion: int | None, *, failed: bool = False
    ) -> Usage:
        """A call is done: count what it took; None stands for all that was reserved."""
        took = Usage(
            1,
            int(failed),
            held.prompt if prompt is None else prompt,
            held.completion if completion is None else completion,
        )
        with self._lock:
            self._hold(held, -1)
            self._spent = added(self._spent, took)
        return took

    def release(self, held: Reserved) -> None:
        """A call was not made after all."""
        with self._lock:
            self._hold(held, -1)

    def _hold(self, what: Reserved, sign: int) -> None:
        self._waiting += sign
        self._held = Reserved(
            self._held.prompt + sign * what.prompt,
            self._held.completion + sign * what.completion,
        )


def _within(value: float, bound: float | None) -> bool:
    return bound is None or value <= bound


def added(one: Usage, more: Usage) -> Usage:
    """The sum of two."""
    return Usage(
        one.calls + more.calls,
        one.failures + more.failures,
        one.prompt_tokens + more.prompt_tokens,
        one.completion_tokens + more.completion_tokens,
    )


@runtime_checkable
class Metered(Protocol):
    """A model that counts what it costs, call by call, and keeps within a budget by itself.

    When the budget is spent, `answer` ends without the requests that were not made.
    """

    @property
    def usage(self) -> Usage:
        """Calls and tokens so far."""
        ...

    @property
    def remarks(self) -> tuple[str, ...]:
        """What somebody who uses the answers should know about how they came."""
        ...

    def limit(self, budget: Budget) -> None:
        """Ask no more than `budget` allows from now on."""
        ...


def within(model: Model, budget: Budget | None) -> Model:
    """`model`, kept within a budget; models that count for themselves are told of it."""
    if budget is None:
        return model
    if isinstance(model, Metered):
        model.limit(budget)
        return model
    if isinstance(model, TellsNextToken):
        return _WithinTelling(model, model, budget)
    return _Within(model, budget)


class _Within:
    """A model without an account of its own: a request is a call, tokens are what it tells."""

    def __init__(self, model: Model, budget: Budget) -> None:
        self._model = model
        self._budget = budget

    @property
    def identity(self) -> Identity:
        return self._model.identity

    @property
    def interfaces(self) -> frozenset[AskedInterface]:
        return self._model.interfaces

    def answer(self, requests: Sequence[Request]) -> Iterator[tuple[int, Response]]:
        done = 0
        while done < len(requests):
            held: list[Reserved] = []
            for request in requests[done:]:
                room = self._budget.reserve(request)
                if room is None:
                    break
                held.append(room)
            if not held:
                if self._budget.over:
                    return
                continue
            open_ones = dict(enumerate(held))
            try:
                for index, response in self._model.answer(requests[done : done + len(held)]):
                    room = open_ones.pop(index, None)
                    if room is not None:
                        failed = not response.final
                        tokens = 0 if failed else response.tokens
                        self._budget.settle(room, 0 if failed else None, tokens, failed=failed)
                    yield done + index, response
            finally:
                for room in open_ones.values():
                    self._budget.settle(room, 0, 0, failed=True)
            done += len(held)

    def close(self) -> None:
        self._model.close()


class _WithinTelling(_Within):
    """The same of a model that tells its next token: a context is a call of one token."""

    def __init__(self, model: Model, telling: TellsNextToken, budget: Budget) -> None:
        super().__init__(model, budget)
        self._telling = telling

    @property
    def gives(self) -> Gives:
        return self._telling.gives

    def next_tokens(self, contexts: Sequence[Context]) -> Iterator[tuple[int, NextToken]]:
        done = 0
        while done < len(contexts) and not self._budget.over:
            held: list[Reserved] = []
            for context in contexts[done:]:
                room = self._budget.reserve(Request(context.text, 1, system=context.system))
                if room is None:
                    break
                held.append(room)
            open_ones = dict(enumerate(held))
            try:
                for index, said in self._telling.next_tokens(contexts[done : done + len(held)]):
                    room = open_ones.pop(index, None)
                    if room is not None:
                        failed = bool(said.error)
                        took = 0 if failed else None
                        self._budget.settle(room, took, int(not failed), failed=failed)
                    yield done + index, said
            finally:
                for room in open_ones.values():
                    self._budget.settle(room, 0, 0, failed=True)
            done += len(held)
