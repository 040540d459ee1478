"""Tables of the registry and the numbered steps that bring an older one up to date."""

from __future__ import annotations

import sqlite3

from cladist.errors import RegistryError

APPLICATION_ID = 0x636C6164
"""'clad' in ASCII: marks the SQLite file as a cladist registry."""

MIGRATIONS: tuple[tuple[str, ...], ...] = (
    (
        """CREATE TABLE protocol (
            id INTEGER PRIMARY KEY, digest TEXT NOT NULL UNIQUE, name TEXT NOT NULL,
            probes TEXT NOT NULL, decoding TEXT NOT NULL) STRICT""",
        """CREATE TABLE assay (
            id INTEGER PRIMARY KEY, digest TEXT NOT NULL UNIQUE, name TEXT NOT NULL,
            protocol_id INTEGER NOT NULL REFERENCES protocol(id), method TEXT NOT NULL,
            description TEXT NOT NULL) STRICT""",
        """CREATE TABLE model (
            id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, uri TEXT NOT NULL,
            fingerprint TEXT NOT NULL UNIQUE, metadata TEXT NOT NULL) STRICT""",
        """CREATE TABLE response (
            protocol_id INTEGER NOT NULL REFERENCES protocol(id),
            model_id INTEGER NOT NULL REFERENCES model(id),
            probe INTEGER NOT NULL, sample INTEGER NOT NULL, state TEXT NOT NULL,
            text TEXT NOT NULL, tokens INTEGER, detail TEXT NOT NULL,
            PRIMARY KEY (protocol_id, model_id, probe, sample)) STRICT, WITHOUT ROWID""",
        """CREATE TABLE interface (
            protocol_id INTEGER NOT NULL REFERENCES protocol(id),
            model_id INTEGER NOT NULL REFERENCES model(id), name TEXT NOT NULL,
            PRIMARY KEY (protocol_id, model_id)) STRICT, WITHOUT ROWID""",
        """CREATE TABLE dna (
            assay_id INTEGER NOT NULL REFERENCES assay(id),
            model_id INTEGER NOT NULL REFERENCES model(id),
            vector BLOB NOT NULL, usable INTEGER NOT NULL, probes INTEGER NOT NULL,
            notes TEXT NOT NULL, encoders TEXT NOT NULL, digest TEXT NOT NULL,
            PRIMARY KEY (assay_id, model_id)) STRICT""",
        # Apart from the vectors, so that reading those does not page through these.
        """CREATE TABLE blocks (
            assay_id INTEGER NOT NULL REFERENCES assay(id),
            model_id INTEGER NOT NULL REFERENCES model(id),
            data BLOB NOT NULL, PRIMARY KEY (assay_id, model_id)) STRICT""",
    ),
    (
        # What happened to DNAs, in order, written by the database itself: whatever derives from
        # them finds out from here what it has not seen yet. The token tells apart histories of
        # two copies of a registry that went different ways.
        """CREATE TABLE dna_change (
            seq INTEGER PRIMARY KEY AUTOINCREMENT, assay_id INTEGER NOT NULL,
            model_id INTEGER NOT NULL, token BLOB NOT NULL) STRICT""",
        """INSERT INTO dna_change (assay_id, model_id, token)
            SELECT assay_id, model_id, randomblob(8) FROM dna ORDER BY assay_id, model_id""",
        """CREATE TRIGGER dna_added AFTER INSERT ON dna BEGIN
            INSERT INTO dna_change (assay_id, model_id, token)
            VALUES (new.assay_id, new.model_id, randomblob(8)); END""",
        """CREATE TRIGGER dna_altered AFTER UPDATE ON dna BEGIN
            INSERT INTO dna_change (assay_id, model_id, token)
            VALUES (new.assay_id, new.model_id, randomblob(8)); END""",
        """CREATE TRIGGER dna_removed AFTER DELETE ON dna BEGIN
            INSERT INTO dna_change (assay_id, model_id, token)
            VALUES (old.assay_id, old.model_id, randomblob(8)); END""",
    ),
    (
        # Who gave an answer, by the server's word, and what the model thought before it.
        "ALTER TABLE response ADD COLUMN served TEXT NOT NULL DEFAULT ''",
        "ALTER TABLE response ADD COLUMN configuration TEXT NOT NULL DEFAULT ''",
        "ALTER TABLE response ADD COLUMN provider TEXT NOT NULL DEFAULT ''",
        "ALTER TABLE response ADD COLUMN thoughts TEXT NOT NULL DEFAULT ''",
        # Settings of a protocol that the server of a model does not take, with its words.
        """CREATE TABLE refused_setting (
            protocol_id INTEGER NOT NULL REFERENCES protocol(id),
            model_id INTEGER NOT NULL REFERENCES model(id),
            name TEXT NOT NULL, words TEXT NOT NULL,
            PRIMARY KEY (protocol_id, model_id, name)) STRICT, WITHOUT ROWID""",
    ),
    (
        # One token for all answers of a model to a protocol, another one whenever any of them
        # changes: what was fitted on answers finds out from here whether they are still the same.
        """CREATE TABLE answers_state (
            protocol_id INTEGER NOT NULL, model_id INTEGER NOT NULL, token BLOB NOT NULL,
            PRIMARY KEY (protocol_id, model_id)) STRICT, WITHOUT ROWID""",
        """INSERT INTO answers_state SELECT protocol_id, model_id, randomblob(8) FROM response
            GROUP BY protocol_id, model_id""",
        """CREATE TRIGGER answer_added AFTER INSERT ON response BEGIN
            INSERT INTO answers_state VALUES (new.protocol_id, new.model_id, randomblob(8))
            ON CONFLICT (protocol_id, model_id) DO UPDATE SET token = excluded.token; END""",
        """CREATE TRIGGER answer_altered AFTER UPDATE ON response BEGIN
            INSERT INTO answers_state VALUES (new.protocol_id, new.model_id, randomblob(8))
            ON CONFLICT (protocol_id, model_id) DO UPDATE SET token = excluded.token; END""",
        """CREATE TRIGGER answer_removed AFTER DELETE ON response BEGIN
            INSERT INTO answers_state VALUES (old.protocol_id, old.model_id, randomblob(8))
            ON CONFLICT (protocol_id, model_id) DO UPDATE SET token = excluded.token; END""",
    ),
    (
        # The distribution of what comes next, where that was asked for and not a text.
        "ALTER TABLE response ADD COLUMN distribution BLOB NOT NULL DEFAULT x''",
    ),
)
"""MIGRATIONS[k] takes a registry from schema version k to k + 1; released steps never change."""

