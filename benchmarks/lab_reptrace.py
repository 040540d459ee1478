"""RepTrace in part, as `cladist lab score` asks it, against RepTrace in full.

    python benchmarks/lab_reptrace.py --menagerie menagerie

On the first models of some founders' lines in a menagerie that was scored; answers are kept
in a registry of its own beside the menagerie's, so that a second run asks nothing.
"""

from __future__ import annotations

import argparse
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import numpy as np

from cladist.encoders import represent
from cladist.extraction.run import extract
from cladist.kinship.evidence.similarity import kinship_similarity
from cladist.kinship.nei import nei_similarities
from cladist.lab import methods
from cladist.lab.asking import ECONOMY, PUBLISHED, REGISTRY, assays, open_bred
from cladist.lab.figures import figures, pairs_of
from cladist.lab.store import record_of
from cladist.lab.truth import Truth, read_truth
from cladist.registry import Registry

ROOT = Path(__file__).resolve().parents[1]
IN_FULL = "registry-of-reptrace"
TINY = 10_000_000  # parameters


def first_of_lines(root: Path, truth: Truth, count: int, each: int) -> list[str]:
    """The first scored models that speak of the first tiny founders with kin."""
    with Registry.open(root / REGISTRY, create=False) as registry:
        needed = {a.digest for a in assays(ECONOMY)}
        able = {m.name for m in registry.models() if needed <= set(registry.assays_of(m))}
    lines: dict[str, list[str]] = {}
    for name in truth.scored():
        record = record_of(root, name)
        founders = [f for f in lines if truth.kin(f, name)]
        if name in able and record is not None and int(record["parameters"]) < TINY:
            lines.setdefault(founders[0] if founders else name, []).append(name)
    told = [line for line in lines.values() if len(line) > 1]
    return [name for line in told[:count] for name in line[:each]]


def ask(root: Path, name: str) -> None:
    """Ask one model in full, unless that was done before."""
    import torch

    torch.set_num_threads(1)
    assay = assays(PUBLISHED)[2]
    with Registry.open(root / IN_FULL) as registry:
        if any(m.name == name and assay.digest in registry.assays_of(m) for m in registry.models()):
            return
        model = open_bred(root, name)
        try:
            extract(model, assay, registry, allow_sparse=True)
        finally:
            model.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--menagerie", type=Path, default=Path("menagerie"))
    parser.add_argument("--lines", type=int, default=5, help="founders whose lines are asked")
    parser.add_argument("--each", type=int, default=3, help="models of every line")
    parser.add_argument("--docs", type=Path, default=ROOT / "docs")
    args = parser.parse_args()
    root: Path = args.menagerie
    truth = read_truth(root)
    names = first_of_lines(root, truth, args.lines, args.each)
    Registry.open(root / IN_FULL).close()
    start = time.perf_counter()
    with ProcessPoolExecutor(2, get_context("spawn")) as pool:
        for name, _ in zip(names, pool.map(ask, [root] * len(names), names), strict=True):
            print(f"{name} after {time.perf_counter() - start:.0f} s", flush=True)

    ours, phylolm, part = assays(ECONOMY)
    full = assays(PUBLISHED)[2]
    with Registry.open(root / REGISTRY, create=False) as registry:
        answers = list(registry.responses(ours.protocol, names))
        samples = list(registry.responses(phylolm.protocol, names))
        some = methods.vectors(registry.dnas(part, names))
    with Registry.open(root / IN_FULL, create=False) as registry:
        whole = methods.vectors(registry.dnas(full, names))
        tokens = [
            sum(r.tokens or 0 for slot in a.slots for r in slot)
            for a in registry.responses(full.protocol, names)
        ]
    genes = nei_similarities([represent(r, phylolm.method) for r in samples])
    rows = {
        "RepTrace in part, Euclidean": -methods.euclidean(some),
        "RepTrace in full, Euclidean": -methods.euclidean(whole),
        "RepTrace in part, centred cosine": methods.centred_cosine(some),
        "RepTrace in full, centred cosine": methods.centred_cosine(whole),
        "PhyloLM in full (Nei)": np.asarray(genes, np.float64),
        "cladist kinship, default assay": kinship_similarity(answers).combined,
        "cladist kinship on the first samples of PhyloLM": kinship_similarity(
            [methods.first_samples(r) for r in samples]
        ).combined,
    }
    pairs = pairs_of(truth, names)
    questions, limit = PUBLISHED.questions, PUBLISHED.tokens
    page = [
        "# RepTrace in part and in full",
        "",
        "Written by `python benchmarks/lab_reptrace.py` from a menagerie that was scored.",
        "",
        f"The lab asks RepTrace {ECONOMY.questions} of its {questions} questions and",
        f"{ECONOMY.tokens} of {limit:,} tokens each. Whether that does it wrong is seen on",
        f"{len(names)} models, the first {args.each} of {args.lines} founders' lines, which say",
        f"{np.mean(tokens):,.0f} tokens each when asked in full.",
        "",
        "| method | AUC | AP | TPR at 1% FPR | AUC, same text | nearest is kin |",
        "|---|---|---|---|---|---|",
    ]
    for name, similarity in rows.items():
        f = figures(truth, pairs, similarity)
        page.append(
            f"| {name} | {f.auc:.3f} | {f.ap:.3f} | {f.tpr:.3f} | {f.hard:.3f} | {f.nearest:.3f} |"
        )
    page += ["", f"Models: {', '.join(names)}.", ""]
    (args.docs / "lab-reptrace.md").write_text("\n".join(page), encoding="utf-8")
    print("\n".join(page))


if __name__ == "__main__":
    main()
