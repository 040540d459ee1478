"""Whether a column of answers looks like a model's: what is said of a table that reads well."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from cladist.core.optional import needed
from cladist.core.responses import State

with needed("Reading recorded answers", "arrow"):
    import pyarrow as pa

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cladist.formats.responses.table import Names, RecordedTable

__all__ = ["doubts", "same_everywhere"]

LOOKED_AT = 2000
PROMPTS_LOOKED_AT = 50
LEAST = 5
SHARE = 0.9


def doubts(table: RecordedTable, references: Names | None = None) -> tuple[str, ...]:
    """What speaks against the answers being a model's own, in sentences; () for nothing.

    Parameters
    ----------
    table
        A table that reads well.
    references
        The right answers beside the answers, by row.

    Returns
    -------
    tuple of str
        One sentence each where most answers are single letters, equal the references, or are the
        same for all models. At most 2,000 answers and 50 prompts are looked at.
    """
    usable = np.isin(table.state_of, [list(State).index(s) for s in (State.OK, State.TRUNCATED)])
    rows = np.flatnonzero(usable)
    some = rows[np.linspace(0, len(rows) - 1, min(len(rows), LOOKED_AT)).astype(int)]
    texts = [t.strip() for t in _texts(table, some)]
    said = []
    if len(texts) >= LEAST:
        letters = sum(_is_letter(t) for t in texts) / len(texts)
        if letters >= SHARE:
            said.append(
                f"{letters:.0%} of the answers are single letters or numbers of one digit: a "
                "column of choices, or the key, looks like this and says next to nothing of kinship"
            )
    if references is not None:
        said += _equal(texts, [_reference(references, r) for r in some.tolist()])
    if len(table.models) > 1:
        said += _same(table, usable)
    return tuple(said)


def same_everywhere(answers: Mapping[str, Sequence[str | None]]) -> str:
    """Said where all of several models give one answer to nearly every prompt, '' otherwise.

    Parameters
    ----------
    answers
        Model -> answers in one order of prompts, None where there is none.
    """
    columns = [set(c) for c in zip(*answers.values(), strict=True) if None not in c]
    equal = sum(len(c) == 1 for c in columns)
    if len(answers) < 2 or len(columns) < LEAST or equal < SHARE * len(columns):
        return ""
    return (
        f"{len(answers)} models give the same answers to {equal} of {len(columns)} prompts looked "
        "at: a column of right answers (the key) looks like this; copies of one model do too"
    )


def _is_letter(text: str) -> bool:
    bare = text.strip("()[].,:*\"' ")
    return len(bare) == 1 and bare.isascii() and bare.isalnum()


def _equal(texts: Sequence[str], references: Sequence[str]) -> list[str]:
    pairs = [(t, r) for t, r in zip(texts, references, strict=True) if r]
    equal = sum(t == r for t, r in pairs)
    if len(pairs) < LEAST or equal < SHARE * len(pairs):
        return []
    return [
        f"{equal} of {len(pairs)} answers looked at are equal to the right answers beside them: "
        "either the key was read as the answer, or the model is always right"
    ]


def _reference(references: Names, row: int) -> str:
    code = references.codes[row]
    return references.values[code].strip() if code >= 0 else ""


def _same(table: RecordedTable, usable: NDArray[np.bool_]) -> list[str]:
    first = usable & (table.sample_of == table.sample_of.min())
    asked = np.unique(table.prompt_of[first])
    chosen = asked[np.linspace(0, len(asked) - 1, min(len(asked), PROMPTS_LOOKED_AT)).astype(int)]
    rows = np.flatnonzero(first & np.isin(table.prompt_of, chosen))
    columns: dict[int, list[str]] = {}
    for row, text in zip(rows.tolist(), _texts(table, rows), strict=True):
        columns.setdefault(int(table.prompt_of[row]), []).append(text)
    several = [c for c in columns.values() if len(c) > 1]
    equal = sum(len(set(c)) == 1 for c in several)
    if len(several) < LEAST or equal < SHARE * len(several):
        return []
    return [
        f"all {len(table.models)} models give the same answer to {equal} of {len(several)} prompts "
        "looked at: a column of right answers (the key) looks like this; copies of one model do too"
    ]


def _texts(table: RecordedTable, rows: NDArray[np.int64]) -> list[str]:
    """Answers of sorted rows."""
    out: list[str] = []
    start = 0
    for chunk in table.texts:
        here = rows[(rows >= start) & (rows < start + len(chunk))]
        if len(here):
            out += [t or "" for t in chunk.take(pa.array(here - start)).to_pylist()]
        start += len(chunk)
    return out
