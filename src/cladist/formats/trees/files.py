"""Trees of any file that people have: Newick, NEXUS, PhyloXML and the JSON of auspice."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from cladist.errors import InputError
from cladist.formats.trees.auspice_reading import read_auspice
from cladist.formats.trees.made import ReadTree
from cladist.formats.trees.newick import read_newick_noted
from cladist.formats.trees.nexus import read_nexus_noted
from cladist.formats.trees.phyloxml_reading import read_phyloxml

__all__ = ["chosen_tree", "read_trees"]

SHOWN_NAMES = 5


def read_trees(path: str | Path) -> list[ReadTree]:
    """All trees of a file; what it is follows from its content.

    Parameters
    ----------
    path
        The file, UTF-8 text.

    Returns
    -------
    list of ReadTree
        In the order of the file, each with the name it has there and notes on what is not kept.

    Raises
    ------
    InputError
        Naming the file, when it cannot be read or there is no tree in it.

    Examples
    --------
    >>> read_trees("family.nwk")[0].tree.leaves()  # doctest: +SKIP
    """
    path = Path(path)
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as problem:
        raise InputError(f"{path} cannot be read: {problem.strerror or problem}") from problem
    except UnicodeDecodeError as problem:
        raise InputError(f"{path} is not UTF-8 text (byte {problem.start})") from problem
    head = text[:4096].lstrip()
    if head.upper().startswith("#NEXUS"):
        return read_nexus_noted(text, str(path))
    if (head.startswith("<") and "<phyloxml" in text) or head.startswith("<?xml"):
        return read_phyloxml(text, str(path))
    if head.startswith("{"):
        return read_auspice(text, str(path))
    return read_newick_noted(text, str(path))


def chosen_tree(
    trees: Sequence[ReadTree], source: str, number: int | None, option: str = "the number"
) -> ReadTree:
    """The tree of this number, counted from 1; without one, the only tree.

    Parameters
    ----------
    trees
        What `read_trees` gave.
    source
        The file, for errors.
    number
        Which tree, None where the file must hold one.
    option
        What people choose the number by.

    Raises
    ------
    InputError
        When there are several and none is chosen, or none of this number.
    """
    if number is None and len(trees) == 1:
        return trees[0]
    if number is not None and 1 <= number <= len(trees):
        return trees[number - 1]
    names = [f"{k} {t.name[:40]}".strip() for k, t in enumerate(trees[:SHOWN_NAMES], start=1)]
    listed = ", ".join(names) + (", ..." if len(trees) > SHOWN_NAMES else "")
    if number is None:
        raise InputError(
            f"{source}: holds {len(trees)} trees ({listed}) where one is expected; choose one by "
            f"{option}"
        )
    raise InputError(f"{source}: no tree {number}; it holds {len(trees)} ({listed})")
