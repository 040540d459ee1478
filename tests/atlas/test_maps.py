from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest
from scipy.spatial.distance import cdist
from sklearn.manifold import trustworthiness

from cladist.apply import maps
from cladist.apply.maps import LEAST, make_map
from cladist.apply.neighbours import Distances, Vectors, kept_neighbours, nearest, unit_rows
from cladist.errors import InputError, UsageError

DRAW = np.random.default_rng(3)
CLUMPS = np.concatenate([DRAW.normal(8 * k, 1, (20, 6)) for k in range(3)]).astype(np.float32)


def square(x: np.ndarray) -> np.ndarray:
    return cdist(x.astype(np.float64), x.astype(np.float64))


def test_nearest_are_those_of_all_distances() -> None:
    far = square(CLUMPS)
    np.fill_diagonal(far, np.inf)
    wanted = np.argsort(far, axis=1)[:, :7]
    for space in (Vectors(CLUMPS), Distances(square(CLUMPS))):
        index, distance = nearest(space, 7)
        np.testing.assert_array_equal(index, wanted)
        np.testing.assert_allclose(distance, np.sort(far, axis=1)[:, :7], rtol=1e-4)


def test_nearest_in_blocks_among_some_and_with_ties(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = nearest(Vectors(CLUMPS), 5)
    monkeypatch.setattr("cladist.apply.neighbours.BLOCK", 130)
    np.testing.assert_array_equal(nearest(Vectors(CLUMPS), 5)[0], whole[0])
    few = np.array([3, 17, 45])
    place, _ = nearest(Vectors(CLUMPS), 2, among=few)
    assert place[17, 0] == 1 and place[45, 0] == 2
    equal = Vectors(np.ones((9, 2), np.float32))
    np.testing.assert_array_equal(nearest(equal, 3)[0][0], [1, 2, 3])
    np.testing.assert_array_equal(nearest(equal, 3)[0][2], [0, 1, 3])


def test_share_kept_and_trustworthiness() -> None:
    plane = CLUMPS[:, :2].astype(np.float64)
    kept, trust, asked = kept_neighbours(Vectors(CLUMPS), plane, 10)
    near = nearest(Vectors(CLUMPS), 10)[0]
    shown = nearest(Vectors(CLUMPS[:, :2]), 10)[0]
    by_hand = np.mean([len(set(a) & set(b)) / 10 for a, b in zip(near, shown)])
    assert asked == 60
    assert kept == pytest.approx(by_hand)
    assert trust == pytest.approx(trustworthiness(CLUMPS, plane, n_neighbors=10), abs=1e-6)
    assert kept_neighbours(Vectors(plane.astype(np.float32)), plane, 10)[:2] == (1.0, 1.0)


def test_pcoa_of_distances_and_of_vectors_agree_up_to_the_frame() -> None:
    of_vectors = make_map("pcoa", Vectors(CLUMPS))
    of_distances = make_map("pcoa", Distances(square(CLUMPS)))
    np.testing.assert_allclose(of_vectors.xy, of_distances.xy, atol=1e-4)
    assert np.abs(of_vectors.xy).max() == pytest.approx(1)
    assert "squared distances" in of_vectors.note
    # All three clumps lie on one line.
    assert of_vectors.xy[:20, 0].max() < of_vectors.xy[20:40, 0].min() or (
        of_vectors.xy[:20, 0].min() > of_vectors.xy[20:40, 0].max()
    )


def test_pcoa_of_a_plane_is_exact() -> None:
    plane = DRAW.normal(size=(12, 2))
    made = make_map("pcoa", Distances(square(plane)))
    shown = square(made.xy)
    np.testing.assert_allclose(shown / shown.max(), square(plane) / square(plane).max(), atol=1e-9)
    assert made.note.startswith("two axes hold 100%")


@pytest.mark.parametrize("space", [Vectors(CLUMPS), Distances(square(CLUMPS))])
def test_tsne_keeps_clumps_and_bytes(space: Vectors | Distances) -> None:
    first, second = make_map("tsne", space), make_map("tsne", space)
    assert first.xy.tobytes() == second.xy.tobytes()
    assert make_map("tsne", space, seed=1).xy.tobytes() != first.xy.tobytes()
    shown = nearest(Vectors(first.xy.astype(np.float32)), 5)[0]
    assert (shown // 20 == np.arange(60)[:, None] // 20).mean() > 0.98


def test_landmarks_carry_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(maps, "LANDMARKS", 40)
    made = make_map("tsne", Vectors(CLUMPS))
    assert made.note.startswith("40 models laid out")
    shown = nearest(Vectors(made.xy.astype(np.float32)), 5)[0]
    assert (shown // 20 == np.arange(60)[:, None] // 20).mean() > 0.95
    assert make_map("tsne", Vectors(CLUMPS)).xy.tobytes() == made.xy.tobytes()


def test_umap_keeps_clumps_and_bytes() -> None:
    """In a process of its own, where numba need not compile half a minute for sixty points."""
    script = (
        "import numpy as np, sys\n"
        "from cladist.apply.maps import make_map\n"
        "from cladist.apply.neighbours import Vectors\n"
        "x = np.frombuffer(sys.stdin.buffer.read(), np.float32).reshape(-1, 6)[::2]\n"
        "a, b = make_map('umap', Vectors(x)), make_map('umap', Vectors(x))\n"
        "assert a.xy.tobytes() == b.xy.tobytes()\n"
        "sys.stdout.buffer.write(a.xy.tobytes())\n"
    )
    found = subprocess.run(
        [sys.executable, "-W", "error::DeprecationWarning:cladist", "-c", script],
        input=CLUMPS.tobytes(),
        capture_output=True,
        check=False,
        env={**os.environ, "NUMBA_DISABLE_JIT": "1"},
    )
    assert found.returncode == 0, found.stderr.decode()
    xy = np.frombuffer(found.stdout).reshape(-1, 2)
    shown = nearest(Vectors(xy.astype(np.float32)), 4)[0]
    assert (shown // 10 == np.arange(30)[:, None] // 10).mean() > 0.95


def test_odd_spaces_and_refusals() -> None:
    same = Vectors(np.ones((10, 3), np.float32))
    for kind in ("pcoa", "tsne"):
        assert np.isfinite(make_map(kind, same).xy).all()  # type: ignore[arg-type]
    with pytest.raises(InputError, match="at least 8"):
        make_map("tsne", Vectors(CLUMPS[: LEAST["tsne"] - 1]))
    with pytest.raises(UsageError, match="unknown"):
        make_map("isomap", same)  # type: ignore[arg-type]
    with pytest.raises(InputError, match="finite"):
        Vectors(np.array([[np.nan]], np.float32))
    assert (unit_rows(np.zeros((1, 3), np.float32)) == 0).all()
    one_axis = make_map("pcoa", Vectors(np.arange(5, dtype=np.float32)[:, None]))
    assert (one_axis.xy[:, 1] == 0).all()
