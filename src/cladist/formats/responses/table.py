"""A table of recorded responses: columns, checked once, whatever file they came from."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from cladist.core.probes import Probe, ProbeSet
from cladist.core.responses import Response, ResponseSet, State
from cladist.errors import InputError

STATES = tuple(State)
CODE = {state: code for code, state in enumerate(STATES)}
NOT_RECORDED = "no response recorded"
BLANKS = "".join(c for c in map(chr, range(0x3001)) if c.isspace())
"""Every character that str.strip() removes, so that blank means the same everywhere."""


@dataclass(frozen=True)
class Names:
    """A column of repeating strings: distinct `values`, and int64 `codes` into them, -1 null."""

    values: tuple[str, ...]
    codes: NDArray[np.int64]

    @classmethod
    def of(cls, items: Iterable[str | None]) -> Names:
        """From plain strings, values in order of first appearance."""
        seen: dict[str, int] = {}
        codes = [-1 if i is None else seen.setdefault(i, len(seen)) for i in items]
        return cls(tuple(seen), np.array(codes, dtype=np.int64))

    @classmethod
    def of_arrow(cls, chunks: Sequence[Any]) -> Names:
        """From string or dictionary arrays; only values that occur, in order of appearance."""
        seen: dict[str, int] = {}
        parts = [np.empty(0, dtype=np.int64)]
        for chunk in chunks:
            coded = chunk if pa.types.is_dictionary(chunk.type) else chunk.dictionary_encode()
            index = pc.fill_null(coded.indices.cast(pa.int64()), -1)
            local = index.to_numpy(zero_copy_only=False)
            used, first = np.unique(local, return_index=True)
            values = coded.dictionary
            place = np.full(len(values) + 1, -1, dtype=np.int64)
            for code in used[np.argsort(first)].tolist():
                text = None if code < 0 else values[code].as_py()
                if text is not None:
                    place[code] = seen.setdefault(text, len(seen))
            parts.append(place[local])
        return cls(tuple(seen), np.concatenate(parts))


@dataclass(frozen=True)
class Columns:
    """What a reader hands over, unchecked; `where(row)` names the place in the file.

    responses  Arrow arrays of strings, plain or dictionary; null is an answer never recorded
    states     int8, an index into STATES or -1 where it follows from the text
    details    why an answer is missing, by row
    """

    source: str
    where: Callable[[int], str]
    model: Names
    responses: Sequence[Any]
    prompt_id: Names | None = None
    prompt: Names | None = None
    sample: NDArray[np.int64] | None = None
    states: NDArray[np.int8] | None = None
    details: Mapping[int, str] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class RecordedTable:
    """n recorded responses of m models to p prompts.

    models      m distinct names in order of appearance
    prompt_ids  p distinct ids in order of appearance
    prompts     p texts, '' where the file holds none
    model_of, prompt_of, sample_of   int64 (n,)
    state_of    int8 (n,), an index into STATES
    texts       Arrow arrays of strings, n in all, in row order
    details     why an answer is missing, by row
    """

    source: str
    models: tuple[str, ...]
    prompt_ids: tuple[str, ...]
    prompts: tuple[str, ...]
    model_of: NDArray[np.int64]
    prompt_of: NDArray[np.int64]
    sample_of: NDArray[np.int64]
    state_of: NDArray[np.int8]
    texts: tuple[Any, ...] = field(repr=False)
    details: Mapping[int, str] = field(repr=False)

    def __len__(self) -> int:
        return len(self.model_of)

    @cached_property
    def probes(self) -> dict[str, str]:
        """Prompt id to prompt text ('' where unknown)."""
        return dict(zip(self.prompt_ids, self.prompts, strict=True))

    def probe_set(self, name: str = "recorded") -> ProbeSet:
        """The prompts as a probe set in order of appearance."""
        return ProbeSet(name, tuple(Probe(i, t) for i, t in self.probes.items()))

    def rows(self) -> Iterator[tuple[str, str, int, Response]]:
        """(model, prompt id, sample, response) in file order."""
        start = 0
        for chunk in self.texts:
            for low in range(0, len(chunk), 4096):
                texts = _strings(chunk.slice(low, 4096))
                for row, text in enumerate(texts, start + low):
                    yield (
                        self.models[self.model_of[row]],
                        self.prompt_ids[self.prompt_of[row]],
                        int(self.sample_of[row]),
                        self._response(row, text),
                    )
            start += len(chunk)

    def response_set(self, model: str, probe_ids: Sequence[str] | None = None) -> ResponseSet:
        """All samples of one model in the order of `probe_ids` (default: the table's).

        Prompts without a row have no sample. Cost O(rows of the model) after one sort.
        """
        ids = self.prompt_ids if probe_ids is None else tuple(probe_ids)
        found: dict[str, list[tuple[int, Response]]] = {}
        for row, response in self._of(model):
            key = self.prompt_ids[self.prompt_of[row]]
            found.setdefault(key, []).append((int(self.sample_of[row]), response))
        slots = (sorted(found.get(i, ()), key=lambda pair: pair[0]) for i in ids)
        return ResponseSet(model, ids, tuple(tuple(r for _, r in slot) for slot in slots))

    def answers(self, model: str) -> dict[str, Response]:
        """Prompt text to first sample, for a model that replays them.

        `InputError` when the file holds no prompt texts.
        """
        if not any(self.prompts):
            raise InputError(
                f"{self.source}: it has no prompt texts, so its answers cannot be found by prompt; "
                "import the file instead, or add a column 'prompt'"
            )
        first: dict[str, tuple[int, Response]] = {}
        for row, response in self._of(model):
            text, sample = self.prompts[self.prompt_of[row]], int(self.sample_of[row])
            if text and (text not in first or sample < first[text][0]):
                first[text] = (sample, response)
        return {text: response for text, (_, response) in first.items()}

    @cached_property
    def _by_model(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        order = np.argsort(self.model_of, kind="stable")
        return order, np.searchsorted(self.model_of[order], np.arange(len(self.models) + 1))

    def _of(self, model: str) -> Iterator[tuple[int, Response]]:
        if model not in self.models:
            raise InputError(f"{self.source}: {_no_model(model, self.models)}")
        order, bounds = self._by_model
        at = self.models.index(model)
        rows = order[bounds[at] : bounds[at + 1]]
        start = 0
        for chunk in self.texts:
            here = rows[(rows >= start) & (rows < start + len(chunk))]
            if len(here):
                texts = _strings(chunk.take(pa.array(here - start)))
                for row, text in zip(here.tolist(), texts, strict=True):
                    yield row, self._response(row, text)
            start += len(chunk)

    def _response(self, row: int, text: str | None) -> Response:
        state = STATES[self.state_of[row]]
        if state is State.ERROR:
            return Response.error(self.details.get(row, NOT_RECORDED))
        return Response(text or "", state, None, self.details.get(row, ""))


def _strings(chunk: Any) -> list[str | None]:
    """Python strings; repeated dictionary values are one object."""
    if not pa.types.is_dictionary(chunk.type):
        return list(chunk.to_pylist())
    index = pc.fill_null(chunk.indices.cast(pa.int64()), -1).to_numpy(zero_copy_only=False)
    used, local = np.unique(index, return_inverse=True)
    values: list[str | None] = [
        None if u < 0 else chunk.dictionary[u].as_py() for u in used.tolist()
    ]
    return [values[i] for i in local.tolist()]


def build(raw: Columns, model: str | None = None) -> RecordedTable:
    """Check columns and make the table; `model` keeps one model of several.

    `InputError` says which row is wrong: names that are missing or unprintable, an id with two
    texts, two answers in one slot.
    """
    names = _checked(raw, raw.model, "model")
    ids, texts = _prompts(raw)
    rows = len(names.codes)
    sample = np.zeros(rows, dtype=np.int64) if raw.sample is None else raw.sample
    chunks = list(raw.responses)
    states = _states(chunks, raw.states)
    kept = np.arange(rows)
    if model is not None:
        if model not in names.values:
            raise InputError(f"{raw.source}: {_no_model(model, names.values)}")
        kept = np.flatnonzero(names.codes == names.values.index(model))
        if len(kept) < rows:
            chunks = _kept(chunks, kept)
    if not len(kept):
        raise InputError(f"{raw.source}: no rows; it needs at least one recorded response")
    places = np.searchsorted(kept, list(raw.details))
    details = {
        int(new): text
        for new, (row, text) in zip(places, raw.details.items(), strict=True)
        if new < len(kept) and kept[new] == row
    }
    models, model_of = _compact(names.values, names.codes[kept])
    used, prompt_of = np.unique(ids.codes[kept], return_inverse=True)
    _one_answer_a_slot(raw, kept, models, model_of, ids.values, ids.codes[kept], sample[kept])
    return RecordedTable(
        raw.source,
        models,
        tuple(ids.values[i] for i in used.tolist()),
        tuple(texts[i] for i in used.tolist()),
        model_of,
        prompt_of.astype(np.int64),
        sample[kept],
        states[kept],
        tuple(chunks),
        details,
    )


def prompt_key(text: str) -> str:
    """The id of a prompt that has none: 'p-' and 12 hex digits of the SHA-256 of its text."""
    return "p-" + hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:12]


def shown(text: str, limit: int = 60) -> str:
    """Hostile text made fit for a message: printable, on one line, short."""
    cut = text if len(text) <= limit else text[:limit] + "..."
    return "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in cut)


def _no_model(model: str, names: Sequence[str]) -> str:
    some = ", ".join(f"'{shown(n)}'" for n in names[:5]) + (", ..." if len(names) > 5 else "")
    return f"no model '{shown(model)}'; the file has {some or 'none'}"


def _compact(
    values: Sequence[str], codes: NDArray[np.int64]
) -> tuple[tuple[str, ...], NDArray[np.int64]]:
    used, local = np.unique(codes, return_inverse=True)
    return tuple(values[i] for i in used.tolist()), local.astype(np.int64)


def _checked(raw: Columns, names: Names, what: str) -> Names:
    """Refuse missing, blank, unprintable or endless names."""
    missing = np.flatnonzero(names.codes < 0)
    if missing.size:
        raise InputError(f"{raw.where(int(missing[0]))}: {what} is missing")
    for code, value in enumerate(names.values):
        bad = "is blank" if not value.strip() else "is over 1000 characters" * (len(value) > 1000)
        if any(ord(c) < 32 or ord(c) == 127 or 0xD800 <= ord(c) < 0xE000 for c in value):
            bad = "holds control characters"
        if bad:
            row = int(np.argmax(names.codes == code))
            raise InputError(f"{raw.where(row)}: {what} '{shown(value)}' {bad}")
    return names


def _prompts(raw: Columns) -> tuple[Names, list[str]]:
    """Ids of the prompts, and their texts."""
    if raw.prompt_id is None:
        if raw.prompt is None:
            raise InputError(f"{raw.source}: neither prompt ids nor prompts")
        missing = np.flatnonzero(raw.prompt.codes < 0)
        if missing.size:
            raise InputError(f"{raw.where(int(missing[0]))}: prompt is missing and has no id")
        keys = Names(tuple(prompt_key(t) for t in raw.prompt.values), raw.prompt.codes)
        return keys, list(raw.prompt.values)
    ids = _checked(raw, raw.prompt_id, "prompt_id")
    texts = [""] * len(ids.values)
    if raw.prompt is None:
        return ids, texts
    pairs = np.stack([ids.codes, raw.prompt.codes], axis=1)
    pairs, first = np.unique(pairs[raw.prompt.codes >= 0], axis=0, return_index=True)
    rows = np.flatnonzero(raw.prompt.codes >= 0)[first]
    for (key, text), row in zip(pairs.tolist(), rows.tolist(), strict=True):
        value = raw.prompt.values[text]
        if texts[key] and texts[key] != value:
            raise InputError(
                f"{raw.where(row)}: prompt_id '{shown(ids.values[key])}' stands for two different "
                "prompts; give each its own id, or leave the prompt column out"
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


def _kept(chunks: Sequence[Any], rows: NDArray[np.int64]) -> list[Any]:
    out, start = [], 0
    for chunk in chunks:
        here = rows[(rows >= start) & (rows < start + len(chunk))]
        out.append(chunk.take(pa.array(here - start, type=pa.int64())))
        start += len(chunk)
    return out


def _one_answer_a_slot(
    raw: Columns,
    kept: NDArray[np.int64],
    models: Sequence[str],
    model_of: NDArray[np.int64],
    ids: Sequence[str],
    prompt_of: NDArray[np.int64],
    sample_of: NDArray[np.int64],
) -> None:
    order = np.lexsort((sample_of, prompt_of, model_of))
    slots = np.stack([model_of, prompt_of, sample_of], axis=1)[order]
    again = np.flatnonzero((slots[1:] == slots[:-1]).all(axis=1)) + 1
    if not again.size:
        return
    # The sort is stable, so a repeated slot comes after its first row; name the earliest.
    row = int(order[again].min())
    remedy = (
        "several answers to a prompt need a column 'sample' that numbers them"
        if raw.sample is None
        else f"sample {sample_of[row]} is there twice"
    )
    raise InputError(
        f"{raw.where(int(kept[row]))}: model '{shown(models[model_of[row]])}' answers prompt "
        f"'{shown(ids[prompt_of[row]])}' a second time; {remedy}"
    )
