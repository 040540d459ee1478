"""Take another registry's content into one, without losing or doubling anything."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from cladist.errors import NotComparableError, RegistryError, UsageError
from cladist.registry.archive import Archive, Manifest, fill, require_sound
from cladist.registry.backup import put_in_place
from cladist.registry.connection import FILE
from cladist.registry.connection import _explained as explained
from cladist.registry.records import ANSWER_COLUMNS, ANSWER_UPDATES, TOLD_COLUMNS
from cladist.registry.store import Registry


@dataclass(frozen=True, slots=True)
class Merged:
    """What came in.

    models, responses, dnas  how many were new here
    grown                    (assay hash, model) with more answers now than before: the DNA was
                             made of fewer and has to be derived again
    """

    models: int
    responses: int
    dnas: int
    grown: tuple[tuple[str, str], ...] = ()


def import_archive(path: Path, folder: Path) -> Merged:
    """Bring an archive into the registry in `folder`, which may be new.

    A new registry has the archive's content to the byte: exported again it gives the same files.
    An existing one is merged into (see `merge`). Everything is checked before any of it is
    taken. Raises `InputError` for a bad archive, `NotComparableError` for contradicting answers.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(dir=folder, prefix=".part-") as made, closing(Archive(path)) as a:
            copy = Path(made) / FILE
            with explained(str(copy)), closing(sqlite3.connect(copy, isolation_level=None)) as db:
                # A kill throws this file away, so it need not survive one.
                db.execute("PRAGMA synchronous = OFF")
                fill(a, db)
                require_sound(db, str(path))
                models, responses, dnas = _counts(db)
            if not (folder / FILE).exists():
                put_in_place(copy, folder / FILE)
                return Merged(models, responses, dnas)
            with Registry.open(folder) as registry:
                return merge(registry, copy)
    except OSError as problem:
        raise RegistryError(f"cannot write {folder}: {problem.strerror or problem}") from problem


def check_archive(path: Path) -> Manifest:
    """Check an archive as `import_archive` does, and keep nothing of it (`InputError`)."""
    with TemporaryDirectory() as made, closing(Archive(path)) as archive:
        copy = Path(made) / FILE
        with explained(str(copy)), closing(sqlite3.connect(copy, isolation_level=None)) as db:
            db.execute("PRAGMA synchronous = OFF")
            fill(archive, db)
            require_sound(db, str(path))
        return archive.manifest


def merge(registry: Registry, other: Path) -> Merged:
    """Take in the content of another registry's file, all in one transaction, or nothing.

    Models are the same when their fingerprints are, protocols and assays when their hashes are.
    Answers that are here stay; failed requests are replaced by answers. Merging twice changes
    nothing. `other` must be up to date and sound.

    Raises `UsageError` when two different models have one name, `NotComparableError` when one
    model gave two answers to one greedy probe, or answered through two interfaces.
    """
    with _attached(registry._db, other) as db, registry.transaction():
        _refuse(db)
        before = _counts(db)
        _take_names(db)
        _take_answers(db)
        _take_dnas(db)
        grown = _grown(db)
        after = _counts(db)
        for table in ("same_protocol", "same_model", "answered"):
            db.execute(f"DROP TABLE temp.{table}")
    new = [b - a for a, b in zip(before, after, strict=True)]
    return Merged(new[0], new[1], new[2], tuple((str(a), str(m)) for a, m in grown))


