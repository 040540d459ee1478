"""How well scores are predicted for families never seen, beside every baseline.

    OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 python benchmarks/predict.py

Writes the tables of docs/scores.md, between its marks. About ten minutes of one core.
"""

from __future__ import annotations

import argparse
import time
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from applied import ROOT, Scored, scored
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.exceptions import ConvergenceWarning
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF, ConstantKernel, WhiteKernel

from cladist.apply.baselines import FamilyMean, NearestModel, PhyloLMRecipe
from cladist.apply.evaluation import Evaluation, evaluate
from cladist.apply.scores import ScorePredictor, from_link, to_link

BOUNDS = (0.0, 100.0)
BEGIN, END = "<!-- begin: {} -->", "<!-- end: {} -->"


class KinshipGP(RegressorMixin, BaseEstimator):  # type: ignore[misc]
    """A Gaussian process on standardised rows of distances, by maximum likelihood."""

    def fit(self, X: Any, y: Any, groups: Any = None) -> KinshipGP:
        self.mean_, self.spread_ = X.mean(0), X.std(0) + 1e-9
        kernel = ConstantKernel(1.0) * RBF(X.shape[1] ** 0.5, (1e-1, 1e4)) + WhiteKernel(0.1)
        self.made_ = GaussianProcessRegressor(kernel, normalize_y=True, random_state=0)
        warnings.simplefilter("ignore", ConvergenceWarning)  # a noise at its bound is an answer
        self.made_.fit((X - self.mean_) / self.spread_, to_link(y, BOUNDS))
        return self

    def predict(self, X: Any) -> np.ndarray:
        return from_link(self.made_.predict((X - self.mean_) / self.spread_), BOUNDS)


def methods(data: Scored) -> list[tuple[str, Any, np.ndarray]]:
    """Name, estimator and features of each method."""
    table, width = data.features, data.features.blocks[0].width
    rows = table.values[:, :width]
    return [
        ("mean of the family, or of families", FamilyMean(), rows),
        ("nearest model by kinship", NearestModel(), rows),
        ("PhyloLM's recipe on its own similarity", PhyloLMRecipe(bounds=BOUNDS), data.log_nei),
        ("PhyloLM's recipe on kinship distances", PhyloLMRecipe(bounds=BOUNDS), rows),
        ("Gaussian process on kinship distances", KinshipGP(), rows),
        ("ridge on kinship distances", ScorePredictor(None, BOUNDS), rows),
        ("cladist: distances alone", ScorePredictor(table.blocks[:1], BOUNDS), rows),
        ("cladist: distances and answers", ScorePredictor(table.blocks, BOUNDS), table.values),
    ]


def figure(estimate: Any, digits: int = 2) -> str:
    """A value with its interval."""
    if np.isnan(estimate.value):
        return "-"
    return f"{estimate.value:.{digits}f} ({estimate.low:.{digits}f} to {estimate.high:.{digits}f})"


def line(name: str, found: Evaluation) -> str:
    """One row of the table."""
    cells = [name, figure(found.pearson()), figure(found.spearman()), figure(found.rmse(), 1)]
    for level in (0.8, 0.9):
        if level in found.intervals:
            models, families, width, said = found.coverage(level)
            said_of = "" if said == 1 else f", of {said:.0%}"
            cells.append(f"{models:.0%} / {families:.0%} / {width:.0f}{said_of}")
        else:
            cells.append("")
    return f"| {' | '.join(cells)} |"


def table(data: Scored, kind: str, leave: Any) -> str:
    """The table of one data set and way of leaving out."""
    out = [
        "| method | Pearson | Spearman | RMSE | 80% intervals | 90% intervals |",
        "|---|---|---|---|---|---|",
    ]
    for name, estimator, features in methods(data):
        start = time.process_time()
        found = evaluate(estimator, features, data.scores, data.families[kind], leave)
        out.append(line(name, found))
        print(f"{time.process_time() - start:7.1f} s  {out[-1]}", flush=True)
    return "\n".join(out)


def put(page: str, mark: str, text: str) -> str:
    """The page with the text between two marks replaced."""
    begin, end = BEGIN.format(mark), END.format(mark)
    before, _, rest = page.partition(begin)
    _, _, after = rest.partition(end)
    if not rest:
        raise SystemExit(f"the page has no mark {begin}")
    return f"{before}{begin}\n{text}\n{end}{after}"


def write(path: Path, parts: Mapping[str, str]) -> None:
    """Replace the tables of a page between their marks."""
    page = path.read_text(encoding="utf-8")
    for mark, text in parts.items():
        page = put(page, mark, text)
    path.write_text(page, encoding="utf-8")


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dry", action="store_true", help="print only")
    parser.add_argument("--only", nargs="*", help="tables by their marks, as 'alpaca by model'")
    args = parser.parse_args()
    order = [("routing", "family"), ("alpaca", "superfamily"), ("alpaca", "family")]
    sets: dict[str, Scored] = {}
    for leave in ("family", "model"):
        for name, kind in order:
            if leave == "model" and (name, kind) == ("alpaca", "family"):
                continue
            mark = f"{name} by {kind if leave == 'family' else 'model'}"
            if args.only is not None and mark not in args.only:
                continue
            data = sets.get(name) or sets.setdefault(name, scored(name))
            count = len(set(data.families[kind]))
            print(
                f"{name}: {len(data.scores)} models, {count} by {kind}, leaving out each {leave}",
                flush=True,
            )
            found = table(data, kind, leave)
            if not args.dry:
                write(ROOT / "docs" / "scores.md", {mark: found})


if __name__ == "__main__":
    main()
