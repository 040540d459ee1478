"""Split networks: what distances say beyond a tree.

Splits that respect one circular order of the models can be drawn in the plane; their weights
are fitted to the distances by non-negative least squares, as in NeighborNet (Bryant & Moulton
2004, Mol Biol Evol 21:255). The order here is not that paper's agglomeration but a short round
tour: where distances fit a circular order exactly, the shortest tour is that order (Deineko,
Rudolf & Woeginger 1998 for Kalmanson matrices). The tour starts from the neighbour-joining tree
and is improved by reversals and moves until none shortens it.

`draw_network` draws the result; `formats.trees.nexus` writes it for SplitsTree.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import nnls

from cladist.core.distances import DistanceMatrix
from cladist.errors import InputError
from cladist.phylogeny.joining import neighbor_joining

LARGEST = 70  # models; the fit has n(n-1)/2 unknowns


@dataclass(frozen=True)
class SplitNetwork:
    """A circular order and weighted splits.

    names   in the order of the distances
    cycle   positions of the names around the circle
    splits  (members by position, weight), heaviest first; weights in units of the distance
    fit     share of the squared distances that the splits explain, 0 to 1
    """

    names: tuple[str, ...]
    cycle: tuple[int, ...]
    splits: tuple[tuple[tuple[int, ...], float], ...]
    fit: float


def split_network(distances: DistanceMatrix, least: float = 1e-6) -> SplitNetwork:
    """Weighted circular splits of 4 to `LARGEST` models.

    Splits lighter than `least` times the largest distance are left out. The fit takes O(n^4)
    memory-bound work on an n^2/2 x n^2/2 matrix: seconds at 50 models. For more models take the
    ones in question, such as those that `treelikeness` flags.
    """
    n = len(distances)
    if not 4 <= n <= LARGEST:
        raise InputError(f"a split network takes 4 to {LARGEST} models, got {n}; select some")
    order = circular_order(distances)
    d = distances.matrix[np.ix_(order, order)]
    rows, columns = np.triu_indices(n, 1)
    # Split (i, j): positions i+1 .. j of the circle against the rest.
    inside = (np.arange(n)[None, :] > rows[:, None]) & (np.arange(n)[None, :] <= columns[:, None])
    design = (inside[:, rows] != inside[:, columns]).T.astype(np.float64)
    measured = d[rows, columns]
    weight, rest = nnls(design, measured, maxiter=30 * len(measured))
    total = float(measured @ measured)
    place = np.array(order)
    heavy = np.flatnonzero(weight > least * float(measured.max(initial=0.0)))
    splits = [
        (tuple(sorted(int(p) for p in place[inside[k]])), float(weight[k]))
        for k in heavy[np.argsort(-weight[heavy], kind="stable")]
    ]
    fit = 1.0 - float(rest) ** 2 / total if total > 0 else 1.0
    return SplitNetwork(distances.ids, tuple(order), tuple(splits), fit)


def circular_order(distances: DistanceMatrix) -> list[int]:
    """Positions of the models on a short round tour, beginning with the first model. O(n^3)."""
    start = [distances.index(name) for name in neighbor_joining(distances).leaves()]
    tour = np.array(start)
    d = distances.matrix
    for _ in range(100):
        before = _length(d, tour)
        tour = _moved(d, _reversed(d, tour))
        if _length(d, tour) >= before - 1e-12 * max(before, 1e-300):
            break
    first = int(np.flatnonzero(tour == 0)[0])
    tour = np.roll(tour, -first)
    if len(tour) > 2 and tour[1] > tour[-1]:
        tour = np.concatenate([tour[:1], tour[:0:-1]])
    return [int(i) for i in tour]


def _length(d: NDArray[np.float64], tour: NDArray[np.int64]) -> float:
    return float(d[tour, np.roll(tour, -1)].sum())


def _reversed(d: NDArray[np.float64], tour: NDArray[np.int64]) -> NDArray[np.int64]:
    """Two-opt: reverse the run that shortens the tour most, until none does."""
    n = len(tour)
    for _ in range(10 * n):
        after = np.roll(tour, -1)
        step = d[tour, after]
        gain = step[:, None] + step[None, :] - d[np.ix_(tour, tour)] - d[np.ix_(after, after)]
        gain[np.tril_indices(n, 1)] = 0.0
        i, j = divmod(int(np.argmax(gain)), n)
        if gain[i, j] <= 1e-12 * step.max(initial=0.0):
            break
        tour = np.concatenate([tour[: i + 1], tour[i + 1 : j + 1][::-1], tour[j + 1 :]])
    return tour


def _moved(d: NDArray[np.float64], tour: NDArray[np.int64]) -> NDArray[np.int64]:
    """Or-opt: move each run of one to three models to where it lengthens the tour least."""
    n = len(tour)
    for size in (1, 2, 3):
        if n < size + 3:
            continue
        for model in sorted(tour.tolist()):
            at = int(np.flatnonzero(tour == model)[0])
            turned = np.roll(tour, -at)
            run, rest = turned[:size], turned[size:]
            nexts = np.roll(rest, -1)
            gap = d[rest, nexts]
            straight = d[rest, run[0]] + d[run[-1], nexts] - gap
            flipped = d[rest, run[-1]] + d[run[0], nexts] - gap
            best = int(np.argmin(np.minimum(straight, flipped)))
            piece = run if straight[best] <= flipped[best] else run[::-1]
            candidate = np.concatenate([rest[: best + 1], piece, rest[best + 1 :]])
            if _length(d, candidate) < _length(d, tour) - 1e-12:
                tour = candidate
    return tour