def _take_names(db: sqlite3.Connection) -> None:
    """Protocols, assays and models; and which rows there are which rows here."""
    db.execute(
        "INSERT OR IGNORE INTO protocol (digest, name, probes, decoding) "
        "SELECT digest, name, probes, decoding FROM other.protocol ORDER BY id"
    )
    db.execute(
        "INSERT OR IGNORE INTO assay (digest, name, protocol_id, method, description) "
        "SELECT a.digest, a.name, mine.id, a.method, a.description FROM other.assay a "
        "JOIN other.protocol p ON p.id = a.protocol_id "
        "JOIN main.protocol mine ON mine.digest = p.digest ORDER BY a.id"
    )
    db.execute(
        "INSERT INTO model (name, uri, fingerprint, metadata) "
        "SELECT name, uri, fingerprint, metadata FROM other.model o WHERE NOT EXISTS "
        "(SELECT 1 FROM main.model m WHERE m.fingerprint = o.fingerprint) ORDER BY id"
    )
    db.execute(
        "CREATE TEMP TABLE same_protocol AS SELECT o.id AS theirs, m.id AS mine "
        "FROM other.protocol o JOIN main.protocol m ON m.digest = o.digest"
    )
    db.execute(
        "CREATE TEMP TABLE same_model AS SELECT o.id AS theirs, m.id AS mine "
        "FROM other.model o JOIN main.model m ON m.fingerprint = o.fingerprint"
    )
    db.execute(
        "CREATE TEMP TABLE answered AS SELECT protocol_id, model_id, "
        "count(*) FILTER (WHERE state <> 'error') AS settled "
        "FROM main.response GROUP BY 1, 2"
    )


def _take_answers(db: sqlite3.Connection) -> None:
    """Answers, interfaces, and settings that servers refused."""
    db.execute(
        "INSERT OR IGNORE INTO interface SELECT p.mine, m.mine, i.name FROM other.interface i "
        "JOIN same_protocol p ON p.theirs = i.protocol_id "
        "JOIN same_model m ON m.theirs = i.model_id"
    )
    db.execute(
        f"INSERT INTO response ({ANSWER_COLUMNS}) "  # noqa: S608 - constants
        f"SELECT p.mine, m.mine, r.probe, r.sample, {TOLD_COLUMNS} FROM other.response r "
        "JOIN same_protocol p ON p.theirs = r.protocol_id "
        "JOIN same_model m ON m.theirs = r.model_id WHERE true "
        f"ON CONFLICT DO UPDATE SET {ANSWER_UPDATES} "
        "WHERE response.state = 'error' AND excluded.state <> 'error'"
    )
    db.execute(
        "INSERT OR IGNORE INTO refused_setting SELECT p.mine, m.mine, s.name, s.words "
        "FROM other.refused_setting s JOIN same_protocol p ON p.theirs = s.protocol_id "
        "JOIN same_model m ON m.theirs = s.model_id"
    )


def _grown(db: sqlite3.Connection) -> list[tuple[str, str]]:
    """Assays and models whose answers are more than before."""
    return db.execute(
        "SELECT DISTINCT a.digest, m.name FROM answered w "
        "JOIN same_protocol p ON p.mine = w.protocol_id JOIN same_model s ON s.mine = "
        "w.model_id JOIN main.assay a ON a.protocol_id = w.protocol_id "
        "JOIN main.model m ON m.id = w.model_id WHERE w.settled < (SELECT count(*) "
        "FROM main.response r WHERE r.protocol_id = w.protocol_id "
        "AND r.model_id = w.model_id AND r.state <> 'error') ORDER BY a.id, m.id"
    ).fetchall()


def _take_dnas(db: sqlite3.Connection) -> None:
    """DNAs of models that had no answer here; all others are made anew of all answers."""
    for table, columns in (
        ("dna", "vector, usable, probes, notes, encoders, digest"),
        ("blocks", "data"),
    ):
        wanted = ", ".join(f"d.{c.strip()}" for c in columns.split(","))
        # Constants of this function; nothing from outside is in the text.
        db.execute(
            f"INSERT OR IGNORE INTO {table} SELECT mine.id, m.mine, {wanted} "  # noqa: S608
            f"FROM other.{table} d JOIN other.assay a ON a.id = d.assay_id "
            "JOIN main.assay mine ON mine.digest = a.digest "
            "JOIN same_model m ON m.theirs = d.model_id WHERE NOT EXISTS (SELECT 1 FROM answered w "
            "WHERE w.protocol_id = mine.protocol_id AND w.model_id = m.mine) ORDER BY 1, 2"
        )


