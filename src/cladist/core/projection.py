"""The shared Gaussian projection from representation to DNA.

One random matrix for all models, never fitted (LLM DNA, arXiv 2509.24496, section 4). Every
probe has a block of rows of its own, so the projected blocks of single probes add up to the
DNA, and a bootstrap over probes needs no new projection.
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from cladist.core.assay import Projection
from cladist.core.features import DenseFeatures, FloatArray, SparseFeatures
from cladist.core.hashing import key64, mix64, mixed_words
from cladist.core.representation import Representation
from cladist.errors import AssayError

_CHUNK = 4096
_SPARSE = 1 << 32
_drawing = Lock()


def gaussian_matrix(rows: int, projection: Projection) -> FloatArray:
    """The matrix of `rows` x L float32.

    unit-columns reproduces the published one: RandomState(seed).randn cast to float32, each
    column divided by its norm; paper gives N(0, 1/L). Cost: rows * L normal numbers.
    """
    if projection.dimension > rows:
        raise AssayError(
            f"a DNA of {projection.dimension} dimensions is longer than the {rows} features "
            "it is made of; lower the projection's dimension"
        )
    matrix = np.empty((rows, projection.dimension), dtype=np.float32)
    stream = np.random.RandomState(projection.seed)
    for lo in range(0, rows, _CHUNK):  # the same stream as in one call, without its float64 array
        part = matrix[lo : lo + _CHUNK]
        part[:] = stream.randn(*part.shape)
    if projection.scaling == "unit-columns":
        norms = np.linalg.norm(matrix, axis=0, keepdims=True)
        matrix /= norms
    else:
        matrix /= np.float32(np.sqrt(projection.dimension))
    return matrix


def _cached_matrix(rows: int, projection: Projection) -> FloatArray:
    with _drawing:  # seconds and hundreds of megabytes: no two threads draw the same one
        return _drawn(rows, projection)


@lru_cache(maxsize=4)
def _drawn(rows: int, projection: Projection) -> FloatArray:
    matrix = gaussian_matrix(rows, projection)
    matrix.setflags(write=False)
    return matrix


def project(representation: Representation, projection: Projection) -> FloatArray:
    """Per-probe blocks of the DNA, float32 of shape (p, L); their sum over p is the DNA.

    A probe without a usable answer has a block of zeros. Channels enter with the square root of
    their weight. Cost: O(stored features * L).
    """
    p, total = len(representation.probe_ids), None
    for number, channel in enumerate(representation.channels):
        if isinstance(channel.features, DenseFeatures):
            blocks = _project_dense(channel.features, _own(projection, number))
        else:
            salts = probe_salts(representation.probe_ids, number)
            blocks = _project_sparse(channel.features, salts, _own(projection, _SPARSE))
        if channel.weight != 1.0:
            blocks = blocks * np.float32(np.sqrt(channel.weight))
        total = blocks if total is None else total + blocks
    if total is None:
        total = np.zeros((p, projection.dimension), dtype=np.float32)
    total = np.where(representation.present[:, None], total, np.float32(0))
    return np.asarray(total, dtype=np.float32)


def _own(projection: Projection, number: int) -> Projection:
    """The projection with a stream of its own, so that channels do not share directions.

    Dense channel 0 keeps the seed itself, which the published matrix needs. Sparse channels
    share one matrix, since their hashes are already apart by channel.
    """
    if number == 0:
        return projection
    return replace(projection, seed=mix64(projection.seed ^ mix64(number)) & 0xFFFFFFFF)


def probe_salts(probe_ids: tuple[str, ...], channel: int) -> NDArray[np.uint64]:
    """A 64-bit salt a probe, so that equal texts of different probes are different features."""
    return np.array([mix64(key64(i) + channel) for i in probe_ids], dtype=np.uint64)


def _project_dense(features: DenseFeatures, projection: Projection) -> FloatArray:
    p, d = features.values.shape
    matrix = _cached_matrix(p * d, projection).reshape(p, d, projection.dimension)
    # One small product a probe, so a block does not depend on how many probes there are.
    blocks = np.matmul(features.values[:, None, :], matrix)[:, 0, :]
    return np.asarray(blocks, dtype=np.float32)


def _project_sparse(
    features: SparseFeatures, salts: NDArray[np.uint64], projection: Projection
) -> FloatArray:
    matrix = _cached_matrix(projection.buckets, projection)
    word = mixed_words(features.keys ^ salts[features.rows()])
    bucket = (word & np.uint64(projection.buckets - 1)).astype(np.int64)
    sign = np.where(word >> np.uint64(63), np.float32(-1), np.float32(1))
    values = features.values * sign
    out = np.zeros((len(features), projection.dimension), dtype=np.float32)
    for row in range(len(features)):
        lo, hi = features.indptr[row], features.indptr[row + 1]
        if hi > lo:
            # take, unlike indexing, leaves the interpreter to other threads.
            out[row] = values[lo:hi] @ matrix.take(bucket[lo:hi], axis=0)
    return out
