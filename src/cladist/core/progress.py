"""How long work tells that it is alive, without knowing who watches."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

Progress = Callable[[str, int, int], None]
"""Called with (what is being done, done so far, in all)."""


def silent(what: str, done: int, total: int) -> None:
    """Tell nobody."""


Hear = Callable[[str], None]
"""Called with what somebody who waits should know now, such as why nothing comes."""


def unheard(message: str) -> None:
    """Tell nobody."""


class Remarks(list[str]):
    """Remarks that are kept for the result, and told at once to whoever listens.

    >>> told = []
    >>> remarks = Remarks(told.append)
    >>> remarks("one model is left out")
    >>> list(remarks) == told
    True
    """

    def __init__(self, hear: Hear = unheard) -> None:
        super().__init__()
        self._hear = hear

    def __call__(self, message: str) -> None:
        """Keep a remark and tell it."""
        self.append(message)
        self._hear(message)


@dataclass(frozen=True)
class Listener:
    """Who listens while work is done: to how far it is, and to remarks.

    >>> Listener(hear=print).hear("one model is left out")
    one model is left out
    """

    progress: Progress = silent
    hear: Hear = unheard


NOBODY = Listener()
"""Nobody listens; remarks are in the result all the same."""