def _counts(db: sqlite3.Connection) -> tuple[int, int, int]:
    """Models, responses and DNAs."""
    models, responses, dnas = (
        int(db.execute(f"SELECT count(*) FROM main.{t}").fetchone()[0])  # noqa: S608 - constants
        for t in ("model", "response", "dna")
    )
    return models, responses, dnas


def _refuse(db: sqlite3.Connection) -> None:
    """Raise for what cannot be true of both registries."""
    named = db.execute(
        "SELECT o.name FROM other.model o JOIN main.model m ON m.name = o.name "
        "WHERE m.fingerprint <> o.fingerprint LIMIT 1"
    ).fetchone()
    if named:
        raise UsageError(
            f"'{named[0]:.80}' is another model there than here; keep the two registries apart"
        )
    asked = db.execute(
        "SELECT m.name FROM other.interface i JOIN other.protocol p ON p.id = i.protocol_id "
        "JOIN other.model o ON o.id = i.model_id JOIN main.model m ON m.fingerprint = "
        "o.fingerprint JOIN main.protocol q ON q.digest = p.digest JOIN main.interface j "
        "ON j.protocol_id = q.id AND j.model_id = m.id WHERE j.name <> i.name LIMIT 1"
    ).fetchone()
    if asked:
        raise NotComparableError(
            f"'{asked[0]:.80}' was asked through another interface there than here; the answers "
            "are not comparable"
        )
    differs = db.execute(
        "SELECT m.name, r.probe FROM other.response r JOIN other.protocol p "
        "ON p.id = r.protocol_id JOIN other.model o ON o.id = r.model_id "
        "JOIN main.model m ON m.fingerprint = o.fingerprint JOIN main.protocol q "
        "ON q.digest = p.digest JOIN main.response t ON t.protocol_id = q.id "
        "AND t.model_id = m.id AND t.probe = r.probe AND t.sample = r.sample "
        "WHERE t.state <> 'error' AND r.state <> 'error' AND t.text <> r.text LIMIT 1"
    ).fetchone()
    if differs:
        raise NotComparableError(
            f"'{differs[0]:.80}' gave another answer to probe {differs[1]} there than here; keep "
            "the two registries apart, or give one of the models another name"
        )

    _refuse_moved(db)


def _refuse_moved(db: sqlite3.Connection) -> None:
    """Raise where a model's answers there and here carry ids of different models."""
    query = (
        "SELECT m.name, r.served, t.served FROM "
        "(SELECT DISTINCT protocol_id, model_id, served FROM other.response "
        "WHERE served <> '' AND state <> 'error') r "
        "JOIN other.protocol p ON p.id = r.protocol_id "
        "JOIN other.model o ON o.id = r.model_id "
        "JOIN main.model m ON m.fingerprint = o.fingerprint "
        "JOIN main.protocol q ON q.digest = p.digest JOIN "
        "(SELECT DISTINCT protocol_id, model_id, served FROM main.response "
        "WHERE served <> '' AND state <> 'error') t "
        "ON t.protocol_id = q.id AND t.model_id = m.id WHERE t.served <> r.served LIMIT 1"
    )
    moved = db.execute(query).fetchone()
    if moved:
        raise NotComparableError(
            f"'{moved[0]:.80}' was answered for by '{moved[1]:.80}' there and by '{moved[2]:.80}' "
            "here, as the endpoint tells; answers of two models are not mixed"
        )


@contextmanager
def _attached(db: sqlite3.Connection, other: Path) -> Iterator[sqlite3.Connection]:
    with explained(str(other)):
        db.execute("ATTACH DATABASE ? AS other", (str(other),))
        try:
            yield db
        finally:
            db.execute("DETACH DATABASE other")
