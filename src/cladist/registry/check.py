"""Is a registry sound? Everything that can be told from the file alone."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from cladist.core.assay import Assay, Protocol
from cladist.core.hashing import digest
from cladist.core.responses import State
from cladist.errors import CladistError
from cladist.registry import records, schema

MOST = 20
"""Findings of one kind that are told; more of them say nothing new."""


@dataclass(frozen=True, slots=True)
class Flaw:
    """Something wrong: what kind, where, and what is the case."""

    kind: str
    where: str
    what: str


@dataclass(frozen=True, slots=True)
class Checked:
    """What was looked at, how many of each, and what was wrong."""

    counts: dict[str, int]
    findings: tuple[Flaw, ...]


def check(db: sqlite3.Connection) -> Checked:
    """Check an open registry's file: pages, schema, foreign keys, hashes, shapes and ranges.

    Reads everything once. `records` are compared with their own hashes: protocols and assays with
    the SHA-256 they are found by, DNAs with theirs and with the sum of their blocks. Nothing is
    written. Cost: the size of the file.
    """
    found = list(_pages(db))
    if found:
        # What follows would trip over the damage.
        return Checked({}, tuple(found))
    found += _schema(db)
    if found:
        return Checked({}, tuple(found))
    found += _foreign_keys(db)
    protocols, wrong = _protocols(db)
    assays, also_wrong = _assays(db, protocols)
    found += [*wrong, *also_wrong, *_models(db), *_responses(db, protocols), *_dnas(db, assays)]
    tables = ("model", "protocol", "assay", "response", "dna")
    counts = {
        t: int(db.execute(f"SELECT count(*) FROM {t}").fetchone()[0])  # noqa: S608 - constants
        for t in tables
    }
    return Checked(counts, tuple(found))


def _pages(db: sqlite3.Connection) -> Iterator[Flaw]:
    try:
        rows = db.execute(f"PRAGMA integrity_check({MOST})").fetchall()
    except sqlite3.DatabaseError as problem:
        rows = [(str(problem),)]
    for (said,) in rows:
        if said != "ok":
            yield Flaw("pages", "the file", str(said)[:300])


def _schema(db: sqlite3.Connection) -> Iterator[Flaw]:
    (version,) = db.execute("PRAGMA user_version").fetchone()
    if version != schema.VERSION:
        yield Flaw("schema", "the file", f"version {version}, expected {schema.VERSION}")
        return
    query = "SELECT type, name, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite_%'"
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as fresh:
        schema.migrate(fresh, "memory")
        wanted = {(t, n): s for t, n, s in fresh.execute(query)}
    present = {(t, n): s for t, n, s in db.execute(query)}
    for kind, name in sorted(wanted.keys() | present.keys()):
        if wanted.get((kind, name)) != present.get((kind, name)):
            state = "is missing" if (kind, name) not in present else "is not this program's"
            yield Flaw("schema", f"{kind} {name}"[:80], state)


def _foreign_keys(db: sqlite3.Connection) -> Iterator[Flaw]:
    rows = db.execute("SELECT * FROM pragma_foreign_key_check LIMIT ?", (MOST,)).fetchall()
    for table, row, parent, _ in rows:
        yield Flaw("foreign key", f"{table}, row {row}", f"points at no {parent}")


def _protocols(db: sqlite3.Connection) -> tuple[dict[int, Protocol], list[Flaw]]:
    good: dict[int, Protocol] = {}
    found = []
    for row, told, name, probes, decoding in db.execute(
        "SELECT id, digest, name, probes, decoding FROM protocol ORDER BY id"
    ):
        where = f"protocol {row}"
        try:
            protocol = records.unpack_protocol(name, probes, decoding)
            # Of what is stored: settings that came with later versions are not in it.
            own = digest({"probes": protocol.probes.digest, "decoding": json.loads(decoding)})
        except (CladistError, ValueError, TypeError, KeyError, RecursionError) as problem:
            found.append(Flaw("protocol", where, f"cannot be read: {problem!s:.200}"))
            continue
        if own != told:
            found.append(Flaw("hash", where, "its hash is not that of what it says"))
        good[row] = protocol
    return good, found


def _assays(
    db: sqlite3.Connection, protocols: dict[int, Protocol]
) -> tuple[dict[int, tuple[Assay, str]], list[Flaw]]:
    good: dict[int, tuple[Assay, str]] = {}
    found = []
    for row, told, name, protocol, method, description, base in db.execute(
        "SELECT a.id, a.digest, a.name, a.protocol_id, a.method, a.description, p.digest "
        "FROM assay a JOIN protocol p ON p.id = a.protocol_id ORDER BY a.id"
    ):
        where = f"assay {row}"
        if protocol not in protocols:
            continue
        try:
            own = digest({"protocol": base, "method": json.loads(method)})
            assay = records.unpack_assay(name, protocols[protocol], method, description)
        except (CladistError, ValueError, TypeError, KeyError, RecursionError) as problem:
            found.append(Flaw("assay", where, f"cannot be read: {problem!s:.200}"))
            continue
        if own != told:
            found.append(Flaw("hash", where, "its hash is not that of what it says"))
        good[row] = assay, told
    return good, found


def _models(db: sqlite3.Connection) -> Iterator[Flaw]:
    for row, name, metadata in db.execute("SELECT id, name, metadata FROM model ORDER BY id"):
        try:
            data = json.loads(metadata)
        except (ValueError, RecursionError):
            data = None
        plain = isinstance(data, dict) and all(isinstance(v, str) for v in data.values())
        if not plain or not name.strip():
            yield Flaw("model", f"model {row}", "has a blank name or unreadable metadata")


def _responses(db: sqlite3.Connection, protocols: dict[int, Protocol]) -> Iterator[Flaw]:
    states = json.dumps([str(s) for s in State])
    for row, protocol in protocols.items():
        decoding = protocol.decoding
        samples = 1 << 31 if decoding.unsure else decoding.samples
        rows = db.execute(
            "SELECT m.name, r.probe, r.sample, r.state FROM response r "
            "JOIN model m ON m.id = r.model_id WHERE r.protocol_id = ? AND ("
            "r.probe NOT BETWEEN 0 AND ? OR r.sample NOT BETWEEN 0 AND ? OR r.tokens < 0 "
            "OR r.state NOT IN (SELECT value FROM json_each(?)) "
            "OR (r.state = 'error' AND r.text <> '') "
            "OR (r.state IN ('ok', 'truncated') AND r.text = '')) LIMIT ?",
            (row, len(protocol.probes) - 1, samples - 1, states, MOST),
        )
        for name, probe, sample, state in rows:
            yield Flaw(
                "response",
                f"model {name[:80]}, probe {probe}, sample {sample}",
                f"lies outside of its protocol, or its state '{state[:20]}' does not fit its text",
            )


def _dnas(db: sqlite3.Connection, assays: dict[int, tuple[Assay, str]]) -> Iterator[Flaw]:
    told = 0
    for row, (assay, own) in assays.items():
        for name, *columns in db.execute(
            "SELECT m.name, d.vector, d.usable, d.probes, d.notes, d.encoders, d.digest, b.data "
            "FROM dna d JOIN model m ON m.id = d.model_id LEFT JOIN blocks b "
            "ON b.assay_id = d.assay_id AND b.model_id = d.model_id WHERE d.assay_id = ?",
            (row,),
        ):
            what = _wrong_dna(assay, own, _DNARow(*columns))
            if what and told < MOST:
                told += 1
                yield Flaw("DNA", f"model {name[:80]}, assay {own[:8]}", what)


class _DNARow(NamedTuple):
    """The columns of one DNA, as they are stored."""

    vector: bytes
    usable: int
    probes: int
    notes: str
    encoders: str
    told: str
    blocks: bytes | None


def _wrong_dna(assay: Assay, own: str, row: _DNARow) -> str:
    """What is wrong with one DNA of the assay with hash `own`, '' when nothing is."""
    vector, usable, probes, notes, encoders, told, blocks = row
    length = assay.method.projection.dimension
    if len(vector) != 4 * length:
        return f"has {len(vector)} bytes, expected {4 * length}"
    if probes != len(assay.protocol.probes) or not 0 < usable <= probes:
        return f"tells of {usable} usable probes among {probes}"
    if blocks is None:
        return "has no blocks"
    if len(blocks) != 2 * length * probes:
        return f"has blocks of {len(blocks)} bytes, expected {2 * length * probes}"
    try:
        dna = records.unpack_dna("", own, vector, usable, probes, notes, blocks)
        json.loads(encoders)
    except (CladistError, ValueError, TypeError, RecursionError) as problem:
        return f"cannot be read: {problem!s:.200}"
    if dna.digest != told:
        return "its hash is not that of its vector"
    parts = dna.per_probe().astype(np.float64)
    # float16 keeps eleven bits of every block, and of the smallest ones steps of 6e-8.
    allowed = np.abs(parts).sum(axis=0) * 2.0**-10 + probes * 2.0**-23 + 1e-6
    if not (np.abs(parts.sum(axis=0) - dna.vector) <= allowed).all():
        return "its blocks do not add up to it"
    return ""
