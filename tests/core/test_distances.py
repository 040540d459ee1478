import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cladist.core.distances import DistanceMatrix, dna_distances, symmetric
from cladist.core.dna import DNA, of_blocks
from cladist.errors import AssayError, InputError, NotComparableError


def dna(name, vector, assay="x"):
    vector = np.asarray(vector, np.float32)
    return DNA(name, assay, vector, vector[None].astype(np.float16), 1, 1)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(2, 8), st.integers(1, 12))
def test_euclidean_distances_are_a_metric(seed, n, size):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, size)).astype(np.float32)
    d = dna_distances([dna(str(i), v) for i, v in enumerate(x)]).matrix
    expected = np.linalg.norm(x[:, None].astype(np.float64) - x[None], axis=-1)
    np.testing.assert_allclose(d, expected, atol=1e-5)
    assert (d[:, :, None] <= d[:, None, :] + d[None, :, :].transpose(0, 2, 1) + 1e-5).all()


def test_copies_are_at_distance_zero_exactly():
    v = np.random.default_rng(0).normal(size=300) * 1e3
    for metric in ("euclidean", "cosine"):
        assert (dna_distances([dna("a", v), dna("b", v)], metric).matrix == 0).all()


def test_cosine_by_hand():
    d = dna_distances([dna("a", [1, 0]), dna("b", [3, 4]), dna("c", [-2, 0])], "cosine").matrix
    np.testing.assert_allclose(d, [[0, 0.4, 2], [0.4, 0, 1.6], [2, 1.6, 0]], atol=1e-7)


def test_a_dna_of_zeros_has_no_direction():
    with pytest.raises(InputError, match="'b' is all zeros"):
        dna_distances([dna("a", [1, 0]), dna("b", [0, 0])], "cosine")


def test_what_cannot_be_compared():
    with pytest.raises(NotComparableError, match="'a' was measured by assay xxxxxxxx"):
        dna_distances([dna("a", [1], "x" * 64), dna("b", [1], "y" * 64)])
    with pytest.raises(NotComparableError, match="1 and 2 dimensions"):
        dna_distances([dna("a", [1]), dna("b", [1, 2])])
    with pytest.raises(AssayError, match="'nei'"):
        dna_distances([dna("a", [1])], "nei")
    with pytest.raises(InputError, match="no DNA"):
        dna_distances([])


@pytest.mark.parametrize(
    ("ids", "matrix", "reason"),
    [
        ("aa", [[0, 1], [1, 0]], "twice: 'a'"),
        ("abc", [[0, 1], [1, 0]], "3 names"),
        ("ab", [[0, np.nan], [1, 0]], "between 'a' and 'b'"),
        ("ab", [[1, 1], [1, 0]], "diagonal"),
        ("ab", [[0, -1], [-1, 0]], "negative"),
        ("ab", [[0, 1], [2, 0]], "not symmetric"),
    ],
)
def test_bad_matrices_are_refused(ids, matrix, reason):
    with pytest.raises(InputError, match=reason):
        DistanceMatrix(tuple(ids), np.array(matrix, dtype=np.float64))


def test_nearest_select_condensed():
    raw = np.array([[0, 3, 1, 1], [3, 0, 4, 5], [1, 4, 0, 6], [1, 5, 6, 0]], dtype=np.float64)
    d = symmetric("wxyz", raw, "test", "digest")
    assert d.nearest("w", 2) == [("y", 1.0), ("z", 1.0)]
    assert d.condensed().tolist() == [3, 1, 1, 4, 5, 6]
    part = d.select(["z", "w"])
    assert (part.ids, part.assay, part.matrix.tolist()) == (("z", "w"), "digest", [[0, 1], [1, 0]])
    with pytest.raises(InputError, match="'q' is not among the 4"):
        d.nearest("q")


def test_a_dna_is_checked_and_has_an_identity():
    blocks = np.array([[1, 2], [3, 4]], np.float32)
    present = np.array([True, True])
    one = of_blocks("a", "x", blocks, present, [])
    assert one.vector.tolist() == [4, 6]
    assert one.digest == of_blocks("b", "x", blocks, present, []).digest
    assert one.digest != of_blocks("a", "y", blocks, present, []).digest
    with pytest.raises(InputError, match="NaN or infinity"):
        dna("a", [np.nan])
    with pytest.raises(InputError, match="do not fit 3 probes"):
        DNA("a", "x", one.vector, one.blocks, 2, 3)


def test_blocks_beyond_half_precision_are_kept_finite():
    dna_ = of_blocks("a", "x", np.array([[1e6, -1e6]], np.float32), np.array([True]), [])
    assert np.isfinite(dna_.blocks).all()
    assert dna_.vector.tolist() == [1e6, -1e6]
