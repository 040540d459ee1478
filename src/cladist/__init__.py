"""cladist reads a language model's DNA from how it behaves, and tells whose descendant it is."""

from __future__ import annotations

from cladist.version import __version__

# Type checkers take a constant of this name for true; importing `typing` for it would take
# longer than all the rest here.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from cladist.catalog import assay, probe_set
    from cladist.core.assay import Assay, EncoderSpec, Protocol
    from cladist.core.distances import DistanceMatrix
    from cladist.core.dna import DNA
    from cladist.core.responses import Response, ResponseSet, State
    from cladist.core.tree import Tree
    from cladist.errors import CladistError
    from cladist.phylogeny.draw_text import draw_text
    from cladist.phylogeny.plots import plot_distances, plot_intervals, plot_tree
    from cladist.workflows.auditing import audit
    from cladist.workflows.clock import clock
    from cladist.workflows.dedupe import dedupe
    from cladist.workflows.extracting import extract, import_responses, open_registry
    from cladist.workflows.kinship_test import KinshipTest
    from cladist.workflows.neighbors import neighbors
    from cladist.workflows.parents import ParentRule, parents
    from cladist.workflows.portfolio import portfolio
    from cladist.workflows.predict import evaluate_predictions, features, predict
    from cladist.workflows.reporting import report
    from cladist.workflows.route import fit_routing, route
    from cladist.workflows.sameness import same_model
    from cladist.workflows.study_tree import study_tree
    from cladist.workflows.toy import toy_families, toy_registry
    from cladist.workflows.trees import distances, family_tree, newick, root_tree, tree

_PLACES = {
    "Assay": "cladist.core.assay",
    "assay": "cladist.catalog",
    "audit": "cladist.workflows.auditing",
    "CladistError": "cladist.errors",
    "clock": "cladist.workflows.clock",
    "dedupe": "cladist.workflows.dedupe",
    "DistanceMatrix": "cladist.core.distances",
    "distances": "cladist.workflows.trees",
    "DNA": "cladist.core.dna",
    "draw_text": "cladist.phylogeny.draw_text",
    "EncoderSpec": "cladist.core.assay",
    "evaluate_predictions": "cladist.workflows.predict",
    "extract": "cladist.workflows.extracting",
    "family_tree": "cladist.workflows.trees",
    "features": "cladist.workflows.predict",
    "fit_routing": "cladist.workflows.route",
    "import_responses": "cladist.workflows.extracting",
    "KinshipTest": "cladist.workflows.kinship_test",
    "neighbors": "cladist.workflows.neighbors",
    "newick": "cladist.workflows.trees",
    "open_registry": "cladist.workflows.extracting",
    "ParentRule": "cladist.workflows.parents",
    "parents": "cladist.workflows.parents",
    "plot_distances": "cladist.phylogeny.plots",
    "plot_intervals": "cladist.phylogeny.plots",
    "plot_tree": "cladist.phylogeny.plots",
    "portfolio": "cladist.workflows.portfolio",
    "predict": "cladist.workflows.predict",
    "probe_set": "cladist.catalog",
    "Protocol": "cladist.core.assay",
    "report": "cladist.workflows.reporting",
    "Response": "cladist.core.responses",
    "ResponseSet": "cladist.core.responses",
    "root_tree": "cladist.workflows.trees",
    "route": "cladist.workflows.route",
    "same_model": "cladist.workflows.sameness",
    "State": "cladist.core.responses",
    "study_tree": "cladist.workflows.study_tree",
    "toy_families": "cladist.workflows.toy",
    "toy_registry": "cladist.workflows.toy",
    "Tree": "cladist.core.tree",
    "tree": "cladist.workflows.trees",
}
"""Public name -> module; a module is imported when its first name is used."""

__all__ = [
    "DNA",
    "Assay",
    "CladistError",
    "DistanceMatrix",
    "EncoderSpec",
    "KinshipTest",
    "ParentRule",
    "Protocol",
    "Response",
    "ResponseSet",
    "State",
    "Tree",
    "__version__",
    "assay",
    "audit",
    "clock",
    "dedupe",
    "distances",
    "draw_text",
    "evaluate_predictions",
    "extract",
    "family_tree",
    "features",
    "fit_routing",
    "import_responses",
    "neighbors",
    "newick",
    "open_registry",
    "parents",
    "plot_distances",
    "plot_intervals",
    "plot_tree",
    "portfolio",
    "predict",
    "probe_set",
    "report",
    "root_tree",
    "route",
    "same_model",
    "study_tree",
    "toy_families",
    "toy_registry",
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
