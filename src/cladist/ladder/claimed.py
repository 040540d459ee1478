"""The claimed model itself: at hand, or as an earlier watch has learnt it."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from cladist.core.progress import Progress, silent
from cladist.errors import InputError, ModelError, UsageError
from cladist.extraction.opening import open_any
from cladist.models.base import AskedInterface, Model, TellsNextToken
from cladist.provenance.border.asking import Asker
from cladist.provenance.border.inputs import Border
from cladist.provenance.border.learning import Effort, learn
from cladist.provenance.border.state import read_watched

__all__ = ["EFFORT", "Claimed", "at_hand"]

EFFORT = Effort(contexts=400, pool=30, replicates=1, firm=40)
"""What learning the border of a model at hand takes; nothing is charged for it."""


@dataclass(frozen=True)
class Claimed:
    """What is known of the model that is said to answer.

    name    what it was taken from
    border  its inputs, and how they were asked
    model   the model itself, open, where it is at hand and tells first tokens
    """

    name: str
    border: Border
    model: TellsNextToken | None = None


@contextmanager
def at_hand(
    source: str, endpoint: Model, *, effort: Effort = EFFORT, progress: Progress = silent
) -> Iterator[Claimed | None]:
    """The claimed model from a URI, or from the file of a watch; None without a source.

    A model of a URI is learnt through an interface that the endpoint offers too. Raises
    `UsageError` where they share none or the file is of a watch that learnt nothing, `InputError`
    for a file that is no watch, `ModelError` or `CoverageError` where the model cannot be learnt.
    """
    if not source:
        yield None
        return
    path = Path(source)
    if path.is_file():
        yield Claimed(path.name, _of_watch(path))
        return
    model = open_any(source)
    try:
        yield _learnt(model, endpoint, effort, progress)
    finally:
        model.close()


def _of_watch(path: Path) -> Border:
    try:
        watched = read_watched(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError, ValueError, RecursionError) as problem:
        raise InputError(f"{path} cannot be read as a watch: {problem}") from None
    except InputError as problem:
        raise InputError(f"{path}: {problem}") from None
    if watched.border is None or not watched.border.firm:
        raise UsageError(f"{path} is of a watch that has learnt no inputs; let it look once")
    return watched.border


def _learnt(model: Model, endpoint: Model, effort: Effort, progress: Progress) -> Claimed:
    shared = model.interfaces & endpoint.interfaces
    if not shared:
        raise UsageError(
            f"'{model.identity.name}' and the endpoint share no interface; write ?interface=chat "
            "or ?interface=completions behind the address"
        )
    interface: AskedInterface = "raw" if "raw" in shared else "chat"
    border = learn(Asker(model, interface), effort, secrets.randbelow(2**48), progress)
    if not border.firm:
        raise ModelError(f"'{model.identity.name}' is sure of no answer; nothing to hold beside")
    telling = model if isinstance(model, TellsNextToken) and model.gives != "sampled" else None
    return Claimed(model.identity.name, border, telling)
