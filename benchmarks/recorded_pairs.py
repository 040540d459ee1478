"""Recorded answers with known descent, their pairs, and ways to leave makers out.

Read by kinship_tests.py and family_sets.py.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from cladist.core.responses import ResponseSet
from cladist.kinship.inference.calibration import Labels, PairEvidence, pair_evidence
from cladist.kinship.inference.sequential import looks_at, paths

ROOT = Path(__file__).resolve().parents[1]
DATA = ROOT.parent / "shared" / "data"
SETS = {"rand": 1, "bench6": 1, "alpaca": 5}
DRAWS = 20
TEST_SHARE = 0.35
FOLDS = 10


@dataclass(frozen=True, eq=False)
class Recorded:
    """One data set: answers, labels, and evidence after every look."""

    name: str
    responses: list[ResponseSet]
    evidence: list[PairEvidence]
    looks: tuple[int, ...]
    lineage: pd.DataFrame
    labels: Labels

    @property
    def last(self) -> PairEvidence:
        return self.evidence[-1]


def recorded(name: str, every: int) -> tuple[list[ResponseSet], pd.DataFrame]:
    """Answers to every `every`-th prompt of the models with good labels, and these."""
    table = pd.read_parquet(DATA / name / "responses.parquet")
    wide = table.drop_duplicates(["model", "prompt_id"]).pivot(
        index="model", columns="prompt_id", values="response"
    )
    lineage = pd.read_csv(DATA / name / "lineage.csv").drop_duplicates("model").set_index("model")
    lineage = lineage.reindex(wide.index)
    good = (
        (lineage["usable"].astype(str) == "True")
        & lineage["confidence"].isin(["high", "medium"])
        & lineage["foundation"].notna()
    )
    wide, lineage = wide[good].iloc[:, ::every], lineage[good]
    responses = [
        ResponseSet.of_texts(m, [t if isinstance(t, str) else None for t in row])
        for m, row in zip(wide.index, wide.to_numpy(dtype=object), strict=True)
    ]
    return responses, lineage


def labels_of(lineage: pd.DataFrame) -> Labels:
    """Foundations as families, superfamilies as makers."""
    circle = lineage["superfamily"].fillna("?" + lineage["foundation"])
    return Labels(tuple(lineage["foundation"]), tuple(circle))


def load_evidence(name: str, every: int, cache: Path) -> tuple[PairEvidence, Labels]:
    """Evidence of all answers, kept in `cache`, and labels."""
    responses, lineage = recorded(name, every)
    stored = cache / f"{name}-all.npz"
    if not stored.exists():
        e = pair_evidence(responses)
        np.savez(
            stored, combined=e.combined, score=e.score, manner=e.manner, clock=e.clock,
            present=e.present, digest=np.array([d.hex() for d in e.digest]), aloud=e.aloud,
        )  # fmt: skip
    with np.load(stored) as z:
        evidence = PairEvidence(
            tuple(r.model for r in responses), z["combined"], z["score"], z["manner"], z["clock"],
            z["present"], tuple(bytes.fromhex(d) for d in z["digest"]), z["aloud"],
        )  # fmt: skip
    return evidence, labels_of(lineage)


def load(name: str, every: int, cache: Path) -> Recorded:
    responses, lineage = recorded(name, every)
    models, probes = tuple(r.model for r in responses), len(responses[0].probe_ids)
    looks = looks_at(probes)
    start = time.process_time()
    stored = cache / f"{name}.npz"
    if stored.exists():
        with np.load(stored) as z:
            evidence = [
                PairEvidence(
                    models,
                    z[f"combined{k}"],
                    z[f"score{k}"],
                    z[f"manner{k}"],
                    z[f"clock{k}"],
                    z[f"present{k}"],
                    tuple(bytes.fromhex(d) for d in z[f"digest{k}"]),
                    z[f"aloud{k}"],
                )
                for k in looks
            ]
    else:
        evidence = paths(responses, looks)
        arrays = {}
        for k, e in zip(looks, evidence, strict=True):
            arrays |= {f"score{k}": e.score, f"manner{k}": e.manner, f"clock{k}": e.clock}
            arrays |= {
                f"combined{k}": e.combined,
                f"present{k}": e.present,
                f"aloud{k}": e.aloud,
                f"digest{k}": np.array([d.hex() for d in e.digest]),
            }
        np.savez(stored, **arrays)
    print(f"{name}: {len(responses)} models, {probes} probes, "
          f"{time.process_time() - start:.0f} CPU s", flush=True)  # fmt: skip
    return Recorded(name, responses, evidence, looks, lineage, labels_of(lineage))


@dataclass(frozen=True, eq=False)
class Pairs:
    """All kin and unrelated pairs: rows a, b (m,), kin (m,) bool."""

    a: np.ndarray
    b: np.ndarray
    kin: np.ndarray


def scored_pairs(data: Recorded) -> Pairs:
    family, circle = np.array(data.labels.families), np.array(data.labels.makers)
    own = pd.Series(data.lineage.index, index=data.lineage.index)
    weights = data.lineage["weights_of"].fillna(own).to_numpy()
    a, b = np.triu_indices(len(family), 1)
    kin = (family[a] == family[b]) & (weights[a] != weights[b])
    used = kin | (circle[a] != circle[b])
    return Pairs(a[used], b[used], kin[used])


def draws(data: Recorded) -> list[np.ndarray]:
    circles, place = np.unique(np.array(data.labels.makers), return_inverse=True)
    kept = []
    for seed in range(10 * DRAWS):
        test = (np.random.default_rng(seed).random(len(circles)) < TEST_SHARE)[place]
        # Both sides need makers enough to say anything; few sets have so few that it matters.
        if min(test.sum(), (~test).sum()) >= 20 and len(set(place[test])) > 1:
            kept.append(test)
    return kept[:DRAWS]


def folds(data: Recorded) -> np.ndarray:
    """A fold for every model, whole makers each, of even size."""
    names, code, size = np.unique(
        np.array(data.labels.makers), return_inverse=True, return_counts=True
    )
    fold, load = np.zeros(len(names), int), np.zeros(FOLDS)
    for maker in np.argsort(-size, kind="stable"):
        fold[maker] = load.argmin()
        load[fold[maker]] += size[maker]
    return fold[code]


def makers_out(data: Recorded) -> list[tuple[np.ndarray, np.ndarray]]:
    """Models left out and pairs tested: every pair once, without the folds of its two makers."""
    p, fold = scored_pairs(data), folds(data)
    low, high = np.minimum(fold[p.a], fold[p.b]), np.maximum(fold[p.a], fold[p.b])
    parts = [
        ((fold == i) | (fold == j), (low == i) & (high == j))
        for i in range(FOLDS)
        for j in range(i, FOLDS)
    ]
    return [(out, tested) for out, tested in parts if tested.any()]


def draws_out(data: Recorded) -> list[tuple[np.ndarray, np.ndarray]]:
    """The same for draws of a third of the makers, and pairs of these."""
    p = scored_pairs(data)
    return [(test, test[p.a] & test[p.b]) for test in draws(data)[:10]]
