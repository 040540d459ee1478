"""The functional assay on a menagerie: kin, parents, direction, merges and laws, held to the truth.

It asks for distributions, so that a disguise which rewords texts has none; such a model is left
out here and named. Everything else is asked and judged as the other methods are.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cladist import catalog
from cladist.core.assay import Assay
from cladist.core.progress import Progress, silent
from cladist.core.responses import ResponseSet
from cladist.errors import ModelError
from cladist.extraction.run import extract
from cladist.kinship.evidence.functional import (
    Functions,
    functional_distances,
    read_functions,
)
from cladist.kinship.inference.function_descent import function_direction, function_mixture
from cladist.kinship.inference.identity import same_model
from cladist.kinship.inference.pairs import pair_evidence
from cladist.lab import descents
from cladist.lab.asking import REGISTRY, SERIES, open_bred
from cladist.lab.figures import (
    Pairs,
    by_distance,
    by_founder,
    by_operation,
    false_shares,
    figures,
    named,
    pairs_of,
)
from cladist.lab.laws import constants
from cladist.lab.methods import euclidean, vectors
from cladist.lab.truth import Truth
from cladist.models.base import TellsNextToken
from cladist.registry import Registry

__all__ = [
    "FUNCTIONAL",
    "FUNCTIONAL_DISTANCE",
    "ask_functional",
    "score_functional",
    "told_functions",
]

FUNCTIONAL = "functional assay, kinship"
FUNCTIONAL_DISTANCE = "functional assay, d_H"
COUNTS = (10, 25, 50)
"""First contexts of the assay that are scored by themselves."""

Floats = NDArray[np.float64]


def functional_assay() -> Assay:
    """The assay as it ships."""
    return catalog.assay("functional-100")


def ask_functional(root: Path, truth: Truth, progress: Progress = silent) -> list[str]:
    """Ask all models for distributions; names of those that tell none.

    What was told before is not asked again. Seconds a tiny model.
    """
    assay, mute = functional_assay(), []
    for done, individual in enumerate(truth.individuals):
        progress("asking for distributions", done, len(truth.individuals))
        folder = root / (SERIES if individual.series else REGISTRY)
        with Registry.open(folder) as registry:
            known = {m.name: m for m in registry.models()}.get(individual.name)
            if known and assay.digest in registry.assays_of(known):
                continue
            model = open_bred(root, individual.name)
            try:
                if not isinstance(model, TellsNextToken):
                    mute.append(individual.name)
                    continue
                extract(model, assay, registry, allow_sparse=True)
            except ModelError:
                mute.append(individual.name)
            finally:
                model.close()
    progress("asking for distributions", len(truth.individuals), len(truth.individuals))
    return mute


def told_functions(root: Path, truth: Truth) -> tuple[list[str], list[ResponseSet]]:
    """Scored models of a menagerie that told distributions, and what they told."""
    protocol = functional_assay().protocol
    with Registry.open(root / REGISTRY, create=False) as registry:
        told = {r.model for r in registry.responses(protocol) if r.usable().any()}
        names = [n for n in truth.scored() if n in told]
        return names, list(registry.responses(protocol, names))


def score_functional(root: Path, truth: Truth, progress: Progress = silent) -> dict[str, Any]:
    """All figures of the functional assay on the models that were asked.

    Cost: half a minute for a hundred models.
    """
    assay = functional_assay()
    names, answers = told_functions(root, truth)
    with Registry.open(root / REGISTRY, create=False) as registry:
        dna = euclidean(vectors(registry.dnas(assay, names)))
    own = truth.without(set(truth.scored()) - set(names))
    pairs = pairs_of(own, names)
    read, evidence = read_functions(answers), pair_evidence(answers)
    apart = functional_distances(answers).matrix
    found = {FUNCTIONAL: evidence.combined[:], FUNCTIONAL_DISTANCE: -apart}
    return {
        "models": len(names),
        "left_out": sorted(set(truth.scored()) - set(names)),
        "contexts": len(answers[0].probe_ids),
        "methods": {k: asdict(figures(own, pairs, s)) for k, s in found.items()},
        "by_distance": {k: by_distance(pairs, s) for k, s in found.items()},
        "by_founder": {k: by_founder(own, pairs, s) for k, s in found.items()},
        "by_operation": {k: by_operation(own, pairs, s) for k, s in found.items()},
        "false": {k: false_shares(pairs, s) for k, s in found.items()},
        "by_contexts": _by_contexts(own, answers, pairs),
        "verdict_rate": descents.stated_rate(own, names),
        "verdicts": descents.verdicts(
            own, answers, evidence, pairs, _named(progress, "verdicts on pairs")
        ),
        "parents": _parents(own, read, apart, _named(progress, "parents")),
        "direction": _directions(own, read, _named(progress, "direction")),
        "merges": _merges(own, read, apart),
        "identity": _identities(own, answers, _named(progress, "same or changed")),
        "inheritance": _inheritance(own, names, apart),
        "constants": asdict(constants(dna, apart)),
        "series": _series(root, truth),
    }


def _named(progress: Progress, what: str) -> Progress:
    """Tells how far one figure of the functional assay is, whatever it is called elsewhere."""
    return lambda _, done, total: progress(f"by distributions: {what}", done, total)


def _part(answers: Sequence[ResponseSet], part: slice) -> list[ResponseSet]:
    return [ResponseSet(a.model, a.probe_ids[part], a.slots[part]) for a in answers]


def _by_contexts(
    truth: Truth, answers: Sequence[ResponseSet], pairs: Pairs
) -> list[dict[str, float]]:
    """Figures of the kinship by the first contexts alone."""
    total = len(answers[0].probe_ids)
    return [
        {
            "contexts": count,
            **asdict(
                figures(truth, pairs, pair_evidence(_part(answers, slice(0, count))).combined[:])
            ),
        }
        for count in (*(c for c in COUNTS if c < total), total)
    ]


def _parents(
    truth: Truth, read: Functions, apart: Floats, progress: Progress = silent
) -> dict[str, int]:
    """What the nearest model is, where direction says that it is the ancestor; else nobody is
    named."""
    out: Counter[str] = Counter()
    for row, name in enumerate(read.models):
        progress("parents", row + 1, len(read.models))
        far = apart[row].copy()
        far[row] = np.inf
        near = read.models[int(far.argmin())]
        if function_direction(read, near, name).ancestor != near:
            out["nobody named"] += 1
        elif near in truth.by_name[name].parents:
            out["parent"] += 1
        elif near in truth.ancestors(name):
            out["other ancestor"] += 1
        elif name in truth.by_name[near].parents:
            out["child (inverted)"] += 1
        else:
            out["other kin" if truth.kin(name, near) else "unrelated model named"] += 1
    return dict(out.most_common())


def _directions(
    truth: Truth, read: Functions, progress: Progress = silent
) -> dict[str, dict[str, int]]:
    """Per operation: parent and child told apart rightly, wrongly, or not at all."""
    names = set(read.models)
    out: dict[str, Counter[str]] = {}
    for done, child in enumerate(sorted(names)):
        progress("direction", done + 1, len(names))
        individual = truth.by_name[child]
        for parent in individual.parents:
            if parent not in names:
                continue
            said = function_direction(read, parent, child).ancestor
            kind = "right" if said == parent else "wrong" if said == child else "not told"
            key = named(individual.operation, individual.options)
            out.setdefault(key, Counter())[kind] += 1
    return {k: dict(v) for k, v in sorted(out.items())}


def _merges(truth: Truth, read: Functions, apart: Floats) -> list[dict[str, Any]]:
    """The mixture test on all merges and on models with one parent, among nearest relatives that
    are not their descendants."""
    names = read.models
    out = []
    for row, name in enumerate(names):
        real = truth.by_name[name].parents
        if not real or truth.by_name[name].operation == "disguise":
            continue
        ranked = [names[k] for k in np.argsort(apart[row], kind="stable")]
        near = [m for m in ranked if m != name and name not in truth.ancestors(m)]
        near = near[: descents.CANDIDATES]
        if len(near) < 2:
            continue
        found = function_mixture(read, name, near)
        out.append(
            {
                "model": name,
                "merged": len(real) > 1,
                "true": real,
                "candidates": near,
                "parents": found.parents,
                "weights": found.weights,
                "explained": found.explained,
                "detected": found.merged,
            }
        )
    return out


def _identities(
    truth: Truth, answers: Sequence[ResponseSet], progress: Progress = silent
) -> dict[str, dict[str, int]]:
    """Per operation: what `compare same` says of parent and child."""
    told = {a.model: a for a in answers}
    out: dict[str, Counter[str]] = {}
    for done, (name, own) in enumerate(told.items()):
        progress("same or changed", done + 1, len(told))
        individual = truth.by_name[name]
        for parent in individual.parents[:1]:
            if parent in told:
                key = named(individual.operation, individual.options)
                out.setdefault(key, Counter())[same_model(told[parent], own).verdict] += 1
    return {k: dict(v) for k, v in sorted(out.items())}


def _inheritance(
    truth: Truth, names: Sequence[str], apart: Floats
) -> dict[str, tuple[int, float, float, float]]:
    """Per operation: births, and the least, median and largest d_H of parent and child."""
    place = {n: k for k, n in enumerate(names)}
    found: dict[str, list[float]] = {}
    for name in names:
        individual = truth.by_name[name]
        for parent in individual.parents:
            if parent in place:
                key = named(individual.operation, individual.options)
                found.setdefault(key, []).append(float(apart[place[parent], place[name]]))
    return {
        k: (len(v), min(v), float(np.median(v)), max(v))
        for k, v in sorted(found.items(), key=lambda item: float(np.median(item[1])))
    }


def _series(root: Path, truth: Truth) -> list[dict[str, Any]]:
    """d_H from the founder of models that were bred for the laws, by how much was changed."""
    from cladist.lab.laws import amount_of

    assay = functional_assay()
    members = [i for i in truth.individuals if i.series and i.name not in truth.left_out]
    if not members or not (root / SERIES).exists():
        return []
    with (
        Registry.open(root / SERIES, create=False) as own,
        Registry.open(root / REGISTRY, create=False) as main,
    ):
        told = {
            r.model: r
            for registry in (own, main)
            for r in registry.responses(assay.protocol)
            if r.usable().any()
        }
    out = []
    for individual in members:
        start = truth.family(individual.name)
        if individual.name in told and start in told:
            far = functional_distances([told[start], told[individual.name]]).matrix[0, 1]
            out.append(
                {
                    "series": individual.series,
                    "start": start,
                    "model": individual.name,
                    "amount": amount_of(truth, individual.name),
                    "functional": float(far),
                }
            )
    return sorted(out, key=lambda p: (p["series"], p["start"], p["amount"]))


def summary(found: Mapping[str, Any]) -> dict[str, str]:
    """The figures of the goals, in words."""
    merges = [m for m in found["merges"] if m["merged"]]
    controls = [m for m in found["merges"] if not m["merged"]]
    told = Counter[str]()
    for row in found["direction"].values():
        told.update(row)
    named_at_all = sum(v for k, v in found["parents"].items() if k != "nobody named")
    return {
        "parents named": f"{found['parents'].get('parent', 0)} right of {named_at_all} named",
        "direction": f"{told['right']} right, {told['wrong']} wrong, {told['not told']} not told",
        "merges": f"{sum(m['detected'] for m in merges)} of {len(merges)} detected, "
        f"{sum(m['detected'] for m in controls)} of {len(controls)} others called merges",
    }
