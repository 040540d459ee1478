"""Parents, direction, merges, verdicts and identity of a menagerie, held against the truth."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from typing import TypeVar

import numpy as np
from threadpoolctl import threadpool_limits

from cladist.core.assay import Assay
from cladist.core.progress import Listener, Progress, silent
from cladist.core.responses import ResponseSet
from cladist.descent import Parent
from cladist.kinship.config import PARENTAGE
from cladist.kinship.inference.decision import Policy, makers_needed
from cladist.kinship.inference.facts import gatherer
from cladist.kinship.inference.identity import same_model
from cladist.kinship.inference.labels import Labels
from cladist.kinship.inference.pairs import PairEvidence
from cladist.kinship.inference.parentage import direction, mixture, rarity
from cladist.lab.figures import Pairs, named
from cladist.lab.truth import Truth
from cladist.registry import Registry
from cladist.workflows.parents import parents

T = TypeVar("T")

CANDIDATES = 5
"""Nearest relatives among which the parents of a merge are sought."""

TESTED = 30
"""Pairs of a kind that are judged; evenly spaced ones of more."""

RATES = (0.01, 0.02, 0.05, 0.1)
"""False-positive rates at which pairs are judged: the first that the families can carry."""


@dataclass(frozen=True)
class MergeFound:
    """What the mixture test said of one model: parents needed, and how many of them are true."""

    model: str
    merged: bool
    true: tuple[str, ...]
    candidates: tuple[str, ...]
    needed: tuple[str, ...]

    @property
    def detected(self) -> bool:
        """Whether it was called a merge."""
        return len(self.needed) >= 2


def parent_kinds(truth: Truth, found: Sequence[Parent]) -> dict[str, int]:
    """How often the parent named is right, and what it is where it is not."""
    return dict(Counter(_parent_kind(truth, p) for p in found))


def _parent_kind(truth: Truth, p: Parent) -> str:
    real = truth.by_name[p.model].parents
    if not p.told:
        return "descendant, nobody named" if real else "founder, nothing told"
    if p.parent is None:
        return "descendant called a founder" if real else "founder known as one"
    if not truth.kin(p.model, p.parent):
        return "unrelated model named" if real else "founder given an unrelated model"
    if not real:
        return "founder given a descendant"
    if p.parent in real:
        return "parent"
    if p.parent in truth.ancestors(p.model):
        return "other ancestor"
    if p.model in truth.by_name[p.parent].parents:
        return "child (inverted)"
    siblings = set(real) & set(truth.by_name[p.parent].parents)
    return "sibling" if siblings else "other kin"


def named_parents(
    registry: Registry, assay: Assay, names: Sequence[str], progress: Progress = silent
) -> list[Parent]:
    """The parents that `cladist tree ancestry` names, without dates."""
    return list(parents(registry, names, assay=assay, listener=Listener(progress)))


def directions(
    truth: Truth, answers: Sequence[ResponseSet], pairs: PairEvidence
) -> dict[str, dict[str, int]]:
    """Per operation: parent and child told apart rightly, wrongly, or not at all."""
    rare = rarity(answers)
    out: dict[str, Counter[str]] = {}
    for child in pairs.models:
        individual = truth.by_name[child]
        for parent in individual.parents:
            if parent in truth.left_out:
                continue
            said = direction(pairs, rare, parent, child).ancestor
            kind = "right" if said == parent else "wrong" if said == child else "not told"
            key = named(individual.operation, individual.options)
            out.setdefault(key, Counter())[kind] += 1
    return {k: dict(v) for k, v in sorted(out.items())}


def merges(
    truth: Truth,
    answers: Sequence[ResponseSet],
    similarity: np.ndarray,
    progress: Progress = silent,
) -> list[MergeFound]:
    """The mixture test on all merges, and on as many models with one parent, as controls.

    Candidates are the nearest relatives that are not its own descendants, as a date would tell.
    Empty in a menagerie that is too small for the test (`PARENTAGE.background`).
    """
    names = [a.model for a in answers]
    if len(names) - 1 - CANDIDATES < PARENTAGE.background:
        return []
    true = [n for n in names if len(truth.by_name[n].parents) > 1]
    single = [
        n
        for n in names
        if len(truth.by_name[n].parents) == 1
        and truth.by_name[n].operation != "disguise"
        and sum(truth.kin(n, m) for m in names) > CANDIDATES
    ]
    controls = evenly(single, 4 * len(true))
    out = []
    for done, name in enumerate((*true, *controls)):
        progress("merges", done, len(true) + len(controls))
        row = similarity[names.index(name)]
        ranked = [names[k] for k in np.argsort(-row, kind="stable")]
        near = [m for m in ranked if m != name and name not in truth.ancestors(m)][:CANDIDATES]
        found = mixture(answers, name, near)
        real = truth.by_name[name].parents
        out.append(MergeFound(name, len(real) > 1, real, tuple(near), found.needed()))
    progress("merges", len(out), len(out))
    return out


def stated_rate(truth: Truth, names: Sequence[str]) -> float:
    """The least of RATES that can be stated among as many families; the first where none can."""
    families = {truth.family(n) for n in names}
    return next((r for r in RATES if len(families) >= makers_needed(r)), RATES[0])


def verdicts(
    truth: Truth,
    answers: Sequence[ResponseSet],
    evidence: PairEvidence,
    pairs: Pairs,
    progress: Progress = silent,
) -> dict[str, dict[str, int]]:
    """Verdicts of the kinship test at `stated_rate`, families declared, per kind of pair."""
    policy = Policy(alpha=stated_rate(truth, evidence.models))
    families = [truth.family(n) for n in evidence.models]
    made = gatherer(answers, evidence, Labels(tuple(families)))
    asked = [(kind, k) for kind, rows in _kinds(pairs).items() for k in evenly(rows, TESTED)]
    out: dict[str, Counter[str]] = {}
    for done, (kind, k) in enumerate(asked):
        progress("verdicts on pairs", done, len(asked))
        a, b = pairs.names[pairs.a[k]], pairs.names[pairs.b[k]]
        verdict = made.decide(evidence.index(a), evidence.index(b), policy).verdict
        out.setdefault(kind, Counter())[verdict] += 1
    progress("verdicts on pairs", len(asked), len(asked))
    return {k: dict(v) for k, v in out.items()}


def _kinds(pairs: Pairs) -> dict[str, list[int]]:
    out: dict[str, list[int]] = {}
    for k in range(len(pairs.a)):
        if pairs.kin[k]:
            births = int(pairs.distance[k])
            kind = "parent and child" if births == 1 else f"kin, {births} births apart"
            kind = "kin, 4 births apart or more" if births > 3 else kind
        else:
            kind = str(pairs.kind[k])
        out.setdefault(kind, []).append(k)
    return dict(sorted(out.items()))


def identities(
    truth: Truth,
    greedy: Sequence[ResponseSet],
    sampled: Sequence[ResponseSet],
    *,
    jobs: int = 1,
    progress: Progress = silent,
) -> dict[str, dict[str, int]]:
    """Per operation: what the tests of identity say of parent and child, greedy / sampled.

    A second a child of processor time, shared among `jobs` processes.
    """
    one = {a.model: a for a in greedy}
    two = {a.model: a for a in sampled}
    born = [(p, n) for n in one for p in truth.by_name[n].parents[:1] if p in one]
    tasks = [(one[p], one[n], two[p], two[n]) for p, n in born]
    out: dict[str, Counter[str]] = {}
    for done, said in enumerate(_each(tasks, jobs)):
        individual = truth.by_name[born[done][1]]
        out.setdefault(named(individual.operation, individual.options), Counter())[said] += 1
        progress("same or changed", done + 1, len(tasks))
    return {k: dict(v) for k, v in sorted(out.items())}


_Asked = tuple[ResponseSet, ResponseSet, ResponseSet, ResponseSet]


def _each(tasks: Sequence[_Asked], jobs: int) -> Iterator[str]:
    if jobs == 1:
        yield from map(_same, tasks)
        return
    with ProcessPoolExecutor(jobs, get_context("spawn")) as pool:
        yield from pool.map(_same, tasks)


def _same(asked: _Asked) -> str:
    """Verdicts on the greedy answers of parent and child, and on their samples."""
    with threadpool_limits(1, user_api="blas"):
        first = same_model(asked[0], asked[1], greedy=True).verdict
        second = same_model(asked[2], asked[3], greedy=False).verdict
    return f"{first} / {second}"


def evenly(items: Sequence[T], count: int) -> list[T]:
    """At most `count` of the items, evenly spaced."""
    if len(items) <= count:
        return list(items)
    return [items[k] for k in np.linspace(0, len(items) - 1, count).astype(int)]
