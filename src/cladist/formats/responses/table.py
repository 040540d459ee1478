"""A table of recorded responses: columns, checked once, whatever file they came from."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cladist.core.hashing import text_digest
from cladist.core.optional import needed
from cladist.core.probes import Probe, ProbeSet
from cladist.core.responses import Response, ResponseSet, State
from cladist.errors import InputError
from cladist.formats.responses.problems import Problems

with needed("Reading recorded answers", "arrow"):
    import pyarrow as pa
    import pyarrow.compute as pc

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
    """What a reader hands over, unchecked; `place(row)` says where in the file a row is.

    responses   Arrow arrays of strings, plain or dictionary; null is an answer never recorded
    states      int8, an index into STATES or -1 where it follows from the text
    details     why an answer is missing, by row
    problems    what was found wrong with rows that are not here
    reading     how the file was understood, for people
    references  right answers beside the model's
    settings    how answers were sampled: a name, and its values by row
    notes       what people should know of the file
    """

    source: str
    place: Callable[[int], str]
    model: Names
    responses: Sequence[Any]
    prompt_id: Names | None = None
    prompt: Names | None = None
    sample: NDArray[np.int64] | None = None
    states: NDArray[np.int8] | None = None
    details: Mapping[int, str] = field(default_factory=dict)
    problems: Problems | None = None
    reading: str = ""
    references: Names | None = None
    settings: Mapping[str, Names] = field(default_factory=dict)
    notes: Sequence[str] = ()


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
    reading: str = ""
    notes: tuple[str, ...] = ()
    settings: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

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
            raise InputError(f"{self.source}: {no_model(model, self.models)}")
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


def prompt_key(text: str) -> str:
    """The id of a prompt that has none: 'p-' and 12 hex digits of the SHA-256 of its text."""
    return "p-" + text_digest(text)[:12]


def shown(text: str, limit: int = 60) -> str:
    """Hostile text made fit for a message: printable, on one line, short."""
    cut = text if len(text) <= limit else text[:limit] + "..."
    return "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in cut)


def no_model(model: str, names: Sequence[str]) -> str:
    """What to say of a model that a file does not have."""
    some = ", ".join(f"'{shown(n)}'" for n in names[:5]) + (", ..." if len(names) > 5 else "")
    return f"no model '{shown(model)}'; the file has {some or 'none'}"
