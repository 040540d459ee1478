"""Kinship measured on recorded answers: constants chosen on other sets, and every baseline.

    OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 python benchmarks/kinship.py [--sizes 800 1000 3000]

Writes docs/kinship.md. `--sizes` adds how long panels of so many models take.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import composition
import numpy as np
import small_panels
from kinship_baselines import baselines
from kinship_choices import (
    GRID,
    SHIPPED,
    Choice,
    Kernels,
    chosen_without,
    mean_and_worst,
    scores,
    sensitivity,
)
from kinship_choices import NAMES as CONSTANTS
from kinship_report import page
from kinship_sets import (
    DRAWS,
    HEADS,
    KEYS,
    NAMES,
    Labelled,
    cell,
    evidence_in,
    main_guard,
    panel_of,
    read_grams,
    table,
)

from cladist.kinship.config import EVIDENCE
from cladist.kinship.evidence.similarity import Evidence
from cladist.kinship.evidence.wording import ProbeGrams

ROOT = Path(__file__).resolve().parent.parent
CURVES = ("rand", "bench6")
PROBES = (5, 10, 25, 50)
REPEATS = 3
OURS = "**cladist kinship, as it ships**"
SIMPLE = ("TF-IDF, all answers together, centred", "rarity of the shared prefix")
"""Baselines that no set may be far below."""


class Measured:
    """What one set gives."""

    def __init__(self, name: str, data: Path) -> None:
        self.d = d = Labelled(name)
        grams = read_grams(d.corpus)
        ours = evidence_in(d.corpus, grams)
        rows = baselines(d, data)
        rows["wording alone"] = ours.channels["wording"]
        rows["tokenizer alone"] = ours.channels["tokenizer"]
        rows[OURS] = ours.combined
        self.figures = {method: d.figures(m) for method, m in rows.items()}
        self.draws = {method: d.drawn(m) for method, m in rows.items()}
        self.limits = limits(d, ours)
        self.curve = curve(d, grams) if name in CURVES else []
        self.drawn = composition.composition(d, grams) if name in composition.SETS else []
        self.small = small_panels.small(d, grams) if name in small_panels.SETS else []
        self.kernels = Kernels(
            d, grams, ours.unit * ours.channels["tokenizer"] / EVIDENCE.tokenizer
        )
        # Apart from the middle and the unit of unrelated pairs, which change no order.
        whole = ours.unit * (ours.combined - ours.channels["identical"])
        have = d.corpus.present.astype(float)
        seen = np.triu(have @ have.T > 0, 1)
        apart = (self.kernels.of(SHIPPED) - whole)[seen]
        if np.quantile(np.abs(apart - np.median(apart)), 0.99) > 1e-3:
            raise SystemExit(f"{name}: the recombined evidence is not that of the package")
        self.scores = scores(d, self.kernels)


def row(figures: dict[str, float], draws: np.ndarray) -> list[str]:
    """Figures with 95% intervals over makers."""
    low, high = np.quantile(draws, [0.025, 0.975], axis=0)
    return [cell(figures[k], *between) for k, *between in zip(KEYS, low, high, strict=True)]


def of_set(m: Measured) -> str:
    """The table of methods of one set."""
    rows = [(method, row(f, m.draws[method])) for method, f in m.figures.items()]
    kin = f"{len(m.d.keep)} labelled models, {int(m.d.kin.sum())} pairs of kin"
    return f"### {m.d.name} ({NAMES[m.d.name]}; {kin})\n\n{table('method', rows, HEADS)}\n"


def over_sets(sets: dict[str, Measured]) -> str:
    """Mean over sets, with intervals, and the worst set, of the methods that all sets have."""
    rows = []
    common = [x for x in sets["rand"].figures if all(x in m.figures for m in sets.values())]
    for method in common:
        mean, worst = mean_and_worst({n: m.figures[method] for n, m in sets.items()})
        draws = np.mean([m.draws[method] for m in sets.values()], axis=0)
        rows.append((method, [*row(dict(zip(KEYS, mean, strict=True)), draws), f"{worst[0]:.2f}"]))
    return table("method", rows, (*HEADS, "worst set, AUC"))


def left_out(sets: dict[str, Measured]) -> tuple[str, str]:
    """The headline: constants chosen without a set, and its figures; and what to say of it."""
    found = {name: m.scores for name, m in sets.items()}
    rows, figures, draws, behind = [], {}, [], []
    for name, m in sets.items():
        choice: Choice = chosen_without(name, found)
        matrix = m.kernels.of(choice)
        figures[name] = m.d.figures(matrix)
        draws.append(m.d.drawn(matrix))
        best = max(m.figures[b]["auc"] for b in SIMPLE)
        gain = figures[name]["auc"] - best
        cells = [*str(choice).split(" | "), *row(figures[name], draws[-1]), f"{gain:+.2f}"]
        rows.append((name, cells))
        if gain < -0.02:
            behind.append(f"{name} ({figures[name]['auc']:.2f} against {best:.2f})")
    mean, worst = mean_and_worst(figures)
    dashes = ["-"] * len(CONSTANTS)
    both = row(dict(zip(KEYS, mean, strict=True)), np.mean(draws, axis=0))
    rows.append(("**mean of the six**", [*dashes, *both, "-"]))
    rows.append(("worst", [*dashes, *(cell(x) for x in worst), "-"]))
    shipped, _ = mean_and_worst({n: m.figures[OURS] for n, m in sets.items()})
    rows.append(("mean as it ships", [*str(SHIPPED).split(" | "), *(map(cell, shipped)), "-"]))
    columns = (*CONSTANTS, *HEADS, "AUC over the better simple baseline")
    said = (
        "More than .02 of AUC below the better of TF-IDF and shared prefix:\n"
        + ("; ".join(behind) if behind else "no set")
        + f".\nThe mean AUC is {mean[0]:.3f} so, and {shipped[0]:.3f} as it ships. Constants "
        "that differ between rows are\nconstants that six sets do not settle."
    )
    return table("left out", rows, columns), said


def curve(d: Labelled, grams: list[ProbeGrams]) -> list[tuple[str, list[str]]]:
    """Figures with a part of the probes, means over draws."""
    rng = np.random.default_rng(1)
    everybody = np.arange(len(d.corpus))
    rows = []
    for count in PROBES:
        found = []
        for _ in range(REPEATS):
            probes = np.sort(rng.choice(len(d.corpus.probe_ids), count, replace=False))
            part, said = panel_of(d.corpus, grams, everybody, probes)
            figures = d.figures(evidence_in(part, said).combined)
            found.append([figures[k] for k in KEYS])
        rows.append((f"{d.name}, {count} probes", [cell(x) for x in np.mean(found, axis=0)]))
    return rows


def limits(d: Labelled, ours: Evidence) -> list[str]:
    """How far halves of the probes agree, and where kin and unrelated pairs lie."""
    whole, *halves = (d.values(x) for x in (ours.combined, *ours.halves))
    agree = float(np.corrcoef(halves[0], halves[1])[0, 1])
    middle, line = np.quantile(whole[~d.kin], [0.5, 0.99])
    s = ours.combined[np.ix_(d.keep, d.keep)].copy()
    same = d.weights[:, None] == d.weights[None, :]
    s[same] = -np.inf
    has = ((d.foundation[:, None] == d.foundation[None, :]) & ~same).any(1)
    near = s.argmax(1)
    miss = has & (d.foundation[near] != d.foundation)
    cousin = (d.family[near] == d.family)[miss].mean() if miss.any() else 0.0
    above = np.flatnonzero(~d.kin & (whole > line))
    makers = Counter(tuple(sorted({d.family[d.a[k]], d.family[d.b[k]]})) for k in above)
    most = ", ".join(f"{' and '.join(pair)} {n}" for pair, n in makers.most_common(3))
    return [
        f"{agree:.2f}",
        f"{(whole[d.kin] < middle).mean():.0%}",
        f"{(whole[d.kin] > line).mean():.0%}",
        f"{cousin:.0%} of {int(miss.sum())}",
        most,
    ]


def listed(counts: dict[str, int]) -> str:
    """'1 in a, 2 in b'."""
    return ", ".join(f"{n} in {name}" for name, n in counts.items())


def costs(sizes: list[int]) -> list[str]:
    """One line a size, each from a process of its own."""
    script = str(ROOT / "benchmarks" / "all_pairs.py")
    return [
        subprocess.run(
            [sys.executable, script, "--models", str(n)], capture_output=True, text=True, check=True
        ).stdout.strip()
        for n in sizes
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", nargs="*", type=int, default=[])
    parser.add_argument("--docs", type=Path, default=ROOT / "docs")
    args = parser.parse_args()
    data, start = main_guard(), time.process_time()
    sets = {}
    for name in NAMES:
        sets[name] = Measured(name, data)
        print(f"{name}: {time.process_time() - start:.0f} s", file=sys.stderr, flush=True)
    headline, said = left_out(sets)
    found = {name: m.scores for name, m in sets.items()}
    text = page(
        headline=headline,
        said=said,
        shipped=table("constant", sensitivity(found), ("AUC / AP, bold as it ships",)),
        grid={n: ", ".join(f"{v:g}" for v in g) for n, g in zip(CONSTANTS, GRID, strict=True)},
        means=over_sets(sets),
        each="\n".join(of_set(m) for m in sets.values()),
        drawn=table(
            "panel",
            [r for m in sets.values() for r in composition.rows_of(m.d, m.drawn)],
            composition.COLUMNS,
        ),
        small=table("panel", [r for m in sets.values() for r in m.small], small_panels.COLUMNS),
        curve=table("what", [r for m in sets.values() for r in m.curve], HEADS),
        limits=table(
            "set",
            [(n, m.limits) for n, m in sets.items()],
            (
                "halves agree, r",
                "kin below the median unrelated pair",
                "kin above the 1% line",
                "wrong neighbours of the same maker",
                "unrelated pairs above the line, most common makers",
            ),
        ),
        cost=costs(args.sizes),
        sizes=args.sizes,
        plainly=composition.plainly([x for m in sets.values() for x in m.drawn]),
        largest=listed(
            {n: Counter(sets[n].d.foundation).most_common(1)[0][1] for n in composition.SETS}
        ),
        models=listed({n: len(sets[n].d.keep) for n in composition.SETS}) + " are labelled in all",
        took=f"{(time.process_time() - start) / 60:.0f}",
        draws=DRAWS,
        repeats=REPEATS,
    )
    (args.docs / "kinship.md").write_text(text, encoding="utf-8")
    print(f"all: {time.process_time() - start:.0f} s of processor", file=sys.stderr)


if __name__ == "__main__":
    main()
