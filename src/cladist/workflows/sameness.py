"""Are two deployments the same model?"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from cladist.compare import resolved
from cladist.core.assay import Assay
from cladist.core.results import Result, plain
from cladist.errors import NotComparableError, UsageError
from cladist.kinship.inference.identity import IdentityResult
from cladist.kinship.inference.identity_functional import nearer_than
from cladist.kinship.inference.likely_setting import LikelySetting, likely_setting
from cladist.provenance.deployments import Side, cautions, hold_against
from cladist.registry import Registry
from cladist.registry.asked import refused_settings
from cladist.registry.borrowed import require_own

__all__ = ["Sameness", "Sides", "same_model", "sides_of"]


@dataclass(frozen=True, repr=False)
class Sameness(Result):
    """The verdict on two sets of answers, and what must be known beside it.

    setting  of changed distributions: the setting of a deployment that the change looks like
    """

    assay: str
    found: IdentityResult
    cautions: tuple[str, ...]
    setting: LikelySetting | None = None

    @property
    def verdict(self) -> str:
        """Whether they are the same, changed, or it cannot be told."""
        return self.found.verdict

    @property
    def nearer_than(self) -> str:
        """Of distributions: the least of measured changes that the two are nearer than, or ''."""
        return nearer_than(self.found.within) if self.found.mode == "functional" else ""

    def to_dict(self) -> dict[str, Any]:
        """The answer as plain data."""
        data = {"assay": self.assay, **asdict(self.found), "cautions": list(self.cautions)}
        data["setting"] = None if self.setting is None else asdict(self.setting)
        made: dict[str, Any] = plain(data)
        return made

    def headline(self) -> str:
        """The pair and the verdict."""
        return f"{self.found.a} and {self.found.b}: {self.verdict}"


@dataclass(frozen=True)
class Sides:
    """Answers of two deployments to the same probes."""

    assay: Assay
    a: Side
    b: Side

    def judged(self, *, alpha: float = 0.01, tolerance: float | None = None) -> Sameness:
        """Whether they come from one model; see `same_model`."""
        decoding = self.assay.protocol.decoding
        prompts = [p.text for p in self.assay.protocol.probes.probes]
        found = hold_against(
            self.a, self.b, decoding, prompts=prompts, rate=alpha, tolerance=tolerance
        )
        setting = None
        if found.mode == "functional" and found.verdict == "changed":
            setting = likely_setting(self.a.answers, self.b.answers)
        return Sameness(self.assay.short, found, cautions(self.a, self.b), setting)


def same_model(
    registry: Registry,
    first: str,
    second: str,
    *,
    other: Registry | None = None,
    assay: str | Assay = "",
    alpha: float = 0.01,
    tolerance: float | None = None,
) -> Sameness:
    """Test whether two sets of answers come from one model in one deployment.

    Parameters
    ----------
    registry : Registry
        Where the first is, and the second unless `other` is given.
    first, second : str
        The two models; with `other` they may bear one name.
    other : Registry or None
        Where the second was asked.
    assay : str or Assay
        What answers to take, where the registry has several.
    alpha : float
        How often the same model may be called changed.
    tolerance : float or None
        Difference that still counts as the same (greedy .1, sampled .001).

    Raises
    ------
    UsageError
        For an unknown model, or one held against itself.
    NotComparableError
        For answers to other probes, or of several models.

    Examples
    --------
    >>> import cladist
    >>> with cladist.toy_registry() as lab:
    ...     cladist.same_model(lab, "m00-base", "m01-base").verdict
    'inconclusive'
    """
    sides = sides_of(registry, first, second, other=other, assay=assay)
    return sides.judged(alpha=alpha, tolerance=tolerance)


def sides_of(
    registry: Registry,
    first: str,
    second: str,
    *,
    other: Registry | None = None,
    assay: str | Assay = "",
) -> Sides:
    """Read the answers of two deployments; see `same_model` for parameters and errors."""
    chosen = resolved(registry, assay)
    require_own(registry, chosen.protocol, first)
    if other is None and first == second:
        raise UsageError(
            "one set of answers is always the same as itself; ask the model again into "
            "another registry and name that with --other"
        )
    beside = other or registry
    beside.model(second)
    if other is not None and chosen.protocol.digest not in {p.digest for p in other.protocols()}:
        raise NotComparableError(
            f"{other.folder} holds no answers to the probes of {chosen.short}; extract the model "
            "with the same assay"
        )
    require_own(beside, chosen.protocol, second)
    a, b = _side(registry, chosen, first), _side(beside, chosen, second)
    return Sides(chosen, a, b)


def _side(registry: Registry, assay: Assay, name: str) -> Side:
    (answers,) = registry.responses(assay.protocol, [name])
    return Side(answers, refused_settings(registry, assay.protocol, registry.model(name)))
