"""Files that are either the old one or the new one, never half of it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import IO

from cladist.errors import InputError


def require_place(*paths: str | Path | None) -> None:
    """Refuse, before any work, files that have no folder to be written into; None is no file.

    Raises `InputError`.

    >>> require_place("tree.nwk", None)
    """
    for path in paths:
        if path is not None and not Path(path).absolute().parent.is_dir():
            raise InputError(f"cannot write {path}: there is no folder {Path(path).parent}")


@contextmanager
def replacing(path: str | Path) -> Iterator[IO[bytes]]:
    """A binary file that takes the place of `path` when the block ends without an error.

    Raises `InputError` when the folder is missing or cannot be written, or the disk is full.
    """
    path = Path(path)
    try:
        with NamedTemporaryFile(
            dir=path.parent, prefix=f".{path.name[:40]}.", suffix=".part", delete=False
        ) as file:
            try:
                yield file
                file.flush()
                os.fsync(file.fileno())
            except BaseException:
                Path(file.name).unlink(missing_ok=True)
                raise
        Path(file.name).chmod(0o666 & ~_umask())
        Path(file.name).replace(path)
    except OSError as problem:
        raise InputError(f"cannot write {path}: {problem.strerror or problem}") from problem


def write_text(path: str | Path, text: str) -> None:
    """Write UTF-8 text in place of `path`."""
    with replacing(path) as file:
        file.write(text.encode("utf-8", "replace"))


def write_new(path: Path, raw: bytes, mode: int) -> None:
    """Write a file that must not be there yet; it never has a wider mode, not even at first.

    Raises `InputError` where it is there or cannot be written; nothing half written stays.
    """
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(raw)
                file.flush()
                os.fsync(file.fileno())
        except OSError:
            path.unlink(missing_ok=True)
            raise
    except OSError as problem:
        raise InputError(f"cannot write {path}: {problem.strerror or problem}") from problem


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
