"""Relation detection by a classifier on published DNA: how the split of pairs makes the figure.

The paper LLM DNA (arXiv 2509.24496, table 1) trains a support vector machine on features of pairs
and splits the rows of pairs. Here the same classifier is trained and tested on the DNA that its
authors published, with rows split, with models split, and with makers split. Related pairs are
those of one foundation and other weights; as many pairs of different makers are drawn beside them.

python benchmarks/paper_protocol.py [--seeds 10] [--write]
"""

from __future__ import annotations

import argparse
from collections.abc import Callable

import numpy as np
import pandas as pd
from assays import SHARED
from sklearn.metrics import f1_score, roc_auc_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from cladist.formats.files import write_text

DOCUMENT = "docs/paper-protocol.md"
PAIRS = 1500
"""Related pairs at most that are trained on."""
HEAD = """# Relation detection by a classifier, measured

Written by `python benchmarks/paper_protocol.py --write`. Needs ../shared/data.

The paper *LLM DNA* reports an AUC of .979 for telling related pairs by a support vector machine
with a radial kernel on `[|d|, d]`, where d is the difference of two DNAs. Its pairs were split by
rows. Here the same classifier runs on the DNA that its authors published, with as many unrelated
pairs as related ones, over {seeds} random splits. Rows are split 80 to 20; of models and of makers
two fifths are held out. Brackets hold the 5% and 95% quantile over the splits.

- **rows, both orders**: each pair stands there as (a, b) and as (b, a), and rows are split. The
  test holds pairs that were trained on.
- **rows**: each pair once; a model of the test may have been trained on in another pair.
- **models**: no model of the test was trained on.
- **makers**: no maker of the test was trained on. This is the case of a model that nobody knows.

"""


class Pairs:
    """Published DNA of the labelled models of a set, and its related and unrelated pairs."""

    def __init__(self, name: str) -> None:
        data = SHARED / "data" / name
        with np.load(data / "published_dna.npz", allow_pickle=False) as z:
            place = {str(m): i for i, m in enumerate(z["models"])}
            vectors = z["vectors"].astype(float)
        rows = pd.read_csv(data / "lineage.csv").drop_duplicates("model").set_index("model")
        good = (rows.usable.astype(str) == "True") & rows.confidence.isin(["high", "medium"])
        rows = rows[good & rows.foundation.notna() & rows.index.isin(list(place))]
        self.x = vectors[[place[str(m)] for m in rows.index]]
        self.maker = rows.superfamily.fillna("?" + rows.foundation).to_numpy()
        foundation = rows.foundation.to_numpy()
        weights = rows.weights_of.fillna(pd.Series(rows.index, index=rows.index)).to_numpy()
        a, b = np.triu_indices(len(rows), 1)
        kin = (foundation[a] == foundation[b]) & (weights[a] != weights[b])
        other = self.maker[a] != self.maker[b]
        self.kin = np.stack([a[kin], b[kin]], 1)
        self.other = np.stack([a[other], b[other]], 1)

    def drawn(self, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """As many unrelated pairs as related ones, in random order and direction, with labels."""
        n = min(PAIRS, len(self.kin))
        one = self.kin[rng.choice(len(self.kin), n, replace=False)]
        two = self.other[rng.choice(len(self.other), n, replace=False)]
        pairs = np.concatenate([one, two])
        turned = rng.random(len(pairs)) < 0.5
        pairs[turned] = pairs[turned][:, ::-1]
        order = rng.permutation(len(pairs))
        return pairs[order], np.repeat([1, 0], n)[order]

    def features(self, pairs: np.ndarray) -> np.ndarray:
        """[|d|, d] of pairs."""
        d = self.x[pairs[:, 0]] - self.x[pairs[:, 1]]
        return np.hstack([np.abs(d), d])


Split = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]


def by_rows(p: Pairs, rng: np.random.Generator) -> Split:
    """Each pair once, split by rows."""
    pairs, label = p.drawn(rng)
    cut = len(pairs) * 4 // 5
    return pairs[:cut], label[:cut], pairs[cut:], label[cut:]


def by_rows_twice(p: Pairs, rng: np.random.Generator) -> Split:
    """Each pair in both orders, split by rows."""
    pairs, label = p.drawn(rng)
    pairs, label = np.concatenate([pairs, pairs[:, ::-1]]), np.concatenate([label, label])
    order = rng.permutation(len(pairs))
    pairs, label = pairs[order], label[order]
    cut = len(pairs) * 4 // 5
    return pairs[:cut], label[:cut], pairs[cut:], label[cut:]


def by_units(p: Pairs, rng: np.random.Generator, unit: np.ndarray) -> Split:
    """No unit of the test in training; pairs across are left out, both sides balanced."""
    names = np.unique(unit)
    held = set(rng.permutation(names)[: max(len(names) * 2 // 5, 2)].tolist())
    inside = np.array([u in held for u in unit])
    out = []
    for keep in (~inside, inside):
        one = p.kin[keep[p.kin].all(1)]
        two = p.other[keep[p.other].all(1)]
        n = min(PAIRS, len(one), len(two))
        if n < 10:
            raise ValueError("too few pairs on one side")
        one = one[rng.choice(len(one), n, replace=False)]
        two = two[rng.choice(len(two), n, replace=False)]
        pairs = np.concatenate([one, two])
        turned = rng.random(len(pairs)) < 0.5
        pairs[turned] = pairs[turned][:, ::-1]
        out += [pairs, np.repeat([1, 0], n)]
    return out[0], out[1], out[2], out[3]


def measured(p: Pairs, split: Callable[..., Split], seeds: int) -> tuple[list[float], list[float]]:
    """AUC and F1 of the test over splits."""
    auc, f1 = list[float](), list[float]()
    for seed in range(20 * seeds):
        try:
            train, y, test, truth = split(p, np.random.default_rng(seed))
        except ValueError:
            continue
        model = make_pipeline(StandardScaler(), SVC(kernel="rbf")).fit(p.features(train), y)
        score = model.decision_function(p.features(test))
        auc.append(float(roc_auc_score(truth, score)))
        f1.append(float(f1_score(truth, score > 0)))
        if len(auc) == seeds:
            break
    return auc, f1


def shown(values: list[float]) -> str:
    """Mean and the middle nine tenths."""
    low, high = np.quantile(values, [0.05, 0.95])
    return f"{np.mean(values):.2f} ({low:.2f}-{high:.2f})"


def main() -> None:
    """Measure all splits on both sets that published DNA covers."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--write", action="store_true")
    asked = parser.parse_args()
    lines = ["| set | models | related pairs | split | AUC | F1 |", "|---|---|---|---|---|---|"]
    for name in ("rand", "bench6"):
        p = Pairs(name)
        splits: dict[str, Callable[..., Split]] = {
            "rows, both orders": by_rows_twice,
            "rows": by_rows,
            "models": lambda p, r: by_units(p, r, np.arange(len(p.x))),
            "makers": lambda p, r: by_units(p, r, p.maker),
        }
        for what, split in splits.items():
            auc, f1 = measured(p, split, asked.seeds)
            lines.append(
                f"| {name} | {len(p.x)} | {len(p.kin)} | {what} | {shown(auc)} | {shown(f1)} |"
            )
            print(lines[-1], flush=True)
    if asked.write:
        from pathlib import Path

        write_text(Path(DOCUMENT), HEAD.format(seeds=asked.seeds) + "\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
