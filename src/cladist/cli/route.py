"""cladist scores route: which model to send a question to."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from cladist.cli.common import (
    DEFAULT_REGISTRY,
    AssayOption,
    JsonOption,
    QuietOption,
    RegistryOption,
    note,
    one_line,
    out,
    print_json,
    progress_bars,
    table,
)
from cladist.cli.predict import FamiliesOption

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from cladist.apply.behaviour import FeatureTable
    from cladist.apply.questions import Questions
    from cladist.core.progress import Progress

RecordsOption = Annotated[
    Path, typer.Option("--records", help="CSV model,question,score: past answers, right or wrong.")
]


def route(
    records: RecordsOption,
    questions: Annotated[
        list[str] | None, typer.Argument(help="Questions to choose a model for.")
    ] = None,
    registry: RegistryOption = DEFAULT_REGISTRY,
    assay: AssayOption = "",
    texts: Annotated[
        Path | None,
        typer.Option("--questions", help="CSV question,text, where records have ids for texts."),
    ] = None,
    ask: Annotated[
        Path | None, typer.Option("--ask", help="File with a question a line, besides those given.")
    ] = None,
    costs: Annotated[
        Path | None, typer.Option("--costs", help="CSV model,cost: of a question, in any unit.")
    ] = None,
    labels: FamiliesOption = None,
    only: Annotated[
        list[str] | None, typer.Option("--model", help="Choose among these only (repeatable).")
    ] = None,
    threshold: Annotated[
        float | None,
        typer.Option(min=0, max=1, help="Take the cheapest model expected to be right so often."),
    ] = None,
    abstain: Annotated[
        bool, typer.Option("--abstain", help="Choose none where no model reaches the threshold.")
    ] = False,
    encoder: Annotated[
        str, typer.Option(help="Of questions: embedded, lexical, or auto for what is installed.")
    ] = "auto",
    evaluate: Annotated[
        bool, typer.Option(help="Instead: leave out questions in turn and tell how well it goes.")
    ] = False,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Which model should answer each question?

    Chooses one by past records and by DNA.

    A model of the registry without any record takes part by its DNA, once five others have
    both; a model with records but no DNA by its records. The expected accuracy of a choice is
    the chance of a right answer, and with --threshold the cheapest model that reaches it is taken.

    Examples:

    `cladist scores route 'What is 12 * 13?' --records records.csv`

    `cladist scores route --ask new.txt --records records.csv --costs costs.csv --threshold 0.9`

    `cladist scores route --records records.csv --costs costs.csv --evaluate`
    """
    from cladist.apply.decisions import choose
    from cladist.apply.routing import Router
    from cladist.errors import UsageError
    from cladist.formats.score_tables import read_costs, read_questions, read_records
    from cladist.traits import question_vectors

    if abstain and threshold is None:
        raise UsageError("--abstain needs a --threshold to fall short of")
    if threshold is not None and costs is None:
        raise UsageError("--threshold takes the cheapest model that reaches it: give --costs")
    wanted = [*(questions or ()), *_lines(ask)]
    if not wanted and not evaluate:
        raise UsageError("no question was given: write one, or a file of them with --ask")
    found = read_records(records)
    past = _texts(found.questions, read_questions(texts) if texts else None)
    with progress_bars(quiet) as bars:
        table_of = _dna(registry, assay, found.models, bars)
        new, used = question_vectors([*past, *wanted], encoder, bars, past=len(past))
        models = _models(found.models, table_of, only)
        matrix = _matrix(models, found.questions, found.scores)
        features = _rows(models, table_of)
        groups = _groups(models, labels)
        prices = None if costs is None else _prices(models, read_costs(costs))
        router = Router(None if table_of is None else table_of.blocks)
        old = new.take(_range(0, len(past)))
        if evaluate:
            _evaluate(router, matrix, old, features, groups, models, prices, json, bars)
            return
        router.fit(matrix, old, features, groups)
    expected = router.expected(router.skills_, new.take(_range(len(past), len(new))))
    kind: Literal["best", "abstain"] = "abstain" if abstain else "best"
    picked = choose(expected, prices, threshold, kind)
    rows = [
        _row(text, int(pick), expected[:, q], models, prices, threshold)
        for q, (text, pick) in enumerate(zip(wanted, picked, strict=True))
    ]
    basis = {m: _basis(s.records, s.dna) for m, s in zip(models, router.skills_, strict=True)}
    if json:
        print_json({"encoder": used, "threshold": threshold, "models": basis, "choices": rows})
        return
    _show(rows, basis, costs is not None)


def _lines(path: Path | None) -> list[str]:
    from cladist.errors import InputError

    if path is None:
        return []
    try:
        return [line for line in path.read_text("utf-8-sig").splitlines() if line.strip()]
    except (OSError, UnicodeDecodeError) as problem:
        raise InputError(f"{path}: not a readable text file ({problem})") from problem


def _texts(ids: Sequence[str], texts: Mapping[str, str] | None) -> list[str]:
    from cladist.errors import InputError

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
    registry: Path, assay: str, recorded: Sequence[str], bars: Progress
) -> FeatureTable | None:
    """Features of the registry's models; None, with a remark, where there is no such registry."""
    from cladist.compare import resolve_assay
    from cladist.registry import Registry
    from cladist.traits import model_features

    if not registry.is_dir() and registry == DEFAULT_REGISTRY:
        note("no registry: models are known by their records alone (--registry DIR for DNA)")
        return None
    with Registry.open(registry, create=False) as store:
        made = model_features(store, resolve_assay(store, assay), progress=bars)
    without = [m for m in recorded if m not in made.models]
    if without:
        note(
            f"{len(without)} models have records but no DNA here, and are known by their records "
            f"alone: {', '.join(without[:3])}{' and more' if len(without) > 3 else ''}"
        )
    return made


