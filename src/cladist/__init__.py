"""cladist reads a language model's DNA from how it behaves, and tells whose descendant it is."""

from __future__ import annotations

from cladist.version import __version__

# Type checkers take a constant of this name for true; importing `typing` for it would take
# longer than all the rest here.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from cladist.atlas.mapping import map_models as map
    from cladist.catalog import assay, probe_set
    from cladist.core.assay import Assay, Decoding, EncoderSpec, Method, Protocol
    from cladist.core.distances import DistanceMatrix
    from cladist.core.dna import DNA
    from cladist.core.features import DenseFeatures, SparseFeatures
    from cladist.core.progress import Listener
    from cladist.core.responses import Response, ResponseSet, State
    from cladist.core.results import Results
    from cladist.core.tree import Tree
    from cladist.descent import ParentRule
    from cladist.encoders import register_encoder
    from cladist.errors import CladistError
    from cladist.extraction.archived import import_archive
    from cladist.extraction.verify import verify
    from cladist.kinship.panel.saved import Panel
    from cladist.ladder.checking import check_endpoint
    from cladist.models.budget import Limits
    from cladist.phylogeny.compare import compare_trees
    from cladist.phylogeny.draw_text import draw_text
    from cladist.phylogeny.plots import new_axes, plot_distances, plot_intervals, plot_tree
    from cladist.references.installed import Reference
    from cladist.references.layouts import Answers, register_layout
    from cladist.workflows.auditing import audit
    from cladist.workflows.clock import clock
    from cladist.workflows.dedupe import dedupe
    from cladist.workflows.exchange import to_anndata
    from cladist.workflows.extracting import extract, import_responses
    from cladist.workflows.extracting_many import extract_models
    from cladist.workflows.identify import identify
    from cladist.workflows.kinship_test import KinshipTest
    from cladist.workflows.neighbors import neighbors
    from cladist.workflows.network import network
    from cladist.workflows.own_reference import add_reference
    from cladist.workflows.panels import build_panel, nearest_in_panel
    from cladist.workflows.parents import parents
    from cladist.workflows.place import place
    from cladist.workflows.portfolio import portfolio
    from cladist.workflows.predict import evaluate_predictions, features, predict
    from cladist.workflows.reporting import report
    from cladist.workflows.reporting_beside import report_beside
    from cladist.workflows.route import fit_routing, route
    from cladist.workflows.sameness import same_model
    from cladist.workflows.showing import list_models, open_registry, show_model
    from cladist.workflows.study_tree import study_tree
    from cladist.workflows.toy import toy_families, toy_registry
    from cladist.workflows.tree_files import read_tree
    from cladist.workflows.trees import distances, family_tree, newick, root_tree, tree
    from cladist.workflows.watching import watch
    from cladist.workflows.watching_by_token import replay_watch, watch_by_token, watch_service

