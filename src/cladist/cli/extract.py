"""cladist extract: ask models and make their DNA."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from cladist.cli.common import (
    DEFAULT_REGISTRY,
    JsonOption,
    QuietOption,
    RegistryOption,
    SparseOption,
    note,
    one_line,
    out,
    print_json,
    progress_bars,
    table,
)
from cladist.cli.secret import SecretOption, SecretTextOption, drawn
from cladist.errors import UsageError

if TYPE_CHECKING:
    from cladist.extraction.run import Extraction
    from cladist.models.budget import Limits, Usage
    from cladist.references.source import Source


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
    from cladist import catalog
    from cladist.extraction.many import Failure, extract_many, listed
    from cladist.extraction.missing import listed_reasons
    from cladist.models.budget import Budget, Limits

    models = listed(models)
    limits = Limits(max_calls, max_tokens, max_cost, price_in, price_out)
    budget = Budget(limits) if limits != Limits() else None
    if ray and (budget is not None or jobs > 1):
        raise UsageError("limits and --jobs are for this machine; on a cluster leave them out")
    if store and not ray:
        raise UsageError("--store is for --ray; a registry on this machine needs none")
    source = _source(like, interface, bool(ray))
    wanted = source.assay if source else catalog.assay(assay)
    only: tuple[int, ...] | None = None
    if secret is not None:
        if ray:
            raise UsageError("--secret is for this machine; on a cluster leave it out")
        wanted, only = drawn(secret, text, wanted)
    with progress_bars(quiet) as bars:
        if ray:
            from cladist.extraction.ray import extract_on_ray

            results = extract_on_ray(
                models,
                wanted,
                registry,
                address=ray,
                store=store,
                allow_sparse=allow_sparse,
                progress=bars,
            )
        else:
            results = extract_many(
                models,
                wanted,
                registry,
                jobs=jobs,
                allow_sparse=allow_sparse,
                progress=bars,
                hear=note,
                budget=budget,
                like=partial(source.how, interface=interface) if source else None,
                only=only,
            )
    done = [r for r in results if not isinstance(r, Failure)]
    trouble = [r for r in results if isinstance(r, Failure)]
    if trouble and len(models) == 1:
        raise trouble[0].problem
    if json:
        print_json([_as_data(e, limits) for e in done])
    else:
        rows = table(
            "model",
            "interface",
            "asked",
            "known",
            "failed",
            "tokens",
            "seconds",
            "DNA",
            right=("asked", "known", "failed", "tokens", "seconds"),
        )
        for e in done:
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
    for e in done:
        if e.usage is not None and not json:
            note(f"{e.model.name}: {_told(e.usage, limits)}")
        for remark in e.remarks:
            note(f"{e.model.name}: {remark}")
        if e.reasons and (len(e.reasons) > 1 or not e.refusal):
            note(f"{e.model.name}: answers are missing: {listed_reasons(e.reasons)}")
        if e.refusal:
            note(f"no DNA: {e.refusal}")
    for failure in trouble:
        note(f"error: {failure.uri}: {failure.problem}")
    if trouble:
        raise typer.Exit(trouble[0].problem.exit_code)
    if any(e.refusal for e in done):
        raise typer.Exit(6)


def _source(like: str, interface: str, ray: bool) -> Source | None:
    """Whose recorded prompts are asked; None without --like."""
    if interface not in ("auto", "raw", "chat"):
        raise UsageError(f"--interface {interface}: use raw or chat")
    if not like:
        if interface != "auto":
            raise UsageError("--interface is for --like; an assay says itself how it asks")
        return None
    if ray:
        raise UsageError("--like is for this machine; on a cluster leave it out")
    from cladist.references.source import open_source

    return open_source(like)


def _told(usage: Usage, limits: Limits) -> str:
    cost = limits.price(usage.prompt_tokens, usage.completion_tokens)
    return (
        f"{usage.calls} calls ({usage.failures} without an answer), {usage.prompt_tokens:,} tokens "
        f"read, {usage.completion_tokens:,} written" + (f", cost {cost:.4f}" if cost else "")
    )


def _as_data(e: Extraction, limits: Limits) -> dict[str, object]:
    usage = None
    if e.usage is not None:
        usage = {
            "calls": e.usage.calls,
            "failures": e.usage.failures,
            "prompt_tokens": e.usage.prompt_tokens,
            "completion_tokens": e.usage.completion_tokens,
            "cost": limits.price(e.usage.prompt_tokens, e.usage.completion_tokens),
        }
    return {
        "model": e.model.name,
        "uri": e.model.uri,
        "fingerprint": e.model.fingerprint,
        "interface": e.interface,
        "asked": e.asked,
        "known": e.known,
        "failed": e.failed,
        "left": e.left,
        "usage": usage,
        "remarks": list(e.remarks),
        "reasons": [{"answers": count, "words": words} for words, count in e.reasons],
        "tokens": e.tokens,
        "seconds": round(e.seconds, 3),
        "dna": e.dna.digest if e.dna else None,
        "usable": e.dna.usable if e.dna else None,
        "notes": list(e.dna.notes) if e.dna else [],
        "refusal": e.refusal,
    }
