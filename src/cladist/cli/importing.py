"""cladist registry import: responses that already exist."""

from __future__ import annotations

from pathlib import Path
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
)
from cladist.errors import UsageError

if TYPE_CHECKING:
    from cladist.extraction.recorded import Imported

MOST_NOTES = 20


def import_file(
    files: Annotated[
        list[Path],
        typer.Argument(
            help="Parquet, CSV or JSONL with columns model, prompt_id (or prompt) and response; "
            "files of AlpacaEval, Arena-Hard, BigCodeBench, EvalPlus, FastChat, HELM, inspect, "
            "LiveBench, llm-dna, lm-eval, OpenCompass; outputs of batches. "
            "Or the archive of a registry, by 'export'."
        ),
    ],
    registry: RegistryOption = DEFAULT_REGISTRY,
    assay: Annotated[
        str, typer.Option("--assay", "-a", help="Whose encoders, projection and metric to use.")
    ] = "cladist",
    model: Annotated[
        str, typer.Option("--model", "-m", help="Name of the model, where the file names none.")
    ] = "",
    prompts: Annotated[
        Path | None,
        typer.Option(help="Table with prompt_id and prompt: texts for files that have only ids."),
    ] = None,
    decoding: Annotated[
        str,
        typer.Option(
            metavar="KEY=VALUE,...",
            help="How the answers were asked, as far as known: interface (raw or chat), "
            "temperature, top_p, max_tokens, cut (characters).",
        ),
    ] = "",
    response_column: Annotated[
        str, typer.Option("--response-column", help="Column of the model's answers.")
    ] = "",
    prompt_column: Annotated[
        str, typer.Option("--prompt-column", help="Column of the prompts' texts.")
    ] = "",
    prompt_id_column: Annotated[
        str, typer.Option("--prompt-id-column", help="Column that names the prompts.")
    ] = "",
    model_column: Annotated[
        str, typer.Option("--model-column", help="Column that names the models.")
    ] = "",
    sample_column: Annotated[
        str, typer.Option("--sample-column", help="Column that numbers answers to one prompt.")
    ] = "",
    state_column: Annotated[
        str,
        typer.Option("--state-column", help="Column with ok, empty, refused, truncated, error."),
    ] = "",
    allow_sparse: SparseOption = False,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """How do answers that somebody recorded get into a registry?

    Imports them, says how they were read, and makes DNA of them.

    All models of one import must have answered the same prompts, or some of them; a later
    import joins an earlier one when its prompts are among those. Importing a file twice changes
    nothing.

    Examples:

    `cladist registry import responses.parquet --registry lab`

    `cladist registry import model_outputs.json --registry lab`

    `cladist registry import samples_arc.jsonl --model my-model --registry lab`

    `cladist registry import answers.parquet --prompts prompts.parquet --decoding
    interface=raw,temperature=0,max_tokens=1024`

    `cladist registry import run.csv --response-column said --prompt-id-column item --registry lab`

    `cladist registry import lab.zip --registry copy-of-lab`
    """
    columns = {
        "response": response_column,
        "prompt": prompt_column,
        "prompt_id": prompt_id_column,
        "model": model_column,
        "sample": sample_column,
        "state": state_column,
    }
    archives = [f for f in files if _is_archive(f)]
    if archives:
        if len(archives) < len(files):
            raise UsageError("import archives of registries and files of responses one by one")
        if prompts or decoding:
            raise UsageError("the archive of a registry has its own prompts and decoding")
        _import_archives(archives, registry, json, quiet)
        return
    import cladist
    from cladist.registry.unused import leaving_nothing_empty

    with (
        leaving_nothing_empty(registry),
        cladist.open_registry(registry) as store,
        progress_bars(quiet) as bars,
    ):
        result = cladist.import_responses(
            files,
            store,
            assay,
            model=model or None,
            columns={role: name for role, name in columns.items() if name},
            allow_sparse=allow_sparse,
            progress=bars,
            prompts=prompts,
            decoding=decoding,
        )
    if not quiet:
        _tell(result)
    if json:
        print_json(
            {
                "assay": result.assay.short,
                "models": result.models,
                "new_responses": result.added,
                "dna": len(result.made),
                "refused": [{"model": r.model, "reason": r.reason} for r in result.refused],
                "readings": dict(result.readings),
                "notes": list(result.notes),
            }
        )
    else:
        out().print(
            f"{result.models} models, {result.added} new responses, {len(result.made)} DNAs by "
            f"assay {result.assay.short}"
        )
    for refusal in result.refused[:20]:
        note(f"no DNA: {refusal.reason}")
    if len(result.refused) > 20:
        note(f"no DNA: and {len(result.refused) - 20} models more (--json lists them all)")
    if result.refused and not result.made:
        raise typer.Exit(6)


def _tell(result: Imported) -> None:
    """How the files were read, once for all that were read alike, and what is odd about them."""
    alike: dict[str, list[str]] = {}
    for source, reading in result.readings.items():
        alike.setdefault(reading, []).append(source)
    for reading, sources in alike.items():
        more = f" and more files ({len(sources) - 1})" if len(sources) > 1 else ""
        note(f"{one_line(sources[0])}{more}: {reading}")
    for said in result.notes[:MOST_NOTES]:
        note(said)
    if len(result.notes) > MOST_NOTES:
        note(f"and {len(result.notes) - MOST_NOTES} notes more (--json lists them all)")


def _is_archive(path: Path) -> bool:
    """Whether it may be the archive of a registry; cheap for all other files."""
    if path.suffix.lower() != ".zip" and not path.is_dir():
        return False
    from cladist.registry.archive import is_archive

    return is_archive(path)


def _import_archives(archives: list[Path], registry: Path, json: bool, quiet: bool) -> None:
    import cladist

    for path in archives:
        with progress_bars(quiet) as bars:
            merged = cladist.import_archive(path, registry, progress=bars)
        if json:
            print_json(
                {
                    "models": merged.models,
                    "new_responses": merged.responses,
                    "dna": merged.dnas,
                    "derived_again": len(merged.grown),
                }
            )
        else:
            out().print(
                f"{one_line(str(path))}: {merged.models} new models, {merged.responses} new "
                f"responses, {merged.dnas} new DNAs, {len(merged.grown)} derived again"
            )
