"""Answers on their way from a cluster to a registry: small Parquet files on any fsspec store.

    STORE/PROTOCOL/MODEL/BATCH-SHA.parquet

PROTOCOL is the start of the protocol's hash, MODEL that of the hash of the model's URI, SHA the
start of the file's own hash: half a file is never taken for a whole one, on stores that cannot
rename as well. A shard is written once, and merging it twice changes nothing.
"""

from __future__ import annotations

import io
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from cladist.core.hashing import bytes_digest, digest
from cladist.core.optional import needed
from cladist.core.responses import Response, State
from cladist.errors import InputError, MissingExtraError, UsageError
from cladist.extraction.asking import remembered
from cladist.models.base import Identity
from cladist.models.served import Remembered
from cladist.registry._archive_tables import Table, read_rows
from cladist.registry.records import clean_text, pack_told, unpack_response

if TYPE_CHECKING:
    from cladist.core.assay import Protocol

TABLE = Table(
    "shard",
    {
        "probe": "int64",
        "sample": "int64",
        "state": "string",
        "text": "string",
        "tokens": "int64",
        "detail": "string",
        "served": "string",
        "configuration": "string",
        "provider": "string",
        "thoughts": "string",
        "distribution": "binary",
    },
    ("probe", "sample"),
)
_TOLD = ("served", "configuration", "provider", "thoughts")
_EARLIER = tuple(
    replace(TABLE, columns={k: v for k, v in TABLE.columns.items() if k not in left_out})
    for left_out in (("distribution",), (*_TOLD, "distribution"))
)
"""Shards as versions wrote them that kept no distributions, and those that not even kept who
answered."""
MAX_SHARD = 1 << 30
_ABOUT = b"cladist"


@dataclass(frozen=True, slots=True)
class Shard:
    """One batch of answers of one model, and who gave them through which interface.

    refused  settings of the protocol that its server did not take, with its words
    """

    identity: Identity
    interface: str
    slots: tuple[tuple[int, int, Response], ...]
    refused: Mapping[str, str] = field(default_factory=dict)


class Store:
    """The shards of one protocol in a folder of an fsspec file system.

    Raises `UsageError` for an address that cannot be used, `MissingExtraError` without fsspec.
    """

    def __init__(self, address: str, protocol: Protocol) -> None:
        try:
            import fsspec
        except ImportError as problem:
            raise MissingExtraError("extraction on a cluster", "cluster") from problem
        try:
            self._files, root = fsspec.core.url_to_fs(address)
        except (ValueError, ImportError, OSError) as problem:
            raise UsageError(f"the store '{address}' cannot be used: {problem}") from problem
        self._root = f"{root.rstrip('/')}/{protocol.digest[:16]}"

    def folder(self, uri: str) -> str:
        """Where the shards of the model that a URI names are."""
        return f"{self._root}/{digest(uri)[:24]}"

    def names(self, uri: str) -> list[str]:
        """The shards of a model that are there now."""
        try:
            # What the listing was some seconds ago is of no use.
            self._files.invalidate_cache()
            found = self._files.ls(self.folder(uri), detail=False)
        except FileNotFoundError:
            return []
        return sorted(str(n) for n in found if str(n).endswith(".parquet"))

    def write(self, uri: str, number: int, shard: Shard) -> None:
        """Add a shard; it is there when this returns."""
        raw = packed(shard)
        name = f"{number:06}-{bytes_digest(raw)[:24]}.parquet"
        folder = self.folder(uri)
        self._files.makedirs(folder, exist_ok=True)
        self._files.pipe_file(f"{folder}/{name}", raw)

    def read(self, name: str) -> Shard | None:
        """A shard; None for half a one, which counts as not written.

        Raises `InputError` for a whole file that no worker wrote.
        """
        raw = self._files.cat_file(name, end=MAX_SHARD)
        if bytes_digest(raw)[:24] != name.rpartition("-")[2].removesuffix(".parquet"):
            return None
        return unpacked(raw, name)

    def settled(self, uri: str, fingerprint: str) -> set[tuple[int, int]]:
        """(probe, sample) of the answers of a model in its shards, failed requests left out."""
        return {
            (p, s)
            for shard in self._of(uri, fingerprint)
            for p, s, response in shard.slots
            if response.final
        }

    def remembered(self, uri: str, fingerprint: str) -> Remembered:
        """Who answered for a model in its shards, and which settings were refused.

        Raises `ModelError` where the answers come from several models.
        """
        shards = list(self._of(uri, fingerprint))
        told = Counter(r.origin for shard in shards for _, _, r in shard.slots if r.final)
        refused = {k: words for shard in shards for k, words in shard.refused.items()}
        return remembered(uri, told, refused)

    def _of(self, uri: str, fingerprint: str) -> Iterator[Shard]:
        for name in self.names(uri):
            shard = self.read(name)
            if shard is not None and shard.identity.fingerprint == fingerprint:
                yield shard

    def remove(self, names: Sequence[str]) -> None:
        """Delete shards whose content is safe elsewhere."""
        for name in names:
            self._files.rm_file(name)


