"""How well each assay's method sees kinship in the recorded responses of ../shared/data.

    OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 python benchmarks/assays.py [rand bench6]
        [--embedded STEP]

Prints the figures of ../shared/tools/score_kinship.py for the published DNA, for single-sample
alleles, and for the DNA of the default assay, by plain Euclidean distance and by cosine with the
mean of the compared models removed. --embedded adds the reptrace method with the bundled
encoder on every STEP-th probe (minutes; 1 is all probes, about 80,000 texts).
"""

from __future__ import annotations

import argparse
import importlib.util
import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from cladist.catalog import assay
from cladist.core.assay import Method
from cladist.core.projection import project
from cladist.core.responses import ResponseSet
from cladist.encoders import represent

SHARED = Path(__file__).resolve().parents[1].parent / "shared"
COLUMNS = ("auc", "ap", "tpr_1", "tpr_01", "nn", "parent_1")


def load(name: str) -> tuple[list[ResponseSet], pd.DataFrame]:
    """Recorded responses of one data set, one answer a probe, and the lineage."""
    folder = SHARED / "data" / name
    table = pd.read_parquet(folder / "responses.parquet")
    table["model"] = table["model"].astype(str)
    wide = table.drop_duplicates(["model", "prompt_id"]).pivot(
        index="model", columns="prompt_id", values="response"
    )
    ids = [str(c) for c in wide.columns]
    sets = [
        ResponseSet.of_texts(m, [t if isinstance(t, str) else None for t in row], ids)
        for m, row in zip(wide.index, wide.to_numpy(dtype=object), strict=True)
    ]
    return sets, pd.read_csv(folder / "lineage.csv")


def every(responses: ResponseSet, step: int) -> ResponseSet:
    """Every step-th probe alone."""
    return ResponseSet(responses.model, responses.probe_ids[::step], responses.slots[::step])


def dna_vectors(sets: list[ResponseSet], method: Method) -> np.ndarray:
    """Vectors of the models, float64 (n, L)."""
    return np.stack(
        [
            project(represent(s, method), method.projection).sum(axis=0, dtype=np.float64)
            for s in sets
        ]
    )


def similarities(vectors: np.ndarray) -> dict[str, np.ndarray]:
    """Minus squared Euclidean distance, and cosine without the mean."""
    gram = vectors @ vectors.T
    own = np.diagonal(gram)
    centred = vectors - vectors.mean(axis=0)
    centred /= np.maximum(np.linalg.norm(centred, axis=1, keepdims=True), 1e-12)
    return {
        "euclidean": 2 * gram - own - own[:, None],
        "centred cosine": centred @ centred.T,
    }


def main() -> None:
    """Print one line a method and metric."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sets", nargs="*", default=["rand", "bench6"])
    parser.add_argument("--embedded", type=int, default=0, metavar="STEP")
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    spec = importlib.util.spec_from_file_location(
        "score_kinship", SHARED / "tools" / "score_kinship.py"
    )
    if spec is None or spec.loader is None or not SHARED.is_dir():
        raise SystemExit(f"the recorded data are not at {SHARED}")
    scorer = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(scorer)
    rows: list[dict[str, Any]] = []

    def report(data: str, method: str, ids: list[str], vectors: np.ndarray, lineage: Any) -> None:
        for metric, matrix in similarities(vectors).items():
            found = scorer.score(ids, matrix, lineage)
            rows.append({"data": data, "method": method, "metric": metric, **found})
            if not args.json:
                figures = "  ".join(f"{c} {found[c]:.3f}" for c in COLUMNS)
                print(f"{data:7} {method:24} {metric:15} {figures}", flush=True)

    for data in args.sets:
        sets, lineage = load(data)
        ids = [s.model for s in sets]
        with np.load(SHARED / "data" / data / "published_dna.npz", allow_pickle=False) as z:
            published = [str(m) for m in z["models"]]
            vectors = z["vectors"].astype(np.float64)
        report(data, "published DNA", published, vectors, lineage)
        for name in ("phylolm", "cladist"):
            report(data, name, ids, dna_vectors(sets, assay(name).method), lineage)
        if args.embedded:
            part = [every(s, args.embedded) for s in sets]
            vectors = dna_vectors(part, assay("reptrace").method)
            report(data, f"reptrace, 1/{args.embedded} probes", ids, vectors, lineage)
    if args.json:
        print(json.dumps(rows, indent=1))


if __name__ == "__main__":
    main()
