"""The nearest relatives of one model, in a registry of any size.

By a metric of DNA vectors an exact search answers (`cladist.registry.search`). Kinship compares
all models with all and cannot be asked of a large registry for every question; there it goes in
two stages: the models nearest by DNA, then kinship of those, measured against a fixed sample of
the registry. What the first stage misses is missed; docs/scale.md says how much that is.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from cladist.compare import distances, kinship_row
from cladist.core.assay import Assay
from cladist.core.hashing import mix64
from cladist.errors import UsageError
from cladist.kinship.config import SEARCH
from cladist.registry import Registry
from cladist.registry.search import Found, Neighbour, Search

__all__ = ["Nearest", "nearest"]

Route = Literal["all pairs", "exact search", "approximate search", "two stages"]
Report = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Nearest:
    """The nearest relatives of a model.

    metric     what the distances are
    relatives  nearest first
    compared   models that could have been found
    route      how it was done; under 'approximate search' and 'two stages' some may be missed
    measured   models whose distance was measured in full
    reference  models that kinship was measured against; 0 for the other metrics
    left_out   models without a direction, which no cosine is defined for
    """

    model: str
    metric: str
    relatives: tuple[Neighbour, ...]
    compared: int
    route: Route
    measured: int
    reference: int = 0
    left_out: int = 0


def nearest(
    registry: Registry,
    assay: Assay,
    model: str,
    count: int = 10,
    metric: str | None = None,
    *,
    approximate: bool = False,
    candidates: int = SEARCH.candidates,
    report: Report | None = None,
) -> Nearest:
    """The `count` models of the registry nearest to one of them by an assay.

    `metric` overrides the assay's. 'euclidean' and 'cosine' are searched exactly, or with
    `approximate` by inverted lists (extra `search`). 'nei' compares all pairs, and so does
    'kinship' up to `SEARCH.exhaustive` models, or with `candidates` = 0; beyond, kinship is
    measured for as many candidates, which a search by centred cosine brings up.

    Raises `UsageError` for a model without a DNA by the assay, which kinship of all pairs does not
    need, and where `approximate` is asked of a metric or a registry that has no such search; what
    `compare.distances` and `compare.kinship_row` raise besides.
    """
    chosen = metric or assay.method.metric
    large = registry.count_dnas(assay) > SEARCH.exhaustive
    by_all_pairs = chosen == "kinship" and not (large and candidates)
    if not by_all_pairs:
        registry.dnas(assay, [model])
    if chosen in ("euclidean", "cosine"):
        search = Search.open(registry, assay, report)
        found = _search(search, model, count, chosen, approximate)
        route: Route = "exact search" if found.exact else "approximate search"
        return Nearest(
            model,
            chosen,
            found.neighbours,
            found.compared if found.exact else len(search) - 1,
            route,
            found.measured,
            left_out=found.left_out,
        )
    if chosen == "kinship" and not by_all_pairs:
        return _two_stages(registry, assay, model, count, approximate, candidates, report)
    if approximate:
        raise UsageError(
            f"metric '{chosen}' compares all pairs here; there is no approximate search for it"
        )
    if chosen == "kinship":
        every = kinship_row(registry, assay, model)
        row = tuple(Neighbour(n, d) for n, d in every[:count])
        return Nearest(model, chosen, row, len(every), "all pairs", len(every))
    matrix = distances(registry, assay, None, chosen)
    rest = len(matrix) - 1
    row = tuple(Neighbour(n, d) for n, d in matrix.nearest(model, count))
    return Nearest(model, matrix.metric, row, rest, "all pairs", rest)


def _search(search: Search, model: str, count: int, metric: str, approximate: bool) -> Found:
    if not approximate:
        return search.nearest(model, count, metric)
    from cladist.registry.search_approximate import ApproximateSearch

    return ApproximateSearch.open(search, metric).nearest(model, count)


def _two_stages(
    registry: Registry,
    assay: Assay,
    model: str,
    count: int,
    approximate: bool,
    candidates: int,
    report: Report | None,
) -> Nearest:
    """Candidates by DNA, then their kinship.

    The reference is the panel, so that the numbers do not depend on who else is a candidate. It
    is those models whose row numbers hash lowest: adding models changes it little by little.
    """
    from cladist.kinship.evidence.similarity import distance_of
    from cladist.kinship.panel.shortlist import evidence_with

    search = Search.open(registry, assay, report)
    wanted = max(candidates, count)
    found = _search(search, model, wanted, "centred-cosine", approximate)
    tested = [model, *(n.model for n in found.neighbours)]
    reference = [name for name in _reference(registry, search) if name not in set(tested)]
    asked, *answers = registry.responses(assay.protocol, [*tested, *reference])
    few = len(tested) - 1
    far = distance_of(evidence_with(asked, answers[:few], answers[few:]))
    order = sorted(range(few), key=lambda k: (far[k], k))[:count]
    return Nearest(
        model,
        "kinship",
        tuple(Neighbour(tested[k + 1], float(far[k])) for k in order),
        len(search) - 1,
        "two stages",
        few,
        len(reference),
    )


def _reference(registry: Registry, search: Search) -> list[str]:
    living = np.ones(search.rows.head.rows, np.bool_)
    living[list(search.rows.head.dead)] = False
    ids = np.asarray(search.rows.columns["model"][living], np.int64)
    keys = ids.astype(np.uint64) * np.uint64(mix64(1) | 1)
    keys ^= keys >> np.uint64(29)
    keys *= np.uint64(mix64(2) | 1)
    chosen = ids[np.argsort(keys, kind="stable")[: SEARCH.reference]]
    return registry.names_of(sorted(chosen.tolist()))
