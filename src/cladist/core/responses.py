"""Responses: what a model answered, and in what state the answer is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol, runtime_checkable

import numpy as np

from cladist.core.origins import UNTOLD, Origin
from cladist.errors import InputError

if TYPE_CHECKING:
    from numpy.typing import NDArray


class State(StrEnum):
    """What became of one request.

    ok         the model ended by itself, with text
    truncated  the model was stopped at the token limit, with text
    empty      the model answered, and the answer holds nothing but blanks
    refused    the provider or a filter withheld the answer
    error      no answer was had; it is asked again on the next run
    """

    OK = "ok"
    TRUNCATED = "truncated"
    EMPTY = "empty"
    REFUSED = "refused"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Response:
    """One answer.

    tokens    generated tokens where the backend tells them
    detail    why there is no answer, or what else must be known about this one
    origin    who gave it, as an endpoint told
    thoughts  what the model wrote before it answered; it is no part of the answer
    distribution  the packed distribution of what comes next (`core.distributions`), where that
              was asked for; the text then tells its gist
    """

    text: str
    state: State
    tokens: int | None = None
    detail: str = ""
    origin: Origin = UNTOLD
    thoughts: str = ""
    distribution: bytes = b""

    @classmethod
    def of(cls, text: str, *, truncated: bool = False, tokens: int | None = None) -> Response:
        """An answer whose state follows from its text."""
        if not text.strip():
            return cls(text, State.EMPTY, tokens)
        return cls(text, State.TRUNCATED if truncated else State.OK, tokens)

    @classmethod
    def error(cls, detail: str) -> Response:
        """A request that got no answer; `detail` says why and never holds a key."""
        return cls("", State.ERROR, None, detail)

    @property
    def usable(self) -> bool:
        """Whether the text speaks for the model's function."""
        return self.state in (State.OK, State.TRUNCATED)

    @property
    def final(self) -> bool:
        """Whether the slot is settled; an error is asked again."""
        return self.state is not State.ERROR


@dataclass(frozen=True)
class ResponseSet:
    """All answers of one model to one protocol, in probe order.

    `slots[p]` holds the samples of probe p; a probe that was never asked has none.
    """

    model: str
    probe_ids: tuple[str, ...]
    slots: tuple[tuple[Response, ...], ...]

    def __post_init__(self) -> None:
        if len(self.slots) != len(self.probe_ids):
            raise InputError(
                f"model '{self.model}': {len(self.slots)} answered slots for "
                f"{len(self.probe_ids)} probes"
            )

    @classmethod
    def of_texts(
        cls, model: str, texts: Sequence[str | None], probe_ids: Sequence[str] | None = None
    ) -> ResponseSet:
        """One sample a probe from bare texts; None is a probe that was not asked."""
        ids = tuple(probe_ids) if probe_ids else tuple(f"{i:04d}" for i in range(len(texts)))
        return cls(model, ids, tuple(() if t is None else (Response.of(t),) for t in texts))

    def texts(self) -> list[str | None]:
        """First usable text of each probe, None where there is none (length p)."""
        return [next((r.text for r in slot if r.usable), None) for slot in self.slots]

    def usable(self) -> NDArray[np.bool_]:
        """Which probes have at least one usable sample, shape (p,)."""
        return np.array([any(r.usable for r in slot) for slot in self.slots], dtype=np.bool_)

    def origins(self) -> dict[Origin, int]:
        """Who gave the answers, and how many each.

        Failed requests do not count, nor do answers that a filter withheld: they are nobody's.
        """
        told = Counter(
            r.origin
            for slot in self.slots
            for r in slot
            if r.final and (r.state is not State.REFUSED or r.origin != UNTOLD)
        )
        return dict(told.most_common())

    def states(self) -> dict[State, int]:
        """How many samples are in each state."""
        return dict(Counter(r.state for slot in self.slots for r in slot))


@runtime_checkable
class ReadTogether(Protocol):
    """Answers of models that take less time read together than one by one."""

    def many(self, rows: Sequence[int]) -> list[ResponseSet]:
        """Answers of the models at `rows`, in that order."""
        ...


def answers_at(responses: Sequence[ResponseSet], rows: Sequence[int]) -> list[ResponseSet]:
    """Answers of the models at `rows`, read together where that can be done.

    >>> both = [ResponseSet.of_texts("a", ["x"]), ResponseSet.of_texts("b", ["y"])]
    >>> answers_at(both, [1])[0].model
    'b'
    """
    if isinstance(responses, ReadTogether):
        return responses.many(rows)
    return [responses[k] for k in rows]
