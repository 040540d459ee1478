"""How many contexts the functional assay needs, and how long: on bred models, by left-out lines.

    python benchmarks/functional_contexts.py MENAGERIE --keep FOLDER

Asks every model of a menagerie (`cladist lab grow`) the 256 long contexts and the 100 short ones,
and tells kin from strangers by the first of them. Lines of founders are dealt into two halves, so
that what is chosen on one can be read on the other. Seconds a tiny model; what was told is kept in
FOLDER, a file a model, and read there the next time.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import torch

from cladist import catalog
from cladist.core.next_token import OUTCOMES, Context, next_byte
from cladist.kinship.evidence.functional import Functions, functional_evidence
from cladist.lab.asking import open_bred
from cladist.lab.figures import Found, figures, pairs_of
from cladist.lab.truth import Truth, read_truth
from cladist.models.base import TellsNextToken

SETS = ("contexts-256", "contexts-100")
COUNTS = (16, 32, 64, 100, 256)


def roots_of(root: Path, name: str, texts: list[str], kept: Path | None) -> np.ndarray | None:
    """Roots of next-byte distributions, (contexts, 257); None of a model that tells none."""
    file = None if kept is None else kept / f"{name}.npy"
    if file is not None and file.exists():
        read: np.ndarray = np.load(file, allow_pickle=False)
        return read
    model = open_bred(root, name)
    if not isinstance(model, TellsNextToken):
        return None
    found = np.zeros((len(texts), OUTCOMES), np.float32)
    for index, said in model.next_tokens([Context(t, top=1000) for t in texts]):
        mass = next_byte(said).mass
        found[index] = np.sqrt(mass / max(float(mass.sum()), 1e-12))
    model.close()
    if file is not None:
        np.save(file, found)
    return found


def scored(truth: Truth, names: list[str], roots: np.ndarray) -> tuple[Found, Found]:
    """Figures of the kinship's evidence, and of d_H."""
    digests = tuple(str(k).encode() for k in range(len(names)))
    contexts = tuple(map(str, range(roots.shape[1])))
    read = Functions(tuple(names), contexts, roots, roots.max(axis=-1) > 0, digests)
    combined = functional_evidence(read, np.ones(len(names), np.bool_)).combined
    flat = roots.reshape(len(names), -1).astype(np.float64)
    own = (flat**2).sum(axis=1)
    apart = np.sqrt(np.maximum(own[:, None] + own - 2 * flat @ flat.T, 0.0))
    pairs = pairs_of(truth, names)
    return figures(truth, pairs, combined), figures(truth, pairs, -apart)


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("menagerie", type=Path)
    parser.add_argument("--keep", type=Path)
    options = parser.parse_args()
    root = options.menagerie
    torch.set_num_threads(1)
    truth = read_truth(root)
    sets = {s: [p.text for p in catalog.probe_set(s).probes] for s in SETS}
    texts = [t for listed in sets.values() for t in listed]
    told = {n: roots_of(root, n, texts, options.keep) for n in truth.scored()}
    names = [n for n in told if told[n] is not None]
    every = np.stack([told[n] for n in names if told[n] is not None])
    lines = sorted({truth.family(n) for n in names})
    halves = {"all": lines, "chosen on": lines[::2], "left out": lines[1::2]}
    print("| lines | contexts | kinship: AUC | TPR | nearest | d_H: AUC | TPR | nearest |")
    print("|---|---|---|---|---|---|---|---|")
    for half, wanted in halves.items():
        rows = [k for k, n in enumerate(names) if truth.family(n) in wanted]
        mine = [names[k] for k in rows]
        own = truth.without(set(truth.scored()) - set(mine))
        start = 0
        for name, listed in sets.items():
            for count in [c for c in COUNTS if c <= len(listed)]:
                found = scored(own, mine, every[rows, start : start + count])
                shown = " | ".join(f"{f.auc:.3f} | {f.tpr:.2f} | {f.nearest:.3f}" for f in found)
                print(f"| {half} | {count} of {name} | {shown} |", flush=True)
            start += len(listed)


if __name__ == "__main__":
    main()
