"""cladist provenance bom and croissant: provenance and data in the forms of standards."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from cladist.cli.common import (
    DEFAULT_REGISTRY,
    AlphaOption,
    AssayOption,
    DeclaredOption,
    LabelsOption,
    OldRateOption,
    QuietOption,
    RegistryOption,
    alpha_of,
    note,
    progress_bars,
    time_told,
)
from cladist.core.optional import needed

if TYPE_CHECKING:
    from cladist.formats.croissant import DataFile


def bom(
    model: Annotated[str, typer.Argument(help="A model of the registry.")],
    form: Annotated[
        Literal["cyclonedx", "spdx", "card"],
        typer.Option("--as", help="CycloneDX 1.6 ML-BOM, SPDX 3 AI profile, or a card's block."),
    ] = "cyclonedx",
    registry: RegistryOption = DEFAULT_REGISTRY,
    file: Annotated[
        Path | None, typer.Option("--out", "-o", help="Write there; else to standard output.")
    ] = None,
    into: Annotated[
        Path | None,
        typer.Option(help="With --as card: put the block into this model card, or renew it there."),
    ] = None,
    declared: DeclaredOption = None,
    labels: LabelsOption = None,
    assay: AssayOption = "",
    alpha: AlphaOption = 0.01,
    rate: OldRateOption = None,
    created: Annotated[
        str, typer.Option(help="Time to state, as 2026-01-31T12:00:00Z; now unless told.")
    ] = "",
    quiet: QuietOption = False,
) -> None:
    """How is a model's lineage stated in a standard form?

    Writes declared and measured lineage as CycloneDX, SPDX or a model card.

    Declared parents stand as ancestors unless the measurement contradicts them; models shown to
    be kin stand beside them with verdict, p-value and rate in properties under 'cladist:'.

    Examples:

    `cladist provenance bom suspect --declared models/ --out suspect.cdx.json`

    `cladist provenance bom suspect --as spdx --out suspect.spdx.json`

    `cladist provenance bom suspect --as card --into README.md`
    """
    from cladist.compare import resolve_assay
    from cladist.errors import UsageError
    from cladist.formats.cards import read_text
    from cladist.formats.cyclonedx import write_cyclonedx
    from cladist.formats.files import write_text
    from cladist.formats.modelcard import insert_block, write_block
    from cladist.formats.spdx import write_spdx
    from cladist.provenance.material import gather
    from cladist.provenance.report import build_report
    from cladist.provenance.sources import read_declared
    from cladist.provenance.statement import statement_of
    from cladist.registry import Registry
    from cladist.workflows.named import families_here, tell

    if into is not None and form != "card":
        raise UsageError("--into goes with --as card")
    stamp = time_told(created)
    card = read_text(into) if into is not None else ""
    with Registry.open(registry, create=False) as store, progress_bars(quiet) as bars:
        chosen = resolve_assay(store, assay)
        store.model(model)
        lineage = read_declared(declared or [], store.models())
        tell(lineage, note)
        material = gather(store, chosen, lineage, families_here(labels, store.models(), note), bars)
        made = build_report(store, material, model, alpha=alpha_of(alpha, rate), progress=bars)
    writers = {"cyclonedx": write_cyclonedx, "spdx": write_spdx, "card": write_block}
    text = writers[form](statement_of(made, stamp))
    if into is not None:
        text, file = insert_block(card, text), into
    if file is None:
        typer.echo(text, nl=False)
        return
    write_text(file, text)
    note(f"wrote the lineage of {model} to {file}")


def croissant(
    folder: Annotated[Path, typer.Argument(help="A folder that 'cladist registry export' wrote.")],
    name: Annotated[str, typer.Option(help="Of the data set; the folder's unless told.")] = "",
    description: Annotated[str, typer.Option(help="What it holds, in a sentence.")] = "",
    licence: Annotated[str, typer.Option(help="URL or name of the licence of the answers.")] = "",
    published: Annotated[str, typer.Option(help="Date of publication, YYYY-MM-DD.")] = "",
) -> None:
    """How is an exported registry described for data catalogues?

    Writes Croissant metadata (croissant.json) into it.

    Tables, columns, sizes and hashes are those of the export, so that tools that read Croissant
    can load the answers.

    Example:

    `cladist provenance croissant lab-export --name "Answers of lab" --licence CC-BY-4.0`
    """
    from cladist.formats.croissant import write_croissant
    from cladist.formats.files import write_text

    title = name or folder.resolve().name
    told = description or "Answers of language models to fixed probes, exported by cladist"
    text = write_croissant(title, told, _files(folder), licence=licence, published=published)
    write_text(folder / "croissant.json", text)
    note(f"wrote {folder / 'croissant.json'}")


def _files(folder: Path) -> list[DataFile]:
    """Files of an exported folder by its manifest, with their columns."""
    with needed("Writing Croissant metadata", "arrow"):
        import pyarrow as pa
        import pyarrow.parquet as pq

    from cladist.errors import InputError
    from cladist.formats.adapter import load_json
    from cladist.formats.cards import read_text
    from cladist.formats.croissant import DataFile

    path = folder / "manifest.json"
    if not path.is_file():
        raise InputError(
            f"{folder} has no manifest.json; make it with 'cladist registry export FOLDER'"
        )
    listed = load_json(read_text(path), str(path)).get("files")
    if not isinstance(listed, list):
        raise InputError(f"{path} lists no files")
    out = []
    for entry in listed:
        try:
            name, kind = str(entry["name"]), str(entry["table"])
            size, sha256 = int(entry["bytes"]), str(entry["sha256"])
        except (KeyError, TypeError, ValueError):
            raise InputError(f"{path}: an entry lacks name, table, bytes or sha256") from None
        if Path(name).name != name:
            raise InputError(f"{path}: '{name[:60]}' is no name of a file")
        try:
            schema = pq.read_schema(folder / name)
        except (pa.ArrowInvalid, OSError) as problem:
            raise InputError(f"{folder / name}: no readable Parquet file ({problem})") from None
        columns = {f.name: _kind(f.type) for f in schema if _kind(f.type)}
        out.append(DataFile(name, kind, size, sha256, columns))
    return out


def _kind(of: object) -> str:
    """Kind of a column for Croissant; '' for bytes, which it cannot describe as a value."""
    with needed("Writing Croissant metadata", "arrow"):
        import pyarrow as pa

    kinds = [
        (pa.types.is_integer, "int"),
        (pa.types.is_floating, "float"),
        (pa.types.is_boolean, "bool"),
        (pa.types.is_string, "text"),
        (pa.types.is_large_string, "text"),
    ]
    return next((word for test, word in kinds if test(of)), "")
