"""Looks by token at a pace, each kept in a file before it is told."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

from cladist.core.progress import NOBODY, Listener
from cladist.models.base import Model
from cladist.models.served import Served
from cladist.provenance.border.learning import Effort
from cladist.provenance.border.looking import Rules, TokenLook, Watched, take_look
from cladist.provenance.border.state import save
from cladist.provenance.pace import Pace

__all__ = ["token_looks"]


def token_looks(
    model: Model,
    watched: Watched,
    rules: Rules,
    path: Path,
    pace: Pace | None = None,
    *,
    effort: Effort | None = None,
    draw: random.Random | None = None,
    listener: Listener = NOBODY,
) -> Iterator[TokenLook]:
    """Looks at the pace given; what is known lies in `path` before a look is told.

    They end at a change. Inputs are drawn by the system's generator, unless `draw` is given. The
    first look learns. Raises `CoverageError` for a model that cannot be watched so.
    """
    dice = draw or random.SystemRandom()
    if isinstance(model, Served):
        model.tell(listener.hear)
    for _ in (pace or Pace()).turns():
        found, after = take_look(model, watched, rules, effort or Effort(), dice, listener.progress)
        if after != watched:
            save(path, after)
        watched = after
        yield found
        if found.status == "changed":
            return
