"""The fitted panel of a registry: fitted when it is first asked for, kept, and asked many times."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cladist.core.assay import Assay
from cladist.core.progress import Progress, silent
from cladist.errors import InputError
from cladist.kinship.inference.assumed import seen_greedy
from cladist.kinship.inference.calibration import calibrate
from cladist.kinship.inference.facts import Gatherer
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
from cladist.registry import Registry
from cladist.registry.answers import StoredAnswers
from cladist.registry.asked import in_doubt
from cladist.registry.kept import Kept, default_folder
from cladist.registry.state import answers_state

__all__ = ["answers_of", "fitted_panel", "gathered"]


def fitted_panel(
    registry: Registry, assay: Assay, *, kept: Kept | None = None, progress: Progress = silent
) -> FittedPanel:
    """All models that answered an assay's protocol with anything usable, as a fitted panel.

    It is fitted when it is first asked for (7 CPU seconds for 800 models and 100 probes) and kept
    in the user's cache folder, or in `kept`. An answer that is added, altered or removed, or a
    model that gets another name, has it fitted anew, so it is never out of date. Raises
    `InputError` where nobody answered.
    """

    def make() -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
        progress("fitting the panel", 0, 1)
        found = [r for r in registry.responses(assay.protocol) if r.usable().any()]
        if not found:
            raise InputError(f"{registry.folder} has no model with answers to {assay.short}")
        made = fitted_to(fit_panel(found, [p.text for p in assay.protocol.probes.probes]))
        progress("fitting the panel", 1, 1)
        return made

    state = answers_state(registry, assay.protocol)
    on = fitted_on("answers", assay.protocol.digest, str(registry.folder.resolve()), state)
    return fitted_from(*(kept or Kept(default_folder())).result(on, make), on)


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
    speaking = np.array([f.speaks for f in panel.flags], np.bool_)
    on = ["calibration", *panel.on, None if labels is None else asdict(labels)]
    place = kept or Kept(default_folder() if panel.on else None)
    answers = answers_of(registry, assay, panel)
    missing = ""
    try:
        calibration = calibration_from(
            *place.result(on, lambda: calibration_to(calibrate(panel.pairs, labels, speaking)))
        )
    except InputError as problem:
        calibration, missing = None, str(problem)
    greedy = seen_greedy(panel.pairs.digest, speaking.tolist())
    return Gatherer(
        answers, panel.pairs, labels, calibration, missing, panel.flags, seed,
        in_doubt(registry, assay.protocol, greedy=greedy),
    )  # fmt: skip
