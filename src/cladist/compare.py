"""Compare models of a registry by the metric of an assay."""

from __future__ import annotations

from collections.abc import Sequence

from cladist.core.assay import Assay
from cladist.core.distances import DistanceMatrix, dna_distances
from cladist.encoders import represent
from cladist.errors import AssayError, UsageError
from cladist.registry import Registry


def resolve_assay(registry: Registry, wanted: str = "") -> Assay:
    """The assay of the registry that `wanted` names: a name, a hash prefix, or NAME#HASH.

    Without a name it is the only one, or else the one with most DNAs. Raises `AssayError` when
    nothing or several fit, with the list.
    """
    known = registry.assays()
    if not known:
        raise AssayError(
            f"{registry.folder} holds no DNA yet; run 'cladist extract' or 'cladist import'"
        )
    if not wanted:
        return max(known, key=lambda a: (registry.count_dnas(a), -known.index(a)))
    name, _, prefix = wanted.partition("#")
    fits = [a for a in known if a.name == name and a.digest.startswith(prefix)] or [
        a for a in known if len(wanted) >= 4 and a.digest.startswith(wanted)
    ]
    if len(fits) == 1:
        return fits[0]
    listed = ", ".join(a.short for a in fits or known)
    problem = "fits several assays" if fits else "is no assay"
    raise AssayError(f"'{wanted}' {problem} of {registry.folder}; choose one of {listed}")


def distances(
    registry: Registry,
    assay: Assay,
    names: Sequence[str] | None = None,
    metric: str | None = None,
) -> DistanceMatrix:
    """Distances between all models that have a DNA by `assay` (or between `names`).

    `metric` overrides the assay's: 'euclidean' and 'cosine' work on DNA vectors, 'nei' on
    allele frequencies, 'kinship' on the answers, with all models of the registry that answered
    the same protocol as the panel. Ids stand in the order in which the models arrived.
    """
    chosen = metric or assay.method.metric
    dnas = registry.dnas(assay, names)
    if not dnas:
        raise UsageError(f"no model has a DNA by assay {assay.short} in {registry.folder}")
    ids = [d.model for d in dnas]
    if chosen in ("euclidean", "cosine"):
        return dna_distances(dnas, chosen)
    if chosen == "nei":
        from cladist.kinship.nei import nei_distances

        unbiased = bool(assay.method.metric_options.get("unbiased", False))
        found = [represent(r, assay.method) for r in registry.responses(assay.protocol, ids)]
        return nei_distances(found, unbiased=unbiased, assay=assay.digest)
    if chosen == "kinship":
        from cladist.kinship.evidence import kinship_distances

        panel = registry.dnas(assay) if names is not None else dnas
        answers = list(registry.responses(assay.protocol, [d.model for d in panel]))
        whole = kinship_distances(answers, assay=assay.digest)
        return whole if names is None else whole.select(ids)
    raise AssayError(f"metric '{chosen}' is unknown; use euclidean, cosine, nei or kinship")
