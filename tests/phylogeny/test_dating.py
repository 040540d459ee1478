from __future__ import annotations

import numpy as np
import pytest
from tree_builders import random_tree

from cladist.core.dates import dates_of, year_of, year_range
from cladist.core.tree import Node, Tree
from cladist.errors import InputError
from cladist.phylogeny.arrays import to_arrays
from cladist.phylogeny.dating import (
    family_speeds,
    node_dates,
    root_by_dates,
    root_to_tip,
    time_tree,
)
from cladist.phylogeny.rooting import root_midpoint


def clocked(n: int, seed: int, rate: float) -> tuple[Tree, dict[str, float], dict[int, float]]:
    """A rooted tree whose branches are rate x time, with dates of leaves and of all nodes."""
    shape = root_midpoint(random_tree(n, seed)).tree
    flat = to_arrays(shape)
    when = 2020 + flat.depths()
    made: dict[int, Node] = {}
    order = list(shape.root.preorder())
    number = {id(node): k for k, node in enumerate(order)}
    for node in shape.root.postorder():
        kids = tuple(made.pop(id(c)) for c in node.children)
        length = None if node is shape.root else (node.length or 0.0) * rate
        made[id(node)] = Node(node.name, length, kids)
    tree = Tree(made[id(shape.root)], rooted=True)
    dates = {node.name: float(when[number[id(node)]]) for node in order if node.is_leaf}
    return tree, dates, dict(enumerate(when.tolist()))


@pytest.mark.parametrize(
    ("text", "year"),
    [
        ("2024", 2024.5),
        ("2024-01-01", 2024 + 0.5 / 366),
        ("2023-12-31", 2023 + 364.5 / 365),
        (" 2023-07 ", 2023 + (181 + 15) / 365),
    ],
)
def test_years(text: str, year: float) -> None:
    assert year_of(text) == pytest.approx(year)


@pytest.mark.parametrize(
    "text", ["", "soon", "2024-13", "2024-02-30", "24-01-01", "2024/01", "nan"]
)
def test_dates_that_are_none(text: str) -> None:
    with pytest.raises(InputError, match="date"):
        year_of(text)


def test_a_clock_is_read_off_exactly() -> None:
    tree, dates, _ = clocked(15, 1, 0.25)
    clock = root_to_tip(tree, dates)
    assert clock.rate == pytest.approx(0.25)
    assert clock.origin == pytest.approx(2020)
    assert clock.r2 == pytest.approx(1)
    assert clock.models == 15


@pytest.mark.parametrize("seed", range(6))
def test_root_is_found_by_dates_from_any_other(seed: int) -> None:
    tree, dates, _ = clocked(12, seed, 0.5)
    moved = Tree(root_midpoint(Tree(tree.root)).tree.root)
    found = root_by_dates(moved, dates)
    assert found.method == "dates"
    assert root_to_tip(found.tree, dates).rate == pytest.approx(0.5)
    assert root_to_tip(found.tree, dates).r2 == pytest.approx(1)
    assert set(found.tree.clades()) == set(tree.clades())


def test_dates_of_ancestors() -> None:
    tree, dates, truth = clocked(14, 3, 2.0)
    found = node_dates(tree, dates, 2.0)
    assert dict(enumerate(found)) == pytest.approx(truth)
    # A wrong date moves ancestors, but never below their children.
    dates[next(iter(dates))] -= 50
    found = node_dates(tree, dates, 2.0)
    parent = to_arrays(tree).parent
    assert all(found[int(parent[i])] <= found[i] for i in range(1, len(parent)))


def test_families_of_different_speeds_are_told_apart() -> None:
    slow, slow_dates, _ = clocked(20, 4, 0.5)
    fast, fast_dates, _ = clocked(20, 4, 1.5)
    rename = {n: f"fast {n}" for n in fast_dates}
    made: dict[int, Node] = {}
    rng = np.random.default_rng(0)
    for node in fast.root.postorder():
        kids = tuple(made.pop(id(c)) for c in node.children)
        length = (node.length or 0.0) + abs(float(rng.normal(0, 0.02)))
        made[id(node)] = Node(rename.get(node.name, ""), length, kids)
    slow_top = Node("", 0.1, slow.root.children)
    both = Tree(Node("", None, (slow_top, made[id(fast.root)])), rooted=True)
    dates = {**slow_dates, **{rename[n]: d for n, d in fast_dates.items()}}
    groups = {n: "fast" if n.startswith("fast") else "slow" for n in dates}
    found = family_speeds(both, dates, groups)
    assert found.clocks["slow"].rate == pytest.approx(0.5)
    assert found.clocks["fast"].rate == pytest.approx(1.5, rel=0.02)
    assert found.clocks["fast"].low < found.clocks["fast"].rate < found.clocks["fast"].high
    assert found.p < 1e-6
    same = family_speeds(both, dates, {n: groups[n] for n in slow_dates})
    assert np.isnan(same.p)
    halves = {n: str(k % 2) for k, n in enumerate(rename.values())}
    assert family_speeds(both, dates, halves).p > 0.01


def test_what_cannot_be_dated_is_said() -> None:
    tree, dates, _ = clocked(6, 0, 1.0)
    unrooted = Tree(tree.root)
    for call in (lambda: root_to_tip(unrooted, dates), lambda: family_speeds(unrooted, dates, {})):
        with pytest.raises(InputError, match="root"):
            call()
    few = dict(list(dates.items())[:2])
    for call in (lambda: root_to_tip(tree, few), lambda: root_by_dates(tree, few)):
        with pytest.raises(InputError, match="2 have one"):
            call()
    with pytest.raises(InputError, match="not all the same"):
        root_to_tip(tree, dict.fromkeys(dates, 2020.0))
    with pytest.raises(InputError, match="rate above zero"):
        node_dates(tree, dates, 0.0)
    with pytest.raises(InputError, match="at least one"):
        node_dates(tree, {}, 1.0)


def test_a_tree_in_years_ends_at_the_dates() -> None:
    tree, dates, truth = clocked(14, 3, 2.0)
    years = time_tree(tree, node_dates(tree, dates, 2.0))
    flat = to_arrays(years)
    assert (flat.depths() + truth[0])[flat.leaves] == pytest.approx(
        [dates[n] for n in flat.leaf_names]
    )
    assert years.clades() == tree.clades()


def test_a_date_is_as_long_as_it_says() -> None:
    assert year_range("2024") == (2024, 2025)
    low, high = year_range("2023-02")
    assert (high - low) * 365 == pytest.approx(28)
    low, high = year_range("2023-12-31")
    assert (high, (high - low) * 365) == (2024, pytest.approx(1))
    with pytest.raises(InputError, match=r"cards\.csv, model 'm': date 'soon'"):
        dates_of({"m": "soon"}, "cards.csv")
