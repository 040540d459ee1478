"""From a registry to an atlas: everything that its documents tell, computed once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cladist.apply.maps import LABELS, LEAST, Kind, MapLayout, make_map
from cladist.atlas.columns import CLUSTER, Column, columns_of, known_columns, read_metadata
from cladist.atlas.families import Known, Whose, known_families, whose
from cladist.atlas.forest import Forest, cluster_names, likely_parents, make_tree
from cladist.atlas.keeping import kept_parents
from cladist.atlas.kin import NOTHING, AnswerKin, VectorKin, measure
from cladist.atlas.lineage import lineage, read_declared
from cladist.atlas.source import AtlasSource, read_source
from cladist.core.assay import Assay
from cladist.core.lineage import Lineage
from cladist.core.progress import Progress, silent
from cladist.errors import InputError
from cladist.formats.labels import DeclaredModel, read_labels
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
    known       families of the models, as far as somebody says them
    parents     likely parents; None where they were not looked for
    families    families that a model may be of; None without enough labels, with the reason
    remarks     what was left out, in sentences
    wishes      what it was made by
    """

    source: AtlasSource
    title: str
    kin: AnswerKin | VectorKin
    metadata: tuple[Mapping[str, str], ...]
    columns: tuple[Column, ...]
    maps: tuple[MapLayout, ...]
    forest: Forest | None
    lineage: Mapping[str, Any] | None
    known: Known
    parents: tuple[Descent, ...] | None
    families: Whose | None
    families_note: str
    remarks: tuple[str, ...]
    wishes: Wishes


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
    families = known_families(source, known, metadata)
    columns = _arranged(columns, families, _clusters(kin, source, families))
    forest = None
    if not wishes.only_maps:
        forest = make_tree(registry, source, kin, wishes.replicates, kept, progress)
    maps = _maps(source, kin, wishes, kept, progress, remarks)
    parents = None
    asked: tuple[Whose | None, str] = None, "no families are declared"
    if isinstance(kin, AnswerKin) and not wishes.only_maps:
        answered, when = kin, _dates(columns, len(source))
        on = [source.key, kin.stamp, when]
        parents = kept_parents(kept, on, lambda: likely_parents(source, answered, when))
        asked = whose(kin, source.names)
    return Atlas(
        source,
        wishes.title or registry.folder.resolve().name,
        kin,
        metadata,
        tuple(columns),
        maps,
        forest,
        _lineage(source, kin, said, wishes, forest, families),
        families,
        parents,
        *asked,
        tuple(remarks),
        wishes,
    )


def _lineage(
    source: AtlasSource,
    kin: AnswerKin | VectorKin,
    said: Lineage,
    wishes: Wishes,
    forest: Forest | None,
    known: Known,
) -> Mapping[str, Any] | None:
    if wishes.declared is None:
        return None
    return lineage(source, kin, said, wishes.declared.name, forest, known.families)


def _strangers(
    source: AtlasSource, given: Mapping[str, Mapping[str, str]], path: Path | None
) -> list[str]:
    if path is None:
        return []
    here = sum(name in given for name in source.names)
    if not here:
        raise InputError(f"{path}: tells of none of the {len(source)} models here")
    missing = len(source) - here
    return [f"{path.name} tells nothing of {missing} models"] if missing else []


def _maps(
    source: AtlasSource,
    kin: AnswerKin | VectorKin,
    wishes: Wishes,
    kept: Kept,
    progress: Progress,
    remarks: list[str],
) -> tuple[MapLayout, ...]:
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


def _map(
    kind: Kind, source: AtlasSource, kin: AnswerKin | VectorKin, seed: int, kept: Kept
) -> MapLayout:
    def make() -> tuple[dict[str, NDArray[np.float64]], dict[str, Any]]:
        drawn = make_map(kind, kin.space, seed=seed)
        return {"xy": drawn.xy}, {"note": drawn.note, "kept": drawn.kept, "near": drawn.near}

    key = ["map", 2, kind, source.key, kin.stamp, seed]
    arrays, data = kept.result(key, make)
    return MapLayout(kind, LABELS[kind], data["note"], arrays["xy"], data["kept"], data["near"])


def _dates(columns: Sequence[Column], count: int) -> list[str | None]:
    """Dates of the models: the column of dates with most entries, the first of equals."""
    dated = [c for c in columns if c.kind == "date"]
    if not dated:
        return [None] * count
    best = max(dated, key=lambda c: sum(v is not None for v in c.values))
    return [None if v is None else str(v) for v in best.values]


def _clusters(kin: AnswerKin | VectorKin, source: AtlasSource, known: Known) -> Column:
    """Measured clusters, each named by its most central model, one of known family before all."""
    central = kin.pairs.score[:].sum(axis=1) if isinstance(kin, AnswerKin) else None
    told = [f is not None for f in known.families]
    names = cluster_names(kin.family, source.names, central, told)
    return Column(CLUSTER, "Measured cluster", "category", tuple(names))


def _arranged(columns: Sequence[Column], known: Known, clusters: Column) -> list[Column]:
    """Families first, then the clusters, then the metadata less what says the same again."""
    first = known.columns
    taken, said = {c.key for c in first} | {CLUSTER}, {c.values for c in first}
    rest = (c for c in columns if c.key not in taken and c.values not in said)
    return [*first, clusters, *rest]
