"""Is a deployment still what it was? One deployment, many of them, or a recorded series."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Protocol, TypedDict, TypeVar, Unpack

from cladist.compare import resolved
from cladist.core.assay import Assay
from cladist.core.progress import NOBODY, Listener
from cladist.core.results import Results
from cladist.errors import InputError, UsageError
from cladist.extraction.opening import open_any
from cladist.formats.files import write_text
from cladist.models.base import Model
from cladist.provenance.border.looking import Rules, TokenLook
from cladist.provenance.border.replay import read_series, replayed
from cladist.provenance.border.schedule import token_looks
from cladist.provenance.border.state import begin, load
from cladist.provenance.pace import Pace, seconds_of
from cladist.provenance.service.config import read_service
from cladist.provenance.service.log import append
from cladist.provenance.service.running import Runner
from cladist.provenance.watch import (
    Look,
    Looked,
    WatchPlan,
    looks,
    looks_in,
    require_reference,
)
from cladist.registry import Registry
from cladist.registry.asked import refused_settings

__all__ = [
    "PLANNED",
    "WatchOptions",
    "WatchResult",
    "replay_watch",
    "watch",
    "watch_by_token",
    "watch_service",
]

PLANNED = 100
"""Looks that share the false-alarm rate where nobody says how many will be made."""

TELLING = ("changed", "inconclusive")
"""Looks whose answers are worth keeping."""


class _Line(Protocol):
    @property
    def status(self) -> str: ...


L = TypeVar("L", bound=_Line)


class WatchOptions(TypedDict, total=False):
    """How strictly is watched, how often, and where it is written.

    every      time between looks, as '90s', '15m', '1h', '1d'; 1h
    times      looks of this run; 0 goes on without end; 1
    alpha      false-alarm rate; .01
    tolerance  difference that still counts as the same
    log        file that every look is appended to, as a line of JSON
    """

    every: str
    times: int
    alpha: float
    tolerance: float | None
    log: str | Path | None


class WatchResult(Results[L]):
    """The looks of a watch, in order.

    Attributes
    ----------
    plan : WatchPlan or None
        What was watched and how strictly, of a watch by probes.

    Examples
    --------
    >>> WatchResult([]).status
    'same'
    """

    def __init__(self, items: Iterable[L], *, plan: WatchPlan | None = None) -> None:
        super().__init__(items, what="looks")
        self.plan = plan

    @property
    def status(self) -> str:
        """'changed' if any look found a change, else what the last look found."""
        seen = [look.status for look in self]
        if "changed" in seen:
            return "changed"
        return seen[-1] if seen else "same"

    def headline(self) -> str:
        """How many looks there were, and what they come to."""
        return f"{len(self)} looks: {self.status}"


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
    times, log = options.get("times", 1), _path(options.get("log"))
    pace = Pace(times, seconds_of(options.get("every", "1h")))
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
        planned or (PLANNED if log is not None or times == 0 else times),
        tolerance=options.get("tolerance"),
        refused=refused_settings(registry, chosen.protocol, record),
    )
    if log is not None:
        plan = replace(plan, before=looks_in(log, plan.key))
    made: list[Look] = []
    with _opened(asked) as opened:
        for looked in looks(opened, plan, pace, progress=listener.progress, hear=listener.hear):
            made.append(looked.look)
            if log is not None:
                append(log, looked.look.line())
            if keep is not None and looked.look.status in TELLING:
                listener.hear(f"kept the answers in {_keep(Path(keep), looked)}")
            told(looked)
    return WatchResult(made, plan=plan)


def watch_by_token(
    model: str | Model,
    registry: Registry | None = None,
    *,
    state: str | Path | None = None,
    relearn: bool = False,
    told: Callable[[TokenLook], None] = lambda look: None,
    listener: Listener = NOBODY,
    **options: Unpack[WatchOptions],
) -> WatchResult[TokenLook]:
    """Ask a deployment a few one-token queries, and hold it against itself.

    The first look learns the inputs; later ones ask at them. False alarms are at most `alpha`,
    however many looks are made. It ends at a change. See `WatchOptions` for the other parameters;
    `tolerance` is here the share of inputs at which an honest server may always depart (.05).

    Parameters
    ----------
    model : str or Model
        The URI of a deployment, an open one, or a model of the registry.
    registry : Registry or None
        Where a model that is named is looked up.
    state : path or None
        File of what is known between looks; NAME.watch.json.
    relearn : bool
        Take what answers now as the reference.
    told : callable
        Called with each look as it is made.
    listener : Listener
        Told of progress and remarks.

    Returns
    -------
    WatchResult
        The looks; `status` says what they come to.

    Raises
    ------
    UsageError
        For an unknown model, and for the file of another deployment.
    CoverageError
        For a model that cannot be watched in this way.

    Examples
    --------
    >>> import cladist
    >>> uri = "openai:m@http://127.0.0.1:8080/v1"
    >>> found = cladist.watch_by_token(uri, every="1h", times=24)  # doctest: +SKIP
    """
    pace = Pace(options.get("times", 1), seconds_of(options.get("every", "1h")))
    rules, log = _rules(options), _path(options.get("log"))
    made: list[TokenLook] = []
    with _opened(_uri(model, registry)) as opened:
        name = re.sub(r"[^\w.-]+", "_", opened.identity.name)[:80]
        path = _path(state) or Path(f"{name}.watch.json")
        watched = begin(opened.identity) if relearn else load(path, opened.identity)
        if watched.border is None:
            listener.hear(
                f"learning the border inputs of {opened.identity.name}; they are kept in {path}"
            )
        for found in token_looks(opened, watched, rules, path, pace, listener=listener):
            _take(found, made, log, told)
    return WatchResult(made)


def watch_service(
    config: str | Path,
    *,
    once: bool = False,
    log: str | Path | None = None,
    told: Callable[[TokenLook], None] = lambda look: None,
    listener: Listener = NOBODY,
) -> WatchResult[TokenLook]:
    """Watch all endpoints that a TOML file names, by token: for ever, or one round of what is due.

    Parameters
    ----------
    config : path
        The file; see `cladist.provenance.service.config` for what it says.
    once : bool
        Make one round of looks and return.
    log : path or None
        Another file to append every look to, beside the one that `config` names.
    told : callable
        Called with each look as it is made.
    listener : Listener
        Told of remarks.

    Raises
    ------
    InputError
        For a file that cannot be read, with the endpoint.
    UsageError
        Where another process watches with the same state.

    Examples
    --------
    >>> import cladist
    >>> found = cladist.watch_service("watch.toml", once=True)  # doctest: +SKIP
    """
    service = read_service(Path(config))
    made: list[TokenLook] = []
    with Runner(
        service, tell=lambda look: _take(look, made, _path(log), told), hear=listener.hear
    ) as runner:
        if once:
            runner.round()
        else:
            listener.hear(f"watching {len(service.endpoints)} endpoints; stop with Ctrl-C")
            runner.run()
    return WatchResult(made)


def replay_watch(
    recorded: str | Path,
    *,
    until: str = "0.3",
    told: Callable[[TokenLook], None] = lambda look: None,
    **options: Unpack[WatchOptions],
) -> WatchResult[TokenLook]:
    """Run a recorded series of answers through the detector of the watch by token.

    Parameters
    ----------
    recorded : path
        CSV or Parquet with the columns time, prompt, token and perhaps log_prob.
    until : str
        The time at which the reference ends, or its share of the time.
    told : callable
        Called with each look.

    Raises
    ------
    InputError
        For a file that cannot be read, with the row.
    CoverageError
        Where too little was recorded to learn from.

    Examples
    --------
    >>> import cladist, pathlib, tempfile
    >>> rows = [f"2026-01-{d:02d},p{n},{'ab'[d > 20]}" for d in range(1, 29) for n in range(12)]
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = pathlib.Path(folder, "trace.csv")
    ...     _ = file.write_text("\\n".join(["time,prompt,token", *rows]))
    ...     found = cladist.replay_watch(file, until="0.5")
    >>> found.status, found[-1].time[:10]
    ('changed', '2026-01-21')
    """
    made: list[TokenLook] = []
    log = _path(options.get("log"))
    for found in replayed(read_series(Path(recorded)), until, _rules(options)):
        _take(found, made, log, told)
    return WatchResult(made)


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


def _uri(model: str | Model, registry: Registry | None) -> str | Model:
    if not isinstance(model, str) or ":" in model:
        return model
    if registry is None:
        raise UsageError(f"'{model[:80]}' is no URI; name one, or the registry that knows it")
    return registry.model(model).uri


@contextmanager
def _opened(model: str | Model) -> Iterator[Model]:
    """An open model; one that was opened here is closed."""
    if not isinstance(model, str):
        yield model
        return
    opened = open_any(model)
    try:
        yield opened
    finally:
        opened.close()


def _rules(options: WatchOptions) -> Rules:
    alpha, tolerance = options.get("alpha", 0.01), options.get("tolerance")
    return Rules(alpha) if tolerance is None else Rules(alpha, tolerance)


def _path(given: str | Path | None) -> Path | None:
    return None if given is None else Path(given)


def _take(
    found: TokenLook, made: list[TokenLook], log: Path | None, told: Callable[[TokenLook], None]
) -> None:
    made.append(found)
    if log is not None:
        append(log, found.line())
    told(found)


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
