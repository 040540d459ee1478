"""cladist extract: ask models and make their DNA."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal, cast

import typer

from cladist.cli.common import (
    DEFAULT_REGISTRY,
    JsonOption,
    QuietOption,
    RegistryOption,
    SparseOption,
    listening,
    note,
    one_line,
    out,
    print_json,
    table,
)
from cladist.cli.secret import SecretOption, SecretTextOption

if TYPE_CHECKING:
    from cladist.models.budget import Usage
    from cladist.workflows.extracting_many import Extracted


def extract(
    models: Annotated[
        list[str],
        typer.Argument(
            help="Model URIs: gguf:FILE, hf:ORG/NAME[@REV] or hf:FOLDER, "
            "openai:NAME@BASE-URL, builtin:smollm2, vllm:NAME. Options follow a '?', a name of "
            "your own a '#'. Or a file NAME.txt with one URI a line."
        ),
    ],
    registry: RegistryOption = DEFAULT_REGISTRY,
    assay: Annotated[
        str, typer.Option("--assay", "-a", help="A built-in assay or a TOML file.")
    ] = "cladist",
    like: Annotated[
        str,
        typer.Option(
            metavar="REGISTRY|REFERENCE",
            help="Ask what the recorded answers there were asked, instead of --assay, so that "
            "models can be compared with them.",
        ),
    ] = "",
    interface: Annotated[
        str,
        typer.Option(
            help="With --like, where that is not recorded: raw or chat. Else it is tried."
        ),
    ] = "auto",
    allow_sparse: SparseOption = False,
    jobs: Annotated[int, typer.Option("--jobs", "-j", min=1, help="Models asked at once.")] = 1,
    max_calls: Annotated[
        int | None, typer.Option(min=0, help="Calls at most, retries and all models included.")
    ] = None,
    max_tokens: Annotated[
        int | None, typer.Option(min=0, help="Tokens at most, read and written.")
    ] = None,
    max_cost: Annotated[
        float | None, typer.Option(min=0, help="Cost at most, in the currency of the prices.")
    ] = None,
    price_in: Annotated[float, typer.Option(min=0, help="Price of a million tokens read.")] = 0.0,
    price_out: Annotated[
        float, typer.Option(min=0, help="Price of a million tokens written.")
    ] = 0.0,
    ray: Annotated[
        str,
        typer.Option(
            metavar="ADDRESS",
            help="Ask on a Ray cluster: HOST:PORT of its head, 'auto', or 'local' to start one.",
        ),
    ] = "",
    store: Annotated[
        str, typer.Option(help="With --ray: folder or URL that all nodes can write answers to.")
    ] = "",
    secret: SecretOption = None,
    text: SecretTextOption = None,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """What does a model answer, and what is its DNA?

    Asks models the probes of an assay, keeps the answers, and makes DNA of them.

    Answers are stored as they come: a run that was stopped goes on where it was when the same
    command is given again, and a finished one asks nothing. Failed requests are asked again.
    Options of endpoints, and what servers do that they are for, are in docs/endpoints.md.
    A limit on calls, tokens or cost is never passed: what has no room is left for another run.

    Examples:

    `cladist extract builtin:smollm2`

    `cladist extract gguf:a.gguf gguf:b.gguf --registry lab`

    `cladist extract 'openai:gpt-x@https://host/v1?interface=chat#suspect'`

    `cladist extract 'gguf:a.gguf?system=You are a pirate.#pirate'`

    `cladist extract gguf:a.gguf --like dna-web-rand --registry lab`

    `cladist extract --ray 10.0.0.1:6379 --store s3://bucket/answers models.txt`

    `cladist extract openai:gpt-x@https://host/v1 --max-cost 2 --price-in 0.5 --price-out 1.5`
    """
    import cladist

    limits = cladist.Limits(max_calls, max_tokens, max_cost, price_in, price_out)
    with listening(quiet) as listener:
        found = cladist.extract_models(
            models,
            registry,
            assay,
            jobs=jobs,
            listener=listener,
            like=like,
            interface=cast('Literal["auto", "raw", "chat"]', interface),  # others are refused
            allow_sparse=allow_sparse,
            limits=limits,
            secret=secret,
            text=text,
            ray=ray,
            store=store,
        )
    if found.failures and len(found.failures) + len(found) == 1:
        raise found.failures[0].problem
    if json:
        print_json(found.rows())
    else:
        _show(found)
    _remark(found, json)
    if found.failures:
        raise typer.Exit(found.failures[0].problem.exit_code)
    if any(e.refusal for e in found):
        raise typer.Exit(6)


def _show(found: Extracted) -> None:
    numbers = ("asked", "known", "failed", "tokens", "seconds")
    rows = table("model", "interface", *numbers, "DNA", right=numbers)
    for e in found:
        rows.add_row(
            one_line(e.model.name),
            e.interface,
            str(e.asked),
            str(e.known),
            str(e.failed),
            str(e.tokens),
            f"{e.seconds:.1f}",
            f"{e.dna.digest[:12]} ({e.dna.usable}/{e.dna.probes} probes)" if e.dna else "none",
        )
    out().print(rows)


def _remark(found: Extracted, json: bool) -> None:
    for e in found:
        if e.usage is not None and not json:
            note(f"{e.model.name}: {_told(e.usage, found.cost(e))}")
        for remark in e.remarks:
            note(f"{e.model.name}: {remark}")
        if e.reasons and (len(e.reasons) > 1 or not e.refusal):
            note(f"{e.model.name}: answers are missing: {found.missing(e)}")
        if e.refusal:
            note(f"no DNA: {e.refusal}")
    for failure in found.failures:
        note(f"error: {failure.uri}: {failure.problem}")


def _told(usage: Usage, cost: float) -> str:
    return (
        f"{usage.calls} calls ({usage.failures} without an answer), {usage.prompt_tokens:,} tokens "
        f"read, {usage.completion_tokens:,} written" + (f", cost {cost:.4f}" if cost else "")
    )
