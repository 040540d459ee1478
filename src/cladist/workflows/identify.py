"""Whose descendant is a model: of the world's models, or of a registry's?"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TypedDict, Unpack

from cladist.compare import resolved
from cladist.core.assay import Assay
from cladist.core.machine import threads_alone
from cladist.core.progress import NOBODY, Listener
from cladist.core.results import Result, plain
from cladist.core.secret import Secret
from cladist.extraction.opening import open_any
from cladist.fitting import require_answers
from cladist.kinship.inference.assumed import no_exclusion
from cladist.kinship.inference.decision import Policy
from cladist.kinship.inference.family_fits import family_fits
from cladist.kinship.inference.family_sets import FamilySet, family_set
from cladist.kinship.inference.identify import FamilyModel, Identification
from cladist.kinship.inference.identify import identify as rank
from cladist.kinship.inference.pair_test import KinshipResult
from cladist.models.base import Model
from cladist.registry import Registry
from cladist.workflows.identify_model import Identified, check_ready, identify_model
from cladist.workflows.kinship import Question, judged_nearest, question
from cladist.workflows.looks import Decided
from cladist.workflows.named import LabelsLike, families_here

__all__ = [
    "AskingOptions",
    "FamilyAnswer",
    "NearestAnswer",
    "families_of_model",
    "identify",
    "identify_here",
]


class AskingOptions(TypedDict, total=False):
    """How a model is asked that is in no registry.

    reference  installed reference to hold it against; else one that fits
    interface  'raw' or 'chat', where the reference does not tell
    probes     prompts to ask at most, chosen before any result is seen; 0 sets no limit. Or the
               secret that draws them
    decided    when few prompts are enough; `workflows.looks.never` asks all
    keep       folder of a registry for the answers, instead of the user's own
    """

    reference: str
    interface: str
    probes: int | Secret
    decided: Decided | None
    keep: Path | None


@dataclass(frozen=True, repr=False)
class FamilyAnswer(Result):
    """Families of a registry by probability, and those that cannot be excluded."""

    found: Identification
    kept: FamilySet
    fitted: FamilyModel
    assay: str
    prior_none: float

    def rows(self) -> list[dict[str, Any]]:
        """A row a family, likeliest first; '' is none of them."""
        f = self.found
        known = zip(f.families, f.probabilities, f.members, strict=True)
        made = [{"family": n, "probability": p, "nearest": m[0]} for n, p, m in known]
        made.append({"family": "", "probability": f.none, "nearest": ""})
        return sorted(made, key=lambda row: -float(str(row["probability"])))

    def to_dict(self) -> dict[str, Any]:
        """The answer as plain data."""
        return {
            **plain(asdict(self.found)),
            "set": plain(self.kept.to_dict()),
            "assay": self.assay,
            "prior_none": self.prior_none,
            "calibrated_on": {"models": self.fitted.queries, "families": self.fitted.families},
        }

    def headline(self) -> str:
        """The families that cannot be excluded."""
        return str(self.kept)


@dataclass(frozen=True, repr=False)
class NearestAnswer(Result):
    """Tests of the nearest models, where no family is known."""

    model: str
    assay: str
    tests: tuple[KinshipResult, ...]
    compared: int

    @property
    def untested(self) -> bool:
        """Whether nothing could be tested, so that this is an order and no more."""
        return all(r.verdict == "not tested" for r in self.tests)

    @property
    def none_shown(self) -> bool | None:
        """Whether none is shown to be kin; None where nothing was tested."""
        return None if self.untested else not any(r.verdict == "related" for r in self.tests)

    def rows(self) -> list[dict[str, Any]]:
        """A row a model, nearest first."""
        return [
            {
                "model": r.b,
                "p": None if math.isnan(r.p) else r.p,
                "verdict": r.verdict,
                "code": r.code,
                "reason": r.reason,
            }
            for r in self.tests
        ]

    def to_dict(self) -> dict[str, Any]:
        """The answer as plain data."""
        about = {"model": self.model, "assay": self.assay, "none_shown": self.none_shown}
        return {**about, "nearest": self.rows()}

    def headline(self) -> str:
        """Whom it is about."""
        return f"nearest to {self.model} of {self.compared}"


def identify(
    model: str | Model,
    registry: Registry | None = None,
    *,
    labels: LabelsLike = None,
    assay: str | Assay = "",
    alpha: float | None = None,
    prior_none: float = 0.5,
    listener: Listener = NOBODY,
    **asking: Unpack[AskingOptions],
) -> Identified | FamilyAnswer | NearestAnswer:
    """Tell whose descendant a model is.

    Parameters
    ----------
    model : str or Model
        With a registry, a name in it. Else a URI or an open model, which is asked the prompts of
        an installed reference and held against its models.
    registry : Registry or None
        Hold the model against the others there.
    labels : path, mapping or None
        Families of the registry's models, which get probabilities; without, the nearest models
        are tested one by one.
    assay : str or Assay
        What to compare by, where the registry has several.
    alpha : float or None
        False-positive rate; None is .01, and of a reference the least that it can carry.
    prior_none : float
        Chance, beforehand, that it is none of these.
    listener : Listener
        Told of progress and remarks.
    **asking
        See `AskingOptions`.

    Raises
    ------
    UsageError
        For an unknown model, or where no reference is installed.
    NotComparableError
        Where no reference fits the model's interface.
    ModelError
        Where the model cannot be asked.
    InputError
        For too few models or families.

    Examples
    --------
    >>> import cladist
    >>> with cladist.toy_registry() as lab:
    ...     found = cladist.identify("m00-chat", lab, labels=cladist.toy_families())
    >>> found.rows()[0]["family"]
    'm00'
    """
    if registry is not None:
        assert isinstance(model, str)
        asked = families_of_model(
            registry, model, labels=labels, assay=assay, alpha=alpha or 0.01, listener=listener
        )
        return identify_here(asked[0], model, asked[1], prior_none=prior_none)
    check_ready(asking.get("reference", ""))  # before a model is loaded for minutes
    opened = open_any(model, threads_alone()) if isinstance(model, str) else model
    try:
        return identify_model(
            opened,
            reference=asking.get("reference", ""),
            registry=asking.get("keep"),
            interface=asking.get("interface", "auto"),
            probes=asking.get("probes", 0),
            alpha=alpha,
            decided=asking.get("decided"),
            progress=listener.progress,
        )
    finally:
        if isinstance(model, str):
            opened.close()


def families_of_model(
    registry: Registry,
    model: str,
    count: int = 5,
    *,
    labels: LabelsLike = None,
    assay: str | Assay = "",
    alpha: float = 0.01,
    listener: Listener = NOBODY,
) -> tuple[Question, Sequence[KinshipResult]]:
    """What `identify_here` rests on: evidence of all pairs, and tests where no family is known.

    The registry must be open. Raises `UsageError` for an unknown model, `CoverageError` for one
    without a usable answer.
    """
    policy = Policy(alpha)
    chosen = resolved(registry, assay)
    registry.model(model)
    declared = families_here(labels, registry.models(), listener.hear)
    asked = question(registry, chosen, declared, progress=listener.progress)
    require_answers(registry, chosen, asked.pairs.models, [model])
    for remark in asked.remarks:
        listener.hear(remark)
    known = asked.made.labels is not None
    return asked, [] if known else judged_nearest(asked, model, count, policy)


def identify_here(
    asked: Question, model: str, tests: Sequence[KinshipResult], *, prior_none: float = 0.5
) -> FamilyAnswer | NearestAnswer:
    """Families by probability where they are known, else the tests of the nearest."""
    pairs, labels = asked.pairs, asked.made.labels
    if labels is None:
        return NearestAnswer(model, asked.assay.short, tuple(tests), len(pairs) - 1)
    fits = family_fits(asked.made, model, prior_none)
    found = rank(pairs, labels, fits.model, model)
    refused = no_exclusion(asked.made.doubted.get(model, ()))
    kept = family_set(pairs, labels, fits.sets, found, refused=refused)
    return FamilyAnswer(found, kept, fits.model, asked.assay.short, prior_none)
