"""How the models of a registry were asked: which settings their servers did not take."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from cladist.core.assay import Protocol
from cladist.registry.records import ModelRecord, clean_text
from cladist.registry.store import Registry

__all__ = ["refuse_settings", "refused_settings"]


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
