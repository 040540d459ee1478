"""Answers and prompts as the bytes of a pack, without loss, and back."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from cladist.attestation.envelope import strict_json
from cladist.core.assay import Decoding, Protocol
from cladist.core.origins import Origin
from cladist.core.probes import ProbeSet
from cladist.core.responses import Response, ResponseSet, State
from cladist.errors import CladistError, InputError

__all__ = ["answers_from", "answers_to", "json_bytes", "protocol_from", "protocol_to"]

_PARTS = ("model", "configuration", "provider")


def json_bytes(data: Any) -> bytes:
    """JSON as a pack has it: the same bytes for the same data, and no byte beyond ASCII."""
    return (json.dumps(data, ensure_ascii=True, indent=1, sort_keys=True) + "\n").encode("ascii")


def answers_to(responses: Sequence[ResponseSet]) -> bytes:
    """JSON lines: for every model one that names it and its probes, then one for each probe.

    Lone surrogates are kept, escaped as JSON does. Thoughts are kept: they are a part of what came.
    """
    lines = []
    for r in responses:
        lines.append(json.dumps({"model": r.model, "probes": list(r.probe_ids)}))
        lines += [json.dumps([_told(x) for x in slot]) for slot in r.slots]
    return ("\n".join(lines) + "\n").encode("ascii")


def answers_from(raw: bytes, where: str) -> list[ResponseSet]:
    """The answers that `answers_to` wrote; `InputError` with the line for anything else."""
    lines = raw.split(b"\n")
    if lines[-1:] != [b""]:
        raise InputError(f"{where}: does not end with a whole line")
    found, at = [], 0
    while at < len(lines) - 1:
        head = strict_json(lines[at], f"{where}, line {at + 1}")
        try:
            model, probes = head["model"], tuple(head["probes"])
            if not isinstance(model, str) or not all(isinstance(p, str) for p in probes):
                raise TypeError("names that are no texts")
        except (TypeError, KeyError) as problem:
            raise InputError(f"{where}, line {at + 1}: names no model ({problem!s:.80})") from None
        slots = []
        for number in range(at + 1, at + 1 + len(probes)):
            here = f"{where}, line {number + 1}"
            if number >= len(lines) - 1:
                raise InputError(f"{here}: answers of '{model:.80}' are missing")
            slots.append(_slot(strict_json(lines[number], here), here))
        found.append(ResponseSet(model, probes, tuple(slots)))
        at += 1 + len(probes)
    return found


def protocol_to(protocol: Protocol) -> bytes:
    """Probes and how they were asked."""
    return json_bytes(
        {
            "name": protocol.name,
            "digest": protocol.digest,
            "probes": protocol.probes.as_data(),
            "decoding": protocol.decoding.as_data(),
        }
    )


def protocol_from(raw: bytes, where: str) -> Protocol:
    """The protocol that `protocol_to` wrote; `InputError` where it has not the digest it names."""
    data = strict_json(raw, where)
    try:
        asked = dict(data["decoding"])
        asked["unknown"] = tuple(asked.get("unknown", ()))
        made = Protocol(
            str(data["name"]), ProbeSet.from_data(data["probes"], where), Decoding(**asked)
        )
        told = data["digest"]
    except (TypeError, KeyError, ValueError, CladistError) as problem:
        raise InputError(f"{where}: no protocol ({problem!s:.160})") from None
    if made.digest != told:
        raise InputError(f"{where}: probes and decoding are not those of the digest it names")
    return made


def _told(r: Response) -> dict[str, Any]:
    whole: dict[str, Any] = {"text": r.text, "state": str(r.state)}
    rest = {"tokens": r.tokens, "detail": r.detail, "thoughts": r.thoughts}
    whole |= {k: v for k, v in rest.items() if v not in (None, "")}
    origin = {p: getattr(r.origin, p) for p in _PARTS}
    if any(origin.values()):
        whole["origin"] = origin
    return whole


def _slot(data: Any, where: str) -> tuple[Response, ...]:
    try:
        return tuple(_response(d) for d in data)
    except (TypeError, KeyError, ValueError, AttributeError) as problem:
        raise InputError(f"{where}: no answers ({problem!s:.80})") from None


def _response(data: Any) -> Response:
    texts = (data["text"], data.get("detail", ""), data.get("thoughts", ""))
    tokens = data.get("tokens")
    if not all(isinstance(t, str) for t in texts) or isinstance(tokens, bool):
        raise TypeError("a text or a count that is none")
    if tokens is not None and not isinstance(tokens, int):
        raise TypeError("a count that is none")
    origin = data.get("origin", {})
    if set(origin) - set(_PARTS) or not all(isinstance(v, str) for v in origin.values()):
        raise TypeError("an origin that is none")
    return Response(texts[0], State(data["state"]), tokens, texts[1], Origin(**origin), texts[2])
