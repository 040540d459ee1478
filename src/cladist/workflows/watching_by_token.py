"""Is a deployment still what it was? Held against itself, by single tokens; many, or recorded."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Unpack

from cladist.core.progress import NOBODY, Listener
from cladist.errors import UsageError
from cladist.models.base import Model
from cladist.provenance.border.looking import Rules, TokenLook
from cladist.provenance.border.replay import read_series, replayed
from cladist.provenance.border.schedule import token_looks
from cladist.provenance.border.state import begin, load
from cladist.provenance.service.config import read_service
from cladist.provenance.service.log import append
from cladist.provenance.service.running import Runner
from cladist.registry import Registry
from cladist.workflows.watched import ByToken, WatchOptions, WatchResult, opened, pace_of, path_of

__all__ = ["replay_watch", "watch_by_token", "watch_service"]


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
    pace, rules, log = pace_of(options), _rules(options), path_of(options.get("log"))
    made: list[TokenLook] = []
    with opened(_uri(model, registry)) as asked:
        name = re.sub(r"[^\w.-]+", "_", asked.identity.name)[:80]
        path = path_of(state) or Path(f"{name}.watch.json")
        watched = begin(asked.identity) if relearn else load(path, asked.identity)
        if watched.border is None:
            listener.hear(
                f"learning the border inputs of {asked.identity.name}; they are kept in {path}"
            )
        known = [watched]
        for found in token_looks(asked, watched, rules, path, pace, listener=listener):
            known.append(load(path, asked.identity) if path.exists() else known[-1])
            _take(found, made, log, told)
    return WatchResult(made, by_token=ByToken(rules, tuple(known)))


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
        service, tell=lambda look: _take(look, made, path_of(log), told), hear=listener.hear
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
    log = path_of(options.get("log"))
    for found in replayed(read_series(Path(recorded)), until, _rules(options)):
        _take(found, made, log, told)
    return WatchResult(made)


def _uri(model: str | Model, registry: Registry | None) -> str | Model:
    if not isinstance(model, str) or ":" in model:
        return model
    if registry is None:
        raise UsageError(f"'{model[:80]}' is no URI; name one, or the registry that knows it")
    return registry.model(model).uri


def _rules(options: WatchOptions) -> Rules:
    alpha, tolerance = options.get("alpha", 0.01), options.get("tolerance")
    return Rules(alpha) if tolerance is None else Rules(alpha, tolerance)


def _take(
    found: TokenLook, made: list[TokenLook], log: Path | None, told: Callable[[TokenLook], None]
) -> None:
    made.append(found)
    if log is not None:
        append(log, found.line())
    told(found)
