"""cladist registry export and backup: a registry in other places."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cladist.cli.common import (
    DEFAULT_REGISTRY,
    JsonOption,
    RegistryOption,
    one_line,
    out,
    print_json,
)

_TOLD = {"model": "models", "response": "responses", "dna": "DNAs"}


def export(
    target: Annotated[Path, typer.Argument(help="A new file NAME.zip, or a new folder.")],
    registry: RegistryOption = DEFAULT_REGISTRY,
    json: JsonOption = False,
) -> None:
    """How does everything in a registry get out, for other programs or to keep?

    Writes Parquet files with a manifest of their SHA-256.

    The same registry gives the same bytes; `cladist registry import` reads it back, into
    a new registry or into one that has something already. Others may write to the registry
    meanwhile.

    Examples:

    `cladist registry export lab.zip --registry lab`

    `cladist registry import lab.zip --registry copy-of-lab`
    """
    from cladist.registry import Registry
    from cladist.registry.archive import write_archive

    # Opened for writing once, so that a registry of an earlier version is brought up to date.
    Registry.open(registry, create=False).close()
    manifest = write_archive(registry, target)
    rows = {f.table: 0 for f in manifest.files}
    for file in manifest.files:
        rows[file.table] += file.rows
    size = sum(f.bytes for f in manifest.files)
    if json:
        print_json({"rows": rows, "bytes": size, "sha256": manifest.digest})
        return
    told = ", ".join(f"{rows[name]:,} {word}" for name, word in _TOLD.items())
    out().print(f"{one_line(str(target))}: {told}; {size:,} bytes")
    out().print(f"sha256 of the manifest: {manifest.digest}")


def backup(
    target: Annotated[Path, typer.Argument(help="A new folder.")],
    registry: RegistryOption = DEFAULT_REGISTRY,
) -> None:
    """How is a registry copied while it is in use?

    Copies it into a new folder while others read it and write to it.

    The copy is a registry like the original, as it was at one moment.

    Examples: `cladist registry backup lab-monday --registry lab`
    """
    from cladist.registry.backup import backup as run

    size = run(registry, target)
    out().print(f"{one_line(str(target))}: {size:,} bytes")
