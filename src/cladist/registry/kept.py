"""Results that take minutes, kept between runs in the user's cache folder.

Each is filed under a hash of all that it depends on, so nothing kept is ever out of date; it can
be deleted at any time. Arrays and text only: nothing that is read can run.
"""

from __future__ import annotations

import json
import os
import shutil
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
        # A full or unwritable disk costs time at the next run, and nothing else.
        with suppress(OSError):
            self._store(self.folder / digest([__version__, on]), *made)
        return made

    def _store(self, place: Path, arrays: Arrays, data: Mapping[str, Any]) -> None:
        assert self.folder is not None
        self.folder.mkdir(parents=True, exist_ok=True)
        aside = Path(mkdtemp(dir=self.folder, prefix="."))
        try:
            np.savez(aside / "arrays.npz", allow_pickle=False, **dict(arrays))
            (aside / "data.json").write_text(json.dumps(data), encoding="utf-8")
            if place.exists():
                shutil.rmtree(place)
            aside.rename(place)
        finally:
            shutil.rmtree(aside, ignore_errors=True)
        found = [p for p in self.folder.iterdir() if p.is_dir() and not p.name.startswith(".")]
        found.sort(key=lambda p: p.stat().st_mtime, reverse=True)
        for old in found[MOST:]:
            shutil.rmtree(old, ignore_errors=True)
