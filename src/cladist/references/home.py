"""Where cladist keeps what belongs to a user and not to a project."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from cladist.errors import InputError, UsageError

__all__ = ["HOME", "data_folder", "require_space"]

HOME = "CLADIST_HOME"
"""Variable of the environment that names another place for installed references."""


def data_folder() -> Path:
    """The folder of the user's data; it may not exist yet.

    CLADIST_HOME where it is set, else `cladist` under XDG_DATA_HOME, LOCALAPPDATA on Windows, or
    ~/.local/share. Raises `UsageError` for a relative CLADIST_HOME, which would be another folder
    in every working directory.
    """
    told = os.environ.get(HOME, "").strip()
    if told:
        folder = Path(told).expanduser()
        if not folder.is_absolute():
            raise UsageError(f"{HOME} is '{told}'; it must be a whole path, from the root on")
        return folder
    base = os.environ.get("XDG_DATA_HOME", "") or os.environ.get("LOCALAPPDATA", "")
    # The specification says that relative paths there are to be ignored.
    if base and Path(base).is_absolute():
        return Path(base) / "cladist"
    return Path.home() / ".local" / "share" / "cladist"


def require_space(folder: Path, needed: int, what: str) -> None:
    """Refuse to begin what the disk has no room for (`InputError`); makes the folder."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        free = shutil.disk_usage(folder).free
    except OSError as problem:
        raise InputError(f"cannot use {folder}: {problem.strerror or problem}") from problem
    if free < needed:
        raise InputError(
            f"{what} needs about {_size(needed)} in {folder}, and {_size(free)} are free; free "
            f"some space, or name another place with {HOME}"
        )


def _size(count: int) -> str:
    return f"{count / 1e9:.1f} GB" if count >= 10**9 else f"{max(count / 1e6, 0.1):.1f} MB"
