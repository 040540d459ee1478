"""The functional assay, measured: cost, distances on a known scale, and what its DNA keeps.

    python benchmarks/functional.py cost builtin:smollm2
    python benchmarks/functional.py keeps REGISTRY
    python benchmarks/functional.py dimension REGISTRY
    python benchmarks/functional.py kin REGISTRY --labels families.csv

`cost` asks a model and counts CPU seconds. The others read a registry of models extracted with
--assay functional-100. `keeps` holds DNA made of one half of the contexts against d_H on the other
half, and tells how far apart functions are whose DNA is near. `dimension` holds DNA of all contexts
against d_H on the same ones, beside what is proved. `kin` reads how well kin are told from
strangers by several statistics of the same distributions.
"""

from __future__ import annotations

import argparse
import csv
import time
from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from bounds import Floats, drawn, existence, kept
from scipy.stats import rankdata

from cladist import catalog
from cladist.core.assay import Projection
from cladist.core.distances import DistanceMatrix
from cladist.core.distributions import masses_of
from cladist.core.next_token import Context
from cladist.core.projection import gaussian_matrix
from cladist.core.responses import ResponseSet
from cladist.extraction.asking import distributions, requests_for
from cladist.kinship.evidence.functional import (
    Functions,
    functional_distances,
    functional_evidence,
    read_functions,
)
from cladist.models import open_model
from cladist.registry import Registry


def cpu(work: Callable[[], Iterable[Any]]) -> float:
    """CPU seconds of this process for one pass, all threads together."""
    begun = time.process_time()
    for _ in work():
        pass
    return time.process_time() - begun


def cost(uri: str, contexts: int) -> None:
    """CPU seconds of the functional assay, of bare forward passes, and of the default assay."""
    model = open_model(uri)
    functional, default = catalog.assay("functional-100"), catalog.assay("cladist")
    slots = [(p, 0) for p in range(contexts)]
    first = functional.protocol.probes.probes[0].text
    list(model.answer([requests_for(default, "raw", [(0, 0)])[0]]))  # what loads late is loaded
    list(model.next_tokens([Context(first, top=5)]))  # type: ignore[attr-defined]
    told = cpu(lambda: distributions(model, functional, "raw", slots))
    bare = cpu(lambda: model.answer(requests_for(functional, "raw", slots)))
    share = max(1, contexts)
    answered = cpu(
        lambda: model.answer(requests_for(default, "raw", [(p, 0) for p in range(share)]))
    )
    print(f"{uri}: {contexts} of 100 contexts, {share} of 100 probes, CPU seconds")
    print(f"  distributions      {told:.1f}")
    print(f"  one token alone    {bare:.1f}  (distributions cost {told / bare:.2f} x that)")
    print(f"  default assay      {answered:.1f}  (distributions cost {told / answered:.2f} x that)")


def answers_of(folder: Path) -> list[ResponseSet]:
    """Distributions of all models of a registry that tell one at every context."""
    assay = catalog.assay("functional-100")
    with Registry.open(folder, create=False) as registry:
        return [r for r in registry.responses(assay.protocol) if r.usable().all()]


def functions_of(folder: Path) -> tuple[Functions, DistanceMatrix]:
    """Distributions as functions, and d_H of all pairs."""
    answers = answers_of(folder)
    return read_functions(answers), functional_distances(answers)


def part_distances(read: Functions, part: slice) -> Floats:
    """d_H over a part of the contexts, of all pairs."""
    x = read.roots[:, part].astype(np.float64)
    flat = x.reshape(len(x), -1)
    size = (flat**2).sum(axis=1)
    square = size[:, None] + size - 2 * flat @ flat.T
    return np.sqrt(np.maximum(square / x.shape[1], 0))[np.triu_indices(len(x), 1)]


def dna_distances(read: Functions, part: slice, dimension: int) -> Floats:
    """Distances of all pairs of DNA made of a part of the contexts."""
    x = read.roots[:, part]
    flat = x.reshape(len(x), -1) / np.sqrt(x.shape[1])
    made = flat @ gaussian_matrix(flat.shape[1], Projection(dimension, 42, "paper"))
    left, right = np.triu_indices(len(x), 1)
    return np.linalg.norm(made[left] - made[right], axis=1).astype(np.float64)


