"""A registry that a command made and never filled goes when the command ends."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from cladist.registry.connection import FILE

__all__ = ["leaving_nothing_empty"]


@contextmanager
def leaving_nothing_empty(folder: Path) -> Iterator[None]:
    """Remove the registry in `folder` after the block, if that made it and no model is in it.

    So do folders above it that the block made, where they are empty. A registry that was there
    before stays as it is, and so does one that another process has open.

    Examples
    --------
    >>> with leaving_nothing_empty(Path("lab")), Registry.open("lab"):  # doctest: +SKIP
    ...     raise ModelError("gone")  # and there is no folder "lab"
    """
    new = not (folder / FILE).exists()
    missing = [p for p in (folder, *folder.parents) if not p.exists()]
    try:
        yield
    finally:
        if new and _is_empty(folder / FILE):
            # The last connection that closes takes the log away: one beside it is in use.
            if not (folder / f"{FILE}-wal").exists():
                (folder / FILE).unlink()
            for made in missing:
                with suppress(OSError):
                    made.rmdir()


def _is_empty(path: Path) -> bool:
    if not path.is_file():
        return False
    try:
        with closing(sqlite3.connect(path)) as db:
            (found,) = db.execute("SELECT EXISTS (SELECT 1 FROM model)").fetchone()
    except sqlite3.Error:
        return False
    return not found