VERSION = len(MIGRATIONS)


def migrate(connection: sqlite3.Connection, where: str) -> None:
    """Bring the registry to `VERSION`, each step in a transaction of its own.

    Raises `RegistryError` for a file that is no registry, or one of a newer version.
    """
    version = _version(connection, where)
    while version < VERSION:
        connection.execute("BEGIN IMMEDIATE")
        try:
            # Another process may have done this step while we waited for the lock.
            (version,) = connection.execute("PRAGMA user_version").fetchone()
            if version < VERSION:
                for statement in MIGRATIONS[version]:
                    connection.execute(statement)
                version += 1
                connection.execute(f"PRAGMA user_version = {version}")
                connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        except BaseException:
            connection.execute("ROLLBACK")
            raise
        connection.execute("COMMIT")


def require_version(connection: sqlite3.Connection, where: str) -> None:
    """Raise `RegistryError` for a file that is not of `VERSION` and cannot be brought to it."""
    version = _version(connection, where)
    if version < VERSION:
        raise RegistryError(
            f"{where} has schema version {version} and may not be written, so it cannot be brought "
            f"to {VERSION}; copy the folder to where you may write, and open the copy"
        )


def _version(connection: sqlite3.Connection, where: str) -> int:
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    if application != APPLICATION_ID and (tables or version):
        raise RegistryError(f"{where} is an SQLite file of another program; choose another folder")
    if version > VERSION:
        raise RegistryError(
            f"{where} has schema version {version}, this cladist knows up to {VERSION}; "
            "update cladist to open it"
        )
    return int(version)
