"""Is a model kin of others? From a registry, and a panel if there is one, to verdicts.

Everything that a question of kinship needs is loaded and measured once (`Question`); the answers
are those of `kinship.inference`. Nothing here talks to people: remarks are returned.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from cladist.core.assay import Assay
from cladist.core.progress import Progress, silent
from cladist.core.responses import ResponseSet
from cladist.core.secret import Secret, restrict
from cladist.errors import CoverageError, InputError, NotComparableError
from cladist.fitting import (
    fitted_beside,
    fitted_panel,
    gathered,
    gathered_beside,
    panel_in,
)
from cladist.formats.labels import DeclaredModel
from cladist.kinship.config import PARENTAGE
from cladist.kinship.evidence.functional import read_functions
from cladist.kinship.inference.decision import DEFAULT, Policy
from cladist.kinship.inference.facts import Gatherer, gatherer
from cladist.kinship.inference.function_descent import direction_of_functions, function_mixture
from cladist.kinship.inference.labels import Labels, labels_of
from cladist.kinship.inference.pair_test import KinshipResult, judge_candidates
from cladist.kinship.inference.pairs import PairEvidence, pair_evidence
from cladist.kinship.inference.parentage import (
    Direction,
    Mixture,
    direction,
    mixture,
    rarity,
)
from cladist.kinship.inference.sequential import EarlyAnswer, stop_early
from cladist.kinship.panel.on_file import Beside
from cladist.registry import Registry

__all__ = [
    "UNUSED_LABELS",
    "Question",
    "answered",
    "directions",
    "judged_nearest",
    "listed",
    "only_drawn",
    "question",
    "question_beside",
    "question_of",
    "sequential",
    "split",
]

UNUSED_LABELS = "no declared model is in this registry: the labels are not used"


@dataclass(frozen=True, eq=False)
class Question:
    """The models that are compared, with all that verdicts on them are gathered from.

    remarks  sentences for people
    members  how many models, the first ones, are the panel; None for all
    parts    where two assays are asked together, each by itself: distributions, then texts
    """

    assay: Assay
    made: Gatherer
    declared: Mapping[str, DeclaredModel]
    remarks: tuple[str, ...] = ()
    members: int | None = None
    parts: tuple[Question, ...] = ()

    @property
    def responses(self) -> Sequence[ResponseSet]:
        """Answers, in the order of `pairs`."""
        return self.made.responses

    @property
    def pairs(self) -> PairEvidence:
        """Evidence of all pairs."""
        return self.made.pairs

    @property
    def prompts(self) -> list[str]:
        """Texts of the probes."""
        return [p.text for p in self.assay.protocol.probes.probes]


def answered(
    registry: Registry, assay: Assay, names: Iterable[str] | None = None
) -> list[ResponseSet]:
    """Answers of all models that answered an assay's protocol with anything usable, in order of
    arrival; or of those of `names` alone."""
    few = None if names is None else set(names)
    wanted = None if few is None else [m.name for m in registry.models() if m.name in few]
    return [r for r in registry.responses(assay.protocol, wanted) if r.usable().any()]


def only_drawn(
    responses: Sequence[ResponseSet], model: str, secret: Secret, assay: Assay
) -> list[ResponseSet]:
    """The same, with those answers alone of `model` that a secret draw asked for.

    Raises `InputError` for a draw from other probes, and where answers of the draw are missing.
    """
    return [
        restrict(r, secret, assay.protocol.probes) if r.model == model else r for r in responses
    ]


def _beside(
    path: Path, assay: Assay, responses: Sequence[ResponseSet], tested: Sequence[str]
) -> Beside:
    """The panel in a file, with the answers of the models tested.

    Raises `NotComparableError` when the panel answers another protocol, `CoverageError` for a
    model without answers, `InputError` for a panel of fewer than two others.
    """
    found = panel_in(path)
    if found.protocol != assay.protocol.digest:
        raise NotComparableError(
            f"{path} rests on protocol {found.protocol[:8]}, {assay.short} on "
            f"{assay.protocol.digest[:8]}; build the panel from the same assay"
        )
    made = Beside(found, tuple(r for r in responses if r.model in set(tested)))
    for mute in sorted(set(tested) - {r.model for r in made.tested}):
        raise CoverageError(f"'{mute}' has no usable answer to assay {assay.short}")
    if len(made.members) < 2:
        raise InputError("the panel has fewer than two models besides those tested")
    return made


def question(
    registry: Registry,
    assay: Assay,
    declared: Mapping[str, DeclaredModel],
    *,
    progress: Progress = silent,
) -> Question:
    """Calibrate the fitted panel of a registry; its answers are read as they are needed.

    The registry must stay open while the question is asked. Raises `InputError` for fewer than
    two models. Cost: a second for 800 models once they are fitted, half of it the calibration.
    """
    panel = fitted_panel(registry, assay, progress=progress)
    if len(panel.pairs) < 2:
        raise InputError("kinship needs the answers of two models at least")
    labels = labels_of(panel.pairs.models, declared)
    made = gathered(registry, assay, panel, labels)
    return Question(assay, made, declared, _unused(declared, labels))


def question_of(
    assay: Assay, responses: Sequence[ResponseSet], declared: Mapping[str, DeclaredModel]
) -> Question:
    """Measure answers that are given, and keep nothing.

    Raises `InputError` for fewer than two models. Cost: that of `pair_evidence`.
    """
    if len(responses) < 2:
        raise InputError("kinship needs the answers of two models at least")
    pairs = pair_evidence(responses)
    labels = labels_of(pairs.models, declared)
    prompts = [p.text for p in assay.protocol.probes.probes]
    made = gatherer(responses, pairs, labels, prompts=prompts)
    return Question(assay, made, declared, _unused(declared, labels))


def question_beside(
    path: Path,
    assay: Assay,
    responses: Sequence[ResponseSet],
    tested: Sequence[str],
    declared: Mapping[str, DeclaredModel],
    *,
    progress: Progress = silent,
) -> Question:
    """Weigh the models `tested` beside a panel from a file, that they take no part in.

    Families are those `declared`, or else, where none of these models is among them, those that
    the panel carries. Raises
    `NotComparableError` when the panel answers another protocol, `CoverageError` for a model
    without answers, `InputError` for a panel of fewer than two others. Cost: that of
    `pair_evidence` for the panel, once for the same models.
    """
    every = _beside(path, assay, responses, tested)
    carried = {
        m.model: DeclaredModel(m.family, m.group, m.date, m.licence) for m in every.panel.labels
    }
    prompts = [p.text for p in assay.protocol.probes.probes]
    fitted = fitted_beside(every, prompts, progress=progress)
    labels = labels_of(fitted.pairs.models, declared)
    remarks = _unused(declared, labels)
    known = declared if labels is not None else carried  # a table of others is no reason for none
    made = gathered_beside(every, fitted, labels or labels_of(fitted.pairs.models, carried))
    return Question(assay, made, known, remarks, len(every.members))


def _unused(declared: Mapping[str, DeclaredModel], labels: Labels | None) -> tuple[str, ...]:
    return (UNUSED_LABELS,) if declared and labels is None else ()


def listed(asked: Question, model: str, count: int) -> list[str]:
    """The models with most evidence of kinship with one of them, nearest first."""
    pairs = asked.pairs
    i = pairs.index(model)
    order = sorted(range(len(pairs)), key=lambda k: (-pairs.score[i, k], k))
    return [pairs.models[k] for k in order if k != i][:count]


def judged_nearest(
    asked: Question, model: str, count: int, policy: Policy = DEFAULT
) -> list[KinshipResult]:
    """A test of each of the nearest models, p adjusted for all of them (Holm)."""
    return judge_candidates(asked.made, model, listed(asked, model, count), policy)


def sequential(
    asked: Question,
    model: str,
    candidates: Sequence[str],
    policy: Policy = DEFAULT,
    *,
    progress: Progress = silent,
) -> list[EarlyAnswer]:
    """After how many probes each candidate was decided. Raises as `stop_early` does."""
    return [
        stop_early(
            asked.responses, model, c, labels=asked.made.labels, policy=policy,
            prompts=asked.prompts, progress=progress,
        )
        for c in candidates
    ]  # fmt: skip


def directions(asked: Question, results: Sequence[KinshipResult]) -> list[Direction]:
    """Of every pair that is related, which is the ancestor; empty where none is."""
    related = [r for r in results if r.verdict == "related"]
    if not related:
        return []
    unknown = DeclaredModel("")
    dates = [
        (asked.declared.get(r.a, unknown).date, asked.declared.get(r.b, unknown).date)
        for r in related
    ]
    if asked.assay.protocol.decoding.asks == "distribution":
        read = read_functions(asked.responses)
        return [
            direction_of_functions(read, r.a, r.b, dates=d)
            for r, d in zip(related, dates, strict=True)
        ]
    rare = rarity(asked.responses)
    return [
        direction(asked.pairs, rare, r.a, r.b, dates=d) for r, d in zip(related, dates, strict=True)
    ]


def split(asked: Question, model: str, candidates: Sequence[str]) -> tuple[Mixture | None, str]:
    """The model as a mixture of the candidates, or None and why there is none.

    Candidates with the same answers throughout count as one, which the remark says. Raises
    `InputError` for fewer than two candidates.
    """
    copies = _copies(asked.pairs, candidates)
    if len(copies) == 1 < len(set(candidates)):
        return None, f"no mixture: {_as_one(copies)}, and a mixture needs two"
    double = {m for few in copies.values() for m in few}
    responses = [r for r in asked.responses if r.model not in double]
    found, remark = _split(asked.assay, responses, model, list(copies))
    if found is not None:
        found = replace(found, copies=tuple(copies[p] for p in found.parents))
    return found, "; ".join(filter(None, (remark, _as_one(copies) if double else "")))


def _copies(pairs: PairEvidence, candidates: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """The first of all candidates with the same answers, and for each of these the others."""
    first: dict[bytes, str] = {}
    found: dict[str, tuple[str, ...]] = {}
    for name in dict.fromkeys(candidates):
        own = first.setdefault(pairs.digest[pairs.index(name)], name)
        found[own] = found.get(own, ()) + ((name,) if name != own else ())
    return found


def _as_one(copies: Mapping[str, Sequence[str]]) -> str:
    """Which candidates count as one, a clause."""
    each = [_and([f"'{n}'" for n in (own, *few)]) for own, few in copies.items() if few]
    return f"{'; '.join(each)} answer alike throughout and count as one candidate"


def _and(names: Sequence[str]) -> str:
    return f"{', '.join(names[:-1])} and {names[-1]}"


def _split(
    assay: Assay, responses: Sequence[ResponseSet], model: str, candidates: Sequence[str]
) -> tuple[Mixture | None, str]:
    if assay.protocol.decoding.asks == "distribution":
        found = function_mixture(read_functions(responses), model, candidates)
        unknown = (float("nan"),) * len(found.parents)
        return Mixture(
            model, found.parents, found.weights, unknown, found.contexts, found.explained
        ), ("it looks like a merge" if found.merged else "it does not look like a merge")
    rest = len(responses) - 1 - len(set(candidates))
    if rest < PARENTAGE.background and len(set(candidates)) > 1:
        return None, (
            f"no mixture: {rest} models besides those named are here, and {PARENTAGE.background} "
            "are needed to tell what unrelated models share with a candidate by chance"
        )
    return mixture(responses, model, candidates), ""
