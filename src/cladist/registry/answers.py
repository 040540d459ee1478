"""Answers of a registry that are read when they are asked for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from threading import RLock
from typing import overload

from cladist.core.assay import Protocol
from cladist.core.responses import Response, ResponseSet
from cladist.registry import records
from cladist.registry.store import Registry

__all__ = ["HELD", "ReadAgain", "StoredAnswers"]

HELD = 512
"""Models whose answers are held in memory by whoever reads them again and again."""


@dataclass(frozen=True, eq=False)
class StoredAnswers(Sequence[ResponseSet]):
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
            return self.many(range(len(self.names))[index])
        return self.many([range(len(self.names))[index]])[0]

    def __iter__(self) -> Iterator[ResponseSet]:
        return iter(self.many(range(len(self.names))))

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

    def many(self, rows: Sequence[int]) -> list[ResponseSet]:
        """Answers of the models at `rows`, in that order."""
        new = [k for k in rows if k not in self._read]
        found = self.registry.responses(self.protocol, [self.names[k] for k in new])
        self._read.update(zip(new, found, strict=True))
        return [self._read[k] for k in rows]


@dataclass(frozen=True, eq=False)
class ReadAgain(Sequence[ResponseSet]):
    """Answers of named models for whoever outlives the reading of a registry, as a server does.

    The registry in `folder` is opened anew for answers that are asked for, and those of HELD
    models are held. Safe to be asked by several threads. Raises `RegistryError` where the
    registry is gone, and `UsageError` where a model is.

    Examples
    --------
    >>> ReadAgain(folder, assay.protocol, ("a", "b"))[1].model  # doctest: +SKIP
    'b'
    """

    folder: Path
    protocol: Protocol
    names: tuple[str, ...]
    _held: dict[int, ResponseSet] = field(default_factory=dict)
    _lock: RLock = field(default_factory=RLock)

    def __len__(self) -> int:
        return len(self.names)

    @overload
    def __getitem__(self, index: int) -> ResponseSet: ...
    @overload
    def __getitem__(self, index: slice) -> list[ResponseSet]: ...
    def __getitem__(self, index: int | slice) -> ResponseSet | list[ResponseSet]:
        if isinstance(index, slice):
            return self.many(range(len(self.names))[index])
        return self.many([range(len(self.names))[index]])[0]

    def __iter__(self) -> Iterator[ResponseSet]:
        """All of them, some hundreds at a time, so that not all need be in memory."""
        for start in range(0, len(self.names), HELD):
            rows = range(start, min(start + HELD, len(self.names)))
            yield from self._read(rows)

    def many(self, rows: Sequence[int]) -> list[ResponseSet]:
        """Answers of the models at `rows`, read at once where they are not held."""
        with self._lock:
            new = [k for k in dict.fromkeys(rows) if k not in self._held]
            found = dict(zip(new, self._read(new), strict=True)) if new else {}
            out = [self._held[k] if k in self._held else found[k] for k in rows]
            for k, one in zip(rows, out, strict=True):  # the last asked for come last
                self._held.pop(k, None)
                self._held[k] = one
            for old in list(self._held)[: max(0, len(self._held) - HELD)]:
                del self._held[old]
            return out

    def _read(self, rows: Sequence[int]) -> list[ResponseSet]:
        with Registry.open(self.folder, create=False) as store:
            return list(store.responses(self.protocol, [self.names[k] for k in rows]))
