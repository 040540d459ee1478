"""A verdict and everything from which it follows, as the files of a pack."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from cladist.attestation.answers import answers_from, json_bytes
from cladist.attestation.envelope import strict_json
from cladist.core.assay import Protocol
from cladist.core.responses import ResponseSet
from cladist.core.secret import Secret
from cladist.errors import InputError
from cladist.kinship.inference.labels import Labels

__all__ = [
    "ANSWERS",
    "LABELS",
    "PROTOCOL",
    "Case",
    "labels_from",
    "labels_to",
    "plain",
    "sets_from",
]

PROTOCOL, ANSWERS, LABELS = "protocol.json", "answers.jsonl", "labels.json"


@dataclass(frozen=True)
class Case:
    """A verdict, and everything from which it follows.

    secret  of the draw by which probes were chosen, None where it was no secret
    asked   the model whose answers were asked for by that draw
    """

    kind: str
    question: Mapping[str, Any]
    files: Mapping[str, bytes]
    result: Any
    secret: Secret | None = None
    asked: str = ""


def plain(data: Any) -> Any:
    """Plain JSON data: tuples as lists, and None where a number is not there."""
    if isinstance(data, float) and not math.isfinite(data):
        return None
    if isinstance(data, Mapping):
        return {str(k): plain(v) for k, v in data.items()}
    if isinstance(data, list | tuple):
        return [plain(v) for v in data]
    return data


def labels_to(labels: Labels | None) -> dict[str, bytes]:
    """The file of declared families, one a model; none where none are declared."""
    return {} if labels is None else {LABELS: json_bytes(plain(asdict(labels)))}


def labels_from(files: Mapping[str, bytes], models: int) -> Labels | None:
    """The families that `labels_to` wrote; `InputError` for those of another number of models."""
    if LABELS not in files:
        return None
    data = strict_json(files[LABELS], LABELS)
    labels = Labels(tuple(data["families"]), tuple(data["groups"]))
    if len(labels.families) != models:
        raise InputError(f"{LABELS}: not as many families as models")
    return labels


def sets_from(files: Mapping[str, bytes], name: str, protocol: Protocol) -> list[ResponseSet]:
    """Answers of a file, all to the probes of the protocol; else `InputError`."""
    found = answers_from(files[name], name)
    for r in found:
        if r.probe_ids != protocol.probes.ids:
            raise InputError(f"the answers of '{r.model:.80}' are to other probes than the pack's")
    return found
