"""The contract of an encoder: texts in, one row of features a text out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from cladist.core.features import Features


@runtime_checkable
class ReadsDistributions(Protocol):
    """An encoder of next-byte distributions, as `core.distributions` packs them."""

    @property
    def version(self) -> str:
        """What exactly encodes; part of what is recorded."""
        ...

    def encode_distributions(self, packed: Sequence[bytes]) -> Features:
        """Features of n distributions, n rows."""
        ...


class Encoder(Protocol):
    """A frozen function of single texts; it never sees a model, a probe or a panel."""

    @property
    def version(self) -> str:
        """What exactly encodes (package, weights' hash, dtype); part of what is recorded."""
        ...

    def encode(self, texts: Sequence[str]) -> Features:
        """Features of n texts, n rows; the row of a text does not depend on the others."""
        ...
