"""cladist watch: does an endpoint still answer as the registered model did?"""

from __future__ import annotations

from contextlib import nullcontext
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cladist.cli.common import (
    DEFAULT_REGISTRY,
    AlphaOption,
    AssayOption,
    JsonOption,
    OldRateOption,
    QuietOption,
    RegistryOption,
    alpha_of,
    listening,
    one_line,
    out,
)
from cladist.cli.signing import KeyOption, StatementOption, signer
from cladist.errors import CHANGED, UNDECIDED, ModelError, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cladist.provenance.border.looking import TokenLook
    from cladist.provenance.watch import Look, Looked
    from cladist.workflows.watched import WatchOptions, WatchResult

CODES = {"changed": CHANGED, "inconclusive": UNDECIDED, "failed": ModelError.exit_code}
"""Exit code of what a watch comes to: a change in any look, else the last one."""


def watch(
    model: Annotated[
        str,
        typer.Argument(
            help="A model of the registry, or the URI of a deployment to ask. None with --config "
            "or --replay."
        ),
    ] = "",
    by: Annotated[
        str,
        typer.Option(
            help="probes: all answers, against a registry. token: a few one-token queries, against "
            "what --state learnt."
        ),
    ] = "probes",
    state: Annotated[
        Path | None,
        typer.Option(
            help="By token: file of what is known between looks. Default: NAME.watch.json"
        ),
    ] = None,
    relearn: Annotated[
        bool, typer.Option("--relearn", help="By token: take what answers now as the reference.")
    ] = False,
    config: Annotated[
        Path | None, typer.Option(help="Watch the endpoints of a TOML file, by token, for ever.")
    ] = None,
    once: Annotated[
        bool, typer.Option("--once", help="With --config: one round of looks that are due (cron).")
    ] = False,
    replay: Annotated[
        Path | None,
        typer.Option(help="Recorded answers (CSV or Parquet: time, prompt, token, log_prob)."),
    ] = None,
    until: Annotated[
        str, typer.Option(help="With --replay: time or share at which the reference ends.")
    ] = "0.3",
    registry: RegistryOption = DEFAULT_REGISTRY,
    against: Annotated[
        str, typer.Option(help="The registered model to compare with, when MODEL is a URI.")
    ] = "",
    every: Annotated[str, typer.Option(help="Time between looks: 90s, 15m, 1h, 1d.")] = "1h",
    times: Annotated[int, typer.Option(min=0, help="Looks of this run; 0 goes on for ever.")] = 1,
    planned: Annotated[
        int | None,
        typer.Option(
            min=1,
            max=100_000,
            help="Looks that share the false-alarm rate. Default: --times; 100 with --log or "
            "without end.",
        ),
    ] = None,
    alpha: AlphaOption = 0.01,
    rate: OldRateOption = None,
    tolerance: Annotated[
        float | None,
        typer.Option(
            min=0.0,
            max=0.9,
            help="Difference that still counts as the same (by token: share of inputs, .05).",
        ),
    ] = None,
    assay: AssayOption = "",
    log: Annotated[
        Path | None,
        typer.Option(help="Append every look to this file, and count those that it holds."),
    ] = None,
    keep: Annotated[
        Path | None, typer.Option(help="Folder for the answers of every look that is not 'same'.")
    ] = None,
    statement: StatementOption = None,
    key: KeyOption = None,
    quiet: QuietOption = False,
    json: JsonOption = False,
) -> None:
    """Is a deployment still what it was?

    Asks it again, once or on a schedule.


    By token (--by token) it is asked a few one-token queries, at inputs that its first look
    learns; false alarms are at most --alpha for ever. That is the cheap way, for a deployment held
    against itself. By probes it is asked all of them and held against registered answers; false
    alarms are at most --alpha over all planned looks, and with --log a run counts the looks of
    earlier runs. That is the way to hold it against answers had elsewhere.

    Exit codes: 0 the same, 11 changed, 12 cannot tell, 5 not reached; 1 to 8 an error.

    Examples:

    `cladist watch 'openai:m@http://127.0.0.1:8080/v1' --by token --every 1h --times 0`

    `cladist watch --config watch.toml --once`

    `cladist watch suspect --every 1h --times 24 --json`

    `cladist watch 'openai:m@http://127.0.0.1:8080/v1' --against reference --log watch.jsonl`
    """
    import cladist

    _check(by, model, config, replay, once)
    by_token = not model or by == "token"
    _belong("--by token", {"--state": state, "--relearn": relearn}, not by_token)
    of_probes = {
        "--against": against,
        "--planned": planned,
        "--keep": keep,
    }
    _belong("the watch by probes", of_probes, by_token)
    if statement is not None and (config or replay):
        raise UsageError(
            "--statement signs the looks of one endpoint; sign the log of a service, or of a "
            "replay, as it is: cladist provenance statement files"
        )
    if statement is not None and times == 0:
        raise UsageError("--statement is written at the end: say with --times how many looks")
    options: WatchOptions = {
        "every": every,
        "times": times,
        "alpha": alpha_of(alpha, rate),
        "tolerance": tolerance,
        "log": log,
    }
    signs = signer(statement, key)
    seen: list[Looked] = []
    told = partial(_tell_token, json=json)

    def told_all(looked: Looked) -> None:
        if signs is not None:
            seen.append(looked)
        _tell(looked.look, json)

    found: WatchResult[Any]
    with listening(quiet or json) as listener:
        if config is not None:
            found = cladist.watch_service(config, once=once, log=log, told=told, listener=listener)
        elif replay is not None:
            found = cladist.replay_watch(replay, until=until, told=told, **options)
        elif by_token:
            named = ":" not in model
            lab = cladist.open_registry(registry, create=False) if named else nullcontext()
            with lab as store:
                found = cladist.watch_by_token(
                    model, store, state=state, relearn=relearn, told=told, listener=listener,
                    **options,
                )  # fmt: skip
        else:
            with cladist.open_registry(registry, create=False) as store:
                found = cladist.watch(
                    store, model, against=against, assay=assay, planned=planned, keep=keep,
                    told=told_all, listener=listener, **options,
                )  # fmt: skip
    if signs is not None and found.plan is not None:
        from cladist.attestation.of_deployments import watch_case

        signs.write(watch_case(found.plan, seen))
    if signs is not None and found.by_token is not None:
        from cladist.attestation.of_tokens import looked_of, tokens_case

        signs.write(tokens_case(*looked_of(found)))
    if found.status in CODES:
        raise typer.Exit(CODES[found.status])


