"""Routing measured: new questions, new models, costs, and portfolios.

    OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 python benchmarks/routing.py

Writes the tables of docs/routing.md, between its marks. About five minutes on one core. Records
are right or wrong on GSM8K; DNA is made from answers to other questions (MATH).
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence

import numpy as np
from applied import ROOT, cost_of, family_of, features, gsm_records, plain_name, responses
from predict import write
from sklearn.metrics import roc_auc_score

from cladist.apply.behaviour import FeatureTable
from cladist.apply.decisions import best_value, calibration_error, choose
from cladist.apply.portfolio import k_centre, majority, oracle, portfolio, top_k
from cladist.apply.questions import Questions
from cladist.apply.route_baselines import MatrixFactors, NearestQuestions
from cladist.apply.routing import Router
from cladist.encoders.embedded import make as open_embedded

FOLDS = 4
PRICES = {"quality alone": 0.0, "one dear answer = 3 points": 0.03, "= 12 points": 0.12}
"""What the cost of one dear answer is worth, in accuracy."""
RECORDS = (0, 5, 20, 50, 200)


class Data:
    """Records, questions, DNA features (NaN without), families and costs of 44 models."""

    def __init__(self) -> None:
        self.models, self.right, texts = gsm_records()
        vectors = open_embedded(threads=1).encode(texts).values
        self.questions = Questions(tuple(texts), vectors)
        table, _ = features(responses("routing"))
        self.table: FeatureTable = table
        self.features = np.full((len(self.models), table.values.shape[1]), np.nan)
        for i, model in enumerate(self.models):
            if plain_name(model) in table.models:
                self.features[i] = table.values[table.models.index(plain_name(model))]
        self.has = np.isfinite(self.features).all(1)
        self.families = np.array([family_of(m) for m in self.models])
        self.costs = np.array([cost_of(m) for m in self.models])
        order = np.random.default_rng(0).permutation(len(texts))
        self.folds = [np.sort(part) for part in np.array_split(order, FOLDS)]

    def rest(self, fold: np.ndarray) -> np.ndarray:
        return np.setdiff1d(np.arange(len(self.questions)), fold)

    def router(self) -> Router:
        return Router(self.table.blocks)


def interval(values: np.ndarray, units: np.ndarray | None = None, draws: int = 1000) -> str:
    """Mean with its 95% interval, drawing units (default single values) anew; in percent."""
    known = ~np.isnan(values)
    values = values[known]
    owner = np.arange(len(values)) if units is None else units[known]
    _, owner = np.unique(owner, return_inverse=True)
    total, count = np.bincount(owner, values), np.bincount(owner)
    rng = np.random.default_rng(0)
    drawn = rng.integers(len(total), size=(draws, len(total)))
    means = total[drawn].sum(1) / count[drawn].sum(1)
    low, high = np.percentile(means, [2.5, 97.5])
    return f"{100 * values.mean():.1f} ({100 * low:.1f} to {100 * high:.1f})"


def log_loss(p: np.ndarray, y: np.ndarray) -> np.ndarray:
    p = np.clip(p, 1e-4, 1 - 1e-4)
    return np.asarray(-(y * np.log(p) + (1 - y) * np.log(1 - p)))


def new_questions(data: Data) -> tuple[str, str]:
    """All models known, questions new: chances, then choices."""
    m, q = data.right.shape
    expected = {k: np.zeros((m, q)) for k in ("cladist", "nearest questions", "factors", "means")}
    for fold in data.folds:
        rest = data.rest(fold)
        past, new = data.questions.take(rest), data.questions.take(fold)
        records = data.right[:, rest]
        router = data.router().fit(records, past, data.features, data.families)
        expected["cladist"][:, fold] = router.expected(router.skills_, new)
        expected["nearest questions"][:, fold] = NearestQuestions().fit(records, past).expected(new)
        expected["factors"][:, fold] = MatrixFactors().fit(records, past).expected(new)
        expected["means"][:, fold] = np.nanmean(records, 1)[:, None]
    names = {
        "means": "each model's mean",
        "nearest questions": "nearest questions",
        "factors": "matrix factors (EmbedLLM-like)",
        "cladist": "cladist",
    }
    known = ~np.isnan(data.right)
    chances = [
        "| method | AUC | within models | log-loss | calibration error |",
        "|---|---|---|---|---|",
    ]
    for key, name in names.items():
        p = expected[key]
        inside = [
            roc_auc_score(y[k], x[k]) for x, y, k in zip(p, data.right, known) if key != "means"
        ]
        chances.append(
            f"| {name} | {roc_auc_score(data.right[known], p[known]):.3f} | "
            f"{np.mean(inside) if inside else 0.5:.3f} | "
            f"{log_loss(p[known], data.right[known]).mean():.3f} | "
            f"{calibration_error(p, data.right):.3f} |"
        )
    at = np.arange(q)
    choices = [
        f"| method | {' | '.join(PRICES)} |",
        f"|---|{'---|' * len(PRICES)}",
    ]
    rate = {name: price / data.costs.max() for name, price in PRICES.items()}

    def row(name: str, picks: Sequence[np.ndarray]) -> None:
        cells = [
            f"{interval(data.right[pick, at])} at {data.costs[pick].mean():.2f}" for pick in picks
        ]
        choices.append(f"| {name} | {' | '.join(cells)} |")
        print(choices[-1], flush=True)

    rng = np.random.default_rng(0)
    row("random", [rng.integers(m, size=q)] * len(rate))
    cheapest = np.flatnonzero(data.costs == data.costs.min())
    best_cheap = cheapest[np.nanmean(data.right[cheapest], 1).argmax()]
    row("best of the cheapest class", [np.full(q, best_cheap)] * len(rate))
    single = [best_value(expected["means"], data.costs, r) for r in rate.values()]
    row("best single model", single)
    for key in ("nearest questions", "factors", "cladist"):
        row(names[key], [best_value(expected[key], data.costs, r) for r in rate.values()])
    truth = np.where(known, data.right, 0.0)
    row("oracle", [best_value(truth, data.costs, max(r, 1e-9)) for r in rate.values()])
    thresholds = [
        "| threshold | answered | expected | actual | mean cost |",
        "|---|---|---|---|---|",
    ]
    for threshold in (0.6, 0.7, 0.8, 0.9, 0.95):
        pick = choose(expected["cladist"], data.costs, threshold, "abstain")
        on = np.flatnonzero((pick >= 0) & known[np.maximum(pick, 0), at])
        promised = expected["cladist"][pick[on], on]
        thresholds.append(
            f"| {threshold:.2f} | {(pick >= 0).mean():.0%} | {100 * promised.mean():.1f} | "
            f"{interval(data.right[pick[on], on])} | {data.costs[pick[on]].mean():.2f} |"
        )
    print("\n".join([*chances, *thresholds]), flush=True)
    return "\n".join(chances), "\n".join(choices) + "\n\n" + "\n".join(thresholds)


def new_models(data: Data) -> str:
    """Families left out: what DNA says of their accuracy beside some records."""
    rng = np.random.default_rng(1)
    found: dict[tuple[str, int], list[tuple[str, float, float]]] = {}
    for fold in data.folds[:2]:
        rest = data.rest(fold)
        past, new = data.questions.take(rest), data.questions.take(fold)
        for family in sorted(set(data.families[data.has])):
            known = data.families != family
            router = data.router().fit(
                data.right[np.ix_(known, rest)],
                past,
                data.features[known],
                data.families[known],
            )
            for m in np.flatnonzero(~known & data.has):
                y = data.right[m, fold]
                order = rng.permutation(np.flatnonzero(~np.isnan(data.right[m, rest])))
                for count in RECORDS:
                    few = np.full(len(rest), np.nan)
                    few[order[:count]] = data.right[m, rest][order[:count]]
                    given = few if count else None
                    guesses = {
                        "with DNA": router.join(data.features[m], given, past),
                        "without DNA": router.join(None, given, past),
                    }
                    for name, skill in guesses.items():
                        p = router.expected([skill], new)[0]
                        found.setdefault((name, count), []).append(_errors(data, m, p, y))
                    if count:
                        mean = (np.nansum(few) + 1) / (count + 2)
                        found.setdefault(("its own mean", count), []).append(
                            _errors(data, m, np.full(len(fold), mean), y)
                        )
    out = [
        f"| accuracy missed by, points | {' | '.join(f'{c} records' for c in RECORDS)} |",
        f"|---|{'---|' * len(RECORDS)}",
    ]
    for column, label in ((1, ""), (2, ", log-loss x 100")):
        for name in ("its own mean", "without DNA", "with DNA"):
            cells = []
            for count in RECORDS:
                rows = found.get((name, count))
                if rows is None:
                    cells.append("")
                    continue
                values = np.array([r[column] for r in rows])
                cells.append(interval(values, np.array([r[0] for r in rows])))
            out.append(f"| {name}{label} | {' | '.join(cells)} |")
    print("\n".join(out), flush=True)
    return "\n".join(out)


def _errors(data: Data, model: int, p: np.ndarray, y: np.ndarray) -> tuple[str, float, float]:
    k = ~np.isnan(y)
    miss = abs(float(p[k].mean() - y[k].mean()))
    return str(data.families[model]), miss, float(log_loss(p[k], y[k]).mean())


def arriving(data: Data) -> str:
    """A third of the families are new, with DNA alone: what the router makes of them."""
    rows = np.flatnonzero(data.has)
    names = sorted(set(data.families[rows]))
    at_price = PRICES["one dear answer = 3 points"] / data.costs.max()
    kinds = (
        "known models alone",
        "all, new ones without DNA",
        "all, new ones by DNA",
        "all, new ones with 50 records",
        "all, with all records",
    )
    got: dict[str, list[np.ndarray]] = {k: [] for k in kinds}
    rng = np.random.default_rng(2)
    for draw in range(12):
        fold = data.folds[draw % FOLDS]
        rest = data.rest(fold)
        past, new = data.questions.take(rest), data.questions.take(fold)
        fresh = rng.permutation(names)[: len(names) // 3]
        known = rows[~np.isin(data.families[rows], fresh)]
        late = rows[np.isin(data.families[rows], fresh)]
        router = data.router().fit(
            data.right[np.ix_(known, rest)], past, data.features[known], data.families[known]
        )
        order = np.concatenate([known, late])
        some = rng.permutation(len(rest))[:50]
        few = np.full((len(late), len(rest)), np.nan)
        few[:, some] = data.right[np.ix_(late, rest[some])]
        skills = {
            kinds[1]: [router.join() for _ in late],
            kinds[2]: [router.join(data.features[m]) for m in late],
            kinds[3]: [router.join(data.features[m], r, past) for m, r in zip(late, few)],
            kinds[4]: [router.join(data.features[m], data.right[m, rest], past) for m in late],
        }
        for kind in kinds:
            all_of = [*router.skills_, *skills.get(kind, [])]
            members = order[: len(all_of)]
            pick = members[best_value(router.expected(all_of, new), data.costs[members], at_price)]
            value = data.right[pick, fold] - at_price * data.costs[pick]
            got[kind].append(value)
    out = ["| pool | accuracy less price, x 100 |", "|---|---|"]
    unit = np.concatenate([np.full(len(v), i) for i, v in enumerate(got[kinds[0]])])
    out += [f"| {kind} | {interval(np.concatenate(got[kind]), unit)} |" for kind in kinds]
    print("\n".join(out), flush=True)
    return "\n".join(out)


def portfolios(data: Data) -> str:
    """k models by records and DNA: right answers of the best among them, and of their majority."""
    rows = np.flatnonzero(data.has)
    right = data.right[rows]
    columns = data.features[rows]
    block = data.table.blocks[0].width
    names = [plain_name(data.models[i]) for i in rows]
    at = [data.table.models.index(n) for n in names]
    distance = -columns[:, :block][:, at]
    out = [
        "| k | measure | top k | random | farthest apart | cladist | best by records |",
        "|---|---|---|---|---|---|---|",
    ]
    rng = np.random.default_rng(0)
    for k in (3, 5, 7):
        made: dict[str, list[np.ndarray]] = {}
        for fold in data.folds:
            rest = data.rest(fold)
            quality = np.nanmean(right[:, rest], 1)
            picks = {
                "top k": [top_k(quality, k)],
                "random": [rng.permutation(len(rows))[:k] for _ in range(50)],
                "farthest apart": [k_centre(distance, k, int(quality.argmax()))],
                "cladist": [portfolio(quality, distance, k).members],
                "best by records": [_greedy(right[:, rest], k)],
            }
            for name, sets in picks.items():
                for measure in (oracle, majority):
                    each = np.array([measure(right[np.ix_(s, fold)]) for s in map(list, sets)])
                    made.setdefault(f"{name} {measure.__name__}", []).append(each.mean(0))
        for measure, label in (("oracle", "any right"), ("majority", "most right")):
            cells = [
                interval(np.concatenate(made[f"{n} {measure}"]))
                for n in ("top k", "random", "farthest apart", "cladist", "best by records")
            ]
            out.append(f"| {k} | {label} | {' | '.join(cells)} |")
    print("\n".join(out), flush=True)
    return "\n".join(out)


def _greedy(right: np.ndarray, k: int) -> list[int]:
    """Members that add most right answers, one after the other, by past records."""
    chosen: list[int] = []
    covered = np.zeros(right.shape[1])
    filled = np.nan_to_num(right)
    for _ in range(k):
        gain = np.maximum(filled, covered).mean(1)
        gain[chosen] = -1
        chosen.append(int(gain.argmax()))
        covered = np.maximum(covered, filled[chosen[-1]])
    return chosen


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dry", action="store_true", help="print only")
    args = parser.parse_args()
    data = Data()
    print(f"{len(data.models)} models, {data.has.sum()} with DNA", flush=True)
    path = ROOT / "docs" / "routing.md"

    def done(**parts: str) -> None:
        if not args.dry:
            write(path, {mark.replace("_", " "): text for mark, text in parts.items()})

    done(portfolios=portfolios(data))
    done(new_models=new_models(data))
    done(arriving=arriving(data))
    chances, choices = new_questions(data)
    done(chances=chances, choices=choices)


if __name__ == "__main__":
    main()
