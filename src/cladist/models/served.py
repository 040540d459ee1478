"""Models behind a server: what earlier runs found out about it, and what it tells on the way."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

from cladist.core.origins import UNTOLD, Origin
from cladist.models.budget import Metered

__all__ = ["Remembered", "Served"]


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
