"""The registry: models, assays, responses and DNA that survive."""

from cladist.registry.records import ModelRecord, StoredDNA
from cladist.registry.store import Registry

__all__ = ["ModelRecord", "Registry", "StoredDNA"]
