"""Every constant of kinship that was chosen and not derived, in one place.

Each is a field of a frozen dataclass, and says what it is, where it comes from, and what depends on
it. What half and double of each would change is measured: docs/sensitivity.md, by
`python benchmarks/sensitivity.py`, which alone puts other values in their place.

Sizes of blocks, versions of files, hashes and words change no number; they stand where they are
used.
"""

from __future__ import annotations

from cladist.kinship.config.evidence import (
    EVIDENCE,
    LENGTHS,
    OPENINGS,
    RATES,
    ROTE,
    SPREADS,
    EvidenceConfig,
)
from cladist.kinship.config.inference import (
    CALIBRATION,
    CHECKS,
    DECISION,
    DESCENT,
    FAMILIES,
    IDENTITY,
    PARENTAGE,
    SETTINGS,
    STATES,
    WATCHING,
)
from cladist.kinship.config.panel import SEARCH

__all__ = [
    "CALIBRATION",
    "CHECKS",
    "DECISION",
    "DESCENT",
    "EVIDENCE",
    "FAMILIES",
    "IDENTITY",
    "LENGTHS",
    "OPENINGS",
    "PARENTAGE",
    "RATES",
    "ROTE",
    "SEARCH",
    "SETTINGS",
    "SPREADS",
    "STATES",
    "WATCHING",
    "EvidenceConfig",
]
