"""Kinship in the panels that a single user has: tens of models, tens of probes.

    OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 python benchmarks/small_panels.py

Models and probes are drawn at random from a recorded set, and every statistic is taken from what
was drawn. `kinship.py` writes the same into docs/kinship.md.
"""

from __future__ import annotations

import zlib

import numpy as np
from kinship_baselines import prefix, tfidf_by_probe
from kinship_sets import Labelled, cell, evidence_in, main_guard, panel_of, read_grams, table

from cladist.kinship.evidence.wording import ProbeGrams

SETS = ("rand", "bench6", "alpaca", "can_ai_code", "eqbench")
SHAPES = ((20, 100), (40, 100), (80, 100), (80, 20))
"""Models and probes."""

DRAWN = 12
COLUMNS = (
    "kinship", "wording alone", "TF-IDF by probe", "shared prefix", "AP, kinship",
    "AP, TF-IDF by probe", "panels", "with tokenizers",
)  # fmt: skip


def small(d: Labelled, grams: list[ProbeGrams]) -> list[tuple[str, list[str]]]:
    """A row a shape: mean AUC by method and AP over panels that hold kin, how many these are, and
    in how many the tokenizer's evidence speaks."""
    rows = []
    for models, probes in SHAPES:
        if models > len(d.keep):
            continue
        taken = min(probes, len(d.corpus.probe_ids))
        rng = np.random.default_rng(zlib.crc32(f"{d.name} {models} {probes}".encode()))
        found, spoke = [], 0
        for _ in range(DRAWN):
            who = np.sort(rng.choice(d.keep, models, replace=False))
            which = np.sort(rng.choice(len(d.corpus.probe_ids), taken, replace=False))
            if not d.kin[np.isin(d.keep[d.a], who) & np.isin(d.keep[d.b], who)].any():
                continue
            part, said = panel_of(d.corpus, grams, who, which)
            ours = evidence_in(part, said)
            compared = (
                ours.combined, ours.channels["wording"], tfidf_by_probe(part), prefix(part),
            )  # fmt: skip
            figures = [d.score(list(part.models), m, d.lineage) for m in compared]
            spoke += bool(ours.channels["tokenizer"].any())
            found.append([*(f["auc"] for f in figures), figures[0]["ap"], figures[2]["ap"]])
        cells = [*map(cell, np.mean(found, axis=0)), str(len(found)), str(spoke)]
        rows.append((f"{d.name}, {models} models, {taken} probes", cells))
    return rows


def main() -> None:
    main_guard()
    rows = []
    for name in SETS:
        d = Labelled(name)
        rows += small(d, read_grams(d.corpus))
    print(table("panel", rows, COLUMNS))


if __name__ == "__main__":
    main()
