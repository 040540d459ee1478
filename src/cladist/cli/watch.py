"""cladist watch: does an endpoint still answer as the registered model did?"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

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
    one_line,
    out,
    progress_bars,
)
from cladist.cli.signing import KeyOption, StatementOption, signer
from cladist.errors import CHANGED, UNDECIDED, ModelError

if TYPE_CHECKING:
    from cladist.core.responses import ResponseSet
    from cladist.provenance.watch import Look

FAILED = ModelError.exit_code
"""Exit code of a last look that failed; CHANGED of any that found a change, UNDECIDED of a last one
that could not tell."""


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
    from cladist.attestation.of_deployments import Looked, watch_case
    from cladist.cli import watch_by_token as tokens

    ways = tokens.Ways(model, by, state, relearn, config, once, replay, until)
    if tokens.taken(ways):
        how = tokens.How(
            alpha_of(alpha, rate), tolerance, every, times, log, quiet, json,
            signer(statement, key),
        )  # fmt: skip
        tokens.run(ways, how, registry)
        return
    from cladist.cli.common import note
    from cladist.compare import resolve_assay
    from cladist.errors import UsageError
    from cladist.extraction.opening import open_any
    from cladist.models.served import Served
    from cladist.provenance import watch as watching
    from cladist.registry import Registry
    from cladist.registry.asked import refused_settings

    pause = watching.seconds_of(every)
    signs = signer(statement, key)
    if signs is not None and times == 0:
        raise UsageError("--statement is written at the end: say with --times how many looks")
    with Registry.open(registry, create=False) as store:
        chosen = resolve_assay(store, assay)
        names = [m.name for m in store.models()]
        uri = model if model not in names else store.model(model).uri
        if model not in names and not against:
            if ":" not in model:
                store.model(model)
            raise UsageError("say with --against which model of the registry it is held against")
        record = store.model(against or model)
        if uri.startswith("recorded:") and model in names:
            raise UsageError(
                f"'{model}' was recorded elsewhere and cannot be asked; name a URI to ask, with "
                f"--against {model}"
            )
        (reference,) = store.responses(chosen.protocol, [record.name])
        interface = store.interface(store.add_protocol(chosen.protocol), record)
        refused = refused_settings(store, chosen.protocol, record)
    watching.require_reference(reference, chosen)
    looks = planned or (100 if log is not None or times == 0 else times)
    level = alpha_of(alpha, rate)
    plan = watching.Plan(reference, chosen, interface, level, looks, 0, tolerance, refused)
    if log is not None:
        from dataclasses import replace

        plan = replace(plan, before=watching.looks_in(log, plan.key))
    opened = open_any(uri)
    seen: list[str] = []
    looked: list[Looked] = []
    try:
        with progress_bars(quiet or json) as bars:
            for found, answers in watching.watch(
                opened, plan, times=times, every=pause, progress=bars, hear=note
            ):
                seen.append(found.status)
                if signs is not None:
                    now = opened.refused_settings if isinstance(opened, Served) else {}
                    looked.append(Looked(found, answers, now))
                if log is not None:
                    _append(log, found.line())
                if keep is not None and found.status in ("changed", "inconclusive"):
                    note(f"kept the answers in {_keep(keep, found, answers)}")
                _tell(found, json)
    finally:
        opened.close()
    if signs is not None:
        signs.write(watch_case(plan, looked))
    if "changed" in seen:
        raise typer.Exit(CHANGED)
    if seen[-1] != "same":
        raise typer.Exit(FAILED if seen[-1] == "failed" else UNDECIDED)


def _tell(found: Look, json: bool) -> None:
    if json:
        typer.echo(found.line())
        return
    p = "" if found.p is None else f" (p {found.p:.2g}, a change from {found.level:.2g})"
    out().print(
        f"{found.time} {one_line(found.model)} look {found.number + 1}: {found.status}{p}. "
        f"{one_line(found.reason)}"
    )


def _append(log: Path, line: str) -> None:
    from cladist.errors import InputError

    try:
        with log.open("a", encoding="utf-8") as file:
            file.write(line + "\n")
    except OSError as problem:
        raise InputError(f"cannot write {log}: {problem.strerror or problem}") from problem


def _keep(folder: Path, found: Look, answers: ResponseSet) -> Path:
    """Answers of a look as JSON lines that `cladist registry import` reads."""
    import json as text

    from cladist.errors import InputError
    from cladist.formats.files import write_text

    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as problem:
        raise InputError(f"cannot make {folder}: {problem.strerror or problem}") from problem
    path = folder / f"{found.watch}-{found.number + 1:05d}.jsonl"
    rows = [
        text.dumps(
            {"model": f"{found.model} at {found.time}", "prompt_id": probe, "response": r.text},
            ensure_ascii=False,
        )
        for probe, slot in zip(answers.probe_ids, answers.slots, strict=True)
        for r in slot
    ]
    write_text(path, "\n".join(rows) + "\n")
    return path
