"""What the first stage of a search for kin misses, on recorded models of known foundation.

    python benchmarks/two_stages.py [--data ../shared/data/rand]

First table: for how many models that have kin the nearest of them is among the first k that a
stage brings up: by DNA of the default assay under three metrics, and by alleles as
`cladist reference panel nearest` ranks. Second table: the share of models whose nearest by kinship
is kin, when kinship is measured against a sample of R models and only for the first k by centred
cosine.
Kin: same foundation, other weights, labels of high or medium confidence.
"""

from __future__ import annotations

import argparse
import csv
import tempfile
from pathlib import Path

import numpy as np
from measure import table
from numpy.typing import NDArray

from cladist.compare import resolve_assay
from cladist.kinship.evidence.alleles import local_alleles, relationship, whole_alleles
from cladist.kinship.evidence.corpus import read_corpus
from cladist.kinship.evidence.similarity import evidence_of
from cladist.kinship.panel.shortlist import sample_of
from cladist.registry import Registry
from cladist.workflows.extracting import import_responses

FIRST = (1, 8, 20, 50, 100, 200)
SAMPLES = (200, 400)
Matrix = NDArray[np.float64]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=Path("../shared/data/rand"))
    parser.add_argument("--registry", type=Path, help="one that holds the data already")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        with Registry.open(args.registry or folder) as store:
            if args.registry is None:
                import_responses(args.data / "responses.parquet", store)
            assay = resolve_assay(store)
            dnas = store.dnas(assay)
            names = [d.model for d in dnas]
            corpus = read_corpus(list(store.responses(assay.protocol, names)))
        x = np.array([d.vector for d in dnas], np.float64)
        kin, other, known = labels(args.data / "lineage.csv", names)
        stages = {"DNA, Euclidean": -euclidean(x), "DNA, cosine": cosine(x)}
        stages["DNA, centred cosine"] = cosine(x - x.mean(axis=0))
        weight, both = np.ones(len(names)), np.zeros((len(names), len(names)))
        for read in (whole_alleles, local_alleles):
            both += relationship(read(corpus), corpus.present, weight)
        stages["alleles"] = both
        ranks = {name: rank(s) for name, s in stages.items()}
        has = kin.any(axis=1)
        print(f"{len(names)} models, {int(has.sum())} of them with kin\n")
        rows = [
            (name, *(f"{np.mean(np.where(kin, r, len(names)).min(1)[has] < k):.3f}" for k in FIRST))
            for name, r in ranks.items()
        ]
        print(table(["first stage", *(f"first {k}" for k in FIRST)], rows), "\n")
        rows = []
        for size in (*SAMPLES, len(names)):
            chosen = set(sample_of(names, size))
            members = np.array([n in chosen for n in names])
            evidence = evidence_of(corpus, members).combined
            evidence[~(other & known)] = -np.inf
            found = []
            for k in (*FIRST[1:], len(names)):
                near = np.where(ranks["DNA, centred cosine"] < k, evidence, -np.inf).argmax(axis=1)
                found.append(f"{np.mean(kin[np.arange(len(names)), near][has]):.3f}")
            rows.append((size, *found))
        print(table(["reference", *(f"first {k}" for k in FIRST[1:]), "all"], rows))


def labels(
    path: Path, names: list[str]
) -> tuple[NDArray[np.bool_], NDArray[np.bool_], NDArray[np.bool_]]:
    """Who is kin, who has other weights, and which pairs have labels to go by."""
    with path.open(encoding="utf-8", newline="") as file:
        by_name = {row["model"]: row for row in csv.DictReader(file)}
    rows = [by_name.get(n, {}) for n in names]
    good = np.array(
        [
            r.get("usable") == "True"
            and r.get("confidence") in ("high", "medium")
            and bool(r.get("foundation"))
            for r in rows
        ]
    )
    foundation = np.array([r.get("foundation") or "" for r in rows])
    weights = np.array([r.get("weights_of") or n for n, r in zip(names, rows, strict=True)])
    other = weights[:, None] != weights[None, :]
    known = good[:, None] & good[None, :]
    return (foundation[:, None] == foundation[None, :]) & other & known, other, known


def euclidean(x: Matrix) -> Matrix:
    square = (x * x).sum(axis=1)
    return np.asarray(square[:, None] + square - 2 * x @ x.T)


def cosine(x: Matrix) -> Matrix:
    x = x / np.linalg.norm(x, axis=1, keepdims=True)
    return np.asarray(x @ x.T)


def rank(similarity: Matrix) -> NDArray[np.int64]:
    """Place of every model in every other's list, its own last."""
    s = similarity.copy()
    np.fill_diagonal(s, -np.inf)
    order = np.argsort(-s, axis=1, kind="stable")
    out = np.empty_like(order)
    out[np.arange(len(s))[:, None], order] = np.arange(len(s))
    return out


if __name__ == "__main__":
    main()
