"""Which commands there are, in which group each stands, and what they were called before."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Group:
    """Commands that belong together.

    Attributes
    ----------
    help : str
        The question that the group answers, shown first in its help.
    members : dict of str to str
        Name -> where the command is, as ``module:name`` in this package; the name is that of a
        function, or of an app with several commands.
    app : str
        An app whose commands are members too, under the names that it gives them.
    default : str
        The member that is meant where none is named: ``cladist tree -r lab`` is
        ``cladist tree draw -r lab``.
    """

    help: str
    members: dict[str, str] = field(default_factory=dict)
    app: str = ""
    default: str = ""


COMMANDS: dict[str, str | Group] = {
    "identify": "identify:identify",
    "extract": "extract:extract",
    "compare": Group(
        "Are these models related, the same, or near each other?",
        {
            "kinship": "kinship:kinship",
            "relatives": "relatives:relatives",
            "same": "same:same",
            "distances": "distances:distances",
        },
        default="kinship",
    ),
    "tree": Group(
        "How do the models of a registry descend from each other?",
        {
            "draw": "tree:tree",
            "ancestry": "ancestry:ancestry",
            "network": "network:network",
            "clock": "clock:clock",
            "place": "place:place",
            "compare": "compare_trees:compare_trees",
        },
        default="draw",
    ),
    "map": Group(
        "Where does each model lie among all others?",
        {"draw": "map:map_models", "serve": "serve:serve", "atlas": "atlas:atlas"},
        default="draw",
    ),
    "report": "report:report",
    "watch": "watch:watch",
    "registry": Group(
        "What is in a registry, how does it get in and out, and is it sound?",
        {
            "import": "importing:import_file",
            "list": "listing:list_models",
            "show": "show:show",
            "dedupe": "dedupe:dedupe",
            "verify": "verify:verify",
            "export": "export:export",
            "backup": "export:backup",
        },
    ),
    "reference": Group(
        "Which known models can a new one be held against?",
        {"panel": "panel:app"},
        app="reference:app",
    ),
    "provenance": Group(
        "Is what was declared of a model's descent true, and how is it stated?",
        {
            "audit": "audit:audit",
            "declared": "declared:declared",
            "bom": "bom:bom",
            "croissant": "bom:croissant",
            "lineage": "lineage:app",
            "endpoint": "endpoint:endpoint",
            "trends": "trends:trends",
            "statement": "statement:app",
            "verify-statement": "statement:verify_statement",
        },
    ),
    "scores": Group(
        "Which model will do best, judged by its DNA and past records?",
        {
            "predict": "predict:predict",
            "route": "route:route",
            "portfolio": "portfolio:portfolio",
        },
    ),
    "lab": Group(
        "What is cladist made of, and how do its methods do on models of known descent?",
        {
            "demo": "demo:demo",
            "doctor": "doctor:doctor",
            "assays": "assays:assays",
            "probes": "probes:probes",
        },
        app="lab:app",
    ),
}
"""What `cladist --help` lists: a command, or a group of them. At most a dozen."""

RETIRED: dict[str, str] = {
    "ancestry": "tree ancestry",
    "assays": "lab assays",
    "atlas": "map atlas",
    "audit": "provenance audit",
    "backup": "registry backup",
    "bom": "provenance bom",
    "clock": "tree clock",
    "compare-trees": "tree compare",
    "croissant": "provenance croissant",
    "declared": "provenance declared",
    "dedupe": "registry dedupe",
    "demo": "lab demo",
    "distances": "compare distances",
    "doctor": "lab doctor",
    "export": "registry export",
    "import": "registry import",
    "kinship": "compare kinship",
    "lineage": "provenance lineage",
    "list": "registry list",
    "network": "tree network",
    "panel": "reference panel",
    "place": "tree place",
    "portfolio": "scores portfolio",
    "predict": "scores predict",
    "probes": "lab probes",
    "relatives": "compare relatives",
    "route": "scores route",
    "same": "compare same",
    "serve": "map serve",
    "show": "registry show",
    "verify": "registry verify",
}
"""Old name -> where the command stands now. Old names work until version 0.4, with a remark."""

SHORT: dict[str, str] = {
    "endpoint": "provenance endpoint",
    "statement": "provenance statement",
    "verify-statement": "provenance verify-statement",
}
"""Commands that may be called without the name of their group, for good: others are told to."""

RENAMED: dict[str, dict[str, str]] = {
    "ancestry": {"--replicates": "--support"},
    "atlas": {"--maps": "--map"},
    "clock": {"--groups": "--labels"},
    "extract": {"--workers": "--jobs"},
    "network": {"--groups": "--labels"},
    "place": {"--replicates": "--support"},
    "serve": {"--maps": "--map"},
    "tree": {"--groups": "--labels"},
}
"""Function of a command -> old option -> new one. Old ones work until version 0.4."""

NOW_A_FLAG: dict[tuple[str, str], str] = {("report", "--json"): "--data"}
"""(Function of a command, option) -> the option that takes the file which this one took before."""
