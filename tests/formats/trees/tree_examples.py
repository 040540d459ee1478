"""Trees that try the writers of formats."""

from __future__ import annotations

from cladist.core.tree import Node, Tree

HOSTILE = [
    "plain",
    "Qwen-2.5_7B",
    "it's",
    "(a,b):1;",
    "[&R]",
    "new\nline\tand tab",
    '"double" & <tag>',
    "日本語 модель",
    "x" * 10_000,
    "null\x00bell\x07",
    "a=b{c}/d\\e",
    "]]>",
]


def star(names: list[str]) -> Tree:
    return Tree(Node("", None, tuple(Node(n, 0.5) for n in names)))


def example() -> Tree:
    pair = Node("", 0.5, (Node("a model", 1.0), Node("b_c", 2.0)), 0.97)
    base = Node("base-1", 0.25, (pair, Node("it's", 1 / 3)), 0.5)
    return Tree(Node("", None, (base, Node("d", 4.0))), rooted=True, method="neighbour joining")


def ladder(depth: int) -> Tree:
    node = Node("m0", 1.0)
    for i in range(1, depth):
        node = Node("", 1.0, (node, Node(f"m{i}", 1.0)))
    return Tree(Node("", None, node.children), rooted=True)
