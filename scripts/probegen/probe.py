"""What a probe set is on disk."""

import hashlib
import json
from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class Probe:
    """One prompt.

    ``language`` is a BCP 47 tag (``zxx`` for data), or the name of a programming language.
    """

    id: str
    text: str
    language: str
    kind: str


@dataclass(frozen=True)
class ProbeSet:
    """A named list of probes in a fixed order."""

    name: str
    description: str
    seed: int
    probes: tuple[Probe, ...]

    def render(self) -> bytes:
        """The bytes of the data file."""
        document = {
            "format": 1,
            "name": self.name,
            "version": 1,
            "license": "Apache-2.0",
            "description": self.description,
            "generator": "scripts/make_probes.py",
            "seed": self.seed,
            "probes": [asdict(probe) for probe in self.probes],
        }
        return (json.dumps(document, ensure_ascii=False, indent=1) + "\n").encode()

    def content_hash(self) -> str:
        """SHA-256 over ids and texts, as the product computes it."""
        pairs = [[probe.id, probe.text] for probe in self.probes]
        compact = json.dumps(pairs, ensure_ascii=False, separators=(",", ":"))
        return hashlib.sha256(compact.encode()).hexdigest()
