"""What reports and audits start from: answers, evidence of all pairs, and what is declared."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from cladist.core.assay import Assay
from cladist.core.lineage import Lineage
from cladist.core.progress import Progress, silent
from cladist.core.responses import ResponseSet
from cladist.errors import InputError
from cladist.fitting import answers_of, fitted_panel
from cladist.formats.labels import DeclaredModel
from cladist.kinship.inference.calibration import Labels, PairEvidence
from cladist.kinship.inference.labels import labels_of
from cladist.kinship.inference.states import ModelFlags
from cladist.provenance.relations import Families
from cladist.registry import ModelRecord, Registry

__all__ = ["Material", "gather"]


@dataclass(frozen=True, eq=False)
class Material:
    """Models of a registry that answered an assay, in order of arrival.

    declared  families by model name, from a table of labels
    """

    assay: Assay
    responses: Sequence[ResponseSet]
    pairs: PairEvidence
    flags: tuple[ModelFlags, ...]
    lineage: Lineage
    records: Mapping[str, ModelRecord]
    declared: Mapping[str, DeclaredModel]

    @property
    def prompts(self) -> list[str]:
        """Texts of the probes."""
        return [p.text for p in self.assay.protocol.probes.probes]

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


def gather(
    registry: Registry,
    assay: Assay,
    lineage: Lineage,
    declared: Mapping[str, DeclaredModel] | None = None,
    progress: Progress = silent,
) -> Material:
    """The fitted panel of a registry, and what is declared of its models.

    Answers are read as they are needed, so the registry must stay open. `InputError` for fewer
    than two models. Cost: that of `fitting.fitted_panel`.
    """
    panel = fitted_panel(registry, assay, progress=progress)
    if len(panel.pairs) < 2:
        raise InputError(
            f"{registry.folder} has one model with answers to {assay.short}; "
            "provenance needs two at least"
        )
    responses = answers_of(registry, assay, panel)
    records = {m.name: m for m in registry.models()}
    declared = dict(declared or {})
    return Material(assay, responses, panel.pairs, panel.flags, lineage, records, declared)
