"""The files and pictures of a tree that was studied."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from cladist.core.progress import Hear, unheard
from cladist.formats.files import require_place, write_text
from cladist.phylogeny.declared import declared_tree
from cladist.workflows.named import known_families
from cladist.workflows.study_tree import StudiedTree
from cladist.workflows.tree_files import Annotations, write_strip, writer_of

__all__ = ["TreeFiles", "check_writable", "write_tree_files"]


def check_writable(file: Path | None, *pictures: Path | None) -> None:
    """Refuse, before any work, endings and folders that could not be written after it."""
    from cladist.phylogeny.draw import check_picture

    require_place(file)
    if file is not None:
        writer_of(file)
    for picture in pictures:
        if picture is not None:
            check_picture(picture)


@dataclass(frozen=True)
class TreeFiles:
    """What is to be written of a tree; None for what is not.

    file        the tree, in the format that its ending tells
    plot        a picture of it
    layout      how the picture is laid out
    itol        a colour strip of the groups for iTOL
    tanglegram  a picture of declared against measured lineage
    updated     date of an Auspice data set, YYYY-MM-DD
    title       of the picture; '-' for none
    all_leaves  draw every leaf, however many
    """

    file: Path | None = None
    plot: Path | None = None
    layout: Literal["rectangular", "circular", "unrooted"] = "rectangular"
    itol: Path | None = None
    tanglegram: Path | None = None
    updated: str = ""
    title: str = ""
    all_leaves: bool = False


def write_tree_files(
    made: StudiedTree, known: Mapping[str, str], files: TreeFiles, hear: Hear = unheard
) -> None:
    """Write the files of a tree; `known` are groups of the models, and `hear` is told what was.

    Raises `InputError` for a file that cannot be written.
    """
    if files.tanglegram is not None and made.clades:
        _face_to_face(made, known, files.tanglegram, hear)
    if files.file is not None:
        about = Annotations(known, made.node_dates(hear), files.updated)
        write_text(files.file, writer_of(files.file)(made.tree, about))
        hear(f"wrote the tree of {len(made.joined.leaves())} models to {files.file}")
    if files.itol is not None:
        write_strip(files.itol, known, made.tree, hear)
    if files.plot is not None:
        from cladist.phylogeny.draw import draw_tree

        said = made.to_dict()
        caption = files.title or f"{said['models']} models, {said['metric']}, {said['method']}"
        draw_tree(
            made.tree, files.plot, files.layout, known or None,
            title="" if files.title == "-" else caption,
            tips=len(made.tree.leaves()) if files.all_leaves else None,
        )  # fmt: skip
        hear(f"drew the tree to {files.plot}")


def _face_to_face(made: StudiedTree, known: Mapping[str, str], path: Path, hear: Hear) -> None:
    """Declared against measured; families of the known models where none were given."""
    from cladist.phylogeny.rows import MOST_ROWS
    from cladist.phylogeny.tanglegram import draw_tanglegram

    models = made.joined.leaves()
    families = known
    if not known and len(models) > MOST_ROWS:
        families = known_families(models, hear)
    declared = declared_tree(made.parents, models)
    for remark in draw_tanglegram(declared, made.joined, path, known or None, families=families):
        hear(f"remark: {remark}")
    hear(f"drew declared against measured lineage to {path}")
