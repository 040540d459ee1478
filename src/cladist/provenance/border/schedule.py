"""Looks by token on a schedule, each kept in a file before it is told."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from cladist.core.progress import Hear, Progress, silent, unheard
from cladist.models.base import Model
from cladist.models.served import Served
from cladist.provenance.border.learning import Effort
from cladist.provenance.border.looking import Rules, TokenLook, Watched, take_look
from cladist.provenance.border.state import save

__all__ = ["watch_by_token"]


def watch_by_token(
    model: Model,
    watched: Watched,
    rules: Rules,
    path: Path,
    *,
    effort: Effort | None = None,
    times: int = 1,
    every: float = 0.0,
    draw: random.Random | None = None,
    sleep: Callable[[float], None] = time.sleep,
    clock: Callable[[], float] = time.monotonic,
    progress: Progress = silent,
    hear: Hear = unheard,
) -> Iterator[TokenLook]:
    """Looks, one every `every` seconds; what is known lies in `path` before a look is told.

    `times` 0 goes on until a change. Inputs are drawn by the system's generator, unless `draw` is
    given. The first look learns. Raises `CoverageError` for a model that cannot be watched so.
    """
    dice = draw or random.SystemRandom()
    if isinstance(model, Served):
        model.tell(hear)
    made, due = 0, clock()
    while times == 0 or made < times:
        if made:
            due = max(due + every, clock())
            sleep(max(due - clock(), 0.0))
        found, after = take_look(model, watched, rules, effort or Effort(), dice, progress)
        if after != watched:
            save(path, after)
        watched = after
        made += 1
        yield found
        if found.status == "changed":
            return
