"""A registry as plain files: Parquet tables and a manifest with the SHA-256 of each.

    manifest.json           format, version of the tables, and of every file its rows, bytes, hash
    TABLE-00000.parquet     the rows of a table in the order of their keys

A folder of these, or a zip file that stores them uncompressed under one date. The same registry
gives the same bytes, with the same version of pyarrow. What the database derives by itself is not
in it.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import sqlite3
import zipfile
from collections.abc import Iterator
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from cladist.core.hashing import bytes_digest
from cladist.errors import InputError, RegistryError, UsageError
from cladist.registry import schema
from cladist.registry._archive_tables import COLUMNS, Table, read_rows, write_parquet
from cladist.registry.backup import put_in_place, read_only, sync_folder
from cladist.registry.connection import _explained as explained

FORMAT = 1
KIND = "cladist registry"
MANIFEST = "manifest.json"
DERIVED = frozenset({"answers_state", "dna_change"})
"""Tables that triggers fill from the others."""
MAX_FILES, MAX_FILE, MAX_MANIFEST = 100_000, 2 << 30, 64 << 20
_NAME = re.compile(r"[a-z_]{1,40}-\d{5}\.parquet")


@dataclass(frozen=True, slots=True)
class File:
    """One file of an archive."""

    name: str
    table: str
    rows: int
    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """What an archive says of itself: the version of its tables, and its files in order."""

    schema: int
    files: tuple[File, ...]

    def as_text(self) -> str:
        """The text of manifest.json."""
        files = [asdict(f) for f in self.files]
        whole = {"kind": KIND, "format": FORMAT, "schema": self.schema, "files": files}
        return json.dumps(whole, indent=1, sort_keys=True) + "\n"

    @property
    def digest(self) -> str:
        """SHA-256 of the manifest, and with it of everything in the archive."""
        return bytes_digest(self.as_text().encode())


# -- writing ----------------------------------------------------------------------------------


def write_archive(folder: Path, target: Path) -> Manifest:
    """Write the registry in `folder` as an archive: a zip file for a name on .zip, else a folder.

    One consistent state; writers are not held up. The archive appears under its name when it is
    whole and on the disk. Raises `UsageError` when the name is taken, `RegistryError` when
    there is no registry or the disk is full. Cost: the size of the registry, in time and disk.
    """
    if target.exists():
        raise UsageError(f"{target} exists already; name another place for the archive")
    if not target.parent.is_dir():
        raise UsageError(f"there is no folder {target.parent} to write {target.name} into")
    try:
        with (
            TemporaryDirectory(dir=target.parent, prefix=f".{target.name[:40]}.part-") as made,
            closing(read_only(folder)) as db,
            explained(str(folder)),
        ):
            files = Path(made) / "files"
            files.mkdir()
            # Checked and brought up to date by whoever opened it for writing; here only read.
            manifest = _write_files(db, files)
            if target.suffix.lower() == ".zip":
                packed = Path(made) / "whole.zip"
                _pack(files, manifest, packed)
                put_in_place(packed, target)
            else:
                for file in files.iterdir():
                    _sync(file)
                sync_folder(files)
                files.rename(target)
                sync_folder(target.parent)
            return manifest
    except OSError as problem:
        raise RegistryError(f"cannot write {target}: {problem.strerror or problem}") from problem


def _write_files(db: sqlite3.Connection, folder: Path) -> Manifest:
    db.execute("BEGIN")  # all tables at one moment
    (version,) = db.execute("PRAGMA user_version").fetchone()
    files: list[File] = []
    for table in tables_of(db):
        for number, rows in enumerate(write_parquet(db, table, folder)):
            name = file_name(table.name, number)
            path = folder / name
            with path.open("rb") as file:
                told = hashlib.file_digest(file, "sha256").hexdigest()
            files.append(File(name, table.name, rows, path.stat().st_size, told))
    db.execute("COMMIT")
    manifest = Manifest(version, tuple(files))
    (folder / MANIFEST).write_text(manifest.as_text(), "utf-8")
    return manifest


def file_name(table: str, number: int) -> str:
    """The name of the n-th file of a table."""
    return f"{table}-{number:05}.parquet"


def tables_of(db: sqlite3.Connection) -> list[Table]:
    """Tables of a registry that an archive holds, in the order they were made in."""
    names = db.execute(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' "
        "ORDER BY rowid"
    ).fetchall()
    tables = []
    for (name,) in names:
        if name in DERIVED:
            continue
        columns = db.execute("SELECT name, type, pk FROM pragma_table_info(?)", (name,)).fetchall()
        keys = [c for c, _, k in sorted(columns, key=lambda c: int(c[2])) if k]
        tables.append(Table(name, {c: COLUMNS[t] for c, t, _ in columns}, tuple(keys)))
    return tables


def _pack(files: Path, manifest: Manifest, target: Path) -> None:
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED, allowZip64=True) as archive:
        for name in (MANIFEST, *(f.name for f in manifest.files)):
            info = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            info.external_attr = 0o644 << 16
            path = files / name
            info.file_size = path.stat().st_size
            with path.open("rb") as source, archive.open(info, "w") as member:
                shutil.copyfileobj(source, member, 1 << 20)


def _sync(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())


# -- reading ----------------------------------------------------------------------------------


class Archive:
    """An archive that is open for reading; nothing of it is ever unpacked to the disk.

    Raises `InputError` for whatever is wrong with it. Names of files are only those of this
    program, so nothing can lie outside of it; a zip file's members are stored, not compressed,
    so none is larger than what was read.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._zip: zipfile.ZipFile | None = None
        if not path.is_dir():
            try:
                self._zip = zipfile.ZipFile(path)
            except (OSError, ValueError, zipfile.BadZipFile, NotImplementedError) as problem:
                raise InputError(f"{path}: not a readable zip file ({problem!s:.160})") from problem
            try:
                self._check_members(self._zip)
            except InputError:
                self._zip.close()
                raise
        try:
            self.manifest = self._read_manifest()
        except InputError:
            self.close()
            raise

    def close(self) -> None:
        """Close the file."""
        if self._zip is not None:
            self._zip.close()

    def content(self, file: File) -> bytes:
        """The bytes of one file, checked against the manifest."""
        raw = self._read(file.name, file.bytes)
        if len(raw) != file.bytes or bytes_digest(raw) != file.sha256:
            raise InputError(
                f"{self.path}, {file.name}: not what the manifest tells of; the archive is "
                "damaged or was changed. Use another copy"
            )
        return raw

    def rows(self, file: File, table: Table) -> Iterator[list[tuple[Any, ...]]]:
        """The rows of one file, some thousands at a time."""
        where = f"{self.path}, {file.name}"
        count = 0
        for rows in read_rows(self.content(file), table, where):
            count += len(rows)
            if count > file.rows:
                break
            yield rows
        if count != file.rows:
            raise InputError(f"{where}: has not the {file.rows} rows that the manifest tells of")

    def _read(self, name: str, limit: int) -> bytes:
        try:
            if self._zip is None:
                path = self.path / name
                if path.is_symlink():
                    raise InputError(f"{path} is a link; an archive holds files alone")
                with path.open("rb") as file:
                    return file.read(limit + 1)
            with self._zip.open(name) as member:
                return member.read(limit + 1)
        except KeyError:
            raise InputError(f"{self.path}: there is no {name} in it") from None
        except (OSError, ValueError, EOFError, RuntimeError, zipfile.BadZipFile) as problem:
            raise InputError(f"{self.path}, {name}: cannot be read ({problem!s:.160})") from problem

    def _check_members(self, opened: zipfile.ZipFile) -> None:
        members = opened.infolist()
        stored = all(
            m.compress_type == zipfile.ZIP_STORED and m.compress_size == m.file_size
            for m in members
        )
        if not stored or sum(m.file_size for m in members) > self.path.stat().st_size:
            raise InputError(f"{self.path}: no archive of a registry; its files are compressed")

    def _read_manifest(self) -> Manifest:
        raw = self._read(MANIFEST, MAX_MANIFEST)
        try:
            data = json.loads(raw.decode("utf-8"))
            if data["kind"] != KIND or data["format"] != FORMAT:
                raise ValueError(f"kind {data['kind']!r:.40}, format {data['format']!r:.40}")
            files = tuple(
                File(str(f["name"]), str(f["table"]), _whole(f["rows"]), _whole(f["bytes"]),
                     str(f["sha256"]))
                for f in data["files"]
            )  # fmt: skip
            version = _whole(data["schema"])
        except (ValueError, KeyError, TypeError, RecursionError) as problem:
            raise InputError(
                f"{self.path}, {MANIFEST}: not that of a registry this program knows "
                f"({problem!s:.200})"
            ) from problem
        numbers: dict[str, int] = {}
        for file in files:
            number = numbers.setdefault(file.table, 0)
            named = _NAME.fullmatch(file.name) and file.name == file_name(file.table, number)
            if not named or file.bytes > MAX_FILE or len(files) > MAX_FILES:
                raise InputError(f"{self.path}: names the file {file.name!r:.60}, which is not due")
            numbers[file.table] = number + 1
        return Manifest(version, files)


