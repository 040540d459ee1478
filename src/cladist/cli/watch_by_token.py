"""The ways of cladist watch by single tokens: one deployment, a service, a recorded series."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from cladist.cli.common import note, one_line, out, progress_bars
from cladist.errors import CHANGED, UNDECIDED, ModelError, UsageError

if TYPE_CHECKING:
    from cladist.cli.signing import Signer
    from cladist.provenance.border.looking import TokenLook


@dataclass(frozen=True)
class Ways:
    """What is to be watched, as the command line says it."""

    model: str
    by: str
    state: Path | None
    relearn: bool
    config: Path | None
    once: bool
    replay: Path | None
    until: str


@dataclass(frozen=True)
class How:
    """How strictly, how often, and where it is told."""

    alpha: float
    tolerance: float | None
    every: str
    times: int
    log: Path | None
    quiet: bool
    json: bool
    signs: Signer | None = None


def taken(ways: Ways) -> bool:
    """Whether single tokens are asked; `UsageError` for options that contradict each other."""
    if ways.by not in ("probes", "token"):
        raise UsageError(f"--by takes probes or token, not '{ways.by}'")
    others = [w for w in (ways.config, ways.replay) if w is not None]
    if len(others) + bool(ways.model) != 1:
        raise UsageError("name one of: a model or its URI, --config FILE, or --replay FILE")
    if ways.once and ways.config is None:
        raise UsageError("--once makes one round of a service; name it with --config FILE")
    by_token = bool(others) or ways.by == "token"
    if not by_token and (ways.state is not None or ways.relearn):
        raise UsageError("--state and --relearn belong to --by token")
    return by_token


def run(ways: Ways, how: How, registry: Path) -> None:
    """Watch in the way that was chosen; leaves with the exit code of what was found."""
    if how.signs is not None and (ways.config is not None or ways.replay is not None):
        raise UsageError(
            "--statement signs the looks of one endpoint; sign the log of a service, or of a "
            "replay, as it is: cladist provenance statement files"
        )
    if how.signs is not None and how.times == 0:
        raise UsageError("--statement is written at the end: say with --times how many looks")
    if ways.config is not None:
        _serve(ways.config, ways.once, how)
    elif ways.replay is not None:
        _replay(ways.replay, ways.until, how)
    else:
        _one(ways, how, registry)


def _one(ways: Ways, how: How, registry: Path) -> None:
    from cladist.attestation.of_tokens import TokenLooked, tokens_case
    from cladist.extraction.opening import open_any
    from cladist.provenance.border.looking import Rules
    from cladist.provenance.border.schedule import watch_by_token
    from cladist.provenance.border.state import begin, load
    from cladist.provenance.watch import seconds_of

    pause = seconds_of(how.every)
    rules = Rules(how.alpha) if how.tolerance is None else Rules(how.alpha, how.tolerance)
    opened = open_any(_uri(ways.model, registry))
    seen: list[TokenLook] = []
    looked: list[TokenLooked] = []
    try:
        name = re.sub(r"[^\w.-]+", "_", opened.identity.name)[:80]
        path = ways.state or Path(f"{name}.watch.json")
        watched = begin(opened.identity) if ways.relearn else load(path, opened.identity)
        if watched.border is None:
            note(f"learning the border inputs of {opened.identity.name}; they are kept in {path}")
        with progress_bars(how.quiet or how.json) as bars:
            for found in watch_by_token(
                opened, watched, rules, path, times=how.times, every=pause, progress=bars, hear=note
            ):
                seen.append(found)
                if how.signs is not None:
                    after = load(path, opened.identity) if path.exists() else watched
                    looked.append(TokenLooked(found, after))
                _tell(found, how)
    finally:
        opened.close()
    if how.signs is not None:
        how.signs.write(tokens_case(watched, looked, rules))
    _leave([found.status for found in seen])


def _serve(config: Path, once: bool, how: How) -> None:
    from cladist.provenance.service.config import read_service
    from cladist.provenance.service.running import Runner

    service = read_service(config)
    seen: list[str] = []

    def tell(found: TokenLook) -> None:
        seen.append(found.status)
        _tell(found, how)

    with Runner(service, tell=tell, hear=note) as runner:
        if once:
            runner.round()
        else:
            note(f"watching {len(service.endpoints)} endpoints; stop with Ctrl-C")
            runner.run()
    _leave(seen or ["same"])


def _replay(recorded: Path, until: str, how: How) -> None:
    from cladist.provenance.border.looking import Rules
    from cladist.provenance.border.replay import read_series, replayed

    rules = Rules(how.alpha) if how.tolerance is None else Rules(how.alpha, how.tolerance)
    seen: list[str] = []
    for found in replayed(read_series(recorded), until, rules):
        seen.append(found.status)
        _tell(found, how)
    _leave([s for s in seen if s != "learnt"][-1:] or ["same"])


def _uri(model: str, registry: Path) -> str:
    """The URI of what is watched: itself, or that of a model of the registry."""
    if ":" in model:
        return model
    from cladist.registry import Registry

    with Registry.open(registry, create=False) as store:
        return store.model(model).uri


def _tell(found: TokenLook, how: How) -> None:
    if how.log is not None:
        from cladist.provenance.service.log import append

        append(how.log, found.line())
    if how.json:
        typer.echo(found.line())
        return
    asked = f", {found.asked} queries" if found.asked else ""
    out().print(
        f"{found.time} {one_line(found.model)} look {found.number}: {found.status} (evidence "
        f"{found.value:.2g}, a change from {found.threshold:.4g}{asked}). {one_line(found.reason)}"
    )


def _leave(seen: list[str]) -> None:
    if "changed" in seen:
        raise typer.Exit(CHANGED)
    if seen[-1] == "failed":
        raise typer.Exit(ModelError.exit_code)
    if seen[-1] == "inconclusive":
        raise typer.Exit(UNDECIDED)
