"""The fitted panel of a registry: fitted when it is first asked for, kept, and asked many times."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cladist.core.assay import Assay
from cladist.core.hashing import digest, file_digest
from cladist.core.progress import Progress, silent
from cladist.core.responses import ResponseSet
from cladist.errors import CoverageError, InputError
from cladist.kinship.config import CHECKS, FAMILIES
from cladist.kinship.inference.assumed import seen_greedy
from cladist.kinship.inference.calibration import Calibration, calibrate
from cladist.kinship.inference.facts import Gatherer, Keeper
from cladist.kinship.inference.labels import Labels
from cladist.kinship.panel.fitted import (
    FittedPanel,
    calibration_from,
    calibration_to,
    fit_panel,
    fitted_from,
    fitted_on,
    fitted_to,
)
from cladist.kinship.panel.on_file import Beside, PanelFile, file_from, file_to
from cladist.kinship.panel.saved import FORMATS, load_panel
from cladist.registry import Registry
from cladist.registry.answers import StoredAnswers
from cladist.registry.asked import in_doubt
from cladist.registry.kept import Kept, default_folder
from cladist.registry.state import answers_state

__all__ = [
    "answers_of",
    "fitted_beside",
    "fitted_panel",
    "gathered",
    "gathered_beside",
    "panel_in",
    "require_answers",
]


def fitted_panel(
    registry: Registry, assay: Assay, *, kept: Kept | None = None, progress: Progress = silent
) -> FittedPanel:
    """All models that answered an assay's protocol with anything usable, as a fitted panel.

    It is fitted when it is first asked for (7 CPU seconds for 800 models and 100 probes) and kept
    in the user's cache folder, or in `kept`. An answer that is added, altered or removed, or a
    model that gets another name, has it fitted anew, so it is never out of date. Raises
    `InputError` where nobody answered.
    """

    def answers() -> Iterator[ResponseSet]:
        found = False
        for r in registry.responses(assay.protocol):
            if r.usable().any():
                found = True
                yield r
        if not found:
            raise InputError(f"{registry.folder} has no model with answers to {assay.short}")

    prompts = [p.text for p in assay.protocol.probes.probes]
    state = answers_state(registry, assay.protocol)
    on = fitted_on("answers", assay.protocol.digest, str(registry.folder.resolve()), state)
    return _fitted(on, answers, prompts, None, kept, progress)


def require_answers(
    registry: Registry, assay: Assay, members: Sequence[str], models: Sequence[str]
) -> None:
    """Raise `CoverageError` for one of `models` that is no member, as it did not answer an assay.

    What else it answered is told: answers to other prompts are not compared. Raises `UsageError`
    for a model that the registry does not have.
    """
    for name in sorted(set(models) - set(members)):
        registry.model(name)
        if any(r.usable().any() for r in registry.responses(assay.protocol, [name])):
            continue  # it is left out for another reason
        others = [
            a.short
            for a in registry.assays()
            if a.protocol.digest != assay.protocol.digest
            and any(m.name == name for m in registry.answering(a.protocol))
        ]
        told = (
            f"; it answered other prompts, those of {', '.join(others)}, and only answers to the "
            "same prompts are compared"
        )
        raise CoverageError(
            f"'{name}' has no usable answer to assay {assay.short}{told if others else ''}"
        )


def panel_in(path: Path, *, kept: Kept | None = None) -> PanelFile:
    """The panel in a file, which is read and checked where the same bytes were not before.

    Raises what `load_panel` raises.
    """
    try:
        on = ["panel file", FORMATS, file_digest(path)]
    except OSError:
        return file_from(path, file_to(load_panel(path)))  # which says what is wrong
    place = kept or Kept(default_folder())
    return file_from(path, place.small(on, lambda: file_to(load_panel(path))))


def fitted_beside(
    every: Beside,
    prompts: Sequence[str],
    *,
    kept: Kept | None = None,
    progress: Progress = silent,
) -> FittedPanel:
    """The members of a panel and the models tested beside them, which take no part in it.

    It is kept as the panel of a registry is, under all answers of both: the same question is not
    measured twice.
    """
    told = [[r.model, r.probe_ids, _told(r)] for r in every.tested]
    on = fitted_on("beside", every.panel.digest, digest(told), digest(list(prompts)))
    members = np.arange(len(every)) < len(every.members)
    return _fitted(on, lambda: every, prompts, members, kept, progress)


def _told(responses: ResponseSet) -> list[list[tuple[str, str]]]:
    """Every usable answer of a model, probe by probe: its text, and its distribution."""
    return [[(r.text, r.distribution.hex()) for r in slot if r.usable] for slot in responses.slots]


def _fitted(
    on: list[object],
    answers: Callable[[], Iterable[ResponseSet]],
    prompts: Sequence[str],
    members: NDArray[np.bool_] | None,
    kept: Kept | None,
    progress: Progress,
) -> FittedPanel:
    """What is kept under `on`, or fitted on the answers and kept; damaged parts are made anew."""

    def make() -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
        progress("fitting the panel", 0, 1)
        made = fitted_to(fit_panel(answers(), prompts, members))
        progress("fitting the panel", 1, 1)
        return made

    place = kept or Kept(default_folder())
    found = place.result(on, make)
    try:
        return fitted_from(*found, on)
    except (KeyError, TypeError, ValueError, InputError):
        return fitted_from(*place.anew(on, make), on)


def answers_of(registry: Registry, assay: Assay, panel: FittedPanel) -> StoredAnswers:
    """The answers that a panel was fitted on, read one by one as they are needed."""
    return StoredAnswers(registry, assay.protocol, panel.pairs.models)


def gathered(
    registry: Registry,
    assay: Assay,
    panel: FittedPanel,
    labels: Labels | None,
    *,
    kept: Kept | None = None,
    seed: int = 0,
) -> Gatherer:
    """What facts of pairs are gathered from, its calibration kept as the panel is.

    A panel too small to calibrate on is no error: facts then say so, and nothing is tested.
    """
    place = kept or Kept(default_folder() if panel.on else None)
    answers = answers_of(registry, assay, panel)
    calibration, missing = _calibrated(panel, labels, place)
    speaking = [f.speaks for f in panel.flags]
    greedy = seen_greedy(panel.pairs.digest, speaking)
    return Gatherer(
        answers, panel.pairs, labels, calibration, missing, panel.flags, seed,
        in_doubt(registry, assay.protocol, greedy=greedy), keep=_keeper(panel, labels, place, seed),
    )  # fmt: skip


def gathered_beside(
    answers: Sequence[ResponseSet],
    panel: FittedPanel,
    labels: Labels | None,
    *,
    kept: Kept | None = None,
    seed: int = 0,
) -> Gatherer:
    """The same of a panel from a file and the models tested beside it, whose `answers` are given.

    All of them are calibrated on, as where they are measured afresh.
    """
    place = kept or Kept(default_folder())
    calibration, missing = _calibrated(panel, labels, place)
    return Gatherer(
        answers, panel.pairs, labels, calibration, missing, panel.flags, seed,
        keep=_keeper(panel, labels, place, seed),
    )  # fmt: skip


def _keeper(panel: FittedPanel, labels: Labels | None, place: Kept, seed: int) -> Keeper:
    """Keeps what the answers of pairs of a panel say under all that it is gathered from."""
    constants = asdict(CHECKS), asdict(FAMILIES)
    declared = None if labels is None else asdict(labels)
    state = digest(["pairs", *panel.on, *constants, declared, seed])

    def keep(on: Sequence[object], make: Callable[[], Any]) -> Any:
        return place.small([state, *on], make)

    return keep


def _calibrated(
    panel: FittedPanel, labels: Labels | None, place: Kept
) -> tuple[Calibration | None, str]:
    """The calibration, kept; None and why where there can be none."""
    speaking = np.array([f.speaks for f in panel.flags], np.bool_)
    on = ["calibration", *panel.on, None if labels is None else asdict(labels)]

    def make() -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
        return calibration_to(calibrate(panel.pairs, labels, speaking))

    try:
        found = place.result(on, make)
    except InputError as problem:
        return None, str(problem)
    try:
        return calibration_from(*found), ""
    except (KeyError, TypeError, ValueError):
        return calibration_from(*place.anew(on, make)), ""
