from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tree_builders import path_distances, random_tree

from cladist.core.distances import symmetric
from cladist.errors import InputError
from cladist.phylogeny.draw_network import draw_network, outline
from cladist.phylogeny.network import SplitNetwork, split_network


def area(walk: np.ndarray) -> float:
    x, y = walk[:-1].T
    following = np.roll(walk[:-1], -1, axis=0)
    return abs(float(x @ following[:, 1] - y @ following[:, 0])) / 2


def box() -> SplitNetwork:
    """Four models of which two groupings hold: ab|cd with weight 2 and bc|da with weight 1."""
    d = np.zeros((4, 4))
    for (i, j), distance in {
        (0, 1): 1, (2, 3): 1, (1, 2): 2, (0, 3): 2, (0, 2): 3, (1, 3): 3
    }.items():  # fmt: skip
        d[i, j] = d[j, i] = distance
    return split_network(symmetric(("a", "b", "c", "d"), d, "any", ""))


@pytest.mark.parametrize("n", [4, 9, 30])
def test_the_outline_of_a_tree_closes_and_holds_nothing(n: int) -> None:
    walk, spot = outline(split_network(path_distances(random_tree(n, 3))))
    size = np.ptp(walk, axis=0).max()
    assert np.allclose(walk[0], walk[-1], atol=1e-9 * size)
    assert area(walk) < 1e-6 * size**2
    assert len(np.unique(spot.round(9), axis=0)) == n


def test_conflict_opens_a_box_of_its_weights() -> None:
    walk, spot = outline(box())
    # Two groupings of four models around a circle are crossed at right angles.
    assert area(walk) == pytest.approx(2.0)
    apart = sorted(np.linalg.norm(spot[i] - spot[j]) for i in range(4) for j in range(i))
    assert apart == pytest.approx([1, 1, 2, 2, np.sqrt(5), np.sqrt(5)])


def test_pictures_repeat_and_hold_hostile_names(tmp_path: Path) -> None:
    network = box()
    hostile = SplitNetwork(
        ("<b>$\\frac", "b\u202e", "c\x00", "d" * 900), network.cycle, network.splits, network.fit
    )
    for ending in ("svg", "png", "pdf"):
        one, two = tmp_path / f"1.{ending}", tmp_path / f"2.{ending}"
        draw_network(hostile, one, {"c\x00": "group"})
        draw_network(hostile, two, {"c\x00": "group"})
        assert one.read_bytes() == two.read_bytes()
    text = (tmp_path / "1.svg").read_text()
    assert "\u202e" not in text and "<b>" not in text
    with pytest.raises(InputError, match=r"\.svg"):
        draw_network(network, tmp_path / "n.gif")
