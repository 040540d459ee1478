"""Reading the auspice JSON of Nextstrain, version 2: names, lengths and supports."""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from typing import Any

from cladist.core.tree import Node
from cladist.errors import InputError
from cladist.formats.trees.made import ReadTree, made_tree

__all__ = ["read_auspice"]

_MADE_NAME = re.compile(r"NODE_\d{7}")
_KEPT = {"div", "support", "num_date"}


def read_auspice(text: str, source: str = "auspice") -> list[ReadTree]:
    """The trees of a data set; `InputError` says what is wrong with another.

    Branch lengths are differences of `div`, or of `num_date` where a tree has no `div`; names
    such as NODE_0000001, which the format makes up for inner nodes, are left out. O(length).
    """
    try:
        data = json.loads(text)
    except RecursionError:
        raise InputError(f"{source}: JSON nested too deeply") from None
    except ValueError as problem:
        raise InputError(f"{source}: not valid JSON ({str(problem)[:120]})") from None
    found = data.get("tree") if isinstance(data, dict) else None
    roots = found if isinstance(found, list) else [found]
    if not roots or not all(isinstance(r, dict) for r in roots):
        raise InputError(f"{source}: JSON, but no data set of auspice version 2 with a tree")
    many = len(roots) > 1
    return [
        _read(r, f"{source}, tree {k}" if many else source) for k, r in enumerate(roots, start=1)
    ]


def _read(root: dict[str, Any], source: str) -> ReadTree:
    order: list[dict[str, Any]] = []
    above: dict[int, dict[str, Any]] = {}
    stack = [root]
    while stack:
        node = stack.pop()
        order.append(node)
        children = node.get("children", [])
        if not isinstance(children, list) or not all(isinstance(c, dict) for c in children):
            raise InputError(f"{source}: children must be a list of nodes")
        for child in children:
            above[id(child)] = node
        stack.extend(reversed(children))
    if len(order) == 1:
        raise InputError(f"{source}: no tree in it")
    axis = "div" if any(_attribute(n, "div", source) is not None for n in order) else "num_date"
    lost: Counter[str] = Counter()
    made: dict[int, Node] = {}
    for node in reversed(order):
        below = tuple(made.pop(id(c)) for c in node.get("children", []))
        here, up = _attribute(node, axis, source), None
        if id(node) in above:
            up = _attribute(above[id(node)], axis, source)
        length = None if here is None or up is None else here - up
        support = _attribute(node, "support", source)
        told = node.get("node_attrs")
        lost.update(k[:40] for k in (told if isinstance(told, dict) else {}) if k not in _KEPT)
        if axis == "div" and _attribute(node, "num_date", source) is not None:
            lost["num_date"] += 1
        made[id(node)] = Node(
            _name(node, bool(below), source),
            length,
            below,
            support if below and support is not None and 0 <= support <= 1 else None,
        )
    top = made[id(root)]
    return made_tree(top, len(top.children) == 2, source, lost)


def _name(node: dict[str, Any], inner: bool, source: str) -> str:
    name = node.get("name")
    if not isinstance(name, str) or not name:
        if inner:
            return ""
        raise InputError(f"{source}: a leaf without a name")
    return "" if inner and _MADE_NAME.fullmatch(name) else name


def _attribute(node: dict[str, Any], key: str, source: str) -> float | None:
    """A number of a node, bare or as {"value": number}."""
    told = node.get("node_attrs")
    value = told.get(key) if isinstance(told, dict) else None
    if isinstance(value, dict):
        value = value.get("value")
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise InputError(f"{source}: {key} must be a number")
    if (isinstance(value, int) and abs(value) > 1 << 53) or not math.isfinite(value):
        raise InputError(f"{source}: {key} must be a finite number")
    return float(value)
