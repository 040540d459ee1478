"""Trees from rows, one a node."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from cladist.errors import InputError

__all__ = ["root_of"]

N = TypeVar("N")


def root_of(
    rows: Sequence[Mapping[Any, Any]],
    make: Callable[[str, float | None, tuple[N, ...], float | None], N],
) -> N:
    """The root of the tree that rows tell, children in the order of the rows.

    A row has node and parent (nothing for the root), and name, length and support where they are
    known; `make` is given name, length, children and support of each. Raises `InputError` for a
    node that occurs twice or has no parent here, for other than one root, and for nodes that are
    each other's parents.
    """
    below: dict[Any, list[Any]] = {}
    about: dict[Any, Mapping[Any, Any]] = {}
    roots = []
    for row in rows:
        node = row["node"]
        if node in about:
            raise InputError(f"tree: node {node!r} occurs twice in the table")
        about[node] = row
        parent = row["parent"]
        if _nothing(parent):
            roots.append(node)
        else:
            below.setdefault(parent, []).append(node)
    if len(roots) != 1:
        raise InputError(f"tree: the table has {len(roots)} nodes without a parent; a tree has one")
    if strange := [p for p in below if p not in about]:
        raise InputError(f"tree: node {strange[0]!r} is a parent and has no row of its own")
    order, stack = [], [roots[0]]
    while stack:
        node = stack.pop()
        order.append(node)
        stack += below.get(node, [])
    if len(order) < len(about):
        lost = next(n for n in about if n not in set(order))
        raise InputError(f"tree: node {lost!r} hangs in a circle that the root is not part of")
    made: dict[Any, N] = {}
    for node in reversed(order):
        row, children = about[node], tuple(made.pop(c) for c in below.get(node, []))
        made[node] = make(_name(row), _number(row, "length"), children, _number(row, "support"))
    return made[roots[0]]


def _nothing(value: Any) -> bool:
    return value is None or (isinstance(value, float) and math.isnan(value))


def _name(row: Mapping[Any, Any]) -> str:
    value = row.get("name")
    return "" if _nothing(value) else str(value)


def _number(row: Mapping[Any, Any], column: str) -> float | None:
    value = row.get(column)
    if _nothing(value):
        return None
    try:
        return float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        raise InputError(f"tree: {column} {str(value)[:40]!r} is no number") from None
