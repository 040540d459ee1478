"""Time in the trees of recorded models: what of the published findings holds, and what does not.

    OMP_NUM_THREADS=1 python benchmarks/time_study.py

Writes docs/trees-in-time.md. Needs the folder ../shared/data. Asked are three things that
published trees were said to show: that they run in the order of release dates, that they tell
the shift from encoder-decoders to decoders, and that families evolve at different speeds.
Models of one foundation are no independent witnesses, so wherever a test needs independent
units it works on means of foundations, and resamples those.
"""

from __future__ import annotations

import csv
import sys
from collections import defaultdict
from pathlib import Path

import numpy as np
from scipy import stats

sys.path.insert(0, str(Path(__file__).parent))
from tree_study import DATA, DOCS, recorded_answers

from cladist.core.dates import dates_of, year_range
from cladist.core.distances import DistanceMatrix, symmetric
from cladist.core.tree import Tree
from cladist.descent import LEAST, TEMPERATURE
from cladist.errors import InputError
from cladist.kinship.evidence.similarity import Evidence, kinship_similarity
from cladist.phylogeny.ancestry import ancestry, descent_costs
from cladist.phylogeny.arrays import to_arrays
from cladist.phylogeny.compare import clade_recovery
from cladist.phylogeny.dating import family_speeds, root_by_dates, root_to_tip
from cladist.phylogeny.joining import neighbor_joining
from cladist.phylogeny.rooting import root_mad
from cladist.phylogeny.saturation import bounded_distances

Labels = dict[str, str]
REPLICATES = 1000


def rows_of(name: str) -> list[dict[str, str]]:
    with (DATA / name / "lineage.csv").open(encoding="utf-8") as file:
        return [
            r
            for r in csv.DictReader(file)
            if r["usable"] == "True" and r["confidence"] in ("high", "medium") and r["release_date"]
        ]


def matrices(name: str, wanted: set[str]) -> tuple[dict[str, DistanceMatrix], Evidence]:
    published = np.load(DATA / name / "published_dna.npz")
    vectors = dict(zip(published["models"].tolist(), published["vectors"]))
    evidence = kinship_similarity(recorded_answers(DATA / name, wanted & set(vectors)))
    kin = bounded_distances(evidence.ids, evidence.combined)
    x = np.stack([vectors[m] for m in kin.ids]).astype(np.float64)
    plain = np.linalg.norm(x[:, None] - x[None], axis=2)
    found = {"kinship": kin, "published DNA": symmetric(kin.ids, plain, "euclidean")}
    return found, evidence


def means(values: dict[str, float], foundation: Labels) -> dict[str, float]:
    gathered = defaultdict(list)
    for model, value in values.items():
        gathered[foundation[model]].append(value)
    return {f: float(np.mean(v)) for f, v in gathered.items()}


def order(tree: Tree, when: dict[str, float], foundation: Labels) -> list[str]:
    """Depth against date: by models, and by foundations, under a root that knows no dates."""
    rooted = root_mad(tree).tree
    clock = root_to_tip(rooted, when)
    flat = to_arrays(rooted)
    depth = dict(zip(flat.leaf_names, flat.depths()[flat.leaves].tolist()))
    by_depth, by_date = means(depth, foundation), means(when, foundation)
    rho = stats.spearmanr([by_depth[f] for f in by_depth], [by_date[f] for f in by_depth])
    try:
        flattered = f"{root_to_tip(root_by_dates(tree, when).tree, when).r2:.2f}"
    except InputError:
        flattered = "none"
    return [
        f"{clock.rate:+.4f} ({clock.low:+.4f} to {clock.high:+.4f})",
        f"{clock.r2:.2f}",
        flattered,
        f"{rho.statistic:+.2f} (p {rho.pvalue:.2g}, n {len(by_depth)})",
    ]


