"""Which model should a question be sent to?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal, TypedDict, Unpack

import numpy as np
from numpy.typing import NDArray

from cladist.apply.behaviour import FeatureTable
from cladist.apply.decisions import calibration_error, choose, frontier
from cladist.apply.questions import Questions
from cladist.apply.route_evaluation import expected_unseen
from cladist.apply.routing import Router
from cladist.core.progress import NOBODY, Listener
from cladist.core.results import Result
from cladist.errors import InputError, UsageError
from cladist.formats.score_tables import Records, read_costs, read_questions, read_records
from cladist.registry import Registry
from cladist.traits import question_vectors
from cladist.workflows.named import LabelsLike, families_here
from cladist.workflows.predict import Features, features

__all__ = [
    "CostsLike",
    "Encoding",
    "RouteEvaluation",
    "Routes",
    "Routing",
    "RoutingOptions",
    "fit_routing",
    "route",
]

CostsLike = str | Path | Mapping[str, float] | None
"""What a question costs: a CSV with the columns model and cost, or a mapping by name."""

Encoding = Literal["auto", "embedded", "lexical"]
Floats = NDArray[np.float64]


class RoutingOptions(TypedDict, total=False):
    """What routing learns from besides records.

    texts     texts of questions, where records have ids for them: a CSV or a mapping
    labels    families of the models
    only      choose among these models only
    encoder   of questions; 'auto' is what is installed
    """

    texts: str | Path | Mapping[str, str] | None
    labels: LabelsLike
    only: Sequence[str]
    encoder: Encoding


@dataclass(frozen=True, repr=False)
class Routes(Result):
    """A choice for every question.

    encoder    of questions
    models     by what each is known
    choices    one mapping a question
    """

    encoder: str
    threshold: float | None
    models: Mapping[str, str]
    choices: tuple[Mapping[str, Any], ...]

    def rows(self) -> list[dict[str, Any]]:
        """A row a question."""
        return [dict(c) for c in self.choices]

    def headline(self) -> str:
        """How many questions there are, and among how many models was chosen."""
        return f"{len(self.choices)} questions, {len(self.models)} models"


@dataclass(frozen=True, repr=False)
class RouteEvaluation(Result):
    """How well routing goes on questions that were left out; see `Routing.evaluate`."""

    questions: int
    models: int
    best_single: Mapping[str, Any]
    best_expected: Mapping[str, Any]
    oracle: float
    calibration_error: float
    frontier: tuple[Mapping[str, Any], ...] | None = None

    def to_dict(self) -> dict[str, Any]:
        """The figures as plain data; without costs there is no frontier."""
        made = asdict(self)
        if self.frontier is None:
            del made["frontier"]
        else:
            made["frontier"] = [dict(f) for f in self.frontier]
        return made


@dataclass(frozen=True, eq=False)
class Routing:
    """Models and their past answers, ready to choose by.

    router    fitted
    models    n names
    records   (n, q), NaN where there is none
    past      q questions
    features  (n, d), NaN where a model has no DNA; None where nobody has
    groups    families, None where none is known
    encoder   of questions
    """

    router: Router
    models: tuple[str, ...]
    records: Floats
    past: Questions
    features: Floats | None
    groups: list[str] | None
    encoder: str
    listener: Listener = NOBODY

    def route(
        self,
        questions: Sequence[str],
        *,
        costs: CostsLike = None,
        threshold: float | None = None,
        abstain: bool = False,
    ) -> Routes:
        """Choose a model for each question; see `route`."""
        _require(costs, threshold, abstain)
        if not questions:
            raise UsageError("no question was given")
        prices = _prices_of(self.models, costs)
        new, _ = question_vectors(questions, self.encoder, self.listener.progress)
        self.router.fit(self.records, self.past, self.features, self.groups)
        expected = self.router.expected(self.router.skills_, new)
        picked = choose(expected, prices, threshold, "abstain" if abstain else "best")
        rows = tuple(
            _row(text, int(pick), expected[:, q], self.models, prices, threshold)
            for q, (text, pick) in enumerate(zip(questions, picked, strict=True))
        )
        skills = zip(self.models, self.router.skills_, strict=True)
        basis = {m: _basis(s.records, s.dna) for m, s in skills}
        return Routes(self.encoder, threshold, basis, rows)

    def evaluate(self, *, costs: CostsLike = None) -> RouteEvaluation:
        """Leave out questions in turn, and tell how well it goes; with costs, also at what price.

        Raises `InputError` for too few questions or records, or a model without a cost.
        """
        prices = _prices_of(self.models, costs)
        matrix = self.records
        expected = expected_unseen(
            self.router, matrix, self.past, self.features, self.groups,
            progress=self.listener.progress,
        )  # fmt: skip
        real = matrix[expected.argmax(0), np.arange(len(self.past))]
        counts = np.where(np.isnan(matrix), 0, matrix).sum(1), (~np.isnan(matrix)).sum(1)
        means = np.where(counts[1] > 0, counts[0] / np.maximum(counts[1], 1), np.nan)
        single = int(np.nanargmax(means))
        known = ~np.isnan(real)
        return RouteEvaluation(
            questions=len(self.past),
            models=len(self.models),
            best_single={"model": self.models[single], "accuracy": float(means[single])},
            best_expected={
                "accuracy": float(real[known].mean()) if known.any() else None,
                "questions_with_a_record": int(known.sum()),
            },
            oracle=float(np.nanmax(matrix, axis=0).mean()),
            calibration_error=calibration_error(expected, matrix),
            frontier=None if prices is None else _frontier(expected, prices, matrix),
        )


def fit_routing(
    records: str | Path | Records,
    source: Registry | Features | None = None,
    *,
    listener: Listener = NOBODY,
    **options: Unpack[RoutingOptions],
) -> Routing:
    """Read what models answered rightly, and what is known of their DNA; see `RoutingOptions`.

    Raises `InputError` for files that cannot be read, and for questions without a text,
    `UsageError` for a model that nothing is known of.
    """
    found = records if isinstance(records, Records) else read_records(Path(records))
    texts = options.get("texts")
    if texts is not None and not isinstance(texts, Mapping):
        texts = read_questions(Path(texts))
    past = _texts(found.questions, texts)
    table_of = _dna(source, found.models, listener)
    old, used = question_vectors(
        past, options.get("encoder", "auto"), listener.progress, past=len(past)
    )
    models = _models(found.models, table_of, options.get("only"))
    return Routing(
        router=Router(None if table_of is None else table_of.blocks),
        models=tuple(models),
        records=_matrix(models, found.questions, found.scores),
        past=old,
        features=_rows(models, table_of),
        groups=_groups(models, options.get("labels"), listener),
        encoder=used,
        listener=listener,
    )


def route(
    questions: Sequence[str],
    records: str | Path | Records,
    source: Registry | Features | None = None,
    *,
    costs: CostsLike = None,
    threshold: float | None = None,
    abstain: bool = False,
    listener: Listener = NOBODY,
    **options: Unpack[RoutingOptions],
) -> Routes:
    """Choose a model for each question, by past records and by DNA.

    Parameters
    ----------
    questions : sequence of str
        What is to be asked.
    records : path or Records
        Which model answered which question rightly.
    source : Registry, Features or None
        What is known of the models besides.
    costs : path, mapping or None
        Of a question, in any unit.
    threshold : float or None
        Take the cheapest model that is expected to be right so often.
    abstain : bool
        Choose none where no model reaches the threshold.
    listener : Listener
        Told of progress and remarks.
    **options
        See `RoutingOptions`.

    Raises
    ------
    UsageError
        For options that do not go together, or models that nothing is known of.
    InputError
        For files that cannot be read, fewer than ten questions or two models with records.

    Examples
    --------
    >>> from cladist.formats.score_tables import Records
    >>> known = {(m, f"what is {i} {w}?"): float((w == "plus") == (m == "adder"))
    ...          for m in ("adder", "poet") for i in range(12) for w in ("plus", "love")}
    >>> past = Records(("adder", "poet"), tuple(dict.fromkeys(q for _, q in known)), known)
    >>> import cladist
    >>> made = cladist.route(["what is 77 plus?"], past, encoder="lexical")
    >>> made.rows()[0]["model"]
    'adder'
    """
    _require(costs, threshold, abstain)
    routing = fit_routing(records, source, listener=listener, **options)
    return routing.route(questions, costs=costs, threshold=threshold, abstain=abstain)


def _require(costs: CostsLike, threshold: float | None, abstain: bool) -> None:
    if abstain and threshold is None:
        raise UsageError("--abstain needs a --threshold to fall short of")
    if threshold is not None and costs is None:
        raise UsageError("--threshold takes the cheapest model that reaches it: give --costs")


def _texts(ids: Sequence[str], texts: Mapping[str, str] | None) -> list[str]:
    if texts is None:
        return list(ids)
    missing = [i for i in ids if i not in texts]
    if missing:
        raise InputError(
            f"{len(missing)} questions of the records have no text in --questions, the first "
            f"'{missing[0][:60]}'"
        )
    return [texts[i] for i in ids]


def _dna(
    source: Registry | Features | None, recorded: Sequence[str], listener: Listener
) -> FeatureTable | None:
    """Features of the models; None where nothing is known of them."""
    if source is None:
        return None
    made = source if isinstance(source, Features) else features(source, listener=listener)
    without = [m for m in recorded if m not in made.table.models]
    if without:
        listener.hear(
            f"{len(without)} models have records but no DNA here, and are known by their records "
            f"alone: {', '.join(without[:3])}{' and more' if len(without) > 3 else ''}"
        )
    return made.table


def _models(
    recorded: Sequence[str], table_of: FeatureTable | None, only: Sequence[str] | None
) -> list[str]:
    every = list(dict.fromkeys([*recorded, *(table_of.models if table_of is not None else ())]))
    wrong = [m for m in only or () if m not in every]
    if wrong:
        raise UsageError(f"'{wrong[0]}' has neither records nor a DNA here")
    return list(only) if only else every


def _matrix(
    models: Sequence[str], questions: Sequence[str], scores: Mapping[tuple[str, str], float]
) -> NDArray[np.float64]:
    at, column = {m: i for i, m in enumerate(models)}, {q: j for j, q in enumerate(questions)}
    made = np.full((len(models), len(questions)), np.nan)
    for (model, question), score in scores.items():
        if model in at:
            made[at[model], column[question]] = score
    return made


def _rows(models: Sequence[str], table_of: FeatureTable | None) -> NDArray[np.float64] | None:
    if table_of is None:
        return None
    at = {m: i for i, m in enumerate(table_of.models)}
    made = np.full((len(models), table_of.values.shape[1]), np.nan)
    for i, model in enumerate(models):
        if model in at:
            made[i] = table_of.values[at[model]]
    return made


def _groups(models: Sequence[str], labels: LabelsLike, listener: Listener) -> list[str] | None:
    if labels is None:
        return None
    declared = families_here(labels, models, listener.hear)
    return [declared[m].family or f"\0{m}" if m in declared else f"\0{m}" for m in models]


def _prices_of(models: Sequence[str], costs: CostsLike) -> list[float] | None:
    if costs is None:
        return None
    return _prices(models, costs if isinstance(costs, Mapping) else read_costs(Path(costs)))


def _prices(models: Sequence[str], known: Mapping[str, float]) -> list[float]:
    missing = [m for m in models if m not in known]
    if missing:
        raise InputError(
            f"--costs has no cost of {len(missing)} models, the first '{missing[0][:60]}'; add "
            "them, or choose among others with --model"
        )
    return [known[m] for m in models]


def _row(
    text: str,
    pick: int,
    expected: NDArray[np.float64],
    models: Sequence[str],
    prices: Sequence[float] | None,
    threshold: float | None,
) -> dict[str, Any]:
    best = int(expected.argmax())
    reached = threshold is None or (pick >= 0 and expected[pick] >= threshold)
    return {
        "question": text,
        "model": models[pick] if pick >= 0 else None,
        "expected": float(expected[pick]) if pick >= 0 else None,
        "cost": float(prices[pick]) if prices is not None and pick >= 0 else None,
        "reaches_threshold": bool(reached) if threshold is not None else None,
        "best": models[best],
        "best_expected": float(expected[best]),
    }


def _basis(records: int, dna: bool) -> str:
    known = [f"{records} records"] if records else []
    return " and ".join([*known, "DNA"] if dna else known) or "the average model"


def _frontier(
    expected: Floats, prices: Sequence[float], matrix: Floats
) -> tuple[Mapping[str, Any], ...]:
    return tuple(
        {
            "cost": p.cost,
            "expected": p.expected,
            "actual": None if np.isnan(p.actual) else p.actual,
        }
        for p in frontier(expected, prices, matrix)
    )
