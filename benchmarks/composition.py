"""How kinship holds when one foundation is a large part of the panel.

    OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 python benchmarks/composition.py

Panels are drawn so that the largest foundation is a given share of the models. Every statistic is
taken from the drawn panel alone. Prints the AUC of kin pairs of that foundation against the
unrelated pairs of the panel. `kinship.py` writes the same into docs/kinship.md.
"""

from __future__ import annotations

import zlib
from collections import Counter
from dataclasses import dataclass

import numpy as np
from kinship_sets import Labelled, evidence_in, main_guard, panel_of, read_grams, table

from cladist.kinship.evidence.wording import ProbeGrams

SETS = {"rand": 1, "can_ai_code": 1, "bench6": 4}
"""Sets, and the step by which probes are taken."""

SIZES = {12: 12, 50: 6, 200: 3, 700: 1}
"""Models of a panel, and how many are drawn for each foundation."""

SHARES = (0.05, 0.15, 0.30, 0.50)
FOUNDATIONS = 3


def draw(d: Labelled, foundation: str, mine: int, size: int, seed: int) -> np.ndarray | None:
    """Places in `keep`: `mine` models of a foundation and at most as many of any other."""
    rng = np.random.default_rng(seed)
    own = np.flatnonzero(d.foundation == foundation)
    if len(own) < mine:
        return None
    taken = list(rng.choice(own, mine, replace=False))
    count: Counter[str] = Counter()
    for k in rng.permutation(np.flatnonzero(d.foundation != foundation)):
        if len(taken) == size:
            break
        if count[d.foundation[k]] < mine:
            count[d.foundation[k]] += 1
            taken.append(k)
    return np.sort(taken) if len(taken) == size else None


def probes_of(d: Labelled) -> np.ndarray:
    """Places of the probes that are used."""
    return np.arange(0, len(d.corpus.probe_ids), SETS[d.name])


def evidence_on(d: Labelled, grams: list[ProbeGrams], panel: np.ndarray) -> np.ndarray:
    """Likeness of the models of a panel, everything from the panel alone."""
    part, said = panel_of(d.corpus, grams, d.keep[panel], probes_of(d))
    return np.asarray(evidence_in(part, said).combined)


def area(d: Labelled, likeness: np.ndarray, panel: np.ndarray, own: str) -> float:
    """AUC of kin pairs of `own` against unrelated pairs of a panel."""
    i, j = np.triu_indices(len(panel), 1)
    a, b = panel[i], panel[j]
    kin = d.is_kin(a, b) & (d.foundation[a] == own)
    far = d.family[a] != d.family[b]
    if not kin.any() or not far.any():
        return float("nan")
    strangers = np.sort(likeness[i, j][far])
    mine = likeness[i, j][kin]
    below = np.searchsorted(strangers, mine, "left") + np.searchsorted(strangers, mine, "right")
    return float(below.mean() / (2 * len(strangers)))


@dataclass(frozen=True)
class Drawn:
    """AUC by share, one value for each panel; nan where no such panel can be drawn. `fixed` is
    that of the same pairs by evidence from the whole set, which no share changes."""

    size: int
    areas: dict[float, np.ndarray]
    fixed: dict[float, np.ndarray]

    def change(self, first: float, last: float, fixed: bool = False) -> tuple[float, float] | None:
        """Mean change between two shares and its standard error over pairs of panels."""
        areas = self.fixed if fixed else self.areas
        if first not in areas or last not in areas or first == last:
            return None
        change = areas[last] - areas[first]
        change = change[np.isfinite(change)]
        if len(change) < 3:
            return None
        return float(change.mean()), float(change.std(ddof=1) / np.sqrt(len(change)))


def told(change: tuple[float, float] | None) -> str:
    """A change and its standard error in a cell."""
    return "-" if change is None else f"{change[0]:+.2f} ± {change[1]:.2f}"


def composition(d: Labelled, grams: list[ProbeGrams]) -> list[Drawn]:
    """AUC by share where panels can be drawn, for every size."""
    ranked = Counter(d.foundation).most_common()
    everybody = evidence_on(d, grams, np.arange(len(d.keep)))
    out = []
    for size, draws in SIZES.items():
        counts = {s: round(s * size) for s in SHARES if round(s * size) >= 2}
        possible = {s: k for s, k in counts.items() if k <= ranked[0][1]}
        if size > len(d.keep) or not possible:
            continue
        most = max(possible.values())
        names = [f for f, n in ranked if n >= most][:FOUNDATIONS]
        areas, fixed = {}, {}
        for share, mine in possible.items():
            found = []
            for name in names:
                for k in range(draws):
                    panel = draw(d, name, mine, size, zlib.crc32(f"{name} {k}".encode()))
                    if panel is None:
                        found.append((np.nan, np.nan))
                    else:
                        whole = everybody[np.ix_(panel, panel)]
                        own = evidence_on(d, grams, panel)
                        found.append(tuple(area(d, x, panel, name) for x in (own, whole)))
            if np.isfinite(found).any():
                areas[share], fixed[share] = np.array(found).T
        if areas:
            out.append(Drawn(size, areas, fixed))
    return out


def rows_of(d: Labelled, found: list[Drawn]) -> list[tuple[str, list[str]]]:
    """Rows of the table of one set."""
    out = []
    for one in found:
        cells = [f"{np.nanmean(one.areas[s]):.2f}" if s in one.areas else "-" for s in SHARES]
        first, last = min(one.areas), max(one.areas)
        panels = max(int(np.isfinite(x).sum()) for x in one.areas.values())
        cells += [told(one.change(first, last)), told(one.change(first, last, fixed=True))]
        cells += [told(one.change(0.15, last)), str(panels)]
        out.append((f"{d.name}, {one.size} models", cells))
    return out


def plainly(found: list[Drawn]) -> str:
    """What is lost over all rows that have two shares, in sentences."""
    said = []
    for first in (0.05, 0.15):
        made = [one.change(first, max(one.areas)) for one in found]
        change = [x for x in made if x is not None]
        if change:
            sure = sum(mean < -2 * error for mean, error in change)
            said.append(
                f"From {first:.0%} to the largest share the mean change of AUC over\n"
                f"{len(change)} rows is {np.mean([m for m, _ in change]):+.3f}, the worst "
                f"{min(m for m, _ in change):+.3f}; {sum(m < 0 for m, _ in change)} rows fall, "
                f"{sure} of them by more than two\nstandard errors."
            )
    whole = [one.change(0.05, max(one.areas), fixed=True) for one in found]
    kept = [x[0] for x in whole if x is not None]
    if kept:
        said.append(
            "By evidence from the whole set, which no share changes, the same pairs change by\n"
            f"{np.mean(kept):+.3f} on average from 5% to the largest share, and by "
            f"{min(kept):+.2f} to {max(kept):+.2f} in\nsingle rows: that is which pairs were drawn."
        )
    return "\n".join(said)


COLUMNS = (*(f"{s:.0%}" for s in SHARES), "from least to most", "the same pairs, evidence of all",
           "from 15% to most", "panels")  # fmt: skip


def main() -> None:
    main_guard()
    rows, every = [], []
    for name in SETS:
        d = Labelled(name)
        found = composition(d, read_grams(d.corpus))
        every += found
        rows += rows_of(d, found)
    print(table("panel", rows, COLUMNS))
    print(plainly(every))


if __name__ == "__main__":
    main()
