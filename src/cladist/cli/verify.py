"""verify: is everything in a registry, or in an archive of one, what it claims to be?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cladist.cli.common import (
    DEFAULT_REGISTRY,
    JsonOption,
    QuietOption,
    RegistryOption,
    note,
    one_line,
    out,
    print_json,
    progress_bars,
    table,
)


def verify(
    archive: Annotated[
        Path | None, typer.Argument(help="An archive by 'export', instead of the registry.")
    ] = None,
    registry: RegistryOption = DEFAULT_REGISTRY,
    sample: Annotated[
        int, typer.Option(min=0, help="DNAs that are derived again from their responses.")
    ] = 20,
    every: Annotated[bool, typer.Option("--all", help="Derive every DNA again.")] = False,
    seed: Annotated[int, typer.Option(help="Which DNAs are drawn.")] = 0,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Is a registry or an archive sound?

    Checks pages, schema, links, hashes and ranges, and derives DNAs again from responses.

    Nothing is written. Of an archive every file is compared with its SHA-256, and its content is
    checked as an import would. Leaves with 7 when something is wrong.

    Examples:

    `cladist registry verify --registry lab`

    `cladist registry verify --registry lab --all`

    `cladist registry verify lab.zip`
    """
    if archive is not None:
        _verify_archive(archive, json)
        return
    import cladist

    with cladist.open_registry(registry, create=False) as store, progress_bars(quiet) as bars:
        result = cladist.verify(store, sample=None if every else sample, seed=seed, progress=bars)
    if json:
        print_json(
            {
                "sound": result.sound,
                "counts": result.checked.counts,
                "derived_again": {"same": result.same, "close": result.close},
                "skipped": result.skipped,
                "findings": [
                    {"kind": f.kind, "where": f.where, "what": f.what} for f in result.findings
                ],
            }
        )
    else:
        for kind, count in result.checked.counts.items():
            word = "DNA" if kind == "dna" else kind
            out().print(f"{count:>12,} {word}{'' if count == 1 else 's'}")
        close = f", {result.close} but for rounding" if result.close else ""
        out().print(
            f"{result.same + result.close} DNAs derived again: {result.same} the same{close}"
        )
        for reason, count in result.skipped.items():
            note(f"{count} DNAs not derived again: {reason}")
        if result.findings:
            rows = table("kind", "where", "what")
            for f in result.findings:
                rows.add_row(one_line(f.kind), one_line(f.where), one_line(f.what))
            out().print(rows)
        else:
            out().print("nothing is wrong")
    if not result.sound:
        raise typer.Exit(7)


def _verify_archive(path: Path, json: bool) -> None:
    from cladist.registry.merge import check_archive

    manifest = check_archive(path)
    if json:
        print_json({"sound": True, "files": len(manifest.files), "sha256": manifest.digest})
        return
    size = sum(f.bytes for f in manifest.files)
    out().print(f"{len(manifest.files)} files, {size:,} bytes, all as the manifest tells")
    out().print(f"sha256 of the manifest: {manifest.digest}")
