"""Whose descendant is this model? From its address to an answer, with nothing else at hand.

An installed reference is chosen whose models were asked through an interface that this one
offers; the model is asked the reference's prompts, and placed among its models. Its answers are
kept in a registry, so that a run that was stopped goes on, and a second one asks nothing.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from cladist.core.comparable import assumptions, doubts
from cladist.core.progress import Progress, silent
from cladist.core.responses import ResponseSet
from cladist.errors import (
    CladistError,
    ModelError,
    NotComparableError,
    UsageError,
)
from cladist.extraction.asking import Asking, stand_in
from cladist.extraction.comparable import about_refused
from cladist.extraction.derive import derive
from cladist.extraction.like import Like
from cladist.formats.labels import DeclaredModel
from cladist.kinship.inference.assumed import REPEATED
from cladist.kinship.inference.sequential import first_probes, interim_looks
from cladist.models.base import Identity, Model
from cladist.references.catalogue import catalogue
from cladist.references.home import data_folder
from cladist.references.installed import Reference, broken, find, installed
from cladist.references.panel import require_panel
from cladist.references.source import Source
from cladist.registry import ModelRecord, Registry
from cladist.registry.asked import refused_settings
from cladist.registry.unused import leaving_nothing_empty
from cladist.workflows.kept_fit import kept_fit
from cladist.workflows.looks import Decided, LookPlan, Looks, plan_looks
from cladist.workflows.placing import LEAST, Placement, makers_of, rate_for
from cladist.workflows.reference_fit import Fit

__all__ = [
    "AskingCost",
    "Identified",
    "asked_registry",
    "check_ready",
    "choose_reference",
    "identify_model",
]


@dataclass(frozen=True)
class AskingCost:
    """What asking came to: requests made now, answers known before, requests without an answer.

    probes of `available` were asked; `saved` were not needed.
    """

    made: int
    known: int
    failed: int
    tokens: int
    seconds: float
    probes: int
    available: int

    @property
    def saved(self) -> int:
        """Probes that were not asked."""
        return self.available - self.probes


@dataclass(frozen=True)
class Identified:
    """The answer, what it rests on, and what it took.

    plan     when the answers were looked at, and the share of the rate that each look had
    alpha    the rate over all looks together, which is what `placement.alpha` says too
    seconds  that were spent on comparing, and not on asking
    """

    model: str
    uri: str
    reference: Reference
    interface: str
    taken: tuple[str, ...]
    placement: Placement
    asked: AskingCost
    plan: LookPlan
    alpha: float
    registry: Path
    seconds: float


def asked_registry() -> Path:
    """Where answers of models asked by `identify` are kept when no registry is named."""
    return data_folder() / "asked"


def identify_model(
    model: Model,
    *,
    reference: str = "",
    registry: Path | None = None,
    interface: str = "auto",
    probes: int = 0,
    alpha: float | None = None,
    decided: Decided | None = None,
    progress: Progress = silent,
) -> Identified:
    """Ask `model` the prompts of an installed reference, and place it among its models.

    A few prompts are asked first, and all only where those do not show a relation; `decided` puts
    another rule in the place of that one, and with `looks.never` all are asked. `probes` limits
    how many are asked, 0 for all: say so before you have seen a result, or the rate is not kept.
    `alpha` is the rate over all looks; None takes the least that the reference can carry.

    Raises `UsageError` where no reference is installed, `NotComparableError` where none fits the
    model's interface, `ModelError` where it cannot be asked (answers that came before stay
    stored), `CoverageError` where its answers say nothing of descent.

    Examples
    --------
    >>> found = identify_model(open_any("gguf:model.gguf"))  # doctest: +SKIP
    >>> found.placement.nearest[0].family  # doctest: +SKIP
    'HuggingFaceTB/SmolLM2-135M'
    """
    chosen, how = choose_reference(model, reference, interface)
    labels = labels_of(chosen)
    makers = makers_of(chosen.models(), labels)
    texts = [p.text for p in how.asked.protocol.probes.probes]
    most = min(probes or len(texts), len(texts))
    stated = rate_for(makers, alpha)
    plan = plan_looks(most, stated, makers, decided)
    folder = registry or asked_registry()
    require_panel(chosen.folder)
    with (
        ThreadPoolExecutor(1) as aside,
        leaving_nothing_empty(folder),
        Registry.open(folder) as store,
    ):
        fits = _Fits(chosen.folder, labels, texts, aside)
        looks = Looks(
            fits.get, texts, plan,
            doubts=partial(_doubts, store, how, model.identity),
            cut=how.counts.protocol.decoding.cut,
        )  # fmt: skip
        ready = partial(_make_ready, looks, fits)
        asked, answers = _ask(model, how, store, plan, decided or looks, ready, progress)
        record = store.model(answers.model)
        if registry is not None:  # a registry of the user's: other commands want a DNA there
            derive(store, how.counts, [record.name])
        progress("comparing", 0, 1)
        placement = looks.look(answers, asked.probes)
        refused = refused_settings(store, how.asked.protocol, record)
    progress("comparing", 1, 1)
    return Identified(
        record.name, record.uri, chosen, how.asked.protocol.decoding.interface,
        _taken(how, refused, placement),
        replace(placement, alpha=stated), asked, plan, stated, folder,
        looks.seconds,
    )  # fmt: skip


@dataclass(frozen=True)
class _Fits:
    """Fits of one reference, made or read once each, on a thread of their own."""

    folder: Path
    labels: Mapping[str, DeclaredModel]
    prompts: Sequence[str]
    aside: Executor
    begun: dict[tuple[int, int], Future[Fit]] = field(default_factory=dict)

    def begin(self, probes: int, cut: int) -> Future[Fit]:
        """Have a fit made while something else is done."""
        if (probes, cut) not in self.begun:
            self.begun[probes, cut] = self.aside.submit(
                kept_fit, self.folder, self.labels, self.prompts, probes, cut
            )
        return self.begun[probes, cut]

    def get(self, probes: int, cut: int) -> Fit:
        """The fit, waiting for it where it is not there yet."""
        return self.begin(probes, cut).result()


def _doubts(store: Registry, how: Like, asked: Identity, greedy: bool) -> tuple[str, ...]:
    """Settings in which the reference may differ from what the model was asked by."""
    (record,) = (m for m in store.models() if m.fingerprint == asked.fingerprint)
    refused = refused_settings(store, how.asked.protocol, record)
    recorded, own = how.counts.protocol.decoding, how.asked.protocol.decoding
    return doubts(recorded, own, refused, greedy=greedy)


def _taken(how: Like, refused: Mapping[str, str], found: Placement) -> tuple[str, ...]:
    """What is taken for granted, in words."""
    recorded, own = how.counts.protocol.decoding, how.asked.protocol.decoding
    seen = found.repeated if found.repeated >= REPEATED else 0
    return (*assumptions(recorded, own, seen, found=how.found), *about_refused(refused, own))


def _make_ready(looks: Looks, fits: _Fits, answers: ResponseSet, probes: int) -> None:
    wanted = looks.next_fit(answers, probes)
    if wanted is not None:
        fits.begin(*wanted)


def check_ready(reference: str = "") -> None:
    """Raise at once what would be raised after a model is loaded: that no reference is here."""
    if reference:
        find(reference)
    elif not installed():
        raise UsageError(none_installed())


def labels_of(reference: Reference) -> Mapping[str, DeclaredModel]:
    """Families of a reference's models: its own, or else what the table of cladist knows."""
    from cladist.formats.labels import read_labels
    from cladist.references.labels import known_labels

    if reference.labels:
        return read_labels(reference.labels)
    return known_labels(reference.models())


