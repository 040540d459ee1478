"""cladist extract: ask models and make their DNA."""

from __future__ import annotations

from typing import Annotated

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


def extract(
    models: Annotated[
        list[str],
        typer.Argument(
            help="Model URIs: gguf:FILE, hf:ORG/NAME[@REV] or hf:FOLDER, "
            "openai:NAME@BASE-URL, builtin:smollm2, vllm:NAME. Options follow a '?', a name of "
            "your own a '#'."
        ),
    ],
    registry: RegistryOption = DEFAULT_REGISTRY,
    assay: Annotated[
        str, typer.Option("--assay", "-a", help="A built-in assay or a TOML file.")
    ] = "cladist",
    allow_sparse: SparseOption = False,
    jobs: Annotated[int, typer.Option("--jobs", "-j", min=1, help="Models asked at once.")] = 1,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Ask models the probes of an assay and make their DNA.

    Answers are stored as they come: a run that was stopped goes on where it was when the same
    command is given again, and a finished one asks nothing. Failed requests are asked again.

    Examples:

    `cladist extract builtin:smollm2`

    `cladist extract gguf:a.gguf gguf:b.gguf --registry lab`

    `cladist extract 'openai:gpt-x@https://host/v1?interface=chat#suspect'`

    `cladist extract 'gguf:a.gguf?system=You are a pirate.#pirate'`
    """
    from cladist import catalog
    from cladist.extraction.many import Failure, extract_many

    with progress_bars(quiet) as bars:
        results = extract_many(
            models,
            catalog.assay(assay),
            registry,
            jobs=jobs,
            allow_sparse=allow_sparse,
            progress=bars,
        )
    done = [r for r in results if not isinstance(r, Failure)]
    trouble = [r for r in results if isinstance(r, Failure)]
    if trouble and len(models) == 1:
        raise trouble[0].problem
    if json:
        print_json([_as_data(e) for e in done])
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
        if e.refusal:
            note(f"no DNA: {e.refusal}")
    for failure in trouble:
        note(f"error: {failure.uri}: {failure.problem}")
    if trouble:
        raise typer.Exit(trouble[0].problem.exit_code)
    if any(e.refusal for e in done):
        raise typer.Exit(6)


def _as_data(e: object) -> dict[str, object]:
    from cladist.extraction.run import Extraction

    assert isinstance(e, Extraction)
    return {
        "model": e.model.name,
        "uri": e.model.uri,
        "fingerprint": e.model.fingerprint,
        "interface": e.interface,
        "asked": e.asked,
        "known": e.known,
        "failed": e.failed,
        "tokens": e.tokens,
        "seconds": round(e.seconds, 3),
        "dna": e.dna.digest if e.dna else None,
        "usable": e.dna.usable if e.dna else None,
        "notes": list(e.dna.notes) if e.dna else [],
        "refusal": e.refusal,
    }
