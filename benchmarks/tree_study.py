"""What the trees recover: simulated descent with a known tree, and recorded models with labels.

    OMP_NUM_THREADS=1 python benchmarks/tree_study.py [--quick]

Writes docs/trees-measured.md and the pictures beside it. The recorded part needs the folder
../shared/data and is left out, with a line that says so, where it is absent.
"""

from __future__ import annotations

import csv
import sys
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np

from cladist.core.distances import DistanceMatrix, symmetric
from cladist.core.responses import ResponseSet
from cladist.core.tree import Tree
from cladist.kinship.evidence.resampled import resampled_similarity
from cladist.kinship.evidence.similarity import kinship_similarity
from cladist.models.simulated import Habits, respond_all, simulate_tree
from cladist.phylogeny.compare import CladeFit, clade_recovery, compare_trees
from cladist.phylogeny.draw import draw_tree
from cladist.phylogeny.joining import balanced_minimum_evolution, neighbor_joining, upgma
from cladist.phylogeny.rooting import root_mad
from cladist.phylogeny.saturation import bounded_distances
from cladist.phylogeny.support import bootstrap


def bounded(answers: list[ResponseSet]) -> DistanceMatrix:
    """Kinship evidence as distances for trees."""
    found = kinship_similarity(answers)
    return bounded_distances(found.ids, found.combined)


DOCS = Path(__file__).parents[1] / "docs"
DATA = Path(__file__).parents[2] / "shared" / "data"
METHODS = {
    "NJ": neighbor_joining,
    "BME": balanced_minimum_evolution,
    "UPGMA": upgma,
    "scikit-bio NJ": lambda d: skbio_nj(d),
}


def skbio_nj(distances: DistanceMatrix) -> Tree:
    """The peer's neighbour joining of the same distances."""
    from skbio import DistanceMatrix as SkbioMatrix
    from skbio.tree import nj

    from cladist.formats.trees.newick import read_newick

    given = SkbioMatrix(distances.matrix.copy(), [str(i) for i in range(len(distances))])
    numbered = read_newick("[&U]" + str(nj(given)))
    return renamed(numbered, distances.ids)


def renamed(tree: Tree, ids: tuple[str, ...]) -> Tree:
    from cladist.core.tree import Node

    made: dict[int, Node] = {}
    for node in tree.root.postorder():
        kids = tuple(made.pop(id(c)) for c in node.children)
        made[id(node)] = Node(ids[int(node.name)] if node.is_leaf else "", node.length, kids)
    return Tree(made[id(tree.root)])


def simulated(quick: bool) -> list[str]:
    lines = [
        "| tree | probes | redraws a branch | " + " | ".join(METHODS) + " | quartets right, NJ |",
        "|---|---|---|" + "---|" * (len(METHODS) + 1),
    ]
    cases = [("birth-death", p, 0.5) for p in (25, 50, 100, 200, 400)]
    cases += [("birth-death", 100, rate) for rate in (0.25, 1.0)]
    cases += [(shape, 100, 0.5) for shape in ("balanced", "caterpillar")]
    repeats = 1 if quick else 5
    for shape, probes, rate in cases[:2] if quick else cases:
        shares: dict[str, list[float]] = {m: [] for m in METHODS}
        quartets = []
        for seed in range(repeats):
            genealogy = simulate_tree(64, shape, seed)
            texts = [f"probe {i}" for i in range(probes)]
            answers = list(respond_all(genealogy, texts, habits=Habits(rate=rate)))
            distances = bounded(answers)
            truth = genealogy.tree()
            for name, make in METHODS.items():
                found = compare_trees(truth, make(distances))
                shares[name].append(found.shared / found.first)
                if name == "NJ":
                    quartets.append(1 - found.quartet)
        cells = [f"{np.mean(v):.2f} ± {np.std(v):.2f}" for v in shares.values()]
        cells.append(f"{np.mean(quartets):.3f}")
        lines.append(f"| {shape} | {probes} | {rate} | " + " | ".join(cells) + " |")
        print(lines[-1], flush=True)
    return lines


def recorded_answers(folder: Path, wanted: set[str]) -> list[ResponseSet]:
    import pyarrow.parquet as pq

    table = pq.read_table(folder / "responses.parquet").to_pydict()
    by_model: dict[str, dict[str, str]] = {}
    for model, prompt, text in zip(table["model"], table["prompt_id"], table["response"]):
        if model in wanted:
            by_model.setdefault(model, {})[str(prompt)] = text or ""
    ids = sorted({p for answers in by_model.values() for p in answers})
    return [
        ResponseSet.of_texts(model, [answers.get(p, "") for p in ids])
        for model, answers in sorted(by_model.items())
    ]


def with_support(tree: Tree, answers: list[ResponseSet], replicates: int) -> Tree:
    """Bootstrap over probes: kinship and the tree again for every set of drawn probes."""
    probes = len(answers[0].probe_ids)
    read = resampled_similarity(answers)
    return bootstrap(
        tree, lambda w: bounded_distances(read.ids, read.combined(w)), probes, replicates
    ).tree


def support_cell(fits: list[CladeFit]) -> str:
    """Of exact clades and of the others: mean support of the best-fitting branch."""
    known = [f for f in fits if f.support is not None]
    if not known:
        return ""
    exact = [f.support for f in known if f.exact and f.support is not None]
    others = [f.support for f in known if not f.exact and f.support is not None]
    strong = sum(s >= 0.7 for s in exact) / len(fits)
    return (
        f"exact {np.mean(exact or [0]):.2f}, others {np.mean(others or [0]):.2f}; exact and .7 or "
        f"more: {strong:.0%}"
    )


