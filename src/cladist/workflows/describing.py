"""An exported registry described for data catalogues."""

from __future__ import annotations

from pathlib import Path

from cladist.core.optional import needed
from cladist.errors import InputError
from cladist.formats.adapter import load_json
from cladist.formats.cards import read_text
from cladist.formats.croissant import DataFile, write_croissant
from cladist.formats.files import write_text

__all__ = ["describe_export"]

DESCRIPTION = "Answers of language models to fixed probes, exported by cladist"


def describe_export(
    folder: str | Path,
    *,
    name: str = "",
    description: str = "",
    licence: str = "",
    published: str = "",
) -> Path:
    """Write Croissant metadata into the folder of an exported registry; the file is given back.

    Tables, columns, sizes and hashes are those of the export.

    Parameters
    ----------
    folder : path
        What `cladist registry export` wrote.
    name, description : str
        Of the data set; the folder's name and a sentence unless told.
    licence : str
        URL or name of the licence of the answers.
    published : str
        Date of publication, YYYY-MM-DD.

    Raises
    ------
    InputError
        For a folder without a manifest, and for a file in it that is not what the manifest says.
    """
    place = Path(folder)
    text = write_croissant(
        name or place.resolve().name,
        description or DESCRIPTION,
        _files(place),
        licence=licence,
        published=published,
    )
    made = place / "croissant.json"
    write_text(made, text)
    return made


def _files(folder: Path) -> list[DataFile]:
    """Files of an exported folder by its manifest, with their columns."""
    with needed("Writing Croissant metadata", "arrow"):
        import pyarrow as pa
        import pyarrow.parquet as pq

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
