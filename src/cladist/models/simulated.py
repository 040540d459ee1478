"""Models that descend from each other with a known tree, for tests of everything downstream.

Every model carries an allele, a 64-bit word, at each position of its answer to each prompt.
A child keeps its parent's allele with probability exp(-rate * branch) and draws a new one
otherwise; a merge takes each allele from either parent. The word at a position is a function
of the allele and of the words before it, as in autoregressive text: relatives speak alike until
the first difference and mostly apart after it. Words follow Zipf's law, half of them by one
order for all contexts and half by an order of the context, so unrelated models share what is
common and little else.

    simulated:SEED/NODE?models=64&shape=birth-death&founders=4&rate=0.5

Nothing is random at run time: the same URI and request give the same answer everywhere.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, fields, replace
from functools import lru_cache
from typing import cast

import numpy as np
from numpy.typing import NDArray

from cladist.core.hashing import digest, key64, mixed_words
from cladist.core.next_token import Context, Gives, NextToken, Vocabulary
from cladist.core.probes import ProbeSet
from cladist.core.responses import Response, ResponseSet
from cladist.errors import UsageError
from cladist.models._genealogy import Genealogy, Shape, simulate_tree
from cladist.models._prompting import refuse_tokens_behind
from cladist.models.base import AskedInterface, Identity, ModelURI, Request

__all__ = ["Genealogy", "Habits", "SimulatedModel", "open_uri", "respond_all", "simulate_tree"]

Words = NDArray[np.uint64]

SALTS = {k: np.uint64(key64(k)) for k in ("new", "parent", "noise", "system", "stop", "topic")}
CHUNK = 256


@dataclass(frozen=True, slots=True)
class Habits:
    """How all models of a simulation speak.

    rate        expected redraws of an allele over a branch of length 1
    vocabulary  number of words
    zipf        exponent of their popularity
    topicality  share of words whose popularity depends on the context
    context     words before that a word depends on; -1: all of them, so that one difference
                changes everything after it; small numbers let answers meet again
    noise       redraws a position at temperature 1 (probability 1 - exp(-noise * temperature))
    stop        chance that an answer ends after a word
    empty       share of prompts that a model answers with nothing
    manners     number of ways to open a chat answer, given out regardless of descent
    """

    rate: float = 0.5
    vocabulary: int = 512
    zipf: float = 1.0
    topicality: float = 0.5
    context: int = -1
    noise: float = 0.5
    stop: float = 0.01
    empty: float = 0.0
    manners: int = 6

    def __post_init__(self) -> None:
        if not (self.rate >= 0 and self.zipf >= 0 and self.noise >= 0):
            raise UsageError("simulated models: rate, zipf and noise must not be below 0")
        if not all(0 <= share <= 1 for share in (self.topicality, self.stop, self.empty)):
            raise UsageError("simulated models: topicality, stop and empty lie between 0 and 1")
        if not 2 <= self.vocabulary <= 30_000 or self.context < -1 or self.manners < 1:
            raise UsageError(
                "simulated models: vocabulary must be 2 to 30000, context at least -1, "
                "manners at least 1"
            )


def _uniform(z: Words) -> NDArray[np.float64]:
    """Numbers in [0, 1) from the upper 53 bits."""
    return (z >> np.uint64(11)).astype(np.float64) * 2.0**-53


def _keys(texts: Sequence[str]) -> Words:
    return np.array([key64(t) for t in texts], dtype=np.uint64)


@lru_cache(maxsize=8)
def _vocabulary(size: int) -> tuple[str, ...]:
    """Pronounceable words, shorter ones first."""
    syllables = [c + v for v in "aeiou" for c in "bdfgklmnprstvz"]
    words = list(syllables)
    for first in range(len(syllables)):
        if len(words) >= size:
            break
        # A stride that shares no factor with 70 visits all second syllables, not in a row.
        words.extend(
            syllables[(first * 11 + k * 13) % 70] + syllables[(first + k * 27) % 70]
            for k in range(70)
        )
    longer = (a + b for a in words[70:] for b in syllables)
    unique = dict.fromkeys(words)
    while len(unique) < size:
        unique.setdefault(next(longer))
    return tuple(unique)[:size]


@lru_cache(maxsize=8)
def _popularity(size: int, exponent: float) -> NDArray[np.float64]:
    weight = 1.0 / np.arange(1, size + 1, dtype=np.float64) ** exponent
    return np.cumsum(weight / weight.sum())


def _node_keys(genealogy: Genealogy) -> Words:
    return _keys([f"{genealogy.seed}/{name}" for name in genealogy.names])


def _positions(prompts: Words, length: int) -> Words:
    """A key of every (prompt, position), shape (p, length)."""
    steps = mixed_words(np.arange(length, dtype=np.uint64))
    return mixed_words(prompts[:, None] ^ steps[None, :])


def _alleles(
    genealogy: Genealogy, rate: float, wanted: NDArray[np.int64], positions: Words
) -> Iterator[tuple[int, Words]]:
    """(node, alleles (p, t)) of the wanted nodes in order; lines of descent are walked once."""
    needed = np.zeros(len(genealogy), dtype=np.bool_)
    needed[wanted] = True
    uses = np.zeros(len(genealogy), dtype=np.int64)
    asked = needed.copy()
    ancestry = (genealogy.parents, genealogy.second)
    for i in range(len(genealogy) - 1, -1, -1):
        if needed[i]:
            for parent in (int(a[i]) for a in ancestry):
                if parent >= 0:
                    needed[parent] = True
                    uses[parent] += 1
    keys = _node_keys(genealogy)
    lose = -np.expm1(-rate * genealogy.lengths)
    known: dict[int, Words] = {}
    for i in np.flatnonzero(needed).tolist():
        key = keys[i]
        new = mixed_words((positions ^ SALTS["new"]) + key)
        parents = [int(a[i]) for a in ancestry if a[i] >= 0]
        if parents:
            kept = known[parents[0]]
            if len(parents) == 2:
                first = mixed_words((positions ^ SALTS["parent"]) + key) >> np.uint64(63) == 0
                kept = np.where(first, kept, known[parents[1]])
            own = np.where(_uniform(mixed_words(positions ^ key)) < lose[i], new, kept)
        else:
            own = new
        for parent in parents:
            uses[parent] -= 1
            if not uses[parent]:
                del known[parent]
        if uses[i]:
            known[i] = own
        if asked[i]:
            yield i, own


def _speak(
    alleles: Words, prompts: Words, habits: Habits
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Words (m, p, t) and lengths (m, p) from alleles (m, p, t) and prompt keys (p,).

    A length of t + 1 means that the model did not end by itself.
    """
    size, cumulative = habits.vocabulary, _popularity(habits.vocabulary, habits.zipf)
    steps = alleles.shape[2]
    words = np.zeros(alleles.shape, dtype=np.int64)
    length = np.full(alleles.shape[:2], steps + 1, dtype=np.int64)
    start = np.broadcast_to(prompts, alleles.shape[:2])
    before = start
    for t in range(steps):
        drawn = mixed_words(alleles[:, :, t] ^ before)
        rank = np.minimum(np.searchsorted(cumulative, _uniform(drawn), side="right"), size - 1)
        topic = _uniform(mixed_words(drawn ^ SALTS["topic"])) < habits.topicality
        shift = (mixed_words(before ^ SALTS["topic"]) % np.uint64(size)).astype(np.int64)
        words[:, :, t] = np.where(topic, (rank + shift) % size, rank)
        ends = _uniform(mixed_words(drawn ^ SALTS["stop"])) < habits.stop
        length = np.where(ends & (length > steps), t + 1, length)
        if habits.context < 0:
            before = mixed_words(before ^ (words[:, :, t] + 1).astype(np.uint64))
        else:
            before = start
            for back in range(max(0, t + 1 - habits.context), t + 1):
                before = mixed_words(before ^ (words[:, :, back] + 1).astype(np.uint64))
    return words, length


