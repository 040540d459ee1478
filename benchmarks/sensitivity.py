"""What half and double of every chosen constant of kinship change.

    OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 python benchmarks/sensitivity.py [--keep FILE]

Writes docs/sensitivity.md. One constant is changed at a time (`constants.changed`), the others are
as they ship. What is measured already is read from FILE, so that a run that was stopped goes on; a
change of any constant that ships begins anew.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, fields, is_dataclass, replace
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import verdicts
from constants import changed
from kinship_sets import areas, main_guard, table
from relations import parents_of

from cladist.core.responses import ResponseSet
from cladist.kinship import config
from cladist.kinship.config import DECISION
from cladist.kinship.inference.calibration import calibrate
from cladist.kinship.inference.decision import Policy
from cladist.kinship.inference.facts import gatherer
from cladist.kinship.inference.identify import (
    ask,
    fit_identifier,
    has_kin,
    heard_models,
    shares,
)
from cladist.kinship.inference.pairs import pair_evidence
from cladist.kinship.inference.parentage import direction, rarity
from cladist.kinship.inference.probe_index import shingle_hashes

ROOT = Path(__file__).resolve().parent.parent
SETS = ("rand", "bench6", "alpaca", "can_ai_code", "can_ai_code_senior", "eqbench")
MODELS, PROBES = 160, 60
"""Drawn of each set at most, with one seed: the same before and after."""
CHECKED = 40
"""Pairs of kin, and as many of strangers, within alpha whose probes are looked at."""
LEAST = 0.0005
"""Change of a figure below which there is none."""

EVIDENT = ("auc", "ap", "strangers", "kin")
"""Figures of likeness that constants of evidence are judged by."""

Figures = dict[str, float]

CONFIGS = {n: c for n, c in vars(config).items() if is_dataclass(c) and not isinstance(c, type)}
TUPLES: dict[str, tuple[tuple[float, ...], tuple[float, ...]]] = {
    "OPENINGS.lengths": ((1, 4, 16), (1, 2, 3, 4, 6, 8, 12, 16, 24, 32)),
    "CALIBRATION.knots": ((0.02, 0.99), (0.02, 0.2, 0.4, 0.6, 0.75, 0.9, 0.95, 0.99)),
}
"""Half and twice as many."""
SHARES = (
    "FAMILIES.prior",
    "PARENTAGE.sure",
    "ROTE.closed",
    "ROTE.constant",
    "STATES.shared_canned",
)
"""What cannot be doubled: what is left to 1 is halved."""
APART = {
    "EVIDENCE": ("unlikely", "lineage", "offset"),
    "SPREADS": ("clipped",),
    "CALIBRATION": ("models", "cluster"),
    "SEARCH": tuple(asdict(config.SEARCH)),
    "OPENINGS": ("order", "few"),
    "ROTE": ("alike", "echo", "common", "template", "distinct"),
    "DECISION": ("minimum_probes", "looks"),
    "STATES": ("echo", "repeated"),
    "CHECKS": ("draws", "resamples"),
    "FAMILIES": ("queries", "coverage", "folds"),
    "IDENTITY": tuple(asdict(config.IDENTITY)),
    "PARENTAGE": ("background", "needed", "resamples"),
    "DESCENT": tuple(asdict(config.DESCENT)),
    "SETTINGS": tuple(asdict(config.SETTINGS)),
    "WATCHING": tuple(asdict(config.WATCHING)),
}
"""What these sets cannot tell: they have no distributions, no prompts and no servers; and what only
says how long or how well something is drawn. Their own words say what depends on them."""


def part_of(name: str, data: Path, models: int = MODELS) -> verdicts.Recorded:
    """Some models and some probes of a set."""
    answers, lineage = verdicts.answers(name, 1, data)
    draw = np.random.default_rng(0)
    rows = np.sort(draw.permutation(len(answers))[:models])
    asked = np.sort(draw.permutation(len(answers[0].probe_ids))[:PROBES])
    some = tuple(
        ResponseSet(
            answers[i].model,
            tuple(answers[i].probe_ids[j] for j in asked),
            tuple(answers[i].slots[j] for j in asked),
        )
        for i in rows
    )
    return verdicts.labelled(name, some, lineage.iloc[rows])


class Measured:
    """Figures of every set, each once; with evidence measured anew or as it ships."""

    def __init__(self, data: Path) -> None:
        self._data = data
        self.part = cache(lambda name: part_of(name, data))

    def ready(self, name: str, measure: str) -> None:
        """Read what is read as it ships, before anything is changed."""
        self._carries(name)
        if measure == "directions":
            self._lines()

    def likeness(self, name: str, anew: bool) -> Figures:
        """AUC and AP of the evidence; what is called related, and unrelated, at the stated rates.

        The shares of the first test alone. Too few makers for alpha have no share.
        """
        d = self._anew(name, anew)
        value = d.pairs.combined[d.a, d.b]
        rank = np.argsort(-value, kind="stable")
        auc, ap = areas(d.kin[rank].astype(float), (~d.kin[rank]).astype(float))
        fitted = calibrate(d.pairs, d.labels)
        p, kin_p, p_less = (f(d.pairs, d.a, d.b) for f in (fitted.p, fitted.kin_p, fitted.p_less))
        found = {"auc": auc, "ap": ap}
        if self._carries(name):
            called = p <= DECISION.alpha
            found |= {"strangers": d.evenly(called, ~d.kin), "kin": float(called[d.kin].mean())}
        # As `decide` has it.
        apart = (kin_p <= DECISION.beta) & (p > max(DECISION.alpha, DECISION.beta))
        apart &= p_less >= kin_p
        return found | {"cleared": d.evenly(apart, ~d.kin), "lost": float(apart[d.kin].mean())}

    def checked(self, name: str, anew: bool) -> Figures:
        """Of pairs within alpha, the share that `decide` calls related."""
        if not self._carries(name):
            return {}
        d = self._anew(name, anew)
        made = gatherer(d.responses, d.pairs, d.labels).indexed()
        assert made.calibration is not None
        within = made.calibration.p(d.pairs, d.a, d.b) <= DECISION.alpha
        found = {}
        for what, kin in (("kin", d.kin), ("strangers", ~d.kin)):
            rows = np.random.default_rng(0).permutation(np.flatnonzero(within & kin))[:CHECKED]
            policy = Policy(probe_level=DECISION.probe_level)
            said = [made.decide(int(d.a[k]), int(d.b[k]), policy).verdict for k in rows]
            found[what] = float(np.mean([v == "related" for v in said])) if said else np.nan
        return found

    def families(self, name: str, anew: bool) -> Figures:
        """Of the models that the fit was made on: true family first, and above 'none of these'."""
        d = self._anew(name, anew)
        fitted = fit_identifier(d.pairs, d.labels, prior=config.FAMILIES.prior)
        usable = heard_models(d.pairs)
        rows = np.flatnonzero(usable)
        asked = ask(d.pairs, d.labels, rows, fitted.reasoning_excess, usable)
        asked = asked.at(has_kin(asked))
        chance = shares(fitted, asked, asked.live)
        own = chance[np.arange(len(chance)), 1 + asked.own]
        first = chance[:, 1:].argmax(1) == asked.own
        return {"first": float(first.mean()), "named": float((own > chance[:, 0]).mean())}

    @cache  # noqa: B019 - one object a run
    def _lines(self) -> tuple[verdicts.Recorded, np.ndarray, list[tuple[str, str]]]:
        """All of rand, how rare its answers are, and which declared parents have which child."""
        d = part_of("rand", self._data, 10_000)
        names = d.pairs.models
        return d, rarity(d.responses), [(names[i], names[j]) for i, j, _ in parents_of(d)]

    def directions(self, name: str, _: bool) -> Figures:
        """Of declared parents and children: an ancestor is named, and is the parent."""
        if name != "rand":
            return {}
        d, rare, lines = self._lines()
        named = [direction(d.pairs, rare, p, c).ancestor for p, c in lines]
        right = [n == p for n, (p, _) in zip(named, lines) if n]
        return {"named": len(right) / len(lines), "right": float(np.mean(right))}

    def _anew(self, name: str, anew: bool) -> verdicts.Recorded:
        d = self.part(name)
        return replace(d, pairs=pair_evidence(d.responses)) if anew else d

    @cache  # noqa: B019
    def _carries(self, name: str) -> bool:
        """Whether there are makers enough for the alpha that ships."""
        d = self.part(name)
        return calibrate(d.pairs, d.labels).floor <= DECISION.alpha


def measure_of(name: str, field: str) -> tuple[str, bool]:
    """Which figures a constant can change, and whether the evidence is measured anew."""
    if name == "CHECKS" or field in ("probe_level", "constant"):
        return "checked", False
    if name in ("EVIDENCE", "SPREADS", "OPENINGS", "LENGTHS", "RATES", "ROTE"):
        return "likeness", True
    if name == "STATES":
        return "checked", field == "aloud"
    if name == "FAMILIES":
        return "families", False
    return ("directions", False) if name == "PARENTAGE" else ("likeness", False)


def values_of(name: str, field: str) -> dict[str, Any]:
    """Half and double, and a quarter and four times."""
    value = getattr(CONFIGS[name], field)
    if f"{name}.{field}" in TUPLES:
        return dict(zip(("half", "double"), TUPLES[f"{name}.{field}"]))
    out = {}
    for what, times in (("half", 0.5), ("double", 2), ("quarter", 0.25), ("four times", 4)):
        other = value * times
        if f"{name}.{field}" in SHARES and times > 1:
            other = 1 - (1 - value) / times
        out[what] = max(round(other), 1) if isinstance(value, int) else other
    return out


class Run:
    """Figures by constant and value, kept in a file."""

    def __init__(self, data: Path, keep: Path | None) -> None:
        shipped = json.dumps({n: asdict(c) for n, c in CONFIGS.items()}, sort_keys=True)
        self._ships = sha256(shipped.encode()).hexdigest()[:12]
        self._keep, self._measured = keep, Measured(data)
        self._kept: dict[str, Figures] = {}
        self.seconds = 0.0
        """Of processor, those of runs before counted in."""
        if keep is not None and keep.exists():
            self.seconds, self._kept = json.loads(keep.read_text(encoding="utf-8"))

    def figures(self, name: str, field: str, value: Any) -> dict[str, Figures]:
        """By set."""
        measure, anew = measure_of(name, field)
        shipped = value == getattr(CONFIGS[name], field)
        if shipped:
            anew = False
        what = "as it ships" if shipped else f"{name}.{field} = {value}"
        found = {}
        for s in SETS:
            key = f"{self._ships} {measure} {what} {s}"
            if key not in self._kept:
                start = time.process_time()
                work: Callable[[str, bool], Figures] = getattr(self._measured, measure)
                shingle_hashes.cache_clear()
                self._measured.ready(s, measure)
                with changed(CONFIGS[name], **{field: value}):
                    self._kept[key] = work(s, anew)
                shingle_hashes.cache_clear()
                self.seconds += time.process_time() - start
                self._write()
            found[s] = self._kept[key]
        return found

    def _write(self) -> None:
        if self._keep is not None:
            self._keep.write_text(json.dumps([self.seconds, self._kept]), encoding="utf-8")


def means(found: dict[str, Figures]) -> Figures:
    """Over the sets that have a figure."""
    names = [n for f in found.values() for n in f]
    return {n: float(np.nanmean([f[n] for f in found.values() if n in f])) for n in names}


def moved(run: Run, name: str, field: str, value: Any) -> tuple[str, float]:
    """Changes of the means in words, and the greatest change of any figure of any set."""
    measure, anew = measure_of(name, field)
    kept = EVIDENT if anew and measure == "likeness" else None
    ships = only(run.figures(name, field, getattr(CONFIGS[name], field)), kept)
    other = only(run.figures(name, field, value), kept)
    most = max(
        abs(other[s][k] - ships[s][k]) for s in SETS for k in ships[s] if ships[s][k] == ships[s][k]
    )
    now, before = means(other), means(ships)
    cells = [signed(now[k] - before[k], k) for k in before]
    return (" / ".join(cells) if most >= LEAST else "nothing"), most


def only(found: dict[str, Figures], kept: tuple[str, ...] | None) -> dict[str, Figures]:
    """Some of the figures, or all."""
    return {s: {k: v for k, v in f.items() if not kept or k in kept} for s, f in found.items()}


def signed(change: float, figure: str) -> str:
    """A change in thousandths of AUC and AP, and in tenths of a point."""
    said = f"{change:+.3f}" if figure in ("auc", "ap") else f"{100 * change:+.1f}"
    return "0" if float(said) == 0 else said


def shown(value: Any) -> str:
    """A value as it is written."""
    if isinstance(value, tuple):
        return ", ".join(f"{v:g}" for v in value)
    return f"{value:,}" if isinstance(value, int) else f"{value:g}"


HEADS = {
    "evidence": "AUC / AP / strangers called related / kin called related, in points",
    "likeness": "AUC / AP / strangers called related / kin called related / strangers called "
    "unrelated / kin called unrelated, in points",
    "checked": "kin called related / strangers called related, of those within alpha, in points",
    "families": "true family first / true family above 'none', in points",
    "directions": "an ancestor named / right of those, in points",
}


def rows_of(run: Run, name: str) -> tuple[list[tuple[str, list[str]]], list[str]]:
    """A row a constant, and those of which nothing depends even at a quarter and four times."""
    rows, still = [], []
    for f in fields(CONFIGS[name]):
        value = getattr(CONFIGS[name], f.name)
        told = f.metadata
        if f.name in APART.get(name, ()):
            rows.append((f.name, [shown(value), told["what"], told["origin"], told["moves"], ""]))
            continue
        values = values_of(name, f.name)
        cells, most = [], 0.0
        for what in ("half", "double"):
            said, change = moved(run, name, f.name, values[what])
            cells.append(f"{shown(values[what])}: {said}")
            most = max(most, change)
        if most < LEAST and "quarter" in values:
            far = [moved(run, name, f.name, values[w])[1] for w in ("quarter", "four times")]
            if max(far) < LEAST:
                still.append(f"`{name}.{f.name}`")
        rows.append((f.name, [shown(value), told["what"], told["origin"], *cells]))
        print(f"{name}.{f.name}: {'; '.join(cells)}", file=sys.stderr, flush=True)
    return rows, still


def shipping(run: Run) -> str:
    """Figures of every set as it ships."""
    found = run.figures("SPREADS", "pseudo", config.SPREADS.pseudo)
    shares_of = ("strangers", "kin", "cleared", "lost")
    rows = [
        (s, [f"{f[k]:.3f}" for k in ("auc", "ap")]
         + [f"{100 * f[k]:.1f}%" if k in f else "-" for k in shares_of])
        for s, f in found.items()
    ]  # fmt: skip
    columns = (
        "AUC", "AP", "strangers called related", "kin called related",
        "strangers called unrelated", "kin called unrelated",
    )  # fmt: skip
    return table("set", rows, columns)


PAGE = """# Constants of kinship, and what depends on them

