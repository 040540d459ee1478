"""Texts and distributions of the same models: one decides, and each tells what it says alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from cladist.core.assay import Assay
from cladist.core.progress import Progress, silent
from cladist.errors import UsageError
from cladist.formats.labels import DeclaredModel
from cladist.kinship.inference.decision import Adjustment, Policy
from cladist.kinship.inference.pair_test import KinshipResult, judge_candidates
from cladist.registry import Registry
from cladist.workflows.kinship import Question, question

__all__ = ["NOT_COUNTED", "Alone", "alone", "question_of_two"]

NOT_COUNTED = (
    "the verdict rests on distributions; what texts say is told beside it and not added, since on "
    "bred models no weight of texts finds more kin (docs/functional.md)"
)


@dataclass(frozen=True)
class Alone:
    """What one of two assays says of a pair by itself.

    assay    its name and hash
    result   the test on its answers alone
    decides  whether the verdict rests on it
    """

    assay: str
    result: KinshipResult
    decides: bool


def question_of_two(
    registry: Registry,
    assays: tuple[Assay, Assay],
    declared: Mapping[str, DeclaredModel],
    *,
    progress: Progress = silent,
) -> Question:
    """Measure the models of a registry by an assay of distributions and by one of texts.

    The decision rests on the distributions, which is a remark. Raises `UsageError` unless there is
    one assay of each kind, and what `question` raises of either. Cost: that of both.
    """
    first, second = sorted(assays, key=lambda a: a.protocol.decoding.asks == "text")
    if [a.protocol.decoding.asks for a in (first, second)] != ["distribution", "text"]:
        raise UsageError(
            f"{first.short} and {second.short} tell the same kind of answers; name one assay of "
            "distributions (functional-100) and one of texts"
        )
    function, texts = (question(registry, a, declared, progress=progress) for a in (first, second))
    remarks = (*function.remarks, NOT_COUNTED)
    return replace(function, remarks=remarks, parts=(function, texts))


def alone(
    asked: Question,
    model: str,
    candidates: Sequence[str],
    policy: Policy,
    adjust: Adjustment = "holm",
) -> list[tuple[Alone, ...]]:
    """What each assay says by itself, a tuple a candidate; empty where one assay was asked.

    An assay that has no answers of one of them says nothing of the pair.
    """
    told: dict[str, list[Alone]] = {c: [] for c in candidates}
    for number, part in enumerate(asked.parts):
        here = [c for c in candidates if {model, c} <= set(part.pairs.models)]
        for result in judge_candidates(part.made, model, here, policy, adjust) if here else []:
            told[result.b].append(Alone(part.assay.short, result, number == 0))
    return [tuple(told[c]) for c in candidates]
