"""Distance matrices to and from files, by the file name's ending."""

from __future__ import annotations

import io
import json
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np

from cladist.core.distances import DistanceMatrix, symmetric
from cladist.core.optional import needed
from cladist.errors import InputError, UsageError
from cladist.formats.cells import csv_text
from cladist.formats.files import replacing
from cladist.formats.trees.phylip import write_phylip


def write_matrix(matrix: DistanceMatrix, path: str | Path) -> None:
    """Write a distance matrix.

    .npz      arrays `ids` (n strings) and `matrix` (n, n) float64, with `metric` and `assay`
    .csv .tsv square, names in the first row and column
    .parquet  long: a, b, distance for every pair
    .json     {ids, matrix, metric, assay}
    .phy .phylip .dist   PHYLIP, relaxed names

    Raises `UsageError` for another ending, `InputError` when the file cannot be written.
    """
    path = Path(path)
    writer = _WRITERS.get(path.suffix.lower())
    if writer is None:
        raise UsageError(f"'{path.name}': the ending tells the format; use {', '.join(_WRITERS)}")
    content = writer(matrix)
    with replacing(path) as file:
        file.write(content)


def read_matrix(path: str | Path) -> DistanceMatrix:
    """Read what `write_matrix` wrote as .npz; `InputError` says what is wrong with another."""
    path = Path(path)
    try:
        # Opened here: numpy leaves its own file open when the archive is damaged.
        with path.open("rb") as file, np.load(file, allow_pickle=False) as data:
            ids = [str(i) for i in data["ids"]]
            metric = str(data["metric"]) if "metric" in data else "distance"
            assay = str(data["assay"]) if "assay" in data else ""
            return symmetric(ids, data["matrix"], metric, assay)
    except (
        OSError, ValueError, KeyError, EOFError, MemoryError, NotImplementedError, RuntimeError,
        SyntaxError, TypeError, OverflowError, zlib.error, zipfile.BadZipFile,
    ) as problem:  # fmt: skip
        # All that zipfile and numpy raise for damaged, encrypted and forged files.
        raise InputError(
            f"{path}: not a distance matrix with arrays 'ids' and 'matrix' ({problem})"
        ) from problem


def _npz(matrix: DistanceMatrix) -> bytes:
    # numpy's own writer stamps the time of day; a fixed date gives the same bytes every time.
    arrays = {
        "ids": np.array(matrix.ids, dtype=np.str_),
        "matrix": matrix.matrix,
        "metric": np.array(matrix.metric),
        "assay": np.array(matrix.assay),
    }
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, array in arrays.items():
            member = io.BytesIO()
            np.lib.format.write_array(member, array, allow_pickle=False)
            info = zipfile.ZipInfo(f"{name}.npy", (1980, 1, 1, 0, 0, 0))
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, member.getvalue(), compresslevel=1)
    return out.getvalue()


def _separated(delimiter: str) -> Callable[[DistanceMatrix], bytes]:
    def write(matrix: DistanceMatrix) -> bytes:
        rows = zip(matrix.ids, matrix.matrix)
        lines = ([name, *(repr(float(v)) for v in values)] for name, values in rows)
        text = csv_text([["", *matrix.ids], *lines], delimiter=delimiter, newline="\r\n")
        return text.encode("utf-8")

    return write


def _parquet(matrix: DistanceMatrix) -> bytes:
    with needed("Reading and writing Parquet", "arrow"):
        import pyarrow as pa
        import pyarrow.parquet as pq

    a, b = np.triu_indices(len(matrix), 1)
    names = pa.array(matrix.ids, pa.string())
    table = pa.table(
        {
            "a": pa.DictionaryArray.from_arrays(pa.array(a, pa.int32()), names),
            "b": pa.DictionaryArray.from_arrays(pa.array(b, pa.int32()), names),
            "distance": pa.array(matrix.condensed()),
        }
    ).replace_schema_metadata({"metric": matrix.metric, "assay": matrix.assay})
    out = io.BytesIO()
    pq.write_table(table, out)
    return out.getvalue()


def _json(matrix: DistanceMatrix) -> bytes:
    data = {
        "metric": matrix.metric,
        "assay": matrix.assay,
        "ids": list(matrix.ids),
        "matrix": matrix.matrix.tolist(),
    }
    return (json.dumps(data, ensure_ascii=False) + "\n").encode("utf-8")


def _phylip(matrix: DistanceMatrix) -> bytes:
    return write_phylip(matrix).encode("utf-8")


_WRITERS: dict[str, Callable[[DistanceMatrix], bytes]] = {
    ".npz": _npz,
    ".csv": _separated(","),
    ".tsv": _separated("\t"),
    ".parquet": _parquet,
    ".json": _json,
    ".phy": _phylip,
    ".phylip": _phylip,
    ".dist": _phylip,
}
