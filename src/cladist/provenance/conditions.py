"""Under which conditions a model was asked, what limits that sets, and how to do it again."""

from __future__ import annotations

import platform
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import metadata
from typing import Any

from cladist.core.assay import UNRECORDED
from cladist.kinship.inference.assumed import no_exclusion
from cladist.provenance.making import Making
from cladist.provenance.material import Material
from cladist.registry import Registry

__all__ = ["Conditions", "Limit", "conditions_of", "limits_of"]


@dataclass(frozen=True)
class Conditions:
    """Identity, extraction and everything that reproduces a report.

    answers   SHA-256 over the names and answers of all models compared
    commands  lines for a shell that make the answers and the report again
    """

    name: str
    uri: str
    fingerprint: str
    metadata: Mapping[str, str]
    licence: str
    date: str
    assay: str
    assay_digest: str
    protocol_digest: str
    decoding: Mapping[str, Any]
    interface: str
    probes: int
    answered: int
    states: Mapping[str, int]
    dna: str
    notes: tuple[str, ...]
    encoders: tuple[str, ...]
    models: int
    answers: str
    seed: int
    versions: Mapping[str, str]
    commands: tuple[str, ...]
    making: Making


@dataclass(frozen=True, slots=True)
class Limit:
    """One limit in plain words."""

    title: str
    text: str


def conditions_of(
    registry: Registry,
    material: Material,
    model: str,
    alpha: float,
    making: Making,
    seed: int,
) -> Conditions:
    """The conditions of `model`, with the commands that give them again."""
    record = material.records[model]
    responses = material.responses[material.pairs.index(model)]
    assay = material.assay
    stored = [s for s in registry.stored_dnas(assay) if s.dna.model == model]
    interface = registry.interface(registry.add_protocol(assay.protocol), record)
    decoding = assay.protocol.decoding
    shown = decoding.told()
    where = making.registry or "REGISTRY"
    how = ["--like", where] if decoding.unsure else ["--assay", assay.name]
    again = ["cladist", "report", model, "--assay", assay.short, "--alpha", f"{alpha:g}"]
    again += ["--seed", str(seed), "--registry", where, *making.options()]
    commands = [shlex.join(again)]
    if record.uri.partition(":")[0] != "recorded":
        ask = ["cladist", "extract", record.uri, *how, "--registry", where]
        commands.insert(0, shlex.join(ask))
    return Conditions(
        record.name, record.uri, record.fingerprint, dict(record.metadata),
        material.lineage.licence(model), material.lineage.dates.get(model, ""),
        assay.short, assay.digest, assay.protocol.digest, shown, interface,
        len(responses.probe_ids), int(responses.usable().sum()),
        {k.value: v for k, v in sorted(responses.states().items())},
        stored[0].dna.digest if stored else "",
        stored[0].dna.notes if stored else (),
        stored[0].encoders if stored else (),
        len(material.pairs), material.digest(), seed, _versions(), tuple(commands), making,
    )  # fmt: skip


def _versions() -> dict[str, str]:
    found = {"python": platform.python_version()}
    for package in ("cladist", "numpy", "scipy", "scikit-learn"):
        found[package] = metadata.version(package)
    return found


BEHAVIOUR = Limit(
    "Behaviour, not weights",
    "Everything rests on what the models answered. A model that was trained on another's "
    "answers shares what it says without sharing weights; this cannot be told apart here.",
)
NO_FAMILIES = Limit(
    "No declared families",
    "Families were guessed from tight clusters. Without known kin nobody can be called "
    "unrelated, no probability of a foundation can be given, and missed kin among the "
    "comparison make the test milder.",
)
AVERAGES = Limit(
    "Error rates are averages",
    "The stated rate of false findings holds on average over unrelated models of other "
    "makers. Models of one maker that share data, but not weights, lie in between.",
)


def limits_of(
    material: Material, c: Conditions, calibrated: bool, labelled: bool, basis: str
) -> tuple[Limit, ...]:
    """What the evidence of this very report cannot carry, most important first."""
    out = []
    if not calibrated:
        out.append(
            Limit(
                "Too small a registry for calibrated claims",
                f"How alike unrelated models are could not be measured here ({basis}). Nothing "
                "in this report is a finding of kinship; the order of relatives is an order and "
                "no more. Add unrelated models to the registry and make the report again.",
            )
        )
    out.append(BEHAVIOUR)
    if not labelled:
        out.append(NO_FAMILIES)
    out += [*_of_asking(c, material.doubted.get(c.name, ())), *_of_endpoint(c)]
    out.append(
        Limit(
            "The true relative may be missing",
            f"Only the {len(material.pairs) - 1} other models of this registry were considered. A "
            "sibling stands in for a parent that is not among them.",
        )
    )
    return (*out, AVERAGES)


def _of_asking(c: Conditions, doubted: tuple[str, ...]) -> list[Limit]:
    """Limits of how the answers were asked for; `doubted` are settings that are assumed."""
    out = []
    temperature = c.decoding.get("temperature", 0.0)
    if isinstance(temperature, float | int) and temperature > 0:
        out.append(
            Limit(
                "Sampled answers",
                "Answers were drawn at random, which hides much of what greedy answers show, and "
                "tells hardly anything about direction.",
            )
        )
    if UNRECORDED in c.decoding.values():
        out.append(
            Limit(
                "Recorded answers",
                "The answers were recorded elsewhere. How they were asked for, and whether they "
                "are this model's, cannot be checked here.",
            )
        )
    if doubted:
        out.append(
            Limit(
                "Settings that are assumed",
                f"{no_exclusion(doubted).capitalize()}. So this model is called unrelated to none "
                "of them. Findings of kinship are not made easier by it.",
            )
        )
    if c.interface == "chat":
        out.append(
            Limit(
                "Asked through chat",
                "Chat answers show style more than ancestry, and a system prompt that is not "
                "known may change them.",
            )
        )
    if c.answered < 0.8 * c.probes:
        out.append(
            Limit(
                "Missing answers",
                f"{c.probes - c.answered} of {c.probes} probes have no usable answer.",
            )
        )
    return out


def _of_endpoint(c: Conditions) -> list[Limit]:
    """Limits of who answered."""
    out = []
    refused = [n.removesuffix("-not-settable") for n in c.notes if n.endswith("-not-settable")]
    if refused:
        out.append(
            Limit(
                "Settings that the server did not take",
                f"The server refuses {' and '.join(refused)}; its own default was used. Answers "
                "that were drawn at random where the others are the likeliest ones make models "
                "look less alike than they are.",
            )
        )
    if any(n.startswith("several-") or n == "partly-unknown-model" for n in c.notes):
        out.append(
            Limit(
                "Several servers behind one name",
                "The answers came under several configurations or providers, or not all of them "
                "tell which model gave them. They may not all be of the same model; 'cladist "
                "show' lists them.",
            )
        )
    if c.fingerprint.startswith("openai:"):
        out.append(
            Limit(
                "An endpoint, not a file",
                "What answers behind an address can change without notice; the fingerprint is that "
                "of the address. 'cladist watch' tells of changes.",
            )
        )
    return out
