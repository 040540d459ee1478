"""Get a collection, from the network or a clone, and make a reference of it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from cladist.core.progress import Progress, silent
from cladist.errors import UsageError
from cladist.formats.labels import DeclaredModel
from cladist.references.adding import add_collection, require_free
from cladist.references.catalogue import Collection
from cladist.references.clone import open_clone
from cladist.references.fetch import fetch, forget_download
from cladist.references.installed import Reference

__all__ = ["obtain"]


def obtain(
    collection: Collection,
    *,
    clone: Path | None = None,
    unpinned: bool = False,
    accepted: bool = False,
    lineage: Mapping[str, DeclaredModel] | None = None,
    prompts: Mapping[str, str] | None = None,
    over: bool = False,
    progress: Progress = silent,
) -> Reference:
    """Install a collection as a reference: fetched at the pinned commit, or from a `clone`.

    Raises `UsageError` where the name is taken or the collection's terms were not `accepted`;
    what `fetch`, `open_clone` and `add_collection` raise besides. A download is kept until the
    reference is installed, and removed then.
    """
    require_free(collection.name, over)
    if collection.consent and not accepted:
        raise UsageError(
            f"{collection.consent} Say that you accept this with --accept-licence; nothing was "
            "fetched"
        )
    if clone is not None:
        found = open_clone(clone, collection, unpinned=unpinned, progress=progress)
        return add_collection(
            collection, found.files, origin=f"a clone of {collection.address}", tree=found.tree,
            lineage=lineage, prompts=prompts, replace=over, progress=progress,
        )  # fmt: skip
    with fetch(collection, progress=progress) as files:
        made = add_collection(
            collection, files, origin=collection.address, tree=collection.tree,
            lineage=lineage, prompts=prompts, replace=over, progress=progress,
        )  # fmt: skip
    forget_download(collection)
    return made
