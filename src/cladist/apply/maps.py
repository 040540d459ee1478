"""Maps: every model as a point in the plane, near models near each other.

    pcoa  principal coordinates (Gower 1966, Biometrika 53:325): axes of largest spread; what is
          far apart on it is far apart
    tsne  t-SNE (van der Maaten & Hinton 2008, JMLR 9:2579) by openTSNE: neighbourhoods; gaps
          and sizes of clumps mean little
    umap  UMAP (McInnes, Healy & Melville 2018, arXiv 1802.03426): neighbourhoods as well

All start from principal coordinates and run on one thread with a fixed seed, so the same input
gives the same bytes on the same machine. How many neighbours a map keeps is measured and told.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from cladist.apply.neighbours import Space, Vectors, kept_neighbours, nearest
from cladist.errors import InputError, MissingExtraError, UsageError

__all__ = ["KINDS", "LABELS", "LANDMARKS", "LEAST", "MapLayout", "make_map"]

Kind = Literal["pcoa", "tsne", "umap"]
KINDS: tuple[Kind, ...] = get_args(Kind)
LABELS = {"pcoa": "PCoA", "tsne": "t-SNE", "umap": "UMAP"}

LEAST = {"pcoa": 2, "tsne": 8, "umap": 16}
"""Models below which a map says nothing: with fewer, everybody is a neighbour of everybody."""

LANDMARKS = 12_000
"""Models that t-SNE and UMAP lay out themselves; the others are put among their nearest."""

PERPLEXITY = 30.0
UMAP_NEIGHBOURS = 15
SPREAD_FROM = 3  # nearest landmarks that the place of any other model is a mean of

Plane = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class MapLayout:
    """A finished map.

    xy    float64 (n, 2) within [-1, 1], the larger axis filling it, centred
    note  how far to trust it, in a sentence
    kept  share of every model's `near` nearest that are among the `near` nearest on the map
    """

    key: Kind
    label: str
    note: str
    xy: Plane
    kept: float
    near: int


def make_map(kind: Kind, space: Space, *, seed: int = 0) -> MapLayout:
    """One map of the models of `space`.

    Raises `UsageError` for another word, `InputError` for fewer models than `LEAST`, and
    `MissingExtraError` where openTSNE or umap-learn is missing.
    Cost: 'pcoa' O(n^3) of distances and O(n L^2) of vectors; the others O(n^2) for neighbours
    up to `LANDMARKS` models, O(n LANDMARKS) beyond, and about 5 ms of CPU a landmark.
    """
    if kind not in KINDS:
        raise UsageError(f"map '{kind}' is unknown; use one of {', '.join(KINDS)}")
    n = len(space)
    if n < LEAST[kind]:
        raise InputError(
            f"a map by {LABELS[kind]} needs at least {LEAST[kind]} models, here are {n}"
        )
    with threadpool_limits(1), warnings.catch_warnings():
        # Libraries tell what of themselves is missing or slow; none of it changes the map.
        warnings.simplefilter("ignore")
        axes, share = principal(space)
        remark = f"two axes hold {share:.0%} of the squared distances; "
        xy = axes
        if kind != "pcoa":
            xy, remark = _neighbourhoods(kind, space, axes, seed)
        xy = _framed(xy)
        # Of few models nearly all are among the ten nearest, on any map.
        near = max(1, min(10, (n - 1) // 2))
        kept, trust, asked = kept_neighbours(space, xy, near)
    of = "" if asked == n else f" (measured on {asked:,} models)"
    told = "" if trust is None else f", trustworthiness {trust:.2f}"
    note = f"{remark}keeps {kept:.0%} of the {near} nearest{told}{of}"
    return MapLayout(kind, LABELS[kind], note, xy, float(kept), near)


def principal(space: Space) -> tuple[Plane, float]:
    """First two principal coordinates, float64 (n, 2), and their share of the squared spread.

    Of vectors these are the principal components, exact at any n. The sign of an axis is that
    of its largest entry. Negative eigenvalues, which distances that fit into no space have, do
    not count for the share.
    """
    if isinstance(space, Vectors):
        x = space.rows - space.rows.mean(axis=0)
        scatter = x.T.astype(np.float64) @ x.astype(np.float64)
        values, axes = np.linalg.eigh(scatter)
        xy = x.astype(np.float64) @ axes[:, ::-1][:, :2]
    else:
        square = space.matrix**2
        middle = square.mean(axis=0)
        centred = -0.5 * (square - middle[:, None] - middle[None, :] + middle.mean())
        values, vectors = np.linalg.eigh(centred)
        xy = vectors[:, ::-1][:, :2] * np.sqrt(np.maximum(values[::-1][:2], 0.0))
    if xy.shape[1] < 2:
        xy = np.column_stack([xy, np.zeros(len(xy))])
    sign = np.sign(xy[np.abs(xy).argmax(axis=0), np.arange(2)])
    total = float(values[values > 0].sum())
    share = float(values[values > 0][::-1][:2].sum()) / total if total > 0 else 0.0
    return np.asarray(xy * np.where(sign == 0, 1.0, sign)), share


def _neighbourhoods(kind: Kind, space: Space, axes: Plane, seed: int) -> tuple[Plane, str]:
    n = len(space)
    make = _tsne if kind == "tsne" else _umap
    if n <= LANDMARKS:
        return make(space, axes, seed), ""
    chosen = np.sort(np.random.default_rng(seed).choice(n, LANDMARKS, replace=False))
    own = make(space.select(chosen), axes[chosen], seed)
    index, distance = nearest(space, SPREAD_FROM, among=chosen)
    weight = 1 / np.maximum(distance, 1e-9 * max(float(distance.max()), 1e-300))
    weight /= weight.sum(axis=1, keepdims=True)
    xy = np.einsum("ij,ijk->ik", weight, own[index])
    xy[chosen] = own
    return xy, f"{LANDMARKS:,} models laid out, the others put among their nearest of these; "


def _tsne(space: Space, axes: Plane, seed: int) -> Plane:
    try:
        from openTSNE import TSNEEmbedding, affinity, initialization, nearest_neighbors
    except ImportError as problem:
        raise MissingExtraError("a map by t-SNE", "atlas") from problem
    n = len(space)
    perplexity = min(PERPLEXITY, (n - 1) / 3)
    index, distance = nearest(space, min(n - 1, int(3 * perplexity)))
    known = nearest_neighbors.PrecomputedNeighbors(index, distance)
    near = affinity.PerplexityBasedNN(knn_index=known, perplexity=perplexity, n_jobs=1)
    start = initialization.rescale(_jittered(axes, seed), inplace=False)
    method = "bh" if n < 5_000 else "fft"
    made = TSNEEmbedding(start, near, negative_gradient_method=method, n_jobs=1, random_state=seed)
    rate = max(200.0, n / 12)
    made = made.optimize(250, exaggeration=12, momentum=0.5, learning_rate=rate)
    made = made.optimize(500, momentum=0.8, learning_rate=rate)
    return np.asarray(made, dtype=np.float64)


def _umap(space: Space, axes: Plane, seed: int) -> Plane:
    try:
        from umap import UMAP
    except ImportError as problem:
        raise MissingExtraError("a map by UMAP", "atlas") from problem
    n = len(space)
    count = min(UMAP_NEIGHBOURS, n - 1)
    index, distance = nearest(space, count - 1)
    # UMAP counts a model as its own nearest neighbour.
    index = np.column_stack([np.arange(n), index])
    distance = np.column_stack([np.zeros(n), distance])
    start = 10 * _jittered(axes, seed)
    made = UMAP(
        n_neighbors=count,
        init=start.astype(np.float32),
        precomputed_knn=(index.astype(np.int64), distance.astype(np.float32)),
        random_state=seed,
        n_jobs=1,
        n_epochs=300,
    )
    return np.asarray(made.fit_transform(axes.astype(np.float32)), dtype=np.float64)


def _jittered(axes: Plane, seed: int) -> Plane:
    """A start of size 1 in which no two models share a place: nothing would drive them apart."""
    draw = np.random.default_rng(seed)
    size = float(np.abs(axes).max())
    # Where all models are the same there is no size: the start is then nothing but this noise.
    return np.asarray(axes / (size or 1.0) + draw.normal(0, 1e-4, axes.shape))


def _framed(xy: Plane) -> Plane:
    low, high = xy.min(axis=0), xy.max(axis=0)
    half = max(float((high - low).max()) / 2, 1e-300)
    return np.asarray((xy - (low + high) / 2) / half)
