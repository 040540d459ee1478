"""Answers of a registry that are read when they are asked for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import overload

from cladist.core.assay import Protocol
from cladist.core.responses import Response, ResponseSet
from cladist.registry import records
from cladist.registry.store import Registry

__all__ = ["Answers"]


@dataclass(frozen=True, eq=False)
class Answers(Sequence[ResponseSet]):
    """Answers of named models to a protocol, in the order of the names.

    A question about two models needs the answers of these and of a few others, and reading all of
    them takes most of its time. Each set is read once; the registry must be open until then.

    Examples
    --------
    >>> Answers(registry, assay.protocol, ("a", "b"))[1].model  # doctest: +SKIP
    'b'
    """

    registry: Registry
    protocol: Protocol
    names: tuple[str, ...]
    _read: dict[int, ResponseSet] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.names)

    @overload
    def __getitem__(self, index: int) -> ResponseSet: ...
    @overload
    def __getitem__(self, index: slice) -> list[ResponseSet]: ...
    def __getitem__(self, index: int | slice) -> ResponseSet | list[ResponseSet]:
        if isinstance(index, slice):
            return self._many(range(len(self.names))[index])
        return self._many([range(len(self.names))[index]])[0]

    def __iter__(self) -> Iterator[ResponseSet]:
        return iter(self._many(range(len(self.names))))

    def at(self, probes: Sequence[int]) -> dict[int, list[str | None]]:
        """First usable texts of all models on a few probes (by number), and of no others.

        Examples
        --------
        >>> answers.at([3])[3]  # doctest: +SKIP
        ['It is a river.', None]
        """
        found: dict[int, list[str | None]] = {p: [] for p in probes}
        marks = ",".join("?" * len(found))
        elsewhere = self.registry.standing_in(self.protocol)
        place = self.registry.add_protocol(self.protocol)
        ids = {m.name: m.id for m in self.registry.models()}
        for name in self.names:
            rows = self.registry._all(
                f"SELECT probe, {records.TOLD_COLUMNS} FROM response "  # noqa: S608 - constants
                f"WHERE protocol_id = ? AND model_id = ? AND probe IN ({marks}) "
                "ORDER BY probe, sample",
                (elsewhere.get(ids[name], place), ids[name], *found),
            )
            said: dict[int, Response] = {}
            for probe, *told in rows:
                answer = records.unpack_response(*told)
                if answer.usable:
                    said.setdefault(int(probe), answer)
            for probe, texts in found.items():
                texts.append(said[probe].text if probe in said else None)
        return found

    def _many(self, rows: Sequence[int]) -> list[ResponseSet]:
        new = [k for k in rows if k not in self._read]
        found = self.registry.responses(self.protocol, [self.names[k] for k in new])
        self._read.update(zip(new, found, strict=True))
        return [self._read[k] for k in rows]
