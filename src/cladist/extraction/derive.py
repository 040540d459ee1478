"""From stored responses to DNA: encode, project, check coverage."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cladist.core.assay import Assay
from cladist.core.dna import DNA, of_blocks
from cladist.core.projection import project
from cladist.core.responses import ResponseSet, State
from cladist.encoders import open_encoder, represent
from cladist.errors import CoverageError
from cladist.extraction.progress import Progress, silent
from cladist.registry import Registry, StoredDNA

MINIMUM_COVERAGE = 0.2
"""Share of probes with a usable answer below which a DNA needs an explicit permission."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """A model that got no DNA, and why."""

    model: str
    reason: str


def dna_of(
    responses: ResponseSet, assay: Assay, *, allow_sparse: bool = False, interface: str = ""
) -> DNA:
    """The DNA of one model from its answers.

    Raises `CoverageError` when fewer than a fifth of the probes have a usable answer, or when
    some requests failed, unless `allow_sparse`; such a DNA is marked 'sparse-coverage' or
    'failed-probes'. Cost: encoding, then O(features * L).
    """
    usable = responses.usable()
    states = responses.states()
    share, notes = float(usable.mean()), []
    if share < MINIMUM_COVERAGE or not usable.any():
        if not usable.any() or not allow_sparse:
            remedy = (
                "there is nothing to make a DNA of"
                if not usable.any()
                else "use --allow-sparse to make a DNA all the same, marked as such"
            )
            raise CoverageError(
                f"'{responses.model}': only {int(usable.sum())} of {len(usable)} probes have a "
                f"usable answer ({_listed(states)}); {remedy}"
            )
        notes.append("sparse-coverage")
    failed = states.get(State.ERROR, 0)
    if failed:
        if not allow_sparse:
            raise CoverageError(
                f"'{responses.model}': {failed} requests failed; run the same command again to "
                "ask for just those, or use --allow-sparse to do without"
            )
        notes.append("failed-probes")
    if interface == "chat" and assay.protocol.decoding.interface == "auto":
        notes.append("chat-interface")
    blocks = project(represent(responses, assay.method), assay.method.projection)
    return of_blocks(responses.model, assay.digest, blocks, usable, notes)


def _listed(states: dict[State, int]) -> str:
    return ", ".join(f"{n} {s.value}" for s, n in sorted(states.items())) or "none asked"


def derive(
    registry: Registry,
    assay: Assay,
    names: Sequence[str] | None = None,
    *,
    allow_sparse: bool = False,
    progress: Progress = silent,
) -> tuple[list[DNA], list[Refusal]]:
    """Make and store the DNA of all models that answered the assay's protocol (or of `names`).

    A model without enough usable answers is returned as a refusal, with the reason; the others
    are not held up by it. DNAs are stored a few hundred at a time.
    """
    protocol = registry.add_protocol(assay.protocol)
    row = registry.add_assay(assay)
    versions = tuple(open_encoder(s).version for s in assay.method.encoders)
    records = {m.name: m for m in registry.models()}
    todo = [m.name for m in registry.answering(assay.protocol)] if names is None else list(names)
    made: list[DNA] = []
    refused: list[Refusal] = []
    waiting: list[StoredDNA] = []
    for number, responses in enumerate(registry.responses(assay.protocol, todo)):
        progress("making DNA", number, len(todo))
        interface = registry.interface(protocol, records[responses.model])
        try:
            dna = dna_of(responses, assay, allow_sparse=allow_sparse, interface=interface)
        except CoverageError as problem:
            refused.append(Refusal(responses.model, str(problem)))
            continue
        made.append(dna)
        waiting.append(StoredDNA(dna, versions))
        if len(waiting) >= 256:
            registry.write_dnas(row, waiting)
            waiting.clear()
    registry.write_dnas(row, waiting)
    progress("making DNA", len(todo), len(todo))
    return made, refused