def choose_reference(
    model: Model, name: str = "", interface: str = "auto"
) -> tuple[Reference, Like]:
    """The reference to hold a model against, and how to ask for it.

    A named one, or of those that fit the model: greedy raw continuation before all else, as
    that shows ancestry best, then the one with most models. Raises as `identify_model` does.
    """
    candidates = [find(name)] if name else installed()
    if not candidates:
        raise UsageError(none_installed())
    refused: list[tuple[str, CladistError]] = []
    for reference in sorted(candidates, key=_preference):
        assay = reference.assay()
        source = Source(reference.folder, assay, reference.name)
        try:
            return reference, source.how(model, interface)
        except (ModelError, NotComparableError) as problem:
            refused.append((reference.name, problem))
    if len(refused) == 1:
        raise refused[0][1]
    told = "; ".join(f"{n}: {p}" for n, p in refused)
    raise NotComparableError(f"no installed reference fits this model. {told}")


def _preference(reference: Reference) -> tuple[bool, bool, int]:
    through = reference.facts.asked.get("interface")
    return through != "raw", through != "chat", -reference.facts.models


def none_installed() -> str:
    """What to say to somebody who has no reference: which there are, and how to get one."""
    rows = [
        f"  {c.name:<14} {c.models:>5} models, {c.size / 1e6:.0f} MB, {c.licence.split(' (')[0]}: "
        f"{c.title}"
        for c in catalogue()
    ]
    return "\n".join(
        [
            "no reference is installed, so there is nothing to hold the model against. There are",
            *rows,
            f"Get one with: cladist reference add {catalogue()[0].name}",
            *(f"({name} is installed and cannot be used: {problem})" for name, problem in broken()),
        ]
    )


