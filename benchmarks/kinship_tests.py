"""How honest the verdicts are: nominal against actual error rates on recorded responses.

    OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 python benchmarks/kinship_tests.py --write

Everything is family-disjoint: 35% of the makers ("superfamilies", all generations of one) are
drawn for testing, nulls and boundaries are fitted on the others, over 20 draws. Models that take
part have usable labels of high or medium confidence. Kin: one foundation, other weights.
Unrelated: other makers. Pairs between are left out. With --write the tables go into
docs/verdicts.md, between its marks, and the plots into docs/images.
"""

from __future__ import annotations

import argparse
import tempfile
import time
import warnings
from dataclasses import replace
from pathlib import Path
from unittest.mock import patch

import numpy as np
import pandas as pd
from recorded_pairs import (
    DATA,
    ROOT,
    SETS,
    Pairs,
    Recorded,
    draws,
    draws_out,
    load,
    makers_out,
    scored_pairs,
)

from cladist.errors import CladistError, InputError
from cladist.kinship.inference.calibration import (
    FAMILY_KIN,
    MISS,
    Calibration,
    PairEvidence,
    calibrate,
)
from cladist.kinship.inference.identify import fit_identifier, identify
from cladist.kinship.inference.identity import same_model
from cladist.kinship.inference.pair_test import (
    STABLE,
    judge_kinship,
    mismatch_p,
    probe_excess,
    sign_flip_p,
)
from cladist.kinship.inference.parentage import direction, mixture, rarity
from cladist.kinship.inference.sequential import decide, fit_boundaries, path_excess

RATES = (0.05, 0.01, 0.001)


def excess_of(c: Calibration, e: PairEvidence, p: Pairs, matched: bool = True) -> np.ndarray:
    cov = e.covariates(p.a, p.b)
    return c.matching.excess(e.score[p.a, p.b], cov if matched else np.zeros_like(cov))


def percent(x: float, digits: int = 1) -> str:
    return "–" if not np.isfinite(x) else f"{100 * x:.{digits}f}%"


def rows(header: list[str], body: list[list[str]]) -> str:
    lines = ["| " + " | ".join(header) + " |", "|" + "---|" * len(header)]
    return "\n".join([*lines, *("| " + " | ".join(r) + " |" for r in body)])


def error_rates(sets: list[Recorded], images: Path | None) -> str:
    body, curves, strata = [], {}, []
    grid = np.geomspace(0.0005, 0.3, 25)
    for data in sets:
        p, e = scored_pairs(data), data.last
        manner = np.quantile(e.manner[p.a, p.b], [0.95, 0.99])
        clock = np.quantile(e.clock[p.a, p.b], [0.95, 0.99])
        for kind, matched, bound in (
            ("not matched", False, False),
            ("matched", True, False),
            ("matched, upper bound", True, True),
        ):
            found: dict[float, list[tuple[float, float]]] = {r: [] for r in RATES}
            curve, layers = [], []
            for test in draws(data):
                c = calibrate(e, data.labels, leave_out=np.flatnonzero(test), matched=matched)
                within = test[p.a] & test[p.b]
                x = excess_of(c, e, p, matched)
                null, kin = x[within & ~p.kin], x[within & p.kin]
                for rate in RATES:
                    t = c.threshold(rate, bound=bound)
                    power = float(np.mean(kin >= t)) if len(kin) else np.nan
                    found[rate].append((float(np.mean(null >= t)), power))
                if not bound:
                    curve.append([np.mean(c.p_value(null) <= g) for g in grid])
                t = c.threshold(0.01, bound=bound)
                layer = []
                for values, (low, high) in (
                    (e.manner[p.a, p.b], manner),
                    (e.clock[p.a, p.b], clock),
                ):
                    for cut in (low, high):
                        here = within & ~p.kin & (values >= cut)
                        layer.append((int(np.sum(x[here] >= t)), int(here.sum())))
                layers.append(layer)
            for rate in RATES:
                f, w = (np.array(v) for v in zip(*found[rate], strict=True))
                low, high = np.quantile(f, [0.1, 0.9])
                body.append(
                    [
                        data.name,
                        kind,
                        percent(rate),
                        percent(float(f.mean()), 2),
                        f"{percent(float(low), 2)} to {percent(float(high), 2)}",
                        percent(float(np.nanmean(w))),
                    ]
                )
            total = np.array(layers).sum(axis=0)
            strata.append(
                [
                    data.name,
                    kind,
                    *(percent(k / max(m, 1)) for k, m in total),
                    str(total[:, 1].min()),
                ]
            )
            curves[data.name, kind] = (
                np.array([[f for f, _ in found[r]] for r in RATES]).T if bound else np.array(curve)
            )
    if images is not None:
        plot_rates(curves, grid, images / "kinship-false-accusations.png")
    return (
        "Rates on families never seen in calibration. The range holds 80% of the draws.\n\n"
        + rows(["set", "null", "nominal", "actual", "10% to 90% of draws", "kin found"], body)
        + "\n\nUnrelated pairs that sound most alike: share accused at a nominal 1%, among the 5% "
        "and 1% of all pairs with most manner or the most similar tokenizers in common (draws "
        "pooled).\n\n"
        + rows(
            ["set", "null", "manner 5%", "manner 1%", "tokenizer 5%", "tokenizer 1%", "pairs"],
            strata,
        )
    )