def recorded(name: str, replicates: int) -> list[str]:
    folder = DATA / name
    with (folder / "lineage.csv").open(encoding="utf-8") as file:
        rows = [
            r
            for r in csv.DictReader(file)
            if r["usable"] == "True" and r["confidence"] in ("high", "medium")
        ]
    foundation = {r["model"]: r["foundation"] for r in rows}
    published = np.load(folder / "published_dna.npz")
    vectors = dict(zip(published["models"].tolist(), published["vectors"]))
    answers = recorded_answers(folder, set(foundation) & set(vectors))
    evidence = kinship_similarity(answers)
    softplus = np.logaddexp(0.0, 3.0 - evidence.combined)
    np.fill_diagonal(softplus, 0.0)
    kin = bounded_distances(evidence.ids, evidence.combined)
    x = np.stack([vectors[m] for m in kin.ids]).astype(np.float64)
    plain = np.linalg.norm(x[:, None] - x[None], axis=2)
    x -= x.mean(axis=0)
    x /= np.linalg.norm(x, axis=1, keepdims=True)
    matrices = {
        "kinship, bounded": kin,
        "kinship, as listed": symmetric(kin.ids, softplus, "kinship"),
        "published DNA, Euclidean": symmetric(kin.ids, plain, "euclidean"),
        "published DNA, centred cosine": symmetric(kin.ids, np.clip(1 - x @ x.T, 0, 2), "cosine"),
    }
    lines = []
    for label, matrix in matrices.items():
        for method in ("NJ", "BME", "UPGMA"):
            tree = METHODS[method](matrix)
            if matrix is kin and method == "NJ":
                tree = with_support(tree, answers, replicates)
            fits = clade_recovery(tree, foundation)
            exact = np.mean([f.exact for f in fits])
            lines.append(
                f"| {name} ({len(kin)}) | {label} | {method} | {len(fits)} | {exact:.0%} | "
                f"{np.mean([f.jaccard for f in fits]):.2f} | "
                f"{np.mean([f.purity for f in fits]):.2f} | "
                f"{np.mean([f.recall for f in fits]):.2f} | {support_cell(fits)} |"
            )
            print(lines[-1], flush=True)
    return lines


def pictures() -> None:
    """The same simulated tree in the three layouts, coloured by founder."""
    genealogy = simulate_tree(60, "birth-death", 4, founders=6)
    answers = list(respond_all(genealogy, [f"probe {i}" for i in range(100)]))
    tree = root_mad(neighbor_joining(bounded(answers))).tree
    founder = dict(zip(genealogy.observed, genealogy.foundations()))
    for layout in ("rectangular", "circular", "unrooted"):
        path = DOCS / "figures" / f"tree-{layout}.svg"
        draw_tree(tree, path, layout, founder, title="60 simulated models of six founders")


def supported(quick: bool) -> list[str]:
    """Share of true and of false branches by bootstrap support, on simulated answers."""
    genealogy = simulate_tree(64, "birth-death", 11)
    answers = list(respond_all(genealogy, [f"probe {i}" for i in range(100)]))
    tree = neighbor_joining(bounded(answers))

    def resampled(weights: np.ndarray) -> DistanceMatrix:
        drawn = np.repeat(np.arange(100), weights.astype(int))
        return bounded(
            [ResponseSet.of_texts(a.model, [a.slots[i][0].text for i in drawn]) for a in answers]
        )

    found = bootstrap(tree, resampled, 100, 10 if quick else 100)
    true = {frozenset(c) for c in genealogy.tree().clades()}
    everyone = frozenset(tree.leaves())
    ranges = ("0 to 0.5", "0.5 to 0.7", "0.7 to 0.95", "0.95 to 1")
    bins: dict[str, list[bool]] = {r: [] for r in ranges}
    for node in found.tree.root.preorder():
        if node.support is not None:
            side = frozenset(n.name for n in node.preorder() if n.is_leaf)
            edges = (0.5, 0.7, 0.95)
            key = ranges[sum(node.support >= e for e in edges)]
            bins[key].append(side in true or everyone - side in true)
    return ["| support | branches | of them true |", "|---|---|---|"] + [
        f"| {k} | {len(v)} | {np.mean(v):.0%} |" if v else f"| {k} | 0 | |" for k, v in bins.items()
    ]


def section(what: str, quick: bool) -> list[str]:
    """One part of the study, for a process of its own."""
    if what == "simulated":
        return simulated(quick)
    if what == "supported":
        return supported(quick)
    return recorded(what, 2 if quick else 20)


def main() -> None:
    quick = "--quick" in sys.argv
    here = (DATA / "rand").exists()
    parts = ("rand", "bench6", "simulated", "supported") if here else ("simulated", "supported")
    with ProcessPoolExecutor(2) as pool:
        jobs = {what: pool.submit(section, what, quick) for what in parts}
        done = {what: job.result() for what, job in jobs.items()}
    (DOCS / "figures").mkdir(exist_ok=True)
    text = ["# What the trees recover", "", "Written by `python benchmarks/tree_study.py`.", ""]
    text += ["## Simulated descent, 64 models: share of true splits found (5 seeds)", ""]
    text += done["simulated"]
    text += ["", "## Is support honest? 64 simulated models, 100 probes, 100 replicates", ""]
    text += done["supported"]
    pictures()
    text += ["", "## Recorded models: foundations as clades of unrooted trees", ""]
    if here:
        text += [
            "| data (models) | distances | tree | foundations of 2 or more | exact clade | "
            "Jaccard | purity | recall | support, 20 replicates |",
            "|---|---|---|---|---|---|---|---|---|",
        ]
        for name in ("rand", "bench6"):
            text += done[name]
    else:
        text.append("Left out: the recorded responses are not here.")
    text += ["", "Purity and recall are those of the best-fitting clade of each foundation."]
    (DOCS / "trees-measured.md").write_text("\n".join(text) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
