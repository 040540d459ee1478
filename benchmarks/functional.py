"""The functional assay, measured: cost, distances on a known scale, and what its DNA keeps.

    python benchmarks/functional.py cost builtin:smollm2
    python benchmarks/functional.py keeps REGISTRY
    python benchmarks/functional.py kin REGISTRY --labels families.csv

`cost` asks a model and counts CPU seconds; `keeps` reads a registry of models extracted with
--assay functional: DNA made of one half of the contexts against d_H on the other half; `kin` reads
how well kin are told from strangers by several statistics of the same distributions.
"""

from __future__ import annotations

import argparse
import csv
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from scipy.stats import rankdata

from cladist import catalog
from cladist.core.assay import Projection
from cladist.core.next_token import Context
from cladist.core.projection import gaussian_matrix
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
    functional, default = catalog.assay("functional"), catalog.assay("cladist")
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


def functions_of(folder: Path) -> tuple[Functions, Any]:
    """Distributions of all models of a registry."""
    assay = catalog.assay("functional")
    with Registry.open(folder, create=False) as registry:
        answers = [r for r in registry.responses(assay.protocol) if r.usable().all()]
    return read_functions(answers), functional_distances(answers)


def half_distances(read: Functions, part: slice) -> np.ndarray:
    """d_H over a part of the contexts."""
    x = read.roots[:, part].astype(np.float64)
    flat = x.reshape(len(x), -1)
    size = (flat**2).sum(axis=1)
    square = size[:, None] + size - 2 * flat @ flat.T
    return np.sqrt(np.maximum(square / x.shape[1], 0))


def keeps(folder: Path, dimensions: Sequence[int]) -> None:
    """Bi-Lipschitz constants of DNA of even contexts against d_H of odd ones."""
    read, whole = functions_of(folder)
    pairs = np.triu_indices(len(read.models), 1)
    odd = half_distances(read, slice(1, None, 2))[pairs]
    even = read.roots[:, ::2]
    flat = even.reshape(len(even), -1) / np.sqrt(even.shape[1])
    apart = odd > 1e-6
    print(f"{len(read.models)} models, {apart.sum()} pairs, d_H {whole.condensed().min():.4f} to "
          f"{whole.condensed().max():.4f}")  # fmt: skip
    own = half_distances(read, slice(0, None, 2))[pairs]
    _ratios("no projection", own[apart] / odd[apart])
    for dimension in dimensions:
        made = flat @ gaussian_matrix(flat.shape[1], Projection(dimension, 42, "paper"))
        far = np.linalg.norm(made[pairs[0]] - made[pairs[1]], axis=1)
        _ratios(f"L = {dimension}", far[apart] / odd[apart])


def _ratios(name: str, ratio: np.ndarray) -> None:
    low, high = ratio.min(), ratio.max()
    width = (high - low) / (high + low)
    print(
        f"  {name:14} c1 {low:.3f}  c2 {high:.3f}  (c2-c1)/(c2+c1) {width:.3f}"
        f"  median {np.median(ratio):.3f}"
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
    kept = sub.add_parser("keeps")
    kept.add_argument("registry", type=Path)
    kept.add_argument("--dimensions", type=int, nargs="+", default=[32, 128, 256, 512])
    told = sub.add_parser("kin")
    told.add_argument("registry", type=Path)
    told.add_argument("--labels", type=Path, required=True)
    options = parser.parse_args()
    if options.what == "cost":
        cost(options.uri, options.contexts)
    elif options.what == "keeps":
        keeps(options.registry, options.dimensions)
    else:
        kin(options.registry, options.labels)


if __name__ == "__main__":
    main()
