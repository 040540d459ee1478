"""Tanglegrams of more leaves than can be read: rows, counts, words and pictures."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from pathlib import Path

import numpy as np
import pytest
from tree_builders import caterpillar, random_tree

from cladist.core.tree import Node, Tree
from cladist.errors import InputError
from cladist.phylogeny.row_words import labels_of, remarks_of
from cladist.phylogeny.rows import RowTree, collapsed_pair
from cladist.phylogeny.tanglegram import MOST_ROWS, draw_tanglegram

HOSTILE = "<script>alert(1)</script>\x1b[31m\u202e$x^2$\n" + "long" * 40


def family_tree(families: dict[str, list[str]], seed: int, stray: int = 0) -> Tree:
    """Each family a clade of random shape; the first `stray` families lose a third elsewhere."""
    rng = np.random.default_rng(seed)

    def joined(nodes: list[Node]) -> Node:
        nodes = list(nodes)
        while len(nodes) > 1:
            i, j = sorted(rng.choice(len(nodes), 2, replace=False).tolist())
            b, a = nodes.pop(j), nodes.pop(i)
            nodes.append(Node("", float(rng.uniform(0.1, 1)), (a, b)))
        return nodes[0]

    tops: list[Node] = []
    for k, names in enumerate(families.values()):
        lost = len(names) // 3 if k < stray else 0
        tops.extend(
            joined([Node(n, float(rng.uniform(0.1, 1))) for n in part])
            for part in (names[:lost], names[lost:])
            if part
        )
    order = rng.permutation(len(tops)).tolist()
    # A ladder, so that parts of one family do not meet by chance.
    node = tops[order[0]]
    for k in order[1:]:
        node = Node("", 0.5, (node, tops[k]))
    return Tree(Node("", None, node.children), rooted=True)


@pytest.fixture(scope="module")
def six_hundred() -> tuple[Tree, Tree, dict[str, str]]:
    sizes = [90, 80, 70, 60, 50, 40, 40, 30, 30, 20, 20, 20, 10, 10, 10, 5, 5, 5, 3, 2]
    names = iter(f"m{i:03d}" for i in range(600))
    families = {f"family {k:02d}": [next(names) for _ in range(s)] for k, s in enumerate(sizes)}
    labels = {name: family for family, members in families.items() for name in members}
    return family_tree(families, 1), family_tree(families, 2, stray=3), labels


def in_one_row_each(tree: Tree, made: RowTree) -> None:
    placed = [name for row in made.rows for name in row.models]
    assert sorted(placed) == sorted(tree.leaves())
    assert len(made.rows) <= MOST_ROWS
    assert sorted(made.tree.leaves(), key=int) == [str(k) for k in range(len(made.rows))]
    assert all(len(n.children) != 1 for n in made.tree.root.preorder())


def test_families_become_rows_until_all_fit(
    six_hundred: tuple[Tree, Tree, dict[str, str]],
) -> None:
    left, right, labels = six_hundred
    assert len(left.leaves()) == len(right.leaves()) == 600
    pair = collapsed_pair(left, right, labels, MOST_ROWS)
    for tree, made in zip((left, right), pair, strict=True):
        in_one_row_each(tree, made)
        clades = set(tree.clades())
        for row in made.rows:
            if len(row.models) > 1:
                assert row.branches == 1 and row.family
                assert frozenset(row.models) in clades
                assert {labels[name] for name in row.models} == {row.family}
    # The largest are collapsed and the small ones stay open, on both sides alike.
    alike = [{r.family for r in made.rows if len(r.models) > 1} for made in pair]
    assert alike[0] == alike[1] and "family 00" in alike[0] and "family 19" not in alike[0]
    sizes = [len(r.models) for r in pair[1].rows if r.family == "family 00"]
    assert sorted(sizes) == [30, 60]
    assert [len(r.models) for r in pair[0].rows if r.family == "family 00"] == [90]


def test_what_was_collapsed_and_what_is_no_clade_is_said(
    six_hundred: tuple[Tree, Tree, dict[str, str]],
) -> None:
    left, right, labels = six_hundred
    pair = collapsed_pair(left, right, labels, MOST_ROWS)
    said = " ".join(remarks_of(pair, labels, ("declared", "measured")))
    assert said.startswith("600 models in ")
    assert "family 00 (90), family 01 (80)" in said
    assert "No clade as the measured tree is drawn" in said
    assert "family 00 in 2 (60, 30)" in said
    assert "as the declared tree is drawn" not in said
    shown = labels_of(pair[1], labels)
    assert "family 00: 60 of 90" in shown and "family 00: 30 of 90" in shown
    assert "family 00: 90 models" in labels_of(pair[0], labels)


@pytest.mark.parametrize("ending", ["svg", "pdf", "png"])
def test_the_picture_has_rows_numbers_and_caption_and_is_the_same_again(
    six_hundred: tuple[Tree, Tree, dict[str, str]], tmp_path: Path, ending: str
) -> None:
    left, right, labels = six_hundred
    one, two = tmp_path / f"1.{ending}", tmp_path / f"2.{ending}"
    said = draw_tanglegram(left, right, one, labels)
    assert draw_tanglegram(left, right, two, labels) == said
    assert one.read_bytes() == two.read_bytes()
    if ending == "svg":
        texts = [
            "".join(t.itertext()) for t in ET.parse(one).getroot().iter() if t.tag[-4:] == "text"
        ]
        assert {"family 00: 90 models", "family 00: 60 of 90", "60", "30"} <= set(texts)
        assert "family 00 in 2 (60, 30)" in " ".join(texts)


def test_numbers_of_the_lines_count_every_common_model(
    six_hundred: tuple[Tree, Tree, dict[str, str]],
) -> None:
    from cladist.phylogeny.tanglegram import _links

    left, right, labels = six_hundred
    common = set(left.leaves()) - {"m000", "m599"}
    models = _links(collapsed_pair(left, right, labels, MOST_ROWS), common)
    assert sorted(n for names in models.values() for n in names) == sorted(common)


def test_without_families_clades_of_both_trees_are_collapsed(
    six_hundred: tuple[Tree, Tree, dict[str, str]],
) -> None:
    left, _, _ = six_hundred
    other = random_tree(600, 5)
    pair = collapsed_pair(left, left, {}, MOST_ROWS)
    assert {r.models for r in pair[0].rows} == {r.models for r in pair[1].rows}
    assert all(r.branches == 1 for r in pair[0].rows)
    in_one_row_each(left, pair[0])
    # Trees that share nothing are collapsed each for itself, and this is said.
    pair = collapsed_pair(left, other, {}, MOST_ROWS)
    for tree, made in zip((left, other), pair, strict=True):
        in_one_row_each(tree, made)
    said = " ".join(remarks_of(pair, {}, ("declared", "measured")))
    assert "without one family for all" in said


@pytest.mark.parametrize("labelled", [True, False])
def test_stars_and_ladders_fit_too(labelled: bool) -> None:
    names = [f"m{i}" for i in range(900)]
    star = Tree(Node("", None, tuple(Node(n, 1.0) for n in names)), rooted=True)
    labels = {n: f"f{i % 7}" for i, n in enumerate(names) if i < 800} if labelled else {}
    pair = collapsed_pair(star, caterpillar(900), labels, MOST_ROWS)
    for tree, made in zip((star, caterpillar(900)), pair, strict=True):
        in_one_row_each(tree, made)
    said = " ".join(remarks_of(pair, labels, ("declared", "measured")))
    assert "Rows of the declared tree that join branches" in said
    if labelled:
        sizes = [len(r.models) for r in pair[0].rows if r.branches > 1]
        assert sum(r.family != "" for r in pair[0].rows if r.branches > 1) == len(sizes) >= 6


@pytest.mark.parametrize("seed", range(8))
def test_any_labels_on_any_trees_leave_every_leaf_in_one_row(seed: int) -> None:
    rng = np.random.default_rng(seed)
    left, right = random_tree(60, seed), random_tree(60, seed + 50)
    labels = {n: f"f{int(rng.integers(0, 9))}" for n in left.leaves() if rng.random() < 0.8}
    for most in (2, 3, 10, 30, 59, 60):
        for tree, made in zip(
            (left, right), collapsed_pair(left, right, labels, most), strict=True
        ):
            in_one_row_each(tree, made)
            assert 2 <= len(made.rows) <= most
            assert most < 60 or all(len(r.models) == 1 for r in made.rows)
    with pytest.raises(InputError, match="at least two rows"):
        collapsed_pair(left, right, labels, 1)


def test_hostile_names_are_inert(tmp_path: Path) -> None:
    families = {HOSTILE: [f"{HOSTILE}{i}" for i in range(200)], "b": [f"b{i}" for i in range(200)]}
    labels = {n: family for family, members in families.items() for n in members}
    picture = tmp_path / "t.svg"
    left, right = family_tree(families, 1), family_tree(families, 2, stray=1)
    said = draw_tanglegram(left, right, picture, labels)
    text = picture.read_text()
    ET.fromstring(text)
    for shown in (text, " ".join(said)):
        assert "\x1b" not in shown and "\u202e" not in shown
    assert "<script" not in text
    assert "long" * 20 not in text


def test_one_family_for_all_parts_nothing(tmp_path: Path) -> None:
    left, right = random_tree(300, 0), random_tree(300, 1)
    said = draw_tanglegram(left, right, tmp_path / "t.svg", dict.fromkeys(left.leaves(), "all"))
    assert said and "Collapsed by family" not in " ".join(said)
