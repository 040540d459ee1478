"""Croissant 1.0 metadata of an exported registry: its Parquet files as record sets.

mlcommons.org/croissant; the context is the one that the specification prescribes.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

__all__ = ["DataFile", "write_croissant"]

_TYPES = {"int": "sc:Integer", "text": "sc:Text", "float": "sc:Float", "bool": "sc:Boolean"}
_CONTEXT: dict[str, Any] = {
    "@language": "en", "@vocab": "https://schema.org/", "citeAs": "cr:citeAs",
    "column": "cr:column", "conformsTo": "dct:conformsTo", "cr": "http://mlcommons.org/croissant/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"}, "dct": "http://purl.org/dc/terms/",
    "examples": {"@id": "cr:examples", "@type": "@json"}, "extract": "cr:extract",
    "field": "cr:field", "fileObject": "cr:fileObject", "fileProperty": "cr:fileProperty",
    "fileSet": "cr:fileSet", "format": "cr:format", "includes": "cr:includes",
    "isLiveDataset": "cr:isLiveDataset", "jsonPath": "cr:jsonPath", "key": "cr:key",
    "md5": "cr:md5", "parentField": "cr:parentField", "path": "cr:path",
    "rai": "http://mlcommons.org/croissant/RAI/", "recordSet": "cr:recordSet",
    "references": "cr:references", "regex": "cr:regex", "repeated": "cr:repeated",
    "replace": "cr:replace", "samplingRate": "cr:samplingRate", "sc": "https://schema.org/",
    "separator": "cr:separator", "source": "cr:source", "subField": "cr:subField",
    "transform": "cr:transform",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class DataFile:
    """One Parquet file: its table, and its columns with their kind (int, text, float, bool)."""

    name: str
    table: str
    bytes: int
    sha256: str
    columns: Mapping[str, str]


def write_croissant(
    name: str,
    description: str,
    files: Sequence[DataFile],
    *,
    licence: str = "",
    published: str = "",
    version: str = "1.0.0",
) -> str:
    """Metadata of a data set as JSON-LD text. Files lie beside it; columns get a field each."""
    document: dict[str, Any] = {
        "@context": _CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": "http://mlcommons.org/croissant/1.0",
        "name": name,
        "description": description,
        "version": version,
        "url": ".",
    }
    if licence:
        document["license"] = licence
    if published:
        document["datePublished"] = published
    document["distribution"] = [
        {
            "@type": "cr:FileObject",
            "@id": f.name,
            "name": f.name,
            "contentUrl": f.name,
            "contentSize": f"{f.bytes} B",
            "encodingFormat": "application/x-parquet",
            "sha256": f.sha256,
        }
        for f in files
    ]
    document["recordSet"] = [_records(f) for f in files]
    return json.dumps(document, ensure_ascii=False, indent=2) + "\n"


def _records(f: DataFile) -> dict[str, Any]:
    title = f.name.removesuffix(".parquet")
    return {
        "@type": "cr:RecordSet",
        "@id": title,
        "name": title,
        "description": f"Rows of the table {f.table}",
        "field": [
            {
                "@type": "cr:Field",
                "@id": f"{title}/{column}",
                "name": column,
                "dataType": _TYPES[kind],
                "source": {"fileObject": {"@id": f.name}, "extract": {"column": column}},
            }
            for column, kind in f.columns.items()
        ],
    }
