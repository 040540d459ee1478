"""Which models say what is common? A panel of a registry's, and who of it is nearest to a model."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from cladist.compare import resolved
from cladist.core.assay import Assay
from cladist.core.progress import Hear, unheard
from cladist.core.results import Results
from cladist.errors import CoverageError
from cladist.kinship.config import SEARCH
from cladist.kinship.panel.allele_index import load_index, save_index
from cladist.kinship.panel.saved import (
    Member,
    MemberLabel,
    Panel,
    index_panel,
    load_panel,
    nearest_members,
    score_against,
)
from cladist.kinship.panel.saved import (
    build_panel as freeze,
)
from cladist.registry import Registry
from cladist.workflows.named import LabelsLike, families_here

__all__ = ["build_panel", "index_of", "nearest_in_panel", "write_index"]


def build_panel(
    registry: Registry,
    models: Sequence[str] | None = None,
    *,
    assay: str | Assay = "",
    labels: LabelsLike = None,
    source: str = "",
    licence: str = "",
    hear: Hear = unheard,
) -> Panel:
    """Freeze models of a registry into a reference panel; `Panel.save` writes it.

    `labels` are declared families of its models, `source` and `licence` of the answers: they
    travel with the panel, and whoever tests against it needs no labels. Models without a usable
    answer are left out, which `hear` is told. Raises `UsageError` for an
    unknown model, `InputError` for fewer than three.

    Examples
    --------
    >>> import cladist
    >>> with cladist.toy_registry() as lab:
    ...     len(cladist.build_panel(lab))
    120
    """
    chosen = resolved(registry, assay)
    for name in models or ():
        registry.model(name)
    found = list(registry.responses(chosen.protocol, models or None))
    answered = [r for r in found if r.usable().any()]
    if len(answered) < len(found):
        hear(f"{len(found) - len(answered)} models have no usable answer and are left out")
    declared = families_here(labels, registry.models(), hear)
    told = [MemberLabel(m, d.family, d.group, d.date, d.licence) for m, d in declared.items()]
    return freeze(answered, chosen.protocol.digest, told, source=source, licence=licence)


def nearest_in_panel(
    registry: Registry,
    model: str,
    panel: Panel | str | Path,
    count: int = 10,
    *,
    candidates: int = SEARCH.candidates,
    assay: str | Assay = "",
) -> Results[Member]:
    """The members of a panel that a model of a registry is nearest to.

    Kinship is measured with everybody in panels of up to 1,000 models, else with `candidates`
    that are nearest by alleles; 0 ranks by alleles alone. Raises `UsageError` for an unknown
    model, `CoverageError` for one without answers, `InputError` for a damaged panel.

    Examples
    --------
    >>> import cladist
    >>> with cladist.toy_registry() as lab:
    ...     found = nearest_in_panel(lab, "m00-chat", cladist.build_panel(lab), 2)
    >>> sorted(m.model for m in found)
    ['m00-base', 'm00-code']
    """
    chosen = resolved(registry, assay)
    registry.model(model)
    (answers,) = registry.responses(chosen.protocol, [model])
    if not answers.usable().any():
        raise CoverageError(f"'{model}' has no usable answer to assay {chosen.short}")
    made = panel if isinstance(panel, Panel) else load_panel(Path(panel))
    protocol = chosen.protocol.digest
    if len(made.models) <= SEARCH.exhaustive and candidates:
        rows, _ = score_against(made, [answers], protocol)
        order = sorted(range(len(made.models)), key=lambda k: (-rows[0, k], k))
        found = [
            Member(made.models[k], None, float(rows[0, k]))
            for k in order
            if made.models[k] != answers.model
        ][:count]
    else:
        beside = None if isinstance(panel, Panel) else index_of(Path(panel))
        index = (
            load_index(beside, made.digest)
            if beside is not None and beside.exists()
            else index_panel(made)
        )
        found = nearest_members(made, index, answers, count, protocol, candidates=candidates)
    return Results(found, what="nearest")


def index_of(file: Path) -> Path:
    """Where the index of a panel file is kept."""
    return file.with_name(f"{file.name}.index")


def write_index(panel: Panel, file: Path) -> None:
    """Write the index that large panels are searched by, beside the file of the panel."""
    save_index(index_panel(panel), index_of(file))
