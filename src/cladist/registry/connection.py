"""The connection to a registry's file: opened, checked, committed, its failures explained."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from cladist.errors import RegistryError
from cladist.registry import schema

FILE = "registry.sqlite"

_PAGE = 32_768
"""Bytes of the file that readers of a registry share: without room for it, it cannot be read."""


class Connection:
    """One folder with one SQLite file, open."""

    def __init__(self, folder: Path, connection: sqlite3.Connection) -> None:
        self.folder = folder
        self._db = connection
        self._sync = True

    @classmethod
    def open(cls, folder: str | Path, *, create: bool = True) -> Self:
        """Open the registry in `folder`, making it when it is missing and `create` is set.

        Raises `RegistryError` when it is missing (without `create`), damaged, locked, of a newer
        version, or cannot be read. One that may not be written, file or folder, is opened for
        reading alone; it needs the present version of tables, and no writer that was killed.
        """
        folder = Path(folder)
        path = folder / FILE
        if not path.exists():
            if not create:
                raise RegistryError(
                    f"no registry in {folder}; make one with 'cladist registry import' or "
                    "'cladist extract', or name another with --registry"
                )
            try:
                folder.mkdir(parents=True, exist_ok=True)
            except OSError as problem:
                raise RegistryError(f"cannot make the folder {folder}: {problem}") from problem
        readable = path.exists() and not (writable(folder) and writable(path))
        with _explained(str(path)):
            address, kind = (read_only_address(path), True) if readable else (path, False)
            db = sqlite3.connect(
                address, timeout=60, isolation_level=None, check_same_thread=False, uri=kind
            )
            try:
                if readable:
                    schema.require_version(db, str(path))
                else:
                    db.execute("PRAGMA journal_mode = WAL")
                    db.execute("PRAGMA synchronous = FULL")
                    db.execute("PRAGMA foreign_keys = ON")
                    schema.migrate(db, str(path))
            except BaseException:
                db.close()
                raise
        return cls(folder, db)

    def close(self) -> None:
        """Close the file; safe to call twice."""
        self._db.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    @contextmanager
    def transaction(self, *, sync: bool = True) -> Iterator[None]:
        """All or nothing; with `sync` on the disk when it returns.

        Without `sync` a commit survives a killed process, not a lost machine.
        """
        with _explained(str(self.folder / FILE)):
            if sync != self._sync:
                self._db.execute(f"PRAGMA synchronous = {'FULL' if sync else 'NORMAL'}")
                self._sync = sync
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._db.execute("COMMIT")
            except BaseException:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """Reads that all see the registry as it was at the first of them."""
        with _explained(str(self.folder / FILE)):
            self._db.execute("BEGIN")
            try:
                yield
            finally:
                self._db.execute("COMMIT")

    def _one(self, query: str, values: Sequence[object] = ()) -> tuple[Any, ...] | None:
        rows = self._all(query, values)
        return rows[0] if rows else None

    def _all(self, query: str, values: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        with _explained(str(self.folder / FILE)):
            return self._db.execute(query, values).fetchall()


def writable(path: Path) -> bool:
    """Whether this process may write a file or folder."""
    return os.access(path, os.W_OK, effective_ids=os.access in os.supports_effective_ids)


def read_only_address(path: Path) -> str:
    """The address under which SQLite reads a file that it may not write, nor lay others beside.

    A log beside it belongs to a writer, and is read with it. Without one nobody is writing, and
    the file is read as it lies there: a log cannot be made here.
    """
    log = path.with_name(path.name + "-wal")
    kind = "mode=ro" if log.exists() and log.stat().st_size else "mode=ro&immutable=1"
    return f"{path.resolve().as_uri()}?{kind}"


def marks(values: Sequence[object]) -> str:
    """One question mark for every value, for `IN (...)`; SQLite takes up to 32,766."""
    return ",".join("?" * len(values))


def _full(where: str) -> bool:
    """Whether the disk has no room for a page: SQLite calls that an I/O error where it happens on
    the file that readers share."""
    folder = Path(where).parent
    try:
        return shutil.disk_usage(folder).free < _PAGE
    except OSError:
        return False


@contextmanager
def _explained(where: str) -> Iterator[None]:
    """Turn SQLite's failures into messages for people."""
    try:
        yield
    except sqlite3.OperationalError as problem:
        text = str(problem)
        if "full" in text or ("I/O" in text and _full(where)):
            hint = "the disk is full; free some space and run the same command again"
        elif "locked" in text:
            hint = "another process holds it for over a minute; wait or stop that process"
        elif "readonly" in text:
            hint = "it can be read here and not written; use another folder, or a copy of it"
        elif "unable to open" in text:
            hint = "check that the folder exists and may be written"
        else:
            hint = "see 'cladist lab doctor'"
        raise RegistryError(f"{where}: {text}; {hint}. Nothing stored before is lost") from problem
    except sqlite3.DatabaseError as problem:
        raise RegistryError(
            f"{where}: {problem}; the file is damaged or no registry. Restore a copy, or choose "
            "another folder"
        ) from problem