def apart(
    matrix: DistanceMatrix, when: dict[str, float], foundation: Labels, family: Labels
) -> str:
    """Do foundations of one maker lie farther apart the longer the time between them?"""
    groups = np.array([foundation[m] for m in matrix.ids])
    names = sorted(set(groups))
    date, maker = means(when, foundation), {foundation[m]: family[m] for m in matrix.ids}
    pick = np.stack([(groups == f) / (groups == f).sum() for f in names])
    between = pick @ matrix.matrix @ pick.T
    rhos = []
    for one in sorted(set(maker.values())):
        rows = [i for i, f in enumerate(names) if maker[f] == one]
        if len(rows) < 4:
            continue
        i, j = np.triu_indices(len(rows), 1)
        gap = np.abs(
            [date[names[rows[a]]] - date[names[rows[b]]] for a, b in zip(i.tolist(), j.tolist())]
        )
        far = between[np.ix_(rows, rows)][i, j]
        if np.ptp(gap) > 0 and np.ptp(far) > 0:
            rhos.append(float(stats.spearmanr(gap, far).statistic))
    positive = sum(r > 0 for r in rhos)
    p = stats.binomtest(positive, len(rhos), alternative="greater").pvalue if rhos else 1.0
    return f"{np.mean(rhos):+.2f}; {positive} of {len(rhos)} positive (p {p:.2g})"


def encoders(tree: Tree, kind: Labels, when: dict[str, float]) -> str:
    """Whether encoder-decoders hold together, and where the root puts them."""
    theirs = [m for m in tree.leaves() if kind[m] == "encoder-decoder"]
    if len(theirs) < 2:
        return f"{len(theirs)} such models: nothing to test"
    (fit,) = clade_recovery(tree, dict.fromkeys(theirs, "encoder-decoder"))
    rooted = root_mad(tree).tree
    flat = to_arrays(rooted)
    depth = flat.depths()[flat.leaves]
    rank = stats.rankdata(depth) / len(depth)
    mean = float(np.mean([rank[flat.leaf_names.index(m)] for m in theirs]))
    older = np.mean([when[m] < min(when[t] for t in theirs) for m in kind if m in when])
    exact = "an exact clade" if fit.exact else f"no clade (recall {fit.recall:.0%})"
    return (
        f"{len(theirs)} models, {exact}; mean rank of depth {mean:.2f} of 1; {older:.0%} of all "
        "models are older than the oldest of them"
    )


def speeds(
    tree: Tree, when: dict[str, float], family: Labels, foundation: Labels
) -> tuple[list[str], str]:
    """Speed of every family of three foundations or more, intervals by resampling foundations."""
    rooted = root_mad(tree).tree
    flat = to_arrays(rooted)
    depth = dict(zip(flat.leaf_names, flat.depths()[flat.leaves].tolist()))
    members: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for m in depth:
        members[family[m]][foundation[m]].append(m)
    chosen = {f for f, by in members.items() if len(by) >= 3 and sum(map(len, by.values())) >= 8}
    found = family_speeds(rooted, when, {m: family[m] for m in depth if family[m] in chosen})
    rng = np.random.default_rng(0)
    lines, spread = [], []
    ranked = sorted(found.clocks.items(), key=lambda c: (-c[1].models, c[0]))
    for number, (name, clock) in enumerate(ranked, 1):
        blocks = list(members[name].values())
        rates = []
        for _ in range(REPLICATES):
            drawn = [m for k in rng.integers(0, len(blocks), len(blocks)) for m in blocks[k]]
            x, y = np.array([when[m] for m in drawn]), np.array([depth[m] for m in drawn])
            if np.ptp(x) > 0:
                rates.append(float(np.polyfit(x, y, 1)[0]))
        low, high = np.quantile(rates, [0.025, 0.975])
        spread.append((clock.rate, float(np.std(rates))))
        lines.append(
            f"| {number} | {clock.models} | {len(blocks)} | {clock.rate:+.4f} | "
            f"{clock.low:+.4f} to {clock.high:+.4f} | {low:+.4f} to {high:+.4f} |"
        )
    return lines, f"F {found.f:.1f}, p {found.p:.2g}; foundations resampled, {equal(spread)}"


def equal(spread: list[tuple[float, float]]) -> str:
    """Cochran's test of one speed for all, from rates and standard errors."""
    rate, error = np.array(spread).T
    weight = 1 / error**2
    q = float((weight * (rate - (weight * rate).sum() / weight.sum()) ** 2).sum())
    return f"Q {q:.1f}, p {stats.chi2.sf(q, len(rate) - 1):.2g}"


