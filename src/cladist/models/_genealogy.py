"""Who descends from whom among simulated models: random trees with known answers."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from cladist.core.tree import Node, Tree
from cladist.errors import UsageError

Shape = Literal["balanced", "caterpillar", "star", "birth-death"]
UNRELATED = 10.0
"""Branch length drawn between founders, which share nothing: exp(-10) is as good as nothing."""


@dataclass(frozen=True, eq=False)
class Genealogy:
    """Simulated models and their descent, parents before children.

    names     n unique names: founders f0.., ancestors a0.., observed models m0.., and the
              merges x0.. and quantised copies q0.. of observed models
    parents   int64 (n,), index of the parent, -1 for a founder
    lengths   float64 (n,), branch to the parent; founder to its tips is 1 on average
    second    int64 (n,), the other parent of a merge, -1 elsewhere
    relation  founder, ancestor, model, merge or quantised
    seed      enters every choice that a model makes
    """

    names: tuple[str, ...]
    parents: NDArray[np.int64]
    lengths: NDArray[np.float64]
    second: NDArray[np.int64]
    relation: tuple[str, ...]
    seed: int = 0

    def __post_init__(self) -> None:
        order = np.arange(len(self.names))
        if len(set(self.names)) != len(self.names):
            raise UsageError("genealogy: a name occurs twice")
        if not len(order) == len(self.parents) == len(self.lengths) == len(self.second):
            raise UsageError("genealogy: names, parents, lengths and second differ in length")
        if (self.parents >= order).any() or (self.second >= order).any():
            raise UsageError("genealogy: parents must come before their children")
        if not (np.isfinite(self.lengths).all() and (self.lengths >= 0).all()):
            raise UsageError("genealogy: branch lengths must be finite and not negative")

    def __len__(self) -> int:
        return len(self.names)

    @cached_property
    def _places(self) -> dict[str, int]:
        return {name: i for i, name in enumerate(self.names)}

    def index(self, name: str) -> int:
        """Place of `name`; `UsageError` names a few that exist."""
        if name not in self._places:
            some = ", ".join(self.observed[:3])
            raise UsageError(f"no simulated model '{name}'; there are {some}, ...")
        return self._places[name]

    @cached_property
    def observed(self) -> tuple[str, ...]:
        """Models that one would meet: everything but founders and lost ancestors."""
        lost = ("founder", "ancestor")
        return tuple(n for n, r in zip(self.names, self.relation, strict=True) if r not in lost)

    @cached_property
    def founder(self) -> NDArray[np.int64]:
        """Index of the founder of every node (n,); a merge counts with its first parent."""
        out = np.arange(len(self), dtype=np.int64)
        for i, parent in enumerate(self.parents.tolist()):
            if parent >= 0:
                out[i] = out[parent]
        return out

    def foundations(self, names: Sequence[str] | None = None) -> list[str]:
        """Kinship labels: the founder of each of `names` (default: the observed models)."""
        chosen = self.observed if names is None else names
        return [self.names[int(self.founder[self.index(n)])] for n in chosen]

    def tree(self, *, ancestors: bool = False) -> Tree:
        """The true tree of the observed models, rooted, lengths in expected redraws / rate.

        A merge hangs below its first parent. Founders that share nothing hang on the root by
        branches of `UNRELATED`. `ancestors` names the lost inner nodes as well.
        """
        children: list[list[Node]] = [[] for _ in self.names]
        tops: list[Node] = []
        lost = ("founder", "ancestor")
        for i in range(len(self) - 1, -1, -1):
            parent = int(self.parents[i])
            below = tuple(reversed(children[i]))
            named = ancestors or self.relation[i] not in lost
            length = float(self.lengths[i]) if parent >= 0 else UNRELATED
            node = Node(self.names[i] if named else "", length, below)
            (children[parent] if parent >= 0 else tops).append(node)
        tops.reverse()
        if len(tops) == 1:
            root = Node(tops[0].name, None, tops[0].children)
        else:
            root = Node("", None, tuple(tops))
        return Tree(root, rooted=True, method="simulated")


Branches = list[tuple[int, float, bool]]
"""(parent, branch length, is a tip), node 0 being the founder; parents first."""


def simulate_tree(
    models: int,
    shape: Shape = "birth-death",
    seed: int = 0,
    *,
    founders: int = 1,
    clock: float = 0.0,
    extinction: float = 0.3,
    merges: int = 0,
    quantised: int = 0,
) -> Genealogy:
    """A random genealogy of `models` observed tips below unrelated founders.

    shape       balanced, caterpillar, star, or birth-death (forward simulation conditioned on
                the number of survivors, extinct lineages pruned; Kendall, 1948)
    clock       spread of the log of a rate factor on every branch; 0 is a strict clock
    extinction  death rate in units of the birth rate, 0 to below 1
    merges      extra models that mix two tips (of one founder where it has two)
    quantised   extra near-copies of tips

    Cost O(n log n). `UsageError` for impossible numbers.
    """
    if shape not in get_args(Shape):
        raise UsageError(
            f"tree shape '{shape}' is unknown; use one of {', '.join(get_args(Shape))}"
        )
    if not 1 <= founders <= models:
        raise UsageError(f"{models} simulated models cannot have {founders} founders")
    if not 0 <= extinction < 1 or clock < 0 or min(merges, quantised) < 0:
        raise UsageError("extinction must lie in [0, 1); clock, merges, quantised not below 0")
    random = np.random.default_rng(seed).random  # raw doubles alone: stable between versions
    names: list[str] = []
    relation: list[str] = []
    parents: list[int] = []
    lengths: list[float] = []
    second: list[int] = []
    count = {"a": 0, "f": 0, "m": 0, "q": 0, "x": 0}

    def add(letter: str, kind: str, parent: int, length: float, other: int = -1) -> int:
        names.append(f"{letter}{count[letter]}")
        count[letter] += 1
        relation.append(kind)
        parents.append(parent)
        lengths.append(length)
        second.append(other)
        return len(names) - 1

    for size in _split(models, founders, random):
        place: list[int] = []
        for parent, length, tip in _grow(shape, size, extinction, random):
            if parent < 0:
                place.append(add("f", "founder", -1, 0.0))
                continue
            factor = math.exp(clock * _normal(random)) if clock else 1.0
            letter, kind = ("m", "model") if tip else ("a", "ancestor")
            place.append(add(letter, kind, place[parent], length * factor))
    tips = [i for i, kind in enumerate(relation) if kind == "model"]
    for _ in range(merges):
        first = tips[int(random() * len(tips))]
        root = _root(first, parents)
        kin = [t for t in tips if t != first and _root(t, parents) == root]
        others = kin or [t for t in tips if t != first]
        if not others:
            raise UsageError("a merge needs two simulated models")
        add("x", "merge", first, 0.02, others[int(random() * len(others))])
    for _ in range(quantised):
        add("q", "quantised", tips[int(random() * len(tips))], 0.02)
    return Genealogy(
        tuple(names),
        np.array(parents, dtype=np.int64),
        np.array(lengths, dtype=np.float64),
        np.array(second, dtype=np.int64),
        tuple(relation),
        seed,
    )


def _root(node: int, parents: list[int]) -> int:
    while parents[node] >= 0:
        node = parents[node]
    return node


def _normal(random: Callable[[], float]) -> float:
    return math.sqrt(-2 * math.log(1 - random())) * math.cos(2 * math.pi * random())


def _split(total: int, parts: int, random: Callable[[], float]) -> list[int]:
    """Sizes of families: every one has a member, the rest fall at random."""
    cuts = sorted(int(random() * (total - parts + 1)) for _ in range(parts - 1))
    edges = [0, *cuts, total - parts]
    return [b - a + 1 for a, b in pairwise(edges)]


def _grow(shape: Shape, tips: int, extinction: float, random: Callable[[], float]) -> Branches:
    if tips == 1 or shape == "star":
        return [(-1, 0.0, False), *((0, 1.0, True) for _ in range(tips))]
    if shape == "caterpillar":
        step = 1 / (tips - 1)
        out: Branches = [(-1, 0.0, False)]
        spine = 0
        for k in range(tips - 1):
            out.append((spine, 1 - k * step, True))
            last = k == tips - 2
            out.append((spine, 1 - k * step if last else step, last))
            spine = len(out) - 1
        return out
    if shape == "balanced":
        return _balanced(tips)
    while True:
        grown = _birth_death(tips, extinction, random)
        if grown:
            return grown


def _balanced(tips: int) -> Branches:
    levels = math.ceil(math.log2(tips))
    out: Branches = [(-1, 0.0, False)]
    open_nodes = [(0, tips, 0)]
    while open_nodes:
        node, size, depth = open_nodes.pop()
        for part in (size - size // 2, size // 2):
            # A tip that is reached early gets the rest of the way, so all tips are level.
            length = 1 / levels if part > 1 else 1 - depth / levels
            out.append((node, length, part == 1))
            if part > 1:
                open_nodes.append((len(out) - 1, part, depth + 1))
    return out


def _birth_death(tips: int, death: float, random: Callable[[], float]) -> Branches:
    """One forward run from a crown of two until `tips` are alive; [] when it died out."""
    parent = [-1, 0, 0]
    born = [0.0, 0.0, 0.0]
    ended = [0.0, math.inf, math.inf]
    alive = [1, 2]
    now = 0.0
    while len(alive) < tips:
        if not alive:
            return []
        now -= math.log(1 - random()) / (len(alive) * (1 + death))
        at = int(random() * len(alive))
        node = alive[at]
        alive[at] = alive[-1]
        alive.pop()
        ended[node] = now
        if random() * (1 + death) < 1:
            for _ in range(2):
                parent.append(node)
                born.append(now)
                ended.append(math.inf)
                alive.append(len(parent) - 1)
    now -= math.log(1 - random()) / (len(alive) * (1 + death))
    return _pruned(parent, born, [min(e, now) for e in ended], alive, now)


def _pruned(
    parent: list[int], born: list[float], ended: list[float], alive: list[int], now: float
) -> Branches:
    """Keep what has survivors, join nodes with one child, scale founder to tip to 1."""
    kept_children = [0] * len(parent)
    living = set(alive)
    keep = [False] * len(parent)
    for node in range(len(parent) - 1, -1, -1):
        keep[node] = node in living or kept_children[node] > 0
        if keep[node] and parent[node] >= 0:
            kept_children[parent[node]] += 1
    out: Branches = [(-1, 0.0, False)]
    place = {0: 0}
    waiting = [n for n in range(1, len(parent)) if keep[n]]
    for node in waiting:
        if kept_children[node] == 1:
            continue
        above, start = parent[node], born[node]
        while above > 0 and kept_children[above] == 1:
            start = born[above]
            above = parent[above]
        place[node] = len(out)
        out.append((place[above], (ended[node] - start) / now, node in living))
    return out
