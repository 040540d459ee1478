from __future__ import annotations

import numpy as np
import pytest
from tree_builders import path_distances, random_tree, splits

from cladist.core.tree import Node, Tree
from cladist.errors import InputError
from cladist.phylogeny.joining import neighbor_joining
from cladist.phylogeny.placement import place_model


@pytest.mark.parametrize("seed", range(8))
def test_a_model_taken_out_comes_back_to_its_place(seed: int) -> None:
    truth = random_tree(14, seed)
    d = path_distances(truth)
    out = f"m{seed:03d}"
    rest = [n for n in d.ids if n != out]
    tree = neighbor_joining(d.select(rest))
    row = dict(zip(d.ids, d.matrix[d.index(out)].tolist(), strict=True))
    found = place_model(tree, out, row, [row, row])
    assert splits(found.tree) == splits(truth)
    back = path_distances(found.tree).select(d.ids)
    assert back.matrix == pytest.approx(d.matrix, abs=1e-6)
    assert found.residual == pytest.approx(0, abs=1e-6)
    assert found.confidence == 1


def test_noise_lowers_confidence() -> None:
    truth = random_tree(12, 1)
    d = path_distances(truth)
    rest = list(d.ids[1:])
    tree = neighbor_joining(d.select(rest))
    row = dict(zip(d.ids, d.matrix[0].tolist(), strict=True))
    rng = np.random.default_rng(0)
    noisy = [{k: v * float(rng.lognormal(0, 0.5)) for k, v in row.items()} for _ in range(40)]
    found = place_model(tree, d.ids[0], row, noisy)
    assert found.confidence is not None
    assert 0 < found.confidence < 1
    assert found.rivals
    assert sum(share for _, share in found.rivals) + found.confidence <= 1 + 1e-9


def test_a_copy_lands_on_its_original() -> None:
    truth = random_tree(8, 2)
    d = path_distances(truth)
    row = dict(zip(d.ids, d.matrix[3].tolist(), strict=True))
    found = place_model(truth, "copy", row)
    assert found.below == (d.ids[3],)
    assert found.pendant == pytest.approx(0, abs=1e-6)
    assert found.confidence is None
    assert len(found.rivals) == 3


def test_bad_distances_are_refused() -> None:
    tree = random_tree(5, 0)
    row = dict.fromkeys(tree.leaves(), 1.0)
    with pytest.raises(InputError, match="already"):
        place_model(tree, "m001", row)
    with pytest.raises(InputError, match="no distance to 'm001'"):
        place_model(tree, "x", {k: v for k, v in row.items() if k != "m001"})
    for bad in (float("nan"), float("inf"), -1.0):
        with pytest.raises(InputError, match="'m001' is not a number"):
            place_model(tree, "x", {**row, "m001": bad})
    with pytest.raises(InputError, match="three leaves"):
        place_model(Tree(Node("", None, (Node("a", 1.0), Node("b", 1.0)))), "x", {})