def _record(model: Model, store: Registry) -> ModelRecord:
    identity = model.identity
    return store.add_model(
        identity.name, identity.uri, identity.fingerprint, dict(identity.metadata)
    )


def _ask(
    model: Model,
    how: Like,
    store: Registry,
    plan: LookPlan,
    decided: Decided,
    ready: Callable[[ResponseSet, int], None],
    progress: Progress,
) -> tuple[AskingCost, ResponseSet]:
    """Ask look by look until it is decided, or all was asked; every answer is stored at once.

    A look sees the answers to its own prompts alone, whatever else is known: so a second run
    ends where the first did.
    """
    record, assay = _record(model, store), how.asked
    row = store.add_protocol(assay.protocol)
    most = plan.looks[-1]
    known = {p for p, _ in store.settled(row, record) if p < most}
    start, waited, tokens, look = time.monotonic(), 0.0, 0, 0
    tried: set[int] = set()
    try:
        asking = Asking.begin(model, assay, store)
        if how.counts.protocol.digest != assay.protocol.digest:
            stand_in(store, how.counts, record, asking.interface)
        # More steps than looks: an endpoint that died is noticed at the end of one.
        for look in sorted({*plan.looks, *interim_looks(most)}):
            todo = [p for p in range(look) if p not in known and p not in tried]
            tried.update(todo)
            tokens += _ask_some(asking, todo, len(known), most, progress)
            (answers,) = store.responses(assay.protocol, [record.name])
            ready(answers, look)
            looking = time.monotonic()
            ended = look < most and look in plan.looks and decided(first_probes(answers, look))
            waited += time.monotonic() - looking
            if ended:
                break
    except (CladistError, KeyboardInterrupt) as problem:
        kept = len(store.settled(row, record))
        store.forget_if_silent(record)
        if isinstance(problem, ModelError):
            raise _with_what_is_kept(problem, how, kept) from problem
        raise
    settled = {p for p, _ in store.settled(row, record)}
    failed = sum(p not in settled for p in range(look))
    used = len({p for p in known if p < look})
    seconds = time.monotonic() - start - waited
    available = len(assay.protocol.probes)
    return AskingCost(len(tried), used, failed, tokens, seconds, look, available), answers


def _with_what_is_kept(problem: ModelError, how: Like, kept: int) -> ModelError:
    """The same, and what is left to the user of it."""
    told = str(problem).rstrip(". ")
    if "answers are kept" in told or "nothing was answered" in told:
        more = ""
    elif kept:
        more = f". {kept} answers are kept, and the same command goes on from there"
        if kept >= LEAST:
            more += f"; with --probes {kept} these alone are compared"
    else:
        more = ". Nothing was answered"
    through = how.asked.protocol.decoding.interface
    if through == "raw" and "interface=chat" in told:  # which would be refused next
        more += (
            ". The models of this reference were asked raw, so a server that offers chat alone "
            "cannot be held against them: name a reference asked through chat with --reference "
            "('cladist reference list' says which there are)"
        )
    return type(problem)(told + more)


def _ask_some(
    asking: Asking, todo: Sequence[int], known: int, most: int, progress: Progress
) -> int:
    """Ask some probes and store each answer as it comes; returns the tokens written.

    Raises `ModelError` where not one of them was answered: the model is gone.
    """
    record, slots, tokens, problems = asking.record, [(p, 0) for p in todo], 0, []
    for done, (slot, response) in enumerate(asking.answers(slots) if todo else (), 1):
        if response.final:  # a slot without an answer is open, and asked in another run
            asking.store([(*slots[slot], response)], sync=False)
        else:
            problems.append(response.detail)
        tokens += response.tokens or 0
        progress(f"asking {record.name}", min(known + todo[0] + done, most), most)
    if todo and len(problems) == len(todo):
        before = len(asking.registry.settled(asking.protocol, record))
        kept = (
            f"{before} answers are kept, and the same command goes on from there"
            if before
            else "nothing was answered"
        )
        why = problems[-1] or "no reason given"
        raise ModelError(f"'{record.name}' gave no answer to {len(todo)} requests: {why}; {kept}")
    return tokens
