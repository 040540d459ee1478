"""Trees to and from files of any format, with what is known beside them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from cladist.core.progress import Hear, unheard
from cladist.core.tree import Tree

__all__ = ["Annotations", "read_tree", "write_strip", "writer_of"]


@dataclass(frozen=True)
class Annotations:
    """What may be told beside a tree.

    groups  model -> group
    when    dates of all nodes in preorder as years, empty where there are none
    updated date of a data set, YYYY-MM-DD
    """

    groups: Mapping[str, str]
    when: Sequence[float] = ()
    updated: str = ""


def writer_of(file: Path) -> Callable[[Tree, Annotations], str]:
    """How to write the format that the ending of `file` tells; `UsageError` for others."""
    from cladist.errors import UsageError
    from cladist.formats.trees.newick import write_newick
    from cladist.formats.trees.phyloxml import write_phyloxml

    writers: dict[str, Callable[[Tree, Annotations], str]] = {
        ".nwk": lambda t, a: write_newick(t),
        ".newick": lambda t, a: write_newick(t),
        ".tree": lambda t, a: write_newick(t),
        ".nex": _nexus,
        ".nexus": _nexus,
        ".xml": lambda t, a: write_phyloxml(t, groups=a.groups),
        ".json": _auspice,
    }
    if file.suffix.lower() not in writers:
        raise UsageError(f"'{file.name}': the ending tells the format; use {', '.join(writers)}")
    return writers[file.suffix.lower()]


def _nexus(tree: Tree, about: Annotations) -> str:
    """The tree, and where dates are known the same with branches in years."""
    from cladist.formats.trees.nexus import write_nexus

    if not about.when:
        return write_nexus([tree])
    from cladist.phylogeny.dating import time_tree

    return write_nexus([tree, time_tree(tree, about.when)])


def _auspice(tree: Tree, about: Annotations) -> str:
    from datetime import UTC, datetime

    from cladist.formats.trees.auspice import write_auspice
    from cladist.phylogeny.palette import marks

    updated = about.updated or datetime.now(UTC).date().isoformat()
    colours = {g: m.colour for g, m in marks(about.groups, tree.leaves()).items()}
    return write_auspice(
        tree,
        updated,
        labels={"group": about.groups} if about.groups else None,
        colours={"group": colours} if about.groups else None,
        dates=about.when or None,
    )


def write_strip(file: Path, groups: Mapping[str, str], tree: Tree, hear: Hear = unheard) -> None:
    """The colour strip of the groups for iTOL, beside a tree written as Newick."""
    from cladist.formats.files import write_text
    from cladist.formats.trees.itol import write_itol_strip
    from cladist.phylogeny.palette import OTHER_COLOUR, marks

    names = tree.names()
    known = {n: groups[n] for n in names if n in groups}
    colours = dict.fromkeys(sorted(set(known.values())), OTHER_COLOUR)
    colours |= {g: m.colour for g, m in marks(groups, names).items()}
    write_text(file, write_itol_strip(known, colours))
    hear(f"wrote the colour strip of {len(colours)} groups to {file}")


def read_tree(
    file: Path, number: int | None = None, option: str = "--tree-number", hear: Hear = unheard
) -> Tree:
    """A tree of a file of any format, and a note of what of it is not kept.

    `number` chooses one of several, counted from 1; `InputError` when there is none, or several
    and none chosen.
    """
    from cladist.formats.trees.files import chosen_tree, read_trees

    found = chosen_tree(read_trees(file), str(file), number, option)
    for said in found.notes:
        hear(f"{file}: {said}")
    return found.tree
