"""Whether the DNAs of a registry are still those that something was fitted on."""

from __future__ import annotations

from cladist.registry.store import Registry

__all__ = ["dna_state"]


def dna_state(registry: Registry) -> str:
    """A token that changes whenever a DNA is added, altered or removed; '' for a registry of none.

    The registry's journal of changes gives it, so nothing is read or hashed. A DNA is made anew
    when the answers behind it change.
    """
    last = registry._one("SELECT seq, token FROM dna_change ORDER BY seq DESC LIMIT 1")
    return "" if last is None else f"{last[0]}:{bytes(last[1]).hex()}"
