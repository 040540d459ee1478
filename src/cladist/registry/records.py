"""What a registry hands out, and how typed data goes into its columns."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from cladist.core.assay import Assay, Decoding, EncoderSpec, Method, Projection, Protocol
from cladist.core.dna import DNA
from cladist.core.hashing import canonical_json
from cladist.core.origins import UNTOLD, Origin
from cladist.core.probes import ProbeSet
from cladist.core.responses import Response, State

TOLD_COLUMNS = (
    "state, text, tokens, detail, served, configuration, provider, thoughts, distribution"
)
"""Columns of an answer, in the order of `unpack_response`."""
ANSWER_COLUMNS = f"protocol_id, model_id, probe, sample, {TOLD_COLUMNS}"
ANSWER_UPDATES = ", ".join(f"{c} = excluded.{c}" for c in TOLD_COLUMNS.split(", "))
"""What an answer that takes the place of a failed request changes."""


@dataclass(frozen=True, slots=True)
class ModelRecord:
    """A model of the registry."""

    id: int
    name: str
    uri: str
    fingerprint: str
    metadata: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class StoredDNA:
    """A DNA with what is recorded beside it."""

    dna: DNA
    encoders: tuple[str, ...]


def clean_text(text: str) -> str:
    """Text that every UTF-8 reader accepts: lone surrogates become U+FFFD."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def pack_told(response: Response) -> tuple[str, str, str, str, bytes]:
    """The last five of `TOLD_COLUMNS`: who answered, the thoughts before it, a distribution."""
    origin = response.origin
    told = (origin.model, origin.configuration, origin.provider, response.thoughts)
    first, second, third, fourth = map(clean_text, told)
    return first, second, third, fourth, response.distribution


Told = tuple[str, str, int | None, str, str, str, str, str, bytes]
"""What `TOLD_COLUMNS` hold of one answer."""


def unpack_response(*columns: *Told) -> Response:
    """An answer from its `TOLD_COLUMNS`."""
    state, text, tokens, detail, served, configuration, provider, thoughts, distribution = columns
    told = served or configuration or provider
    origin = Origin(served, configuration, provider) if told else UNTOLD
    return Response(text, State(state), tokens, detail, origin, thoughts, distribution)


def pack_probes(probes: ProbeSet) -> str:
    """Column text of a probe set."""
    return canonical_json(probes.as_data())


def unpack_protocol(name: str, probes: str, decoding: str) -> Protocol:
    """A protocol from its columns."""
    return Protocol(
        name, ProbeSet.from_data(json.loads(probes), name), Decoding(**json.loads(decoding))
    )


def pack_decoding(decoding: Decoding) -> str:
    """Column text of a decoding."""
    return canonical_json(decoding.as_data())


def unpack_assay(name: str, protocol: Protocol, method: str, description: str) -> Assay:
    """An assay from its columns."""
    data = json.loads(method)
    return Assay(
        name,
        protocol,
        Method(
            name,
            tuple(
                EncoderSpec(e["name"], e["options"], float(e["weight"])) for e in data["encoders"]
            ),
            Projection(**data["projection"]),
            data["metric"],
            data["metric_options"],
        ),
        description,
    )


def unpack_dna(
    model: str,
    assay: str,
    vector: bytes,
    usable: int,
    probes: int,
    notes: str,
    blocks: bytes | None = None,
) -> DNA:
    """A DNA from its columns."""
    values = np.frombuffer(vector, dtype="<f4").astype(np.float32)
    per_probe = None
    if blocks is not None:
        per_probe = np.frombuffer(blocks, dtype="<f2").astype(np.float16)
        per_probe = per_probe.reshape(probes, len(values))
    return DNA(model, assay, values, per_probe, usable, probes, tuple(json.loads(notes)))