def plot_rates(curves: dict, grid: np.ndarray, path: Path) -> None:
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    names = list(dict.fromkeys(n for n, _ in curves))
    figure, axes = plt.subplots(1, len(names), figsize=(4 * len(names), 3.8), squeeze=False)
    for ax, name in zip(axes[0], names, strict=True):
        for (n, kind), values in curves.items():
            if n == name:
                mean = np.maximum(values.mean(axis=0), 1e-5)
                if values.shape[1] == len(RATES):
                    ax.plot(RATES, mean, "s", color="k", ms=5, label=f"{kind} (used)")
                    continue
                line = ax.plot(grid, mean, label=kind)[0]
                low, high = np.quantile(values, [0.1, 0.9], axis=0)
                ax.fill_between(
                    grid, np.maximum(low, 1e-5), np.maximum(high, 1e-5), alpha=0.15,
                    color=line.get_color(),
                )  # fmt: skip
        ax.plot(grid, grid, "k:", lw=1, label="as stated")
        ax.set(xscale="log", yscale="log", title=name, xlabel="nominal rate", ylim=(1e-4, 1))
        ax.grid(alpha=0.3)
    axes[0][0].set_ylabel("unrelated pairs accused")
    axes[0][-1].legend(fontsize=8)
    figure.tight_layout()
    figure.savefig(path, dpi=110, metadata={"Software": None})
    plt.close(figure)


def without_labels(sets: list[Recorded]) -> str:
    body = []
    for data in sets:
        p, e = scored_pairs(data), data.last
        c = calibrate(e)
        x = excess_of(c, e, p)
        for rate in (0.01, 0.001):
            t = c.threshold(rate)
            body.append(
                [
                    data.name,
                    percent(rate),
                    percent(float(np.mean(x[~p.kin] >= t)), 2),
                    percent(float(np.mean(x[p.kin] >= t))),
                    str(c.families),
                ]
            )
    return (
        "No label is used: families are guessed from tight clusters, and kin that are missed stay "
        "in the null. Here calibration and test are the same models, as in a real registry.\n\n"
        + rows(["set", "nominal", "actual", "kin found", "clusters"], body)
    )


