"""Is a model kin of another? Asked probe by probe, until the answer is decided."""

from __future__ import annotations

from collections.abc import Mapping

from cladist.compare import resolved
from cladist.core.assay import Assay
from cladist.core.machine import threads_alone
from cladist.core.progress import NOBODY, Hear, Listener, Progress, silent, unheard
from cladist.extraction.opening import open_any
from cladist.extraction.until import AskedSoFar, ask_until_decided
from cladist.formats.labels import DeclaredModel
from cladist.kinship.inference.decision import DEFAULT, Policy
from cladist.kinship.inference.labels import labels_of
from cladist.models.base import Model
from cladist.registry import Registry
from cladist.workflows.kinship import UNUSED_LABELS, answered
from cladist.workflows.named import LabelsLike, families_here

__all__ = ["ask_for", "ask_one"]


def ask_one(
    model: Model,
    candidate: str,
    assay: Assay,
    registry: Registry,
    declared: Mapping[str, DeclaredModel],
    *,
    policy: Policy = DEFAULT,
    progress: Progress = silent,
    hear: Hear = unheard,
) -> AskedSoFar:
    """Ask a model until its kinship with a candidate is decided; see `ask_until_decided`."""
    known = [r.model for r in answered(registry, assay) if r.model != model.identity.name]
    return ask_until_decided(
        model, candidate, assay, registry,
        labels=labels_of(known, declared), policy=policy, progress=progress, hear=hear,
    )  # fmt: skip


def ask_for(
    uri: str,
    candidate: str,
    registry: Registry,
    *,
    labels: LabelsLike = None,
    assay: str | Assay = "",
    policy: Policy = DEFAULT,
    listener: Listener = NOBODY,
) -> tuple[Assay, AskedSoFar]:
    """Open the model of a URI, ask it until its kinship with a candidate is decided, close it.

    Raises what opening, `families_here` and `ask_one` raise.
    """
    chosen = resolved(registry, assay)
    declared = families_here(labels, registry.models(), listener.hear)
    if declared and not any(r.model in declared for r in answered(registry, chosen)):
        listener.hear(UNUSED_LABELS)
    model = open_any(uri, threads_alone())
    try:
        return chosen, ask_one(
            model, candidate, chosen, registry, declared,
            policy=policy, progress=listener.progress, hear=listener.hear,
        )  # fmt: skip
    finally:
        model.close()
