"""Learning the border of a server: which inputs are near it, and how steady an honest answer is.

Contexts are searched for those whose two likeliest first tokens are close: by log-probabilities
where the server tells them, else by repeated samples, in rounds that keep the closest (successive
halving). What is kept is asked again, and inputs that do not hold still are dropped. Then inputs
are drawn at random and their departures counted: that is the honest rate. These last queries
choose nothing, so they may be counted.
"""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice

from cladist.core.progress import Progress, silent
from cladist.errors import CoverageError, ModelError
from cladist.models.served import Served
from cladist.provenance.border.asking import MANY, TOP, Asker
from cladist.provenance.border.bisecting import bisected
from cladist.provenance.border.contexts import contexts
from cladist.provenance.border.effort import LEAST, LIMITS, STEADY, SURE, TRIED, Effort
from cladist.provenance.border.inputs import (
    Border,
    BorderInput,
    Profile,
    Query,
    Reading,
    margin_of,
    query_of,
)
from cladist.provenance.border.shift import MOST

__all__ = ["Effort", "counted", "drawn", "learn", "sitting"]

CLOSE = 0.15
"""Margin (in nats) at which the search ends early."""
SLACK = 0.02
"""Difference of a margin that is always honest: other hardware rounds otherwise."""
CACHED = (
    "answers repeat when the same is asked and differ when a little else is: the server seems to "
    "keep answers (a cache), so a change may be seen late"
)
OF_LIMIT = re.compile(r"token|HTTP 4(00|22)|status(?: code)? 4(00|22)", re.IGNORECASE)
"""Words of a refusal that may be for a small max_tokens; in any language, by its status."""
MORE = (2, 9)
"""Tokens that are asked for beside the first, where a cache is to make a new answer; at random, so
that it has seldom been asked so before. `_held` asks for one more."""
SAME = 0.9
"""Share of plain contexts that a server answers alike twice at temperature 0, where it obeys."""


@dataclass(frozen=True)
class _Searched:
    """What a search found.

    near    contexts, the nearest to the border first
    sure    contexts at which one token leaves no doubt
    tokens  tokens at a context, the likeliest first
    notes   what was found out about the server
    halved  whether they were found by bisection
    read    log-probabilities at the contexts that were searched first
    """

    near: list[str]
    sure: list[str]
    tokens: Mapping[str, Sequence[str]]
    notes: list[str]
    halved: bool = False
    read: tuple[Profile, ...] = ()

    def rival(self, text: str, said: str) -> str:
        """The likeliest token but the one that is said; '' where none was seen."""
        return next((t for t in self.tokens.get(text, ()) if t != said), "")


