"""Verdicts on a model that was held against the models of an installed reference."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any

from cladist.attestation.answers import answers_to, json_bytes, protocol_from, protocol_to
from cladist.attestation.case import ANSWERS, PROTOCOL, Case, plain, sets_from
from cladist.attestation.envelope import strict_json
from cladist.errors import InputError
from cladist.formats.labels import DeclaredModel
from cladist.references.panel import open_panel
from cladist.workflows.asking_looks import in_order
from cladist.workflows.identify_model import Identified
from cladist.workflows.looks import LookPlan, Looks, never, plan_looks
from cladist.workflows.placing import makers_of
from cladist.workflows.reference_fit import fit_answers

__all__ = ["again_placement", "placement_case"]

REFERENCE, MEMBERS = "reference.jsonl", "members.json"


def placement_case(found: Identified) -> Case:
    """A model among those of a reference: its answers, theirs, and what is declared of them.

    Raises `InputError` where the looks were taken by a rule of one's own: nobody could tell that
    they were planned.
    """
    rests = found.rests
    files = {
        PROTOCOL: protocol_to(rests.protocol),
        ANSWERS: answers_to([rests.answers]),
        REFERENCE: answers_to(open_panel(found.reference.folder).responses),
        MEMBERS: json_bytes(
            {
                "models": list(rests.models),
                "labels": {m: asdict(d) for m, d in sorted(rests.labels.items())},
            }
        ),
    }
    facts = found.reference.facts
    question = {
        "model": found.model,
        "reference": {k: getattr(facts, k) for k in ("name", "version", "origin", "licence")},
        "alpha": found.alpha,
        "most": found.plan.looks[-1],
        "every": rests.every,
        "cut": rests.cut,
        "order": list(rests.order),
        "drawn": rests.secret is not None,
        "doubts": list(found.placement.doubts),
        "assumed": list(found.taken),
    }
    asked = found.model if rests.secret is not None else ""
    if _plan_of(question, *_members(files)) != found.plan:
        raise InputError("the looks are those of a rule of one's own, and are not stated")
    return Case("placement", question, files, plain(asdict(found.placement)), rests.secret, asked)


def again_placement(question: Mapping[str, Any], files: Mapping[str, bytes], told: Any) -> Any:
    """The place of the model again, by the look that the plan has after so many probes."""
    protocol = protocol_from(files[PROTOCOL], PROTOCOL)
    order = [int(k) for k in question["order"]]
    if not question["drawn"] and order != list(range(len(order))):
        raise InputError("the probes asked are neither the first ones nor those of a secret draw")
    (answers,) = sets_from(files, ANSWERS, protocol)
    if any(bool(slot) and k not in set(order) for k, slot in enumerate(answers.slots)):
        raise InputError(f"'{answers.model:.80}' was asked more probes than the verdict rests on")
    models, labels = _members(files)
    plan = _plan_of(question, models, labels)
    members = [in_order(r, order) for r in sets_from(files, REFERENCE, protocol)]
    prompts = [protocol.probes.probes[k].text for k in order]
    doubts = tuple(map(str, question["doubts"]))
    looks = Looks(
        lambda probes, cut: fit_answers(members, labels, prompts, probes, cut), prompts, plan,
        doubts=lambda greedy: doubts, cut=int(question["cut"]),
    )  # fmt: skip
    found = looks.look(in_order(answers, order), len(order))
    _require_plan(plan, len(order), found.verdict)
    return plain(asdict(replace(found, alpha=float(question["alpha"]))))


def _members(files: Mapping[str, bytes]) -> tuple[list[str], dict[str, DeclaredModel]]:
    """Names of the reference's models, and what is declared of them."""
    told = strict_json(files[MEMBERS], MEMBERS)
    labels = {str(m): DeclaredModel(**d) for m, d in told["labels"].items()}
    return [str(m) for m in told["models"]], labels


def _plan_of(
    question: Mapping[str, Any], models: Sequence[str], labels: Mapping[str, DeclaredModel]
) -> LookPlan:
    """The looks that were planned, from the rate and from how many makers there are."""
    rule = never if question["every"] else None
    makers = makers_of(models, labels)
    return plan_looks(int(question["most"]), float(question["alpha"]), makers, rule)


def _require_plan(plan: LookPlan, probes: int, verdict: str) -> None:
    """`InputError` where asking ended at another moment than the plan lets it."""
    early = probes < plan.looks[-1]
    if probes not in plan.looks or (early and verdict != "related"):
        raise InputError(
            f"asking ended after {probes} probes with '{verdict:.20}', and the plan has looks "
            f"after {', '.join(map(str, plan.looks))} and ends before the last for a relation alone"
        )
