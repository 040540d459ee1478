from __future__ import annotations

import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tree_builders import caterpillar, random_tree

from cladist.core.tree import Node, Tree
from cladist.errors import InputError
from cladist.phylogeny.arrays import to_arrays
from cladist.phylogeny.collapse import fold
from cladist.phylogeny.draw import draw_tree
from cladist.phylogeny.layout import circular, rectangular, unrooted
from cladist.phylogeny.palette import MOST, marks
from cladist.phylogeny.rooting import root_midpoint
from cladist.phylogeny.sketch import Label, sketch

SHAPES = ["rectangular", "circular", "unrooted"]
HOSTILE = [
    "<script>alert(1)</script>",
    "$x^2$ \\alpha {",
    "a & b \"quoted\" 'too'",
    "bell\x07 null\x00 line\nbreak",
    "日本語モデル",
    "x" * 10_000,
    "-->",
    "\u202ereversed",
]


def with_support(tree: Tree, value: float = 0.9) -> Tree:
    made: dict[int, Node] = {}
    for node in tree.root.postorder():
        kids = tuple(made.pop(id(c)) for c in node.children)
        made[id(node)] = Node(node.name, node.length, kids, value if kids else None)
    return Tree(made[id(tree.root)], tree.rooted)


@pytest.mark.parametrize("shape", SHAPES)
def test_same_bytes_every_time_and_well_formed(shape: Any, tmp_path: Path) -> None:
    tree = with_support(random_tree(12, 1))
    groups = {n: n[-1] for n in tree.leaves()}
    one, two = tmp_path / "a.svg", tmp_path / "b.svg"
    draw_tree(tree, one, shape, groups, title="Title")
    draw_tree(tree, two, shape, groups, title="Title")
    assert one.read_bytes() == two.read_bytes()
    text = "".join(ET.parse(one).getroot().itertext())
    assert all(name in text for name in tree.leaves())
    assert "Title" in text
    assert "20" + "26" not in one.read_text().split("<defs>")[0]  # no date


@pytest.mark.parametrize("ending", ["png", "pdf", "svg"])
def test_hostile_names_are_drawn_as_they_are(ending: str, tmp_path: Path) -> None:
    tree = Tree(Node("", None, tuple(Node(n, 1.0) for n in HOSTILE)))
    path = tmp_path / f"t.{ending}"
    draw_tree(tree, path, groups=dict.fromkeys(HOSTILE, "$g$"), title="$\\frac{")
    assert path.stat().st_size > 1000
    if ending == "svg":
        text = "".join(ET.parse(path).getroot().itertext())
        for said in ("<script>alert(1)</script>", "$x^2$ \\alpha {", "bell\\x07 null\\x00 line\\n"):
            assert said in text


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(
    "tree",
    [
        Tree(Node("", None, tuple(Node(c, 0.0) for c in "abc"))),
        caterpillar(600),
        Tree(Node("", None, (Node("base", 1.0, (Node("a", 1.0), Node("b", 2.0))), Node("c", 1.0)))),
    ],
    ids=["all zero", "ladder", "named inner node"],
)
def test_odd_trees_can_be_drawn(shape: Any, tree: Tree, tmp_path: Path) -> None:
    draw_tree(tree, tmp_path / "t.svg", shape)
    assert "<svg" in (tmp_path / "t.svg").read_text()


def test_unknown_endings_and_layouts_are_refused(tmp_path: Path) -> None:
    tree = random_tree(4, 0)
    with pytest.raises(InputError, match=r"\.svg, \.png or \.pdf"):
        draw_tree(tree, tmp_path / "t.gif")
    with pytest.raises(InputError, match="no layout 'radial'"):
        draw_tree(tree, tmp_path / "t.svg", "radial")  # type: ignore[arg-type]


def corners(label: Label, size: float) -> np.ndarray:
    """Outline of a text of narrow letters, a lower bound of what it covers."""
    width, height = 0.45 * size / 72 * len(label.text), 0.9 * size / 72
    low = -width if label.align == "right" else 0.0
    box = np.array(
        [
            [low, -height / 2],
            [low + width, -height / 2],
            [low + width, height / 2],
            [low, height / 2],
        ]
    )
    a = np.radians(label.turn)
    turned = box @ np.array([[np.cos(a), np.sin(a)], [-np.sin(a), np.cos(a)]])
    return np.asarray(turned + np.array([label.x, label.y]))


def overlap(a: np.ndarray, b: np.ndarray) -> bool:
    """Separating axes of two rectangles."""
    for box in (a, b):
        for k in range(2):
            axis = box[k + 1] - box[k]
            one, two = a @ axis, b @ axis
            if one.max() <= two.min() or two.max() <= one.min():
                return False
    return True


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("n", [30, 1500])
def test_no_two_names_overlap(shape: str, n: int) -> None:
    tree = root_midpoint(random_tree(n, 7)).tree
    flat = to_arrays(tree)
    groups = {name: f"family {k // 10}" for k, name in enumerate(tree.leaves())}
    folds = fold(flat, 140, groups)
    placed = {"rectangular": rectangular, "circular": circular, "unrooted": unrooted}[shape](
        flat, folds
    )
    picture = sketch(shape, flat, folds, placed, groups, marks(groups, flat.leaf_names), True)
    boxes = [corners(label, picture.size) for label in picture.labels]
    assert len(boxes) == min(n, 140)
    assert picture.size > 5
    assert not any(overlap(a, b) for k, a in enumerate(boxes) for b in boxes[:k])


def test_folds_hold_every_hidden_leaf_once_and_prefer_one_group() -> None:
    tree = random_tree(300, 2)
    flat = to_arrays(tree)
    big = max(
        (n for n in tree.root.preorder() if len(list(n.preorder())) < 200),
        key=lambda n: len(list(n.preorder())),
    )
    inside = {n.name for n in big.preorder() if n.is_leaf}
    groups = {name: "inside" if name in inside else f"own {name}" for name in tree.leaves()}
    folds = fold(flat, 60, groups)
    hidden = sum(f.size for f in folds.values())
    shown = 300 - hidden + len(folds)
    assert shown <= 60
    assert max(folds.values(), key=lambda f: f.size).counts == (("inside", len(inside)),)
    assert fold(flat, 300) == {}
    with pytest.raises(InputError, match="two tips"):
        fold(flat, 1)


def test_groups_get_different_marks_and_small_ones_none() -> None:
    groups = {f"m{i}": f"g{i % 40:02d}" for i in range(100)}
    found = marks(groups, list(groups))
    assert len(found) == MOST
    assert len(set(found.values())) == MOST
    assert next(iter(found)) == "g00"


def test_no_two_groups_share_a_colour_and_all_leaves_can_be_drawn(tmp_path: Path) -> None:
    tree = random_tree(200, 0)
    groups = {name: f"g{k % MOST}" for k, name in enumerate(tree.leaves())}
    found = marks(groups, tree.leaves())
    assert len({m.colour for m in found.values()}) == len(found) == MOST
    draw_tree(tree, tmp_path / "a.svg", groups=groups, title="All <of> them", tips=200)
    text = (tmp_path / "a.svg").read_text(encoding="utf-8")
    assert "All &lt;of&gt; them" in text and all(f">{n}<" in text for n in tree.leaves())
    draw_tree(tree, tmp_path / "b.svg", groups=groups)
    folded = (tmp_path / "b.svg").read_text(encoding="utf-8")
    assert not all(f">{n}<" in folded for n in tree.leaves())
