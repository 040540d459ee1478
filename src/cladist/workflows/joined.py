"""Two assays of the same models under one decision: distributions and texts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cladist.core.assay import Assay
from cladist.core.progress import Progress, silent
from cladist.errors import UsageError
from cladist.formats.labels import DeclaredModel
from cladist.kinship.inference.decision import Adjustment, Policy
from cladist.kinship.inference.joined import JoinedEvidence, join_gatherers
from cladist.kinship.inference.labels import labels_of
from cladist.kinship.inference.pair_test import KinshipResult, judge_candidates
from cladist.registry import Registry
from cladist.workflows.kinship import Question, question

__all__ = ["GREEDY", "Alone", "alone", "joined_question"]

GREEDY = (
    "greedy texts are told and not added: on bred models they take away from what distributions "
    "say (docs/functional.md)"
)


@dataclass(frozen=True)
class Alone:
    """What one of two assays says of a pair by itself, and what it adds to the score of both.

    assay   its name and hash
    result  the test on its answers alone
    adds    its part of the joined score, in the unit of unrelated pairs; 0 where it is not counted
    """

    assay: str
    result: KinshipResult
    adds: float


def joined_question(
    registry: Registry,
    assays: tuple[Assay, Assay],
    declared: Mapping[str, DeclaredModel],
    *,
    progress: Progress = silent,
) -> Question:
    """Measure the models of a registry by an assay of distributions and one of texts together.

    Where the texts are greedy the decision rests on the distributions, which is a remark. Raises
    `UsageError` unless there is one of each kind, and what `question` raises of either.
    """
    first, second = sorted(assays, key=lambda a: a.protocol.decoding.asks == "text")
    if [a.protocol.decoding.asks for a in (first, second)] != ["distribution", "text"]:
        raise UsageError(
            f"{first.short} and {second.short} tell the same kind of answers; name one assay of "
            "distributions (functional-100) and one of texts"
        )
    parts = tuple(question(registry, a, declared, progress=progress) for a in (first, second))
    if second.protocol.decoding.temperature == 0:
        remarks = (*parts[0].remarks, GREEDY)
        return Question(first, parts[0].made, declared, remarks, parts=parts)
    known = dict.fromkeys(parts[1].pairs.models)
    models = tuple(m for m in parts[0].pairs.models if m in known)
    made = join_gatherers(parts[0].made, parts[1].made, labels_of(models, declared))
    return Question(first, made, declared, parts[0].remarks, parts=parts)


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
    told: list[list[Alone]] = [[] for _ in candidates]
    pairs = asked.pairs
    for number, part in enumerate(asked.parts):
        here = [c for c in candidates if {model, c} <= set(part.pairs.models)]
        for result in judge_candidates(part.made, model, here, policy, adjust) if here else []:
            adds = 0.0
            if isinstance(pairs, JoinedEvidence):
                adds = float(pairs.shares[number][pairs.index(model), pairs.index(result.b)])
            elif number == 0:
                adds = float(pairs.combined[pairs.index(model), pairs.index(result.b)])
            told[candidates.index(result.b)].append(Alone(part.assay.short, result, adds))
    return [tuple(t) for t in told]
