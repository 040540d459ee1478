"""From stored responses to DNA: encode, project, check coverage."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace

from cladist.core.assay import Assay
from cladist.core.dna import DNA, of_blocks
from cladist.core.machine import cores
from cladist.core.origins import listed, mixed_models, mixture, parts
from cladist.core.progress import Progress, silent
from cladist.core.projection import project
from cladist.core.responses import ResponseSet, State
from cladist.encoders import open_encoder, represent
from cladist.errors import CoverageError
from cladist.extraction.missing import commonest
from cladist.registry import Registry, StoredDNA
from cladist.registry.asked import refused_settings

MINIMUM_COVERAGE = 0.2
"""Share of probes with a usable answer below which a DNA needs an explicit permission."""


_SPARSE, _FAILED = "sparse-coverage", "failed-probes"
_DOUBTS = {_SPARSE, _FAILED}
"""Notes of DNA that was made by permission only."""

_LIGHT = frozenset({"alleles", "prefixes", "lexical", "hellinger"})
"""Encoders that run in this process on one thread; the others bring threads or a network."""
_AHEAD = 4
"""Models a thread that are being worked on or wait to be stored; bounds the memory."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """A model that got no DNA, and why."""

    model: str
    reason: str


def dna_of(
    responses: ResponseSet,
    assay: Assay,
    *,
    allow_sparse: bool = False,
    interface: str = "",
    refused: Iterable[str] = (),
) -> DNA:
    """The DNA of one model from its answers.

    `refused` are settings of the protocol that its server did not take; they are marked, as are
    answers of several configurations or providers. Raises `CoverageError` for answers of several
    models, when fewer than a fifth of the probes have a usable answer, or when some requests
    failed; the last two not with `allow_sparse`, and such a DNA is marked 'sparse-coverage' or
    'failed-probes'. Cost: encoding, then O(features * L).
    """
    usable = responses.usable()
    states = responses.states()
    origins = responses.origins()
    if models := mixed_models(origins):
        raise CoverageError(
            f"'{responses.model}': its answers come from several models, as the endpoint tells: "
            f"{listed(parts(origins, 'model'))}. They make no DNA of any of them; ask "
            f"'{models[0]}' anew, with served={models[0]} in the URI and a name of its own"
        )
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
                f"usable answer ({_listed(states)}{commonest(responses)}); {remedy}"
            )
        notes.append(_SPARSE)
    failed = states.get(State.ERROR, 0)
    if failed:
        if not allow_sparse:
            raise CoverageError(
                f"'{responses.model}': {failed} requests failed{commonest(responses)}; run the "
                "same command again to ask for just those, or use --allow-sparse to do without"
            )
        notes.append(_FAILED)
    if interface == "chat" and assay.protocol.decoding.interface == "auto":
        notes.append("chat-interface")
    notes += [f"{name}-not-settable" for name in sorted(refused)]
    notes += mixture(origins)
    blocks = project(represent(responses, assay.method), assay.method.projection)
    return of_blocks(responses.model, assay.digest, blocks, usable, notes)


def _listed(states: dict[State, int]) -> str:
    return ", ".join(f"{n} {s.value}" for s, n in sorted(states.items())) or "none given"


def stored_dna(registry: Registry, assay: Assay, name: str) -> DNA | None:
    """The stored DNA of a model all of whose answers are settled; None where it is to be made.

    Settled answers never change, so nor does what follows from them: making it again would cost
    the encoder's time only. To be made are those of other versions of the encoders, of fewer
    usable answers, stored without their blocks, or with something to be said against them.
    """
    record = registry.model(name)
    if assay.digest not in registry.assays_of(record):
        return None
    (stored,) = registry.stored_dnas(assay, [name], blocks=True)
    (answers,) = registry.responses(assay.protocol, [name])
    versions = tuple(open_encoder(s).version for s in assay.method.encoders)
    whole = stored.dna.blocks is not None and not _DOUBTS & set(stored.dna.notes)
    same = stored.encoders == versions and stored.dna.usable == int(answers.usable().sum())
    return stored.dna if whole and same else None


def derive(
    registry: Registry,
    assay: Assay,
    names: Sequence[str] | None = None,
    *,
    allow_sparse: bool = False,
    progress: Progress = silent,
    blocks: bool = True,
) -> tuple[list[DNA], list[Refusal]]:
    """Make and store the DNA of all models that answered the assay's protocol (or of `names`).

    A model without enough usable answers is returned as a refusal, with the reason; the others
    are not held up by it. DNAs are stored a few hundred at a time; without `blocks` the
    per-probe blocks are only stored, not returned, which keeps memory small for many models.
    """
    protocol = registry.add_protocol(assay.protocol)
    row = registry.add_assay(assay)
    versions = tuple(open_encoder(s).version for s in assay.method.encoders)
    todo = [m.name for m in registry.answering(assay.protocol)] if names is None else list(names)
    records = registry.models_named(todo)
    asked = [
        (
            registry.interface(protocol, records[name]),
            tuple(refused_settings(registry, assay.protocol, records[name])),
        )
        for name in todo
    ]
    made: list[DNA] = []
    refused: list[Refusal] = []
    waiting: list[StoredDNA] = []
    answers = registry.responses(assay.protocol, todo)
    found = _all_dna(zip(answers, asked, strict=True), assay, allow_sparse)
    for number, result in enumerate(found):
        progress("making DNA", number, len(todo))
        if isinstance(result, Refusal):
            refused.append(result)
            continue
        made.append(result if blocks else replace(result, blocks=None))
        waiting.append(StoredDNA(result, versions))
        if len(waiting) >= 256:
            registry.write_dnas(row, waiting)
            waiting.clear()
    registry.write_dnas(row, waiting)
    progress("making DNA", len(todo), len(todo))
    return made, refused


def _all_dna(
    answers: Iterable[tuple[ResponseSet, tuple[str, tuple[str, ...]]]],
    assay: Assay,
    allow_sparse: bool,
) -> Iterator[DNA | Refusal]:
    """DNA of each model in the given order, several at a time where the encoders allow it.

    Threads share the projection's matrix, and nearly all work is done outside of the
    interpreter's lock. What a thread makes does not depend on the others.
    """

    def one(responses: ResponseSet, how: tuple[str, tuple[str, ...]]) -> DNA | Refusal:
        interface, refused = how
        try:
            return dna_of(
                responses, assay, allow_sparse=allow_sparse, interface=interface, refused=refused
            )
        except CoverageError as problem:
            return Refusal(responses.model, str(problem))

    light = all(s.name in _LIGHT for s in assay.method.encoders)
    threads = cores() if light else 1
    if threads == 1:
        for responses, how in answers:
            yield one(responses, how)
        return
    running: deque[Future[DNA | Refusal]] = deque()
    with ThreadPoolExecutor(threads, thread_name_prefix="cladist-dna") as pool:
        try:
            for responses, how in answers:
                running.append(pool.submit(one, responses, how))
                if len(running) >= threads * _AHEAD:
                    yield running.popleft().result()
            while running:
                yield running.popleft().result()
        finally:
            pool.shutdown(cancel_futures=True)
