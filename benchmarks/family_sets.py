"""How often the sets of `identify` hold the true answer, and how large they are.

    OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 python benchmarks/family_sets.py --write

Makers are held out: in each of ten folds the sets are calibrated on the other makers, and every
model of the fold is asked with its family in the panel (itself left out), with its family taken
away, and with all families of its maker taken away. 'Coverage' is the mean over makers of the
share of their models whose set holds the true answer, which is what is promised; 'over models'
counts every model the same. The range is a bootstrap over makers. With --write the tables go into
docs/verdicts.md, between its marks.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np
import pandas as pd
from verdicts import ROOT, load, write

from cladist.errors import InputError
from cladist.kinship.config import FAMILIES
from cladist.kinship.inference.family_sets import family_set, fit_sets
from cladist.kinship.inference.identify import fit_identifier, identify
from cladist.kinship.inference.labels import Labels
from cladist.kinship.inference.pairs import PairEvidence

SETS = {"rand": 1, "bench6": 1, "alpaca": 5, "eqbench": 1, "can_ai_code": 1}
FOLDS = 10
HOW = ("family present", "family taken away", "maker taken away")


def folds(circles: np.ndarray) -> np.ndarray:
    """A fold for every model, whole makers each, of even size."""
    code, size = np.unique(circles, return_inverse=True, return_counts=True)[1:]
    fold, load = np.zeros(len(size), int), np.zeros(FOLDS)
    for maker in np.argsort(-size, kind="stable"):
        fold[maker] = load.argmin()
        load[fold[maker]] += size[maker]
    return fold[code]


def asked(pairs: PairEvidence, labels: Labels, coverage: float) -> pd.DataFrame:
    """One row for every model and way of asking it, by calibrations without its maker."""
    family, circle = np.array(labels.families), np.array(labels.makers)
    digest = np.array([d.hex() for d in pairs.digest])
    fold = folds(circle)
    rows = []
    for k in range(fold.max() + 1):
        known = np.flatnonzero(fold != k).tolist()
        try:
            fitted = fit_identifier(pairs, labels, queries=known)
        except InputError as problem:
            print(f"fold {k} of {fold.max() + 1} is not measured: {problem}")
            continue
        calibration = fit_sets(pairs, labels, queries=known)
        for i in np.flatnonzero(fold == k):
            kin = (family == family[i]) & (digest != digest[i])
            copies = (digest == digest[i]) & (family == family[i])
            if copies.sum() > 1:
                continue  # its own copies are in the panel, which makes it no question
            gone = ([], [family[i]], sorted(set(family[circle == circle[i]])))
            for how, without in zip(HOW, gone, strict=True):
                if how == HOW[0] and not kin.any():
                    continue
                try:
                    found = identify(pairs, labels, fitted, pairs.models[i], without=without)
                except InputError:
                    continue
                s = family_set(
                    pairs, labels, calibration, found, coverage=coverage, without=without
                )
                here = how == HOW[0]
                right = family[i] in s.families if here else s.none
                rows.append(
                    {
                        "maker": circle[i], "how": how, "right": right, "size": len(s),
                        "families": len(s.families), "none": s.none, "empty": len(s) == 0,
                        "only": len(s) == 1 and right, "first": s.best == family[i],
                        "refused": s.refused, "of": len(s.p_values),
                    }
                )  # fmt: skip
    return pd.DataFrame(rows)


def table_of(name: str, answers: pd.DataFrame) -> list[list[str]]:
    body = []
    draw = np.random.default_rng(0)
    for how in HOW if len(answers) else ():
        t = answers[answers["how"] == how]
        stated = t[t["refused"] == ""]
        if stated.empty:
            reason = t["refused"].iloc[0] if len(t) else "no such model"
            body.append([name, "each", "–", "no set: " + reason, *["–"] * 5])
            break
        by = stated.groupby("maker")[["right", "only", "empty"]].mean()
        again = draw.integers(0, len(by), (2000, len(by)))
        low, high = np.quantile(by["right"].to_numpy()[again].mean(axis=1), [0.025, 0.975])
        body.append(
            [
                name, how, f"{len(stated)} ({len(by)} makers)",
                f"{by['right'].mean():.1%} ({low:.0%} to {high:.0%})",
                f"{stated['right'].mean():.1%}",
                f"{stated['families'].median():g} of {stated['of'].median():g}",
                f"{stated['none'].mean():.1%}",
                f"{by['only'].mean():.1%}", f"{by['empty'].mean():.1%}",
            ]
        )  # fmt: skip
    return body


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sets", nargs="*", default=list(SETS), choices=list(SETS))
    parser.add_argument("--coverage", type=float, nargs="*", default=[FAMILIES.coverage, 0.8])
    parser.add_argument("--write", action="store_true", help="put the tables into docs/")
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    args = parser.parse_args()
    if not args.data.is_dir():
        raise SystemExit(f"the recorded responses in {args.data} are not here")
    data = {name: (r.pairs, r.labels) for name in args.sets for r in
            [load(name, SETS[name], args.data)]}  # fmt: skip
    header = [
        "set", "asked with", "models", "coverage", "over models", "families in the set",
        "'none' in the set", "only the true answer", "empty",
    ]  # fmt: skip
    lines = []
    for coverage in args.coverage:
        lines += [f"Sets of {coverage:.0%}:", "", f"| {' | '.join(header)} |"]
        lines.append(f"|{'---|' * len(header)}")
        for name, (pairs, labels) in data.items():
            start = time.process_time()
            lines += [
                f"| {' | '.join(row)} |" for row in table_of(name, asked(pairs, labels, coverage))
            ]
            print(f"{name}: {time.process_time() - start:.0f} CPU s", flush=True)
        lines.append("")
    print("\n".join(lines))
    if args.write:
        write(ROOT / "docs" / "verdicts.md", {"sets": "\n".join(lines).strip()})


if __name__ == "__main__":
    main()