def _models(
    recorded: Sequence[str], table_of: FeatureTable | None, only: Sequence[str] | None
) -> list[str]:
    from cladist.errors import UsageError

    every = list(dict.fromkeys([*recorded, *(table_of.models if table_of is not None else ())]))
    wrong = [m for m in only or () if m not in every]
    if wrong:
        raise UsageError(f"'{wrong[0]}' has neither records nor a DNA here")
    return list(only) if only else every


def _matrix(
    models: Sequence[str], questions: Sequence[str], scores: Mapping[tuple[str, str], float]
) -> NDArray[np.float64]:
    import numpy as np

    at, column = {m: i for i, m in enumerate(models)}, {q: j for j, q in enumerate(questions)}
    made = np.full((len(models), len(questions)), np.nan)
    for (model, question), score in scores.items():
        if model in at:
            made[at[model], column[question]] = score
    return made


def _rows(models: Sequence[str], table_of: FeatureTable | None) -> NDArray[np.float64] | None:
    import numpy as np

    if table_of is None:
        return None
    at = {m: i for i, m in enumerate(table_of.models)}
    made = np.full((len(models), table_of.values.shape[1]), np.nan)
    for i, model in enumerate(models):
        if model in at:
            made[i] = table_of.values[at[model]]
    return made


def _groups(models: Sequence[str], labels: Path | None) -> list[str] | None:
    from cladist.cli.names import families_here

    if labels is None:
        return None
    declared = families_here(labels, models)
    return [declared[m].family or f"\0{m}" if m in declared else f"\0{m}" for m in models]


def _prices(models: Sequence[str], known: Mapping[str, float]) -> list[float]:
    from cladist.errors import InputError

    missing = [m for m in models if m not in known]
    if missing:
        raise InputError(
            f"--costs has no cost of {len(missing)} models, the first '{missing[0][:60]}'; add "
            "them, or choose among others with --model"
        )
    return [known[m] for m in models]


def _range(start: int, stop: int) -> NDArray[np.int64]:
    import numpy as np

    return np.arange(start, stop)


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


def _show(rows: Sequence[dict[str, Any]], basis: Mapping[str, str], priced: bool) -> None:
    numbers = ("expected", "cost") if priced else ("expected",)
    made = table("question", "model", *numbers, "known by", "or the best", right=numbers)
    for r in rows:
        cells = ["none", ""] if r["model"] is None else [one_line(r["model"], 50)]
        if r["model"] is not None:
            cells.append(f"{r['expected']:.0%}")
        if priced:
            cells.append("" if r["cost"] is None else f"{r['cost']:.4g}")
        known = "" if r["model"] is None else basis[r["model"]]
        other = f"{one_line(r['best'], 50)} {r['best_expected']:.0%}"
        cells += [known, "" if r["best"] == r["model"] else other]
        made.add_row(one_line(r["question"], 60), *cells)
    out().print(made)
    short = sum(r["reaches_threshold"] is False for r in rows)
    if short:
        note(f"for {short} of {len(rows)} questions no model reaches the threshold")


def _evaluate(
    router: Any,
    matrix: NDArray[np.float64],
    questions: Questions,
    features: Any,
    groups: Any,
    models: Sequence[str],
    prices: Sequence[float] | None,
    json: bool,
    bars: Progress,
) -> None:
    import numpy as np

    from cladist.apply.decisions import calibration_error, frontier
    from cladist.apply.route_evaluation import expected_unseen

    expected = expected_unseen(router, matrix, questions, features, groups, progress=bars)
    pick, at = expected.argmax(0), np.arange(len(questions))
    real = matrix[pick, at]
    counts = np.where(np.isnan(matrix), 0, matrix).sum(1), (~np.isnan(matrix)).sum(1)
    means = np.where(counts[1] > 0, counts[0] / np.maximum(counts[1], 1), np.nan)
    single = int(np.nanargmax(means))
    known = ~np.isnan(real)
    result: dict[str, Any] = {
        "questions": len(questions),
        "models": len(models),
        "best_single": {"model": models[single], "accuracy": float(means[single])},
        "best_expected": {
            "accuracy": float(real[known].mean()) if known.any() else None,
            "questions_with_a_record": int(known.sum()),
        },
        "oracle": float(np.nanmax(matrix, axis=0).mean()),
        "calibration_error": calibration_error(expected, matrix),
    }
    if prices is not None:
        result["frontier"] = [
            {
                "cost": p.cost,
                "expected": p.expected,
                "actual": None if np.isnan(p.actual) else p.actual,
            }
            for p in frontier(expected, prices, matrix)
        ]
    if json:
        print_json(result)
        return
    console = out()
    console.print(f"{len(questions)} questions left out in four parts, {len(models)} models")
    console.print(f"  best single model   {means[single]:.1%}  {one_line(models[single], 60)}")
    if known.any():
        console.print(
            f"  best by expectation {real[known].mean():.1%}  (of {known.sum()} with a record)"
        )
    console.print(f"  oracle              {result['oracle']:.1%}  (somebody is right)")
    console.print(f"  calibration error   {result['calibration_error']:.1%}")
    if prices is not None:
        numbers = ("cost", "expected", "actual")
        made = table(*numbers, right=numbers, title="cost against quality")
        for p in result["frontier"]:
            actual = "" if p["actual"] is None else f"{p['actual']:.1%}"
            made.add_row(f"{p['cost']:.4g}", f"{p['expected']:.1%}", actual)
        console.print(made)
