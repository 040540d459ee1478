"""What is in a registry, and what is known of one of its models?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from cladist.core.assay import Assay, Protocol
from cladist.core.origins import PARTS, listed, parts
from cladist.core.responses import Response, ResponseSet
from cladist.core.results import Result
from cladist.extraction.comparable import about_origins, about_refused
from cladist.extraction.missing import listed_reasons, reasons
from cladist.registry import ModelRecord, Registry, StoredDNA
from cladist.registry.asked import refused_settings

__all__ = ["AskedModel", "Contents", "ShownModel", "list_models", "open_registry", "show_model"]

ANSWERS = 3
"""Answers to each protocol that are given as data unless told."""


def open_registry(folder: str | Path, *, create: bool = True) -> Registry:
    """Open the registry in a folder; see `cladist.registry.Registry.open`.

    Examples
    --------
    >>> import cladist, tempfile
    >>> with tempfile.TemporaryDirectory() as folder, cladist.open_registry(folder) as lab:
    ...     len(lab.models())
    0
    """
    return Registry.open(folder, create=create)


@dataclass(frozen=True)
class AskedModel:
    """What a model answered to one protocol, and what its server refused of it."""

    protocol: Protocol
    answers: ResponseSet
    refused: Mapping[str, str]

    def first(self, count: int) -> list[tuple[str, str, Response]]:
        """Id and text of the probe, and the answer, of the first answers."""
        pairs = [
            (probe.id, probe.text, response)
            for probe, slot in zip(self.protocol.probes.probes, self.answers.slots)
            for response in slot
        ]
        return pairs[:count]

    def served(self) -> list[tuple[str, str]]:
        """What an endpoint told of who answered: a field, and its values with their counts."""
        origins = self.answers.origins()
        told = [(field, parts(origins, field)) for field in PARTS]
        return [(field, listed(found)) for field, found in told if any(found)]

    def notes(self) -> tuple[str, ...]:
        """What users of the answers should know of how they came."""
        refused = about_refused(self.refused, self.protocol.decoding)
        return (*refused, *about_origins(self.answers.origins()))

    def missing(self) -> str:
        """Why answers are missing, '' where none is."""
        found = reasons(self.answers)
        return listed_reasons(found) if found else ""


@dataclass(frozen=True, repr=False)
class ShownModel(Result):
    """Identity, DNA and answers of one model.

    record    its name, address and fingerprint
    measured  its DNAs, each with the assay
    asked     its answers, by protocol
    """

    record: ModelRecord
    measured: tuple[tuple[Assay, StoredDNA], ...]
    asked: tuple[AskedModel, ...]

    def rows(self) -> list[dict[str, Any]]:
        """A row a DNA."""
        return [{"model": self.record.name, **_dna_as_data(a, s)} for a, s in self.measured]

    def to_dict(self, answers: int = ANSWERS) -> dict[str, Any]:
        """All of it as plain data, with so many answers to each protocol."""
        return {
            "name": self.record.name,
            "uri": self.record.uri,
            "fingerprint": self.record.fingerprint,
            "metadata": dict(self.record.metadata),
            "dna": [_dna_as_data(a, s) for a, s in self.measured],
            "responses": [_asked_as_data(a, answers) for a in self.asked],
        }

    def headline(self) -> str:
        """Its name, and how much is known of it."""
        return f"{self.record.name}, {len(self.measured)} DNAs, {len(self.asked)} protocols asked"


@dataclass(frozen=True, repr=False)
class Contents(Result):
    """Models and assays of a registry.

    models  those that fit, in order of arrival, each with the assays that it has a DNA by
    assays  all, each with the number of DNAs
    every   how many models there are
    """

    models: tuple[tuple[ModelRecord, tuple[str, ...]], ...]
    assays: tuple[tuple[Assay, int], ...]
    every: int

    def rows(self) -> list[dict[str, Any]]:
        """A row a model."""
        return [
            {
                "name": m.name,
                "uri": m.uri,
                "fingerprint": m.fingerprint,
                "metadata": dict(m.metadata),
                "assays": list(found),
            }
            for m, found in self.models
        ]

    def to_dict(self) -> dict[str, Any]:
        """Models that fit, and all assays, as plain data."""
        assays = [{"assay": a.short, "digest": a.digest, "dna": n} for a, n in self.assays]
        return {"models": self.rows(), "assays": assays}

    def headline(self) -> str:
        """How many models and assays."""
        return f"{self.every} models, {len(self.assays)} assays"


def list_models(registry: Registry, like: str = "") -> Contents:
    """Which models and assays are in a registry; with `like` models whose name holds that.

    Case does not matter.

    Examples
    --------
    >>> import cladist
    >>> with cladist.toy_registry() as lab:
    ...     found = cladist.list_models(lab, "CHAT")
    >>> found, len(found.models)
    (<Contents: 120 models, 1 assays>, 40)
    """
    assays = registry.assays()
    short = {a.digest: a.short for a in assays}
    every = registry.models()
    fits = [m for m in every if like.casefold() in m.name.casefold()]
    return Contents(
        tuple((m, tuple(short[d] for d in registry.assays_of(m))) for m in fits),
        tuple((a, registry.count_dnas(a)) for a in assays),
        len(every),
    )


def show_model(registry: Registry, model: str) -> ShownModel:
    """Identity, coverage, DNA and answers of one model; `UsageError` for an unknown one.

    Examples
    --------
    >>> import cladist
    >>> with cladist.toy_registry() as lab:
    ...     found = cladist.show_model(lab, "m00-chat")
    >>> found
    <ShownModel: m00-chat, 1 DNAs, 1 protocols asked>
    """
    record = registry.model(model)
    measured = [
        (assay, stored)
        for assay in registry.assays()
        for stored in registry.stored_dnas(assay)
        if stored.dna.model == model
    ]
    asked = [
        AskedModel(protocol, responses, refused_settings(registry, protocol, record))
        for protocol in registry.protocols()
        for responses in registry.responses(protocol, [model])
        if responses.states()
    ]
    return ShownModel(record, tuple(measured), tuple(asked))


def _dna_as_data(assay: Assay, stored: StoredDNA) -> dict[str, Any]:
    return {
        "assay": assay.short,
        "digest": stored.dna.digest,
        "dimensions": len(stored.dna.vector),
        "usable": stored.dna.usable,
        "probes": stored.dna.probes,
        "notes": list(stored.dna.notes),
        "encoders": list(stored.encoders),
        "vector": [float(v) for v in stored.dna.vector],
    }


def _asked_as_data(asked: AskedModel, count: int) -> dict[str, Any]:
    return {
        "protocol": asked.protocol.digest,
        "probes": asked.protocol.probes.name,
        "states": {k.value: v for k, v in asked.answers.states().items()},
        "origins": [{**asdict(o), "answers": n} for o, n in asked.answers.origins().items()],
        "refused_settings": dict(asked.refused),
        "missing": [{"answers": n, "words": words} for words, n in reasons(asked.answers)],
        "answers": [
            {
                "probe": probe,
                "prompt": text,
                "state": r.state.value,
                "response": r.text,
                "detail": r.detail,
                "thoughts": r.thoughts,
            }
            for probe, text, r in asked.first(count)
        ],
    }