def unrelated_verdicts(sets: list[Recorded]) -> str:
    body = []
    for data in sets:
        p, e = scored_pairs(data), data.last
        called, resampled = np.zeros(len(p.a), np.bool_), np.zeros(len(p.a), np.bool_)
        for out, tested in makers_out(data):
            c = calibrate(e, data.labels, leave_out=np.flatnonzero(out))
            x = excess_of(c, e, p)[tested]
            usual = x < c.threshold(STABLE)
            called[tested] = (x <= c.kin_threshold(MISS)) & usual
            with patch("cladist.kinship.inference.calibration.FAMILY_KIN", np.inf):
                resampled[tested] = (x <= c.kin_threshold(MISS)) & usual
        maker = pd.Series(np.array(data.labels.makers)[p.a])[p.kin]
        lost, alone = (
            pd.Series(v)[p.kin].groupby(maker).agg(["mean", "size"]) for v in (called, resampled)
        )
        body.append(
            [
                data.name,
                percent(np.mean(called[~p.kin])),
                percent(np.mean(called[p.kin])),
                percent(lost["mean"].mean()),
                worst_maker(lost),
                percent(np.mean(resampled[~p.kin])),
                percent(np.mean(resampled[p.kin])),
                worst_maker(alone),
                percent(MISS),
            ]
        )
    return rows(
        [
            "set", "unrelated pairs cleared", "kin wrongly cleared", "mean over makers",
            f"worst maker of {FAMILY_KIN} kin pairs or more",
            "unrelated cleared, resampling alone", "kin cleared, resampling alone",
            "worst maker, resampling alone", "nominal",
        ],
        body,
    )  # fmt: skip


def worst_maker(lost: pd.DataFrame) -> str:
    """Of makers with kin pairs enough the one whose kin are most often cleared."""
    worst = lost[lost["size"] >= FAMILY_KIN].sort_values("mean").iloc[-1]
    return f"{percent(worst['mean'])} ({worst.name})"


def thinking_aloud(sets: list[Recorded]) -> str:
    """Verdicts on pairs that both think aloud: as they are, unmatched, and other makers gone."""
    body = []
    for data in sets:
        p, e = scored_pairs(data), data.last
        both = np.flatnonzero(e.aloud[p.a] & e.aloud[p.b])
        deaf = replace(e, aloud=np.zeros_like(e.aloud))
        circle = np.array(data.labels.makers)
        for kind, rows_of in (("unrelated", both[~p.kin[both]]), ("kin", both[p.kin[both]])):
            if not len(rows_of):
                continue
            found: dict[str, list[bool]] = {}
            for k in rows_of:
                i, j = int(p.a[k]), int(p.b[k])
                makers = np.flatnonzero(np.isin(circle, circle[[i, j]]))
                alone = calibrate(e, data.labels, leave_out=makers)
                for how, evidence, made in (
                    ("not matched", deaf, None),
                    ("matched", e, None),
                    ("matched, both makers left out", e, alone),
                ):
                    verdict = judge_kinship(
                        data.responses,
                        evidence,
                        e.models[i],
                        e.models[j],
                        labels=data.labels,
                        calibration=made,
                    ).verdict
                    found.setdefault(how, []).append(verdict == "related")
            shares = [f"{sum(v)} of {len(v)}" for v in found.values()]
            body.append([data.name, str(int(e.aloud.sum())), kind, *shares])
    pairs = rows(
        ["set", "models that do", "pairs", "not matched", "matched", "makers left out"], body
    )
    named = rows(["set", "models that do", "not heard", "heard"], [named_aloud(d) for d in sets])
    return (
        f"Pairs called related at a nominal 1%.\n\n{pairs}\n\n"
        "Models that `identify` gives a family more probable than none, while all families of "
        f"their maker are taken away.\n\n{named}"
    )


def named_aloud(data: Recorded) -> list[str]:
    """How many models that think aloud are given a family though theirs is not there."""
    e = data.last
    deaf = replace(e, aloud=np.zeros_like(e.aloud))
    family, circle = np.array(data.labels.families), np.array(data.labels.makers)
    counts = []
    for evidence in (deaf, e):
        wrong = 0
        for i in np.flatnonzero(e.aloud):
            fitted = fit_identifier(evidence, data.labels, without=e.models[i])
            gone = sorted(set(family[circle == circle[i]]))
            found = identify(evidence, data.labels, fitted, e.models[i], without=gone)
            wrong += found.probabilities[0] > found.none
        counts.append(f"{wrong} of {e.aloud.sum()}")
    return [data.name, str(int(e.aloud.sum())), *counts]


