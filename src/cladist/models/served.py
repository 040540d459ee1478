"""Models behind a server: what earlier runs found out about it, and what it tells on the way."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

from cladist.core.origins import UNTOLD, Origin
from cladist.core.responses import Response
from cladist.models.base import Request
from cladist.models.budget import Metered

__all__ = ["Counted", "Described", "Remembered", "Served", "TellsItself"]


@dataclass(frozen=True, slots=True)
class Remembered:
    """What earlier runs found out; later ones go on in the same way, or not at all.

    origin    who gave the answers that are stored
    answers   how many of them there are
    refused   settings that the server did not take, with its words
    """

    origin: Origin = UNTOLD
    answers: int = 0
    refused: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Counted:
    """An answer, and how many tokens the server says that it read and wrote; None for no word."""

    response: Response
    prompt: int | None
    completion: int | None


@dataclass(frozen=True, slots=True)
class Described:
    """What a server says of itself when it is asked for its models.

    models    ids that it lists; empty where it lists none
    own       what it says of the model that was asked for, as text by key
    headers   of its answer that name software, provider or limits
    problem   why there is no list, '' where there is one
    """

    models: tuple[str, ...] = ()
    own: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    problem: str = ""


@runtime_checkable
class TellsItself(Protocol):
    """A model whose server says what it is, and counts the tokens that it reads."""

    def describe(self) -> Described:
        """Ask for the list of models, once; raises nothing, a failure is a `problem`."""
        ...

    def count(self, requests: Sequence[Request]) -> Iterator[tuple[int, Counted]]:
        """Answer as `Model.answer` does, with the server's counts beside each answer."""
        ...


@runtime_checkable
class Served(Metered, Protocol):
    """A model that a server answers for."""

    @property
    def served_model(self) -> str:
        """The model id that answers carry, '' before the first one."""
        ...

    @property
    def refused_settings(self) -> Mapping[str, str]:
        """Settings that the server does not take and that are not sent, with its words."""
        ...

    def remember(self, known: Remembered) -> None:
        """Go on as earlier runs did: the same model, without the settings that were refused."""
        ...

    def tell(self, hear: Callable[[str], None]) -> None:
        """Say to `hear`, while answers are waited for, why nothing comes; from any thread."""
        ...
