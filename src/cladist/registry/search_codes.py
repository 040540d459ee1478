"""Rows of vectors as small codes, and dot products with them that are certified.

A row x is kept as 8-bit whole numbers c times a scale, relative to a common centre, together
with the norm e of what that loses: x - centre = scale c + r, |r| <= e. For any query q then

    | (x - centre) . q  -  scale (c . q) |  <=  e |q|

so that a scan of the codes, a quarter of the memory of the vectors and as fast, tells which rows
can be among the nearest; only those are looked up in full. Nothing that could belong to the
answer is ever lost: the bound is Cauchy and Schwarz's, rounding is counted into e.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Columns", "Intervals", "columns_of", "encode", "intervals", "scan"]

Columns = Mapping[str, NDArray[np.generic]]
Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]

_UNIT = 2.0**-24  # half the spacing of float32 at one
_BLOCK = 1 << 19  # codes taken at once: they and their floats stay in the cache of a core
_SLACK = 4e-6  # relative rounding of the sums of squares below, all of it
_TINY = 1e-36  # squares below which float32 keeps too few digits


def columns_of(dimension: int) -> dict[str, tuple[str, int]]:
    """Name, type and width of the columns of rows with vectors of `dimension` numbers.

    model    row number of the model in the registry
    mark     first eight bytes of the DNA's digest
    version  number of the encoder versions that made it
    codes    int8, padded with zeros to a multiple of eight
    scale, error, size, norm
             float32: scale and e of above, |x - centre| and |x|
    """
    return {
        "model": ("<i8", 1),
        "mark": ("<u8", 1),
        "version": ("<u4", 1),
        "scale": ("<f4", 1),
        "error": ("<f4", 1),
        "size": ("<f4", 1),
        "norm": ("<f4", 1),
        "codes": ("<i1", -(-dimension // 8) * 8),
    }


def encode(vectors: Floats, centre: Doubles) -> dict[str, NDArray[np.generic]]:
    """The columns codes, scale, error, size and norm of float32 vectors (n, L). O(n L)."""
    n, dimension = vectors.shape
    wide = vectors.astype(np.float64) - centre
    top = np.abs(wide).max(axis=1, initial=0.0)
    scale = (top / 127).astype(np.float32)
    step = np.where(scale > 0, scale.astype(np.float64), 1.0)
    rounded = np.clip(np.rint(wide / step[:, None]), -127, 127)
    codes = np.zeros((n, columns_of(dimension)["codes"][1]), np.int8)
    codes[:, :dimension] = rounded
    size = np.sqrt(np.einsum("ij,ij->i", wide, wide))
    wide -= rounded * step[:, None]
    wide[scale == 0] = 0.0
    lost = np.sqrt(np.einsum("ij,ij->i", wide, wide))
    # A float32 dot product of L terms is off by at most L units of the product of the norms
    # (Higham, Accuracy and Stability of Numerical Algorithms, section 3.1); |scale c| <= size + e.
    error = (lost + 1.1 * (dimension + 2) * _UNIT * (size + lost)) * (1 + 1e-6)
    norm = np.sqrt(np.einsum("ij,ij->i", vectors, vectors, dtype=np.float64))
    # Vectors too short for the scale have nothing but their own length as a bound.
    error = np.where(scale > 0, error, size * (1 + 1e-6))
    return {
        "codes": codes,
        "scale": scale,
        "error": error.astype(np.float32),
        "size": size.astype(np.float32),
        "norm": norm.astype(np.float32),
    }


def scan(codes: NDArray[np.int8], scale: Floats, query: Doubles, threads: int = 0) -> Floats:
    """scale (c . q) for all rows, float32 (n,). Exact up to what `encode` counts into the error.

    O(n L), bound by the processor: about 3.4 thousand million products a second and core.
    Threads share the rows; 0 takes one for each core that this process may use, up to four.
    """
    n, width = codes.shape
    q = np.zeros(width, np.float32)
    q[: len(query)] = query
    out = np.empty(n, np.float32)
    step = max(_BLOCK // max(width, 1), 16)

    def part(first: int, last: int) -> None:
        room = np.empty((min(step, last - first), width), np.float32)
        for begin in range(first, last, step):
            end = min(begin + step, last)
            np.copyto(room[: end - begin], codes[begin:end])
            np.dot(room[: end - begin], q, out=out[begin:end])

    wanted = threads or min(_cores(), 4)
    if wanted < 2 or n * width < 4 * _BLOCK:
        if n:
            part(0, n)
    else:
        edges = np.linspace(0, n, wanted + 1).astype(np.int64).tolist()
        with ThreadPoolExecutor(wanted) as pool:
            list(pool.map(part, edges[:-1], edges[1:]))
    np.multiply(out, scale, out=out)
    return out


@dataclass(frozen=True, slots=True)
class Intervals:
    """Where the rank of every row lies: float32 (n,) lower and upper bounds; smaller is nearer."""

    lower: Floats
    upper: Floats


def intervals(
    columns: Columns,
    query: Doubles,
    centre: Doubles,
    metric: str,
    mean: Doubles | None = None,
    threads: int = 0,
) -> Intervals:
    """Bounds on the squared Euclidean distance, or on minus the cosine, of every row to `query`.

    `centre` is that of the codes. With `mean`, cosines are between differences from it. Rows
    without a direction have the lower bound +inf under 'cosine': they are nobody's neighbours.
    """
    # Overflow gives bounds that say nothing, which `_open_where_unknown` sees to.
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        if metric == "euclidean":
            return _of_distance(columns, query - centre, threads)
        return _of_cosine(columns, query, centre, mean, threads)


def _of_distance(columns: Columns, asked: Doubles, threads: int) -> Intervals:
    codes, scale, error, size, _ = _sides(columns)
    own = float(np.linalg.norm(asked))
    squares = size * size
    squares += np.float32(own * own)
    wide = error * np.float32(2 * own * (1 + 1e-6))
    wide += squares * np.float32(_SLACK) + np.float32(_TINY)
    middle = scan(codes, scale, asked, threads)
    middle *= np.float32(-2)
    middle += squares
    return _open_where_unknown(middle - wide, middle + wide)


def _of_cosine(
    columns: Columns, query: Doubles, centre: Doubles, mean: Doubles | None, threads: int
) -> Intervals:
    codes, scale, error, size, norm = _sides(columns)
    asked = query if mean is None else query - mean
    asked = asked / np.linalg.norm(asked)
    # x - mean = (x - centre) - shift
    shift = -centre if mean is None else mean - centre
    moved = float(np.linalg.norm(shift))
    dot = scan(codes, scale, asked, threads)
    dot -= np.float32(float(shift @ asked))
    wide = error * np.float32(1 + 1e-6)
    wide += (size + np.float32(moved)) * np.float32(_SLACK)
    if mean is None:
        least, most = norm * np.float32(1 - _SLACK), norm * np.float32(1 + _SLACK)
    else:
        least = np.maximum(size * np.float32(1 - _SLACK) - np.float32(moved), 0)
        most = size * np.float32(1 + _SLACK) + np.float32(moved)
    low, high = dot - wide, dot + wide
    # The larger cosine has the larger numerator over the denominator that favours it.
    upper = np.where(high >= 0, high / least, high / most) + np.float32(_SLACK)
    lower = np.where(low >= 0, low / most, low / least) - np.float32(_SLACK)
    # Where the length itself has lost its digits, so has the direction.
    upper[most * most < _TINY] = np.nan
    found = _open_where_unknown(-np.minimum(upper, 1), -np.maximum(lower, -1))
    nowhere = (norm if mean is None else size + np.float32(moved)) == 0
    found.lower[nowhere] = np.inf
    found.upper[nowhere] = np.inf
    return found


def _sides(columns: Columns) -> tuple[NDArray[np.int8], Floats, Floats, Floats, Floats]:
    scale, error, size, norm = (
        np.asarray(columns[name], np.float32) for name in ("scale", "error", "size", "norm")
    )
    return np.asarray(columns["codes"], np.int8), scale, error, size, norm


def _open_where_unknown(lower: Floats, upper: Floats) -> Intervals:
    """Numbers too large for single precision bound nothing: such rows are always looked up."""
    if not (np.isfinite(lower).all() and np.isfinite(upper).all()):
        lower = np.where(np.isfinite(lower) & np.isfinite(upper), lower, np.float32(-np.inf))
        upper = np.where(np.isfinite(lower), upper, np.float32(np.inf))
    return Intervals(lower, upper)


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