def probe_tests(sets: list[Recorded]) -> str:
    body = []
    for data in sets:
        p, e = scored_pairs(data), data.last
        c = calibrate(e, data.labels)
        x = excess_of(c, e, p)
        t = c.threshold(0.01)
        draw = np.random.default_rng(0)
        for kind, chosen in (
            ("kin above the 1% line", p.kin & (x >= t)),
            ("unrelated above the 1% line", ~p.kin & (x >= t)),
            ("unrelated, any", ~p.kin),
        ):
            at = np.flatnonzero(chosen)
            at = at if len(at) <= 15 else draw.choice(at, 15, replace=False)
            spread, same = [], []
            for k in at:
                i, j = int(p.a[k]), int(p.b[k])
                spread.append(
                    sign_flip_p(probe_excess(data.responses, e, i, j, data.labels), flips=999)
                )
                same.append(mismatch_p(data.responses[i], data.responses[j], shuffles=999))
            body.append(
                [
                    data.name,
                    kind,
                    str(len(at)),
                    percent(np.mean(np.array(spread) <= STABLE), 0) if len(at) else "–",
                    percent(np.mean(np.array(same) <= STABLE), 0) if len(at) else "–",
                ]
            )
    return rows(["set", "pairs", "sampled", "spread over probes", "beyond manner"], body)


def sequential(sets: list[Recorded], images: Path | None) -> str:
    body, curves = [], {}
    designs = (
        ("all other makers", makers_out, ("early", "even", "late")),
        ("two thirds of the makers", draws_out, ("early",)),
    )
    for data in sets:
        p = scored_pairs(data)
        for words, design, spendings in designs:
            outcome: dict[str, list] = {s: [] for s in spendings}
            for out, tested in design(data):
                left = np.flatnonzero(out)
                x = path_excess(data.evidence, p.a, p.b, data.labels, leave_out=left)
                known = ~out[p.a] & ~out[p.b]
                null, kin = x[known & ~p.kin], x[known & p.kin]
                c = calibrate(data.last, data.labels, leave_out=left)
                allowed, missed = c.plain_rate(0.01), c.plain_miss(MISS)
                at_once = x[tested][:, -1] >= c.threshold(0.01)
                for spending in spendings:
                    b = fit_boundaries(
                        data.looks, null, kin, rate=allowed, miss=missed, spending=spending
                    )
                    d = decide(b, x[tested])
                    outcome[spending].append((d.verdict, d.probes, p.kin[tested], at_once))
            for spending, parts in outcome.items():
                v, n, k, at_once = (np.concatenate(q) for q in zip(*parts, strict=True))
                accused, cleared = n[(v == 1) & k], n[(v == -1) & ~k]
                body.append(
                    [
                        data.name,
                        words,
                        spending,
                        percent(np.mean(v[~k] == 1), 2),
                        percent(np.mean(v[k] == 1)),
                        percent(np.mean(at_once[k])),
                        f"{np.median(accused):.0f}" if len(accused) else "–",
                        percent(np.mean(v[~k] == -1)),
                        percent(np.mean(v[k] == -1)),
                        f"{np.median(cleared):.0f}" if len(cleared) else "–",
                        percent(np.mean(v[~k] == 0)),
                        f"{data.looks[-1]}",
                    ]
                )
                if design is makers_out:
                    curves[data.name, spending] = (
                        data.looks,
                        [np.mean((v[k] == 1) & (n[k] <= q)) for q in data.looks],
                    )
    if images is not None:
        plot_sequential(curves, images / "kinship-sequential.png")
    return rows(
        [
            "set", "calibrated on", "spending", "falsely accused", "kin found",
            "kin found, all probes at once", "median probes to 'related'", "unrelated cleared",
            "kin wrongly cleared", "median probes to 'unrelated'", "unrelated left open",
            "probes in all",
        ],
        body,
    )  # fmt: skip


