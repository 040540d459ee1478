"""Whose recorded prompts a new model is asked: a registry's, or an installed reference's."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from cladist.compare import resolve_assay
from cladist.core.assay import Assay, Interface
from cladist.core.responses import ResponseSet
from cladist.extraction.like import Like, like
from cladist.models.base import Model
from cladist.references.installed import find
from cladist.registry import Registry
from cladist.registry.connection import FILE

__all__ = ["Source", "open_source"]


@dataclass(frozen=True)
class Source:
    """Recorded answers whose prompts can be asked.

    folder   of the registry that has them
    assay    that they are measured by
    reference  name of the installed reference, '' for a registry of one's own
    """

    folder: Path
    assay: Assay
    reference: str

    def how(self, model: Model, interface: str = "auto") -> Like:
        """How to ask a model the same; see `cladist.extraction.like.like`."""
        answers: tuple[ResponseSet, ...] = ()
        if "interface" in self.assay.protocol.decoding.unsure and interface == "auto":
            with Registry.open(self.folder, create=False) as registry:
                answers = tuple(registry.responses(self.assay.protocol))
        chosen: Interface = "raw" if interface == "raw" else "auto"
        chosen = "chat" if interface == "chat" else chosen
        return like(model, self.assay, answers, interface=chosen)


def open_source(text: str, assay: str = "") -> Source:
    """The registry in a folder, or the installed reference of that name.

    Raises `UsageError` where it is neither, and what `compare.resolve_assay` raises.
    """
    folder, name = Path(text), ""
    if not (folder / FILE).is_file():
        found = find(text)
        folder, name = found.folder, found.name
    with Registry.open(folder, create=False) as registry:
        return Source(folder, resolve_assay(registry, assay), name)
