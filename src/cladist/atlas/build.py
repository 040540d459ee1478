"""From a registry to an atlas: everything that its documents tell, computed once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cladist.apply.maps import LABELS, LEAST, Kind, Layout, make_map
from cladist.atlas.columns import FAMILY, Column, columns_of, known_columns, read_metadata
from cladist.atlas.forest import Forest, group_names, likely_parents, make_tree
from cladist.atlas.kin import NOTHING, AnswerKin, VectorKin, measure
from cladist.atlas.lineage import lineage, read_declared
from cladist.atlas.source import Source, read_source
from cladist.core.assay import Assay
from cladist.core.lineage import Lineage
from cladist.core.progress import Progress, silent
from cladist.errors import InputError
from cladist.formats.labels import DeclaredModel, read_labels
from cladist.kinship.inference.identify import FamilyModel, Identification, fit_identifier, identify
from cladist.phylogeny.ancestry import Descent
from cladist.registry import Registry
from cladist.registry.kept import Kept
from cladist.registry.names import name_index

__all__ = ["Atlas", "Wishes", "build"]


MOST_REMARKS = 20
"""Remarks on declarations that are told one by one."""


@dataclass(frozen=True)
class Wishes:
    """What somebody wants of an atlas.

    title       shown above it; the registry's folder when empty
    maps        kinds of maps, the first shown first
    metadata    CSV with a column model and any others
    declared    CSV with columns model and parent, and relation if wanted
    labels      CSV with columns model and family, to calibrate verdicts and to name foundations
    alpha       false-positive rate of verdicts
    replicates  of the tree's bootstrap; None for what is quick
    seed        of the maps
    only_maps   leave out the tree, likely parents and families
    """

    title: str = ""
    maps: tuple[Kind, ...] = ("tsne", "umap", "pcoa")
    metadata: Path | None = None
    declared: Path | None = None
    labels: Path | None = None
    alpha: float = 0.01
    replicates: int | None = None
    seed: int = 0
    only_maps: bool = False


@dataclass(frozen=True, eq=False)
class Atlas:
    """All that is told about the models of a registry.

    metadata    of each model, of the registry and of the CSV
    parents     likely parents; None where they were not looked for
    families    probabilities of declared families; None without enough labels, with the reason
    remarks     what was left out, in sentences
    """

    source: Source
    title: str
    kin: AnswerKin | VectorKin
    metadata: tuple[Mapping[str, str], ...]
    columns: tuple[Column, ...]
    maps: tuple[Layout, ...]
    forest: Forest | None
    lineage: Mapping[str, Any] | None
    parents: tuple[Descent, ...] | None
    families: tuple[Identification, ...] | None
    families_note: str
    remarks: tuple[str, ...]


def build(
    registry: Registry,
    assay: Assay,
    wishes: Wishes = Wishes(),
    progress: Progress = silent,
    kept: Kept = NOTHING,
) -> Atlas:
    """Read, measure, draw. Costs those of `atlas.kin.measure`, of the maps and of the tree.

    Maps, trees and neighbours are taken from `kept` where it has them.

    Raises what reading the registry and the CSV files raises.
    """
    source = read_source(registry, assay)
    index, remarks = name_index(source.records), list[str]()
    given: Mapping[str, Mapping[str, str]] = {}
    known: Mapping[str, DeclaredModel] = {}
    said = Lineage()
    if wishes.metadata:
        given, told = index.apply(read_metadata(wishes.metadata), wishes.metadata.name)
        remarks += told
    else:
        given, told = known_columns(source.records)
        remarks += told
    if wishes.labels:
        known, told = index.apply(read_labels(wishes.labels), wishes.labels.name)
        remarks += told
    if wishes.declared:
        said = read_declared(wishes.declared, source.records)
        remarks += said.remarks[:MOST_REMARKS]
        if len(said.remarks) > MOST_REMARKS:
            remarks.append(f"{len(said.remarks) - MOST_REMARKS} more remarks on declarations")
    remarks += _strangers(source, given, wishes.metadata)
    kin = measure(registry, source, known, alpha=wishes.alpha, kept=kept, progress=progress)
    if kin.remark:
        remarks.append(kin.remark)
    metadata = tuple(
        {**r.metadata, **given.get(r.name, {})}
        if wishes.metadata
        else {**given.get(r.name, {}), **r.metadata}
        for r in source.records
    )
    columns, left = columns_of(metadata)
    if left:
        remarks.append(left)
    central = kin.pairs.score.sum(axis=1) if isinstance(kin, AnswerKin) else None
    groups = Column(
        FAMILY, "Measured group", "category", tuple(group_names(kin.family, source.names, central))
    )
    forest = None
    if not wishes.only_maps:
        forest = make_tree(registry, source, kin, wishes.replicates, kept, progress)
    maps = _maps(source, kin, wishes, kept, progress, remarks)
    parents = None
    families: tuple[tuple[Identification, ...] | None, str] = None, "no families are declared"
    if isinstance(kin, AnswerKin) and not wishes.only_maps:
        parents = tuple(likely_parents(source, kin, _dates(columns, len(source))))
        families = _families(kin, source, progress)
    return Atlas(
        source,
        wishes.title or registry.folder.resolve().name,
        kin,
        metadata,
        (groups, *columns),
        maps,
        forest,
        lineage(source, kin, said, wishes.declared.name) if wishes.declared else None,
        parents,
        families[0],
        families[1],
        tuple(remarks),
    )


def _strangers(
    source: Source, given: Mapping[str, Mapping[str, str]], path: Path | None
) -> list[str]:
    if path is None:
        return []
    here = sum(name in given for name in source.names)
    if not here:
        raise InputError(f"{path}: tells of none of the {len(source)} models here")
    missing = len(source) - here
    return [f"{path.name} tells nothing of {missing} models"] if missing else []


def _maps(
    source: Source,
    kin: AnswerKin | VectorKin,
    wishes: Wishes,
    kept: Kept,
    progress: Progress,
    remarks: list[str],
) -> tuple[Layout, ...]:
    n = len(kin.family)
    wanted = [k for k in dict.fromkeys(wishes.maps) if n >= LEAST[k]]
    remarks.extend(
        f"a map by {LABELS[k]} needs at least {LEAST[k]} models, here are {n}"
        for k in dict.fromkeys(wishes.maps)
        if k not in wanted
    )
    made = []
    for done, kind in enumerate(wanted):
        progress("maps", done, len(wanted))
        made.append(_map(kind, source, kin, wishes.seed, kept))
    progress("maps", len(wanted), len(wanted))
    if made and isinstance(kin, VectorKin):
        made = [replace(m, note=f"{m.note}; distances are those of DNAs") for m in made]
    return tuple(made)


def _map(kind: Kind, source: Source, kin: AnswerKin | VectorKin, seed: int, kept: Kept) -> Layout:
    def make() -> tuple[dict[str, NDArray[np.float64]], dict[str, str]]:
        drawn = make_map(kind, kin.space, seed=seed)
        return {"xy": drawn.xy}, {"note": drawn.note}

    key = ["map", kind, source.key, kin.stamp, seed]
    arrays, data = kept.result(key, make)
    return Layout(kind, LABELS[kind], data["note"], arrays["xy"])


def _dates(columns: Sequence[Column], count: int) -> list[str | None]:
    """Dates of the models: the column of dates with most entries, the first of equals."""
    dated = [c for c in columns if c.kind == "date"]
    if not dated:
        return [None] * count
    best = max(dated, key=lambda c: sum(v is not None for v in c.values))
    return [None if v is None else str(v) for v in best.values]


def _families(
    kin: AnswerKin, source: Source, progress: Progress
) -> tuple[tuple[Identification, ...] | None, str]:
    """Probabilities of declared families for every model, its own label not looked at."""
    if kin.labels is None:
        return None, "no families are declared (--labels)"
    try:
        fitted: FamilyModel = fit_identifier(kin.pairs, kin.labels)
    except InputError as problem:
        return None, str(problem)
    found = []
    for done, name in enumerate(source.names):
        found.append(identify(kin.pairs, kin.labels, fitted, name))
        progress("families", done + 1, len(source))
    return tuple(found), (
        f"calibrated on {fitted.queries} models of {fitted.families} declared families, each asked "
        f"with and without its family; chance of none beforehand {fitted.prior:g}"
    )
