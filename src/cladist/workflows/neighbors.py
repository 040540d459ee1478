"""Who is nearest to a model of a registry, and which of these are shown to be kin?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypedDict, Unpack

from cladist.compare import resolved
from cladist.core.assay import Assay, Metric
from cladist.core.progress import NOBODY, Listener
from cladist.core.results import Result, plain
from cladist.kinship.config import SEARCH
from cladist.kinship.inference.decision import Policy, percent
from cladist.nearest import Nearest, nearest
from cladist.registry import Registry
from cladist.workflows.named import LabelsLike, families_here
from cladist.workflows.relatives import Judged, with_verdicts

__all__ = ["Neighbors", "SearchOptions", "neighbors"]


class SearchOptions(TypedDict, total=False):
    """How the nearest are looked for.

    metric       instead of the assay's own
    approximate  faster in registries of millions, and may miss some
    candidates   by kinship in large registries: of how many, nearest by DNA, it is measured
    """

    metric: Metric | None
    approximate: bool
    candidates: int


@dataclass(frozen=True, repr=False)
class Neighbors(Result):
    """The nearest models, and a verdict on each.

    assay  name and hash of what was compared
    alpha  false-positive rate over all of them
    """

    found: Nearest
    judged: Judged
    assay: str
    alpha: float

    def rows(self) -> list[dict[str, Any]]:
        """A row a neighbour, nearest first."""
        return [
            plain({"model": n.model, "distance": n.distance, "verdict": d.verdict,
                   "code": d.reason, "reason": d.sentence, "p": d.p})
            for n, d in zip(self.found.relatives, self.judged.decisions, strict=True)
        ]  # fmt: skip

    def to_dict(self) -> dict[str, Any]:
        """The answer as plain data."""
        found = self.found
        return {
            "model": found.model,
            "assay": self.assay,
            "metric": found.metric,
            "compared": found.compared,
            "exact": found.route in ("all pairs", "exact search"),
            "route": found.route,
            "measured": found.measured,
            "reference": found.reference,
            "alpha": self.alpha,
            "untested": self.judged.untested,
            "lists_with_strangers": plain(self.judged.strangers),
            "relatives": self.rows(),
        }

    def searched(self) -> str:
        """What the search through so many models does to a verdict, a sentence; '' without one."""
        if self.judged.untested:
            return ""
        said = (
            f"p is adjusted for the {len(self.judged.decisions)} listed, and not for their choice "
            f"from {self.found.compared}"
        )
        strangers = self.judged.strangers
        if strangers != strangers:
            return f"{said}: what is related here is a lead"
        return (
            f"{said}: in this panel up to {percent(strangers)} of such lists without any kin call "
            "somebody related, so what is related here is a lead"
        )

    def headline(self) -> str:
        """Who is nearest to whom, of how many."""
        f = self.found
        return f"nearest to {f.model} of {f.compared}: {f.metric}, {self.assay}"


def neighbors(
    registry: Registry,
    model: str,
    count: int = 10,
    *,
    assay: str | Assay = "",
    labels: LabelsLike = None,
    alpha: float = 0.01,
    listener: Listener = NOBODY,
    **search: Unpack[SearchOptions],
) -> Neighbors:
    """The nearest models of a registry to one of them, with a verdict on each.

    Nearest does not mean related: in a registry without kin somebody is nearest all the same.

    Parameters
    ----------
    registry : Registry
        Where to look.
    model : str
        The model in question.
    count : int
        How many to tell.
    assay : str or Assay
        What to compare by, where the registry has several.
    labels : path, mapping or None
        Families of the models, which make verdicts sharper.
    alpha : float
        False-positive rate over all that are told.
    listener : Listener
        Told of progress and remarks.
    **search
        See `SearchOptions`.

    Raises
    ------
    UsageError
        For an unknown model, and for a search that the metric does not have.

    Examples
    --------
    >>> import cladist
    >>> with cladist.toy_registry() as lab:
    ...     found = cladist.neighbors(lab, "m00-chat", 2, labels=cladist.toy_families())
    >>> [(r["model"], r["verdict"]) for r in found.rows()]
    [('m00-base', 'related'), ('m00-code', 'related')]
    """
    registry.model(model)
    chosen = resolved(registry, assay)
    found = nearest(
        registry,
        chosen,
        model,
        count,
        search.get("metric"),
        approximate=search.get("approximate", False),
        candidates=search.get("candidates", SEARCH.candidates),
        report=listener.progress,
    )
    declared = families_here(labels, registry.models(), listener.hear)
    judged = with_verdicts(registry, chosen, found, declared, Policy(alpha))
    for remark in judged.remarks:
        listener.hear(remark)
    if found.left_out:
        listener.hear(
            f"{found.left_out} models have a DNA of zeros, without a direction to compare"
        )
    return Neighbors(found, judged, chosen.short, alpha)