def packed(shard: Shard) -> bytes:
    """A shard as the bytes of a Parquet file."""
    with needed("Extraction on a cluster", "cluster"):
        import pyarrow as pa
        import pyarrow.parquet as pq

    identity = shard.identity
    about = {
        "name": identity.name,
        "uri": identity.uri,
        "fingerprint": identity.fingerprint,
        "metadata": dict(identity.metadata),
        "interface": shard.interface,
        "refused": dict(shard.refused),
    }
    columns: dict[str, list[Any]] = {name: [] for name in TABLE.columns}
    for probe, sample, r in shard.slots:
        row = (
            probe, sample, r.state.value, clean_text(r.text), r.tokens, clean_text(r.detail),
            *pack_told(r),
        )  # fmt: skip
        for column, value in zip(columns.values(), row, strict=True):
            column.append(value)
    schema = pa.schema([(n, getattr(pa, t)()) for n, t in TABLE.columns.items()])
    table = pa.table(columns, schema.with_metadata({_ABOUT: json.dumps(about).encode()}))
    out = io.BytesIO()
    pq.write_table(table, out, compression="zstd", use_dictionary=False)
    return out.getvalue()


def unpacked(raw: bytes, where: str) -> Shard:
    """The shard in a Parquet file; `InputError` for any other file."""
    with needed("Extraction on a cluster", "cluster"):
        import pyarrow as pa
        import pyarrow.parquet as pq

    slots = tuple(_slots(raw, where))
    try:
        about = json.loads(pq.read_schema(io.BytesIO(raw)).metadata[_ABOUT])
        words = [about[k] for k in ("name", "uri", "fingerprint", "interface")]
        metadata, refused = about["metadata"], about.get("refused", {})
        told = [*metadata, *metadata.values(), *refused, *refused.values()]
        if not all(isinstance(w, str) for w in [*words, *told]):
            raise TypeError("not text")
    except (pa.ArrowException, ValueError, KeyError, TypeError, AttributeError) as problem:
        raise InputError(f"{where}: tells not whose answers it holds ({problem!s:.80})") from None
    except RecursionError:
        raise InputError(f"{where}: tells not whose answers it holds") from None
    return Shard(Identity(words[0], words[1], words[2], metadata), words[3], slots, refused)


def _slots(raw: bytes, where: str) -> Iterator[tuple[int, int, Response]]:
    for rows in read_rows(raw, _table(raw), where):
        for probe, sample, state, text, tokens, detail, *told in rows:
            if None in (probe, sample, state, text, detail, *told) or state not in list(State):
                raise InputError(f"{where}: a row that is no answer")
            if probe < 0 or sample < 0 or (tokens is not None and tokens < 0):
                raise InputError(f"{where}: a row with a number below 0")
            said = (*(told or ("", "", "", "")), b"")[:5]
            yield probe, sample, unpack_response(state, text, tokens, detail, *said)


def _table(raw: bytes) -> Table:
    """The table that a shard holds, by its columns; the newest for a file that is none."""
    with needed("Extraction on a cluster", "cluster"):
        import pyarrow as pa
        import pyarrow.parquet as pq

    try:
        names = pq.read_schema(io.BytesIO(raw)).names
    except (pa.ArrowException, OSError, ValueError):
        return TABLE
    if "distribution" in names:
        return TABLE
    return _EARLIER[0] if set(_TOLD) & set(names) else _EARLIER[1]
