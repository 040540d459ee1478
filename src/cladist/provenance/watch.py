"""Is an endpoint still what it was? Repeated looks at one error rate.

Every look asks all probes anew and holds the answers against the registered ones by the identity
test (`kinship.identity`). Looks repeat the same probes and may share whatever made them differ,
so nothing is assumed of how they depend on each other: each of the `planned` looks may spend
rate / planned (Bonferroni), and the rate of a false alarm over all of them together is at most
`rate`. Beyond them a new block of as many begins, with a rate of its own.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from cladist.core.assay import Assay
from cladist.core.hashing import digest
from cladist.core.progress import Hear, Progress, silent, unheard
from cladist.core.responses import Response, ResponseSet
from cladist.errors import CoverageError, InputError, ModelError, NotComparableError
from cladist.extraction.asking import choose_interface, requests_for
from cladist.extraction.missing import listed_reasons, reasons
from cladist.kinship.config import IDENTITY
from cladist.models.base import AskedInterface, Model
from cladist.models.served import Remembered, Served
from cladist.provenance.deployments import Side, cautions, hold_against, models_of
from cladist.provenance.pace import Pace

__all__ = ["Look", "Looked", "WatchPlan", "look", "looks", "looks_in"]

MOST_SHUFFLES = 50_000
LEAST = 0.5
"""Share of the probes that must be answered for a look to count as one."""


@dataclass(frozen=True, slots=True)
class WatchPlan:
    """What is watched and how strictly.

    planned   looks that share `rate`
    before    looks made by earlier runs of the same watch
    refused   settings that the server did not take when the registered answers were asked for
    """

    reference: ResponseSet
    assay: Assay
    interface: str
    rate: float = 0.01
    planned: int = 1
    before: int = 0
    tolerance: float | None = None
    refused: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not 0 < self.rate < 1:
            raise InputError(f"a false-alarm rate of {self.rate} is outside 0 to 1")
        if self.planned < 1 or self.before < 0:
            raise InputError("a watch needs at least one planned look")
        if self.assay.protocol.decoding.temperature > 0 and shuffles_needed(self) > MOST_SHUFFLES:
            raise InputError(
                f"sampled answers are tested by shuffling, and {self.planned} looks at a rate of "
                f"{self.rate:g} would need {shuffles_needed(self)} shuffles each; plan fewer looks "
                "or allow a higher rate"
            )

    @property
    def key(self) -> str:
        """What must be the same for earlier looks to count: answers, probes, rate, looks."""
        texts = [[r.text for r in slot if r.final] for slot in self.reference.slots]
        about = [self.reference.model, self.assay.protocol.digest, self.rate, self.planned, texts]
        return digest(about)[:16]


@dataclass(frozen=True, slots=True)
class Look:
    """One look, as it is written on a line.

    status      same, changed, inconclusive, or failed (`reason` says why; nothing is spent)
    level       error that this look may spend; `p` at or below it is a change
    block       number of the run of `planned` looks that the stated rate holds over
    differing   ids of probes whose first answers differ, the first 20
    answers     SHA-256 of the answers of this look
    served      id of the model that answered, as the endpoint tells
    registered  that of the registered answers; another one is told in `reason`
    """

    watch: str
    time: str
    model: str
    number: int
    block: int
    status: str
    reason: str
    p: float | None
    level: float
    rate: float
    planned: int
    effect: float | None
    low: float | None
    high: float | None
    probes: int
    asked: int
    served: str
    differing: tuple[str, ...]
    answers: str
    registered: str = ""

    def line(self) -> str:
        """JSON on one line."""
        return json.dumps(asdict(self), ensure_ascii=False)


@dataclass(frozen=True)
class Looked:
    """A look, the answers that it saw, and the settings that the server refused then."""

    look: Look
    answers: ResponseSet
    refused: Mapping[str, str] = field(default_factory=dict)


def looks_in(log: Path, key: str) -> int:
    """Looks of the watch `key` that a log holds, failed ones left out; 0 without a file.

    `InputError` with the line for what is no log of looks.
    """
    if not log.exists():
        return 0
    count = 0
    try:
        with log.open(encoding="utf-8") as lines:
            for number, line in enumerate(lines, 1):
                if not line.strip():
                    continue
                try:
                    data = json.loads(line)
                    status, own = data["status"], data["watch"] == key
                    count += own and status != "failed"
                except (ValueError, KeyError, TypeError, RecursionError):
                    raise InputError(
                        f"{log}, line {number}: no line of a watch; name another file"
                    ) from None
    except (OSError, UnicodeDecodeError) as problem:
        raise InputError(f"{log} cannot be read: {problem}") from problem
    return count


def look(
    model: Model, plan: WatchPlan, number: int, progress: Progress = silent, hear: Hear = unheard
) -> tuple[Look, ResponseSet]:
    """Ask all probes and compare. `number` counts looks from 0, earlier runs included.

    A model that cannot be reached, or that answers fewer than half of the probes, is a failed
    look. Raises `ModelError` when the model offers another interface than the one registered.
    """
    chosen = choose_interface(model, plan.assay)
    if plan.interface and chosen != plan.interface:
        raise ModelError(
            f"'{plan.reference.model}' is registered through the {plan.interface} interface and "
            f"now offers {chosen}; answers of the two are not comparable"
        )
    decoding = plan.assay.protocol.decoding
    level = plan.rate / plan.planned
    try:
        if isinstance(model, Served):
            # The settings of then, and whichever model answers now: that it is another is found.
            model.remember(Remembered(refused=plan.refused))
            model.tell(hear)
        answers, asked = _ask(model, plan.assay, chosen, progress)
    except ModelError as problem:
        return _failed(model, plan, number, level, str(problem)), _none(plan)
    usable = sum(any(r.final for r in slot) for slot in answers.slots)
    if usable < LEAST * len(answers.slots):
        told = listed_reasons(reasons(answers))
        why = f"{usable} of {len(answers.slots)} probes were answered ({told[:300]})"
        return _failed(model, plan, number, level, why), answers
    reference = Side(plan.reference, plan.refused)
    now = Side(answers, model.refused_settings if isinstance(model, Served) else {})
    try:
        found = hold_against(
            reference, now, decoding, rate=level, tolerance=plan.tolerance,
            shuffles=max(IDENTITY.shuffles, shuffles_needed(plan)), seed=number,
        )  # fmt: skip
    except NotComparableError as problem:
        return _failed(model, plan, number, level, str(problem)), answers
    differing = [
        probe
        for probe, x, y in zip(
            answers.probe_ids, plan.reference.texts(), answers.texts(), strict=True
        )
        if (x or "").strip() != (y or "").strip()
    ]
    reason = ". ".join([found.reason, *cautions(reference, now)])
    made = Look(
        plan.key, _now(), plan.reference.model, number, number // plan.planned, found.verdict,
        reason, found.p, level, plan.rate, plan.planned, found.effect, *found.interval,
        found.probes, asked, models_of(answers), tuple(differing[:20]),
        _digest(answers), models_of(plan.reference),
    )  # fmt: skip
    return made, answers


def looks(
    model: Model,
    plan: WatchPlan,
    pace: Pace | None = None,
    *,
    progress: Progress = silent,
    hear: Hear = unheard,
) -> Iterator[Looked]:
    """Looks at the pace given, each with its answers; failed ones spend nothing."""
    spent = plan.before
    for _ in (pace or Pace()).turns():
        found, answers = look(model, plan, spent, progress, hear)
        spent += found.status != "failed"
        refused = model.refused_settings if isinstance(model, Served) else {}
        yield Looked(found, answers, dict(refused))


def shuffles_needed(plan: WatchPlan) -> int:
    """Shuffles from which a p-value can reach the level of one look, for sampled answers."""
    return int(4 * plan.planned / plan.rate)


def require_reference(reference: ResponseSet, assay: Assay) -> None:
    """`CoverageError` when the registered answers are too few to compare with."""
    answered = sum(any(r.final for r in slot) for slot in reference.slots)
    if answered < LEAST * len(reference.slots):
        raise CoverageError(
            f"'{reference.model}' has answers to {answered} of {len(reference.slots)} probes of "
            f"{assay.short}; extract it anew before watching it"
        )


def _ask(
    model: Model, assay: Assay, chosen: AskedInterface, progress: Progress
) -> tuple[ResponseSet, int]:
    ids, samples = assay.protocol.probes.ids, assay.protocol.decoding.samples
    slots = [(p, s) for s in range(samples) for p in range(len(ids))]
    got: list[list[Response]] = [[] for _ in ids]
    name = model.identity.name
    answers = model.answer(requests_for(assay, chosen, slots))
    for done, (index, response) in enumerate(answers, 1):
        got[slots[index][0]].append(response)
        progress(f"asking {name}", done, len(slots))
    return ResponseSet(f"{name} now", ids, tuple(tuple(g) for g in got)), len(slots)


def _none(plan: WatchPlan) -> ResponseSet:
    ids = plan.reference.probe_ids
    return ResponseSet(plan.reference.model, ids, tuple(() for _ in ids))


def _failed(model: Model, plan: WatchPlan, number: int, level: float, why: str) -> Look:
    return Look(
        plan.key, _now(), plan.reference.model, number, number // plan.planned, "failed", why,
        None, level, plan.rate, plan.planned, None, None, None, 0, 0,
        str(getattr(model, "served_model", "")), (), "", models_of(plan.reference),
    )  # fmt: skip


def _digest(answers: ResponseSet) -> str:
    texts = [[r.text for r in slot] for slot in answers.slots]
    return digest(texts)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