def _check(by: str, model: str, config: Path | None, replay: Path | None, once: bool) -> None:
    """`UsageError` unless one thing is to be watched, in a way that there is."""
    if by not in ("probes", "token"):
        raise UsageError(f"--by takes probes or token, not '{by}'")
    if sum(bool(w) for w in (model, config, replay)) != 1:
        raise UsageError("name one of: a model or its URI, --config FILE, or --replay FILE")
    if once and config is None:
        raise UsageError("--once makes one round of a service; name it with --config FILE")


def _belong(where: str, options: Mapping[str, object], elsewhere: bool) -> None:
    """`UsageError` for options that were given elsewhere than where they mean something."""
    given = [name for name, value in options.items() if value]
    if elsewhere and given:
        raise UsageError(f"{' and '.join(given)} belong to {where}")


def _tell(found: Look, json: bool) -> None:
    if json:
        typer.echo(found.line())
        return
    p = "" if found.p is None else f" (p {found.p:.2g}, a change from {found.level:.2g})"
    out().print(
        f"{found.time} {one_line(found.model)} look {found.number + 1}: {found.status}{p}. "
        f"{one_line(found.reason)}"
    )


def _tell_token(found: TokenLook, json: bool) -> None:
    if json:
        typer.echo(found.line())
        return
    asked = f", {found.asked} queries" if found.asked else ""
    out().print(
        f"{found.time} {one_line(found.model)} look {found.number}: {found.status} (evidence "
        f"{found.value:.2g}, a change from {found.threshold:.4g}{asked}). {one_line(found.reason)}"
    )
