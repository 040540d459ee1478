"""Looks by one-token queries: as few as may be, one false-alarm rate for ever."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Literal

from cladist.core.hashing import text_digest
from cladist.core.progress import Progress, silent
from cladist.errors import CladistError, InputError, ModelError
from cladist.kinship.inference.departures import (
    Evidence,
    crowded,
    largest_share,
    learning_error,
    rate_bound,
    ratio_of,
    threshold,
)
from cladist.models.base import Model
from cladist.models.served import Served
from cladist.provenance.border.asking import Asker
from cladist.provenance.border.explaining import explanations, observed, worded
from cladist.provenance.border.inputs import Border, Query
from cladist.provenance.border.learning import Effort, drawn, learn, sitting

__all__ = [
    "Draft",
    "Rules",
    "Status",
    "TokenLook",
    "Watched",
    "begun_look",
    "bound_of",
    "ended_look",
    "in_use",
    "now_text",
    "take_look",
    "without_worn",
]

Status = Literal["learning", "learnt", "same", "inconclusive", "changed", "failed"]
BATCH = 4
CALM = 0.5
"""A look ends as calm when bets begun in it are worth less than this."""
WEAR_ERROR = 0.05
"""How unsure it may be, when inputs are left out as worn, that no more depart than may."""
MOST_BOUND = 0.5
"""Honest departures beyond which nothing can be watched."""


@dataclass(frozen=True, slots=True)
class Rules:
    """How strictly is watched.

    alpha      probability of a false alarm, ever
    tolerance  share of the inputs at which an honest server may always depart
    least      queries of a look at least, and `most`
    explain    whether more is asked after a change, to tell what it is
    """

    alpha: float = 0.01
    tolerance: float = 0.05
    least: int = 4
    most: int = 60
    explain: bool = True

    def __post_init__(self) -> None:
        if not 0 < self.alpha < 1 or not 0 < self.tolerance < MOST_BOUND:
            raise InputError(
                f"a false-alarm rate of {self.alpha:g} or a tolerance of {self.tolerance:g} is "
                f"out of range (0 to 1; 0 to {MOST_BOUND})"
            )
        if not 1 <= self.least <= self.most:
            raise InputError("a look needs one query at least, and no more at least than at most")


@dataclass(frozen=True, slots=True)
class Watched:
    """What a watch knows of one endpoint, between its looks.

    model        name of the model, and `fingerprint` of the deployment as it is asked
    secret       seed of the contexts
    epoch        how often inputs were learnt before
    wear         queries and departures at each input, while nothing was wrong
    suspect      queries since the last calm look
    changed      when a change was called; '' while none was
    """

    model: str
    fingerprint: str
    secret: int
    border: Border | None = None
    evidence: Evidence = field(default_factory=Evidence)
    epoch: int = 0
    wear: tuple[tuple[int, int], ...] = ()
    suspect: int = 0
    changed: str = ""

    @property
    def key(self) -> str:
        """Name of this watch in its log."""
        about = json.dumps([self.model, self.fingerprint, self.secret])
        return text_digest(about)[:16]


@dataclass(frozen=True, slots=True)
class TokenLook:
    """One look, as it is written on a line.

    status    learning or learnt (the reference), same, inconclusive, changed, or failed
    value     what betting on a change has won so far; at `threshold` a change is called
    bound     share of departures that an honest server may have
    asked     queries of this look that were answered, and `departed` of them
    since     queries since the last calm look: what it took to see a change
    queries   all queries of this look, those without an answer among them
    tokens    tokens that they took, as the server tells
    largest   share of departures that cannot be excluded (99%), of this look alone
    explained what may have changed, each with its probability, the likeliest first
    told      the queries and what they brought, from which the look follows
    """

    watch: str
    time: str
    model: str
    number: int
    status: Status
    reason: str
    value: float
    threshold: float
    bound: float | None
    asked: int = 0
    departed: int = 0
    since: int = 0
    queries: int = 0
    tokens: int | None = None
    largest: float | None = None
    served: str = ""
    explained: tuple[tuple[str, float], ...] = ()
    told: tuple[Query, ...] = ()

    def line(self) -> str:
        """JSON on one line."""
        plain = asdict(self)
        plain["told"] = [_short(q) for q in self.told]
        return json.dumps(plain, ensure_ascii=False)


def _short(query: Query) -> list[Any]:
    """A query as a log has it: its place, what it brought, and what else there is to say of it."""
    told: list[Any] = [query.place, query.said]
    return [*told, query.longer, query.error] if query.longer or query.error else told


def bound_of(border: Border, rules: Rules, epoch: int) -> float:
    """Share of departures that the null hypothesis allows, learning's error taken in."""
    if not border.drawn:
        return rules.tolerance
    error = learning_error(rules.alpha, epoch)
    pooled = rate_bound(border.departed, border.drawn, error)
    some = crowded(border.by_look)
    crowd = rate_bound(*some, error) if some else 0.0
    return max(rules.tolerance, pooled, crowd)


