"""Does declared lineage hold against what the models of a registry show?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal, TypedDict, Unpack

from cladist.compare import resolved
from cladist.core.assay import Assay
from cladist.core.progress import NOBODY, Listener
from cladist.core.results import Result, plain
from cladist.core.secret import Secret
from cladist.kinship.inference.decision import Policy
from cladist.known import facts_of
from cladist.provenance.audit import LEVELS, Audit
from cladist.provenance.audit import audit as run
from cladist.provenance.material import Material, ReportScope, gather
from cladist.provenance.sources import names_in, read_declared, with_known_licences
from cladist.registry import Registry
from cladist.workflows.named import LabelsLike, families_here, tell

__all__ = ["AuditOptions", "Audited", "Level", "audit"]

Level = Literal["error", "warning", "note", "never"]


class AuditOptions(TypedDict, total=False):
    """What else an audit may be told.

    drawn  a model, and the secret whose probes it was asked: its other answers are left out
    """

    drawn: tuple[str, Secret] | None


@dataclass(frozen=True, repr=False)
class Audited(Result):
    """What an audit found, and by which assay; `material` is what it rests on."""

    assay: str
    found: Audit
    material: Material

    def failed(self, level: Level = "warning") -> bool:
        """Whether something was found of this level or worse."""
        worst = self.found.worst()
        if worst is None or level == "never":
            return False
        return LEVELS.index(worst) <= LEVELS.index(level)

    def rows(self) -> list[dict[str, Any]]:
        """A row a finding."""
        return [plain(asdict(f)) for f in self.found.findings]

    def to_dict(self) -> dict[str, Any]:
        """The audit as plain data."""
        made: dict[str, Any] = plain(asdict(self.found))
        return {"assay": self.assay, "could_not_test": self.found.could_not_test, **made}

    def headline(self) -> str:
        """How many findings there are, and among how many models."""
        f = self.found
        return f"{len(f.findings)} findings among {f.models} models, {f.links} declared links"


def audit(
    registry: Registry,
    declared: Sequence[str | Path] = (),
    *,
    labels: LabelsLike = None,
    assay: str | Assay = "",
    fdr: float = 0.05,
    control: Literal["bh", "by"] = "by",
    alpha: float = 0.01,
    listener: Listener = NOBODY,
    **options: Unpack[AuditOptions],
) -> Audited:
    """Hold declared lineage against measured kinship.

    Parameters
    ----------
    registry : Registry
        Whose models are audited.
    declared : sequence of str or Path
        Tables, model cards, recipes, folders of these.
    labels : path, mapping or None
        Families of the models.
    assay : str or Assay
        What to compare by, where the registry has several.
    fdr : float
        False discovery rate of relations that nobody declared.
    control : {'by', 'bh'}
        Under any dependence, or under positive dependence only.
    alpha : float
        False-positive rate of single verdicts.
    listener : Listener
        Told of progress and remarks.
    **options
        See `AuditOptions`.

    Raises
    ------
    InputError
        For fewer than two models, a source that cannot be read, or a secret by which the model
        was not asked.
    UsageError
        For the secret of a model that is not there.

    Examples
    --------
    >>> import cladist
    >>> with cladist.toy_registry() as lab:
    ...     found = cladist.audit(lab, labels=cladist.toy_families())
    >>> found.failed("error")
    False
    """
    chosen = resolved(registry, assay)
    models = registry.models()
    lineage = read_declared([str(d) for d in declared], models)
    lineage = with_known_licences(lineage, facts_of([*models, *names_in(lineage)]))
    tell(lineage, listener.hear)
    families = families_here(labels, models, listener.hear)
    drawn = options.get("drawn")
    reading = None if drawn is None else ReportScope(drawn=drawn)
    material = gather(registry, chosen, lineage, families, listener.progress, reading)
    found = run(
        material, rate=fdr, control=control, policy=Policy(alpha), progress=listener.progress
    )
    return Audited(chosen.short, found, material)