_PLACES = {
    "add_reference": "cladist.workflows.own_reference",
    "Answers": "cladist.references.layouts",
    "Assay": "cladist.core.assay",
    "assay": "cladist.catalog",
    "audit": "cladist.workflows.auditing",
    "build_panel": "cladist.workflows.panels",
    "CladistError": "cladist.errors",
    "check_endpoint": "cladist.ladder.checking",
    "clock": "cladist.workflows.clock",
    "compare_trees": "cladist.phylogeny.compare",
    "Decoding": "cladist.core.assay",
    "dedupe": "cladist.workflows.dedupe",
    "DenseFeatures": "cladist.core.features",
    "DistanceMatrix": "cladist.core.distances",
    "distances": "cladist.workflows.trees",
    "DNA": "cladist.core.dna",
    "draw_text": "cladist.phylogeny.draw_text",
    "EncoderSpec": "cladist.core.assay",
    "evaluate_predictions": "cladist.workflows.predict",
    "extract": "cladist.workflows.extracting",
    "extract_models": "cladist.workflows.extracting_many",
    "family_tree": "cladist.workflows.trees",
    "features": "cladist.workflows.predict",
    "fit_routing": "cladist.workflows.route",
    "identify": "cladist.workflows.identify",
    "import_archive": "cladist.extraction.archived",
    "import_responses": "cladist.workflows.extracting",
    "KinshipTest": "cladist.workflows.kinship_test",
    "Limits": "cladist.models.budget",
    "Listener": "cladist.core.progress",
    "list_models": "cladist.workflows.showing",
    "map": "cladist.atlas.mapping:map_models",
    "Method": "cladist.core.assay",
    "nearest_in_panel": "cladist.workflows.panels",
    "neighbors": "cladist.workflows.neighbors",
    "network": "cladist.workflows.network",
    "new_axes": "cladist.phylogeny.plots",
    "newick": "cladist.workflows.trees",
    "open_registry": "cladist.workflows.showing",
    "Panel": "cladist.kinship.panel.saved",
    "ParentRule": "cladist.descent",
    "parents": "cladist.workflows.parents",
    "place": "cladist.workflows.place",
    "plot_distances": "cladist.phylogeny.plots",
    "plot_intervals": "cladist.phylogeny.plots",
    "plot_tree": "cladist.phylogeny.plots",
    "portfolio": "cladist.workflows.portfolio",
    "predict": "cladist.workflows.predict",
    "probe_set": "cladist.catalog",
    "Protocol": "cladist.core.assay",
    "read_tree": "cladist.workflows.tree_files",
    "Reference": "cladist.references.installed",
    "register_encoder": "cladist.encoders",
    "register_layout": "cladist.references.layouts",
    "replay_watch": "cladist.workflows.watching_by_token",
    "report": "cladist.workflows.reporting",
    "report_beside": "cladist.workflows.reporting_beside",
    "Response": "cladist.core.responses",
    "ResponseSet": "cladist.core.responses",
    "Results": "cladist.core.results",
    "root_tree": "cladist.workflows.trees",
    "route": "cladist.workflows.route",
    "same_model": "cladist.workflows.sameness",
    "show_model": "cladist.workflows.showing",
    "SparseFeatures": "cladist.core.features",
    "State": "cladist.core.responses",
    "study_tree": "cladist.workflows.study_tree",
    "to_anndata": "cladist.workflows.exchange",
    "toy_families": "cladist.workflows.toy",
    "toy_registry": "cladist.workflows.toy",
    "Tree": "cladist.core.tree",
    "tree": "cladist.workflows.trees",
    "verify": "cladist.extraction.verify",
    "watch": "cladist.workflows.watching",
    "watch_by_token": "cladist.workflows.watching_by_token",
    "watch_service": "cladist.workflows.watching_by_token",
}
"""Public name -> module, and the name there if it is another; imported at its first use."""

__all__ = [
    "DNA",
    "Answers",
    "Assay",
    "CladistError",
    "Decoding",
    "DenseFeatures",
    "DistanceMatrix",
    "EncoderSpec",
    "KinshipTest",
    "Limits",
    "Listener",
    "Method",
    "Panel",
    "ParentRule",
    "Protocol",
    "Reference",
    "Response",
    "ResponseSet",
    "Results",
    "SparseFeatures",
    "State",
    "Tree",
    "__version__",
    "add_reference",
    "assay",
    "audit",
    "build_panel",
    "check_endpoint",
    "clock",
    "compare_trees",
    "dedupe",
    "distances",
    "draw_text",
    "evaluate_predictions",
    "extract",
    "extract_models",
    "family_tree",
    "features",
    "fit_routing",
    "identify",
    "import_archive",
    "import_responses",
    "list_models",
    "map",
    "nearest_in_panel",
    "neighbors",
    "network",
    "new_axes",
    "newick",
    "open_registry",
    "parents",
    "place",
    "plot_distances",
    "plot_intervals",
    "plot_tree",
    "portfolio",
    "predict",
    "probe_set",
    "read_tree",
    "register_encoder",
    "register_layout",
    "replay_watch",
    "report",
    "report_beside",
    "root_tree",
    "route",
    "same_model",
    "show_model",
    "study_tree",
    "to_anndata",
    "toy_families",
    "toy_registry",
    "tree",
    "verify",
    "watch",
    "watch_by_token",
    "watch_service",
]


def __getattr__(name: str) -> object:
    if name in _PLACES:
        from importlib import import_module

        module, _, other = _PLACES[name].partition(":")
        value = getattr(import_module(module), other or name)
        globals()[name] = value
        return value
    raise AttributeError(f"module 'cladist' has no attribute '{name}'")


def __dir__() -> list[str]:
    return sorted(set(globals()) | set(_PLACES))
