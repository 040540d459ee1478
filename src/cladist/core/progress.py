"""How long work tells that it is alive, without knowing who watches."""

from __future__ import annotations

from collections.abc import Callable

Progress = Callable[[str, int, int], None]
"""Called with (what is being done, done so far, in all)."""


def silent(what: str, done: int, total: int) -> None:
    """Tell nobody."""


Hear = Callable[[str], None]
"""Called with what somebody who waits should know now, such as why nothing comes."""


def unheard(message: str) -> None:
    """Tell nobody."""
