"""What an atlas is made of: one consistent reading of a registry."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from cladist.apply.neighbours import unit_rows
from cladist.core.assay import Assay
from cladist.core.dna import DNA
from cladist.core.hashing import digest
from cladist.core.responses import ResponseSet
from cladist.errors import NotComparableError, UsageError
from cladist.registry import ModelRecord, Registry

__all__ = ["AtlasSource", "read_source"]


@dataclass(frozen=True, eq=False)
class AtlasSource:
    """The models of an atlas, in order of arrival; their place here is their index everywhere.

    records   n models
    dnas      their DNAs by `assay`, without per-probe blocks
    encoders  per model what made its DNA
    """

    assay: Assay
    records: tuple[ModelRecord, ...]
    dnas: tuple[DNA, ...]
    encoders: tuple[tuple[str, ...], ...]

    def __len__(self) -> int:
        return len(self.records)

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Names in order."""
        return tuple(r.name for r in self.records)

    @cached_property
    def number(self) -> dict[str, int]:
        """Index by name."""
        return {name: k for k, name in enumerate(self.names)}

    @cached_property
    def vectors(self) -> NDArray[np.float32]:
        """All DNAs, float32 (n, L)."""
        return np.stack([d.vector for d in self.dnas])

    @cached_property
    def directions(self) -> NDArray[np.float32]:
        """All DNAs at length 1, float32 (n, L), between which Euclidean order is the cosine's."""
        return unit_rows(self.vectors)

    @cached_property
    def key(self) -> str:
        """SHA-256 over everything that the atlas reads from the registry but the answers."""
        models = [
            [r.name, r.uri, r.fingerprint, dict(r.metadata), d.digest, list(d.notes)]
            for r, d in zip(self.records, self.dnas, strict=True)
        ]
        return digest([self.assay.digest, models])

    def answers(self, registry: Registry, numbers: Sequence[int]) -> list[ResponseSet]:
        """What some models answered, in the order of `numbers`."""
        return list(registry.responses(self.assay.protocol, [self.names[k] for k in numbers]))


def read_source(
    registry: Registry, assay: Assay, names: Sequence[str] | None = None
) -> AtlasSource:
    """The models that have a DNA by an assay (or `names`, in order of arrival all the same).

    Raises `UsageError` when there are none, and `NotComparableError` when different versions of
    an encoder made their DNAs. Memory: the vectors, 4 n L bytes.
    """
    stored = registry.stored_dnas(assay, names)
    if not stored:
        raise UsageError(f"no model has a DNA by assay {assay.short} in {registry.folder}")
    records = {m.name: m for m in registry.models()}
    stored.sort(key=lambda s: records[s.dna.model].id)
    first = stored[0]
    for other in stored:
        if other.encoders != first.encoders:
            raise NotComparableError(
                f"the DNA of '{first.dna.model}' was encoded by {', '.join(first.encoders)}, that "
                f"of '{other.dna.model}' by {', '.join(other.encoders)}; run the command that made "
                "the older one again"
            )
    return AtlasSource(
        assay,
        tuple(records[s.dna.model] for s in stored),
        tuple(s.dna for s in stored),
        tuple(s.encoders for s in stored),
    )
