"""Representation: features of one model, one row a probe, averaged over samples."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cladist.core.features import Features
from cladist.errors import InputError


@dataclass(frozen=True)
class Channel:
    """Features of one encoder, p rows, with the encoder's share of the squared distance."""

    encoder: str
    weight: float
    features: Features


@dataclass(frozen=True)
class Representation:
    """All channels of one model.

    present (p,) tells which probes have a usable answer; `samples` (p,) how many.
    """

    model: str
    probe_ids: tuple[str, ...]
    channels: tuple[Channel, ...]
    samples: NDArray[np.int64]

    def __post_init__(self) -> None:
        for channel in self.channels:
            if len(channel.features) != len(self.probe_ids):
                raise InputError(
                    f"model '{self.model}': encoder '{channel.encoder}' gave "
                    f"{len(channel.features)} rows for {len(self.probe_ids)} probes"
                )

    @property
    def present(self) -> NDArray[np.bool_]:
        """Which probes have a usable answer, shape (p,)."""
        return np.asarray(self.samples > 0, dtype=np.bool_)