def keeps(folder: Path, dimensions: Sequence[int], steps: Sequence[float]) -> None:
    """Bi-Lipschitz constants of DNA of even contexts against d_H of odd ones."""
    read, whole = functions_of(folder)
    odd = part_distances(read, slice(1, None, 2))
    apart = odd > 1e-6
    print(f"{len(read.models)} models, {apart.sum()} pairs, d_H {whole.condensed().min():.4f} to "
          f"{whole.condensed().max():.4f}\n")  # fmt: skip
    print("| L | c1 | c2 | (c2-c1)/(c2+c1) | median |\n|---|---|---|---|---|")
    even = slice(0, None, 2)
    made = {"none": part_distances(read, even)}
    made |= {str(length): dna_distances(read, even, length) for length in dimensions}
    for name, far in made.items():
        found = kept(odd[apart], far[apart])
        print(
            f"| {name} | {found.c1:.3f} | {found.c2:.3f} | {found.width:.3f} | {found.middle:.3f} |"
        )
    default = catalog.assay("functional-100").method.projection.dimension
    near_functions(made[str(default)], odd, (0.0, *steps))


def near_functions(dna: Floats, odd: Floats, steps: Sequence[float]) -> None:
    """What a DNA distance says of d_H on contexts that were left out, by steps of distance."""
    print("\n| DNA distance | pairs | d_H on the others: least | median | largest |")
    print("|---|---|---|---|---|")
    for low, high in pairwise(steps):
        found = odd[(dna >= low) & (dna < high)]
        if len(found):
            middle = np.median(found)
            print(f"| {low:g} to {high:g} | {len(found)} | {found.min():.4f} | {middle:.4f} "
                  f"| {found.max():.4f} |")  # fmt: skip


def dimension(folder: Path, dimensions: Sequence[int]) -> None:
    """What the projection alone costs: DNA against d_H on the same contexts, beside bounds."""
    answers = answers_of(folder)
    read, untold = read_functions(answers), np.stack([masses_of(r)[1] for r in answers])
    count, every = len(read.models), slice(None)
    exact = part_distances(read, every)
    apart = exact > 1e-6
    print(f"{count} models, {apart.sum()} pairs, {read.roots.shape[1]} contexts; missing mass "
          f"{untold.mean():.2%} on the mean, {untold.max():.1%} at most\n")  # fmt: skip
    print(
        "| L | c1 | c2 | (c2-c1)/(c2+c1) | distortion, median | 99% | largest "
        "| promised for one draw | promised to exist |\n|---|---|---|---|---|---|---|---|---|"
    )
    for length in dimensions:
        found = kept(exact[apart], dna_distances(read, every, length)[apart])
        some = existence(length, count)
        print(
            f"| {length} | {found.c1:.3f} | {found.c2:.3f} | {found.width:.3f} "
            f"| {' | '.join(f'{d:.3f}' for d in found.distortion)} "
            f"| {drawn(length, count):.3f} | {f'{some:.3f}' if np.isfinite(some) else '-'} |"
        )


def kin(folder: Path, labels: Path) -> None:
    """AUC and share of nearest models that are kin, for d_H and for log ratios."""
    read, whole = functions_of(folder)
    with labels.open() as file:
        family = {row["model"]: row["family"] for row in csv.DictReader(file)}
    of = np.array([family[m] for m in read.models])
    same = of[:, None] == of[None, :]
    pairs = np.triu_indices(len(of), 1)
    found = functional_evidence(read, np.ones(len(of), np.bool_))
    for name, likeness in (("d_H", -whole.matrix), ("log ratios", found.combined)):
        rank, truth = rankdata(likeness[pairs]), same[pairs]
        k = int(truth.sum())
        auc = (rank[truth].sum() - k * (k + 1) / 2) / (k * (len(truth) - k))
        near = likeness.copy()
        np.fill_diagonal(near, -np.inf)
        has = same.sum(axis=1) > 1
        nearest = same[np.arange(len(of)), near.argmax(axis=1)][has].mean()
        print(f"{name:10} AUC {auc:.3f}, nearest is kin {nearest:.3f}, {k} kin pairs")


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    sub = parser.add_subparsers(dest="what", required=True)
    asked = sub.add_parser("cost")
    asked.add_argument("uri")
    asked.add_argument("--contexts", type=int, default=100)
    lengths = [16, 32, 64, 128, 256, 512, 1024]
    for name in ("keeps", "dimension"):
        read = sub.add_parser(name)
        read.add_argument("registry", type=Path)
        read.add_argument("--dimensions", type=int, nargs="+", default=lengths)
        if name == "keeps":
            steps = [0.01, 0.03, 0.1, 0.2, 0.4, 0.8, 1.5]
            read.add_argument("--steps", type=float, nargs="+", default=steps)
    told = sub.add_parser("kin")
    told.add_argument("registry", type=Path)
    told.add_argument("--labels", type=Path, required=True)
    options = parser.parse_args()
    if options.what == "cost":
        cost(options.uri, options.contexts)
    elif options.what == "keeps":
        keeps(options.registry, options.dimensions, options.steps)
    elif options.what == "dimension":
        dimension(options.registry, options.dimensions)
    else:
        kin(options.registry, options.labels)


if __name__ == "__main__":
    main()
