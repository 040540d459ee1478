"""A recorded series of an endpoint, run through the detector of the watch by token.

The inputs were drawn by whoever recorded them, so the rate holds under an assumption that a live
watch does not need: that, whatever came before, an honest answer departs with probability at most
the bound at the inputs as they were recorded.
"""

from __future__ import annotations

import csv
import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cladist.core.hashing import digest
from cladist.core.optional import needed
from cladist.errors import CoverageError, InputError, UsageError
from cladist.kinship.inference.departures import Evidence, largest_share, threshold
from cladist.provenance.border.inputs import Border, BorderInput, Reading, departs
from cladist.provenance.border.learning import SLACK
from cladist.provenance.border.looking import MOST_BOUND, Rules, TokenLook, bound_of

__all__ = ["Answer", "Series", "read_series", "replayed"]

NAMES: Mapping[str, tuple[str, ...]] = {
    "time": ("time", "timestamp", "date", "datetime"),
    "prompt": ("prompt", "prompt_id", "input", "context"),
    "token": ("token", "output", "answer", "response", "text"),
    "log_prob": ("log_prob", "logprob", "log_probability", "log probability"),
}
"""Columns, by the names under which they are found."""
MOST_ROWS = 20_000_000
SURE = 2 / 3
"""Share of its answers that the commonest token of an input has at least."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One row: seconds since 1970, what was asked, what came first, its log-probability."""

    time: float
    prompt: str
    token: str
    log_prob: float | None = None


@dataclass(frozen=True)
class Series:
    """Answers in the order of their time."""

    source: str
    answers: tuple[Answer, ...]


def read_series(path: Path) -> Series:
    """Read a CSV or Parquet file with the columns time, prompt, token and perhaps log_prob.

    Times are ISO dates or seconds since 1970. Raises `InputError` with the row for what is none.
    """
    rows: list[Answer] = []
    try:
        for number, row in _rows(path):
            if len(rows) >= MOST_ROWS:
                raise InputError(f"{path}: more than {MOST_ROWS:,} rows; split the file by time")
            rows.append(_answer(path, number, row))
    except (OSError, UnicodeDecodeError, csv.Error) as problem:
        raise InputError(f"{path} cannot be read: {problem}") from None
    if not rows:
        raise InputError(f"{path} holds no rows")
    return Series(str(path), tuple(sorted(rows, key=lambda a: a.time)))


def replayed(series: Series, until: str, rules: Rules) -> Iterator[TokenLook]:
    """The learning, then one look for each time (each day, where all times differ).

    `until` is the time at which the reference ends, or the share of the time that it takes. Ends
    with a change. Raises `UsageError` for a time that leaves no answers on one side,
    `CoverageError` when too few inputs were asked often enough before it.
    """
    cut = _cut(series, until)
    before = [a for a in series.answers if a.time < cut]
    after = [a for a in series.answers if a.time >= cut]
    if not before or not after:
        raise UsageError(f"'{until}' leaves no answers before it, or none after it")
    border = _learnt(before)
    bound, limit = bound_of(border, rules, 0), threshold(rules.alpha)
    if bound > MOST_BOUND:
        raise CoverageError(
            f"{border.departed} of {border.drawn} answers depart within the reference itself; "
            "nothing could be seen beside that"
        )
    known = {i.text: i for i in border.inputs}
    key = digest([series.source, until, len(series.answers)])[:16]
    reason = (
        f"{len(known)} of {len({a.prompt for a in before})} inputs are steady; {border.departed} "
        f"of {border.drawn} answers depart within the reference; up to {bound:.1%} count as honest"
    )
    yield TokenLook(key, _text(before[-1].time), series.source, 0, "learnt", reason, 1.0, limit,
                    bound, border.drawn, border.departed)  # fmt: skip
    evidence, since = Evidence(), 0
    for time, answers in _looks(after):
        asked = [a for a in answers if a.prompt in known]
        if not asked:
            continue
        evidence, seen = evidence.begun(), []
        for answer in asked:
            seen.append(departs(_reading(answer), known[answer.prompt]))
            evidence = evidence.after(seen[-1:], bound)
            if evidence.value >= limit:
                break
        changed = evidence.value >= limit
        calm = evidence.value <= 1
        since = 0 if calm and not changed else since + len(seen)
        reason = f"{sum(seen)} of {len(seen)} answers depart from the reference"
        if len(asked) < len(answers):
            reason += f". {len(answers) - len(asked)} are of inputs that the reference lacks"
        yield TokenLook(
            key, _text(time), series.source, evidence.looks,
            "changed" if changed else "same" if calm else "inconclusive", reason,
            evidence.value, limit, bound, len(seen), sum(seen), since or len(seen), len(answers),
            largest=round(largest_share(sum(seen), len(seen), 0.01), 4),
        )  # fmt: skip
        if changed:
            return


