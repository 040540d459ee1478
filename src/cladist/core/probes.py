"""Probes: the fixed texts that every model is asked."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from cladist.core.hashing import text_digest
from cladist.errors import InputError


@dataclass(frozen=True, slots=True)
class Probe:
    """One text to ask. `text` is empty where only recorded responses are known."""

    id: str
    text: str
    language: str = "und"
    kind: str = ""


@dataclass(frozen=True)
class ProbeSet:
    """An ordered set of probes; its identity is the hash of ids and texts alone.

    Raises `InputError` at construction when it is empty or an id occurs twice.
    """

    name: str
    probes: tuple[Probe, ...]
    license: str = ""
    description: str = ""

    def __post_init__(self) -> None:
        if not self.probes:
            raise InputError(f"probe set '{self.name:.80}' is empty: it needs at least one probe")
        ids = [p.id for p in self.probes]
        if len(set(ids)) != len(ids):
            twice = sorted({i for i in ids if ids.count(i) > 1})[:3]
            raise InputError(
                f"probe set '{self.name:.80}' uses an id more than once: {', '.join(twice)[:200]}; "
                "give every probe an id of its own"
            )

    def __len__(self) -> int:
        return len(self.probes)

    @cached_property
    def ids(self) -> tuple[str, ...]:
        """Probe ids in order."""
        return tuple(p.id for p in self.probes)

    @cached_property
    def digest(self) -> str:
        """SHA-256 over the ordered pairs (id, text)."""
        pairs = [[p.id, p.text] for p in self.probes]
        raw = json.dumps(pairs, ensure_ascii=False, separators=(",", ":"))
        return text_digest(raw)

    def first(self, count: int) -> ProbeSet:
        """The first `count` probes as a set of its own (a different identity)."""
        if not 1 <= count <= len(self.probes):
            raise InputError(
                f"probe set '{self.name}' has {len(self.probes)} probes; asked for {count}"
            )
        if count == len(self.probes):
            return self
        return ProbeSet(f"{self.name}:{count}", self.probes[:count], self.license)

    def as_data(self) -> dict[str, Any]:
        """Plain data, as in the files that ship with the package."""
        return {
            "format": 1,
            "name": self.name,
            "license": self.license,
            "description": self.description,
            "probes": [
                {"id": p.id, "text": p.text, "language": p.language, "kind": p.kind}
                for p in self.probes
            ],
        }

    @classmethod
    def from_data(cls, data: Any, where: str) -> ProbeSet:
        """Read plain data; `where` names the source in error messages."""
        if not isinstance(data, dict) or not isinstance(data.get("probes"), Sequence):
            raise InputError(f"{where}: a probe set is an object with a list 'probes'")
        if data.get("format", 1) != 1:
            raise InputError(
                f"{where}: probe set format {repr(data['format'])[:40]} is not known here; "
                "update cladist or write format 1"
            )
        probes = []
        for number, item in enumerate(data["probes"]):
            if not isinstance(item, dict) or not isinstance(item.get("text"), str):
                raise InputError(f"{where}: probe {number} needs a string 'text'")
            probes.append(
                Probe(
                    str(item.get("id", f"{number:04d}")),
                    item["text"],
                    str(item.get("language", "und")),
                    str(item.get("kind", "")),
                )
            )
        return cls(
            str(data.get("name", where)),
            tuple(probes),
            str(data.get("license", "")),
            str(data.get("description", "")),
        )
