"""Is a deployment still what it was? Held against registered answers, by all probes."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Unpack

from cladist.compare import resolved
from cladist.core.assay import Assay
from cladist.core.progress import NOBODY, Listener
from cladist.errors import InputError, UsageError
from cladist.formats.files import write_text
from cladist.models.base import Model
from cladist.provenance.service.log import append
from cladist.provenance.watch import Look, Looked, WatchPlan, looks, looks_in, require_reference
from cladist.registry import Registry
from cladist.registry.asked import refused_settings
from cladist.workflows.watched import WatchOptions, WatchResult, opened, pace_of, path_of

__all__ = ["PLANNED", "watch"]

PLANNED = 100
"""Looks that share the false-alarm rate where nobody says how many will be made."""

TELLING = ("changed", "inconclusive")
"""Looks whose answers are worth keeping."""


def watch(
    registry: Registry,
    model: str | Model,
    *,
    against: str = "",
    assay: str | Assay = "",
    planned: int | None = None,
    keep: str | Path | None = None,
    told: Callable[[Looked], None] = lambda looked: None,
    listener: Listener = NOBODY,
    **options: Unpack[WatchOptions],
) -> WatchResult[Look]:
    """Ask a deployment all probes again, and hold what it says against registered answers.

    The false-alarm rate holds over all planned looks together. With a log, looks of earlier runs
    are counted in. See `WatchOptions` for the other parameters; `tolerance` is here the share of
    answers that may differ (greedy), or the distance of samples.

    Parameters
    ----------
    registry : Registry
        Where the answers are that it is held against.
    model : str or Model
        A model of the registry, the URI of a deployment, or an open one.
    against : str
        The registered model to compare with; needed unless `model` is one.
    assay : str or Assay
        What to ask, where the registry has several.
    planned : int or None
        Looks that share the rate; `times`, or 100 with a log or without end.
    keep : path or None
        Folder for the answers of every look that is not 'same'.
    told : callable
        Called with each look as it is made, its answers, and what the server refused.
    listener : Listener
        Told of progress and remarks.

    Returns
    -------
    WatchResult
        The looks, and the plan; `status` says what they come to.

    Raises
    ------
    UsageError
        For an unknown model, and for one that cannot be asked.
    CoverageError
        Where fewer than half of the probes have registered answers.
    ModelError
        Where the deployment offers another interface than the registered one.

    Examples
    --------
    >>> import cladist, tempfile
    >>> uri = "simulated:7/m3?models=12&founders=2&shape=balanced"
    >>> with tempfile.TemporaryDirectory() as folder, cladist.open_registry(folder) as lab:
    ...     done = cladist.extract(uri, lab)
    ...     found = cladist.watch(lab, done.model.name)
    >>> found.status, found[0].p
    ('same', 1.0)
    """
    pace, log = pace_of(options), path_of(options.get("log"))
    chosen = resolved(registry, assay)
    asked, name = _deployment(registry, model, against)
    record = registry.model(name)
    (reference,) = registry.responses(chosen.protocol, [record.name])
    require_reference(reference, chosen)
    plan = WatchPlan(
        reference,
        chosen,
        registry.interface(registry.add_protocol(chosen.protocol), record),
        options.get("alpha", 0.01),
        planned or (PLANNED if log is not None or pace.times == 0 else pace.times),
        tolerance=options.get("tolerance"),
        refused=refused_settings(registry, chosen.protocol, record),
    )
    if log is not None:
        plan = replace(plan, before=looks_in(log, plan.key))
    made: list[Look] = []
    with opened(asked) as model_now:
        for looked in looks(model_now, plan, pace, progress=listener.progress, hear=listener.hear):
            made.append(looked.look)
            if log is not None:
                append(log, looked.look.line())
            if keep is not None and looked.look.status in TELLING:
                listener.hear(f"kept the answers in {_keep(Path(keep), looked)}")
            told(looked)
    return WatchResult(made, plan=plan)


def _deployment(registry: Registry, model: str | Model, against: str) -> tuple[str | Model, str]:
    """What is asked, and the name of the registered model that it is held against."""
    known = model if isinstance(model, str) else ""
    registered = known in {m.name for m in registry.models()}
    if not registered and not against:
        if known and ":" not in known:
            registry.model(known)
        raise UsageError("say with --against which model of the registry it is held against")
    if not registered:
        return model, against
    uri = registry.model(known).uri
    if uri.startswith("recorded:"):
        raise UsageError(
            f"'{known}' was recorded elsewhere and cannot be asked; name a URI to ask, with "
            f"--against {known}"
        )
    return uri, against or known


def _keep(folder: Path, looked: Looked) -> Path:
    """Answers of a look as JSON lines that `cladist registry import` reads."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as problem:
        raise InputError(f"cannot make {folder}: {problem.strerror or problem}") from problem
    found, answers = looked.look, looked.answers
    path = folder / f"{found.watch}-{found.number + 1:05d}.jsonl"
    rows = [
        json.dumps(
            {"model": f"{found.model} at {found.time}", "prompt_id": probe, "response": r.text},
            ensure_ascii=False,
        )
        for probe, slot in zip(answers.probe_ids, answers.slots, strict=True)
        for r in slot
    ]
    write_text(path, "\n".join(rows) + "\n")
    return path
