"""Whose descendant is this model? From its address to an answer, with nothing else at hand.

An installed reference is chosen whose models were asked through an interface that this one
offers; the model is asked the reference's prompts, and placed among its models. Its answers are
kept in a registry, so that a run that was stopped goes on, and a second one asks nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from cladist.core.assay import Protocol
from cladist.core.comparable import assumptions, doubts
from cladist.core.progress import Progress, silent
from cladist.core.responses import ResponseSet
from cladist.core.secret import Secret
from cladist.errors import CladistError, ModelError, NotComparableError, UsageError
from cladist.extraction.comparable import about_refused
from cladist.extraction.derive import derive
from cladist.extraction.like import Like
from cladist.formats.labels import DeclaredModel
from cladist.kinship.config import STATES
from cladist.models.base import Identity, Model
from cladist.references.catalogue import catalogue
from cladist.references.home import data_folder
from cladist.references.installed import Reference, broken, find, installed
from cladist.references.panel import open_panel, require_panel
from cladist.references.source import Source
from cladist.registry import Registry
from cladist.registry.asked import refused_settings
from cladist.registry.unused import leaving_nothing_empty
from cladist.workflows.asking_looks import AskingCost, Course, ask_by_looks, in_order
from cladist.workflows.kept_fit import kept_fit
from cladist.workflows.looks import Decided, LookPlan, Looks, never, plan_looks
from cladist.workflows.placing import Placement, makers_of, rate_for
from cladist.workflows.reference_fit import Fit, fit_answers

__all__ = [
    "AskingCost",
    "Identified",
    "Rests",
    "asked_registry",
    "check_ready",
    "choose_reference",
    "identify_model",
]


@dataclass(frozen=True)
class Rests:
    """What an identification follows from, beside the answers of the reference.

    protocol  by which the model was asked
    answers   of the model, to the probes of the protocol; none but those that were looked at
    order     numbers of these probes, as they were asked
    every     whether all are asked, whatever is seen
    cut       characters that the reference's answers were cut to when they were recorded
    labels    what is declared of the reference's models
    models    names of these, in order of arrival
    secret    by which probes were drawn, None where they were asked in their order
    """

    protocol: Protocol
    answers: ResponseSet
    order: tuple[int, ...]
    every: bool
    cut: int
    labels: Mapping[str, DeclaredModel]
    models: tuple[str, ...]
    secret: Secret | None = None


@dataclass(frozen=True)
class Identified:
    """The answer, what it rests on, and what it took.

    plan     when the answers were looked at, and the share of the rate that each look had
    alpha    the rate over all looks together, which is what `placement.alpha` says too
    seconds  that were spent on comparing, and not on asking
    rests    what it follows from, beside the answers of the reference
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
    rests: Rests


def asked_registry() -> Path:
    """Where answers of models asked by `identify` are kept when no registry is named."""
    return data_folder() / "asked"


def identify_model(
    model: Model,
    *,
    reference: str = "",
    registry: Path | None = None,
    interface: str = "auto",
    probes: int | Secret = 0,
    alpha: float | None = None,
    decided: Decided | None = None,
    progress: Progress = silent,
) -> Identified:
    """Ask `model` the prompts of an installed reference, and place it among its models.

    A few prompts are asked first, and all only where those do not show a relation; `decided` puts
    another rule in the place of that one, and with `looks.never` all are asked. `probes` limits
    how many are asked, 0 for all: say so before you have seen a result, or the rate is not kept.
    `alpha` is the rate over all looks; None takes the least that the reference can carry.
    A secret in the place of `probes` draws them from the reference's; no others are asked.

    Raises `UsageError` where no reference is installed, `NotComparableError` where none fits the
    model's interface, `ModelError` where it cannot be asked (answers that came before stay
    stored), `CoverageError` where its answers say nothing of descent, `InputError` for a secret
    that draws from other probes.

    Examples
    --------
    >>> found = identify_model(open_any("gguf:model.gguf"))  # doctest: +SKIP
    >>> found.placement.nearest[0].family  # doctest: +SKIP
    'HuggingFaceTB/SmolLM2-135M'
    """
    chosen, how = choose_reference(model, reference, interface)
    labels, members = labels_of(chosen), chosen.models()
    makers = makers_of(members, labels)
    pool = how.asked.protocol.probes
    secret = probes if isinstance(probes, Secret) else None
    order = tuple(range(len(pool))) if secret is None else secret.places(pool)
    most = len(order) if isinstance(probes, Secret) else min(probes or len(order), len(order))
    texts = [pool.probes[k].text for k in order]
    stated = rate_for(makers, alpha)
    plan = plan_looks(most, stated, makers, decided)
    folder = registry or asked_registry()
    require_panel(chosen.folder)
    cut = how.counts.protocol.decoding.cut
    with (
        ThreadPoolExecutor(1) as aside,
        leaving_nothing_empty(folder),
        Registry.open(folder) as store,
    ):
        fits = _Fits(chosen.folder, labels, texts, aside, () if secret is None else order)
        told = partial(_doubts, store, how, model.identity)
        looks = Looks(fits.get, texts, plan, doubts=told, cut=cut)
        course = Course(plan, order, decided or looks, partial(_make_ready, looks, fits))
        asked, answers = ask_by_looks(model, how, store, course, progress)
        record = store.model(answers.model)
        if registry is not None:  # a registry of the user's: other commands want a DNA there
            derive(store, how.counts, [record.name])
        progress("comparing", 0, 1)
        placement = looks.look(answers, asked.probes)
        refused = refused_settings(store, how.asked.protocol, record)
    progress("comparing", 1, 1)
    rests = Rests(
        how.asked.protocol, _back(answers, order[: asked.probes], pool.ids),
        order[: asked.probes], decided is never, cut, labels, tuple(members), secret,
    )  # fmt: skip
    return Identified(
        record.name, record.uri, chosen, how.asked.protocol.decoding.interface,
        _taken(how, refused, placement),
        replace(placement, alpha=stated), asked, plan, stated, folder,
        looks.seconds, rests,
    )  # fmt: skip


def _back(answers: ResponseSet, order: Sequence[int], ids: tuple[str, ...]) -> ResponseSet:
    """Answers that stand in the order of asking, in that of all probes; no others beside them."""
    slots = dict(zip(order, answers.slots, strict=False))
    return ResponseSet(answers.model, ids, tuple(slots.get(k, ()) for k in range(len(ids))))


@dataclass(frozen=True)
class _Fits:
    """Fits of one reference, made or read once each, on a thread of their own.

    A draw has its own `order` of probes, and its fits are not kept: nobody asks for them again.
    """

    folder: Path
    labels: Mapping[str, DeclaredModel]
    prompts: Sequence[str]
    aside: Executor
    order: tuple[int, ...] = ()
    begun: dict[tuple[int, int], Future[Fit]] = field(default_factory=dict)

    def begin(self, probes: int, cut: int) -> Future[Fit]:
        """Have a fit made while something else is done."""
        if (probes, cut) not in self.begun:
            self.begun[probes, cut] = self.aside.submit(self._made, probes, cut)
        return self.begun[probes, cut]

    def _made(self, probes: int, cut: int) -> Fit:
        if not self.order:
            return kept_fit(self.folder, self.labels, self.prompts, probes, cut)
        drawn = [in_order(r, self.order) for r in open_panel(self.folder).responses]
        return fit_answers(drawn, self.labels, self.prompts, probes, cut)

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
    seen = found.repeated if found.repeated >= STATES.repeated else 0
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
