"""What a verdict rests on, as the files of a pack, and the verdict again from those files alone.

A case has a question (which test, at which rates, with which seeds), files (answers, prompts,
labels) and a result. `recompute` reads nothing else: no registry, no model, no cache.

    kinship   tests of pairs among the models of a panel, as of 'kinship', 'report' and 'audit'
    identity  two sets of answers held against each other, as of 'same'
    watch     looks at a deployment, each held against the reference
    files     files signed as they are; there is nothing to recompute
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from cladist.attestation.answers import (
    answers_from,
    answers_to,
    json_bytes,
    protocol_from,
    protocol_to,
)
from cladist.attestation.envelope import strict_json
from cladist.core.assay import Protocol
from cladist.core.responses import ResponseSet
from cladist.core.secret import Secret
from cladist.errors import CladistError, InputError, NotComparableError
from cladist.kinship.inference.calibration import Labels, pair_evidence
from cladist.kinship.inference.decision import Policy
from cladist.kinship.inference.facts import Gatherer, gatherer
from cladist.kinship.inference.identity import SHUFFLES
from cladist.kinship.inference.pair_test import judge_candidates, judge_declared
from cladist.provenance.deployments import Side, cautions, hold_against, models_of
from cladist.provenance.watch import LEAST, Look, Plan, shuffles_needed

__all__ = [
    "Ask",
    "Case",
    "Looked",
    "files_case",
    "identity_case",
    "kinship_case",
    "plain",
    "recompute",
    "told",
    "watch_case",
]

PROTOCOL, LABELS = "protocol.json", "labels.json"
MOST_SHUFFLES = 1_000_000
"""Shuffles that a statement may ask of whoever checks it."""


@dataclass(frozen=True)
class Case:
    """A verdict, and everything from which it follows.

    secret  of the draw by which probes were chosen, None where it was no secret
    asked   the model whose answers were asked for by that draw
    """

    kind: str
    question: Mapping[str, Any]
    files: Mapping[str, bytes]
    result: Any
    secret: Secret | None = None
    asked: str = ""


@dataclass(frozen=True)
class Ask:
    """Tests of one model against others.

    how     'candidates' (p adjusted over all of them) or 'declared'
    adjust  method of adjustment, for candidates
    """

    model: str
    others: tuple[str, ...]
    how: str = "candidates"
    adjust: str = "holm"


def plain(data: Any) -> Any:
    """Plain JSON data: tuples as lists, and None where a number is not there."""
    if isinstance(data, float) and not math.isfinite(data):
        return None
    if isinstance(data, Mapping):
        return {str(k): plain(v) for k, v in data.items()}
    if isinstance(data, list | tuple):
        return [plain(v) for v in data]
    return data


# -- making cases -----------------------------------------------------------------------------


def kinship_case(
    made: Gatherer,
    protocol: Protocol,
    asks: Sequence[Ask],
    policy: Policy,
    *,
    members: int | None = None,
    extra: Mapping[str, bytes] | None = None,
    secret: tuple[Secret, str] | None = None,
) -> Case:
    """Tests of pairs, with all models that `made` measures them by.

    members  how many models, the first ones, are a panel's; None where all are
    extra    other files that are signed along, as the page of a report
    secret   of the draw, and the model that was asked by it
    """
    files = {PROTOCOL: protocol_to(protocol), "answers.jsonl": answers_to(made.responses)}
    if made.labels is not None:
        files[LABELS] = json_bytes(plain(asdict(made.labels)))
    question = {
        "tests": [plain(asdict(a)) for a in asks],
        "policy": asdict(policy),
        "members": members,
        "seed": made.seed,
    }
    result = _tests(made, asks, policy)
    drawn, asked = secret or (None, "")
    return Case("kinship", question, files | dict(extra or {}), result, drawn, asked)


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
    found = hold_against(first, second, protocol.decoding, rate=rate, tolerance=tolerance)
    asked = second.answers.model if secret else ""
    return Case("identity", question, files, plain(asdict(found)), secret, asked)


@dataclass(frozen=True)
class Looked:
    """A look, the answers that it saw, and the settings that the server refused then."""

    look: Look
    answers: ResponseSet
    refused: Mapping[str, str] = field(default_factory=dict)


def watch_case(plan: Plan, looks: Sequence[Looked]) -> Case:
    """The looks of a watch, in order, each with its answers; what failed is told as it was."""
    if not looks:
        raise InputError("a watch without a look has nothing to state")
    rows = [
        {"level": k.look.level, "number": k.look.number, "refused": dict(k.refused)} for k in looks
    ]
    question = {
        "looks": rows,
        "tolerance": plan.tolerance,
        "shuffles": max(SHUFFLES, shuffles_needed(plan)),
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


def files_case(files: Mapping[str, bytes]) -> Case:
    """Files that are signed as they are."""
    return Case("files", {}, files, None)


# -- and back ---------------------------------------------------------------------------------


def recompute(kind: str, question: Mapping[str, Any], files: Mapping[str, bytes], told: Any) -> Any:
    """The result again, from the question and the files alone.

    told  the result as stated: of a watch, what cannot be computed (times, who answered) is taken
          from there

    Raises `InputError` for a kind that this version does not know, and for files from which it
    does not follow.

    Examples
    --------
    >>> recompute("files", {}, {"log.jsonl": b""}, None) is None
    True
    """
    if kind not in _KINDS:
        raise InputError(
            f"verdicts of the kind {kind!r:.40} are not known here ({', '.join(sorted(_KINDS))}); "
            "update cladist"
        )
    try:
        return _KINDS[kind](question, files, told)
    except InputError:
        raise
    except (CladistError, KeyError, TypeError, ValueError, IndexError, AttributeError) as problem:
        raise InputError(f"no verdict follows from this pack ({problem!s:.200})") from None


def _kinship(question: Mapping[str, Any], files: Mapping[str, bytes], told: Any) -> Any:
    protocol = protocol_from(files[PROTOCOL], PROTOCOL)
    responses = answers_from(files["answers.jsonl"], "answers.jsonl")
    labels = None
    if LABELS in files:
        data = strict_json(files[LABELS], LABELS)
        labels = Labels(tuple(data["families"]), tuple(data["groups"]))
        if len(labels.families) != len(responses):
            raise InputError(f"{LABELS}: not as many families as models")
    _fit(protocol, responses)
    members = question["members"]
    panel = None if members is None else np.arange(len(responses)) < int(members)
    prompts = [p.text for p in protocol.probes.probes]
    pairs = pair_evidence(responses, panel)
    made = gatherer(responses, pairs, labels, prompts=prompts, seed=int(question["seed"]))
    asks = [
        Ask(str(t["model"]), tuple(t["others"]), str(t["how"]), str(t["adjust"]))
        for t in question["tests"]
    ]
    return _tests(made, asks, Policy(**question["policy"]))


def _tests(made: Gatherer, asks: Sequence[Ask], policy: Policy) -> Any:
    found = []
    for a in asks:
        if a.how == "declared":
            rows = judge_declared(made, a.model, a.others, policy)
        elif a.how == "candidates" and a.adjust in ("holm", "bh", "by", "none"):
            rows = judge_candidates(made, a.model, a.others, policy, a.adjust)  # type: ignore[arg-type]
        else:
            raise InputError(f"a test of the kind {a.how!r:.40}, {a.adjust!r:.40} is not known")
        found.append([asdict(r) for r in rows])
    return plain(found)


def _identity(question: Mapping[str, Any], files: Mapping[str, bytes], told: Any) -> Any:
    protocol = protocol_from(files[PROTOCOL], PROTOCOL)
    first = _side(files, "first.jsonl", protocol, question["refused"]["first"])
    second = _side(files, "second.jsonl", protocol, question["refused"]["second"])
    found = hold_against(
        first, second, protocol.decoding, rate=question["rate"], tolerance=question["tolerance"]
    )
    return plain(asdict(found))


def _watch(question: Mapping[str, Any], files: Mapping[str, bytes], told: Any) -> Any:
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
    (answers,) = answers_from(files[name], name)
    _fit(protocol, [answers])
    return Side(answers, dict(refused))


def _fit(protocol: Protocol, responses: Sequence[ResponseSet]) -> None:
    for r in responses:
        if r.probe_ids != protocol.probes.ids:
            raise InputError(f"the answers of '{r.model:.80}' are to other probes than the pack's")


def _nothing(question: Mapping[str, Any], files: Mapping[str, bytes], told: Any) -> Any:
    return told


_KINDS: Mapping[str, Callable[[Mapping[str, Any], Mapping[str, bytes], Any], Any]] = {
    "kinship": _kinship, "identity": _identity, "watch": _watch, "files": _nothing,
}  # fmt: skip


def told(kind: str, result: Any) -> list[str]:
    """A result in lines for people; whatever stands in it is shown as it is, and not made safe."""
    if kind == "kinship":
        return [f"{r['a']} and {r['b']}: {r['verdict']}. {r['reason']}" for t in result for r in t]
    if kind == "identity":
        return [f"{result['a']} and {result['b']}: {result['verdict']}. {result['reason']}"]
    if kind == "watch":
        counts: dict[str, int] = {}
        for look in result:
            counts[look["status"]] = counts.get(look["status"], 0) + 1
        listed = ", ".join(f"{n} {status}" for status, n in counts.items())
        first, last = result[0], result[-1]
        return [
            f"{first['model']}: {len(result)} looks, {first['time']} to {last['time']}: {listed}"
        ]
    return []
