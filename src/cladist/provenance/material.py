"""What reports and audits start from: answers, evidence of all pairs, and what is declared."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cladist.core.assay import Assay
from cladist.core.hashing import canonical_json
from cladist.core.lineage import Lineage
from cladist.core.progress import Progress, silent
from cladist.core.responses import ResponseSet
from cladist.core.secret import Secret, restrict
from cladist.errors import InputError
from cladist.extraction.like import cut_to
from cladist.fitting import answers_of, fitted_panel, gathered
from cladist.formats.labels import DeclaredModel
from cladist.kinship.inference.assumed import seen_greedy
from cladist.kinship.inference.facts import Gatherer, gatherer
from cladist.kinship.inference.labels import Labels, labels_of
from cladist.kinship.inference.pairs import PairEvidence
from cladist.kinship.inference.parentage import rarity
from cladist.kinship.inference.states import ModelFlags, model_flags
from cladist.kinship.panel.fitted import FittedPanel, fit_panel
from cladist.kinship.panel.outsider import fit_members
from cladist.provenance.relations import Families
from cladist.registry import ModelRecord, Registry
from cladist.registry.asked import in_doubt
from cladist.registry.kept import Kept, default_folder

__all__ = ["Material", "ReportScope", "gather"]

Made = tuple[Mapping[str, NDArray[Any]], Mapping[str, Any]]


@dataclass(frozen=True)
class ReportScope:
    """How much of a registry is looked at.

    length   characters that answers are read to, 0 for all: a model that was asked for fewer
             tokens than the others is held against as much of theirs
    without  models left out
    drawn    a model and the secret that it was asked by: its other answers are left out
    """

    length: int = 0
    without: frozenset[str] = frozenset()
    drawn: tuple[str, Secret] | None = None


@dataclass(frozen=True, eq=False)
class Material:
    """Models of a registry that answered an assay, in order of arrival.

    declared  families by model name, from a table of labels
    on        what the panel was fitted on, under which more can be kept; empty for not known
    doubted   models -> settings in which they may differ from the others, in words
    """

    assay: Assay
    responses: Sequence[ResponseSet]
    pairs: PairEvidence
    flags: tuple[ModelFlags, ...]
    lineage: Lineage
    records: Mapping[str, ModelRecord]
    declared: Mapping[str, DeclaredModel]
    on: tuple[object, ...] = ()
    doubted: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def prompts(self) -> list[str]:
        """Texts of the probes."""
        return [p.text for p in self.assay.protocol.probes.probes]

    def rarity(self) -> NDArray[np.float64]:
        """`parentage.rarity` of all answers, kept as the panel is."""
        made = self._kept("rarity", lambda: ({"rare": rarity(self.responses)}, {}))
        return np.asarray(made[0]["rare"], np.float64)

    def digest(self) -> str:
        """SHA-256 over the names and answers of all models, in hexadecimal, kept alike."""
        return str(self._kept("digest", lambda: ({}, {"sha256": self._hashed()}))[1]["sha256"])

    def gatherer(self, registry: Registry, labels: Labels | None, seed: int) -> Gatherer:
        """What facts of pairs are gathered from, its calibration kept as the panel is."""
        if not self.on:
            return gatherer(
                self.responses, self.pairs, labels, flags=self.flags, seed=seed,
                doubted=self.doubted,
            )  # fmt: skip
        panel = FittedPanel(self.pairs, self.flags, self.on)
        return gathered(registry, self.assay, panel, labels, seed=seed)

    def _kept(self, what: str, make: Callable[[], Made]) -> Made:
        place = Kept(default_folder() if self.on else None)
        return place.result(["material", what, *self.on], make)

    def _hashed(self) -> str:
        h = sha256(canonical_json(["cladist-answers", self.assay.protocol.digest]).encode())
        for r in self.responses:
            line = canonical_json([r.model, r.texts()])
            h.update(line.encode("utf-8", "surrogatepass") + b"\n")
        return h.hexdigest()

    def families(self) -> Families:
        """Families by declared links and labels together, as numbers."""
        names = self.pairs.models
        parts = self.lineage.components(names)
        labels = [self.declared.get(n, DeclaredModel("")) for n in names]
        spoken = set(self.lineage.founders) | {
            m for k in self.lineage.links for m in (k.child, k.parent)
        }
        speaking = np.array([n in spoken or bool(d.family) for n, d in zip(names, labels)])
        family = _joined([parts[n] for n in names], [d.family for d in labels])
        maker = _joined(family, [d.group for d in labels])
        return Families(
            np.array(family, np.int64), np.array(maker, np.int64), np.array(speaking, np.bool_)
        )

    def labels(self) -> Labels | None:
        """Families as labels, those of declared links where no table gives any; None for none."""
        names = self.pairs.models
        told = labels_of(names, self.declared)
        if told is not None:
            return told
        found = self.families()
        if not found.speaking.any():
            return None
        title = self._titles(found)
        return Labels(
            tuple(
                title[int(f)] if s else ""
                for f, s in zip(found.family, found.speaking, strict=True)
            )
        )

    def _titles(self, found: Families) -> dict[int, str]:
        """A family is called after its oldest declared ancestor, or its first model."""
        out: dict[int, str] = {}
        for name, number in zip(self.pairs.models, found.family.tolist(), strict=True):
            above = self.lineage.ancestors(name)
            root = next((a for a in reversed(above) if not self.lineage.parents(a)), name)
            if number not in out or above:
                out[number] = root
        return out


def _joined(numbers: list[int], names: list[str]) -> list[int]:
    """Numbers, those made one whose models bear the same name."""
    root = {n: n for n in numbers}

    def find(n: int) -> int:
        while root[n] != n:
            n = root[n]
        return n

    first: dict[str, int] = {}
    for number, name in zip(numbers, names, strict=True):
        if name:
            root[find(number)] = find(first.setdefault(name, number))
    return [find(n) for n in numbers]


def _read(
    registry: Registry, assay: Assay, reading: ReportScope, progress: Progress
) -> tuple[Sequence[ResponseSet], FittedPanel]:
    """Answers as they are to be read, and what is fitted on them."""
    progress("fitting the panel", 0, 1)
    said = [
        cut_to(r, reading.length)
        for r in registry.responses(assay.protocol)
        if r.usable().any() and r.model not in reading.without
    ]
    prompts = [p.text for p in assay.protocol.probes.probes]
    if reading.drawn is not None:
        model, secret = reading.drawn
        registry.model(model)
        pool = assay.protocol.probes
        said = [restrict(r, secret, pool) if r.model == model else r for r in said]
        panel = fit_panel(said, prompts)
    else:  # lengths of cut answers say nothing
        flags = tuple(model_flags(r, prompts) for r in said)
        panel = FittedPanel(fit_members(said).pairs, flags)
    progress("fitting the panel", 1, 1)
    return said, panel


def gather(
    registry: Registry,
    assay: Assay,
    lineage: Lineage,
    declared: Mapping[str, DeclaredModel] | None = None,
    progress: Progress = silent,
    reading: ReportScope | None = None,
) -> Material:
    """The fitted panel of a registry, and what is declared of its models.

    With a `reading` the panel is of some models, of cut or of drawn answers, and is not kept.

    Answers are read as they are needed, so the registry must stay open. `InputError` for fewer
    than two models. Cost: that of `fitting.fitted_panel`.
    """
    read = _read(registry, assay, reading, progress) if reading else None
    panel = fitted_panel(registry, assay, progress=progress) if read is None else read[1]
    if len(panel.pairs) < 2:
        raise InputError(
            f"{registry.folder} has one model with answers to {assay.short}; "
            "provenance needs two at least"
        )
    responses = answers_of(registry, assay, panel) if read is None else read[0]
    records = {m.name: m for m in registry.models()}
    declared = dict(declared or {})
    greedy = seen_greedy(panel.pairs.digest, [f.speaks for f in panel.flags])
    return Material(
        assay, responses, panel.pairs, panel.flags, lineage, records, declared, panel.on,
        in_doubt(registry, assay.protocol, greedy=greedy),
    )  # fmt: skip