def plot_sequential(curves: dict, path: Path) -> None:
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    figure, ax = plt.subplots(figsize=(7.5, 3.6))
    colours = {name: f"C{k}" for k, name in enumerate(dict.fromkeys(name for name, _ in curves))}
    for (name, spending), (looks, share) in curves.items():
        ax.plot(
            looks,
            share,
            {"early": "-", "even": "--", "late": ":"}[spending],
            color=colours[name],
            marker=".",
            label=f"{name}, {spending}",
        )
    ax.set(xscale="log", xlabel="probes", ylabel="kin found so far", ylim=(0, None))
    ticks = [10, 20, 60, 100, 200, 600]
    ax.set_xticks(ticks, [str(t) for t in ticks])
    ax.minorticks_off()
    ax.legend(fontsize=8, loc="upper left", bbox_to_anchor=(1.01, 1))
    ax.grid(alpha=0.3)
    figure.tight_layout()
    figure.savefig(path, dpi=110, metadata={"Software": None})
    plt.close(figure)


def identification(sets: list[Recorded]) -> str:
    body, reliability = [], []
    for data in sets:
        e, labels = data.last, data.labels
        family, circle = np.array(labels.families), np.array(labels.makers)
        p = scored_pairs(data)
        kin = np.zeros(len(family), np.bool_)
        kin[np.concatenate([p.a[p.kin], p.b[p.kin]])] = True
        answers = []
        for test in draws(data)[:6]:
            try:
                fitted = fit_identifier(e, labels, queries=np.flatnonzero(~test).tolist())
            except InputError:
                continue
            for i in np.flatnonzero(test & kin):
                for absent in (False, True):
                    gone = set(family[circle == circle[i]]) if absent else set()
                    found = identify(e, labels, fitted, e.models[i], without=sorted(gone))
                    best = found.probabilities[0]
                    none = found.none >= best
                    right = none if absent else (not none and found.families[0] == family[i])
                    first = found.families[0] == family[i]
                    answers.append((absent, right, none, max(best, found.none), first))
        if not answers:
            body.append([data.name, "0", "–", "–", "–", "–"])
            continue
        t = pd.DataFrame(answers, columns=["absent", "right", "none", "sure", "first"])
        here, gone_ = t[~t["absent"]], t[t["absent"]]
        body.append(
            [
                data.name,
                str(len(t)),
                percent(here["first"].mean()),
                percent(here["right"].mean()),
                percent(gone_["right"].mean()),
                f"{np.mean((t['sure'] - t['right']) ** 2):.3f}",
            ]
        )
        for low, high in ((0, 0.5), (0.5, 0.7), (0.7, 0.9), (0.9, 0.95), (0.95, 1.01)):
            part = t[(t["sure"] > low) & (t["sure"] <= high)]
            if len(part) >= 20:
                reliability.append(
                    [data.name, f"{low:g} to {min(high, 1):g}", str(len(part)),
                     percent(part["sure"].mean()), percent(part["right"].mean())]
                )  # fmt: skip
    return (
        rows(
            [
                "set",
                "answers",
                "family ranked first",
                "family named",
                "'none' when absent",
                "Brier",
            ],
            body,
        )
        + "\n\n"
        + rows(["set", "stated probability", "answers", "mean stated", "right"], reliability)
    )


def parent_rows(data: Recorded) -> list[tuple[int, int, str]]:
    lineage, e = data.lineage, data.last
    if "hf_id" not in lineage or "relation" not in lineage:
        return []
    place = {h: i for i, h in enumerate(lineage["hf_id"])}
    return [
        (place[parent], i, relation)
        for i, (parent, relation) in enumerate(
            zip(lineage["parent"], lineage["relation"], strict=True)
        )
        if parent in place and place[parent] != i and e.digest[i] != e.digest[place[parent]]
    ]


