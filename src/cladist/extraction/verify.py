"""Whether a registry's DNAs are what its responses make: derived again and compared."""

from __future__ import annotations

import random
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, replace

import numpy as np

from cladist.core.assay import Assay
from cladist.core.progress import Progress, silent
from cladist.encoders import open_encoder
from cladist.errors import CladistError, CoverageError
from cladist.extraction.derive import dna_of
from cladist.registry import Registry, StoredDNA
from cladist.registry.backup import read_only
from cladist.registry.check import Checked, Flaw, check

__all__ = ["Verified", "verify"]

CLOSE = 1e-4
"""Largest difference, relative to the DNA's length, that other arithmetic may make: another
processor or version of BLAS sums in another order."""


@dataclass(frozen=True, slots=True)
class Verified:
    """What was found.

    checked  what the file alone tells
    same     DNAs derived again to the same bytes
    close    DNAs that differ by rounding alone
    skipped  DNAs that cannot be derived here, by the reason
    """

    checked: Checked
    findings: tuple[Flaw, ...]
    same: int
    close: int
    skipped: dict[str, int]

    @property
    def sound(self) -> bool:
        """Whether nothing was found."""
        return not self.findings


def verify(
    registry: Registry, *, sample: int | None = 20, seed: int = 0, progress: Progress = silent
) -> Verified:
    """Check a registry, and derive `sample` of its DNAs again from their responses (None: all).

    Nothing is written, and nothing leaves the machine: DNAs by a remote encoder are skipped.
    Cost: reading the registry once, and deriving those DNAs.
    """
    with closing(read_only(registry.folder)) as db:
        checked = check(db)
    if checked.findings:
        return Verified(checked, checked.findings, 0, 0, {})
    assays = {a.digest: a for a in registry.assays()}
    pairs = [(a, n) for a in assays for n in _with_dna(registry, assays[a])]
    unknown = checked.counts["dna"] - len(pairs)
    if sample is not None and sample < len(pairs):
        chosen = random.Random(seed).sample(range(len(pairs)), sample)  # noqa: S311 - no secret
        pairs = [pairs[i] for i in sorted(chosen)]
    findings: list[Flaw] = []
    same = close = 0
    skipped = {"made by an assay as an earlier version wrote it": unknown} if unknown else {}
    for number, (digest, name) in enumerate(pairs):
        progress("deriving again", number, len(pairs))
        found = _again(registry, assays[digest], name)
        if isinstance(found, Flaw):
            findings.append(found)
        elif found == "same":
            same += 1
        elif found == "close":
            close += 1
        else:
            skipped[found] = skipped.get(found, 0) + 1
    progress("deriving again", len(pairs), len(pairs))
    return Verified(checked, tuple(findings), same, close, skipped)


def _with_dna(registry: Registry, assay: Assay) -> Sequence[str]:
    return [d.model for d in registry.dnas(assay)]


def _again(registry: Registry, assay: Assay, name: str) -> Flaw | str:
    """'same', 'close', or why it cannot be derived here; a finding when it is another DNA."""
    (stored,) = registry.stored_dnas(assay, [name])
    reason = _underivable(assay, stored)
    if reason:
        return reason
    where = f"model {name[:80]}, assay {assay.digest[:8]}"
    (answers,) = registry.responses(assay.protocol, [name])
    protocol = registry.add_protocol(assay.protocol)
    interface = registry.interface(protocol, registry.model(name))
    try:
        made = dna_of(answers, assay, allow_sparse=True, interface=interface)
    except CoverageError as problem:
        return Flaw("DNA", where, f"is not what its responses make: {problem}")
    old = stored.dna
    if made.digest == old.digest and replace(made, blocks=None).usable == old.usable:
        return "same"
    distance = float(np.linalg.norm(made.vector - old.vector))
    if distance <= CLOSE * float(np.linalg.norm(old.vector)) and made.usable == old.usable:
        return "close"
    return Flaw("DNA", where, "is not what its responses make; derive it again by importing "
                   "or extracting")  # fmt: skip


def _underivable(assay: Assay, stored: StoredDNA) -> str:
    if any(s.name == "remote" for s in assay.method.encoders):
        return "the encoder is remote"
    try:
        versions = tuple(open_encoder(s).version for s in assay.method.encoders)
    except CladistError as problem:
        return str(problem)
    return "" if versions == stored.encoders else "made by another version of the encoder"
