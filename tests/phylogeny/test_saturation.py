from __future__ import annotations

import numpy as np
import pytest

from cladist.errors import InputError
from cladist.phylogeny.compare import clade_recovery
from cladist.phylogeny.joining import neighbor_joining
from cladist.phylogeny.saturation import bounded_distances


def evidence(seed: int) -> tuple[list[str], np.ndarray, dict[str, str]]:
    """Twelve families of five, related above noise that strangers show as well."""
    rng = np.random.default_rng(seed)
    names = [f"f{i // 5:02d} m{i % 5}" for i in range(60)]
    family = np.array([n[:3] for n in names])
    s = rng.normal(0, 1.5, size=(60, 60))
    s = (s + s.T) / 2 + 8.0 * (family[:, None] == family[None, :])
    return names, s, {n: n[:3] for n in names}


def test_noise_among_strangers_does_not_break_families() -> None:
    names, s, families = evidence(0)
    d = bounded_distances(names, s)
    assert d.matrix.max() == 1
    fits = clade_recovery(neighbor_joining(d), families)
    assert np.mean([f.exact for f in fits]) > 0.9


def test_order_of_evidence_is_kept_and_symmetric() -> None:
    s = np.array([[0, 9, 3.0], [9, 0, -2], [3, -2, 0]])
    d = bounded_distances(["a", "b", "c"], s)
    assert d.matrix[0, 1] < d.matrix[0, 2] < d.matrix[1, 2] == 1
    assert bounded_distances(["a"], np.zeros((1, 1))).matrix.tolist() == [[0]]


def test_no_relatives_at_all_is_a_star() -> None:
    d = bounded_distances(list("abcd"), np.full((4, 4), -1.0))
    assert set(d.matrix[np.triu_indices(4, 1)]) == {1.0}
    tree = neighbor_joining(d)
    assert all((n.length or 0.0) == 0 for n in tree.root.preorder() if not n.is_leaf)


def test_bad_evidence_is_refused() -> None:
    with pytest.raises(InputError, match="fit"):
        bounded_distances(["a", "b"], np.zeros((3, 3)))
    with pytest.raises(InputError, match="NaN"):
        bounded_distances(["a", "b"], np.full((2, 2), np.nan))
