"""How often `cladist identify URI` is right, on models of a reference asked as outsiders.

    OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 python benchmarks/identify.py rand --makers 24 --write

One recorded model of each of so many makers, drawn at random, is taken out of ../shared/data and
asked as `identify` would ask it: its answers are cut as the limit on tokens cuts them, and it is
looked at after EARLY prompts and after all. It is asked three times: with its kin among the
others, with its family taken away, and with its whole maker taken away; who is left is the
reference then, and families, sets and p-values are fitted on it alone. Families and makers are
those of the table that ships. Copies of a model that is asked are left out. Every model is of
another maker, so each counts once, and ranges are exact binomial ones (95%). With --write the
table goes into docs/identify.md, between its marks.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import beta
from verdicts import ROOT, write

from cladist.core.comparable import READ_TOKENS
from cladist.core.responses import Response, ResponseSet
from cladist.extraction.like import cut_to, reading_length
from cladist.formats.labels import DeclaredModel
from cladist.kinship.evidence.standard import RowLevels
from cladist.kinship.inference.pairs import PairEvidence, Pairwise
from cladist.kinship.inference.sequential import first_probes, levels
from cladist.kinship.inference.states import speaking
from cladist.kinship.panel.outsider import Members, beside, fit_members
from cladist.references.labels import known_labels
from cladist.workflows.placing import Placement, least_p, placed
from cladist.workflows.reference_fit import Accused, Fit, fit_reference, judge

RATES = (0.01, 0.05)
LIMIT = 1024
"""Tokens at which recorded answers were cut."""
EARLY = 30
LENGTHS = (64, 128, 256)
"""Lengths that answers are read to here: fewer than `identify` has, as each is fitted anew."""
NOBODY = DeclaredModel("")


@dataclass(frozen=True)
class Asked:
    """One model asked in one way: what each number of prompts showed."""

    model: str
    family: str
    kin: bool
    at: Mapping[int, Placement]


def spread(ids: Sequence[Any], count: int) -> list[Any]:
    """So many of them, evenly spread."""
    return [ids[k] for k in np.linspace(0, len(ids) - 1, count).round().astype(int)]


def load(folder: Path, prompts: int) -> list[ResponseSet]:
    """Recorded answers to some of the prompts, evenly spread, of models that say anything."""
    table = pd.read_parquet(folder / "responses.parquet")
    wide = table.drop_duplicates(["model", "prompt_id"]).pivot(
        index="model", columns="prompt_id", values="response"
    )
    texts = pd.read_parquet(folder / "prompts.parquet").set_index("prompt_id")["prompt"]
    ids = spread(wide.columns, prompts)
    made = [
        ResponseSet.of_texts(m, [t if isinstance(t, str) else "" for t in row])
        for m, row in zip(wide.index, wide[ids].to_numpy(dtype=object), strict=True)
    ]
    told = speaking(made, [str(texts[k]) for k in ids])
    return [r for r, says in zip(made, told, strict=True) if says]


def shortened(answers: ResponseSet) -> ResponseSet:
    """Answers as far as READ_TOKENS go, a token being at least a character."""

    def cut(r: Response) -> Response:
        end = round(READ_TOKENS * max(1.0, len(r.text) / LIMIT))
        return Response.of(r.text[:end], truncated=True) if r.usable and len(r.text) > end else r

    return replace(answers, slots=tuple(tuple(map(cut, slot)) for slot in answers.slots))


def drawn(
    answers: Sequence[ResponseSet], labels: Mapping[str, DeclaredModel], makers: int
) -> list[int]:
    """One model of each of some makers, with a relative where the maker has such models."""
    draw = np.random.default_rng(0)
    families = [labels.get(r.model, NOBODY).family for r in answers]
    by_maker: dict[str, list[int]] = {}
    for k, r in enumerate(answers):
        if families[k]:
            by_maker.setdefault(_maker(labels[r.model]), []).append(k)
    out = []
    for name in draw.permutation(sorted(by_maker))[:makers]:
        some = by_maker[str(name)]
        kin = [k for k in some if families.count(families[k]) > 1]
        out.append(int(draw.choice(kin or some)))
    return out


def _maker(told: DeclaredModel) -> str:
    return told.group or told.family


def some_of(members: Members, rows: Sequence[int]) -> Members:
    """Some of the members, by what was measured among all."""
    at = np.ix_(rows, rows)
    p = members.pairs
    pairs = PairEvidence(
        tuple(p.models[r] for r in rows), Pairwise(p.combined[at]), Pairwise(p.score[at]),
        (Pairwise(p.halves[0][at]), Pairwise(p.halves[1][at])), Pairwise(p.style[at]),
        Pairwise(p.tokenizer[at]), p.present[list(rows)],
        tuple(p.digest[r] for r in rows), p.reasoning[list(rows)],
    )  # fmt: skip
    return replace(
        members, responses=tuple(members.responses[r] for r in rows), pairs=pairs,
        levels=_levels(members, lambda x: x[list(rows)]),
    )  # fmt: skip


def _levels(
    members: Members, of: Callable[[np.ndarray], np.ndarray]
) -> tuple[tuple[RowLevels, ...], ...]:
    """Levels of the members with another selection of rows."""
    return tuple(
        tuple(RowLevels(of(level.mean), of(level.spread), level.pooled) for level in part)
        for part in members.levels
    )


def remembered(told: Accused) -> Accused:
    """The same, each pair looked at once."""
    seen: dict[tuple[int, int], bool] = {}

    def accused(i: int, j: int) -> bool:
        key = (min(i, j), max(i, j))
        if key not in seen:
            seen[key] = told(i, j)
        return seen[key]

    return accused


def ask(
    fit: Fit,
    asked: ResponseSet,
    labels: Mapping[str, DeclaredModel],
    accused: Accused,
    last: bool,
) -> dict[str, Placement]:
    """Place one model, with its kin, without its family, and without its maker."""
    own = labels[asked.model]
    new = replace(asked, model="\0asked")
    pairs = beside(fit.members, new)
    told = [labels.get(m, NOBODY) for m in pairs.models[:-1]]
    ways = {
        "kin": [k for k, d in enumerate(pairs.digest[:-1]) if d != pairs.digest[-1]],
        "family": [k for k, d in enumerate(told) if d.family != own.family],
        "maker": [k for k, d in enumerate(told) if _maker(d) != _maker(own)],
    }
    found = {}
    for way, rows in ways.items():
        if way == "family" and not last:
            continue
        left = some_of(fit.members, rows)
        here = fit_reference(left, labels, cut=fit.cut, accused=_numbered(accused, rows))
        every = some_of(replace(fit.members, responses=(*fit.members.responses, new), pairs=pairs,
                                levels=_levels(fit.members, _more)),
                        [*rows, len(told)]).pairs  # fmt: skip
        found[way] = placed(here, new, every, alpha=RATES[-1])
    return found


def _numbered(accused: Accused, rows: Sequence[int]) -> Accused:
    return lambda i, j: accused(rows[i], rows[j])


def _more(values: np.ndarray) -> np.ndarray:
    return np.append(values, 1.0)


def run(
    answers: Sequence[ResponseSet], labels: Mapping[str, DeclaredModel], chosen: Sequence[int],
    say: Callable[[str], None],
) -> dict[str, list[Asked]]:  # fmt: skip
    """Ask the chosen models, those that are read to one length together."""
    found: dict[str, list[Asked]] = {"kin": [], "family": [], "maker": []}
    probes = len(answers[0].probe_ids)
    new = {k: shortened(answers[k]) for k in chosen}
    lengths = {k: next((n for n in LENGTHS if n >= reading_length(new[k])), 0) for k in chosen}
    for length in sorted(set(lengths.values())):
        some = [k for k in chosen if lengths[k] == length]
        rest = [r for k, r in enumerate(answers) if k not in some]
        here = {labels[r.model].family for r in rest if r.model in labels}
        seen: dict[tuple[str, int], dict[int, Placement]] = {}
        for look in (EARLY, probes):
            members = fit_members([cut_to(first_probes(r, look), length) for r in rest])
            fit = fit_reference(members, labels, cut=length, accused=lambda i, j: True)
            assert fit.labels is not None and fit.calibration is not None
            accused = remembered(judge(members, fit.labels, fit.calibration))
            for k in some:
                asked = cut_to(first_probes(new[k], look), length)
                for way, place in ask(fit, asked, labels, accused, look == probes).items():
                    seen.setdefault((way, k), {})[look] = place
                say(f"{answers[k].model}, {length} characters, {look} prompts")
        for (way, k), at in seen.items():
            family = labels[answers[k].model].family
            found[way].append(Asked(answers[k].model, family, family in here, at))
    return found


def share(hit: Sequence[bool]) -> str:
    """How many, and the share with its range."""
    n, k = len(hit), int(sum(hit))
    if not n:
        return "- | 0"
    low = beta.ppf(0.025, k, n - k + 1) if k else 0.0
    high = beta.ppf(0.975, k + 1, n - k) if k < n else 1.0
    return f"{k / n:.0%} ({low:.0%} to {high:.0%}) | {k} of {n}"


def rows(found: Mapping[str, list[Asked]], last: int) -> list[str]:
    """The lines of the table."""
    kin = [a for a in found["kin"] if a.kin]
    out = ["| | share (95% range) | models |", "|---|---|---|"]

    def line(what: str, asked: Sequence[Asked], hit: Callable[[Asked], bool]) -> None:
        out.append(f"| {what} | {share([hit(a) for a in asked])} |")

    def first(p: Placement) -> str:
        return p.families[0].name if p.families else "-"

    line("kin there: the nearest is of its family", kin,
         lambda a: a.at[last].nearest[0].family == a.family)  # fmt: skip
    line("the likeliest is its family", kin, lambda a: first(a.at[last]) == a.family)
    line("the set has its family", kin,
         lambda a: (s := a.at[last].kept) is not None and a.family in s.families)  # fmt: skip
    for name, words in (("family", "family taken away"), ("maker", "maker taken away")):
        line(f"{words}: the set has 'none of these'", found[name],
             lambda a: (s := a.at[last].kept) is not None and s.none)  # fmt: skip
        line(f"{words}: the likeliest is 'none of these'", found[name],
             lambda a: first(a.at[last]) == "")  # fmt: skip
    early, late = levels(2, RATES[1])[::-1]
    rules: dict[str, Callable[[Asked], bool]] = {
        f"at 5% after {last} prompts": lambda a: related(a, last, RATES[1]),
        f"at 5% over {EARLY} and {last} prompts": lambda a: (
            related(a, EARLY, early) or related(a, last, late)
        ),
        f"of these after {EARLY}": lambda a: related(a, EARLY, early),
    }
    for name, rule in rules.items():
        line(f"kin there: related {name}", kin, rule)
    for name, rule in rules.items():
        line(f"maker taken away: related {name}", found["maker"], rule)
    return out


def related(asked: Asked, look: int, rate: float) -> bool:
    """Whether it is called related at a look that has such a rate."""
    p = asked.at[look]
    return p.verdict == "related" and p.p <= rate


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name", choices=["rand", "bench6", "alpaca"])
    parser.add_argument("--makers", type=int, default=24, help="so many models are asked")
    parser.add_argument("--prompts", type=int, default=100)
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    parser.add_argument("--write", action="store_true")
    args = parser.parse_args()
    start = time.process_time()
    answers = load(args.data / args.name, args.prompts)
    labels = known_labels([r.model for r in answers])
    makers = len({_maker(d) for d in labels.values()})
    chosen = drawn(answers, labels, args.makers)
    found = run(
        answers,
        labels,
        chosen,
        lambda what: print(f"{time.process_time() - start:.0f} CPU s: {what}", flush=True),
    )
    text = "\n".join([
        f"{args.name}: {len(chosen)} models, each of another maker, beside {len(answers)} of "
        f"{makers} makers (least p {least_p(makers):.2g}), {args.prompts} prompts; "
        f"`python benchmarks/identify.py {args.name} --makers {args.makers}`, "
        f"{time.process_time() - start:.0f} CPU s:",
        "",
        *rows(found, args.prompts),
    ])  # fmt: skip
    print(text)
    for way, asked in found.items():
        for a in asked:
            for look, p in a.at.items():
                print(way, look, a.model, f"kin={a.kin} p={p.p:.3f} {p.verdict} {p.code}",
                      f"tested={p.tested} likeliest={p.families[:1]}")  # fmt: skip
    if args.write:
        write(ROOT / "docs" / "identify.md", {f"outsiders-{args.name}": text})


if __name__ == "__main__":
    main()
