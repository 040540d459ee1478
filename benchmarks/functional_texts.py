"""Do texts tell more of kinship than distributions of the same models do? On bred models.

    python benchmarks/functional_texts.py MENAGERIE

Asks all models the default assay (greedy) and PhyloLM's genes (sampled, eight seeds), and adds the
evidence of texts to that of distributions by several weights. Sampled texts are taken of one seed
for all, and of another seed for each model; then pairs of the same seed are left out. 'Fitted' is
the weight by logistic regression, one founder's line left out at a time: least and largest.
Quarter of an hour for the asking.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score, roc_auc_score

from cladist import catalog
from cladist.core.assay import Assay
from cladist.core.responses import ResponseSet
from cladist.extraction.run import extract
from cladist.kinship.evidence.standard import Floats
from cladist.kinship.inference.pairs import pair_evidence
from cladist.lab.asking import REGISTRY, Effort, assays, open_bred
from cladist.lab.figures import RATE, Pairs, exceeds, pairs_of
from cladist.lab.functional import functional_assay
from cladist.lab.truth import Truth, read_truth
from cladist.registry import Registry

SEEDS, SAMPLES = 8, "registry-of-samples"
WEIGHTS = (0.0, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0)


def answers(root: Path, folder: str, assay: Assay, truth: Truth) -> dict[str, ResponseSet]:
    """Answers of all scored models; those that are not there are asked for."""
    with Registry.open(root / folder) as registry:
        asked = {m.name for m in registry.answering(assay.protocol)}
        for name in [n for n in truth.scored() if n not in asked]:
            model = open_bred(root, name)
            extract(model, assay, registry, allow_sparse=True)
            model.close()
        return {r.model: r for r in registry.responses(assay.protocol) if r.usable().any()}


def nth(said: ResponseSet, number: int) -> ResponseSet:
    """The answers of one seed."""
    slots = tuple((s[number],) if len(s) > number else () for s in said.slots)
    return ResponseSet(said.model, said.probe_ids, slots)


def row(pairs: Pairs, value: Floats, among: NDArray[np.bool_]) -> str:
    """AUC, AP, TPR at 1% and AUC against strangers of the same text, among some pairs."""
    plain = (pairs.kind == "nothing shared") & among
    kin, used = pairs.kin & among, (pairs.kin & among) | plain
    found = (
        roc_auc_score(pairs.kin[used], value[used]),
        average_precision_score(pairs.kin[used], value[used]),
        np.mean(value[kin] > np.quantile(value[plain], 1 - RATE)),
        exceeds(value[kin], value[(pairs.kind == "same founding text") & among]),
    )
    return " | ".join(f"{v:.3f}" for v in found)


def fitted(
    truth: Truth, pairs: Pairs, function: Floats, texts: Floats, among: NDArray[np.bool_]
) -> str:
    """Weight of texts beside that of distributions, with one line left out at a time."""
    lines = np.array([truth.family(n) for n in pairs.names])
    used = (pairs.kin | (pairs.kind == "nothing shared")) & among
    out = []
    for line in np.unique(lines):
        here = used & (lines[pairs.a] != line) & (lines[pairs.b] != line)
        x = np.stack([function[here], texts[here]], axis=1)
        model = LogisticRegression(C=1e3, class_weight="balanced").fit(x, pairs.kin[here])
        out.append(float(model.coef_[0, 1] / model.coef_[0, 0]))
    return f"{min(out):.2f} to {max(out):.2f}"


def show(
    truth: Truth, name: str, distributions: Sequence[ResponseSet], texts: Sequence[ResponseSet],
    seeds: NDArray[np.int64] | None = None,
) -> None:  # fmt: skip
    """Rows of one kind of texts; with `seeds`, of pairs of other seeds alone."""
    names = [r.model for r in texts]
    own = truth.without(set(truth.scored()) - set(names))
    pairs = pairs_of(own, names)
    among = np.ones(len(pairs.a), np.bool_) if seeds is None else seeds[pairs.a] != seeds[pairs.b]
    function, said = (pair_evidence(r).combined[pairs.a, pairs.b] for r in (distributions, texts))
    print(f"| {name} alone | | {row(pairs, said, among)} | |")
    weight = fitted(own, pairs, function, said, among)
    for w in WEIGHTS:
        last = weight if w == 0 else ""
        print(f"| distributions and {name} | {w:g} | {row(pairs, function + w * said, among)} "
              f"| {last} |", flush=True)  # fmt: skip


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("menagerie", type=Path)
    root = parser.parse_args().menagerie
    torch.set_num_threads(1)
    truth = read_truth(root)
    genes = assays(Effort(128, SEEDS, 150, 32))[1]
    sampled = answers(root, SAMPLES, genes, truth)
    greedy = answers(root, REGISTRY, catalog.assay(), truth)
    with Registry.open(root / REGISTRY, create=False) as registry:
        told = {r.model: r for r in registry.responses(functional_assay().protocol)}
    print("| evidence | weight of texts | AUC | AP | TPR at 1% | AUC, same text | fitted |")
    print("|---|---|---|---|---|---|---|")
    names = [n for n in truth.scored() if n in told and n in greedy]
    show(truth, "greedy texts", [told[n] for n in names], [greedy[n] for n in names])
    names = [n for n in truth.scored() if n in told and n in sampled]
    functions = [told[n] for n in names]
    show(truth, "sampled texts, one seed", functions, [nth(sampled[n], 0) for n in names])
    seeds = np.random.default_rng(0).permutation(np.arange(len(names)) % SEEDS)
    apart = [nth(sampled[n], int(k)) for n, k in zip(names, seeds, strict=True)]
    show(truth, "sampled texts, other seeds", functions, apart, seeds)


if __name__ == "__main__":
    main()
