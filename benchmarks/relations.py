"""How often other answers about kinship are right: families, direction, mixtures, same or changed.

    OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 python benchmarks/relations.py [--write] [--only ...]

`identify` asks every labelled model by fits that have not seen its maker, with its family in the
panel and with its whole maker taken away. `direction` asks pairs of which one is the declared
parent of the other, and other kin. `merges` splits a model among its three nearest of its own
foundation. `identity` asks small models that ship with cladist, again and changed. With --write
the tables go into docs/verdicts.md, between their marks.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
from family_sets import folds
from verdicts import ROOT, SETS, Recorded, load, percent, table, write

from cladist.catalog import probe_set
from cladist.core.assay import Assay, Decoding, EncoderSpec, Method, Projection, Protocol
from cladist.core.responses import ResponseSet
from cladist.errors import InputError
from cladist.extraction.run import extract
from cladist.kinship.inference.identify import Identification, fit_identifier, identify
from cladist.kinship.inference.identity import same_model
from cladist.kinship.inference.parentage import direction, mixture, rarity
from cladist.models import open_model
from cladist.models.builtin import path_of
from cladist.models.requantize import requantize
from cladist.registry import Registry

BINS = ((0, 0.5), (0.5, 0.7), (0.7, 0.9), (0.9, 0.95), (0.95, 1))
FEWEST_ANSWERS, FEWEST_PAIRS = 20, 10
"""Answers of a stated probability, and pairs of a relation, from which there is a row."""
MOST_PAIRS, MOST_SPLIT = 300, 60
"""Kin that are neither parent nor child, and models of a kind that are split."""


def _asked(data: Recorded) -> Iterator[tuple[int, bool, Identification]]:
    """Every model with kin, whether its maker was taken away, and what was said of it."""
    kin = np.zeros(len(data.labels.families), np.bool_)
    kin[np.concatenate([data.a[data.kin], data.b[data.kin]])] = True
    family = np.array(data.labels.families)
    fold = folds(data.makers)
    for k in range(fold.max() + 1):
        try:
            fitted = fit_identifier(
                data.pairs, data.labels, queries=np.flatnonzero(fold != k).tolist()
            )
        except InputError:
            continue
        for i in np.flatnonzero((fold == k) & kin):
            theirs = sorted(set(family[data.makers == data.makers[i]]))
            for absent, gone in ((False, []), (True, theirs)):
                yield (
                    int(i),
                    absent,
                    identify(data.pairs, data.labels, fitted, data.pairs.models[i], without=gone),
                )


def identification(sets: list[Recorded]) -> str:
    """Families by probability."""
    body, stated = [], []
    for data in sets:
        rows = []
        for i, absent, found in _asked(data):
            best, family = found.probabilities[0], data.labels.families[i]
            none, first = found.none >= best, found.families[0] == family
            right = none if absent else first and not none
            rows.append((absent, first, right, max(best, found.none)))
        if not rows:
            body.append([data.name, "0", *["–"] * 4])
            continue
        t = pd.DataFrame(rows, columns=["absent", "first", "right", "sure"])
        here, gone = t[~t["absent"]], t[t["absent"]]
        body.append(
            [data.name, str(len(t)), percent(here["first"].mean()), percent(here["right"].mean()),
             percent(gone["right"].mean()), f"{((t['sure'] - t['right']) ** 2).mean():.3f}"]
        )  # fmt: skip
        for low, high in BINS:
            part = t[(t["sure"] > low) & (t["sure"] <= high)]
            if len(part) >= FEWEST_ANSWERS:
                stated.append(
                    [data.name, f"{low:g} to {high:g}", str(len(part)),
                     percent(part["sure"].mean()), percent(part["right"].mean())]
                )  # fmt: skip
    head = ["set", "answers", "family ranked first", "family named", "'none' when absent", "Brier"]
    also = ["set", "stated probability", "answers", "mean stated", "right"]
    return table(head, body) + "\n\n" + table(also, stated)


def parents_of(data: Recorded) -> list[tuple[int, int, str]]:
    """Parent, child and what was done, of declared pairs with other answers."""
    if not {"hf_id", "parent", "relation"} <= set(data.lineage):
        return []
    place = {name: i for i, name in enumerate(data.lineage["hf_id"])}
    digest = data.pairs.digest
    return [
        (place[parent], i, str(relation))
        for i, (parent, relation) in enumerate(
            zip(data.lineage["parent"], data.lineage["relation"], strict=True)
        )
        if parent in place and place[parent] != i and digest[i] != digest[place[parent]]
    ]


def directions(sets: list[Recorded]) -> str:
    """Which of parent and child is called the ancestor, and how often kin that are neither."""
    body = []
    for data in sets:
        known = parents_of(data)
        if not known:
            continue
        rare, names = rarity(data.responses), data.pairs.models
        found = [direction(data.pairs, rare, names[i], names[j]) for i, j, _ in known]
        t = pd.DataFrame(
            [(r, d.ancestor == d.a, bool(d.ancestor)) for d, (_, _, r) in zip(found, known)],
            columns=["relation", "right", "told"],
        )
        for name, part in [("all", t), *t.groupby("relation")]:
            if len(part) >= FEWEST_PAIRS:
                told = part[part["told"]]
                body.append(
                    [data.name, str(name), str(len(part)), percent(part["told"].mean(), 0),
                     percent(told["right"].mean() if len(told) else float("nan"), 0)]
                )  # fmt: skip
        lineal = {frozenset((i, j)) for i, j, _ in known}
        others = [
            (int(i), int(j))
            for i, j in zip(data.a[data.kin], data.b[data.kin])
            if frozenset((int(i), int(j))) not in lineal
        ]
        chosen = np.random.default_rng(0).permutation(len(others))[:MOST_PAIRS]
        named = [
            bool(direction(data.pairs, rare, *(names[m] for m in others[k])).ancestor)
            for k in chosen
        ]
        body.append(
            [data.name, "other kin pairs", str(len(named)), percent(float(np.mean(named)), 0), "–"]
        )
    return table(["set", "relation", "pairs", "an ancestor named", "right of those"], body)


def merges(data: Recorded) -> str:
    """How many of three near candidates a model is said to need."""
    relation, family = data.lineage["relation"].to_numpy(), np.array(data.labels.families)
    merged = np.isin(relation, ["merge", "moe-merge"])
    pairs = data.pairs

    def needed(i: int) -> int | None:
        near = [
            int(k)
            for k in np.argsort(-pairs.score[i], kind="stable")
            if k != i and not merged[k] and family[k] == family[i]
            and pairs.digest[k] != pairs.digest[i]
        ]  # fmt: skip
        if len(near) < 3:
            return None
        candidates = [pairs.models[k] for k in near[:3]]
        return len(mixture(data.responses, pairs.models[i], candidates).needed())

    body, draw = [], np.random.default_rng(0)
    for name, kinds in (
        ("merge", ["merge", "moe-merge"]),
        ("one parent", ["finetune", "instruct", "dpo"]),
    ):
        at = draw.permutation(np.flatnonzero(np.isin(relation, kinds)))
        found = [needed(int(i)) for i in at[:MOST_SPLIT]]
        count = np.array([n for n in found if n is not None])
        shares = [percent(float(np.mean(c)), 0) for c in (count >= 2, count == 1, count == 0)]
        body.append([name, str(len(count)), *shares])
    return table(["labelled", "models", "two or three needed", "one needed", "none needed"], body)


def identity() -> str:
    """Small models that ship with cladist, asked again and changed."""
    body = []
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        for kind in ("Q8_0", "Q4_0"):
            requantize(path_of("tiny-stage"), folder / f"{kind}.gguf", kind)
        cases = {
            "asked again": "builtin:tiny-stage#again",
            "Q8_0 of the same": f"gguf:{folder / 'Q8_0.gguf'}#q8",
            "Q4_0 of the same": f"gguf:{folder / 'Q4_0.gguf'}#q4",
            "other system prompt": "builtin:tiny-stage?system=Speak%20like%20a%20pirate.#pirate",
            "sampled at T = 0.5": "builtin:tiny-stage?temperature=0.5#sampled",
            "other model": "builtin:tiny-scripture#other",
        }
        for title, decoding in (
            ("greedy, 64 probes", Decoding("raw", 0.0, 1.0, 24)),
            ("4 samples at T = 0.7, 64 probes", Decoding("raw", 0.7, 1.0, 24, 4)),
        ):
            sampled = decoding.samples > 1
            original = _answers("builtin:tiny-stage", decoding, folder / title)
            for number, (name, uri) in enumerate(cases.items()):
                if sampled and "temperature" in uri:
                    continue
                # Samples are drawn by seeds of their own, so that nothing agrees by them.
                own = replace(decoding, seed=2 + number) if sampled else decoding
                asked = _answers(uri, own, folder / f"{title} {name}")
                r = same_model(original, asked, greedy=not sampled)
                low, high = r.interval
                body.append(
                    [title, name, r.verdict, percent(r.effect),
                     f"{percent(low)} to {percent(high)}", f"{r.p:.2g}", percent(r.agreement, 0)]
                )  # fmt: skip
    head = [
        "answers", "held against the original", "verdict", "difference", "95%", "p",
        "same from the start",
    ]  # fmt: skip
    return table(head, body)


def _answers(uri: str, decoding: Decoding, folder: Path) -> ResponseSet:
    """The answers of a model to 64 probes."""
    method = Method("identity", (EncoderSpec("alleles"),), Projection(16))
    protocol = Protocol("identity", probe_set("genes-128").first(64), decoding)
    assay = Assay("identity", protocol, method)
    with Registry.open(folder) as store:
        model = open_model(uri)
        try:
            extract(model, assay, store, allow_sparse=True)
            (found,) = store.responses(assay.protocol)
        finally:
            model.close()
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="put the tables into docs/")
    parser.add_argument("--sets", nargs="+", default=["rand", "bench6", "alpaca"], choices=SETS)
    parser.add_argument("--only", nargs="+", default=[])
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    args = parser.parse_args()
    sets: list[Recorded] = []
    if args.only != ["identity"]:
        if not args.data.is_dir():
            raise SystemExit(f"the recorded responses in {args.data} are not here")
        sets = [load(name, SETS[name], args.data) for name in args.sets]
    parts: dict[str, Callable[[], str]] = {
        "identify": lambda: identification(sets),
        "direction": lambda: directions(sets),
        "merges": lambda: merges(sets[0]),
        "identity": identity,
    }
    for name, part in parts.items():
        if args.only and name not in args.only:
            continue
        start = time.process_time()
        found = part()
        print(f"\n{name}: {time.process_time() - start:.0f} CPU s\n\n{found}", flush=True)
        if args.write:
            write(ROOT / "docs" / "verdicts.md", {name: found})


if __name__ == "__main__":
    main()
