"""From columns to a table: every check once, whatever file the columns came from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cladist.core.optional import needed
from cladist.core.responses import State
from cladist.errors import InputError
from cladist.formats.responses.checks import doubts
from cladist.formats.responses.placeholders import MAX_LENGTH, SUSPECT, failure_of
from cladist.formats.responses.problems import Problems
from cladist.formats.responses.table import (
    BLANKS,
    CODE,
    Columns,
    Names,
    RecordedTable,
    no_model,
    prompt_key,
    shown,
)

with needed("Reading recorded answers", "arrow"):
    import pyarrow as pa
    import pyarrow.compute as pc

MOST_VALUES = 4
LONGEST_SUSPECT = 40


def build(raw: Columns, model: str | None = None) -> RecordedTable:
    """Check columns and make the table; `model` keeps one model of several.

    `InputError` names everything that is wrong, each kind with its first three places: names that
    are missing or unprintable, an id with two texts, two answers in one slot. Answers that are
    the error message of a tool or provider become errors, and the table's notes count them.
    """
    problems = raw.problems if raw.problems is not None else Problems(raw.source)
    names = _checked(raw, raw.model, "model", problems)
    ids, texts = _prompts(raw, problems)
    rows = len(names.codes)
    sample = np.zeros(rows, dtype=np.int64) if raw.sample is None else raw.sample
    chunks = list(raw.responses)
    states = _states(chunks, raw.states)
    kept = np.arange(rows)
    if model is not None and not problems:
        if model not in names.values:
            raise InputError(f"{raw.source}: {no_model(model, names.values)}")
        kept = np.flatnonzero(names.codes == names.values.index(model))
        if len(kept) < rows:
            chunks = _kept(chunks, kept)
    if not rows and not problems:
        raise InputError(f"{raw.source}: no rows; it needs at least one recorded response")
    _one_answer_a_slot(raw, kept, names, ids, sample, problems)
    problems.raise_any()
    details = _details(raw, kept)
    states = states[kept]
    failures = _failures(chunks, states, details)
    models, model_of = _compact(names.values, names.codes[kept])
    used, prompt_of = np.unique(ids.codes[kept], return_inverse=True)
    table = RecordedTable(
        raw.source,
        models,
        tuple(ids.values[i] for i in used.tolist()),
        tuple(texts[i] for i in used.tolist()),
        model_of,
        prompt_of.astype(np.int64),
        sample[kept],
        states,
        tuple(chunks),
        details,
        raw.reading,
        (*raw.notes, *failures),
        _settings(raw, names, kept),
    )
    references = raw.references
    if references is not None:
        references = Names(references.values, references.codes[kept])
    object.__setattr__(table, "notes", (*table.notes, *doubts(table, references)))
    return table


def _details(raw: Columns, kept: NDArray[np.int64]) -> dict[int, str]:
    """Details by row of those kept."""
    places = np.searchsorted(kept, list(raw.details))
    return {
        int(new): text
        for new, (row, text) in zip(places, raw.details.items(), strict=True)
        if new < len(kept) and kept[new] == row
    }


def _compact(
    values: Sequence[str], codes: NDArray[np.int64]
) -> tuple[tuple[str, ...], NDArray[np.int64]]:
    used, local = np.unique(codes, return_inverse=True)
    return tuple(values[i] for i in used.tolist()), local.astype(np.int64)


def _checked(raw: Columns, names: Names, what: str, problems: Problems) -> Names:
    """Names that are missing, blank, unprintable or endless are problems."""
    for row in np.flatnonzero(names.codes < 0).tolist():
        problems.add(raw.place(row), f"{what} is missing")
    for code, value in enumerate(names.values):
        bad = "is blank" if not value.strip() else "is over 1000 characters" * (len(value) > 1000)
        if any(ord(c) < 32 or ord(c) == 127 or 0xD800 <= ord(c) < 0xE000 for c in value):
            bad = "holds control characters"
        if bad:
            for row in np.flatnonzero(names.codes == code).tolist():
                problems.add(raw.place(row), f"{what} '{shown(value)}' {bad}", f"{what} {bad}")
    return names


def _prompts(raw: Columns, problems: Problems) -> tuple[Names, list[str]]:
    """Ids of the prompts, and their texts."""
    if raw.prompt_id is None:
        if raw.prompt is None:
            if not problems:
                raise InputError(f"{raw.source}: neither prompt ids nor prompts")
            return Names((), np.full(len(raw.model.codes), -1, dtype=np.int64)), []
        for row in np.flatnonzero(raw.prompt.codes < 0).tolist():
            problems.add(raw.place(row), "prompt is missing and has no id")
        keys = Names(tuple(prompt_key(t) for t in raw.prompt.values), raw.prompt.codes)
        return keys, list(raw.prompt.values)
    ids = _checked(raw, raw.prompt_id, "prompt_id", problems)
    texts = [""] * len(ids.values)
    if raw.prompt is None:
        return ids, texts
    known = np.flatnonzero((raw.prompt.codes >= 0) & (ids.codes >= 0))
    pairs = np.stack([ids.codes[known], raw.prompt.codes[known]], axis=1)
    pairs, first = np.unique(pairs, axis=0, return_index=True)
    for (key, text), row in zip(pairs.tolist(), known[first].tolist(), strict=True):
        value = raw.prompt.values[text]
        if texts[key] and texts[key] != value:
            problems.add(
                raw.place(row),
                f"prompt_id '{shown(ids.values[key])}' stands for two different prompts; give "
                "each its own id, or leave the prompt column out",
                "two prompts of one id",
            )
        texts[key] = value
    return ids, texts


def _states(chunks: Sequence[Any], given: NDArray[np.int8] | None) -> NDArray[np.int8]:
    """State of every row: the given one, unless the text is null or blank."""
    parts = [np.empty(0, dtype=np.int8)]
    for chunk in chunks:
        values = chunk.dictionary if pa.types.is_dictionary(chunk.type) else chunk
        lengths = pc.binary_length(pc.utf8_trim(values, characters=BLANKS))
        state = pc.if_else(pc.equal(lengths, 0), CODE[State.EMPTY], CODE[State.OK])
        if pa.types.is_dictionary(chunk.type):
            state = state.take(chunk.indices)
        state = pc.fill_null(state, CODE[State.ERROR])
        parts.append(state.to_numpy(zero_copy_only=False).astype(np.int8))
    found = np.concatenate(parts)
    if given is None:
        return found
    textual = (CODE[State.OK], CODE[State.TRUNCATED])
    use = (given >= 0) & ((found == CODE[State.OK]) | ~np.isin(given, textual))
    return np.where(use, given, found).astype(np.int8)


def _short(chunks: Sequence[Any]) -> Iterator[tuple[int, str]]:
    """(row, text) of all answers short enough to be a message of a tool."""
    start = 0
    for chunk in chunks:
        values = chunk.dictionary if pa.types.is_dictionary(chunk.type) else chunk
        short = pc.fill_null(pc.less_equal(pc.binary_length(values), MAX_LENGTH), False)
        if pa.types.is_dictionary(chunk.type):
            short = pc.fill_null(short.take(chunk.indices), False)
        rows = np.flatnonzero(short.to_numpy(zero_copy_only=False))
        for low in range(0, len(rows), 4096):
            some = rows[low : low + 4096]
            for row, text in zip(some.tolist(), chunk.take(pa.array(some)).to_pylist()):
                yield start + row, text
        start += len(chunk)


def _failures(
    chunks: Sequence[Any], states: NDArray[np.int8], details: dict[int, str]
) -> list[str]:
    """Turn failures that were recorded as answers into errors, in place; what to say of them."""
    textual = np.isin(states, (CODE[State.OK], CODE[State.TRUNCATED]))
    kinds: Counter[str] = Counter()
    examples: dict[str, str] = {}
    suspects: Counter[str] = Counter()
    known: dict[str, tuple[str, State] | None] = {}
    for row, text in _short(chunks):
        if not textual[row]:
            continue
        if text not in known:
            known[text] = failure_of(text)
        found = known[text]
        if found is None:
            if len(text) < LONGEST_SUSPECT and text.strip().casefold() in SUSPECT:
                suspects[text.strip()] += 1
            continue
        kind, state = found
        states[row] = CODE[state]
        details[row] = f"{kind}: {shown(text, 120)}"
        kinds[kind] += 1
        examples.setdefault(kind, shown(text.strip(), 60))
    said = [
        f"{n:,} recorded {'answer is' if n == 1 else 'answers are'} no answer but a failure "
        f"({kind}), such as '{examples[kind]}'"
        for kind, n in kinds.most_common()
    ]
    said += [
        f"{n:,} answers are just '{shown(text)}'; they are kept as answers, look whether they are"
        for text, n in suspects.most_common(5)
        if n >= 3
    ]
    return said


def _kept(chunks: Sequence[Any], rows: NDArray[np.int64]) -> list[Any]:
    out, start = [], 0
    for chunk in chunks:
        here = rows[(rows >= start) & (rows < start + len(chunk))]
        out.append(chunk.take(pa.array(here - start, type=pa.int64())))
        start += len(chunk)
    return out


def _settings(raw: Columns, names: Names, kept: NDArray[np.int64]) -> dict[str, dict[str, str]]:
    """How answers were sampled, by model and setting; different values of one are listed."""
    out: dict[str, dict[str, str]] = {}
    for setting, column in raw.settings.items():
        pairs = np.stack([names.codes[kept], column.codes[kept]], axis=1)
        values: dict[str, list[str]] = {}
        for model, value in np.unique(pairs[(pairs >= 0).all(axis=1)], axis=0).tolist():
            values.setdefault(names.values[model], []).append(shown(column.values[value], 200))
        for model, found in values.items():
            more = f", and {len(found) - MOST_VALUES} more" if len(found) > MOST_VALUES else ""
            out.setdefault(model, {})[setting] = ", ".join(found[:MOST_VALUES]) + more
    return out


def _one_answer_a_slot(
    raw: Columns,
    kept: NDArray[np.int64],
    names: Names,
    ids: Names,
    samples: NDArray[np.int64],
    problems: Problems,
) -> None:
    """Two answers of a model to one prompt under one number are a problem."""
    kept = kept[(names.codes[kept] >= 0) & (ids.codes[kept] >= 0)]
    slots = np.stack([names.codes[kept], ids.codes[kept], samples[kept]], axis=1)
    order = np.lexsort(slots.T[::-1])
    again = np.flatnonzero((slots[order][1:] == slots[order][:-1]).all(axis=1)) + 1
    # The sort is stable, so a repeated slot comes after its first row; name the earliest first.
    for row in np.sort(order[again]).tolist():
        model, prompt, sample = slots[row].tolist()
        remedy = (
            "several answers to a prompt need a column 'sample' that numbers them"
            if raw.sample is None
            else f"sample {sample} is there twice"
        )
        problems.add(
            raw.place(int(kept[row])),
            f"model '{shown(names.values[model])}' answers prompt "
            f"'{shown(ids.values[prompt])}' a second time; {remedy}",
            "a second answer",
        )
