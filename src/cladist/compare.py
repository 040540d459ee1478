"""Compare models of a registry by the metric of an assay."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from cladist.core.assay import Assay
from cladist.core.distances import DistanceMatrix, dna_distances, symmetric
from cladist.core.progress import Progress, silent
from cladist.core.responses import ResponseSet
from cladist.encoders import represent
from cladist.errors import AssayError, NotComparableError, UsageError
from cladist.fitting import fitted_panel, require_answers
from cladist.registry import Registry

if TYPE_CHECKING:
    from cladist.phylogeny.support import WeightedDistances

MOST_RESAMPLED = 2000
"""Models beyond which the likeness of every probe does not fit into memory (2.4 GB at 2,000)."""


def resolve_assay(registry: Registry, wanted: str = "") -> Assay:
    """The assay of the registry that `wanted` names: a name, a hash prefix, or NAME#HASH.

    Without a name it is the only one, or else the one with most DNAs. Raises `AssayError` when
    nothing or several fit, with the list.
    """
    known = registry.assays()
    if not known:
        raise AssayError(
            f"{registry.folder} holds no DNA yet; "
            "run 'cladist extract' or 'cladist registry import'"
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


def resolved(registry: Registry, assay: str | Assay) -> Assay:
    """The assay itself, or the one of the registry that a word names; see `resolve_assay`."""
    return resolve_assay(registry, assay) if isinstance(assay, str) else assay


def tree_distances(
    registry: Registry,
    assay: Assay,
    names: Sequence[str] | None = None,
    metric: str | None = None,
    *,
    progress: Progress = silent,
) -> DistanceMatrix:
    """The distances that trees are made of.

    As `distances`, but under 'kinship' all strangers are put at one distance, since how
    unrelated two unrelated models are is noise that neighbour joining would add up
    (`cladist.phylogeny.saturation`).
    """
    if (metric or assay.method.metric) != "kinship":
        return distances(registry, assay, names, metric, progress=progress)
    from cladist.phylogeny.saturation import bounded_distances

    chosen = _named(registry, assay, names)
    fitted = fitted_panel(registry, assay, progress=progress).pairs
    return bounded_distances(fitted.models, fitted.combined[:], assay=assay.digest).select(chosen)


def resampled_distances(
    registry: Registry,
    assay: Assay,
    names: Sequence[str] | None = None,
    metric: str | None = None,
) -> tuple[WeightedDistances, int]:
    """`tree_distances` as a function of how often every probe counts, and the number of probes.

    For a bootstrap over probes; no model is asked. Under 'euclidean' and 'cosine' it works on
    the per-probe blocks of the DNAs, under 'kinship' on the likeness of answers probe by probe:
    `UsageError` above 2,000 models, where that no longer fits into memory. Not offered for 'nei'.
    """
    from cladist.phylogeny.support import block_distances

    chosen = metric or assay.method.metric
    probes = len(assay.protocol.probes)
    if chosen == "hellinger":
        # The DNA's own distance is near d_H, and its blocks are what can be drawn anew.
        chosen = "euclidean"
    if chosen in ("euclidean", "cosine"):
        return block_distances(registry.dnas(assay, names, blocks=True), chosen), probes
    if chosen != "kinship":
        raise UsageError(
            f"no support under metric '{chosen}'; use --metric kinship, cosine or euclidean"
        )
    answers = panel_answers(registry, assay)
    if len(answers) > MOST_RESAMPLED:
        raise UsageError(
            f"support under metric 'kinship' is for up to {MOST_RESAMPLED} models, here are "
            f"{len(answers)}; use --metric cosine, which resamples the DNAs"
        )
    from cladist.kinship.evidence.resampled import resampled_similarity
    from cladist.phylogeny.saturation import bounded_distances

    read = resampled_similarity(answers)
    wanted = _named(registry, assay, names)

    def weighted(weights: NDArray[np.float64]) -> DistanceMatrix:
        whole = bounded_distances(read.ids, read.combined(weights), assay=assay.digest)
        return whole.select(wanted)

    return weighted, probes


def panel_answers(registry: Registry, assay: Assay) -> list[ResponseSet]:
    """Answers of all models of the panel of the metric 'kinship', as `fitted_panel` has them."""
    return [r for r in registry.responses(assay.protocol) if r.usable().any()]


def _named(registry: Registry, assay: Assay, names: Sequence[str] | None) -> list[str]:
    """Models that have a DNA, or those of `names`; unknown ones are refused, with close ones."""
    found = [d.model for d in registry.dnas(assay, names)]
    return found if names is None else list(names)


def distances(
    registry: Registry,
    assay: Assay,
    names: Sequence[str] | None = None,
    metric: str | None = None,
    *,
    progress: Progress = silent,
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
        _one_version(registry, assay, ids)
        return dna_distances(dnas, chosen)
    if chosen == "nei":
        from cladist.kinship.nei import nei_distances

        unbiased = bool(assay.method.metric_options.get("unbiased", False))
        found = [represent(r, assay.method) for r in registry.responses(assay.protocol, ids)]
        return nei_distances(found, unbiased=unbiased, assay=assay.digest)
    if chosen == "hellinger":
        from cladist.kinship.evidence.functional import functional_distances

        return functional_distances(
            list(registry.responses(assay.protocol, ids)), assay=assay.digest
        )
    if chosen == "kinship":
        from cladist.kinship.evidence.similarity import distance_of

        fitted = fitted_panel(registry, assay, progress=progress).pairs
        whole = symmetric(fitted.models, distance_of(fitted.combined[:]), "kinship", assay.digest)
        return whole.select(ids)
    raise AssayError(
        f"metric '{chosen}' is unknown; use euclidean, cosine, nei, hellinger or kinship"
    )


def kinship_row(registry: Registry, assay: Assay, model: str) -> list[tuple[str, float]]:
    """Distances of a model to all others by 'kinship', nearest first.

    Those of its row in `distances`, to the last digit, without the rest of the matrix. Others are
    those with a DNA; the model itself needs answers alone. Raises `CoverageError` where it has
    none.
    """
    from cladist.kinship.evidence.similarity import distance_of

    pairs = fitted_panel(registry, assay).pairs
    require_answers(registry, assay, pairs.models, [model])
    place = {name: k for k, name in enumerate(pairs.models)}
    i = pairs.index(model)
    row = distance_of(np.stack([pairs.combined[i], pairs.combined[:, i]]))
    others = [name for name in registry.dna_names(assay) if name != model]
    for lost in set(others) - set(place):
        pairs.index(lost)  # says that it has no answers
    far = np.maximum((row[0] + row[1]) / 2, 0.0)[[place[name] for name in others]]
    return [(others[k], float(far[k])) for k in np.argsort(far, kind="stable")]


def _one_version(registry: Registry, assay: Assay, names: Sequence[str]) -> None:
    """Refuse DNAs that different versions of an encoder made, such as other weights."""
    first: dict[tuple[str, ...], str] = {}
    for stored in registry.stored_dnas(assay, names):
        first.setdefault(stored.encoders, stored.dna.model)
    if len(first) > 1:
        (one, a), (two, b) = list(first.items())[:2]
        raise NotComparableError(
            f"the DNA of '{a}' was encoded by {', '.join(one)}, that of '{b}' by "
            f"{', '.join(two)}; run the command that made the older one again"
        )
