"""Auspice v2 JSON: trees for the viewer of Nextstrain (Hadfield et al. 2018).

Display defaults are part of the data; colourings are made of the groups, of any further table
of labels, and of the supports.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from cladist.core.text import printable
from cladist.core.tree import Node, Tree
from cladist.errors import InputError


def write_auspice(
    tree: Tree,
    updated: str,
    title: str = "",
    labels: Mapping[str, Mapping[str, str]] | None = None,
    colours: Mapping[str, Mapping[str, str]] | None = None,
    dates: Mapping[str, float] | Sequence[float] | None = None,
) -> str:
    """The tree as a data set that validates against the schema of version 2.

    updated  date of the data, 'YYYY-MM-DD'; asked for so that the same tree gives the same text
    title    shown above the tree
    labels   key -> model -> label, one colouring a key; the first is shown at the start
    colours  key -> label -> '#rrggbb'
    dates    years with fractions, of models by name or of all nodes in preorder, as
             `phylogeny.dating.node_dates` gives them; the tree can then be drawn in time

    Inner nodes without a name get one. Control characters in names are escaped. O(n).
    """
    if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", updated):
        raise InputError(f"auspice: the date '{updated[:20]}' is not of the form YYYY-MM-DD")
    known = {key: dict(table) for key, table in (labels or {}).items()}
    if bad := [key for key in known if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", key)]:
        raise InputError(f"auspice: the key {bad[0][:40]!r} must be letters, digits and '_'")
    supported = any(n.support is not None for n in tree.root.preorder())
    head = json.dumps(
        {"version": "v2", "meta": _meta(updated, title, known, colours or {}, supported)},
        ensure_ascii=False,
    )
    nodes = list(tree.root.preorder())
    if isinstance(dates, Mapping):
        when = {id(n): dates[n.name] for n in nodes if n.name in dates}
    elif dates and len(dates) != len(nodes):
        raise InputError(f"auspice: {len(dates)} dates for a tree of {len(nodes)} nodes")
    else:
        when = dict(zip(map(id, nodes), dates or ()))
    taken = set(tree.names())
    out = [head[:-1], ', "tree": ']
    stack: list[tuple[Node, float] | str] = [(tree.root, 0.0)]
    count = 0
    while stack:
        item = stack.pop()
        if isinstance(item, str):
            out.append(item)
            continue
        node, above = item
        depth = above + (node.length or 0.0)
        name = node.name
        while not name:
            name = f"NODE_{count:07d}"
            count += 1
            name = "" if name in taken else name
        # The text of a node without its closing brace, then its children on the stack.
        out.append(
            json.dumps(_node(node, name, depth, known, when.get(id(node))), ensure_ascii=False)[:-1]
        )
        if node.is_leaf:
            out.append("}")
            continue
        out.append(', "children": [')
        stack.append("]}")
        for k, child in enumerate(reversed(node.children)):
            if k:
                stack.append(", ")
            stack.append((child, depth))
    out.append("}\n")
    return "".join(out)


def _meta(
    updated: str,
    title: str,
    labels: Mapping[str, Mapping[str, str]],
    colours: Mapping[str, Mapping[str, str]],
    supported: bool,
) -> dict[str, Any]:
    colorings: list[dict[str, Any]] = []
    for key in labels:
        coloring: dict[str, Any] = {"key": key, "title": key, "type": "categorical"}
        if key in colours:
            coloring["scale"] = [[printable(k), v] for k, v in sorted(colours[key].items())]
        colorings.append(coloring)
    if supported:
        colorings.append({"key": "support", "title": "support", "type": "continuous"})
    meta: dict[str, Any] = {
        "updated": updated,
        "panels": ["tree"],
        "colorings": colorings,
        "filters": list(labels),
        "display_defaults": {"layout": "rect", "distance_measure": "div"},
    }
    if title:
        meta["title"] = printable(title)
    if labels:
        meta["display_defaults"]["color_by"] = next(iter(labels))
    return meta


def _node(
    node: Node,
    name: str,
    depth: float,
    labels: Mapping[str, Mapping[str, str]],
    when: float | None,
) -> dict[str, Any]:
    attributes: dict[str, Any] = {"div": float(f"{depth:.8g}")}
    if when is not None:
        attributes["num_date"] = {"value": float(f"{when:.8g}")}
    for key, table in labels.items():
        if label := table.get(node.name, ""):
            attributes[key] = {"value": printable(label)}
    out: dict[str, Any] = {"name": printable(name), "node_attrs": attributes}
    if node.support is not None:
        attributes["support"] = {"value": float(f"{node.support:.6g}")}
        out["branch_attrs"] = {"labels": {"support": f"{node.support * 100:.0f}%"}}
    return out