def take_look(
    model: Model,
    watched: Watched,
    rules: Rules,
    effort: Effort,
    draw: random.Random,
    progress: Progress = silent,
) -> tuple[TokenLook, Watched]:
    """One look, and what is known after it. Learns first, where nothing was learnt.

    A model that cannot be reached makes a failed look, which changes nothing. After a change no
    more is asked until the watch is begun anew. Raises `CoverageError` when the model cannot be
    watched in this way.
    """
    if watched.changed:
        why = f"changed at {watched.changed}; nothing is asked until what answers now is accepted"
        return _told(watched, rules, "changed", why), watched
    asker = Asker(model, watched.border.interface if watched.border else None)
    watched = in_use(watched, rules, effort.pool)
    if watched.border is None or not watched.border.learnt:
        return _learning(asker, watched, rules, effort, draw, progress)
    return _looking(asker, watched, rules, draw)


def _learning(
    asker: Asker,
    watched: Watched,
    rules: Rules,
    effort: Effort,
    draw: random.Random,
    progress: Progress,
) -> tuple[TokenLook, Watched]:
    border, before = watched.border, watched
    try:
        if border is None:
            border = learn(asker, effort, watched.secret + watched.epoch, progress)
            watched = replace(watched, border=border, wear=((0, 0),) * len(border.inputs))
        asker.limit = border.limit
        share = -(-effort.replicates // effort.sittings)
        progress("asking the same again", border.drawn, border.needed)
        count = max(2, min(share, border.needed - border.drawn))  # of two, one is asked otherwise
        border, queries = sitting(asker, border, count, draw)
    except ModelError as problem:
        return _told(before, rules, "failed", str(problem), asker), before
    watched = replace(watched, border=border)
    if asker.trouble:
        return _told(watched, rules, "failed", asker.trouble, asker), watched
    bound = bound_of(border, rules, watched.epoch)
    if border.learnt and bound > MOST_BOUND:
        raise CladistError(
            f"{border.departed} of {border.drawn} honest answers depart, which may be {bound:.0%} "
            "in a look: nothing could be seen beside that. Use the watch by probes for it"
        )
    found = (
        f"{len(border.inputs)} inputs, {border.departed} of {border.drawn} answers departed when "
        f"they were asked again; up to {bound:.1%} count as honest"
    )
    again = "inputs had worn out and were learnt anew: " if watched.epoch else ""
    reason = ". ".join(filter(None, [again + found, *border.notes, asker.miscounted]))
    told = _told(watched, rules, "learnt" if border.learnt else "learning", reason, asker)
    return replace(told, told=tuple(queries)), watched


def _looking(
    asker: Asker, watched: Watched, rules: Rules, draw: random.Random
) -> tuple[TokenLook, Watched]:
    border = watched.border
    if border is None:
        raise InputError("nothing was learnt of this endpoint yet")
    asker.limit = border.limit
    bound, limit = bound_of(border, rules, watched.epoch), threshold(rules.alpha)
    draft, failures = begun_look(watched, bound), Counter[str]()
    while draft.evidence.value < limit and len(draft.seen) < rules.most and not asker.trouble:
        size = min(BATCH if draft.seen else rules.least, rules.most - len(draft.seen))
        chosen = [draw.randrange(len(border.inputs)) for _ in range(size)]
        found = drawn(asker, border, chosen, draw)
        failures.update(q.error for q in found if q.error)
        draft = draft.after(found, border)
        if all(q.error for q in found) or (len(draft.seen) >= rules.least and draft.calm):
            break
    if not draft.seen:
        why = failures.most_common(1)[0][0] if failures else "nothing was asked"
        return _told(watched, rules, "failed", why, asker), watched
    status, after = ended_look(watched, draft, limit)
    seen, since = draft.seen, watched.suspect + len(draft.seen)
    departed = sum(f for _, f in seen)
    if status == "changed":
        after = replace(after, changed=now_text())
    explained: tuple[tuple[str, float], ...] = ()
    if status == "changed" and rules.explain and border.greedy and not asker.trouble:
        won = max(1.0, draft.evidence.value)
        explained = explanations(observed(asker, border, draw), unchanged=1 / won)
    reason = _reason(status, departed, len(seen), since, asker, border, failures)
    if explained:
        reason += f". {worded(explained)}"
    told = _told(after, rules, status, reason, asker)
    largest = round(largest_share(departed, len(seen), 0.01), 4)
    return replace(
        told, asked=len(seen), departed=departed, since=since, largest=largest,
        explained=explained, told=draft.told,
    ), after  # fmt: skip


@dataclass(frozen=True)
class Draft:
    """A look under way: its evidence, what was seen at which input, and what was told."""

    evidence: Evidence
    bound: float
    seen: tuple[tuple[int, bool], ...] = ()
    told: tuple[Query, ...] = ()

    @property
    def calm(self) -> bool:
        """Whether bets begun in this look are worth little, and all bets no more than at first."""
        worth = ratio_of([f for _, f in self.seen], self.bound)
        return worth < CALM and self.evidence.value <= 1

    def after(self, found: Sequence[Query], border: Border) -> Draft:
        """The look with these queries too; those without an answer count for nothing."""
        new = tuple((q.place, q.departs(border.inputs[q.place])) for q in found if not q.error)
        evidence = self.evidence.after([f for _, f in new], self.bound)
        return replace(
            self, evidence=evidence, seen=self.seen + new, told=(*self.told, *found)
        )  # fmt: skip


def begun_look(watched: Watched, bound: float) -> Draft:
    """A look that has asked nothing yet."""
    return Draft(watched.evidence.begun(), bound)


def ended_look(watched: Watched, draft: Draft, limit: float) -> tuple[Status, Watched]:
    """What a look came to, and what is known after it; `changed` is for the caller to date."""
    status: Status = (
        "changed" if draft.evidence.value >= limit else "same" if draft.calm else "inconclusive"
    )
    suspect = 0 if status == "same" else watched.suspect + len(draft.seen)
    wear = _wear(watched.wear, draft.seen)
    return status, replace(watched, evidence=draft.evidence, suspect=suspect, wear=wear)


def _reason(
    status: Status,
    departed: int,
    asked: int,
    since: int,
    asker: Asker,
    border: Border,
    failures: Counter[str],
) -> str:
    said = [f"{departed} of {asked} one-token answers depart from the reference"]
    if status == "changed":
        said = [f"{said[0]}; seen after {since} queries"]
    if failures:
        (words, count), *_ = failures.most_common(1)
        said.append(f"{sum(failures.values())} were not answered, most often ({count}): {words}")
    served = asker.model.served_model if isinstance(asker.model, Served) else ""
    if served and border.served and served != border.served:
        said.append(f"the endpoint now answers as '{served}' instead of '{border.served}'")
    if asker.miscounted:
        said.append(asker.miscounted)
    return ". ".join(said)


def _wear(
    wear: tuple[tuple[int, int], ...], seen: Sequence[tuple[int, bool]]
) -> tuple[tuple[int, int], ...]:
    counts = [list(w) for w in wear]
    for index, departed in seen:
        counts[index][0] += 1
        counts[index][1] += departed
    return tuple((a, b) for a, b in counts)


def in_use(watched: Watched, rules: Rules, pool: int) -> Watched:
    """The watch as its next look begins: without worn inputs, and anew where half of them are."""
    watched = without_worn(watched, rules)
    if watched.border is None or len(watched.border.inputs) >= pool // 2:
        return watched
    return replace(watched, border=None, epoch=watched.epoch + 1, wear=(), suspect=0)


def without_worn(watched: Watched, rules: Rules) -> Watched:
    """The watch without inputs that departed again and again, though the server is honest.

    They go only when it is all but certain (95%) that no more depart than an honest server may,
    so that a small change is not taken for wear. To leave out inputs that depart makes the honest
    rate no larger, so the bound stays what it was.
    """
    border = watched.border
    if border is None or not border.learnt or watched.suspect:
        return watched
    asked, departed = (sum(w[i] for w in watched.wear) for i in (0, 1))
    worn = {i for i, (n, d) in enumerate(watched.wear) if d >= 2 and d * 2 >= n}
    bound = bound_of(border, rules, watched.epoch)
    if not worn or rate_bound(departed, asked, WEAR_ERROR) >= bound:
        return watched
    kept = [i for i in range(len(border.inputs)) if i not in worn]
    return replace(
        watched,
        border=replace(border, inputs=tuple(border.inputs[i] for i in kept)),
        wear=tuple(watched.wear[i] for i in kept),
    )


def _told(
    watched: Watched, rules: Rules, status: Status, reason: str, asker: Asker | None = None
) -> TokenLook:
    border = watched.border
    return TokenLook(
        watched.key, now_text(), watched.model, watched.evidence.looks, status, reason,
        watched.evidence.value, threshold(rules.alpha),
        bound_of(border, rules, watched.epoch) if border else None,
        queries=asker.queries if asker else 0,
        tokens=asker.tokens if asker else None,
        served=asker.model.served_model if asker and isinstance(asker.model, Served) else "",
    )  # fmt: skip


def now_text() -> str:
    """The time in UTC, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")
