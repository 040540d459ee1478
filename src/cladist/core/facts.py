"""Who is who: facts on models that are known beforehand, merged and looked up by any name."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace

from cladist.core.name_index import NameIndex
from cladist.core.names import may_be_same, parse_name

__all__ = ["COLUMNS", "CONFIDENCES", "FACT_RELATIONS", "Conflict", "Fact", "Facts", "merge_facts"]

CONFIDENCES = ("high", "medium", "low")
"""How sure a fact is, surest first."""

FACT_RELATIONS = (
    "pretrain", "instruct", "finetune", "dpo", "continued", "adapter", "quantized", "merge",
    "moe-merge", "distill", "copy", "abliterated", "other",
)  # fmt: skip
"""How a model was made from its parent; 'pretrain' is from nothing."""


@dataclass(frozen=True, slots=True)
class Fact:
    """What is known of one model; '' where a thing is not known.

    model       the name that it is known by
    hub_id      org/name on the Hub
    foundation  pretrained model whose weights it descends from without a change of shape
    root        where that comes from, changes of shape followed
    parent      the model that it was made from directly
    relation    one of FACT_RELATIONS
    maker       who published it
    group       families that are not clearly unrelated, such as generations of one maker
    released    ISO date, or its year or month
    licence     as model cards name it
    source      where the fact is from
    confidence  high, medium or low
    own         whether it is a correction of this user
    """

    model: str
    hub_id: str = ""
    foundation: str = ""
    root: str = ""
    parent: str = ""
    relation: str = ""
    maker: str = ""
    group: str = ""
    released: str = ""
    licence: str = ""
    source: str = ""
    confidence: str = "medium"
    own: bool = False

    @property
    def key(self) -> str:
        """Equal for two facts on one model, org_name and org/name being one."""
        return parse_name(self.hub_id or self.model).flat

    @property
    def sure(self) -> bool:
        """Whether it may be used where nobody looks at it first."""
        return self.own or self.confidence in ("high", "medium")


COLUMNS = tuple(f for f in asdict(Fact("")) if f != "own")
"""Columns of a table of facts, in order."""

_NAMES = ("hub_id", "foundation", "root", "parent")
_DECIDED = (*_NAMES, "relation", "maker", "group", "released", "licence")


@dataclass(frozen=True, slots=True)
class Conflict:
    """Sources that differ on one thing, the value kept first, each with source and confidence."""

    model: str
    what: str
    values: tuple[tuple[str, str, str], ...]

    @property
    def message(self) -> str:
        """In a sentence."""
        kept, *others = self.values
        told = ", ".join(f"'{v}' ({s}, {c})" for v, s, c in others)
        return f"{self.model}: {self.what} is '{kept[0]}' ({kept[1]}, {kept[2]}); others say {told}"


def merge_facts(facts: Iterable[Fact]) -> tuple[list[Fact], list[Conflict]]:
    """One fact a model, and where sources differ.

    Of every column the value of the surest fact is kept, a user's own before all; of equally sure
    ones what most say, then what comes first, of dates the earliest. A date that says more than
    another which it agrees with is no conflict, and neither are two ways of writing one model.

    Parameters
    ----------
    facts
        In the order in which sources are trusted.

    Returns
    -------
    tuple
        Facts sorted by model, and conflicts in the same order.

    Examples
    --------
    >>> a = Fact("org/m", licence="mit", source="a", confidence="high")
    >>> b = Fact("Org/M", licence="gemma", source="b", confidence="low")
    >>> merged, conflicts = merge_facts([b, a])
    >>> merged[0].licence, len(conflicts)
    ('mit', 1)
    """
    by_key: dict[str, list[Fact]] = {}
    for fact in facts:
        by_key.setdefault(fact.key, []).append(fact)
    made, conflicts = [], []
    for rows in by_key.values():
        one, found = _merged(rows)
        made.append(one)
        conflicts.extend(found)
    made.sort(key=lambda f: (f.model.casefold(), f.model))
    return made, sorted(conflicts, key=lambda c: (c.model.casefold(), _DECIDED.index(c.what)))


def _rank(fact: Fact) -> int:
    if fact.own:
        return -1
    return CONFIDENCES.index(fact.confidence) if fact.confidence in CONFIDENCES else 3


def _merged(rows: Sequence[Fact]) -> tuple[Fact, list[Conflict]]:
    order = sorted(rows, key=_rank)
    first = order[0]
    values: dict[str, str] = {}
    conflicts = []
    for what in _DECIDED:
        told = [(str(getattr(f, what)), f) for f in order if getattr(f, what)]
        if not told:
            continue
        votes = Counter(_folded(what, v) for v, f in told if _rank(f) == _rank(told[0][1]))
        best = next(v for v, _ in told if _folded(what, v) == votes.most_common(1)[0][0])
        if what == "released":
            # Equally many say different dates: what was out earlier was not released later.
            least = {v for v, _ in told if votes.get(_folded(what, v), 0) == max(votes.values())}
            best = min(least)
            best = max((v for v, _ in told if v.startswith(best)), key=len)
        values[what] = best
        others = [(v, f) for v, f in told if not _agree(what, v, best)]
        if others:
            keeper = next(f for v, f in told if _agree(what, v, best))
            rest = dict.fromkeys((v, f.source, f.confidence) for v, f in others)
            whole = ((best, keeper.source, keeper.confidence), *rest)
            conflicts.append(Conflict(first.hub_id or first.model, what, whole))
    sources = dict.fromkeys(s for f in order for s in f.source.split("; ") if s)
    own = any(f.own for f in rows)
    return replace(first, **values, source="; ".join(sources), own=own), conflicts


def _folded(what: str, value: str) -> str:
    return parse_name(value).key if what in _NAMES else value.casefold()


def _agree(what: str, a: str, b: str) -> bool:
    if what in _NAMES:
        return may_be_same(parse_name(a), parse_name(b))
    if what == "released":
        return a.startswith(b) or b.startswith(a)
    return a.casefold() == b.casefold()


class Facts:
    """Facts that are looked up by any way in which a model is written.

    Parameters
    ----------
    facts
        One a model, as `merge_facts` gives them.

    Examples
    --------
    >>> known = Facts([Fact("org/some-7b", "org/some-7b", licence="mit")])
    >>> known.find("models--Org--Some-7B/snapshots/0a1b").licence
    'mit'
    """

    def __init__(self, facts: Iterable[Fact]) -> None:
        self._facts: dict[str, Fact] = {}
        for fact in facts:
            self._facts.setdefault(fact.model, fact)
        forms = {m: tuple({f.hub_id} - {"", m}) for m, f in self._facts.items()}
        self._index = NameIndex(forms)

    def __len__(self) -> int:
        return len(self._facts)

    def __iter__(self) -> Iterator[Fact]:
        return iter(self._facts.values())

    def find(self, name: str) -> Fact | None:
        """The fact on a model; None where there is none, or where the name fits several."""
        fits = self._index.find(name)
        return self._facts[fits[0]] if len(fits) == 1 else None

    def candidates(self, name: str) -> tuple[Fact, ...]:
        """Facts that a name fits alike: none, one, or several between which it does not decide."""
        return tuple(self._facts[m] for m in self._index.find(name))

    def of(self, names: Iterable[str]) -> Mapping[str, Fact]:
        """Facts that are sure enough to be used unasked, by the names given."""
        order = list(names)
        found = self._index.match(order).found
        return {
            n: self._facts[found[n]] for n in order if n in found and self._facts[found[n]].sure
        }
