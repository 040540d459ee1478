"""Trees from distances: neighbour joining, balanced minimum evolution, UPGMA.

Names are put in order first, so the tree depends on the distances alone and never on the order
in which models were given; between equal joins the one whose names come first is taken. Every
function needs at least three models.

A negative branch, which noise makes neighbour joining estimate, is set to zero and its deficit
moved to the sibling, so the two together keep the distance between the pair (Kuhner &
Felsenstein 1994, Mol Biol Evol 11:459). Identical models come out side by side on branches of
length zero.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from cladist.core.distances import DistanceMatrix
from cladist.core.optional import needed
from cladist.core.tree import Node, Tree
from cladist.errors import InputError
from cladist.phylogeny.arrays import build

Float32Vector = NDArray[np.float32]
Joins = NDArray[np.float64]

SMALL = 400  # models up to which the plain algorithm beats the start of the library


def neighbor_joining(distances: DistanceMatrix, small: int = SMALL) -> Tree:
    """The neighbour-joining tree (Saitou & Nei 1987, Mol Biol Evol 4:406), unrooted.

    Exact. Up to `small` models in float64 by the textbook algorithm; above, in float32 by the
    dynamic one (Clausen 2023, Bioinformatics 39:btac774) of the library `anjl`, with 2 n^2
    bytes beside the input and in practice near n^2 time: 10,000 models take seconds. On
    distances that fit a tree exactly that tree is found.
    """
    order = _name_order(distances.ids)
    names = [distances.ids[i] for i in order]
    joins = joins_of(distances, order, small)
    return Tree(_unrooted(names, joins), rooted=False, method="neighbour joining")


def joins_of(distances: DistanceMatrix, order: Sequence[int], small: int = SMALL) -> Joins:
    """The joins of the rows `order`, by the algorithm for so many models."""
    if len(order) <= small:
        return joins_square(distances.matrix[np.ix_(order, order)])
    return joins_condensed(condensed_float32(distances, order))


def join_condensed(names: Sequence[str], condensed: Float32Vector, small: int = SMALL) -> Tree:
    """Neighbour joining of float32 distances, rows of the upper triangle, n(n-1)/2 numbers.

    For many models this skips the square matrix. Names are taken in the order given; sort them
    for a tree that does not depend on it. `condensed` is overwritten. `small` is as above.
    """
    _require_three(len(names))
    if condensed.shape != (len(names) * (len(names) - 1) // 2,):
        raise InputError(f"{len(names)} names do not fit {len(condensed)} condensed distances")
    if not np.isfinite(condensed).all():
        raise InputError("neighbour joining: a distance is missing, NaN or infinite")
    if len(names) <= small:
        joins = joins_square(_square(condensed, len(names)))
    else:
        joins = joins_condensed(condensed)
    return Tree(_unrooted(names, joins), False, "neighbour joining")


def joins_condensed(condensed: Float32Vector) -> Joins:
    """The joins by `anjl`: left, right, branch to left, branch to right, float64 (n - 1, 4).

    Nodes 0 .. n-1 are the models, n + k is what join k made; the last row's two branches are
    halves of one. Branches may be negative. `condensed` is overwritten.
    """
    # Imported late: it compiles code on import, which takes seconds.
    with needed("Making trees", "trees"):
        from anjl import dynamic_nj

    # A power of two, so that scaling changes no digit; it keeps sums within float32.
    scale = 2.0 ** np.ceil(np.log2(max(float(condensed.max(initial=0.0)), 1e-300)))
    condensed /= np.float32(scale)
    raw = dynamic_nj(condensed, disallow_negative_distances=False, copy=None, parallel=False)
    joins: Joins = raw[:, :4].astype(np.float64)
    joins[:, 2:] *= scale
    return joins


def joins_square(square: NDArray[np.float64]) -> Joins:
    """The same joins in float64 by the textbook algorithm (Studier & Keppler 1988), O(n^3).

    Here because the library's import alone takes seconds: below `SMALL` models this is done
    before that has begun.
    """
    d = square.copy()
    n = len(d)
    node = list(range(n))
    joins: Joins = np.empty((n - 1, 4))
    for k in range(n - 2):
        size = n - k
        total = d.sum(axis=0)
        q = (size - 2) * d - total[:, None] - total[None, :]
        np.fill_diagonal(q, np.inf)
        i, j = divmod(int(np.argmin(q)), size)
        lean = (total[i] - total[j]) / (size - 2)
        joins[k] = node[i], node[j], (d[i, j] + lean) / 2, (d[i, j] - lean) / 2
        joined = (d[i] + d[j] - d[i, j]) / 2
        joined[i] = 0.0
        d[i], d[:, i] = joined, joined
        d = np.delete(np.delete(d, j, axis=0), j, axis=1)
        node[i] = n + k
        del node[j]
    joins[-1] = *sorted(node), d[0, 1] / 2, d[0, 1] / 2
    return joins


def _square(condensed: Float32Vector, n: int) -> NDArray[np.float64]:
    out = np.zeros((n, n))
    out[np.triu_indices(n, 1)] = condensed
    return out + out.T


def _unrooted(names: Sequence[str], joins: Joins) -> Node:
    """The tree with a trifurcation at the top, children in order of their first name."""
    n = len(names)
    total = 2 * n - 2
    children: list[list[int]] = [[] for _ in range(total)]
    length: list[float | None] = [None] * total
    first = [*range(n), *([n] * (n - 2))]
    for k, (left, right, to_left, to_right) in enumerate(joins[:-1].tolist()):
        pair = [int(left), int(right)]
        length[pair[0]], length[pair[1]] = without_negative(to_left, to_right)
        pair.sort(key=first.__getitem__)
        children[n + k] = pair
        first[n + k] = first[pair[0]]
    left, right, to_left, to_right = joins[-1].tolist()
    # The last join has no node of its own in an unrooted tree: its younger side is the top.
    top, other = max(int(left), int(right)), min(int(left), int(right))
    length[other] = max(to_left + to_right, 0.0)
    children[top] = sorted([*children[top], other], key=first.__getitem__)
    return build(children, length, [*names, *([""] * (n - 2))], [None] * total, top)


def without_negative(a: float, b: float) -> tuple[float, float]:
    """Two sibling branches with a negative one at zero and its deficit moved to the other."""
    if a < 0:
        return 0.0, max(a + b, 0.0)
    if b < 0:
        return max(a + b, 0.0), 0.0
    return a, b


def upgma(distances: DistanceMatrix) -> Tree:
    """The UPGMA tree (Sokal & Michener 1958), rooted, every leaf at the same depth.

    It assumes that all models changed at one speed; for comparison, not for lineage. O(n^2)
    time and memory (scipy's nearest-neighbour chain).
    """
    from scipy.cluster.hierarchy import linkage

    _require_three(len(distances))
    order = _name_order(distances.ids)
    names = [distances.ids[i] for i in order]
    n = len(names)
    merges = linkage(distances.select(names).condensed(), "average")
    height = np.concatenate([np.zeros(n), merges[:, 2] / 2])
    children: list[list[int]] = [[] for _ in range(2 * n - 1)]
    length: list[float | None] = [None] * (2 * n - 1)
    first = [*range(n), *([n] * (n - 1))]
    for k, (left, right) in enumerate(merges[:, :2].astype(int).tolist()):
        children[n + k] = sorted([left, right], key=first.__getitem__)
        first[n + k] = min(first[left], first[right])
        for child in (left, right):
            length[child] = max(float(height[n + k] - height[child]), 0.0)
    labels = [*names, *([""] * (n - 1))]
    root = build(children, length, labels, [None] * len(labels), 2 * n - 2)
    return Tree(root, rooted=True, method="UPGMA")


def balanced_minimum_evolution(distances: DistanceMatrix, interchange: bool = True) -> Tree:
    """The balanced minimum evolution tree by taxon addition, then interchange, unrooted.

    Desper & Gascuel 2002 (J Comput Biol 9:687), the method of FastME, through scikit-bio's
    `bme` and `nni`. Negative branches become zero. O(n^2) memory (4 GB at 10,000 models),
    about n^2 log n time, and the interchange adds a few passes.
    """
    with needed("Making trees", "trees"):
        from skbio import DistanceMatrix as SkbioMatrix
        from skbio.tree import bme, nni
    from threadpoolctl import threadpool_limits

    _require_three(len(distances))
    order = _name_order(distances.ids)
    square = np.ascontiguousarray(distances.matrix[np.ix_(order, order)])
    # Row numbers instead of names: the library gives some characters a meaning of its own.
    given = SkbioMatrix(square, [str(i) for i in range(len(order))])
    with threadpool_limits(1):
        made = bme(given, parallel=False)
        if interchange and len(order) > 3:
            made = nni(made, given)
    nodes = list(made.levelorder())
    number = {id(node): k for k, node in enumerate(nodes)}
    names = [distances.ids[order[int(n.name)]] if n.is_tip() else "" for n in nodes]
    children = [[number[id(c)] for c in n.children] for n in nodes]
    length = [None if n.length is None else max(float(n.length), 0.0) for n in nodes]
    root = build(children, length, names, [None] * len(nodes), 0)
    method = "balanced minimum evolution" + (" with interchange" if interchange else "")
    return Tree(root, rooted=False, method=method)


def condensed_float32(distances: DistanceMatrix, order: Sequence[int]) -> Float32Vector:
    """Upper triangle of the matrix in the order of rows `order`, float32, without a copy of it."""
    n = len(order)
    rows = np.asarray(order, dtype=np.int64)
    out = np.empty(n * (n - 1) // 2, dtype=np.float32)
    at = 0
    for i in range(n - 1):
        out[at : at + n - 1 - i] = distances.matrix[rows[i], rows[i + 1 :]]
        at += n - 1 - i
    return out


def _name_order(ids: Sequence[str]) -> list[int]:
    _require_three(len(ids))
    return sorted(range(len(ids)), key=ids.__getitem__)


def _require_three(count: int) -> None:
    if count < 3:
        raise InputError(
            f"a tree needs at least three models, got {count}. Add models, or ask for the "
            "distance or the kinship of a pair instead"
        )
