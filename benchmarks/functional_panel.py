"""Kinship by function on the lab, by whom the panel holds.

    python benchmarks/functional_panel.py MENAGERIE

Evidence takes off the mean of the panel and is scaled by its unrelated pairs. The panel is
everybody, or equally many of each founder's line, or as many models without regard to lines. All
models are scored whoever is in the panel. Lines are known here, as they are bred: this is a
diagnosis, no setting that was chosen.
"""

from __future__ import annotations

import argparse
from collections import Counter
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cladist.kinship.evidence.functional import functional_evidence, read_functions
from cladist.lab.figures import figures, pairs_of
from cladist.lab.functional import told_functions
from cladist.lab.truth import read_truth

Panel = NDArray[np.bool_]


def equal(lines: NDArray[np.str_], each: int, rng: np.random.Generator) -> Panel:
    """A panel of at most so many models of each line."""
    panel = np.zeros(len(lines), np.bool_)
    for line in np.unique(lines):
        own = np.flatnonzero(lines == line)
        panel[rng.choice(own, min(each, len(own)), replace=False)] = True
    return panel


def anyone(models: int, size: int, rng: np.random.Generator) -> Panel:
    """A panel of so many models."""
    panel = np.zeros(models, np.bool_)
    panel[rng.choice(models, size, replace=False)] = True
    return panel


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("menagerie", type=Path)
    parser.add_argument("--draws", type=int, default=10)
    options = parser.parse_args()
    truth = read_truth(options.menagerie)
    names, answers = told_functions(options.menagerie, truth)
    read = read_functions(answers)
    own = truth.without(set(truth.scored()) - set(names))
    pairs, lines = pairs_of(own, names), np.array([own.family(n) for n in names])
    largest, most = Counter(lines.tolist()).most_common(1)[0]
    print(f"{len(names)} models of {len(set(lines))} lines; {most} are of '{largest}'\n")
    print("| panel | models | draws | AUC, median | AP | TPR at 1%: least | median | largest |")
    print("|---|---|---|---|---|---|---|---|")
    rng = np.random.default_rng(0)
    everybody = np.ones(len(names), np.bool_)
    ways: list[tuple[str, list[Panel]]] = [
        ("everybody", [everybody]),
        (f"all but '{largest}'", [lines != largest]),
    ]
    for each in (1, 2, 4):
        even = [equal(lines, each, rng) for _ in range(options.draws)]
        size = int(even[0].sum())
        ways.append((f"up to {each} of each line", even))
        ways.append(("any", [anyone(len(names), size, rng) for _ in range(options.draws)]))
    for name, panels in ways:
        found = [figures(own, pairs, functional_evidence(read, p).combined) for p in panels]
        auc, ap, tpr = (np.array([getattr(f, k) for f in found]) for k in ("auc", "ap", "tpr"))
        print(
            f"| {name} | {panels[0].sum()} | {len(panels)} | {np.median(auc):.3f} "
            f"| {np.median(ap):.3f} | {tpr.min():.3f} | {np.median(tpr):.3f} | {tpr.max():.3f} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