def parents(name: str, evidence: Evidence, table: dict[str, dict[str, str]]) -> list[str]:
    """Most likely parents, as `cladist tree ancestry --support 0` finds them."""
    ids = evidence.ids
    by_address = {table[m]["hf_id"]: m for m in ids}
    true = {m: by_address.get(table[m]["parent"], "") for m in ids}
    known = [m for m in ids if true[m] not in ("", m)]
    span = np.array([year_range(table[m]["release_date"]) for m in ids])
    lines = []
    for direction, dated in ((0.0, False), (1.0, False), (1.0, True)):
        costs = descent_costs(evidence.combined, direction=direction)
        costs[evidence.combined < LEAST] = np.inf
        if dated:
            costs[span[:, None, 0] >= span[None, :, 1]] = np.inf
        found = {d.model: d for d in ancestry(ids, costs, -LEAST, temperature=TEMPERATURE)}
        given = [d for d in found.values() if d.parent]
        kin = [table[d.model]["foundation"] == table[d.parent or ""]["foundation"] for d in given]
        cells = []
        for low, high in ((0, 0.3), (0.3, 0.5), (0.5, 0.7), (0.7, 1.01)):
            rows = [m for m in known if found[m].parent and low <= found[m].confidence < high]
            right = sum(found[m].parent == true[m] for m in rows)
            cells.append(f"{right} of {len(rows)}")
        lines.append(
            f"| {name} | {'yes' if direction else 'no'} | {'yes' if dated else 'no'} | "
            f"{sum(found[m].parent == true[m] for m in known)} of {len(known)} | "
            f"{sum(found[true[m]].parent == m for m in known)} | "
            f"{np.mean(kin):.0%} of {len(kin)} | " + " | ".join(cells) + " |"
        )
        print(lines[-1], flush=True)
    return lines


def main() -> None:
    if not (DATA / "rand").exists():
        sys.exit("the recorded models are not here")
    text = ["# Time in the trees of recorded models", ""]
    text += [
        "Written by `python benchmarks/time_study.py`. Neighbour joining; kinship distances are "
        "those of `cladist tree`. Densities are distance a year.",
        "",
        "| data (models) | distances | rate, root by MAD (95%) | R² | R², root by dates | depth "
        "against date of foundations, Spearman | distance against years apart, within makers |",
        "|---|---|---|---|---|---|---|",
    ]
    shifts, tables, descent = [], [], []
    for name in ("rand", "bench6"):
        rows = rows_of(name)
        table = {r["model"]: r for r in rows}
        found, evidence = matrices(name, set(table))
        descent += parents(name, evidence, table)
        ids = next(iter(found.values())).ids
        when = dates_of({m: table[m]["release_date"] for m in ids})
        foundation = {m: table[m]["foundation"] for m in ids}
        family = {m: table[m]["superfamily"] for m in ids}
        kind = {m: table[m]["architecture"] for m in ids}
        for label, matrix in found.items():
            tree = neighbor_joining(matrix)
            cells = order(tree, when, foundation)
            cells.append(apart(matrix, when, foundation, family))
            text.append(f"| {name} ({len(ids)}) | {label} | " + " | ".join(cells) + " |")
            shifts.append(f"- {name}, {label}: {encoders(tree, kind, when)}.")
            lines, speed = speeds(tree, when, family, foundation)
            tables += ["", f"### {name}, {label}: {speed}", ""]
            tables += [
                "| family | models | foundations | rate | 95%, models independent | 95%, "
                "foundations resampled |",
                "|---|---|---|---|---|---|",
                *lines,
            ]
            print(text[-1], shifts[-1], *tables[-len(lines) - 5 :], sep="\n", flush=True)
    text += ["", "## Most likely parents", ""]
    text += [
        "Dated models; known are models whose declared parent is among them. Confidence is that "
        "of the margins.",
        "",
        "| data | direction by nearness to all kin | dates | parent right | inverted | parents "
        "given that are kin | right below .3 | .3 to .5 | .5 to .7 | above .7 |",
        "|---|---|---|---|---|---|---|---|---|---|",
        *descent,
    ]
    text += ["", "## Encoder-decoders", "", *shifts]
    text += ["", "## Speeds of families", "", "Families are those of one maker, numbered by size."]
    text += tables
    (DOCS / "trees-in-time.md").write_text("\n".join(text) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
