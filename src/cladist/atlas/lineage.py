"""Declared lineage held against what was measured."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

from cladist.atlas.columns import shortened
from cladist.atlas.families import LONGEST
from cladist.atlas.forest import Forest, numbered_newick
from cladist.atlas.kin import AnswerKin, VectorKin
from cladist.atlas.source import AtlasSource
from cladist.atlas.verdicts import TestedPair
from cladist.core.lineage import Lineage
from cladist.core.tree import Node, Tree
from cladist.errors import InputError
from cladist.kinship.inference.decision import UNTESTABLE
from cladist.phylogeny.declared import declared_tree
from cladist.phylogeny.row_words import remarks_of
from cladist.phylogeny.rows import MOST_ROWS, collapsed_pair, parting
from cladist.provenance.sources import read_declared as read_source_of
from cladist.registry import ModelRecord

__all__ = ["facing", "lineage", "read_declared"]

_TITLES = ("declared", "measured")

Standing = Literal["supported", "contradicted", "inconclusive", "not tested", "not measured"]


def read_declared(path: Path, models: Sequence[ModelRecord]) -> Lineage:
    """What a table, or any other source of `provenance.sources`, declares of models here.

    Names are the registry's; links that run in a circle are left out with a remark. Raises
    `InputError` for what cannot be read, for no parent at all, or where nothing is of a model
    here: all of it before anything is computed.
    """
    found = read_source_of([str(path)], models, own=False)
    if not found.links:
        raise InputError(f"{path}: declares no parent of any model")
    here = {m.name for m in models}
    if not here.intersection((*found.models, *(k.child for k in found.links))):
        raise InputError(f"{path}: declares nothing of the {len(models)} models here")
    left = found.without_circles()
    if not left.links:
        raise InputError(
            f"{path}: no declared parent is left, as models descend from each other or from "
            f"themselves: {left.remarks[-1]}"
        )
    return left


def lineage(
    source: AtlasSource,
    kin: AnswerKin | VectorKin,
    declared: Lineage,
    where: str,
    forest: Forest | None = None,
    families: Sequence[str | None] = (),
) -> dict[str, Any]:
    """The document's part on declared lineage; links of models that are not here are left out.

    With the measured tree and the families of the models, in order, it tells the rows that both
    trees have face to face.

    A declared parent is contradicted where the two are decided to be unrelated, and in no other
    case. What could not be tested stands apart from what was tested and is open, and from links
    to a model that is not here.
    """
    number = source.number
    lines = [k for k in declared.links if k.child in number]
    tree = _numbered(declared_tree(declared.first_parents(), source.names), number)
    pairs = [
        (number[k.child], number[k.parent])
        for k in lines
        if k.parent in number and k.parent != k.child
    ]
    tested: dict[tuple[int, int], TestedPair] = {}
    if isinstance(kin, AnswerKin):
        tested = dict(zip(pairs, kin.declared(pairs), strict=True))
    edges = []
    for d in lines:
        child, parent = number[d.child], number.get(d.parent)
        standing, p, note, reason = _standing(kin, tested, child, parent)
        edges.append(
            {
                "child": child,
                "parent": parent,
                "parent_name": shortened(d.parent, 200),
                "relation": shortened(d.relation, 60),
                "verdict": standing,
                "p": None if p is None else float(f"{p:.3g}"),
                "note": note,
                "reason": reason,
            }
        )
    return {
        "source": shortened(where, 200),
        "edges": edges,
        "counts": dict(Counter(str(e["verdict"]) for e in edges)),
        "newick": numbered_newick(tree),
        "facing": None if forest is None else facing(tree, forest.tree, families),
    }


def facing(declared: Tree, measured: Tree, families: Sequence[str | None]) -> dict[str, Any] | None:
    """Rows of several models in both trees, collapsed as tanglegrams are, and what is said of it.

    Both trees are of the models that both have; None for fewer than two. A model in no row of a
    tree is a row of its own there.
    """
    common = set(declared.leaves()) & set(measured.leaves())
    if len(common) < 2:
        return None
    declared, measured = declared.induced(common), measured.induced(common)
    known = {f"m{i}": shortened(f, LONGEST) for i, f in enumerate(families) if f}
    kin = parting(known, declared, measured)
    pair = collapsed_pair(declared, measured, kin, MOST_ROWS)
    sides = {
        title: [
            {
                "models": [int(name[1:]) for name in row.models],
                "family": row.family,
                "branches": row.branches,
            }
            for row in side.rows
            if len(row.models) > 1
        ]
        for title, side in zip(_TITLES, pair, strict=True)
    }
    return {**sides, "remarks": list(remarks_of(pair, kin, _TITLES))}


def _standing(
    kin: AnswerKin | VectorKin,
    tested: dict[tuple[int, int], TestedPair],
    child: int,
    parent: int | None,
) -> tuple[Standing, float | None, str, str]:
    """The standing of a step, p, the reason in words, and its code ('' for none)."""
    if parent is None:
        return "not measured", None, "the parent is not in this atlas", ""
    found = tested.get((child, parent))
    if found is None or not isinstance(kin, AnswerKin):
        return "not measured", None, kin.remark, ""
    standing: Standing = "inconclusive"
    if found.reason in UNTESTABLE:
        standing = "not tested"
    elif found.verdict == "related":
        standing = "supported"
    elif found.verdict == "unrelated":
        standing = "contradicted"
    return standing, found.p, found.note, found.reason


def _numbered(tree: Tree, number: dict[str, int]) -> Tree:
    made: dict[int, Node] = {}
    for node in tree.root.postorder():
        below = tuple(made.pop(id(c)) for c in node.children)
        name = f"m{number[node.name]}" if node.is_leaf else ""
        made[id(node)] = Node(name, node.length, below)
    return Tree(made[id(tree.root)], True, tree.method)