def _text(row: NDArray[np.int64], length: int, limit: int, vocabulary: Sequence[str]) -> Response:
    """The answer of at most `limit` words; ended by itself where its length is not above."""
    shown = min(length, limit)
    text = " ".join([vocabulary[w] for w in row[:shown].tolist()])
    return Response.of(text, truncated=length > limit, tokens=shown)


def _mute(keys: Words, prompts: Words, habits: Habits) -> NDArray[np.bool_]:
    """Which prompts which nodes leave unanswered, shape (m, p)."""
    return _uniform(mixed_words(keys[:, None] + prompts[None, :])) < habits.empty


def respond_all(
    genealogy: Genealogy,
    probes: ProbeSet | Sequence[str],
    *,
    habits: Habits | None = None,
    max_tokens: int = 16,
    nodes: Sequence[str] | None = None,
) -> Iterator[ResponseSet]:
    """Greedy raw answers of many models (default: the observed ones), one set a model.

    The same answers as `SimulatedModel` gives, without walking the tree once for each. Cost
    O(nodes * probes * tokens); about 50,000 answers of 16 words a second a core.
    """
    habits = habits or Habits()
    texts = [p.text for p in probes.probes] if isinstance(probes, ProbeSet) else list(probes)
    ids = (
        probes.ids if isinstance(probes, ProbeSet) else tuple(f"{i:04d}" for i in range(len(texts)))
    )
    prompts = _keys([f"raw\0{t}" for t in texts])
    names = genealogy.observed if nodes is None else tuple(nodes)
    wanted = np.array([genealogy.index(n) for n in names], dtype=np.int64)
    stream = _alleles(genealogy, habits.rate, wanted, _positions(prompts, max_tokens))
    keys, vocabulary = _node_keys(genealogy), _vocabulary(habits.vocabulary)
    waiting: list[tuple[int, Words]] = []

    def flush() -> Iterator[ResponseSet]:
        words, lengths = _speak(np.stack([a for _, a in waiting]), prompts, habits)
        mute = _mute(keys[[i for i, _ in waiting]], prompts, habits)
        for (i, _), rows, ends, dumb in zip(waiting, words, lengths.tolist(), mute, strict=True):
            slots = tuple(
                (Response.of("", tokens=0) if m else _text(r, e, max_tokens, vocabulary),)
                for r, e, m in zip(rows, ends, dumb, strict=True)
            )
            yield ResponseSet(genealogy.names[i], ids, slots)

    for item in stream:
        waiting.append(item)
        if len(waiting) == CHUNK:
            yield from flush()
            waiting.clear()
    if waiting:
        yield from flush()


