"""How often `cladist identify URI` is right, on models of a reference asked as outsiders.

    OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 python benchmarks/identify.py --every 8 --write

Every k-th recorded model of known family is taken out of ../shared/data/rand and asked as
`identify` would ask it: its answers are cut as the limit on tokens cuts them, at the looks that
are planned for as many makers. It is asked three times: with its kin among the others, with its
family taken away, and with its whole maker taken away; who is left is the reference then, and
families, sets and p-values are fitted on it alone. Families, makers and dates are those of the
table that ships. Copies, whose answers are the same throughout, are left out. Shares are over
models, and in the second column over makers, each counting once, with a range by a bootstrap over
makers. With --write the table goes into docs/identify.md, between its marks.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
from verdicts import ROOT, write

from cladist.core.comparable import READ_TOKENS
from cladist.core.responses import Response, ResponseSet
from cladist.formats.labels import DeclaredModel
from cladist.kinship.inference.calibration import PairEvidence, pair_evidence
from cladist.kinship.inference.sequential import first_probes, levels
from cladist.kinship.inference.states import speaking
from cladist.references.labels import known_labels
from cladist.workflows.looks import Plan
from cladist.workflows.placing import Placement, makers_of, placed

RATES = (0.01, 0.05)
LIMIT = 1024
"""Tokens at which recorded answers were cut."""
AT_ONCE = 14
"""Models taken out of the panel at once; no two of them see each other."""


@dataclass(frozen=True)
class Asked:
    """One model asked in one way: what each number of prompts showed."""

    model: str
    maker: str
    family: str
    kin: bool
    at: Mapping[int, Placement]


def load(folder: Path) -> list[ResponseSet]:
    """Recorded answers in the order of models and prompts."""
    table = pd.read_parquet(folder / "responses.parquet")
    wide = table.drop_duplicates(["model", "prompt_id"]).pivot(
        index="model", columns="prompt_id", values="response"
    )
    made = [
        ResponseSet.of_texts(m, [t if isinstance(t, str) else "" for t in row])
        for m, row in zip(wide.index, wide.to_numpy(dtype=object), strict=True)
    ]
    return [r for r, says in zip(made, speaking(made), strict=True) if says]


def shortened(answers: ResponseSet) -> ResponseSet:
    """Answers as far as READ_TOKENS go, a token being at least a character."""
    slots = tuple(
        tuple(
            Response.of(
                r.text[: round(READ_TOKENS * max(1.0, len(r.text) / LIMIT))], truncated=True
            )
            if r.usable
            else r
            for r in slot
        )
        for slot in answers.slots
    )
    return replace(answers, slots=slots)


def among(pairs: PairEvidence, rows: Sequence[int]) -> PairEvidence:
    """The same pairs of some of the models."""
    at = np.ix_(rows, rows)
    return replace(
        pairs,
        models=tuple(pairs.models[r] for r in rows),
        combined=pairs.combined[at],
        score=pairs.score[at],
        halves=(pairs.halves[0][at], pairs.halves[1][at]),
        manner=pairs.manner[at],
        clock=pairs.clock[at],
        present=pairs.present[list(rows)],
        digest=tuple(pairs.digest[r] for r in rows),
        aloud=pairs.aloud[list(rows)],
    )


def ask(
    answers: Sequence[ResponseSet], labels: Mapping[str, DeclaredModel], chosen: Sequence[int],
    looks: Sequence[int],
) -> dict[str, list[Asked]]:  # fmt: skip
    """Ask some of the models, the others being the reference; by way of asking."""
    members = np.ones(len(answers), bool)
    members[list(chosen)] = False
    found: dict[str, list[Asked]] = {"kin": [], "family": [], "maker": []}
    seen: dict[tuple[str, int], dict[int, Placement]] = {}
    for look in looks:
        cut = [first_probes(r, look) for r in answers]
        pairs = pair_evidence(cut, members)
        for i in chosen:
            own = labels[answers[i].model]
            told = [labels.get(r.model, DeclaredModel("")) for r in answers]
            left = {
                "kin": [k for k in np.flatnonzero(members) if pairs.digest[k] != pairs.digest[i]],
                "family": [k for k in np.flatnonzero(members) if told[k].family != own.family],
                "maker": [k for k in np.flatnonzero(members) if told[k].group != own.group],
            }
            for way, rows in left.items():
                if way == "family" and look != looks[-1]:
                    continue
                every = [*map(int, rows), i]
                some = [cut[k] for k in every]
                known = {m: d for m, d in labels.items() if m != answers[i].model}
                seen.setdefault((way, i), {})[look] = placed(
                    some, among(pairs, every), known, alpha=RATES[-1]
                )
    for (way, i), at in seen.items():
        own = labels[answers[i].model]
        kin = any(
            labels.get(answers[k].model, DeclaredModel("")).family == own.family
            for k in np.flatnonzero(members)
        )
        found[way].append(Asked(answers[i].model, own.group, own.family, kin, at))
    return found


def related(at: Mapping[int, Placement], plan: Plan) -> tuple[bool, int]:
    """Whether it is called related by a plan, and after how many prompts."""
    for look, rate in zip(plan.looks, plan.rates, strict=True):
        if at[look].verdict == "related" and at[look].p <= rate:
            return True, look
    return False, plan.looks[-1]


def shares(asked: Sequence[Asked], hit: Sequence[bool], seed: int = 0) -> str:
    """A row's cells: the share over models, and over makers with its range."""
    if not asked:
        return "- | - | 0"
    makers = np.unique([a.maker for a in asked], return_inverse=True)[1]
    mean = np.bincount(makers, np.asarray(hit, float)) / np.bincount(makers)
    draws = np.random.default_rng(seed).integers(len(mean), size=(2000, len(mean)))
    low, high = np.quantile(mean[draws].mean(axis=1), [0.025, 0.975])
    return (
        f"{np.mean(hit):.1%} | {mean.mean():.1%} ({low:.0%} to {high:.0%}) | "
        f"{len(asked)} of {len(mean)} makers"
    )


