"""A collection's files from a clone that is already on this machine; nothing is called."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from cladist.core.progress import Progress, silent
from cladist.errors import InputError
from cladist.references.catalogue import Collection
from cladist.references.files import FolderFiles, tree_hash

__all__ = ["Clone", "open_clone"]


@dataclass(frozen=True)
class Clone:
    """Files of a folder with git's hash of them."""

    files: FolderFiles
    tree: str


def open_clone(
    folder: Path, collection: Collection, *, unpinned: bool = False, progress: Progress = silent
) -> Clone:
    """The collection's folder in a clone, or that folder itself.

    Raises `InputError` where it is not there, and where its content is not what the catalogue
    pins, unless `unpinned`: the reference then says so.
    """
    if not folder.is_dir():
        raise InputError(f"{folder} is no folder; name a clone of {collection.address}")
    inside = folder / collection.folder
    chosen = inside if inside.is_dir() else folder
    found = tree_hash(chosen, progress)
    if found != collection.tree and not unpinned:
        raise InputError(
            f"{chosen} has hash {found[:12]}, the catalogue pins {collection.tree[:12]}: it is "
            f"another commit, or was changed. Check out {collection.commit[:12]}, or use it as it "
            "is with --unpinned"
        )
    return Clone(FolderFiles(chosen), found)
