"""Answers of several models, aligned by probe and read into arrays."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from cladist.core.distributions import holds_distributions
from cladist.core.responses import ResponseSet
from cladist.errors import InputError
from cladist.kinship.config import OPENINGS, ROTE
from cladist.kinship.evidence.repeated import repeated_answers

__all__ = ["Corpus", "read_corpus", "said_once"]


@dataclass(frozen=True, eq=False)
class Corpus:
    """What n models said on p probes.

    models     n names
    probe_ids  p names, the union over models in order of first appearance
    texts      n rows of p answers without surrounding blanks; '' where there is no usable one
    codes      uint32 (n, p, depth) code points of the openings, 0 past the end
    length     int32 (n, p) characters of each answer
    further    n tables of further samples: probe number to texts, where several were drawn
    """

    models: tuple[str, ...]
    probe_ids: tuple[str, ...]
    texts: tuple[tuple[str, ...], ...]
    codes: NDArray[np.uint32]
    length: NDArray[np.int32]
    further: tuple[Mapping[int, tuple[str, ...]], ...] = ()

    @property
    def present(self) -> NDArray[np.bool_]:
        """Which answers there are, bool (n, p). A missing one is a state, never an agreement."""
        return self.length > 0

    def __len__(self) -> int:
        return len(self.models)

    def digests(self) -> list[bytes]:
        """One hash a model of all its answers: equal for models that said exactly the same."""
        return self._digests

    @cached_property
    def _digests(self) -> list[bytes]:
        out = []
        for row in self.texts:
            h = hashlib.blake2b(digest_size=16)
            for text in row:
                raw = text.encode("utf-8", "surrogatepass")
                h.update(len(raw).to_bytes(8, "little"))
                h.update(raw)
            out.append(h.digest())
        return out


def read_corpus(responses: Iterable[ResponseSet]) -> Corpus:
    """Align models by probe id and read the usable samples of every probe.

    The first is what lengths, styles and openings are read from; wording reads them all. Answers
    are gone through once, and nothing but their texts is held. Raises `InputError` when a name
    occurs twice. O(characters) time, O(n p depth) memory beside the texts themselves.
    """
    names: list[str] = []
    place: dict[str, int] = {}
    said: list[dict[int, str]] = []
    further: list[Mapping[int, tuple[str, ...]]] = []
    for r in responses:
        if holds_distributions(r):
            raise InputError(
                "these answers are distributions, and this is read from texts; extract the models "
                "with an assay of texts, as --assay cladist, and name that"
            )
        for probe in r.probe_ids:
            place.setdefault(probe, len(place))
        names.append(r.model)
        said.append(
            {
                place[probe]: body
                for probe, text in zip(r.probe_ids, r.texts(), strict=True)
                if text and (body := text.strip())
            }
        )
        further.append(_further(r, place))
    if len(set(names)) != len(names):
        twice = sorted({m for m in names if names.count(m) > 1})[:3]
        raise InputError(f"kinship: models were given twice: {', '.join(map(repr, twice))}")
    n, p = len(names), len(place)
    codes = np.zeros((n, p, OPENINGS.depth), np.uint32)
    length = np.zeros((n, p), np.int32)
    rows: list[tuple[str, ...]] = []
    for i, bodies in enumerate(said):
        row = [""] * p
        for j, body in bodies.items():
            row[j] = body
            opening = np.frombuffer(
                body[: OPENINGS.depth].encode("utf-32-le", "surrogatepass"), "<u4"
            )
            codes[i, j, : len(opening)] = opening
            length[i, j] = len(body)
        rows.append(tuple(row))
        bodies.clear()
    return Corpus(tuple(names), tuple(place), tuple(rows), codes, length, tuple(further))


def said_once(corpus: Corpus) -> Corpus:
    """The corpus with a text that a model gives to several prompts kept at the first alone.

    What is said by rote is no evidence of how a prompt is taken: an error note, a stock refusal,
    a constant answer (`repeated_answers`). A model of which less than `ROTE.alive` is left says
    nothing at all. O(characters).
    """
    again = repeated_answers(corpus.texts)
    if not again.any():
        return corpus
    there = corpus.length > 0
    again[(there & ~again).sum(1) < ROTE.alive * there.sum(1)] = True
    texts = tuple(
        tuple("" if gone else text for text, gone in zip(row, mask, strict=True))
        for row, mask in zip(corpus.texts, again.tolist(), strict=True)
    )
    further = tuple(
        {probe: more for probe, more in table.items() if not again[i, probe]}
        for i, table in enumerate(corpus.further)
    )
    return replace(corpus, texts=texts, length=np.where(again, 0, corpus.length), further=further)


def _further(responses: ResponseSet, place: Mapping[str, int]) -> dict[int, tuple[str, ...]]:
    """Usable samples after the first, by probe number, where there are any."""
    found = {}
    for probe, slot in zip(responses.probe_ids, responses.slots, strict=True):
        if len(slot) > 1:
            texts = [body for r in slot if r.usable and (body := r.text.strip())]
            if len(texts) > 1:
                found[place[probe]] = tuple(texts[1:])
    return found
