"""Inheritance, determinism and the clock as laws, measured where the weights are known."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.stats import linregress, spearmanr

from cladist.core.assay import Assay
from cladist.lab.asking import SERIES
from cladist.lab.inside import functional_distances
from cladist.lab.methods import euclidean, functions_of, vectors
from cladist.lab.truth import Truth
from cladist.registry import Registry

Floats = NDArray[np.float64]

AMOUNT = {"clock": "steps", "rank": "rank", "noise": "sigma", "bits": "bits"}
"""Option that tells how much was changed, by series."""


@dataclass(frozen=True)
class Point:
    """One model of a series: how much was changed, and how far it went from where it began.

    dna         Euclidean distance of the DNAs
    functional  d_H of next-byte distributions
    differing   share of the probes answered with other words
    """

    series: str
    start: str
    model: str
    amount: float
    dna: float
    functional: float
    differing: float


@dataclass(frozen=True)
class Constants:
    """Ratios of DNA distance to functional distance over pairs of models.

    low, high       the empirical c1 and c2; `middle` the median, and the inner 90%
    distortion      (c2 - c1) / (c2 + c1)
    rank            Spearman's correlation of the two distances
    """

    pairs: int
    low: float
    fifth: float
    middle: float
    ninetyfifth: float
    high: float
    distortion: float
    rank: float


@dataclass(frozen=True)
class ClockFound:
    """Distance from the founder against training: slope of the logs, fit, and rank correlation."""

    what: str
    models: int
    exponent: float
    r2: float
    rank: float


def points(root: Path, truth: Truth, assay: Assay) -> list[Point]:
    """All points of all series; amounts of a clock add up along its chain."""
    scored = set(truth.scored())
    members = [
        i
        for i in truth.individuals
        if i.series and i.name not in truth.left_out and truth.family(i.name) in scored
    ]
    if not members:
        return []
    names = [i.name for i in members]
    starts = sorted({truth.family(n) for n in names})
    with (
        Registry.open(root / SERIES, create=False) as own,
        Registry.open(root / "registry", create=False) as main,
    ):
        dnas = [*own.dnas(assay, names), *main.dnas(assay, starts)]
        answers = {
            r.model: r.texts()
            for r in [
                *own.responses(assay.protocol, names),
                *main.responses(assay.protocol, starts),
            ]
        }
    every = [*names, *starts]
    dna = euclidean(vectors(dnas))
    function = functional_distances(functions_of(root, every))
    out = []
    for individual in members:
        start = truth.family(individual.name)
        a, b = every.index(individual.name), every.index(start)
        differing = np.mean(
            [x != y for x, y in zip(answers[individual.name], answers[start], strict=True)]
        )
        out.append(
            Point(
                individual.series,
                start,
                individual.name,
                amount_of(truth, individual.name),
                float(dna[a, b]),
                float(function[a, b]),
                float(differing),
            )
        )
    return sorted(out, key=lambda p: (p.series, p.start, p.amount))


def amount_of(truth: Truth, name: str) -> float:
    """How much was changed in a model of a series; steps of a clock add up along its chain."""
    individual = truth.by_name[name]
    if individual.series != "clock":
        return float(individual.options[AMOUNT.get(individual.series, "steps")])
    above = [truth.by_name[n] for n in truth.ancestors(name)]
    return float(individual.steps + sum(i.steps for i in above if i.series == "clock"))


def constants(dna: Floats, functional: Floats) -> Constants:
    """Empirical bi-Lipschitz constants over all pairs that differ in function."""
    upper = np.triu_indices(len(dna), 1)
    d, f = dna[upper], functional[upper]
    ratio = d[f > 1e-9] / f[f > 1e-9]
    low, fifth, middle, ninetyfifth, high = np.quantile(ratio, (0, 0.05, 0.5, 0.95, 1)).tolist()
    total = high + low
    return Constants(
        len(ratio), low, fifth, middle, ninetyfifth, high,
        (high - low) / total if total else float("nan"),
        float(spearmanr(d, f).statistic),
    )  # fmt: skip


def clock_of(what: str, amount: Floats, distance: Floats) -> ClockFound:
    """The law distance ~ amount^k on logs, over points where both are above 0."""
    good = (amount > 0) & (distance > 0)
    if good.sum() < 3:
        return ClockFound(what, int(good.sum()), float("nan"), float("nan"), float("nan"))
    fit = linregress(np.log(amount[good]), np.log(distance[good]))
    rank = float(spearmanr(amount[good], distance[good]).statistic)
    return ClockFound(what, int(good.sum()), float(fit.slope), float(fit.rvalue**2), rank)


def training_of(truth: Truth, name: str) -> float:
    """Tokens that a model was trained on since its founder, along first parents."""
    total = 0.0
    while truth.by_name[name].parents:
        total += truth.by_name[name].tokens
        name = truth.by_name[name].parents[0]
    return total