Written by `python benchmarks/sensitivity.py` in {minutes} minutes of processor, with
`OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1`. The answers are recorded ones of real models, and not
part of the project.

Every constant that was chosen stands in `cladist.kinship.config`, with what it is and where it
comes from. *By hand* says that nothing was measured when it was chosen. Here each is halved and
doubled, the others as they ship. Of shares of a half and more what is left to 1 is halved in place
of doubling; of a list half and twice as many are taken.

The six sets are those of [kinship.md](kinship.md). Of each at most {models} labelled models and
{probes} probes are drawn, with one seed: the same before and after. So figures are not those of the
other pages, and only changes count here. A change is that of the mean over the sets that have the
figure, and 0 where it is too small to be shown. *Nothing* says that no figure of any set moves by
{least:g}. Called related counts the first test of [verdicts.md](verdicts.md) alone, at the stated
rates, with labels; sets of too few makers for 1% have no such figure. 'Unrelated' and families are
asked of models that the calibration has seen. One pair of kin more in one set is .1 to .2 points.

Where distributions, prompts or servers would be needed, these sets can tell nothing. The column
then says in words what depends on the constant.

## As it ships

{ships}

{sections}
## What nothing depends on

On these sets, from a quarter to four times the value: {still}.
Such a constant guards against what recorded answers do not show, or its work is done elsewhere.
"""


def section(run: Run, name: str) -> tuple[str, list[str]]:
    """The table of one config, and its constants of which nothing depends."""
    rows, still = rows_of(run, name)
    asked: dict[str, list[str]] = {}
    for f in fields(CONFIGS[name]):
        if f.name not in APART.get(name, ()):
            measure, anew = measure_of(name, f.name)
            what = "evidence" if anew and measure == "likeness" else measure
            asked.setdefault(what, []).append(f"`{f.name}`")
    legend = "".join(
        f"Changes of {', '.join(names) if len(asked) > 1 else 'figures'}: {HEADS[m]}.\n"
        for m, names in asked.items()
    )
    about = (CONFIGS[name].__doc__ or "").strip()
    head = ("as it ships", "what it is", "origin", "half", "double")
    return f"## {name}\n\n{about}\n{legend}\n{table('constant', rows, head)}\n\n", still


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--keep", type=Path, help="file in which what is measured is kept")
    parser.add_argument("--docs", type=Path, default=ROOT / "docs")
    args = parser.parse_args()
    run = Run(main_guard(), args.keep)
    sections, still = [], []
    for name in CONFIGS:
        text, quiet = section(run, name)
        sections.append(text)
        still += quiet
    page = PAGE.format(
        minutes=f"{run.seconds / 60:.0f}",
        models=MODELS, probes=PROBES, least=LEAST, ships=shipping(run),
        sections="".join(sections), still=", ".join(still) or "none",
    )  # fmt: skip
    (args.docs / "sensitivity.md").write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()