def _whole(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 1 << 40:
        raise ValueError(f"{value!r:.40} is no count")
    return value


def is_archive(path: Path) -> bool:
    """Whether a path looks like the archive of a registry; its content is not checked."""
    if path.is_dir():
        return (path / MANIFEST).is_file()
    try:
        with zipfile.ZipFile(path) as opened:
            return MANIFEST in opened.namelist()
    except (OSError, ValueError, NotImplementedError, zipfile.BadZipFile):
        return False


def verify_archive(path: Path) -> Manifest:
    """Compare every file of an archive with its hash; `InputError` names the first that is not."""
    with closing(Archive(path)) as archive:
        for file in archive.manifest.files:
            archive.content(file)
        return archive.manifest


def fill(archive: Archive, db: sqlite3.Connection) -> None:
    """Put an archive's rows into a new, empty database, and bring that up to date.

    Raises `InputError` for rows that the tables cannot take, `RegistryError` for an archive of
    a newer program.
    """
    wanted = archive.manifest.schema
    if not 1 <= wanted <= schema.VERSION:
        raise RegistryError(
            f"{archive.path} has tables of version {wanted}, this cladist knows 1 to "
            f"{schema.VERSION}; update cladist to read it"
        )
    db.execute("PRAGMA foreign_keys = OFF")  # checked as a whole afterwards
    db.execute("BEGIN")
    for step in schema.MIGRATIONS[:wanted]:
        for statement in step:
            db.execute(statement)
    tables = {t.name: t for t in tables_of(db)}
    try:
        for file in archive.manifest.files:
            if file.table not in tables:
                raise InputError(f"{archive.path}: has a table {file.table!r:.60} of no registry")
            table = tables[file.table]
            # Answers that come in have filled the table of their states already.
            how = "INSERT OR REPLACE" if table.name == "answers_state" else "INSERT"
            insert = f"{how} INTO {table.name} ({', '.join(table.columns)}) VALUES "
            insert += f"({', '.join('?' * len(table.columns))})"
            for rows in archive.rows(file, table):
                db.executemany(insert, rows)
    except (sqlite3.IntegrityError, OverflowError) as problem:
        told = f"rows that no registry has ({problem!s:.160})"
        raise InputError(f"{archive.path}: {told}") from problem
    db.execute(f"PRAGMA user_version = {wanted}")
    db.execute(f"PRAGMA application_id = {schema.APPLICATION_ID}")
    db.execute("COMMIT")
    schema.migrate(db, str(archive.path))


def require_sound(db: sqlite3.Connection, where: str) -> None:
    """Refuse a database whose content contradicts itself (`InputError`)."""
    from cladist.registry.check import check

    findings = check(db).findings
    if findings:
        first = findings[0]
        raise InputError(
            f"{where}: what it holds contradicts itself; {first.where}: {first.what}"
            + (f", and {len(findings) - 1} more" if len(findings) > 1 else "")
        )