class SimulatedModel:
    """One node of a genealogy, asked like any other model."""

    def __init__(
        self,
        genealogy: Genealogy,
        node: str,
        habits: Habits | None = None,
        identity: Identity | None = None,
    ) -> None:
        self.genealogy = genealogy
        self.node = node
        self.habits = habits or Habits()
        self._index = genealogy.index(node)
        self._key = _node_keys(genealogy)[[self._index]]
        self.identity = identity or Identity(
            node, f"simulated:{genealogy.seed}/{node}", self._fingerprint(), self._metadata()
        )

    @property
    def interfaces(self) -> frozenset[AskedInterface]:
        """Raw and chat."""
        return frozenset({"raw", "chat"})

    def _fingerprint(self) -> str:
        line = self.genealogy
        return "simulated:" + digest(
            {
                "names": line.names,
                "parents": line.parents.tolist(),
                "second": line.second.tolist(),
                "lengths": line.lengths.tolist(),
                "seed": line.seed,
                "habits": asdict(self.habits),
                "node": self.node,
            }
        )

    def _metadata(self) -> dict[str, str]:
        line, i = self.genealogy, self._index
        known = {"foundation": line.names[int(line.founder[i])], "relation": line.relation[i]}
        if line.parents[i] >= 0:
            known["parent"] = line.names[int(line.parents[i])]
        if line.second[i] >= 0:
            known["parent2"] = line.names[int(line.second[i])]
        return known

    def answer(self, requests: Sequence[Request]) -> Iterator[tuple[int, Response]]:
        """Answer in order; cost O(ancestors * requests * tokens)."""
        if not requests:
            return
        length = max(r.max_tokens for r in requests)
        prompts = _keys([f"{r.interface}\0{r.prompt}" for r in requests])
        positions = _positions(prompts, length)
        wanted = np.array([self._index], dtype=np.int64)
        ((_, alleles),) = _alleles(self.genealogy, self.habits.rate, wanted, positions)
        alleles = self._disturbed(alleles, positions, requests)
        words, lengths = _speak(alleles[None], prompts, self.habits)
        mute = _mute(self._key, prompts, self.habits)[0]
        vocabulary = _vocabulary(self.habits.vocabulary)
        for i, request in enumerate(requests):
            if mute[i]:
                yield i, Response.of("", tokens=0)
                continue
            row, size = words[0, i], int(lengths[0, i])
            if request.interface == "chat":
                manner = self._manner(request)
                row, size = np.concatenate([manner, row]), size + len(manner)
            yield i, _text(row, size, request.max_tokens, vocabulary)

    @property
    def gives(self) -> Gives:
        """Every word."""
        return "all"

    def next_tokens(self, contexts: Sequence[Context]) -> Iterator[tuple[int, NextToken]]:
        """The first word at temperature 1: the greedy one, unless noise draws it anew.

        What a chat answer opens with, and a word that a system text changed, are certain.
        """
        for context in contexts:
            refuse_tokens_behind(self.identity, context)
        words = Vocabulary(tuple(w.encode() for w in _vocabulary(self.habits.vocabulary)))
        asked = [Request(c.text, 1, interface=c.interface, system=c.system) for c in contexts]
        plain = [r.text for _, r in self.answer([replace(q, system="") for q in asked])]
        for index, response in self.answer(asked):
            context, said = contexts[index], response.text
            if not said or context.interface == "chat" or said != plain[index]:
                yield index, NextToken.of([said.encode() or None], [0.0], "all")
                continue
            chances = self._redrawn(context) * -math.expm1(-self.habits.noise)
            chances[words.pieces.index(said.encode())] += math.exp(-self.habits.noise)
            with np.errstate(divide="ignore"):
                said_of_all = words.distribution(np.log(chances), context.top)
                yield index, replace(said_of_all, numbers=())

    def _redrawn(self, context: Context) -> NDArray[np.float64]:
        """How often each word is drawn anew after a context, (vocabulary,)."""
        size, topic = self.habits.vocabulary, self.habits.topicality
        common = np.diff(_popularity(size, self.habits.zipf), prepend=0.0)
        start = mixed_words(_keys([f"{context.interface}\0{context.text}"]) ^ SALTS["topic"])
        return (1 - topic) * common + topic * np.roll(common, int(start[0] % np.uint64(size)))

    def _disturbed(self, alleles: Words, positions: Words, requests: Sequence[Request]) -> Words:
        """Redraw what temperature and a system prompt change."""
        heat = np.array([r.temperature * r.top_p * self.habits.noise for r in requests])
        seeds = _keys([str(r.seed) for r in requests])[:, None]
        coin = mixed_words(mixed_words(positions ^ SALTS["noise"]) + self._key ^ seeds)
        alleles = np.where(_uniform(coin) < -np.expm1(-heat)[:, None], mixed_words(coin), alleles)
        told = np.array([bool(r.system) for r in requests])[:, None]
        systems = _keys([r.system for r in requests])[:, None]
        coin = mixed_words(mixed_words(positions ^ SALTS["system"]) + self._key ^ systems)
        return np.where(told & (_uniform(coin) < 0.1), mixed_words(coin), alleles)

    def _manner(self, request: Request) -> NDArray[np.int64]:
        """Three common words that open a chat answer; models of any descent share them."""
        style = int(self._key[0] if not request.system else key64(request.system))
        words = mixed_words(
            np.arange(3, dtype=np.uint64) + np.uint64(style % self.habits.manners * 3)
        )
        return (words % np.uint64(min(40, self.habits.vocabulary))).astype(np.int64)

    def close(self) -> None:
        """Nothing is held."""


