"""DNA: the vector of one model under one assay."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cladist.core.features import FloatArray
from cladist.core.hashing import bytes_digest
from cladist.core.results import Result
from cladist.errors import InputError, NotComparableError


@dataclass(frozen=True, eq=False, repr=False)
class DNA(Result):
    """The DNA of one model.

    Two are equal when all but their blocks is: blocks may be left in the registry. `numpy.asarray`
    takes the vector.

    >>> a, b, c = (DNA(m, "assay", np.arange(3, dtype=np.float32), None, 1, 1) for m in "aab")
    >>> a == b, a == c, len({a, b, c}), len(a), a[1:].tolist()
    (True, False, 2, 3, [1.0, 2.0])
    >>> a
    <DNA: a, 3 dimensions, 1 of 1 probes usable>

    vector    float32 (L,): the sum of the per-probe blocks
    blocks    float16 (p, L): what every probe contributes, for bootstrap and missing probes;
              None where they were left in the registry
    assay     hash of the assay; DNAs of different assays are never compared
    usable    probes with a usable answer
    probes    probes of the assay
    notes     marks such as 'sparse-coverage' or 'chat-interface' that travel with the DNA
    """

    model: str
    assay: str
    vector: FloatArray
    blocks: NDArray[np.float16] | None
    usable: int
    probes: int
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        fits = self.blocks is None or self.blocks.shape == (self.probes, len(self.vector))
        if self.vector.ndim != 1 or not fits:
            raise InputError(
                f"DNA of '{self.model}': a vector of shape {self.vector.shape} and its blocks "
                f"do not fit {self.probes} probes"
            )
        if not np.isfinite(self.vector).all():
            raise InputError(f"DNA of '{self.model}' holds NaN or infinity")

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, DNA):
            return NotImplemented
        return self._about() == other._about() and np.array_equal(self.vector, other.vector)

    def __hash__(self) -> int:
        # Adding 0 makes -0 and 0, which are equal, the same bytes.
        return hash((*self._about(), (self.vector + np.float32(0)).tobytes()))

    def _about(self) -> tuple[object, ...]:
        return self.model, self.assay, self.usable, self.probes, self.notes

    def __len__(self) -> int:
        return len(self.vector)

    def __getitem__(self, at: int | slice) -> Any:
        """Numbers of the vector."""
        return self.vector[at]

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        return np.array(self.vector, dtype=dtype, copy=True)

    def rows(self) -> list[dict[str, Any]]:
        """One row: what is known of it, and its numbers as `d0`, `d1` and so on."""
        about = {
            "model": self.model,
            "assay": self.assay,
            "usable": self.usable,
            "probes": self.probes,
            "notes": ", ".join(self.notes),
        }
        return [about | {f"d{k}": v for k, v in enumerate(self.vector.tolist())}]

    def to_dict(self) -> dict[str, Any]:
        """The DNA as plain data, without its blocks."""
        return {
            "model": self.model,
            "assay": self.assay,
            "digest": self.digest,
            "usable": self.usable,
            "probes": self.probes,
            "notes": list(self.notes),
            "vector": self.vector.tolist(),
        }

    def headline(self) -> str:
        """Whose it is, how long, and how much it rests on."""
        return f"{self.model}, {len(self)} dimensions, {self.usable} of {self.probes} probes usable"

    def per_probe(self) -> NDArray[np.float16]:
        """The blocks; `InputError` when they were not loaded."""
        if self.blocks is None:
            raise InputError(
                f"the DNA of '{self.model}' came without its per-probe blocks; load it with them"
            )
        return self.blocks

    @property
    def digest(self) -> str:
        """SHA-256 over the assay and the little-endian bytes of the vector."""
        raw = self.vector.astype("<f4").tobytes()
        return bytes_digest(self.assay.encode() + raw)


def of_blocks(
    model: str, assay: str, blocks: FloatArray, present: NDArray[np.bool_], notes: Sequence[str]
) -> DNA:
    """The DNA whose per-probe contributions are `blocks` (p, L) float32."""
    vector = blocks.sum(axis=0, dtype=np.float64).astype(np.float32)
    limit = float(np.finfo(np.float16).max)
    stored = np.clip(blocks, -limit, limit).astype(np.float16)
    return DNA(model, assay, vector, stored, int(present.sum()), len(present), tuple(notes))


def require_one_assay(dnas: Sequence[DNA]) -> str:
    """The assay that all DNAs share; `NotComparableError` names the first two that differ."""
    if not dnas:
        raise InputError("no DNA was given")
    first = dnas[0]
    for other in dnas[1:]:
        if other.assay != first.assay:
            raise NotComparableError(
                f"'{first.model}' was measured by assay {first.assay[:8]}, '{other.model}' by "
                f"{other.assay[:8]}; distances between them would mean nothing. "
                "Extract both with the same assay"
            )
        if len(other.vector) != len(first.vector):
            raise NotComparableError(
                f"'{first.model}' and '{other.model}' have DNAs of {len(first.vector)} and "
                f"{len(other.vector)} dimensions"
            )
    return first.assay
