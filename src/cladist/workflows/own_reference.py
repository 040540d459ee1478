"""A folder of recorded answers becomes a reference that models are held against."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from cladist.core.assay import Decoding
from cladist.core.progress import NOBODY, Listener
from cladist.extraction.recorded import RECORDED
from cladist.references.adding import add_collection
from cladist.references.catalogue import Collection
from cladist.references.files import FolderFiles, tree_hash
from cladist.references.installed import Reference
from cladist.references.labels import plain_name, read_lineage
from cladist.workflows.named import LabelsLike, families_here

__all__ = ["add_reference"]


def add_reference(
    name: str,
    folder: str | Path,
    layout: str,
    *,
    labels: LabelsLike = None,
    asked: Decoding = RECORDED,
    licence: str = "not stated",
    replace: bool = False,
    listener: Listener = NOBODY,
) -> Reference:
    """Install the answers in a folder as a reference of one's own.

    Parameters
    ----------
    name : str
        What the reference is called.
    folder : path
        Where the files are.
    layout : str
        Which reader understands them; `register_layout` adds one.
    labels : path, mapping or None
        Families of the models; None takes those that cladist knows.
    asked : Decoding
        How the models were asked, as far as it is known.
    licence : str
        Of the answers.
    replace : bool
        Make an installed reference anew.
    listener : Listener
        Told of progress.

    Raises
    ------
    UsageError
        For an unknown layout, or a name that is taken.
    InputError
        Where fewer than three models can be read.

    Examples
    --------
    >>> import cladist
    >>> cladist.add_reference("ours", "answers", "plain")  # doctest: +SKIP
    <Reference: ours, 12 models, 40 prompts>
    """
    place = Path(folder)
    files = FolderFiles(place)
    found = Collection(
        name=name,
        title=name,
        address="",
        commit="",
        date="",
        folder="",
        tree="",
        models=0,
        prompts=0,
        size=sum((place / p).stat().st_size for p in files.paths()),
        licence=licence,
        consent="",
        layout=layout,
        asked=asked,
    )
    lineage = None
    if isinstance(labels, Mapping):
        families = families_here(labels, list(labels))
        lineage = {plain_name(m): d for m, d in families.items()}
    elif labels is not None:
        lineage = read_lineage(Path(labels))
    return add_collection(
        found,
        files,
        origin=str(place.name),
        tree=tree_hash(place),
        lineage=lineage,
        replace=replace,
        progress=listener.progress,
    )
