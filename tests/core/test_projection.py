"""The shared Gaussian projection: the published matrix, and the properties it must have."""

import hashlib
import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cladist.core.assay import Projection
from cladist.core.dna import of_blocks
from cladist.core.features import DenseFeatures, SparseFeatures
from cladist.core.projection import gaussian_matrix, project
from cladist.core.representation import Channel, Representation
from cladist.errors import AssayError

IDS = ("a", "b", "c")


def dense(values, samples=None, weight=1.0):
    array = np.asarray(values, dtype=np.float32)
    ids = tuple(f"{i:04d}" for i in range(len(array)))
    present = np.ones(len(array), np.int64) if samples is None else np.asarray(samples, np.int64)
    return Representation("m", ids, (Channel("dense", weight, DenseFeatures(array)),), present)


def sparse(rows, ids=IDS, samples=None, weight=1.0):
    indptr = np.cumsum([0, *(len(r) for r in rows)]).astype(np.int64)
    keys = np.array([k for r in rows for k in r], dtype=np.uint64)
    values = np.array([v for r in rows for v in r.values()], dtype=np.float32)
    present = np.ones(len(rows), np.int64) if samples is None else np.asarray(samples, np.int64)
    channel = Channel("sparse", weight, SparseFeatures(indptr, keys, values))
    return Representation("m", ids, (channel,), present)


def test_the_published_matrix_bit_for_bit():
    # SHA-256 of the .npy file that the authors of arXiv 2509.24496 publish with llm-dna 1.0.
    matrix = gaussian_matrix(38400, Projection(128, 42, "unit-columns"))
    file = io.BytesIO()
    np.save(file, matrix)
    assert (
        hashlib.sha256(file.getvalue()).hexdigest()
        == "8acbe4e4025f16cc587ddfe367f0c72c6cbf841b4ce3eb5a9f830be70b93692d"
    )
    assert (
        hashlib.sha256(matrix.tobytes()).hexdigest()
        == "ae0c9a9ebda348dd141c3eafed3dd1383c37104d75d19a7d175c0d1fe9b01f18"
    )


def test_a_dense_dna_is_the_flat_vector_times_the_matrix():
    values = np.random.default_rng(0).normal(size=(20, 6))
    for scaling in ("unit-columns", "paper"):
        projection = Projection(16, 42, scaling)
        expected = values.astype(np.float32).ravel() @ gaussian_matrix(120, projection)
        dna = project(dense(values), projection).sum(axis=0)
        np.testing.assert_allclose(dna, expected, rtol=1e-4, atol=1e-5)


def test_scalings():
    unit = gaussian_matrix(500, Projection(8, 1, "unit-columns"))
    np.testing.assert_allclose(np.linalg.norm(unit, axis=0), 1, rtol=1e-5)
    paper = gaussian_matrix(5000, Projection(8, 1, "paper"))
    assert paper.var() == pytest.approx(1 / 8, rel=0.03)
    assert paper.dtype == np.float32


def test_more_dimensions_than_features_are_refused():
    with pytest.raises(AssayError, match="longer than the 12 features"):
        project(dense(np.ones((3, 4))), Projection(13))


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32 - 1), st.floats(-3, 3), st.floats(-3, 3))
def test_the_projection_is_linear(seed, a, b):
    rng = np.random.default_rng(seed)
    x, y = rng.normal(size=(2, 5, 8)).astype(np.float32)
    p = Projection(7, 3)
    left = project(dense(np.float32(a) * x + np.float32(b) * y), p)
    right = a * project(dense(x), p) + b * project(dense(y), p)
    np.testing.assert_allclose(left, right, atol=1e-4)


@pytest.mark.parametrize("kind", ["dense", "sparse"])
def test_lengths_survive_within_the_bound(kind):
    # For N(0, 1/L), ||xA||^2 / ||x||^2 is chi^2_L / L: standard deviation sqrt(2 / L).
    rng = np.random.default_rng(1)
    size, p = 512, Projection(512, 42, "paper")
    ratios = []
    for _ in range(30):
        if kind == "dense":
            x = rng.normal(size=(20, 40))
            length, found = (x**2).sum(), project(dense(x), p)
        else:
            keys = rng.integers(0, 2**63, size=(3, 100))
            rows = [dict(zip(map(int, k), rng.normal(size=100), strict=True)) for k in keys]
            length = sum(v * v for r in rows for v in r.values())
            found = project(sparse(rows), p)
        ratios.append((found.sum(axis=0).astype(np.float64) ** 2).sum() / length)
    assert np.abs(np.array(ratios) - 1).max() < 5 * np.sqrt(2 / size)
    assert np.std(ratios) > 0.2 * np.sqrt(2 / size)


def test_channels_do_not_share_directions():
    # The same numbers in two channels must add like independent directions: length 2, not 4.
    x = np.random.default_rng(2).normal(size=(40, 50)).astype(np.float32)
    one = dense(x)
    channel = one.channels[0]
    two = Representation("m", one.probe_ids, (channel, channel), one.samples)
    p = Projection(1024, 42, "paper")
    ratio = (project(two, p).sum(0) ** 2).sum() / (project(one, p).sum(0) ** 2).sum()
    assert ratio == pytest.approx(2, rel=0.15)


def test_the_same_text_at_other_probes_is_another_feature():
    p = Projection(64)
    first = project(sparse([{7: 1.0}, {}, {}]), p)[0]
    second = project(sparse([{}, {7: 1.0}, {}]), p)[1]
    assert not np.allclose(np.abs(first), np.abs(second))


def test_weights_are_shares_of_the_squared_distance():
    x = np.random.default_rng(3).normal(size=(4, 8))
    p = Projection(4)
    np.testing.assert_allclose(
        project(dense(x, weight=0.25), p), 0.5 * project(dense(x), p), rtol=1e-6
    )


def test_missing_probes_leave_the_blocks_of_the_others_alone():
    x = np.random.default_rng(4).normal(size=(6, 5))
    p = Projection(9)
    full = project(dense(x), p)
    part = project(dense(x, samples=[1, 0, 1, 1, 0, 1]), p)
    assert (part[[1, 4]] == 0).all()
    np.testing.assert_array_equal(part[[0, 2, 3, 5]], full[[0, 2, 3, 5]])


def test_blocks_add_up_to_the_dna():
    x = np.random.default_rng(5).normal(size=(30, 5))
    present = np.arange(30) % 7 > 0
    blocks = project(dense(x, samples=present), Projection(12))
    dna = of_blocks("m", "assay", blocks, present, ["sparse-coverage"])
    np.testing.assert_allclose(dna.vector, blocks.sum(axis=0), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(
        dna.blocks.astype(np.float32).sum(axis=0), dna.vector, atol=0.05, rtol=1e-2
    )
    assert (dna.usable, dna.probes, dna.notes) == (25, 30, ("sparse-coverage",))


def test_the_bytes_repeat():
    rows = [{1: 0.5, 9: 1.5}, {3: 2.0}, {}]
    one, two = (project(sparse(rows), Projection(32)).tobytes() for _ in range(2))
    assert one == two