def learn(asker: Asker, effort: Effort, seed: int, progress: Progress = silent) -> Border:
    """Search the border inputs of a model; the honest rate is still to be drawn (`sitting`).

    Raises `ModelError` when the model cannot be asked, `CoverageError` when too few inputs hold
    still to be watched.
    """
    source = contexts(seed)
    notes = _settle_limit(asker, list(islice(source, 3)))
    progress("searching border inputs", 0, effort.contexts)
    searched = _nearest(asker, source, effort, seed, progress)
    texts = searched.near[: effort.pool + effort.pool // 4]
    said, greedy, told = _steady(asker, texts, source, effort, again=not searched.halved)
    if not greedy and searched.halved:  # so near that even an honest server turns them
        searched = _by_samples(asker, source, effort, seed, progress)
        texts = searched.near[: effort.pool + effort.pool // 4]
        said, greedy, told = _steady(asker, texts, source, effort)
    notes += [*searched.notes, *told]
    inputs = _inputs(said, searched)[: effort.pool]
    firm = _inputs(_held(asker, searched.sure[: effort.firm]).said, searched)
    if asker.scores:
        scored = _margins(asker, texts[: effort.pool])
        inputs += scored
    if len(inputs) < LEAST:
        why = f" ({asker.trouble})" if asker.trouble else ""
        raise CoverageError(
            f"only {len(inputs)} inputs hold still when they are asked again{why}; use the watch "
            "by probes for this endpoint"
        )
    served = asker.model.served_model if isinstance(asker.model, Served) else ""
    return Border(
        tuple(inputs), asker.interface, asker.limit, 0, 0, effort.replicates, greedy, served,
        tuple(notes), asker.queries, tuple(firm), profile=searched.read,
    )  # fmt: skip


def _inputs(said: Mapping[str, str], searched: _Searched) -> list[BorderInput]:
    return [BorderInput(t, "token", token, searched.rival(t, token)) for t, token in said.items()]


def sitting(
    asker: Asker, border: Border, count: int, draw: random.Random
) -> tuple[Border, list[Query]]:
    """Draw so many queries of an honest server and count its departures.

    Every second query asks for a few tokens more, or for another number of log-probabilities: a
    server that keeps answers then has to make a new one.
    """
    chosen = [draw.randrange(len(border.inputs)) for _ in range(count)]
    before = asker.queries
    found = drawn(asker, border, chosen, draw, vary=True)
    border = counted(border, found, scores=asker.scores)
    return replace(border, queries=border.queries + asker.queries - before), found


def counted(border: Border, found: Sequence[Query], *, scores: bool) -> Border:
    """The border with the honest rate of these queries too; `scores` whether margins were read."""
    told = [None if q.error else q.departs(border.inputs[q.place]) for q in found]
    answered = [f for f in told if f is not None]
    notes = list(border.notes)
    alike, varied = ([f for f in told[i::2] if f is not None] for i in (0, 1))
    guessed = border.greedy and not sum(alike) and sum(varied) * 4 > len(varied)
    if not scores and (CACHED in notes or guessed):
        notes.append(CACHED)
        answered = varied  # Those that it kept say nothing of what it answers when it forgets.
    return replace(
        border,
        drawn=border.drawn + len(answered),
        departed=border.departed + sum(answered),
        by_look=(*border.by_look, (sum(answered), len(answered))),
        notes=tuple(dict.fromkeys(notes)),
    )


def drawn(
    asker: Asker, border: Border, chosen: Sequence[int], draw: random.Random, *, vary: bool = False
) -> list[Query]:
    """Ask the chosen inputs; what was answered, or why not, in their order."""
    inputs = [border.inputs[i] for i in chosen]
    found: list[Query | None] = [None] * len(chosen)
    scored = [i for i, k in enumerate(inputs) if k.kind == "log-probs"]
    longer = {i for i in range(1, len(inputs), 2) if vary and border.limit == 1} - set(scored)
    plain = [i for i, k in enumerate(inputs) if k.kind == "token" and i not in longer]
    tops = [draw.randint(TOP - 2, TOP) for _ in scored]
    readings: list[tuple[int, Reading]] = []
    for places, extra in ((plain, (0, 0)), (sorted(longer), MORE)):
        if places and not asker.trouble:
            more = [draw.randint(*extra) for _ in places]
            got = asker.say([inputs[i].text for i in places], extra=more)
            readings += zip(places, got, strict=True)
    if scored and not asker.trouble:
        readings += zip(scored, asker.score([inputs[i].text for i in scored], tops), strict=True)
    for place, reading in readings:
        found[place] = query_of(chosen[place], reading, inputs[place], longer=place in longer)
    why = asker.trouble or "not asked"
    return [q or Query(i, error=why) for q, i in zip(found, chosen, strict=True)]


def _settle_limit(asker: Asker, texts: list[str]) -> list[str]:
    """Find the smallest max_tokens that the server takes; notes where that is not 1."""
    words = ""
    for limit in LIMITS:
        asker.limit, asker.trouble = limit, ""
        got = asker.say(texts)
        if any(r.answered for r in got):
            if limit == 1:
                return []
            does = "does not keep to" if words.startswith(MANY) else "refuses"
            return [
                f"the server {does} max_tokens={LIMITS[0]} ('{words[:120]}'); {limit} are asked "
                "for and the first word is read"
            ]
        words = next((r.error for r in got if r.error), "no answer")
        if not OF_LIMIT.search(words):
            break
    raise ModelError(f"the endpoint cannot be learnt: {words}")


def _nearest(
    asker: Asker, source: Iterator[str], effort: Effort, seed: int, progress: Progress
) -> _Searched:
    """Contexts near the border, and contexts far from it."""
    if not asker.scores:
        return _by_tokens(asker, source, effort, seed, progress)
    margins: dict[str, float] = {}
    tokens: dict[str, list[str]] = {}
    profile: list[Profile] = []
    read, why = 0, ""
    while read < effort.contexts:
        batch = list(islice(source, min(40, effort.contexts - read)))
        read += len(batch)
        for text, reading in zip(batch, asker.score(batch), strict=True):
            tops = reading.tops or {}
            if len(tops) > 1:
                tokens[text] = sorted(tops, key=lambda t: tops[t], reverse=True)
                margins[text] = tops[tokens[text][0]] - tops[tokens[text][1]]
                profile.append(Profile(text, {t: round(p, 5) for t, p in tops.items()}))
            why = why or reading.error
        progress("searching border inputs", read, effort.contexts)
        near = sorted(margins.values())
        if not margins or (len(near) >= effort.pool and near[effort.pool - 1] < CLOSE):
            break
    if not margins:
        asker.trouble, asker.scores = "", False
        found = _by_tokens(asker, source, effort, seed, progress)
        note = f"no log-probabilities: {why[:160] or 'none told'}"
        return replace(found, notes=[note, *found.notes])
    order = sorted(margins, key=lambda t: margins[t])
    firm = order[: len(order) // 2 : -1]
    return _Searched(order, firm, tokens, [], read=tuple(profile[:MOST]))


def _by_tokens(
    asker: Asker, source: Iterator[str], effort: Effort, seed: int, progress: Progress
) -> _Searched:
    """The same where tokens alone are told: by bisection, or by samples where the server samples
    whatever is asked, or never does."""
    texts = list(islice(source, TRIED * effort.firm))
    first, second = (asker.say(texts, 1.0, [seed + k] * len(texts)) for k in (0, 1))
    alike = [t for t, a, b in zip(texts, first, second, strict=True) if a.token and a == b]
    third = asker.say(alike, 1.0, [seed + 2] * len(alike))
    said = dict(zip(texts, first, strict=True))
    sure = [t for t, c in zip(alike, third, strict=True) if c == said[t]]
    held = _held(asker, texts[: 2 * effort.firm], 2)
    if len(sure) == len(texts) or len(held.said) < SAME * held.asked:
        return _by_samples(asker, source, effort, seed, progress)
    wanted = effort.pool + effort.pool // 4
    pairs = bisected(asker, -(-wanted // 2), 3 * effort.contexts, seed, progress)
    if 2 * len(pairs) < max(LEAST, effort.pool // 2):
        return _by_samples(asker, source, effort, seed, progress)
    tokens = {t: [a, b] for p in pairs for t, a, b in
              zip(p.texts, p.tokens, p.tokens[::-1], strict=True)}  # fmt: skip
    return _Searched(list(tokens), sure, tokens, [], halved=True)


def _by_samples(
    asker: Asker, source: Iterator[str], effort: Effort, seed: int, progress: Progress
) -> _Searched:
    """The same from samples at temperature 1: rounds of more samples of fewer contexts."""
    texts = list(islice(source, max(effort.pool, effort.contexts * 2 // 3)))
    counts: dict[str, Counter[str]] = {t: Counter() for t in texts}
    notes: list[str] = []
    rounds = ((len(texts), 2), (max(len(texts) * 2 // 5, effort.pool), 4), (effort.pool + 10, 6))
    for number, (keep, each) in enumerate(rounds):
        texts = sorted(texts, key=lambda t: _closeness(counts[t]), reverse=True)[:keep]
        asked = [t for t in texts for _ in range(each)]
        seeds = [seed + number * 1000 + i for i in range(len(asked))]
        for text, reading in zip(
            asked, asker.say(asked, temperature=1.0, seeds=seeds), strict=True
        ):
            if reading.token is not None:
                counts[text][reading.token] += 1
        progress("searching border inputs", number + 1, len(rounds))
        if not any(len(c) > 1 for c in counts.values()):
            notes = [
                "at temperature 1 the server never answers the same question in two ways: it "
                "takes no temperature, or it keeps answers; contexts are used as they come"
            ]
            break
    near = sorted(texts, key=lambda t: _closeness(counts[t]), reverse=True)
    sure = [t for t, c in counts.items() if len(c) == 1 and t not in near]
    tokens = {t: [token for token, _ in c.most_common()] for t, c in counts.items()}
    return _Searched(near, sure, tokens, notes)


def _closeness(counts: Counter[str]) -> tuple[float, int]:
    """How nearly as often the second token came as the first; then how many different ones."""
    (_, first), (_, second) = [*counts.most_common(2), ("", 0), ("", 0)][:2]
    return (second + 0.5) / (first + 0.5), len(counts)


def _steady(
    asker: Asker,
    texts: Sequence[str],
    source: Iterator[str],
    effort: Effort,
    *,
    again: bool = True,
) -> tuple[dict[str, str], bool, list[str]]:
    """What is said at each context that holds still, and whether the server decodes greedily.

    Where it does not, surer contexts are tried, unless `again` says not to.
    """
    first = _held(asker, texts)
    notes = [CACHED] if first.cached else []
    if first.asked and len(first.said) * 2 >= first.asked:
        return first.said, True, notes
    if not again:
        return first.said, False, notes
    notes.append(
        f"at temperature 0 the server answers {first.asked - len(first.said)} of {first.asked} "
        "border inputs now so, now so: it samples, or rounds differently from call to call. Inputs "
        "that are surer are watched instead, and it takes more queries to see a change"
    )
    said: dict[str, str] = {}
    asked = 0
    while len(said) < effort.pool and asked < effort.contexts and not asker.trouble:
        more = _held(asker, list(islice(source, effort.pool)), SURE)
        said |= more.said
        asked += more.asked
    return said, False, notes


@dataclass(frozen=True, slots=True)
class _Held:
    """Tokens that came every time; contexts answered every time; whether answers are kept."""

    said: dict[str, str]
    asked: int
    cached: bool


def _held(asker: Asker, texts: Sequence[str], times: int = STEADY) -> _Held:
    """Which contexts hold still.

    Every second time one token more is asked for: a server that keeps answers then makes a new one.
    """
    more = [k % 2 if asker.limit == 1 else 0 for k in range(times)]
    rounds = [asker.say(texts, extra=[extra] * len(texts)) for extra in more]
    held, whole, apart = {}, 0, [0, 0]  # apart: when the same was asked, and when one more was
    for text, *told in zip(texts, *rounds, strict=True):
        tokens = [r.token for r in told if r.token is not None]
        if len(tokens) < times:
            continue
        whole += 1
        differs = [
            not t.startswith(tokens[0]) if extra else t != tokens[0]
            for t, extra in zip(tokens, more, strict=True)
        ]
        for extra in (0, 1):
            apart[extra] += any(d for d, e in zip(differs, more, strict=True) if e == extra)
        if not any(differs):
            held[text] = tokens[0]
    return _Held(held, whole, times > 2 and not apart[0] and apart[1] * 4 > whole)


def _margins(asker: Asker, texts: Sequence[str]) -> list[BorderInput]:
    """Inputs whose margin is read, with what it differed by when it was read three times."""
    rounds = [asker.score(texts, [top] * len(texts)) for top in (TOP, TOP - 1, TOP)]
    made = []
    for text, *told in zip(texts, *rounds, strict=True):
        tops = [r.tops for r in told if r.answered and r.tops]
        if len(tops) < len(rounds) or len(tops[0]) < 2:
            continue
        token, rival, *_ = sorted(tops[0], key=lambda t: tops[0][t], reverse=True)
        margins = [m for t in tops if (m := margin_of(t, token, rival)) is not None]
        if len(margins) == len(rounds):
            spread = max(margins) - min(margins)
            middle = sorted(margins)[len(margins) // 2]
            made.append(
                BorderInput(text, "log-probs", token, rival, middle, max(SLACK, 4 * spread))
            )
    return made
