"""What is declared about models, in the order of those that are compared."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from cladist.errors import InputError

__all__ = ["Declared", "Labels", "labels_of"]


@dataclass(frozen=True)
class Labels:
    """What is declared about descent: a family a model ('' unknown).

    groups  makers, within which pairs of different families are neither kin nor unrelated
            (generations of one maker); the families themselves where not given
    """

    families: tuple[str, ...]
    groups: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.groups and len(self.groups) != len(self.families):
            raise InputError("labels: as many groups as families are needed")

    @property
    def makers(self) -> tuple[str, ...]:
        """Groups, or families where a model has no group."""
        if not self.groups:
            return self.families
        return tuple(g or f for g, f in zip(self.groups, self.families, strict=True))


class Declared(Protocol):
    """A family and a wider group, '' where unknown."""

    @property
    def family(self) -> str:
        """The pretrained line a model comes from."""
        ...

    @property
    def group(self) -> str:
        """Its maker, or whatever else joins families that are not clearly unrelated."""
        ...


def labels_of(models: Sequence[str], declared: Mapping[str, Declared]) -> Labels | None:
    """Labels of `models` in their order; None where no family of any of them is declared."""
    known = [declared.get(m) for m in models]
    if not any(k is not None and k.family for k in known):
        return None
    return Labels(
        tuple("" if k is None else k.family for k in known),
        tuple("" if k is None else k.group for k in known),
    )