def rows(found: Mapping[str, list[Asked]], plans: Mapping[str, Plan], last: int) -> list[str]:
    """The lines of the table."""
    kin = [a for a in found["kin"] if a.kin]
    out = ["| | models | makers | asked |", "|---|---|---|---|"]

    def line(what: str, asked: Sequence[Asked], hit: Sequence[bool]) -> None:
        out.append(f"| {what} | {shares(asked, hit)} |")

    ends = [a.at[last] for a in kin]
    line("the nearest is of its family", kin,
         [p.nearest[0].family == a.family for a, p in zip(kin, ends, strict=True)])  # fmt: skip
    line("the likeliest family is its own", kin,
         [bool(p.families) and p.families[0].name == a.family
          for a, p in zip(kin, ends, strict=True)])  # fmt: skip
    line("its family is in the set", kin,
         [p.kept is not None and a.family in p.kept.families
          for a, p in zip(kin, ends, strict=True)])  # fmt: skip
    for name, words in (("family", "family taken away"), ("maker", "maker taken away")):
        line(f"{words}: 'none of these' is in the set", found[name],
             [a.at[last].kept is not None and a.at[last].kept.none
              for a in found[name]])  # fmt: skip
        line(f"{words}: 'none of these' is the likeliest", found[name],
             [bool(a.at[last].families) and a.at[last].families[0].name == ""
              for a in found[name]])  # fmt: skip
    for name, plan in plans.items():
        line(f"kin, related {name}", kin, [related(a.at, plan)[0] for a in kin])
        line(f"maker taken away, related {name}", found["maker"],
             [related(a.at, plan)[0] for a in found["maker"]])  # fmt: skip
    return out


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--every", type=int, default=8, help="ask every k-th model")
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data" / "rand")
    parser.add_argument("--write", action="store_true")
    args = parser.parse_args()
    start = time.monotonic()
    answers = [shortened(r) for r in load(args.data)]
    labels = known_labels([r.model for r in answers])
    makers = makers_of([r.model for r in answers], labels)
    probes = len(answers[0].probe_ids)
    looks = (20, 30, 60, probes)
    plans = {
        "at 1%, all prompts": Plan((probes,), (RATES[0],)),
        **{f"at 5%, {k} prompts": Plan((k,), (RATES[1],)) for k in looks},
        "at 5%, looks after 20 and all": Plan((20, probes), tuple(levels(2, RATES[1]))),
        "at 5%, looks after 30 and all": Plan((30, probes), tuple(levels(2, RATES[1]))),
        "at 5%, looks after 60 and all": Plan((60, probes), tuple(levels(2, RATES[1]))),
    }
    chosen = [k for k, r in enumerate(answers) if r.model in labels][:: args.every]
    found: dict[str, list[Asked]] = {"kin": [], "family": [], "maker": []}
    # Far apart in the list, which is by maker, so that few lose their kin to each other.
    for first in range(-(-len(chosen) // AT_ONCE)):
        some = chosen[first :: -(-len(chosen) // AT_ONCE)]
        for way, asked in ask(answers, labels, some, looks).items():
            found[way] += asked
        print(f"{sum(map(len, found.values())) // 3} asked, {time.monotonic() - start:.0f} s")
    text = "\n".join([
        f"Every {args.every}th of {len(labels)} labelled models, {makers} makers, "
        f"`python benchmarks/identify.py --every {args.every}`:",
        "",
        *rows(found, plans, probes),
    ])  # fmt: skip
    print(text, f"\n{time.monotonic() - start:.0f} s")
    if args.write:
        write(ROOT / "docs" / "identify.md", {"outsiders": text})


if __name__ == "__main__":
    main()
