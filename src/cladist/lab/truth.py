"""The true genealogy of a menagerie: parents, teachers, merges, and what follows from them."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from cladist.core.tree import Node, Tree
from cladist.errors import InputError

Unrelated = Literal["taught", "same founding text", "same tuning text", "nothing shared"]

PLAN = "plan.json"
RECORD = "lab.json"


@dataclass(frozen=True)
class Individual:
    """One model of the menagerie.

    parents    whose weights it has; none for a founder
    teacher    from whose answers it learnt ('' for nobody)
    corpus     text that it was trained on ('' for none)
    series     the law it was bred for; '' takes part in the scores
    steps      training steps of its own operation, and tokens seen in them
    """

    name: str
    operation: str
    parents: tuple[str, ...]
    teacher: str
    corpus: str
    series: str
    architecture: str
    options: dict[str, Any]
    steps: int
    tokens: int
    seconds: float
    bits_per_byte: float


@dataclass(frozen=True)
class Truth:
    """All individuals, parents before children; those left out count as ancestors alone."""

    individuals: tuple[Individual, ...]
    left_out: frozenset[str] = frozenset()

    @cached_property
    def by_name(self) -> dict[str, Individual]:
        """Individuals by name."""
        return {i.name: i for i in self.individuals}

    def scored(self) -> list[str]:
        """Names that take part in the scores."""
        return [i.name for i in self.individuals if not i.series and i.name not in self.left_out]

    def without(self, names: Collection[str]) -> Truth:
        """The same genealogy with some models out of the scores and laws."""
        return Truth(self.individuals, self.left_out | frozenset(names))

    @cached_property
    def _distances_up(self) -> dict[str, dict[str, int]]:
        """For every model, generations up to each of its ancestors, itself at 0."""
        out: dict[str, dict[str, int]] = {}
        for individual in self.individuals:
            up = {individual.name: 0}
            for parent in individual.parents:
                for ancestor, steps in out[parent].items():
                    up[ancestor] = min(up.get(ancestor, 1 << 30), steps + 1)
            out[individual.name] = up
        return out

    def ancestors(self, name: str) -> set[str]:
        """Everybody whose weights went into a model, itself left out."""
        return set(self._distances_up[name]) - {name}

    def founders(self, name: str) -> frozenset[str]:
        """Founders that a model has weights of."""
        return frozenset(a for a in self._distances_up[name] if not self.by_name[a].parents)

    def family(self, name: str) -> str:
        """The founder along first parents."""
        while self.by_name[name].parents:
            name = self.by_name[name].parents[0]
        return name

    def generation(self, name: str) -> int:
        """Generations below the founder, along the longest line."""
        own = self.by_name[name].parents
        return 1 + max(self.generation(p) for p in own) if own else 0

    def kin(self, a: str, b: str) -> bool:
        """Whether two models have weights of a common founder."""
        return bool(self.founders(a) & self.founders(b))

    def distance(self, a: str, b: str) -> int:
        """Births on the shortest way from one to the other by a common ancestor; -1 for none."""
        up, down = self._distances_up[a], self._distances_up[b]
        return min((up[c] + down[c] for c in up.keys() & down.keys()), default=-1)

    def unrelated(self, a: str, b: str) -> Unrelated:
        """What two models have in common that are no kin."""
        if self._learnt(a, b) or self._learnt(b, a):
            return "taught"
        first, second = (self.by_name[self.family(n)].corpus for n in (a, b))
        if first and first == second:
            return "same founding text"
        return "same tuning text" if self._tuned(a) & self._tuned(b) else "nothing shared"

    def _learnt(self, pupil: str, other: str) -> bool:
        """Whether a model of the pupil's line learnt from the other or a model of its line."""
        teachers = {self.by_name[n].teacher for n in self._distances_up[pupil]} - {""}
        line = set(self._distances_up[other])
        return any(t in line or other in self._distances_up[t] for t in teachers)

    def _tuned(self, name: str) -> set[str]:
        return {
            i.corpus
            for i in map(self.by_name.__getitem__, self._distances_up[name])
            if i.parents and i.steps and i.corpus
        }

    def tree(self, names: Sequence[str]) -> Tree:
        """The true tree of `names` as leaves, branches of one birth each.

        A model with descendants hangs on its own node by a branch of length 0; a merge hangs
        below its first parent; founders hang on the root.
        """
        wanted = set(names)
        below: dict[str, list[Node]] = {i.name: [] for i in self.individuals}
        tops: list[Node] = []
        for individual in reversed(self.individuals):
            children = below[individual.name][::-1]
            own = individual.name in wanted
            if not children and not own:
                continue
            if children:
                inner = [Node(individual.name, 0.0), *children] if own else children
                node = Node("", 1.0, tuple(inner)) if len(inner) > 1 else inner[0]
            else:
                node = Node(individual.name, 1.0)
            (below[individual.parents[0]] if individual.parents else tops).append(node)
        return Tree(Node("", None, tuple(tops[::-1])), rooted=True, method="truth")


def read_plans(root: Path) -> list[dict[str, Any]]:
    """Plans that were grown in a folder, in order; none when it holds no menagerie."""
    try:
        return list(json.loads((root / PLAN).read_text(encoding="utf-8"))["plans"])
    except FileNotFoundError:
        return []
    except (OSError, ValueError, KeyError, TypeError) as problem:
        raise InputError(
            f"{root / PLAN} is damaged ({problem}); remove it and grow the plans again, finished "
            "models are kept"
        ) from problem


def read_truth(root: Path) -> Truth:
    """The genealogy of a grown menagerie, of the models that are finished.

    Raises `InputError` when there is no menagerie in `root`, or a finished model's parent is
    not finished.
    """
    plans = read_plans(root)
    if not plans:
        raise InputError(f"{root} holds no menagerie; run 'cladist lab grow' first")
    found: list[Individual] = []
    finished: set[str] = set()
    for node in [n for plan in plans for n in plan["nodes"]]:
        path = root / "models" / node["name"] / RECORD
        if not path.is_file():
            continue
        try:
            record = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as problem:
            raise InputError(f"{path} is damaged ({problem}); grow the model again") from problem
        options = dict(node.get("options", {}))
        parents = tuple(node.get("parents", ()))
        if not finished.issuperset(parents):
            raise InputError(f"'{node['name']}' is there without its parents; grow again")
        finished.add(node["name"])
        founder = node["kind"] == "founder"
        found.append(
            Individual(
                node["name"],
                "founder" if founder else node["operation"],
                parents,
                node["teacher"],
                str(node["corpus"] if founder else options.get("corpus", "")),
                node["series"],
                record["architecture"],
                options,
                int(record["steps"]),
                int(record["tokens"]),
                float(record["seconds"]),
                float(record["bits_per_byte"]),
            )
        )
    if not found:
        raise InputError(f"no model of {root} is finished; run 'cladist lab grow' first")
    return Truth(tuple(found))
