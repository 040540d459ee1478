"""A panel in a file that was checked before: its answers are read when they are asked for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import astuple, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, overload

from cladist.core.responses import ResponseSet
from cladist.errors import InputError
from cladist.kinship.panel.saved import MemberLabel, Panel, load_panel

__all__ = ["Beside", "PanelFile", "file_from", "file_to"]


@dataclass(frozen=True, eq=False)
class PanelFile:
    """What a `Panel` tells of itself, and its answers from the file.

    Reading 80,000 answers and their digest takes a second, and a question that was asked before
    needs none of them.
    """

    path: Path
    protocol: str
    digest: str
    models: tuple[str, ...]
    labels: tuple[MemberLabel, ...]

    @cached_property
    def responses(self) -> tuple[ResponseSet, ...]:
        """Answers of all members; `InputError` where the file holds another panel by now."""
        panel = load_panel(self.path)
        if panel.digest != self.digest:
            raise InputError(f"{self.path} was changed while it was read; ask again")
        return panel.responses


def file_to(panel: Panel) -> dict[str, Any]:
    """Plain data that `file_from` makes a panel's file of."""
    return {
        "protocol": panel.protocol,
        "digest": panel.digest,
        "models": panel.models,
        "labels": [astuple(m) for m in panel.labels],
    }


def file_from(path: Path, told: Mapping[str, Any]) -> PanelFile:
    """The panel in a file from what `file_to` gave."""
    labels = tuple(MemberLabel(*m) for m in told["labels"])
    return PanelFile(path, told["protocol"], told["digest"], tuple(told["models"]), labels)


@dataclass(frozen=True, eq=False)
class Beside(Sequence[ResponseSet]):
    """Answers of a panel's members and of the models `tested` beside them, which come last.

    A member that bears the name of one tested is left out.
    """

    panel: Panel | PanelFile
    tested: tuple[ResponseSet, ...]

    @cached_property
    def members(self) -> tuple[int, ...]:
        """Which members of the panel are here, by their numbers."""
        gone = {r.model for r in self.tested}
        return tuple(k for k, name in enumerate(self.panel.models) if name not in gone)

    def __len__(self) -> int:
        return len(self.members) + len(self.tested)

    @overload
    def __getitem__(self, index: int) -> ResponseSet: ...
    @overload
    def __getitem__(self, index: slice) -> list[ResponseSet]: ...
    def __getitem__(self, index: int | slice) -> ResponseSet | list[ResponseSet]:
        if isinstance(index, slice):
            return [self._one(k) for k in range(len(self))[index]]
        return self._one(range(len(self))[index])

    def __iter__(self) -> Iterator[ResponseSet]:
        return map(self._one, range(len(self)))

    def _one(self, row: int) -> ResponseSet:
        inside = len(self.members)
        if row >= inside:
            return self.tested[row - inside]
        return self.panel.responses[self.members[row]]
