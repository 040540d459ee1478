"""Declared lineage held against what was measured."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from cladist.atlas.columns import shortened
from cladist.atlas.forest import numbered_newick
from cladist.atlas.kin import AnswerKin, VectorKin
from cladist.atlas.source import Source
from cladist.atlas.verdicts import Relation
from cladist.core.tree import Node, Tree
from cladist.errors import InputError
from cladist.kinship.pair_test import STABLE
from cladist.phylogeny.declared import declared_tree

__all__ = ["Declared", "lineage", "read_declared"]

Standing = Literal["supported", "contradicted", "inconclusive", "not measured"]


@dataclass(frozen=True, slots=True)
class Declared:
    """A line of a table of declared lineage; a merge has several lines."""

    model: str
    parent: str
    relation: str = ""


def read_declared(path: Path) -> list[Declared]:
    """Declared parents of a CSV file with the columns model, parent and, if wanted, relation.

    Lines without a parent are founders. Raises `InputError` for a file that cannot be read, a
    missing column, or no parent at all.
    """
    out: list[Declared] = []
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.DictReader(stream, strict=True)
            if not {"model", "parent"} <= set(reader.fieldnames or ()):
                raise InputError(f"{path}: needs a first line with the columns model and parent")
            for row in reader:
                model, parent = (row["model"] or "").strip(), (row["parent"] or "").strip()
                line = Declared(model, parent, (row.get("relation") or "").strip())
                if model and line not in out[-1:]:
                    out.append(line)
    except (OSError, UnicodeDecodeError, csv.Error) as problem:
        raise InputError(f"{path}: not a readable CSV file ({problem})") from problem
    if not any(d.parent for d in out):
        raise InputError(f"{path}: declares no parent of any model")
    return out


def lineage(
    source: Source, kin: AnswerKin | VectorKin, declared: Sequence[Declared], where: str
) -> dict[str, Any]:
    """The document's part on declared lineage; lines on models that are not here are left out.

    A declared parent is contradicted where the two are shown to be unrelated, or where nothing
    speaks for it while the model has kin, and all of that is of another measured group.
    `InputError` for a cycle, or where no line is of a model of the atlas.
    """
    number = source.number
    lines = [d for d in declared if d.model in number and d.parent]
    if not any(d.model in number for d in declared):
        raise InputError(f"{where}: declares nothing of the {len(source)} models here")
    parents: dict[str, str] = {}
    for d in declared:
        parents.setdefault(d.model, d.parent)
    tree = declared_tree(parents, source.names)
    pairs = [
        (number[d.model], number[d.parent])
        for d in lines
        if d.parent in number and d.parent != d.model
    ]
    tested: dict[tuple[int, int], Relation] = {}
    if isinstance(kin, AnswerKin):
        tested = dict(zip(pairs, kin.declared(pairs), strict=True))
    edges = []
    for d in lines:
        child, parent = number[d.model], number.get(d.parent)
        standing, p, note = _standing(kin, tested, child, parent)
        edges.append(
            {
                "child": child,
                "parent": parent,
                "parent_name": shortened(d.parent, 200),
                "relation": shortened(d.relation, 60),
                "verdict": standing,
                "p": None if p is None else float(f"{p:.3g}"),
                "note": note,
            }
        )
    return {
        "source": shortened(where, 200),
        "edges": edges,
        "newick": numbered_newick(_numbered(tree, number)),
    }


def _standing(
    kin: AnswerKin | VectorKin,
    tested: dict[tuple[int, int], Relation],
    child: int,
    parent: int | None,
) -> tuple[Standing, float | None, str]:
    if parent is None:
        return "not measured", None, "the parent is not in this atlas"
    found = tested.get((child, parent))
    if found is None or not isinstance(kin, AnswerKin):
        return "not measured", None, kin.remark
    if found.verdict == "not tested":
        return "not measured", None, found.note
    if found.verdict == "related":
        return "supported", found.p, found.note
    if found.verdict == "unrelated":
        return "contradicted", found.p, found.note
    shown = [r.index for r in kin.relatives(child) if r.verdict == "related"]
    own = [j for j in shown if kin.family[j] == kin.family[parent]]
    if found.p is not None and found.p > STABLE and shown and not own:
        kin_of = f"{len(shown)} of its nearest are shown to be its kin"
        return "contradicted", found.p, f"{kin_of}, all of other measured groups; {found.note}"
    return "inconclusive", found.p, found.note


def _numbered(tree: Tree, number: dict[str, int]) -> Tree:
    made: dict[int, Node] = {}
    for node in tree.root.postorder():
        below = tuple(made.pop(id(c)) for c in node.children)
        name = f"m{number[node.name]}" if node.is_leaf else ""
        made[id(node)] = Node(name, node.length, below)
    return Tree(made[id(tree.root)], True, tree.method)
