"""What is declared about models, in the order of those that are compared."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from cladist.kinship.inference.calibration import Labels

__all__ = ["Declared", "labels_of"]


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
