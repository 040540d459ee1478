from __future__ import annotations

import pytest
from rich.cells import cell_len
from tree_builders import caterpillar, random_tree

from cladist.core.tree import Node, Tree
from cladist.errors import InputError
from cladist.phylogeny.draw_text import draw_text, round_length


def small() -> Tree:
    ab = Node("", 2.0, (Node("a", 2.0), Node("b", 4.0)), 0.97)
    return Tree(Node("", None, (ab, Node("c", 8.0), Node("d", 1.0))))


def test_picture() -> None:
    assert draw_text(small(), 40) == (
        "┌──────97┬────────╴ a\n"
        "│        └────────────────╴ b\n"
        "├──────────────────────────────────╴ c\n"
        "└───╴ d\n"
        "├──┤ 1\n"
    )


def test_ascii_only() -> None:
    assert draw_text(small(), 40, unicode=False).isascii()


@pytest.mark.parametrize("width", [20, 40, 77, 200])
@pytest.mark.parametrize("n", [3, 30, 120])
def test_no_line_is_wider_than_asked_and_every_leaf_has_one(width: int, n: int) -> None:
    tree = random_tree(n, n)
    lines = draw_text(tree, width).splitlines()
    assert max(map(cell_len, lines)) <= width
    assert [line.split(" ")[-1] for line in lines[:-1]] == tree.leaves()


def test_hostile_names_cannot_touch_the_terminal() -> None:
    names = [
        "\x1b[31mred",
        "two\nlines",
        "bell\x07",
        "\u202eright to left",
        "全角" * 40,
        "x" * 9999,
    ]
    tree = Tree(Node("", None, tuple(Node(n, 1.0) for n in names)))
    text = draw_text(tree, 60)
    assert all(c.isprintable() for line in text.splitlines() for c in line)
    assert text.count("\n") == len(names) + 1
    assert "\\x1b[31mred" in text
    assert max(map(cell_len, text.splitlines())) <= 60


def test_models_on_inner_nodes_are_shown() -> None:
    base = Node("base", 1.0, (Node("a", 1.0), Node("b", 1.0)))
    tree = Tree(Node("", None, (base, Node("c", 1.0), Node("d", 1.0))))
    lines = draw_text(tree, 40).splitlines()
    assert sum("base *" in line for line in lines) == 1


def test_support_can_be_left_out() -> None:
    assert "97" in draw_text(small(), 60)
    assert "97" not in draw_text(small(), 60, support=False)


def test_deep_and_degenerate_trees() -> None:
    assert draw_text(caterpillar(3000), 80).count("\n") == 3001
    flat = Tree(Node("", None, tuple(Node(c, 0.0) for c in "abc")))
    assert draw_text(flat, 30).count("\n") >= 3
    with pytest.raises(InputError, match="20 columns"):
        draw_text(small(), 10)


def test_round_lengths() -> None:
    assert [round_length(x) for x in (0.0137, 2.0, 49.0, 1.0)] == [0.01, 2.0, 20.0, 1.0]
