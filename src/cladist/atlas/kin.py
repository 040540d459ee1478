"""Who is near whom in an atlas, and what may be said of it.

Up to `MOST_TESTED` models rest on their answers, each pair tested against the others as a panel.
Above, neighbours are those of the DNAs, and nothing is tested while the atlas is made.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from cladist import compare
from cladist.apply.neighbours import Distances, Space, Vectors, nearest
from cladist.atlas.source import AtlasSource
from cladist.atlas.verdicts import TestedPair, Tests, untested
from cladist.core.distances import DistanceMatrix
from cladist.core.progress import Progress, silent
from cladist.core.responses import ResponseSet
from cladist.fitting import fitted_panel, gathered
from cladist.formats.labels import DeclaredModel
from cladist.kinship.evidence.similarity import distance_of
from cladist.kinship.inference.decision import Policy
from cladist.kinship.inference.labels import Labels, labels_of
from cladist.kinship.inference.null import guess_families
from cladist.kinship.inference.pairs import PairEvidence
from cladist.kinship.panel.fitted import FittedPanel
from cladist.phylogeny.saturation import bounded_distances
from cladist.registry import Registry
from cladist.registry.answers import ReadAgain
from cladist.registry.kept import Kept

__all__ = ["MOST_TESTED", "RELATIVES", "AnswerKin", "Kin", "VectorKin", "measure"]

MOST_TESTED = 2_000
"""Models up to which all pairs are held against each other by their answers: above it that takes
gigabytes and many minutes."""

RELATIVES = 10
"""Nearest models of each model that are told, and tested where that can be done."""

TIGHT = 6.0
"""Robust spreads below the median distance at which neighbours are taken for one group, as in
`kinship.inference.null.guess_families`."""

NOTHING = Kept()
Index = NDArray[np.int64]


class Kin(Protocol):
    """What an atlas knows of nearness.

    family   int64 (n,) number of each model's measured group
    space    the same nearness for maps
    metric   what distances are
    stamp    hash of what it rests on besides the DNAs
    remark   what is not there and why, '' for nothing
    """

    family: Index
    space: Space
    metric: str
    remark: str
    stamp: str

    def relatives(self, i: int) -> list[TestedPair]:
        """The `RELATIVES` nearest of model i, nearest first."""
        ...

    def distances(self, i: int) -> NDArray[np.float64]:
        """Distances of model i to all, (n,)."""
        ...


@dataclass(frozen=True, eq=False)
class AnswerKin:
    """Kinship from answers: everything is known of every pair.

    The panel is all models of the registry that answered, as for every command, so that a pair
    has the same numbers wherever it is looked at; the atlas shows those that have a DNA.

    responses  of all models, in order; read when they are asked for
    pairs      evidence of all pairs
    distance   float64 (n, n) by `metric`
    tests      tests of kinship, with what they rest on
    near       int64 (n, RELATIVES): the nearest of each model, nearest first
    labels     declared families in order, None where nothing is declared
    """

    responses: Sequence[ResponseSet]
    pairs: PairEvidence
    distance: NDArray[np.float64]
    tests: Tests
    near: Index
    family: Index
    metric: str
    labels: Labels | None = None
    remark: str = ""

    @cached_property
    def stamp(self) -> str:
        """SHA-256 of all answers of the panel."""
        return hashlib.sha256(b"".join(self.tests.made.pairs.digest)).hexdigest()

    @property
    def space(self) -> Space:
        """All distances."""
        return Distances(self.distance)

    def distances(self, i: int) -> NDArray[np.float64]:
        """Distances of model i to all."""
        return np.asarray(self.distance[i])

    def relatives(self, i: int) -> list[TestedPair]:
        """The nearest of model i with verdicts, p adjusted for all that are listed."""
        near = [int(j) for j in self.near[i].tolist()]
        return self.tests.listed(i, near, [self._distance(i, j) for j in near])

    def by_probe(self, i: int, j: int) -> NDArray[np.float32]:
        """Evidence of models i and j on every probe, float32 (p,); see `Tests.by_probe`."""
        return self.tests.by_probe(i, j)

    def in_bulk(self) -> AnswerKin:
        """The same for telling of all models: every answer is read once, whatever asks for it."""
        return replace(self, tests=replace(self.tests, made=self.tests.made.indexed()))

    def pair(self, i: int, j: int) -> tuple[TestedPair, NDArray[np.float32]]:
        """Models i and j tested as one pair that somebody asked about; evidence by probe (p,)."""
        i, j = min(i, j), max(i, j)
        return self.tests.alone(i, j, self._distance(i, j)), self.by_probe(i, j)

    def together(self, wanted: Sequence[tuple[int, int]]) -> list[TestedPair]:
        """Pairs that somebody asks about at once, p adjusted for all of them."""
        return self.tests.together(wanted, [self._distance(i, j) for i, j in wanted])

    def declared(self, wanted: Sequence[tuple[int, int]]) -> list[TestedPair]:
        """Pairs that somebody declares to be kin, decided together."""
        return self.tests.declared(wanted, [self._distance(i, j) for i, j in wanted])

    def tree_distances(self, names: Sequence[str], assay: str) -> DistanceMatrix:
        """Distances for trees; see `cladist.compare.tree_distances`."""
        if self.metric != "kinship":
            return DistanceMatrix(tuple(names), self.distance, self.metric, assay)
        return bounded_distances(names, self.pairs.combined[:], assay=assay)

    def _distance(self, i: int, j: int) -> float:
        return float(self.distance[i, j])


@dataclass(frozen=True, eq=False)
class VectorKin:
    """Nearness of DNAs; `why` tells why nothing was tested."""

    directions: NDArray[np.float32]
    near: Index
    distance: NDArray[np.float64]
    family: Index
    why: str
    metric: str = "cosine of DNAs"
    stamp: str = "vectors"

    @property
    def space(self) -> Space:
        """The DNAs at length 1."""
        return Vectors(self.directions)

    @property
    def remark(self) -> str:
        """What is not there."""
        return self.why

    def distances(self, i: int) -> NDArray[np.float64]:
        """Distances of model i to all: 1 - cosine."""
        gap = 1 - self.directions @ self.directions[i]
        return np.asarray(np.maximum(gap, 0), dtype=np.float64)

    def relatives(self, i: int) -> list[TestedPair]:
        """The nearest of model i, none of them tested."""
        return [
            untested(int(j), float(d), self.why)
            for j, d in zip(self.near[i], self.distance[i], strict=True)
        ]


def measure(
    registry: Registry,
    source: AtlasSource,
    declared: Mapping[str, DeclaredModel],
    *,
    alpha: float = 0.01,
    kept: Kept = NOTHING,
    progress: Progress = silent,
) -> AnswerKin | VectorKin:
    """Nearness of all models, by the answers up to `MOST_TESTED` models and by DNA above.

    Cost: that of `fitting.fitted_panel`, or n^2 L for DNAs; next to nothing where `kept` has them.
    """
    n = len(source)
    answering = max(n, len(registry.answering(source.assay.protocol)))
    if answering > MOST_TESTED:
        return _by_vectors(
            source,
            f"pairs are tested in atlases of up to {MOST_TESTED:,} models, here are {answering:,}",
            kept,
            progress,
        )
    if n < 2:
        return _by_vectors(source, "there is no other model", kept, progress)
    progress("evidence of kinship", 0, 1)
    panel = fitted_panel(registry, source.assay, kept=kept, progress=progress)
    whole = panel.pairs
    pairs = whole if whole.models == source.names else whole.among(source.names)
    progress("evidence of kinship", 1, 1)
    metric = source.assay.method.metric
    if metric == "kinship":
        distance = distance_of(pairs.combined[:])
        np.fill_diagonal(distance, 0.0)
    else:
        distance = compare.distances(registry, source.assay).matrix
    family = np.asarray(guess_families(pairs.score.stored), dtype=np.int64)
    near, _ = nearest(Distances(distance), RELATIVES)
    tests = _tests(registry, source, panel, labels_of(whole.models, declared), alpha, kept)
    return AnswerKin(
        ReadAgain(registry.folder, source.assay.protocol, source.names), pairs, distance, tests,
        near, family, metric, labels_of(source.names, declared), tests.missing,
    )  # fmt: skip


def _tests(
    registry: Registry,
    source: AtlasSource,
    panel: FittedPanel,
    labels: Labels | None,
    alpha: float,
    kept: Kept,
) -> Tests:
    """Tests of the atlas's models against the whole panel, which outlive this reading of it."""
    models = panel.pairs.models
    made = gathered(registry, source.assay, panel, labels, kept=kept)
    again = ReadAgain(registry.folder, source.assay.protocol, models)
    place = {name: k for k, name in enumerate(models)}
    rows = np.array([place[name] for name in source.names], np.int64)
    return Tests(replace(made, responses=again), Policy(alpha), rows)