def directions(sets: list[Recorded]) -> str:
    body = []
    for data in sets:
        known = parent_rows(data)
        if not known:
            continue
        rare, e = rarity(data.responses), data.last
        found = [direction(e, rare, e.models[i], e.models[j]) for i, j, _ in known]
        table = pd.DataFrame(
            [
                (r, d.ancestor == d.a, bool(d.ancestor))
                for d, (_, _, r) in zip(found, known, strict=True)
            ],
            columns=["relation", "right", "told"],
        )
        for name, part in [("all", table), *table.groupby("relation")]:
            if len(part) >= 10:
                told = part[part["told"]]
                body.append(
                    [data.name, str(name), str(len(part)), percent(part["told"].mean(), 0),
                     percent(told["right"].mean(), 0) if len(told) else "–"]
                )  # fmt: skip
        p = scored_pairs(data)
        related = {(i, j) for i, j, _ in known} | {(j, i) for i, j, _ in known}
        siblings = [
            (int(i), int(j))
            for i, j in zip(p.a[p.kin], p.b[p.kin], strict=True)
            if (int(i), int(j)) not in related
        ]
        draw = np.random.default_rng(0)
        some = draw.permutation(len(siblings))[:300]
        named = [
            bool(direction(e, rare, e.models[siblings[k][0]], e.models[siblings[k][1]]).ancestor)
            for k in some
        ]
        body.append([data.name, "other kin pairs", str(len(some)), percent(np.mean(named), 0), "–"])
    return rows(["set", "relation", "pairs", "an ancestor named", "right of those"], body)


def merges(data: Recorded) -> str:
    e, relation = data.last, data.lineage["relation"].to_numpy()
    merged = np.isin(relation, ["merge", "moe-merge"])
    family = np.array(data.labels.families)

    def needed(i: int) -> int | None:
        order = np.argsort(-e.score[i], kind="stable")
        close = [
            int(k)
            for k in order
            if k != i and not merged[k] and e.digest[k] != e.digest[i] and family[k] == family[i]
        ]
        if len(close) < 3:
            return None
        found = mixture(data.responses, e.models[i], [e.models[k] for k in close[:3]])
        return len(found.needed())

    body = []
    draw = np.random.default_rng(0)
    for name, kinds in (
        ("merge", ["merge", "moe-merge"]),
        ("one parent", ["finetune", "instruct", "dpo"]),
    ):
        at = np.flatnonzero(np.isin(relation, kinds))
        at = at if len(at) <= 60 else draw.choice(at, 60, replace=False)
        count = np.array([n for n in (needed(int(i)) for i in at) if n is not None])
        shares = [percent(np.mean(c), 0) for c in (count >= 2, count == 1, count == 0)]
        body.append([name, str(len(count)), *shares])
    return rows(["labelled", "models", "two or three needed", "one needed", "none needed"], body)


