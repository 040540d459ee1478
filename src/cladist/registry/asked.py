"""How the models of a registry were asked: which settings their servers did not take, and which
may have been others than those of the models beside them."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from cladist.core.assay import Protocol
from cladist.core.comparable import doubts
from cladist.registry.records import ModelRecord, clean_text
from cladist.registry.store import Registry

__all__ = ["in_doubt", "refuse_settings", "refused_settings"]


def refused_settings(
    registry: Registry, protocol: Protocol, model: ModelRecord
) -> Mapping[str, str]:
    """Settings of the protocol that the model's server does not take, with its words."""
    rows = registry._all(
        "SELECT s.name, s.words FROM refused_setting s JOIN protocol p ON p.id = s.protocol_id "
        "WHERE p.digest = ? AND s.model_id = ? ORDER BY s.name",
        (protocol.digest, model.id),
    )
    return MappingProxyType({str(name): str(words) for name, words in rows})


def refuse_settings(
    registry: Registry, protocol: int, model: ModelRecord, refused: Mapping[str, str]
) -> None:
    """Remember settings that the server did not take; the first words for each stay."""
    if not refused:
        return
    rows = [(protocol, model.id, name, clean_text(words)) for name, words in refused.items()]
    with registry.transaction():
        registry._db.executemany("INSERT OR IGNORE INTO refused_setting VALUES (?, ?, ?, ?)", rows)


def in_doubt(
    registry: Registry, protocol: Protocol, *, greedy: bool = False
) -> dict[str, tuple[str, ...]]:
    """Models -> settings in which they may differ from the others that answered a protocol.

    Those that stand in for recorded models of which something was not recorded, and those whose
    servers did not take a setting of the decoding. Empty in most registries. `greedy` says that
    the answers of the others are seen to be so.
    """
    elsewhere = registry.standing_in(protocol)
    under = {registry.add_protocol(p): p for p in registry.protocols()} if elsewhere else {}
    refusing = registry._all(
        "SELECT DISTINCT s.model_id FROM refused_setting s JOIN protocol p ON p.id = s.protocol_id "
        "WHERE p.digest = ?",
        (protocol.digest,),
    )
    found: dict[str, tuple[str, ...]] = {}
    for model in registry.models() if elsewhere or refusing else ():
        if model.id not in elsewhere and (model.id,) not in refusing:
            continue
        own = under[elsewhere[model.id]] if model.id in elsewhere else protocol
        refused = refused_settings(registry, own, model)
        told = doubts(protocol.decoding, own.decoding, refused, greedy=greedy)
        if told:
            found[model.name] = told
    return found
