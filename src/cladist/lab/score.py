"""Score a menagerie: every method against the truth, and the laws; one JSON file in the end."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from cladist.compare import tree_distances
from cladist.core.assay import Assay
from cladist.core.progress import Progress, silent
from cladist.core.responses import ResponseSet
from cladist.errors import InputError
from cladist.formats.files import write_text
from cladist.kinship.evidence.similarity import kinship_similarity
from cladist.kinship.inference.pairs import pair_evidence
from cladist.lab import descents, functional, laws, methods, trees
from cladist.lab.asking import ECONOMY, REGISTRY, SERIES, Effort, ask_all, assays
from cladist.lab.figures import (
    Pairs,
    by_distance,
    by_founder,
    by_operation,
    false_shares,
    figures,
    pairs_of,
)
from cladist.lab.truth import Truth, read_truth
from cladist.registry import Registry

SCORES = "scores.json"
PROBES = (5, 10, 25, 50)


def score(
    root: Path,
    effort: Effort = ECONOMY,
    *,
    ask: bool = True,
    jobs: int = 1,
    progress: Progress = silent,
) -> dict[str, Any]:
    """Ask all models of a menagerie, score all methods, and leave `root`/scores.json.

    Without `ask` only models that answered before are scored. Models that say nothing under one
    of the assays have no DNA; they are named and left out. Raises what extraction raises, and
    `InputError` when nothing was grown or fewer than four models speak. Cost beyond the asking:
    a minute or two for a hundred models.
    """
    whole = read_truth(root)
    if ask:
        ask_all(root, whole, effort, jobs=jobs, progress=progress)
        functional.ask_functional(root, whole, progress)
    chosen = assays(effort)
    truth = _speaking(root, whole, chosen)
    names = truth.scored()
    if len(names) < 4:
        raise InputError(f"only {len(names)} models of {root} answered; scores need 4 at least")
    with Registry.open(root / REGISTRY, create=False) as registry:
        found = methods.similarities(root, registry, chosen, names, progress)
        told = {a.name: list(registry.responses(a.protocol, names)) for a in chosen}
        parents = descents.named_parents(registry, chosen[0], names, progress)
        bounded = tree_distances(registry, chosen[0], names)
        ours = methods.vectors(registry.dnas(chosen[0], names))
        theirs = methods.vectors(registry.dnas(chosen[2], names))
    answers, sampled = (told[a.name] for a in chosen[:2])
    pairs = pairs_of(truth, names)
    evidence = pair_evidence(answers)
    out: dict[str, Any] = {
        "menagerie": {
            **_described(truth, effort),
            "silent": sorted(set(whole.scored()) - set(names)),
        },
        "tokens": {name: _tokens(said) for name, said in told.items()},
        "methods": {k: asdict(figures(truth, pairs, s)) for k, s in found.items()},
        "by_distance": {k: by_distance(pairs, s) for k, s in found.items()},
        "by_founder": {k: by_founder(truth, pairs, s) for k, s in found.items()},
        "by_operation": {k: by_operation(truth, pairs, s) for k, s in found.items()},
        "false": {k: false_shares(pairs, s) for k, s in found.items()},
        "parents": descents.parent_kinds(truth, parents),
        "probes": _by_probes(truth, answers, pairs, progress),
        "direction": descents.directions(truth, answers, evidence),
        "merges": [
            {**asdict(m), "detected": m.detected}
            for m in descents.merges(truth, answers, found[methods.OURS], progress)
        ],
        "verdict_rate": descents.stated_rate(truth, names),
        "verdicts": descents.verdicts(truth, answers, evidence, pairs, progress),
        "identity": descents.identities(truth, answers, sampled, jobs=jobs, progress=progress),
    }
    out["trees"], out["sampled_ancestors"] = _trees(truth, names, found, bounded)
    function = -found[methods.FUNCTION]
    out["laws"] = _laws(root, truth, chosen, names, function, ours, theirs)
    out["functional"] = functional.score_functional(root, whole, progress)
    write_text(root / SCORES, json.dumps(_plain(out), indent=1) + "\n")
    return out


def score_distributions(
    root: Path, *, ask: bool = True, progress: Progress = silent
) -> dict[str, Any]:
    """The functional assay alone: minutes instead of hours. Figures go into `root`/scores.json,
    beside those of other methods where they are there already."""
    whole = read_truth(root)
    if ask:
        functional.ask_functional(root, whole, progress)
    out = functional.score_functional(root, whole, progress)
    kept: dict[str, Any] = {}
    if (root / SCORES).is_file():
        kept = json.loads((root / SCORES).read_text(encoding="utf-8"))
    write_text(root / SCORES, json.dumps(_plain({**kept, "functional": out}), indent=1) + "\n")
    made: dict[str, Any] = _plain(out)
    return made


def _speaking(root: Path, truth: Truth, chosen: Sequence[Assay]) -> Truth:
    """The truth without the scored models, and those of series, that lack a DNA they need."""
    out = truth
    for folder, series, wanted in (
        (REGISTRY, False, {a.digest for a in chosen}),
        (SERIES, True, {chosen[0].digest}),
    ):
        with Registry.open(root / folder) as registry:
            able = {m.name for m in registry.models() if wanted <= set(registry.assays_of(m))}
        out = out.without({i.name for i in truth.individuals if bool(i.series) == series} - able)
    return out


def _described(truth: Truth, effort: Effort) -> dict[str, Any]:
    scored = truth.scored()
    return {
        "models": len(truth.individuals) - len(truth.left_out),
        "scored": len(scored),
        "founders": [
            {
                "name": i.name,
                "architecture": i.architecture,
                "corpus": i.corpus,
                "teacher": i.teacher,
                "bits_per_byte": i.bits_per_byte,
            }
            for i in truth.individuals
            if not i.parents and i.name not in truth.left_out
        ],
        "deepest": max(truth.generation(n) for n in scored),
        "seconds": sum(i.seconds for i in truth.individuals),
        "effort": asdict(effort),
    }


def _tokens(answers: Sequence[ResponseSet]) -> float:
    """Mean number of tokens that a model generated."""
    counts = [sum(r.tokens or 0 for slot in a.slots for r in slot) for a in answers]
    return float(np.mean(counts))


def _by_probes(
    truth: Truth, answers: Sequence[ResponseSet], pairs: Pairs, progress: Progress
) -> list[dict[str, float]]:
    out = []
    total = len(answers[0].probe_ids)
    counts = [*(c for c in PROBES if c < total), total]
    for done, count in enumerate(counts):
        progress("kinship by fewer probes", done, len(counts))
        part = [ResponseSet(a.model, a.probe_ids[:count], a.slots[:count]) for a in answers]
        spent = np.mean([sum(r.tokens or 0 for s in a.slots for r in s) for a in part])
        found = figures(truth, pairs, kinship_similarity(part).combined)
        out.append({"probes": count, "tokens": float(spent), **asdict(found)})
    progress("kinship by fewer probes", len(counts), len(counts))
    return out


def _trees(
    truth: Truth, names: Sequence[str], found: Mapping[str, Any], bounded: Any
) -> tuple[dict[str, Any], dict[str, Any]]:
    out = {}
    made, figure = trees.tree_found(truth, bounded)
    out["cladist (as 'cladist tree' makes it)"] = asdict(figure)
    ancestors = asdict(trees.ancestors_found(truth, made))
    for method in (
        methods.DNA_COSINE,
        methods.REPTRACE,
        methods.PHYLOLM,
        methods.TFIDF,
        methods.FUNCTION,
        methods.WEIGHTS,
    ):
        out[method] = asdict(trees.tree_found(truth, trees.nj_of(names, found[method]))[1])
    return out, ancestors


def _laws(
    root: Path,
    truth: Truth,
    chosen: Sequence[Assay],
    names: Sequence[str],
    function: Any,
    ours: Any,
    theirs: Any,
) -> dict[str, Any]:
    points = laws.points(root, truth, chosen[0])
    place = {n: k for k, n in enumerate(names)}
    dna = methods.euclidean(ours)
    clocks = [
        laws.clock_of(
            f"{start}: {what} against steps of one tuning at a constant rate",
            np.array([p.amount for p in mine]),
            np.array([getattr(p, key) for p in mine]),
        )
        for start in sorted({p.start for p in points if p.series == "clock"})
        for mine in [[p for p in points if p.series == "clock" and p.start == start]]
        for what, key in (("DNA distance", "dna"), ("functional distance", "functional"))
    ]
    below = [n for n in names if truth.by_name[n].parents and truth.family(n) in place]
    spent = np.array([laws.training_of(truth, n) for n in below])
    rows = [(place[n], place[truth.family(n)]) for n in below]
    tips = {
        "DNA distance": np.array([dna[a, b] for a, b in rows]),
        "functional distance": np.array([function[a, b] for a, b in rows]),
    }
    clocks += [
        laws.clock_of(f"all descendants: {what} from the founder against tokens trained", spent, d)
        for what, d in tips.items()
    ]
    return {
        "points": [asdict(p) for p in points],
        "constants": {
            "default assay": asdict(laws.constants(dna, function)),
            "RepTrace": asdict(laws.constants(methods.euclidean(theirs), function)),
        },
        "cloud": {
            "functional": function[np.triu_indices(len(names), 1)].round(4).tolist(),
            "dna": dna[np.triu_indices(len(names), 1)].round(4).tolist(),
        },
        "clocks": [asdict(c) for c in clocks],
        "tips": [
            {
                "model": n,
                "operation": truth.by_name[n].operation,
                "tokens": float(t),
                "dna": float(d),
                "functional": float(f),
            }
            for n, t, d, f in zip(
                below, spent, tips["DNA distance"], tips["functional distance"], strict=True
            )
        ],
    }


def _plain(data: Any) -> Any:
    """The same with NaN as null, which JSON has no word for."""
    if isinstance(data, float):
        return data if np.isfinite(data) else None
    if isinstance(data, Mapping):
        return {str(k): _plain(v) for k, v in data.items()}
    if isinstance(data, list | tuple):
        return [_plain(v) for v in data]
    return data
