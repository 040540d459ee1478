"""Ask a model only as many probes as a question of kinship needs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cladist.core.assay import Assay
from cladist.core.progress import Hear, Progress, silent, unheard
from cladist.errors import InputError, ModelError
from cladist.extraction.asking import Asking
from cladist.kinship.inference.calibration import calibrate
from cladist.kinship.inference.decision import DEFAULT, Decision, Policy
from cladist.kinship.inference.facts import gatherer
from cladist.kinship.inference.labels import Labels
from cladist.kinship.inference.pairs import pair_evidence
from cladist.kinship.inference.sequential import (
    EarlyAnswer,
    first_probes,
    look_at,
    until_decided,
)
from cladist.models.base import Model
from cladist.registry import Registry

__all__ = ["AskedSoFar", "ask_until_decided"]


@dataclass(frozen=True, slots=True)
class AskedSoFar:
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
    policy: Policy = DEFAULT,
    progress: Progress = silent,
    hear: Hear = unheard,
) -> AskedSoFar:
    """Ask `model` the probes of an assay in order until kinship with `candidate` is decided.

    The other models of the registry that answered the assay are the panel; `labels` are theirs,
    in order of arrival, without the model asked. Answers are stored, and a later extraction goes
    on from them. No DNA is made. Raises `RegistryError` when the name is another model's and
    `InputError` when the panel is too small to calibrate on or the candidate is not in it (nothing
    is registered then), `ModelError` as extraction does, also when a request fails. Cost: the
    evidence of the panel at every look.
    """
    identity, protocol = model.identity, assay.protocol
    registry.known_model(
        identity.name, identity.fingerprint
    )  # a name that is taken is told at once
    panel = [
        r for r in registry.responses(protocol) if r.model != identity.name and r.usable().any()
    ]
    if candidate not in [r.model for r in panel]:
        raise InputError(f"'{candidate}' has no answers to {assay.short} in this registry")
    floor = calibrate(pair_evidence(panel), labels).floor  # before anything is asked
    record = registry.add_model(
        identity.name, identity.uri, identity.fingerprint, dict(identity.metadata)
    )
    asking = Asking.begin(model, assay, registry, hear=hear)
    prompts = [p.text for p in protocol.probes.probes]
    wide = labels and Labels((*labels.families, ""), (*labels.makers, ""))
    members = np.array([True] * len(panel) + [False])
    asked = 0

    def look(at: int, share: Policy) -> Decision:
        nonlocal asked
        asked += _ask(asking, at, progress)
        (mine,) = registry.responses(protocol, [record.name])
        cut = [first_probes(r, at) for r in (*panel, mine)]
        made = gatherer(cut, pair_evidence(cut, members), wide, prompts=prompts[:at])
        return look_at(made, record.name, candidate, share)

    answer = until_decided(record.name, candidate, len(prompts), policy, look, floor)
    return AskedSoFar(answer, asked, len(prompts) * protocol.decoding.samples)


def _ask(asking: Asking, look: int, progress: Progress) -> int:
    """Ask what is open of the first `look` probes; returns the number of requests."""
    slots, name = asking.open(look), asking.record.name
    for done, (index, response) in enumerate(asking.answers(slots)):
        asking.store([(*slots[index], response)])
        if not response.final:
            raise ModelError(f"'{name}': a request failed ({response.detail}); run the same again")
        progress(f"asking {name}", look - len(slots) + done + 1, look)
    return len(slots)
