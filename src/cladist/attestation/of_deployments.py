"""Verdicts on deployments: two held against each other, and one looked at again and again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from cladist.attestation.answers import answers_to, protocol_from, protocol_to
from cladist.attestation.case import PROTOCOL, Case, plain, sets_from
from cladist.core.assay import Protocol
from cladist.core.secret import Secret
from cladist.errors import InputError, NotComparableError
from cladist.kinship.config import IDENTITY
from cladist.provenance.deployments import Side, cautions, hold_against, models_of
from cladist.provenance.watch import LEAST, Looked, WatchPlan, shuffles_needed

__all__ = ["again_identity", "again_watch", "identity_case", "watch_case"]

MOST_SHUFFLES = 1_000_000
"""Shuffles that a statement may ask of whoever checks it."""


def identity_case(
    first: Side,
    second: Side,
    protocol: Protocol,
    *,
    rate: float,
    tolerance: float | None,
    secret: Secret | None = None,
) -> Case:
    """Two sets of answers held against each other; those of the second were asked by `secret`."""
    question = {
        "rate": rate,
        "tolerance": tolerance,
        "refused": {"first": dict(first.refused), "second": dict(second.refused)},
    }
    files = {
        PROTOCOL: protocol_to(protocol),
        "first.jsonl": answers_to([first.answers]),
        "second.jsonl": answers_to([second.answers]),
    }
    found = hold_against(
        first, second, protocol.decoding,
        prompts=[p.text for p in protocol.probes.probes], rate=rate, tolerance=tolerance,
    )  # fmt: skip
    asked = second.answers.model if secret else ""
    return Case("identity", question, files, plain(asdict(found)), secret, asked)


def watch_case(plan: WatchPlan, looks: Sequence[Looked]) -> Case:
    """The looks of a watch, in order, each with its answers; what failed is told as it was."""
    if not looks:
        raise InputError("a watch without a look has nothing to state")
    rows = [
        {"level": k.look.level, "number": k.look.number, "refused": dict(k.refused)} for k in looks
    ]
    question = {
        "looks": rows,
        "tolerance": plan.tolerance,
        "shuffles": max(IDENTITY.shuffles, shuffles_needed(plan)),
        "refused": dict(plan.refused),
        "rate": plan.rate,
        "planned": plan.planned,
    }
    files = {
        PROTOCOL: protocol_to(plan.assay.protocol),
        "reference.jsonl": answers_to([plan.reference]),
    }
    files |= {_look_file(i): answers_to([k.answers]) for i, k in enumerate(looks)}
    return Case("watch", question, files, [plain(asdict(k.look)) for k in looks])


def again_identity(question: Mapping[str, Any], files: Mapping[str, bytes], told: Any) -> Any:
    """The identity test again."""
    protocol = protocol_from(files[PROTOCOL], PROTOCOL)
    first = _side(files, "first.jsonl", protocol, question["refused"]["first"])
    second = _side(files, "second.jsonl", protocol, question["refused"]["second"])
    found = hold_against(
        first, second, protocol.decoding, prompts=[p.text for p in protocol.probes.probes],
        rate=question["rate"], tolerance=question["tolerance"],
    )  # fmt: skip
    return plain(asdict(found))


def again_watch(question: Mapping[str, Any], files: Mapping[str, bytes], told: Any) -> Any:
    """The looks again by their answers; `told` gives what answers do not tell, as times."""
    protocol = protocol_from(files[PROTOCOL], PROTOCOL)
    reference = _side(files, "reference.jsonl", protocol, question["refused"])
    shuffles = int(question["shuffles"])
    if not 0 < shuffles <= MOST_SHUFFLES:
        raise InputError(f"{shuffles} shuffles are more than anybody is asked to repeat")
    rows = question["looks"]
    made: list[dict[str, Any]] = []
    for place, (row, stated) in enumerate(zip(rows, told, strict=True)):
        if made and int(row["number"]) != made[-1]["number"] + (made[-1]["status"] != "failed"):
            raise InputError(
                f"look {int(row['number']) + 1} does not follow on look {made[-1]['number'] + 1}: "
                "looks are missing from the watch, or stand in another order"
            )
        now = _side(files, _look_file(place), protocol, row["refused"])
        made.append(dict(stated) | _look(reference, now, protocol, row, shuffles, question))
    return plain(made)


def _look(
    reference: Side, now: Side, protocol: Protocol, row: Mapping[str, Any], shuffles: int,
    question: Mapping[str, Any],
) -> dict[str, Any]:  # fmt: skip
    """What a look comes to by its answers; why one failed is told by the endpoint, not by them."""
    number, level = int(row["number"]), float(row["level"])
    failed = {
        "status": "failed", "level": level, "number": number, "p": None, "effect": None,
        "low": None, "high": None, "probes": 0,
    }  # fmt: skip
    answered = sum(any(r.final for r in slot) for slot in now.answers.slots)
    if answered < LEAST * len(now.answers.slots):
        return failed
    try:
        found = hold_against(
            reference, now, protocol.decoding, rate=level, tolerance=question["tolerance"],
            shuffles=shuffles, seed=number,
        )  # fmt: skip
    except NotComparableError:
        return failed
    low, high = found.interval
    return {
        "status": found.verdict, "level": level, "number": number, "p": found.p,
        "effect": found.effect, "low": low, "high": high, "probes": found.probes,
        "reason": ". ".join([found.reason, *cautions(reference, now)]),
        "served": models_of(now.answers),
    }  # fmt: skip


def _look_file(place: int) -> str:
    return f"look-{place:06d}.jsonl"


def _side(
    files: Mapping[str, bytes], name: str, protocol: Protocol, refused: Mapping[str, str]
) -> Side:
    (answers,) = sets_from(files, name, protocol)
    return Side(answers, dict(refused))
