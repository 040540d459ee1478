"""Rows of vectors as small codes, and dot products with them that are certified.

A row x is kept as 8-bit whole numbers c times a scale, relative to a common centre, together
with the norm e of what that loses: x - centre = scale c + r, |r| <= e. For any query q then

    | (x - centre) . q  -  scale (c . q) |  <=  e |q|

so that a scan of the codes, a quarter of the memory of the vectors and as fast, tells which rows
can be among the nearest; only those are looked up in full. Nothing that could belong to the
answer is ever lost: the bound is Cauchy and Schwarz's, rounding is counted into e.
"""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cladist.core.machine import cores

__all__ = ["Columns", "Intervals", "columns_of", "encode", "intervals", "scan", "survivors"]

Columns = Mapping[str, NDArray[np.generic]]
Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]

_UNIT = 2.0**-24  # half the spacing of float32 at one
_BLOCK = 1 << 17  # codes turned to floats at once: they stay in the cache of a core
_CHUNK = 1 << 24  # codes whose rows are looked at at once: threads wait less for each other
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


def scan(codes: NDArray[np.int8], scale: Floats, query: Doubles) -> Floats:
    """scale (c . q) for all rows, float32 (n,). Exact up to what `encode` counts into the error.

    O(n L), bound by the processor: about 3.4 thousand million products a second and core.
    """
    n, width = codes.shape
    q = np.zeros(width, np.float32)
    q[: len(query)] = query
    out = np.empty(n, np.float32)
    step = max(_BLOCK // max(width, 1), 16)
    room = np.empty((min(step, n), width), np.float32)
    for begin in range(0, n, step):
        end = min(begin + step, n)
        np.copyto(room[: end - begin], codes[begin:end])
        np.dot(room[: end - begin], q, out=out[begin:end])
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
) -> Intervals:
    """Bounds on the squared Euclidean distance, or on minus the cosine, of every row to `query`.

    `centre` is that of the codes. With `mean`, cosines are between differences from it. Rows
    without a direction have the lower bound +inf under 'cosine': they are nobody's neighbours.
    """
    # Overflow gives bounds that say nothing, which `_open_where_unknown` sees to.
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        if metric == "euclidean":
            return _of_distance(columns, query - centre)
        return _of_cosine(columns, query, centre, mean)


def _of_distance(columns: Columns, asked: Doubles) -> Intervals:
    codes, scale, error, size, _ = _sides(columns)
    own = float(np.linalg.norm(asked))
    squares = size * size
    squares += np.float32(own * own)
    wide = error * np.float32(2 * own * (1 + 1e-6))
    wide += squares * np.float32(_SLACK) + np.float32(_TINY)
    middle = scan(codes, scale, asked)
    middle *= np.float32(-2)
    middle += squares
    return _open_where_unknown(middle - wide, middle + wide)


def _of_cosine(
    columns: Columns, query: Doubles, centre: Doubles, mean: Doubles | None
) -> Intervals:
    codes, scale, error, size, norm = _sides(columns)
    asked = query if mean is None else query - mean
    asked = asked / np.linalg.norm(asked)
    # x - mean = (x - centre) - shift
    shift = -centre if mean is None else mean - centre
    moved = float(np.linalg.norm(shift))
    dot = scan(codes, scale, asked)
    dot -= np.float32(float(shift @ asked))
    wide = error * np.float32(1 + 1e-6)
    wide += (size + np.float32(moved)) * np.float32(_SLACK)
    if mean is None:
        # Few passes over the rows: they are most of the time. |cosine| <= 1 + wide, so that its
        # own rounding is within the slack of that.
        per = np.float32(1) / norm
        dot *= -per
        wide *= per
        wide *= np.float32(1 + _SLACK)
        wide += np.float32(3 * _SLACK)
        wide[norm * norm < _TINY] = np.nan
        found = _open_where_unknown(dot - wide, dot + wide)
        nowhere = norm == 0
    else:
        low, high = dot - wide, dot + wide
        least = np.maximum(size * np.float32(1 - _SLACK) - np.float32(moved), 0)
        most = size * np.float32(1 + _SLACK) + np.float32(moved)
        # The larger cosine has the larger numerator over the denominator that favours it.
        upper = high / np.where(high >= 0, least, most)
        lower = low / np.where(low >= 0, most, least)
        upper, lower = upper + np.float32(_SLACK), lower - np.float32(_SLACK)
        # Where the length itself has lost its digits, so has the direction.
        upper[most * most < _TINY] = np.nan
        found = _open_where_unknown(-np.minimum(upper, 1), -np.maximum(lower, -1))
        nowhere = most == 0
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


def survivors(
    columns: Columns,
    query: Doubles,
    centre: Doubles,
    metric: str,
    mean: Doubles | None,
    count: int,
    passed: NDArray[np.int64],
    threads: int = 0,
) -> tuple[NDArray[np.int64], int, int]:
    """Rows that can be among the `count` nearest, those in `passed` (sorted) not counted.

    Returns them, in order, how many rows were compared, and how many have no direction. Threads
    share the rows; 0 takes one for each core that this process may use, up to four.
    """
    n = len(columns["model"])
    step = max(_CHUNK // columns["codes"].shape[1], 1)

    def part(begin: int) -> tuple[NDArray[np.int64], Floats, Floats, int, int]:
        end = min(begin + step, n)
        some = {name: column[begin:end] for name, column in columns.items()}
        found = intervals(some, query, centre, metric, mean)
        first, last = np.searchsorted(passed, (begin, end))
        nowhere = found.lower == np.inf
        nowhere[passed[first:last] - begin] = False
        found.lower[passed[first:last] - begin] = np.inf
        found.upper[passed[first:last] - begin] = np.inf
        left_out = int(nowhere.sum())
        compared = end - begin - int(last - first) - left_out
        kept = np.flatnonzero(found.lower < np.inf)
        if len(kept) > count:
            cut = np.partition(found.upper[kept], count - 1)[count - 1]
            kept = np.flatnonzero((found.lower <= cut) & (found.lower < np.inf))
        return kept + begin, found.lower[kept], found.upper[kept], compared, left_out

    starts = range(0, n, step)
    wanted = min(threads or min(cores(), 4), len(starts))
    if wanted < 2:
        parts = [part(begin) for begin in starts]
    else:
        with ThreadPoolExecutor(wanted) as pool:
            parts = list(pool.map(part, starts))
    if not parts:
        return np.zeros(0, np.int64), 0, 0
    rows, lower, upper = (np.concatenate([p[k] for p in parts]) for k in range(3))
    if len(rows) > count:
        rows = rows[lower <= np.partition(upper, count - 1)[count - 1]]
    return rows.astype(np.int64), sum(p[3] for p in parts), sum(p[4] for p in parts)