def identity_cases() -> str:
    from cladist.catalog import probe_set
    from cladist.core.assay import Assay, Decoding, EncoderSpec, Method, Projection, Protocol
    from cladist.extraction.run import extract
    from cladist.models import open_model
    from cladist.models.builtin import path_of
    from cladist.models.requantize import requantize
    from cladist.registry import Registry

    method = Method("identity", (EncoderSpec("alleles"),), Projection(16))
    body = []
    with tempfile.TemporaryDirectory() as folder:
        q8, q4 = (Path(folder) / f"{k}.gguf" for k in ("q8", "q4"))
        requantize(path_of("tiny-stage"), q8, "Q8_0")
        requantize(path_of("tiny-stage"), q4, "Q4_0")
        cases = (
            ("asked again", "builtin:tiny-stage#again"),
            ("Q8_0 of the same", f"gguf:{q8}#q8"),
            ("Q4_0 of the same", f"gguf:{q4}#q4"),
            ("other system prompt", "builtin:tiny-stage?system=Speak%20like%20a%20pirate.#pirate"),
            ("sampled at T = 0.5", "builtin:tiny-stage?temperature=0.5#sampled"),
            ("other model", "builtin:tiny-scripture#other"),
        )
        modes = (
            ("greedy, 64 probes", 64, Decoding("raw", 0.0, 1.0, 24)),
            ("4 samples at T = 0.7, 64 probes", 64, Decoding("raw", 0.7, 1.0, 24, 4)),
        )
        for title, count, decoding in modes:
            probes = probe_set("genes-128").first(count)
            for number, (name, uri) in enumerate((("reference", "builtin:tiny-stage"), *cases)):
                own = decoding
                if number and decoding.samples > 1:
                    own = Decoding("raw", 0.7, 1.0, 24, 4, 1 + number)  # never the same draws
                if "temperature" in uri and decoding.samples > 1:
                    continue
                assay = Assay("identity", Protocol("identity", probes, own), method)
                with Registry.open(Path(folder) / f"{title[:3]}{number}") as store:
                    model = open_model(uri)
                    try:
                        extract(model, assay, store, allow_sparse=True)
                        (found,) = store.responses(assay.protocol)
                    finally:
                        model.close()
                if not number:
                    reference = found
                    continue
                r = same_model(reference, found, greedy=decoding.temperature == 0)
                low, high = r.interval
                body.append(
                    [title, name, r.verdict, percent(r.effect),
                     f"{percent(low)} to {percent(high)}", f"{r.p:.2g}", percent(r.agreement, 0)]
                )  # fmt: skip
    return rows(
        [
            "answers",
            "held against the original",
            "verdict",
            "difference",
            "95%",
            "p",
            "same from the start",
        ],
        body,
    )


def write(path: Path, sections: dict[str, str]) -> None:
    text = path.read_text(encoding="utf-8")
    for name, body in sections.items():
        start, end = f"<!-- figures: {name} -->", f"<!-- end: {name} -->"
        before, _, rest = text.partition(start)
        _, found, after = rest.partition(end)
        if not found:
            raise SystemExit(f"{path} has no marks for '{name}'")
        text = f"{before}{start}\n\n{body}\n\n{end}{after}"
    path.write_text(text, encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="put the figures into docs/")
    parser.add_argument("--sets", nargs="*", default=list(SETS), choices=list(SETS))
    parser.add_argument("--cache", type=Path, help="folder for the evidence between runs")
    parser.add_argument("--only", nargs="*", help="only these sections")
    args = parser.parse_args()
    warnings.simplefilter("ignore", RuntimeWarning)  # means of empty draws are shown as a dash
    sections: dict[str, str] = {}
    images = ROOT / "docs" / "images" if args.write else None
    if images is not None:
        images.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        cache = args.cache or Path(scratch)
        cache.mkdir(exist_ok=True)
        sets = []
        if args.only != ["identity"]:
            if not DATA.is_dir():
                raise SystemExit("the recorded responses in ../shared/data are not here")
            sets = [load(n, SETS[n], cache) for n in args.sets]
        parts = {
            "error rates": lambda: error_rates(sets, images),
            "without labels": lambda: without_labels(sets),
            "unrelated": lambda: unrelated_verdicts(sets),
            "thinking aloud": lambda: thinking_aloud(sets),
            "sequential": lambda: sequential(sets, images),
            "identify": lambda: identification(sets),
            "direction": lambda: directions(sets),
            "merges": lambda: merges(sets[0]),
            "identity": identity_cases,
            "probes": lambda: probe_tests(sets),
        }
        for name, part in parts.items():
            if args.only and name not in args.only:
                continue
            start = time.process_time()
            try:
                sections[name] = part()
            except CladistError as problem:
                sections[name] = f"Not measured: {problem}"
            print(
                f"\n## {name} ({time.process_time() - start:.0f} CPU s)\n\n{sections[name]}",
                flush=True,
            )
            if args.write:
                write(ROOT / "docs" / "verdicts.md", {name: sections[name]})


if __name__ == "__main__":
    main()