def _learnt(answers: Sequence[Answer]) -> Border:
    """Tokens from the earlier half of each input's answers, departures from the later half."""
    by_prompt: dict[str, list[Answer]] = defaultdict(list)
    for answer in answers:
        by_prompt[answer.prompt].append(answer)
    inputs, drawn, departed = [], 0, 0
    for prompt, told in by_prompt.items():
        half = len(told) // 2
        (token, count), *_ = Counter(a.token for a in told[:half]).most_common(1) or [("", 0)]
        if not count or count < SURE * half:
            continue
        inputs.append(_input(prompt, token, [a for a in told[:half] if a.token == token]))
        drawn += len(told) - half
        departed += sum(departs(_reading(a), inputs[-1]) for a in told[half:])
    if not inputs:
        raise CoverageError(
            "no input was asked twice before the end of the reference and answered alike; let the "
            "reference end later (--until)"
        )
    return Border(tuple(inputs), drawn=drawn, departed=departed)


def _input(prompt: str, token: str, told: Sequence[Answer]) -> BorderInput:
    chances = sorted(a.log_prob for a in told if a.log_prob is not None)
    if len(chances) < len(told):
        return BorderInput(prompt, "token", token)
    spread = chances[-1] - chances[0]
    middle = chances[len(chances) // 2]
    return BorderInput(prompt, "log-probs", token, "", middle, max(SLACK, 4 * spread))


def _reading(answer: Answer) -> Reading:
    tops = None if answer.log_prob is None else {answer.token: answer.log_prob}
    return Reading(answer.token, tops)


def _looks(answers: Sequence[Answer]) -> Iterator[tuple[float, list[Answer]]]:
    times = {a.time for a in answers}
    whole = 86_400.0 if len(times) == len(answers) else 0.0
    looks: dict[float, list[Answer]] = defaultdict(list)
    for answer in answers:
        looks[answer.time // whole if whole else answer.time].append(answer)
    yield from ((told[0].time, told) for told in looks.values())


def _cut(series: Series, until: str) -> float:
    first, last = series.answers[0].time, series.answers[-1].time
    try:
        share = float(until)
    except ValueError:
        return _seconds(until.strip())
    if not 0 < share < 1:
        raise UsageError(f"--until takes a time, or a share between 0 and 1, not '{until[:40]}'")
    return first + share * (last - first)


def _rows(path: Path) -> Iterable[tuple[int, Mapping[str, Any]]]:
    if path.suffix.lower() in (".parquet", ".pq"):
        yield from _parquet(path)
        return
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.reader(file)
        places = _places(path, next(reader, []))
        for row in reader:
            if row:
                yield reader.line_num, {k: row[i] for k, i in places.items() if i < len(row)}


def _parquet(path: Path) -> Iterator[tuple[int, Mapping[str, Any]]]:
    with needed("Reading Parquet", "arrow"):
        import pyarrow as pa
        import pyarrow.parquet as pq

    try:
        file = pq.ParquetFile(path)
        places = _places(path, file.schema_arrow.names)
        columns = [file.schema_arrow.names[i] for i in places.values()]
        number = 0
        for batch in file.iter_batches(columns=columns):
            for row in batch.to_pylist():
                number += 1
                yield number, dict(zip(places, (row[c] for c in columns), strict=True))
    except pa.ArrowException as problem:
        raise InputError(f"{path} cannot be read as Parquet: {problem}") from None


def _places(path: Path, header: Sequence[str]) -> dict[str, int]:
    plain = [str(h).strip().lower() for h in header]
    found = {
        role: next((plain.index(n) for n in names if n in plain), -1)
        for role, names in NAMES.items()
    }
    missing = [role for role in ("time", "prompt", "token") if found[role] < 0]
    if missing:
        raise InputError(f"{path} has no column {', '.join(missing)}; it has {', '.join(plain)}")
    return {role: place for role, place in found.items() if place >= 0}


def _answer(path: Path, number: int, row: Mapping[str, Any]) -> Answer:
    try:
        chance = row.get("log_prob")
        chance = None if chance in (None, "") else float(chance)
        if chance is not None and not (math.isfinite(chance) and chance <= 1e-6):
            raise ValueError(f"{chance} is no log-probability")
        if row.get("token") is None or row.get("prompt") is None:
            raise ValueError("no prompt or no token")
        return Answer(_seconds(row["time"]), str(row["prompt"]), str(row["token"]).strip(), chance)
    except (ValueError, TypeError, KeyError, UsageError) as problem:
        raise InputError(f"{path}, row {number}: {problem}") from None


def _seconds(value: object) -> float:
    """Seconds since 1970 of a date or a number; a date without a zone is one of UTC."""
    if isinstance(value, datetime):
        return (value if value.tzinfo else value.replace(tzinfo=UTC)).timestamp()
    try:
        found = float(str(value))
    except ValueError:
        try:
            date = datetime.fromisoformat(str(value))
        except ValueError:
            raise UsageError(f"'{str(value)[:40]}' is no time (ISO date, or seconds)") from None
        return (date if date.tzinfo else date.replace(tzinfo=UTC)).timestamp()
    if not math.isfinite(found) or abs(found) > 2e11:
        raise UsageError(f"'{str(value)[:40]}' is no time in seconds since 1970")
    return found


def _text(seconds: float) -> str:
    try:
        return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")
    except (OverflowError, OSError, ValueError):
        return f"{seconds:g}"
