"""How many undocumented relations an audit finds, and how many of those are false.

    OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 python benchmarks/audit.py --write

Registries are drawn from the recorded models of `rand`. Every model declares its foundation, but
for a share whose declarations are hidden; what the audit then reports is held against the labels.
Right: one foundation. False: other makers. Generations of one maker are neither. A hidden model is
found when a right relation with it is reported, and counts only if it has a relative there.
Intervals: 95%, over resampled makers. With --write the table goes into docs/provenance.md.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from cladist.core.responses import ResponseSet
from cladist.kinship.inference.pairs import pair_evidence
from cladist.kinship.inference.states import model_flags
from cladist.provenance.relations import Control, Families, held_against, undocumented

ROOT = Path(__file__).resolve().parents[1]
DATA = ROOT.parent / "shared" / "data" / "rand"
MARKS = ("<!-- figures: audit -->", "<!-- end: audit -->")
RATES = (0.05, 0.10)
DRAWS = {150: 5}
CASES: tuple[tuple[float, Control], ...] = ((0.3, "by"), (0.3, "bh"), (1.0, "by"))


@dataclass
class Count:
    """Of one maker: right and false relations, models found, models that could be."""

    right: float = 0.0
    false: float = 0.0
    found: float = 0.0
    hidden: float = 0.0


def load() -> tuple[list[ResponseSet], pd.DataFrame]:
    table = pd.read_parquet(DATA / "responses.parquet")
    wide = table.drop_duplicates(["model", "prompt_id"]).pivot(
        index="model", columns="prompt_id", values="response"
    )
    lineage = pd.read_csv(DATA / "lineage.csv").drop_duplicates("model").set_index("model")
    lineage = lineage.reindex(wide.index)
    good = (
        (lineage["usable"].astype(str) == "True")
        & lineage["confidence"].isin(["high", "medium"])
        & lineage["foundation"].notna()
    )
    wide, lineage = wide[good], lineage[good]
    responses = [
        ResponseSet.of_texts(m, [t if isinstance(t, str) else None for t in row])
        for m, row in zip(wide.index, wide.to_numpy(dtype=object), strict=True)
    ]
    return responses, lineage


def one(
    responses: list[ResponseSet],
    lineage: pd.DataFrame,
    size: int,
    hide: float,
    control: Control,
    seed: int,
) -> dict[float, dict[str, Count]]:
    draw = np.random.default_rng(seed)
    rows = np.sort(draw.choice(len(responses), size, replace=False))
    chosen, about = [responses[k] for k in rows], lineage.iloc[rows]
    foundation = about["foundation"].to_numpy()
    maker = about["superfamily"].fillna("?" + about["foundation"]).to_numpy()
    hidden = draw.random(size) < hide
    number = np.unique(foundation, return_inverse=True)[1].astype(np.int64)
    number[hidden] = 1_000_000 + np.flatnonzero(hidden)
    pairs = pair_evidence(chosen)
    families = Families(number, number, ~hidden)
    flags = [model_flags(r) for r in chosen]
    tested = undocumented(
        held_against(chosen, pairs, families, flags),
        rate=max(RATES),
        control=control,
    )
    assert tested.control == control
    place = {m: k for k, m in enumerate(pairs.models)}
    out: dict[float, dict[str, Count]] = {}
    for rate in RATES:
        counts = {m: Count() for m in maker}
        found: set[int] = set()
        for r in tested.relations:
            a, b = place[r.model], place[r.other]
            if r.q > rate:
                continue
            if foundation[a] == foundation[b]:
                counts[maker[a]].right += 1
                found |= {a, b}
            elif maker[a] != maker[b]:
                counts[maker[a]].false += 0.5
                counts[maker[b]].false += 0.5
        for k in np.flatnonzero(hidden):
            if np.sum(foundation == foundation[k]) > 1:
                counts[maker[k]].hidden += 1
                counts[maker[k]].found += k in found
        out[rate] = counts
    return out


def summary(draws: list[dict[str, Count]]) -> list[str]:
    names = sorted({m for d in draws for m in d})
    cells = np.array(
        [
            [sum(getattr(d.get(m, Count()), f) for d in draws) for f in Count.__annotations__]
            for m in names
        ]
    )
    rng = np.random.default_rng(0)
    weight = rng.multinomial(len(names), np.full(len(names), 1 / len(names)), size=2000)
    many = weight @ cells

    def shown(top: np.ndarray, bottom: np.ndarray, one: tuple[float, float]) -> str:
        if not one[1]:
            return "–"
        share = np.divide(top, bottom, out=np.full(len(top), np.nan), where=bottom > 0)
        low, high = np.nanquantile(share, [0.025, 0.975])
        return f"{one[0] / one[1]:.0%} ({low:.0%} to {high:.0%})"

    right, false, found, hidden = cells.sum(axis=0)
    return [
        f"{(right + false) / len(draws):.1f}",
        shown(many[:, 0], many[:, 0] + many[:, 1], (right, right + false)),
        shown(many[:, 2], many[:, 3], (found, hidden)),
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    responses, lineage = load()
    lines = [
        "| models | declarations hidden | control | nominal rate | reported | precision | hidden "
        "models found |",
        "|---|---|---|---|---|---|---|",
    ]
    start = time.process_time()
    for size, count in DRAWS.items():
        for hide, control in CASES:
            draws = [one(responses, lineage, size, hide, control, s) for s in range(count)]
            for rate in RATES:
                cells = summary([d[rate] for d in draws])
                row = [str(size), f"{hide:.0%}", control.upper(), f"{rate:.0%}", *cells]
                lines.append("| " + " | ".join(row) + " |")
                print(lines[-1], flush=True)
    text = "\n".join(lines)
    print(f"{time.process_time() - start:.0f} CPU s")
    if options.write:
        page = ROOT / "docs" / "provenance.md"
        whole = page.read_text(encoding="utf-8")
        before, rest = whole.split(MARKS[0])
        after = rest.split(MARKS[1])[1]
        page.write_text(f"{before}{MARKS[0]}\n\n{text}\n\n{MARKS[1]}{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
