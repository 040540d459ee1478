"""How often verdicts on recorded answers are wrong, and how many kin they find.

    python benchmarks/verdicts.py [--write] [--sets rand bench6 ...] [--data ../shared/data]

Prints the tables of docs/verdicts.md and, with --write, puts them there between their marks. A
pair is drawn from a cell of two makers, every cell as likely as any other, since that is what
the stated rate speaks of. 'Kin' are pairs of one foundation and other weights.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from cladist.core.responses import ResponseSet
from cladist.kinship.inference.calibration import calibrate
from cladist.kinship.inference.decision import test_candidates
from cladist.kinship.inference.facts import Gatherer, gatherer
from cladist.kinship.inference.labels import Labels
from cladist.kinship.inference.pairs import PairEvidence, Pairwise, pair_evidence

ROOT = Path(__file__).resolve().parents[1]
SETS = {
    "rand": 1, "bench6": 1, "alpaca": 5, "can_ai_code": 1, "eqbench": 1,
}  # fmt: skip
"""Every how many prompts are read. `can_ai_code_senior` has six probes: no verdict needs so few."""
ALPHAS = (0.05, 0.01, 0.001)
LISTED = 10
"""Nearest models in a list, as `cladist compare relatives` shows them."""
ASKED = 4
"""Models of a maker that are asked, at most."""
HIDDEN = 25
"""Makers taken away in turn."""


@dataclass(frozen=True, eq=False)
class Recorded:
    """One set: evidence of labelled models, their labels, and pairs that count.

    lineage  the rows of its table of labels, in the order of the models
    """

    name: str
    responses: tuple[ResponseSet, ...]
    pairs: PairEvidence
    labels: Labels
    a: np.ndarray
    b: np.ndarray
    kin: np.ndarray
    lineage: pd.DataFrame

    @property
    def makers(self) -> np.ndarray:
        return np.array(self.labels.makers)

    def evenly(self, values: np.ndarray, chosen: np.ndarray) -> float:
        """Mean of values over unrelated pairs, every cell of two makers weighing the same."""
        cells = [" ".join(sorted(c)) for c in zip(self.makers[self.a[chosen]],
                                                  self.makers[self.b[chosen]])]  # fmt: skip
        return float(pd.Series(values[chosen].astype(float)).groupby(cells).mean().mean())


def answers(name: str, every: int, data: Path) -> tuple[tuple[ResponseSet, ...], pd.DataFrame]:
    """Answers of the labelled models of a set, and what is known of each, in the same order."""
    table = pd.read_parquet(data / name / "responses.parquet")
    wide = table.drop_duplicates(["model", "prompt_id"]).pivot(
        index="model", columns="prompt_id", values="response"
    )
    lineage = pd.read_csv(data / name / "lineage.csv").drop_duplicates("model").set_index("model")
    lineage = lineage.reindex(wide.index)
    good = (
        (lineage["usable"].astype(str) == "True")
        & lineage["confidence"].isin(["high", "medium"])
        & lineage["foundation"].notna()
    )
    wide, lineage = wide[good].iloc[:, ::every], lineage[good]
    responses = tuple(
        ResponseSet.of_texts(m, [t if isinstance(t, str) else "" for t in row])
        for m, row in zip(wide.index, wide.to_numpy(dtype=object))
    )
    return responses, lineage


def labelled(name: str, responses: tuple[ResponseSet, ...], lineage: pd.DataFrame) -> Recorded:
    """The set with its evidence."""
    pairs = pair_evidence(responses)
    maker = lineage["superfamily"].fillna("?" + lineage["foundation"])
    labels = Labels(tuple(lineage["foundation"]), tuple(maker))
    family, makers = np.array(labels.families), np.array(labels.makers)
    own = pd.Series(lineage.index, index=lineage.index)
    weights = lineage["weights_of"].fillna(own).to_numpy()
    a, b = np.triu_indices(len(family), 1)
    kin = (family[a] == family[b]) & (weights[a] != weights[b])
    used = kin | (makers[a] != makers[b])
    return Recorded(name, responses, pairs, labels, a[used], b[used], kin[used], lineage)


def load(name: str, every: int, data: Path) -> Recorded:
    """All labelled models of a set and the evidence of all pairs."""
    return labelled(name, *answers(name, every, data))


def percent(x: float, digits: int = 1) -> str:
    return "–" if np.isnan(x) else f"{100 * x:.{digits}f}%"


def table(header: list[str], body: list[list[str]]) -> str:
    lines = [header, ["---"] * len(header), *body]
    return "\n".join("| " + " | ".join(row) + " |" for row in lines)


def without(labels: Labels, hidden: np.ndarray) -> Labels:
    """Labels with those of some models taken away."""
    families = np.where(hidden, "", np.array(labels.families))
    makers = np.where(hidden, "", np.array(labels.makers))
    return Labels(tuple(families.tolist()), tuple(makers.tolist()))


def rates(sets: list[Recorded]) -> str:
    body = []
    for data in sets:
        for how in ("labels", "no labels"):
            fitted = calibrate(data.pairs, data.labels if how == "labels" else None)
            p = fitted.p(data.pairs, data.a, data.b)
            for alpha in ALPHAS:
                called = p <= alpha
                body.append(
                    [data.name, how, str(fitted.families), percent(fitted.floor, 2),
                     percent(alpha), percent(data.evenly(called, ~data.kin), 2),
                     percent(float(called[data.kin].mean()))]
                )  # fmt: skip
    head = ["set", "panel", "makers", "least p", "stated", "unrelated called related", "kin found"]
    return table(head, body)


def outsiders(sets: list[Recorded]) -> str:
    """Makers are taken out of the labels in turn; their models are then asked as outsiders."""
    body = []
    for data in sets:
        names = np.unique(data.makers)
        chosen = np.random.default_rng(0).permutation(names)[:HIDDEN]
        wrong: dict[float, list[float]] = {alpha: [] for alpha in ALPHAS}
        found: dict[float, list[float]] = {alpha: [] for alpha in ALPHAS}
        for maker in chosen:
            hidden = data.makers == maker
            fitted = calibrate(data.pairs, without(data.labels, hidden))
            one = hidden[data.a] | hidden[data.b]
            draw = np.random.default_rng(1)
            for rows, kept, of in (
                (np.flatnonzero(one & ~data.kin), wrong, 400),
                (np.flatnonzero(one & data.kin), found, 100),
            ):
                if len(rows):
                    rows = draw.permutation(rows)[:of]
                    p = fitted.p(data.pairs, data.a[rows], data.b[rows])
                    for alpha in ALPHAS:
                        kept[alpha].append(float(np.mean(p <= alpha)))
        body += [
            [data.name, str(len(chosen)), percent(alpha), percent(float(np.mean(wrong[alpha])), 2),
             percent(float(np.max(wrong[alpha])), 1),
             percent(float(np.mean(found[alpha])) if found[alpha] else float("nan"))]
            for alpha in ALPHAS
        ]  # fmt: skip
    head = ["set", "makers", "stated", "unrelated called related", "worst maker", "kin found"]
    return table(head, body)


def unrelated(sets: list[Recorded]) -> str:
    """Who is called unrelated, where a model or its whole maker lost their labels."""
    body = []
    for data in sets:
        draw = np.random.default_rng(0)
        found: dict[str, list[tuple[str, bool, float]]] = {"the model": [], "its maker": []}
        for maker in np.unique(data.makers):
            own = data.makers == maker
            found["its maker"] += _cleared(data, str(maker), own)
            for i in draw.permutation(np.flatnonzero(own))[:ASKED].tolist():
                found["the model"] += _cleared(data, str(maker), np.arange(len(own)) == i)
        for how, shares in found.items():
            t = pd.DataFrame(shares, columns=["maker", "kin", "share"])
            of = t.groupby(["kin", "maker"])["share"].mean()
            body.append(
                [data.name, how, percent(of[False].mean()), percent(of[True].mean()),
                 percent(of[True].max())]
            )  # fmt: skip
    head = ["set", "without labels", "unrelated called so", "kin called unrelated", "worst maker"]
    return table(head, body)


def _cleared(data: Recorded, maker: str, hidden: np.ndarray) -> list[tuple[str, bool, float]]:
    """Shares of the pairs of the models `hidden`, kin and others, that are called unrelated."""
    fitted = calibrate(data.pairs, without(data.labels, hidden))
    rows = np.flatnonzero(hidden[data.a] | hidden[data.b])
    a, b, kin = data.a[rows], data.b[rows], data.kin[rows]
    kin_p = fitted.kin_p(data.pairs, a, b)
    # `decide` also wants a p-value above the level of the probes' tests.
    said = (kin_p <= 0.05) & (fitted.p_less(data.pairs, a, b) >= kin_p)
    at = np.flatnonzero(said)
    said[at] = fitted.p(data.pairs, a[at], b[at]) > 0.05
    return [
        (maker, bool(k), float(said[kin == k].mean())) for k in (True, False) if (kin == k).any()
    ]


def lists(sets: list[Recorded]) -> str:
    """Ten nearest strangers of some models of every maker: in how many lists is one called
    related. Every maker weighs the same."""
    body = []
    for data in sets:
        for how in ("labels", "no labels"):
            made = gatherer(data.responses, data.pairs, data.labels if how == "labels" else None)
            family, names = np.array(data.labels.families), np.unique(data.makers)
            draw = np.random.default_rng(0)
            false, found = [], []
            for maker in names:
                own = draw.permutation(np.flatnonzero(data.makers == maker))[:ASKED]
                wrong, right = zip(*(_lists_of(made, data, family, int(i)) for i in own))
                false.append(float(np.mean(wrong)))
                if not np.isnan(right).all():
                    found.append(float(np.nanmean(right)))
            body.append(
                [data.name, how, str(len(names)), percent(float(np.mean(false))),
                 percent(float(np.mean(found)) if found else float("nan"))]
            )  # fmt: skip
    head = ["set", "panel", "makers", "with a stranger called related", "kin listed and found"]
    return table(head, body)


def _lists_of(made: Gatherer, data: Recorded, family: np.ndarray, i: int) -> tuple[bool, float]:
    """Whether a stranger is called related, and the share of kin listed that are; NaN of none."""
    near = data.pairs.combined[i].copy()
    near[i] = -np.inf
    apart = np.where(data.makers == data.makers[i], -np.inf, near)
    wrong = bool(_related(made, i, np.argsort(-apart)[:LISTED]).any())
    shown = np.argsort(-near)[:LISTED]
    kin = family[shown] == family[i]
    return wrong, float(_related(made, i, shown)[kin].mean()) if kin.any() else float("nan")


def _related(made: Gatherer, i: int, listed: np.ndarray) -> np.ndarray:
    decided = test_candidates([made.facts(i, int(j)) for j in listed])
    return np.array([d.verdict == "related" for d in decided])


MATCHED = {
    "style and tokenizer": (), "style alone": ("tokenizer",), "neither": ("style", "tokenizer"),
}  # fmt: skip
"""What unrelated pairs are matched by, and what of the evidence is then left out."""


def matching(sets: list[Recorded]) -> str:
    """What matching costs in kin, and whom it saves: the 1% of strangers that are most alike."""
    body = []
    for data in sets:
        for how, left_out in MATCHED.items():
            nothing = Pairwise(np.zeros((len(data.pairs), len(data.pairs)), np.float32))
            pairs = replace(data.pairs, **dict.fromkeys(left_out, nothing))
            fitted = calibrate(pairs, data.labels)
            if fitted.floor > 0.01:
                continue
            called = fitted.p(pairs, data.a, data.b) <= 0.01
            saved = []
            for alike in (data.pairs.style, data.pairs.tokenizer):
                value = alike[data.a, data.b]
                most = ~data.kin & (value >= np.quantile(value[~data.kin], 0.99))
                saved.append(percent(data.evenly(called, most)))
            body.append(
                [data.name, how, percent(float(called[data.kin].mean())),
                 percent(data.evenly(called, ~data.kin), 2), *saved]
            )  # fmt: skip
    head = ["set", "matched by", "kin found", "unrelated called related",
            "of the 1% most alike in style", "of the 1% most alike in tokenizer"]  # fmt: skip
    return table(head, body)


SECTIONS: dict[str, Callable[[list[Recorded]], str]] = {
    "rates": rates,
    "outsiders": outsiders,
    "unrelated": unrelated,
    "lists": lists,
    "matching": matching,
}


def write(path: Path, sections: dict[str, str]) -> None:
    text = path.read_text(encoding="utf-8")
    for name, body in sections.items():
        start, end = f"<!-- figures: {name} -->", f"<!-- end: {name} -->"
        before, rest = text.split(start)
        text = before + start + "\n\n" + body + "\n\n" + end + rest.split(end)[1]
    path.write_text(text, encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    parser.add_argument("--sets", nargs="+", default=list(SETS), choices=list(SETS))
    parser.add_argument("--only", nargs="+", default=list(SECTIONS), choices=list(SECTIONS))
    parser.add_argument("--write", action="store_true")
    args = parser.parse_args()
    sets = [load(name, SETS[name], args.data) for name in args.sets]
    found = {}
    for name in args.only:
        found[name] = SECTIONS[name](sets)
        print(f"\n{name}\n\n{found[name]}", flush=True)
    if args.write:
        write(ROOT / "docs" / "verdicts.md", found)


if __name__ == "__main__":
    main()
