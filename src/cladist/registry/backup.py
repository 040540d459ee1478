"""A copy of a registry that others are writing to."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import quote

from cladist.errors import RegistryError, UsageError
from cladist.registry.connection import FILE, read_only_address, writable
from cladist.registry.connection import _explained as explained


def read_only(folder: Path) -> sqlite3.Connection:
    """A connection to the registry in `folder` that cannot write; `RegistryError` without one."""
    path = folder / FILE
    if not path.is_file():
        raise RegistryError(f"no registry in {folder}; name another with --registry")
    with explained(str(path)):
        ours = writable(folder) and writable(path)
        return sqlite3.connect(
            f"file:{quote(str(path.absolute()))}?mode=ro" if ours else read_only_address(path),
            uri=True,
            timeout=60,
            isolation_level=None,
            check_same_thread=False,
        )


def backup(folder: Path, target: Path) -> int:
    """Copy the registry in `folder` to the new folder `target`; returns the bytes written.

    One consistent state, by SQLite's backup interface: writers are not held up, and what they
    commit meanwhile is not part of it. The copy appears under its name when it is whole and on
    the disk. Raises `UsageError` when `target` holds a registry already.
    """
    if (target / FILE).exists():
        raise UsageError(f"{target} holds a registry already; name a new folder for the copy")
    try:
        target.mkdir(parents=True, exist_ok=True)
        with (
            TemporaryDirectory(dir=target, prefix=".part-") as made,
            closing(read_only(folder)) as source,
            explained(str(target)),
        ):
            copy = Path(made) / FILE
            with closing(sqlite3.connect(copy, isolation_level=None)) as destination:
                # In one step: in several, a writer in between would make it begin again.
                source.backup(destination, pages=-1)
            return put_in_place(copy, target / FILE)
    except OSError as problem:
        raise RegistryError(f"cannot write {target}: {problem.strerror or problem}") from problem


def put_in_place(made: Path, final: Path) -> int:
    """Give a finished file its name, unless something has it; returns its bytes.

    The content is on the disk before the name is. Raises `UsageError` when the name is taken.
    """
    with made.open("rb+") as file:
        os.fsync(file.fileno())
        size = os.fstat(file.fileno()).st_size
    try:
        # A link, unlike a rename, fails when another process was faster.
        os.link(made, final)
    except FileExistsError:
        raise UsageError(f"{final} exists already; name another place") from None
    except OSError:  # a file system without links
        made.rename(final)
    sync_folder(final.parent)
    return size


def sync_folder(folder: Path) -> None:
    """See that names in a folder survive a lost machine, where the system can."""
    if hasattr(os, "O_DIRECTORY"):
        handle = os.open(folder, os.O_DIRECTORY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
