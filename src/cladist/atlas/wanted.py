"""What is wanted of an atlas, from words and from references."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from cladist.apply.maps import KINDS, Kind
from cladist.atlas.build import Wishes
from cladist.core.progress import Hear, Progress, silent, unheard
from cladist.errors import UsageError
from cladist.references.installed import find
from cladist.workflows.world import world

__all__ = ["kinds_of", "of_reference"]


def kinds_of(words: str) -> tuple[Kind, ...]:
    """Kinds of maps from their names with commas between; `UsageError` for an unknown one.

    >>> kinds_of("pcoa, tsne")
    ('pcoa', 'tsne')
    """
    wanted = [word.strip() for word in words.split(",") if word.strip()]
    unknown = [word for word in wanted if word not in KINDS]
    if unknown:
        raise UsageError(f"map '{unknown[0]}' is unknown; use {', '.join(KINDS)}")
    return tuple(k for word in wanted for k in KINDS if k == word)


def of_reference(
    name: str, wishes: Wishes, progress: Progress = silent, hear: Hear = unheard
) -> tuple[Path, Wishes]:
    """The registry of a reference and of models held against it, and its families."""
    found = find(name)
    folder = world(found, progress=progress)
    hear(f"{name} is in {folder}" + ("" if folder == found.folder else ", with the models asked"))
    labels, title = wishes.labels or found.labels, wishes.title or found.facts.title
    return folder, replace(wishes, labels=labels, title=title)
