"""The registry: one folder with one SQLite file that must survive, and what derives from it.

Write-ahead logging; a kill loses nothing that was committed, and every commit that `sync`
marks is on the disk before it returns.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence

from cladist.core.assay import Assay, Protocol
from cladist.core.dna import DNA
from cladist.core.hashing import canonical_json
from cladist.core.responses import Response, ResponseSet
from cladist.errors import RegistryError, UsageError
from cladist.registry import records
from cladist.registry.borrowed import standing_in
from cladist.registry.connection import Connection, marks
from cladist.registry.records import ModelRecord, StoredDNA, clean_text

Slot = tuple[int, int, Response]
"""(probe number, sample number, response)."""

_AT_ONCE = 5000
"""Names that go into one statement, and that a misspelt name is compared with."""


class Registry(Connection):
    """Models, protocols, assays, responses and DNA in one folder."""

    # -- models ---------------------------------------------------------------------------

    def add_model(
        self,
        name: str,
        uri: str,
        fingerprint: str,
        metadata: dict[str, str] | None = None,
        *,
        sync: bool = True,
    ) -> ModelRecord:
        """Record a model, or find the one with the same fingerprint.

        Raises `RegistryError` when another model already has the name.
        """
        name = clean_text(name)
        known = self.known_model(name, fingerprint)
        if known is not None:
            return known
        with self.transaction(sync=sync):
            self._db.execute(
                "INSERT INTO model (name, uri, fingerprint, metadata) VALUES (?, ?, ?, ?)",
                (name, clean_text(uri), fingerprint, canonical_json(dict(metadata or {}))),
            )
        return self.model(name)

    def known_model(self, name: str, fingerprint: str) -> ModelRecord | None:
        """The model with this fingerprint, None where it is not here and its name is free.

        Raises `RegistryError` when another model already has the name.
        """
        name = clean_text(name)
        if not name.strip():
            raise UsageError("a model needs a name that is not blank")
        for record in self._models("fingerprint = ? OR name = ?", (fingerprint, name)):
            if record.fingerprint == fingerprint:
                return record
            raise RegistryError(
                f"the name '{name}' belongs to another model here ({record.uri}); give this one "
                "a name of its own (append #NAME to its URI), or use another registry"
            )
        return None

    def forget_if_silent(self, model: ModelRecord) -> None:
        """Remove a model that never gave an answer, with its failed requests; others stay."""
        with self.transaction():
            (found,) = self._db.execute(
                "SELECT EXISTS (SELECT 1 FROM response WHERE model_id = ? AND state <> 'error')",
                (model.id,),
            ).fetchone()
            if not found:
                for table in ("response", "interface", "refused_setting"):
                    query = f"DELETE FROM {table} WHERE model_id = ?"  # noqa: S608 - constants
                    self._db.execute(query, (model.id,))
                self._db.execute("DELETE FROM model WHERE id = ?", (model.id,))

    def models(self) -> list[ModelRecord]:
        """All models in order of arrival."""
        return self._models("1", ())

    def model(self, name: str) -> ModelRecord:
        """The model with this name; `UsageError` offers close names when there is none."""
        found = self._models("name = ?", (name,))
        if found:
            return found[0]
        from difflib import get_close_matches

        close = get_close_matches(name, self._names_like(name), 3)
        hint = f"; did you mean {', '.join(close)}?" if close else ""
        raise UsageError(
            f"no model '{name}' among the {self.count_models()} of {self.folder}{hint}"
        )

    def models_named(self, names: Iterable[str]) -> dict[str, ModelRecord]:
        """Those of `names` that are models here, by name; O(names), whatever is stored."""
        found: dict[str, ModelRecord] = {}
        wanted = list(names)
        for start in range(0, len(wanted), _AT_ONCE):
            some = wanted[start : start + _AT_ONCE]
            for record in self._models(f"name IN ({marks(some)})", some):
                found[record.name] = record
        return found

    def names_of(self, ids: Sequence[int]) -> list[str]:
        """Names of models by their row numbers, in order of arrival; up to 32,766 of them."""
        query = f"SELECT name FROM model WHERE id IN ({marks(ids)}) ORDER BY id"  # noqa: S608
        return [str(name) for (name,) in self._all(query, ids)]

    def count_models(self) -> int:
        """How many models there are."""
        row = self._one("SELECT count(*) FROM model")
        return int(row[0]) if row else 0

    def _names_like(self, name: str) -> list[str]:
        """Names to look for a misspelt one among: all of them, or those that begin alike."""
        if self.count_models() <= _AT_ONCE:
            return [str(n) for (n,) in self._all("SELECT name FROM model ORDER BY id")]
        rows = self._all(
            "SELECT name FROM model WHERE name >= ? AND name < ? ORDER BY name LIMIT ?",
            (name[:3], name[:3] + "\U0010ffff", _AT_ONCE),
        )
        return [str(n) for (n,) in rows]

    def _models(self, where: str, values: Sequence[object]) -> list[ModelRecord]:
        # Only constants of this module reach `where`; values are bound.
        query = f"SELECT id, name, uri, fingerprint, metadata FROM model WHERE {where} ORDER BY id"  # noqa: S608
        rows = self._all(query, values)
        return [ModelRecord(i, n, u, f, json.loads(m)) for i, n, u, f, m in rows]

    # -- protocols and assays -------------------------------------------------------------

    def add_protocol(self, protocol: Protocol) -> int:
        """Row number of a protocol, recorded when it is new."""
        found = self._one("SELECT id FROM protocol WHERE digest = ?", (protocol.digest,))
        if found:
            return int(found[0])
        with self.transaction():
            self._db.execute(
                "INSERT OR IGNORE INTO protocol (digest, name, probes, decoding) "
                "VALUES (?, ?, ?, ?)",
                (
                    protocol.digest,
                    clean_text(protocol.name),
                    records.pack_probes(protocol.probes),
                    records.pack_decoding(protocol.decoding),
                ),
            )
        return self.add_protocol(protocol)

    def protocols(self) -> list[Protocol]:
        """All protocols in order of arrival."""
        rows = self._all("SELECT name, probes, decoding FROM protocol ORDER BY id")
        return [records.unpack_protocol(*row) for row in rows]

    def add_assay(self, assay: Assay) -> int:
        """Row number of an assay, recorded when it is new."""
        found = self._one("SELECT id FROM assay WHERE digest = ?", (assay.digest,))
        if found:
            return int(found[0])
        protocol = self.add_protocol(assay.protocol)
        with self.transaction():
            self._db.execute(
                "INSERT OR IGNORE INTO assay (digest, name, protocol_id, method, description) "
                "VALUES (?, ?, ?, ?, ?)",
                (
                    assay.digest,
                    assay.name,
                    protocol,
                    canonical_json(assay.method.as_data()),
                    assay.description,
                ),
            )
        return self.add_assay(assay)

    def assays(self) -> list[Assay]:
        """All assays in order of arrival.

        Raises `RegistryError` for one that does not have its stored hash, as one of a version
        that drew projections otherwise.
        """
        rows = self._all(
            "SELECT a.digest, a.name, p.name, p.probes, p.decoding, a.method, a.description "
            "FROM assay a JOIN protocol p ON p.id = a.protocol_id ORDER BY a.id"
        )
        found = []
        for digest, name, pname, probes, decoding, method, description in rows:
            protocol = records.unpack_protocol(pname, probes, decoding)
            assay = records.unpack_assay(name, protocol, method, description)
            if assay.digest != digest:
                raise RegistryError(
                    f"assay '{name}' in {self.folder} was stored as {digest[:8]} and reads as "
                    f"{assay.digest[:8]}: another version of cladist wrote it, or the file is "
                    "damaged. Make the DNA again in a new registry, from the models or with "
                    "'cladist registry import' from recorded answers"
                )
            found.append(assay)
        return found

    # -- responses ------------------------------------------------------------------------

    def write_responses(
        self, protocol: int, model: ModelRecord, slots: Iterable[Slot], *, sync: bool = True
    ) -> None:
        """Store answers; a settled slot is never overwritten, an error is."""
        rows = [
            (
                protocol,
                model.id,
                probe,
                sample,
                response.state.value,
                clean_text(response.text),
                response.tokens,
                clean_text(response.detail),
                *records.pack_told(response),
            )
            for probe, sample, response in slots
        ]
        with self.transaction(sync=sync):
            self._db.executemany(
                f"INSERT INTO response ({records.ANSWER_COLUMNS}) "  # noqa: S608 - constants
                f"VALUES ({marks(records.ANSWER_COLUMNS.split())}) "
                f"ON CONFLICT DO UPDATE SET {records.ANSWER_UPDATES} "
                "WHERE response.state = 'error'",
                rows,
            )

    def settled(self, protocol: int, model: ModelRecord) -> set[tuple[int, int]]:
        """(probe, sample) of every answer that needs no asking any more."""
        rows = self._all(
            "SELECT probe, sample FROM response "
            "WHERE protocol_id = ? AND model_id = ? AND state <> 'error'",
            (protocol, model.id),
        )
        return {(int(p), int(s)) for p, s in rows}

    def answering(self, protocol: Protocol) -> list[ModelRecord]:
        """Models with at least one stored answer to a protocol, in order of arrival.

        Those that stand in with answers to a comparable one (`registry.borrowed`) are among them.
        """
        rows = self._all(
            "SELECT m.id FROM model m WHERE EXISTS (SELECT 1 FROM response r JOIN protocol p "
            "ON p.id = r.protocol_id WHERE p.digest = ? AND r.model_id = m.id)",
            (protocol.digest,),
        )
        chosen = {int(i) for (i,) in rows} | set(self.standing_in(protocol))
        return [m for m in self.models() if m.id in chosen]

    def responses(
        self, protocol: Protocol, names: Sequence[str] | None = None
    ) -> Iterator[ResponseSet]:
        """Answers to a protocol, one set a model, in order of arrival (or only `names`)."""
        row = self._one("SELECT id FROM protocol WHERE digest = ?", (protocol.digest,))
        if row is None:
            return
        chosen = self.answering(protocol) if names is None else [self.model(n) for n in names]
        elsewhere = self.standing_in(protocol)
        for model in chosen:
            place = elsewhere.get(model.id, int(row[0]))
            yield self._response_set(place, protocol, model.id, model.name)

    def standing_in(self, protocol: Protocol) -> dict[int, int]:
        """Model row -> protocol row, where answers to a comparable protocol count for this one."""
        row = self._one("SELECT id FROM protocol WHERE digest = ?", (protocol.digest,))
        return {} if row is None else standing_in(self._all, int(row[0]), protocol, self.protocols)

    def _response_set(
        self, protocol_id: int, protocol: Protocol, model_id: int, name: str
    ) -> ResponseSet:
        rows = self._all(
            f"SELECT probe, {records.TOLD_COLUMNS} FROM response "  # noqa: S608 - constants
            "WHERE protocol_id = ? AND model_id = ? ORDER BY probe, sample",
            (protocol_id, model_id),
        )
        slots: list[list[Response]] = [[] for _ in protocol.probes.ids]
        for probe, *told in rows:
            slots[probe].append(records.unpack_response(*told))
        return ResponseSet(name, protocol.probes.ids, tuple(map(tuple, slots)))

    def answers_by_slot(
        self, protocol: Protocol, model: ModelRecord
    ) -> dict[tuple[int, int], Response]:
        """Stored answers of one model by (probe, sample)."""
        rows = self._all(
            f"SELECT r.probe, r.sample, {records.TOLD_COLUMNS} FROM response r "  # noqa: S608
            "JOIN protocol p ON p.id = r.protocol_id WHERE p.digest = ? AND r.model_id = ?",
            (protocol.digest, model.id),
        )
        return {(p, s): records.unpack_response(*told) for p, s, *told in rows}

    def set_interface(self, protocol: int, model: ModelRecord, name: str) -> str:
        """Remember through which interface a model answers a protocol; the first one stays."""
        with self.transaction():
            self._db.execute(
                "INSERT OR IGNORE INTO interface VALUES (?, ?, ?)", (protocol, model.id, name)
            )
        return self.interface(protocol, model)

    def interface(self, protocol: int, model: ModelRecord) -> str:
        """The interface remembered, '' when none is."""
        row = self._one(
            "SELECT name FROM interface WHERE protocol_id = ? AND model_id = ?",
            (protocol, model.id),
        )
        return str(row[0]) if row else ""

    # -- DNA ------------------------------------------------------------------------------

    def write_dnas(self, assay: int, dnas: Iterable[StoredDNA]) -> None:
        """Store DNAs of one assay in one transaction, replacing earlier ones.

        Of a DNA that came without its per-probe blocks none are stored; whatever needs them says
        so. They are nearly all of a registry's size and follow from the answers at any time.
        """
        given = list(dnas)
        known = self.models_named(s.dna.model for s in given)
        rows, blocks, bare = [], [], []
        for stored in given:
            dna = stored.dna
            key = (assay, known[dna.model].id)
            notes, encoders = canonical_json(list(dna.notes)), canonical_json(list(stored.encoders))
            vector = dna.vector.astype("<f4").tobytes()
            rows.append((*key, vector, dna.usable, dna.probes, notes, encoders, dna.digest))
            if dna.blocks is None:
                bare.append(key)
            else:
                blocks.append((*key, dna.blocks.astype("<f2").tobytes()))
        with self.transaction():
            self._db.executemany("INSERT OR REPLACE INTO dna VALUES (?,?,?,?,?,?,?,?)", rows)
            self._db.executemany("INSERT OR REPLACE INTO blocks VALUES (?,?,?)", blocks)
            # Blocks of an earlier DNA would contradict the new one.
            self._db.executemany("DELETE FROM blocks WHERE assay_id = ? AND model_id = ?", bare)

    def dnas(
        self, assay: Assay, names: Sequence[str] | None = None, *, blocks: bool = False
    ) -> list[DNA]:
        """DNAs of an assay in order of arrival (or of `names`, in their order)."""
        return [s.dna for s in self.stored_dnas(assay, names, blocks=blocks)]

    def stored_dnas(
        self, assay: Assay, names: Sequence[str] | None = None, *, blocks: bool = False
    ) -> list[StoredDNA]:
        """DNAs with what is recorded beside them; with their per-probe blocks if asked for.

        Raises `UsageError` for a name without a DNA by this assay.
        """
        data, join = "NULL", ""
        if blocks:
            data = "b.data"
            join = "LEFT JOIN blocks b ON b.assay_id = d.assay_id AND b.model_id = d.model_id"
        query = (
            f"SELECT m.name, d.vector, d.usable, d.probes, d.notes, {data}, d.encoders "  # noqa: S608
            f"FROM dna d JOIN model m ON m.id = d.model_id "
            f"JOIN assay a ON a.id = d.assay_id {join} "
        )
        if names is None:
            rows = self._all(query + "WHERE a.digest = ? ORDER BY m.id", (assay.digest,))
        else:
            rows = []
            for start in range(0, len(names), _AT_ONCE):
                some = names[start : start + _AT_ONCE]
                rows += self._all(
                    f"{query} WHERE a.digest = ? AND m.name IN ({marks(some)})",
                    (assay.digest, *some),
                )
        found = {
            str(row[0]): StoredDNA(
                records.unpack_dna(row[0], assay.digest, *row[1:6]), tuple(json.loads(row[6]))
            )
            for row in rows
        }
        if names is None:
            return list(found.values())
        for name in names:
            if name not in found:
                self.model(name)
                raise UsageError(
                    f"'{name}' has no DNA by assay {assay.short}: it was not asked by it ('cladist "
                    "extract' does), or gave too few usable answers ('cladist registry show' tells)"
                )
        return [found[n] for n in names]

    def dna_names(self, assay: Assay) -> list[str]:
        """Models that have a DNA by an assay, in order of arrival."""
        rows = self._all(
            "SELECT m.name FROM dna d JOIN model m ON m.id = d.model_id "
            "JOIN assay a ON a.id = d.assay_id WHERE a.digest = ? ORDER BY m.id",
            (assay.digest,),
        )
        return [str(name) for (name,) in rows]

    def count_dnas(self, assay: Assay) -> int:
        """How many models have a DNA by an assay."""
        row = self._one(
            "SELECT count(*) FROM dna d JOIN assay a ON a.id = d.assay_id WHERE a.digest = ?",
            (assay.digest,),
        )
        return int(row[0]) if row else 0

    def assays_of(self, model: ModelRecord) -> list[str]:
        """Hashes of the assays that have a DNA of the model."""
        rows = self._all(
            "SELECT a.digest FROM dna d JOIN assay a ON a.id = d.assay_id "
            "WHERE d.model_id = ? ORDER BY a.id",
            (model.id,),
        )
        return [str(d) for (d,) in rows]
