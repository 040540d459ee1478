"""Two settings of the evidence from distributions, chosen with one founder's line left out.

    python benchmarks/functional_choices.py MENAGERIE

`EVIDENCE.unlikely`, below which probabilities count as one, and `EVIDENCE.lineage`, the distance
within which models of a panel share their weight. Each pair of values is scored by average
precision on the lab without one line; the table shows what each left-out line would have had
chosen, and how the values do on the mean. Two CPU minutes.
"""

from __future__ import annotations

import argparse
from collections import Counter
from itertools import product
from pathlib import Path

import numpy as np
from constants import changed

from cladist.kinship.config import EVIDENCE
from cladist.kinship.evidence.functional import Functions, functional_evidence, read_functions
from cladist.lab.figures import Found, figures, pairs_of
from cladist.lab.functional import told_functions
from cladist.lab.truth import Truth, read_truth

UNLIKELY = (0.01, 0.003, 0.001, 0.0003, 0.0001)
LINEAGE = (0.001, 0.2, 0.25, 0.3, 0.4, 0.5)
"""The first lets every model count as one."""


def part_of(read: Functions, rows: list[int]) -> Functions:
    """Some of the models."""
    return Functions(
        tuple(read.models[k] for k in rows),
        read.contexts,
        read.roots[rows],
        read.present[rows],
        tuple(read.digests[k] for k in rows),
    )


def scored(truth: Truth, read: Functions, unlikely: float, lineage: float) -> Found:
    """Figures with these settings and everybody in the panel."""
    own = truth.without(set(truth.scored()) - set(read.models))
    with changed(EVIDENCE, unlikely=unlikely, lineage=lineage):
        found = functional_evidence(read, np.ones(len(read.models), np.bool_))
    return figures(own, pairs_of(own, read.models), found.combined)


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("menagerie", type=Path)
    options = parser.parse_args()
    truth = read_truth(options.menagerie)
    names, answers = told_functions(options.menagerie, truth)
    read = read_functions(answers)
    lines = sorted({truth.family(n) for n in names})
    grid = list(product(UNLIKELY, LINEAGE))
    found: dict[tuple[float, float], list[Found]] = {g: [] for g in grid}
    chosen: Counter[tuple[float, float]] = Counter()
    for line in lines:
        part = part_of(read, [k for k, n in enumerate(names) if truth.family(n) != line])
        for g in grid:
            found[g].append(scored(truth, part, *g))
        chosen[max(grid, key=lambda g: found[g][-1].ap)] += 1
    print("| unlikely | lineage | AP, mean of lines left out | AUC | TPR at 1% | same text "
          "| chosen | all lines: AUC | AP | TPR | same text | nearest |")  # fmt: skip
    print("|---" * 12 + "|")
    for g in sorted(grid, key=lambda g: -np.mean([f.ap for f in found[g]])):
        m = [float(np.nanmean([getattr(f, k) for f in found[g]])) for k in _KEYS[:4]]
        whole = scored(truth, read, *g)
        w = [getattr(whole, k) for k in ("auc", "ap", "tpr", "hard", "nearest")]
        cells = [f"{g[0]:g}", f"{g[1]:g}", *(f"{v:.3f}" for v in m), str(chosen[g])]
        print("| " + " | ".join([*cells, *(f"{v:.3f}" for v in w)]) + " |", flush=True)


_KEYS = ("ap", "auc", "tpr", "hard")

if __name__ == "__main__":
    main()
