"""Which models of a registry are near-identical, and which of them should be kept?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from cladist.apply.duplicates import Group, duplicate_groups, same_answers
from cladist.compare import distances, resolved
from cladist.core.assay import Assay, Metric
from cladist.core.progress import Hear, Remarks, unheard
from cladist.core.results import Result, plain
from cladist.errors import UsageError
from cladist.kinship.inference.states import speaking
from cladist.registry import Registry
from cladist.workflows.quality import ScoresLike, quality_of

__all__ = ["Duplicates", "dedupe"]


@dataclass(frozen=True, repr=False)
class Duplicates(Result):
    """Groups of near-identical models.

    rule     what makes a group, in words
    models   that were looked at
    silent   models whose answers make nobody a duplicate
    remarks  sentences for people
    """

    assay: str
    rule: str
    models: int
    groups: tuple[Group, ...]
    silent: tuple[str, ...]
    remarks: tuple[str, ...] = ()

    @property
    def spare(self) -> int:
        """Models that are near-identical to one that is kept."""
        return sum(len(g.others) for g in self.groups)

    def rows(self) -> list[dict[str, Any]]:
        """A row a model that is not kept."""
        return [
            plain({"keep": g.keep, "instead_of": o, "why": g.reason, "farthest": g.farthest})
            for g in self.groups
            for o in g.others
        ]

    def to_dict(self) -> dict[str, Any]:
        """The answer as plain data."""
        return {
            "assay": self.assay,
            "rule": self.rule,
            "models": self.models,
            "spare": self.spare,
            "say_nothing": list(self.silent),
            "groups": [asdict(g) for g in self.groups],
        }

    def headline(self) -> str:
        """How many models could be spared, and by which rule."""
        return (
            f"{self.models} models, {self.spare} of them near-identical to one that is kept "
            f"({self.rule})"
        )


def dedupe(
    registry: Registry,
    *,
    share: float = 0.9,
    distance: float | None = None,
    metric: Metric | None = None,
    scores: ScoresLike = None,
    assay: str | Assay = "",
    hear: Hear = unheard,
) -> Duplicates:
    """Find groups of near-identical models, and name the one to keep.

    Parameters
    ----------
    registry : Registry
        Whose models are looked at.
    share : float
        Least share of equal answers in a group.
    distance : float or None
        Instead of it: largest distance in a group.
    metric : str or None
        Of the distance, instead of the assay's own.
    scores : path, mapping or None
        Keep the model of highest score, else that with most usable answers.
    assay : str or Assay
        What to compare by, where the registry has several.
    hear : callable
        Told of remarks.

    Raises
    ------
    UsageError
        For a metric without a distance.
    InputError
        For a table of scores that cannot be read.

    Examples
    --------
    >>> import cladist
    >>> with cladist.toy_registry() as lab:
    ...     cladist.dedupe(lab, share=0.5).groups[0].keep[:3]
    'm00'
    """
    if metric and distance is None:
        raise UsageError("--metric is of --distance; give the distance, or leave it out")
    told = Remarks(hear)
    wanted: Mapping[str, float] = quality_of(scores)
    chosen = resolved(registry, assay)
    dnas = registry.dnas(chosen)
    names = [d.model for d in dnas]
    answers = list(registry.responses(chosen.protocol, names))
    speak = speaking(answers, [p.text for p in chosen.protocol.probes.probes])
    if distance is not None:
        matrix = distances(registry, chosen, names, metric).matrix
        within, rule = distance, f"no two farther apart than {distance:g}"
    else:
        matrix = same_answers(answers)
        within, rule = 1 - share, f"every two give {share:.0%} of answers alike"
    if scores is not None:
        unscored = [n for n in names if n not in wanted]
        if unscored:
            told(f"{len(unscored)} models have no score and are kept only where all lack one")
        preference, what = [wanted.get(n, float("-inf")) for n in names], "score"
    else:
        preference, what = [float(d.usable) for d in dnas], "number of usable answers"
    groups = duplicate_groups(names, matrix, within, preference, what, speak)
    silent = [n for n, ok in zip(names, speak, strict=True) if not ok]
    if silent:
        told(
            f"{len(silent)} models say the same whatever they are asked, repeat the prompts or "
            f"hardly answer, which makes nobody a duplicate: {', '.join(silent[:5])}"
            + (" and others" if len(silent) > 5 else "")
        )
    return Duplicates(chosen.short, rule, len(names), tuple(groups), tuple(silent), tuple(told))
