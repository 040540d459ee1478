"""Ask a model only as many probes as a question of kinship needs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cladist.core.assay import Assay
from cladist.core.progress import Hear, Progress, silent, unheard
from cladist.errors import InputError, ModelError
from cladist.extraction.asking import Asking
from cladist.kinship.inference.calibration import MISS, Labels, calibrate, pair_evidence
from cladist.kinship.inference.sequential import (
    EarlyAnswer,
    decide,
    first_probes,
    fit_boundaries,
    known_pairs,
    looks_at,
    path_excess,
    verdict_of,
)
from cladist.models.base import Model
from cladist.registry import Registry

__all__ = ["Asked", "ask_until_decided"]


@dataclass(frozen=True, slots=True)
class Asked:
    """The answer, and what it cost: requests made now, and those an entire extraction makes."""

    answer: EarlyAnswer
    requests: int
    whole: int


def ask_until_decided(
    model: Model,
    candidate: str,
    assay: Assay,
    registry: Registry,
    *,
    labels: Labels | None = None,
    rate: float = 0.01,
    progress: Progress = silent,
    hear: Hear = unheard,
) -> Asked:
    """Ask `model` the probes of an assay in order until kinship with `candidate` is decided.

    The other models of the registry that answered the assay are the panel; `labels` are theirs,
    in order of arrival, without the model asked. Answers are stored, and a later extraction goes
    on from them. No DNA is made. Raises `InputError` when the panel is too small to calibrate on
    or the candidate is not in it, `ModelError` as extraction does, also when a request fails.
    Cost: the evidence of the panel at every look.
    """
    identity = model.identity
    record = registry.add_model(
        identity.name, identity.uri, identity.fingerprint, dict(identity.metadata)
    )
    panel = [
        r for r in registry.responses(assay.protocol) if r.model != record.name and r.usable().any()
    ]
    if candidate not in [r.model for r in panel]:
        raise InputError(f"'{candidate}' has no answers to {assay.short} in this registry")
    asking = Asking.begin(model, assay, registry, hear=hear)
    looks = looks_at(len(assay.protocol.probes))
    wide = labels and Labels((*labels.families, ""), (*labels.circles, ""))
    members = np.array([True] * len(panel) + [False])
    complete = calibrate(pair_evidence(panel), labels)
    allowed, missed = complete.plain_rate(rate), complete.plain_miss(MISS)
    evidence, asked = [], 0
    for number, look in enumerate(looks):
        asked += _ask(asking, look, progress)
        (mine,) = registry.responses(assay.protocol, [record.name])
        cut = [first_probes(r, look) for r in (*panel, mine)]
        evidence.append(pair_evidence(cut, members))
        i, j = evidence[-1].index(record.name), evidence[-1].index(candidate)
        kin, unrelated = known_pairs(evidence[-1], wide, (i, j))
        rows = np.concatenate([np.array([[i, j]]), unrelated, kin])
        excess = path_excess(evidence, rows[:, 0], rows[:, 1], wide, leave_out=(i, j))
        null, related = excess[1 : 1 + len(unrelated)], excess[1 + len(unrelated) :]
        bounds = fit_boundaries(
            looks[: number + 1], null, related, rate=allowed, miss=missed, planned=len(looks)
        )
        decided = decide(bounds, excess[:1])
        if decided.verdict[0]:
            break
    word = verdict_of(decided, complete, evidence[-1], i, j)
    answer = EarlyAnswer(record.name, candidate, word, look, looks[-1], looks[-1] - look)
    return Asked(answer, asked, looks[-1] * assay.protocol.decoding.samples)


def _ask(asking: Asking, look: int, progress: Progress) -> int:
    """Ask what is open of the first `look` probes; returns the number of requests."""
    slots, name = asking.open(look), asking.record.name
    for done, (index, response) in enumerate(asking.answers(slots)):
        asking.store([(*slots[index], response)])
        if not response.final:
            raise ModelError(f"'{name}': a request failed ({response.detail}); run the same again")
        progress(f"asking {name}", look - len(slots) + done + 1, look)
    return len(slots)