def _by_vectors(source: AtlasSource, why: str, kept: Kept, progress: Progress) -> VectorKin:
    x = source.directions

    def make() -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
        near, gap = nearest(Vectors(x), RELATIVES, progress=progress)
        return {"near": near, "gap": gap}, {}

    found, _ = kept.result(["nearest", source.key, RELATIVES], make)
    near, gap = found["near"], found["gap"]
    return VectorKin(x, near, gap**2 / 2, _groups(x, near, gap), why)


def _groups(x: NDArray[np.float32], near: Index, gap: NDArray[np.float64]) -> Index:
    """Groups of models linked by being tight neighbours of each other."""
    n = len(x)
    if n < 3 or not near.size:
        return np.arange(n)
    draw = np.random.default_rng(0)
    a, b = draw.integers(0, n, (2, 20_000))
    apart = np.linalg.norm(x[a[a != b]] - x[b[a != b]], axis=1)
    middle = float(np.median(apart))
    spread = 1.4826 * float(np.median(np.abs(apart - middle)))
    tight = gap <= middle - TIGHT * max(spread, 1e-9)
    owner = np.broadcast_to(np.arange(n)[:, None], near.shape)
    link = sparse.csr_array((np.ones(int(tight.sum())), (owner[tight], near[tight])), shape=(n, n))
    mutual = link.multiply(link.T)
    return np.asarray(connected_components(mutual, directed=False)[1], dtype=np.int64)
