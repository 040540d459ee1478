"""Whether what a registry holds is still that which something was fitted on."""

from __future__ import annotations

from cladist.core.assay import Protocol
from cladist.core.hashing import digest
from cladist.registry.store import Registry

__all__ = ["answers_state", "dna_state"]


def dna_state(registry: Registry) -> str:
    """A token that changes whenever a DNA is added, altered or removed; '' for a registry of none.

    The registry's journal of changes gives it, so nothing is read or hashed. A DNA is made anew
    when the answers behind it change.
    """
    last = registry._one("SELECT seq, token FROM dna_change ORDER BY seq DESC LIMIT 1")
    return "" if last is None else f"{last[0]}:{bytes(last[1]).hex()}"


def answers_state(registry: Registry, protocol: Protocol) -> str:
    """A token that changes whenever an answer to a protocol, or the name of who gave it, does.

    The database itself draws a new number with every change, so no answer is read. Answers of
    models that stand in count as `Registry.responses` counts them. O(models).
    """
    row = registry._one("SELECT id FROM protocol WHERE digest = ?", (protocol.digest,))
    if row is None:
        return ""
    elsewhere = registry.standing_in(protocol)
    tokens: dict[tuple[int, int], str] = {}
    for place in {int(row[0]), *elsewhere.values()}:
        known = registry._all(
            "SELECT model_id, token FROM answers_state WHERE protocol_id = ?", (place,)
        )
        tokens |= {(place, int(model)): bytes(token).hex() for model, token in known}
    found = []
    for model in registry.answering(protocol):
        key = (elsewhere.get(model.id, int(row[0])), model.id)
        found.append([*key, model.name, tokens.get(key, "")])
    return digest(found)
