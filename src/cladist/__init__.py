"""cladist reads a language model's DNA from how it behaves, and tells whose descendant it is."""

from __future__ import annotations

from cladist.version import __version__

# Type checkers take a constant of this name for true; importing `typing` for it would take
# longer than all the rest here.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from cladist.api import (
        distances,
        extract,
        family_tree,
        import_responses,
        newick,
        open_registry,
        tree,
    )
    from cladist.catalog import assay, probe_set
    from cladist.core.assay import Assay
    from cladist.core.distances import DistanceMatrix
    from cladist.core.dna import DNA
    from cladist.core.responses import Response, ResponseSet, State
    from cladist.core.tree import Tree
    from cladist.errors import CladistError


_PLACES = {
    "Assay": "cladist.core.assay",
    "CladistError": "cladist.errors",
    "DNA": "cladist.core.dna",
    "DistanceMatrix": "cladist.core.distances",
    "Response": "cladist.core.responses",
    "ResponseSet": "cladist.core.responses",
    "State": "cladist.core.responses",
    "Tree": "cladist.core.tree",
    "assay": "cladist.catalog",
    "distances": "cladist.api",
    "extract": "cladist.api",
    "family_tree": "cladist.api",
    "import_responses": "cladist.api",
    "newick": "cladist.api",
    "open_registry": "cladist.api",
    "probe_set": "cladist.catalog",
    "tree": "cladist.api",
}
"""Public name -> module; a module is imported when its first name is used."""

__all__ = [
    "DNA",
    "Assay",
    "CladistError",
    "DistanceMatrix",
    "Response",
    "ResponseSet",
    "State",
    "Tree",
    "__version__",
    "assay",
    "distances",
    "extract",
    "family_tree",
    "import_responses",
    "newick",
    "open_registry",
    "probe_set",
    "tree",
]


def __getattr__(name: str) -> object:
    if name in _PLACES:
        from importlib import import_module

        value = getattr(import_module(_PLACES[name]), name)
        globals()[name] = value
        return value
    raise AttributeError(f"module 'cladist' has no attribute '{name}'")


def __dir__() -> list[str]:
    return sorted(set(globals()) | set(_PLACES))
