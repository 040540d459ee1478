"""Results that take minutes, kept between runs in the user's cache folder.

Each is filed under a hash of all that it depends on, so nothing kept is ever out of date; it can
be deleted at any time. Arrays and text only: nothing that is read can run.

Large arrays lie in files of their own, of which only what is looked at is read. Their checksums
are compared where a file is not as it was written, by size or time; those of all others always.

What is small, as what was found of one pair of models, has one file and a room of its own, where
thousands are kept and drive no large result out.
"""

from __future__ import annotations

import json
import os
import shutil
import zlib
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp
from typing import Any
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from cladist.core.hashing import digest
from cladist.version import __version__

__all__ = ["Kept", "default_folder"]

Arrays = Mapping[str, NDArray[Any]]
MOST = 24
"""Results kept; the least lately used go first."""

MOST_BYTES = 12 << 30
"""Room that results take; the last one stays, whatever it takes."""

LARGE = 16 << 20
"""Bytes from which an array has a file of its own."""

_LARGE = "large.json"

_SMALL = "small"
"""Folder of small results, in 256 folders by the first byte of their hash."""

MOST_SMALL = 64
"""Small results in each of these folders, 16,384 in all; the least lately used go first."""


def default_folder() -> Path:
    """Where results are kept: XDG_CACHE_HOME, or ~/.cache."""
    base = os.environ.get("XDG_CACHE_HOME", "")
    return (Path(base) if Path(base).is_absolute() else Path.home() / ".cache") / "cladist"


@dataclass(frozen=True)
class Kept:
    """A folder of results, or with None nothing is kept."""

    folder: Path | None = None

    def result(
        self, on: object, make: Callable[[], tuple[Arrays, Mapping[str, Any]]]
    ) -> tuple[Arrays, Mapping[str, Any]]:
        """Arrays and plain data that depend on `on` (plain data) and on this version alone."""
        if self.folder is None:
            return make()
        place = self.folder / digest([__version__, on])
        try:
            with (
                (place / "arrays.npz").open("rb") as stream,
                np.load(stream, allow_pickle=False) as file,
            ):
                arrays = {name: file[name] for name in file.files}
            arrays |= _mapped(place)
            data = json.loads((place / "data.json").read_text(encoding="utf-8"))
            with suppress(OSError):
                os.utime(place)
            return arrays, data
        except (OSError, ValueError, KeyError, EOFError, BadZipFile):
            return self.anew(on, make)

    def anew(
        self, on: object, make: Callable[[], tuple[Arrays, Mapping[str, Any]]]
    ) -> tuple[Arrays, Mapping[str, Any]]:
        """Make the same, whatever is kept, and keep it in the place of that."""
        made = make()
        if self.folder is None:
            return made
        # A full or unwritable disk costs time at the next run, and nothing else.
        with suppress(OSError, ValueError):
            place = self.folder / digest([__version__, on])
            self._store(place, *made)
            # Large arrays are read from there from now on, and their memory is given back.
            return {**made[0], **_mapped(place)}, made[1]
        return made

    def small(self, on: object, make: Callable[[], Any]) -> Any:
        """Plain data of some kilobytes that depend on `on` and on this version alone.

        It comes back as JSON has it, also when it was just made: tuples are lists.
        """
        if self.folder is None:
            return json.loads(json.dumps(make()))
        name = digest([__version__, on])
        place = self.folder / _SMALL / name[:2] / name[2:]
        try:
            checksum, told = place.read_text(encoding="utf-8").split("\n", 1)
            if int(checksum) != zlib.crc32(told.encode()):
                raise ValueError(f"{place} was changed")
            with suppress(OSError):
                os.utime(place)
        except (OSError, ValueError):
            told = json.dumps(make())
            with suppress(OSError):
                _store_small(place, f"{zlib.crc32(told.encode())}\n{told}")
        return json.loads(told)

    def _store(self, place: Path, arrays: Arrays, data: Mapping[str, Any]) -> None:
        assert self.folder is not None
        self.folder.mkdir(parents=True, exist_ok=True)
        aside = Path(mkdtemp(dir=self.folder, prefix="."))
        try:
            large = {name: a for name, a in arrays.items() if a.nbytes >= LARGE}
            small = {name: a for name, a in arrays.items() if name not in large}
            np.savez(aside / "arrays.npz", allow_pickle=False, **small)
            written = [
                _written(aside / f"{k}.npy", *large_one)
                for k, large_one in enumerate(large.items())
            ]
            (aside / _LARGE).write_text(json.dumps(written), encoding="utf-8")
            (aside / "data.json").write_text(json.dumps(data), encoding="utf-8")
            if place.exists():
                shutil.rmtree(place)
            aside.rename(place)
        finally:
            shutil.rmtree(aside, ignore_errors=True)
        found = [
            p
            for p in self.folder.iterdir()
            if p.is_dir() and p.name != _SMALL and not p.name.startswith(".")
        ]
        found.sort(key=lambda p: p.stat().st_mtime, reverse=True)
        room = MOST_BYTES
        for number, old in enumerate(found):
            room -= sum(f.stat().st_size for f in old.iterdir())
            if number >= MOST or (number and room < 0):
                shutil.rmtree(old, ignore_errors=True)


def _store_small(place: Path, text: str) -> None:
    """Write one small result, and take away those that are too many beside it."""
    place.parent.mkdir(parents=True, exist_ok=True)
    aside = Path(mkdtemp(dir=place.parent, prefix="."))
    try:
        (aside / place.name).write_text(text, encoding="utf-8")
        (aside / place.name).replace(place)
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    found = [p for p in place.parent.iterdir() if not p.name.startswith(".")]
    if len(found) > MOST_SMALL:
        found.sort(key=lambda p: p.stat().st_mtime)
        for old in found[:-MOST_SMALL]:
            old.unlink(missing_ok=True)


def _written(path: Path, name: str, array: NDArray[Any]) -> list[Any]:
    """Write one large array; its name, file, size, time and checksum."""
    np.save(path, array, allow_pickle=False)
    told = path.stat()
    return [name, path.name, told.st_size, told.st_mtime_ns, _checksum(array)]


def _mapped(place: Path) -> dict[str, NDArray[Any]]:
    """The large arrays of a result, mapped; `ValueError` where one is not what was written."""
    found: dict[str, NDArray[Any]] = {}
    for name, file, size, time, checksum in json.loads((place / _LARGE).read_text("utf-8")):
        path = place / file
        told = path.stat()
        if told.st_size != size:
            raise ValueError(f"{path} was cut")
        array = np.load(path, mmap_mode="r", allow_pickle=False)
        if told.st_mtime_ns != time and _checksum(array) != checksum:
            raise ValueError(f"{path} was changed")
        found[name] = array
    return found


def _checksum(array: NDArray[Any]) -> int:
    return zlib.crc32(np.ascontiguousarray(array).reshape(-1).view(np.uint8).data)
