"""The files of a collection, and the hash that git has for them.

A git tree hash pins the content of a folder whatever brought it here. It is computed from the
files themselves, so a clone that was changed after it was made does not pass.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Protocol

from cladist.core.progress import Progress, silent
from cladist.errors import InputError

__all__ = ["MOST_BYTES", "Files", "FolderFiles", "tree_hash"]

MOST_BYTES = 256 << 20
"""Size of a file above which it is no file of answers."""


class Files(Protocol):
    """Files of a collection by their paths from its folder, with '/' between the parts."""

    def paths(self) -> Sequence[str]:
        """All paths in order."""
        ...

    def read(self, path: str) -> bytes:
        """What a file holds; `InputError` where it cannot be read."""
        ...


class FolderFiles:
    """Files of a folder of this machine. Links are not followed, and `.git` is left out."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._paths = sorted(_walk(folder, folder))

    def paths(self) -> Sequence[str]:
        """All paths of regular files in order."""
        return self._paths

    def read(self, path: str) -> bytes:
        """What a file holds; `InputError` where it is too large or cannot be read."""
        place = self.folder / path
        try:
            if place.stat().st_size > MOST_BYTES:
                raise InputError(f"{place}: over {MOST_BYTES >> 20} MiB")
            return place.read_bytes()
        except OSError as problem:
            raise InputError(f"cannot read {place}: {problem.strerror or problem}") from problem


def _walk(folder: Path, root: Path) -> Iterator[str]:
    try:
        entries = list(os.scandir(folder))
    except OSError as problem:
        raise InputError(f"cannot read {folder}: {problem.strerror or problem}") from problem
    for entry in entries:
        if entry.name == ".git":
            continue
        if entry.is_dir(follow_symlinks=False):
            yield from _walk(Path(entry.path), root)
        elif entry.is_file(follow_symlinks=False):
            yield Path(entry.path).relative_to(root).as_posix()


def tree_hash(folder: Path, progress: Progress = silent) -> str:
    """The hash that git gives to a folder's content, 40 hex digits.

    As `git rev-parse COMMIT:FOLDER` for files written without conversion of line ends. Raises
    `InputError` where something cannot be read. Cost: reading every byte once.
    """
    count = [0]

    def blob(path: Path) -> bytes:
        count[0] += 1
        if count[0] % 100 == 0:
            progress("checking files", count[0], 0)
        size = path.stat().st_size
        h = hashlib.sha1(b"blob %d\0" % size, usedforsecurity=False)
        with path.open("rb") as file:
            while block := file.read(1 << 20):
                h.update(block)
        return h.digest()

    def tree(place: Path) -> bytes:
        rows: list[tuple[bytes, bytes, bytes]] = []
        for entry in os.scandir(place):
            name = os.fsencode(entry.name)
            if entry.name == ".git":
                continue
            if entry.is_symlink():
                target = os.fsencode(Path(entry.path).readlink())
                raw = hashlib.sha1(b"blob %d\0" % len(target) + target, usedforsecurity=False)
                rows.append((name, b"120000", raw.digest()))
            elif entry.is_dir():
                inside = tree(Path(entry.path))
                if inside != _EMPTY:  # git knows no empty folders
                    rows.append((name + b"/", b"40000", inside))
            else:
                mode = b"100755" if entry.stat().st_mode & 0o100 else b"100644"
                rows.append((name, mode, blob(Path(entry.path))))
        body = b"".join(
            mode + b" " + name.removesuffix(b"/") + b"\0" + raw for name, mode, raw in sorted(rows)
        )
        return hashlib.sha1(b"tree %d\0" % len(body) + body, usedforsecurity=False).digest()

    try:
        return tree(folder).hex()
    except OSError as problem:
        raise InputError(f"cannot read {folder}: {problem.strerror or problem}") from problem


_EMPTY = hashlib.sha1(b"tree 0\0", usedforsecurity=False).digest()