_TREE: dict[str, type] = {
    "models": int, "shape": str, "founders": int, "clock": float,
    "extinction": float, "merges": int, "quantised": int,
}  # fmt: skip


@lru_cache(maxsize=4)
def _genealogy(seed: int, options: tuple[tuple[str, int | float | str], ...]) -> Genealogy:
    chosen = {"models": 64, "shape": "birth-death", **dict(options)}
    models, shape = int(chosen.pop("models")), cast("Shape", chosen.pop("shape"))
    return simulate_tree(models, shape, seed, **chosen)  # type: ignore[arg-type]


def open_uri(uri: ModelURI) -> SimulatedModel:
    """A node of a random genealogy: simulated:SEED/NODE?models=64&shape=birth-death&rate=0.5.

    Options are the arguments of `simulate_tree` and the fields of `Habits`.
    """
    spoken = {f.name: type(f.default) for f in fields(Habits)}
    uri.only(*_TREE, *spoken)
    seed, slash, node = uri.target.partition("/")
    if not slash or not node or not seed.isdecimal() or len(seed) > 18:
        raise UsageError(
            f"'{uri.text}': write simulated:SEED/NODE, for example simulated:7/m0?models=64"
        )
    tree = {k: _value(uri, k, kind) for k, kind in _TREE.items() if k in uri.options}
    habits = {k: _value(uri, k, kind) for k, kind in spoken.items() if k in uri.options}
    if int(tree.get("models", 64)) > 1_000_000:
        raise UsageError(f"'{uri.text}': at most a million simulated models")
    model = SimulatedModel(
        _genealogy(int(seed), tuple(sorted(tree.items()))),
        node,
        Habits(**habits),  # type: ignore[arg-type]
    )
    model.identity = replace(model.identity, uri=uri.text.partition("#")[0])
    return model


def _value(uri: ModelURI, key: str, kind: type) -> int | float | str:
    try:
        value = cast("int | float | str", kind(uri.options[key]))
    except ValueError:
        raise UsageError(f"'{uri.text}': {key} must be a number") from None
    if isinstance(value, float) and not np.isfinite(value):
        raise UsageError(f"'{uri.text}': {key} must be finite")
    return value
