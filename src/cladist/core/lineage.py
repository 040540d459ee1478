"""Declared lineage: what people say about where a model comes from, and where they say it.

Every reader of a document (model card, merge recipe, adapter, GGUF header, table) gives one
`Lineage`; they add up, and whatever they say against each other stays visible.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from cladist.core.names import may_be_same, namesakes, parse_name, variant

__all__ = ["RELATIONS", "DeclaredLink", "Disagreement", "Lineage", "join", "norm_relation"]

RELATIONS = ("finetune", "adapter", "quantized", "merge", "distill", "copy", "continued", "other")
"""Relations that are told apart. The first four are those of Hugging Face model cards."""

_SYNONYMS = {
    "finetuned": "finetune", "fine-tune": "finetune", "fine-tuned": "finetune", "sft": "finetune",
    "instruct": "finetune", "dpo": "finetune", "rlhf": "finetune", "abliterated": "finetune",
    "lora": "adapter", "peft": "adapter", "quantised": "quantized", "quantization": "quantized",
    "quantized-from": "quantized", "merged": "merge", "moe-merge": "merge", "distilled": "distill",
    "distillation": "distill", "continued-pretrain": "continued", "pretrain": "",
}  # fmt: skip

_FINETUNES = {"finetune", "adapter", "continued"}
"""Words that do not contradict each other: the others are ways of fine-tuning."""

Kind = Literal["cycle", "itself", "relation", "parent", "founder", "licence"]


def norm_relation(text: str) -> str:
    """A relation in the words of RELATIONS, '' for none, 'other' for a word nobody knows."""
    word = "-".join(text.strip().casefold().replace("_", "-").split())
    word = _SYNONYMS.get(word, word)
    return word if not word or word in RELATIONS else "other"


@dataclass(frozen=True, slots=True, order=True)
class DeclaredLink:
    """`child` is said to come from `parent`; `relation` is one of RELATIONS or '' for not said.

    source   where it is written, for people
    written  the parent as it is written there, with its revision, where that differs
    held     the parent is that of the model which the child's file holds, as GGUF headers tell it
    """

    child: str
    parent: str
    relation: str = ""
    source: str = ""
    written: str = field(default="", compare=False)
    held: bool = field(default=False, compare=False)


@dataclass(frozen=True, slots=True, order=True)
class Disagreement:
    """Declarations that cannot all be true.

    cycle     models that descend from each other
    itself    a model that is its own parent
    relation  one link with two relations
    parent    two sources that name different single parents
    founder   a source that names a parent, and one that says there is none
    licence   two licences of one model
    """

    kind: Kind
    models: tuple[str, ...]
    message: str


@dataclass(frozen=True)
class Lineage:
    """Everything that is declared.

    links     in the order found, repeated statements kept once
    licences  per model the licences that were named, in order
    dates     per model a release date (ISO, or a part of it)
    models    models that a source speaks about, also those of which it names no parent
    founders  models of which a source says that they have no parent, which saying nothing is not
    remarks   what could not be read, or was not decided, in sentences
    """

    links: tuple[DeclaredLink, ...] = ()
    licences: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    dates: Mapping[str, str] = field(default_factory=dict)
    models: tuple[str, ...] = ()
    founders: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()

    def silent(self) -> tuple[str, ...]:
        """Models that sources speak about without a word on parents."""
        told = {k.child for k in self.links} | set(self.founders)
        return tuple(m for m in self.models if m not in told)

    def parents(self, child: str) -> tuple[str, ...]:
        """Declared parents of a model, in order, each once."""
        return tuple(dict.fromkeys(k.parent for k in self.links if k.child == child))

    def children(self, parent: str) -> tuple[str, ...]:
        """Models that name it as a parent."""
        return tuple(dict.fromkeys(k.child for k in self.links if k.parent == parent))

    def licence(self, model: str) -> str:
        """The licence named first, '' for none."""
        return next(iter(self.licences.get(model, ())), "")

    def first_parents(self) -> dict[str, str]:
        """Child to first parent ('' for none), as `phylogeny.declared` takes it.

        Merges lose their others.
        """
        out: dict[str, str] = {}
        for link in self.links:
            out.setdefault(link.child, link.parent)
        for founder in self.founders:
            out.setdefault(founder, "")
        return out

    def ancestors(self, model: str) -> tuple[str, ...]:
        """All declared ancestors, nearest first; ends where declarations run in a circle."""
        seen: dict[str, None] = {}
        edge = [model]
        above = self._above()
        while edge:
            edge = [p for m in edge for p in above.get(m, ()) if p != model and p not in seen]
            seen.update(dict.fromkeys(edge))
        return tuple(seen)

    def components(self, names: Iterable[str]) -> dict[str, int]:
        """A number for each of `names`: equal where declared links connect them, at any remove."""
        wanted = list(names)
        root = {n: n for k in self.links for n in (k.child, k.parent)} | {n: n for n in wanted}

        def find(name: str) -> str:
            while root[name] != name:
                root[name] = root[root[name]]
                name = root[name]
            return name

        for link in self.links:
            root[find(link.child)] = find(link.parent)
        number: dict[str, int] = {}
        return {n: number.setdefault(find(n), len(number)) for n in wanted}

    def renamed(self, names: Mapping[str, str]) -> Lineage:
        """The same with other names for models, where `names` has one."""

        def new(name: str) -> str:
            return names.get(name, name)

        licences: dict[str, tuple[str, ...]] = {}
        for name, found in self.licences.items():
            licences[new(name)] = tuple(dict.fromkeys((*licences.get(new(name), ()), *found)))
        links = (replace(k, child=new(k.child), parent=new(k.parent)) for k in self.links)
        dates: dict[str, str] = {}
        for name, date in self.dates.items():
            dates.setdefault(new(name), date)
        return Lineage(
            tuple(dict.fromkeys(links)),
            licences,
            dates,
            tuple(dict.fromkeys(new(n) for n in self.models)),
            tuple(dict.fromkeys(new(n) for n in self.founders)),
            self.remarks,
        )

    def without_circles(self) -> Lineage:
        """The same without links that run in a circle, of a model to itself above all.

        What was left out is in the remarks; `disagreements` of the whole names it too. O(links).
        """
        circles = [d for d in self.disagreements() if d.kind in ("itself", "cycle")]
        if not circles:
            return self
        from scipy.sparse import coo_array
        from scipy.sparse.csgraph import connected_components

        number: dict[str, int] = {}
        for k in self.links:
            number.setdefault(k.child, len(number))
            number.setdefault(k.parent, len(number))
        rows = [number[k.child] for k in self.links]
        columns = [number[k.parent] for k in self.links]
        graph = coo_array(([1] * len(rows), (rows, columns)), shape=(len(number), len(number)))
        knot = connected_components(graph, directed=True, connection="strong")[1]
        kept = tuple(
            k for k, i, j in zip(self.links, rows, columns, strict=True) if knot[i] != knot[j]
        )
        told = tuple(f"{d.message}; left out here" for d in circles)
        return replace(self, links=kept, remarks=(*self.remarks, *told))

    def disagreements(self) -> list[Disagreement]:
        """What cannot all be true, sorted. O(links)."""
        found = [
            Disagreement("itself", (k.child,), f"'{k.child}' is declared as its own parent")
            for k in self.links
            if k.child == k.parent
        ]
        said: dict[tuple[str, str], dict[str, str]] = {}
        by_source: dict[str, dict[str, list[DeclaredLink]]] = {}
        for k in self.links:
            if k.relation:
                said.setdefault((k.child, k.parent), {}).setdefault(k.relation, k.source)
            by_source.setdefault(k.child, {}).setdefault(k.source, []).append(k)
        for (child, parent), words in said.items():
            if len(words) > 1 and not set(words) <= _FINETUNES:
                told = " and ".join(f"'{w}' ({s or 'no source'})" for w, s in words.items())
                message = f"'{child}' is declared to come from '{parent}' by {told}"
                found.append(Disagreement("relation", (child, parent), message))
        found.extend(_other_parents(by_source))
        for m in self.founders:
            for parent in self.parents(m)[:1]:
                message = f"'{m}' is said to have no parent, and to come from '{parent}'"
                found.append(Disagreement("founder", (m, parent), message))
        found.extend(
            Disagreement("licence", (m,), f"'{m}' is declared under {' and '.join(names)}")
            for m, names in self.licences.items()
            if len({n.casefold() for n in names}) > 1
        )
        found.extend(self._cycles())
        return sorted(set(found))

    def _above(self) -> dict[str, list[str]]:
        above: dict[str, list[str]] = {}
        for link in self.links:
            if link.parent not in above.setdefault(link.child, []):
                above[link.child].append(link.parent)
        return above

    def _cycles(self) -> Iterator[Disagreement]:
        """One disagreement a circle, by a walk without recursion."""
        above = self._above()
        done: set[str] = set()
        for start in above:
            path: list[str] = []
            place: dict[str, int] = {}
            stack: list[tuple[str, Iterator[str]]] = []
            if start not in done:
                stack.append((start, iter(above[start])))
                place[start], path = 0, [start]
            while stack:
                node, rest = stack[-1]
                parent = next((p for p in rest if p not in done and p != node), None)
                if parent is None:
                    stack.pop()
                    path.pop()
                    del place[node]
                    done.add(node)
                elif parent in place:
                    circle = path[place[parent] :]
                    least = circle.index(min(circle))
                    circle = circle[least:] + circle[:least]
                    shown = " -> ".join(f"'{m}'" for m in (*circle[:6], circle[0]))
                    message = f"models are declared to descend from each other: {shown}"
                    yield Disagreement("cycle", tuple(circle), message)
                else:
                    place[parent] = len(path)
                    path.append(parent)
                    stack.append((parent, iter(above.get(parent, ()))))


def _other_parents(
    by_source: Mapping[str, Mapping[str, list[DeclaredLink]]],
) -> Iterator[Disagreement]:
    """Sources that name different parents, and none of whose parents another one names too.

    Parents that may be one model, a mirror or a quantisation of each other are not different.
    """
    for child, sources in by_source.items():
        named = [(s, {k.parent for k in links}) for s, links in sources.items()]
        for i, (one, a) in enumerate(named):
            for other, b in named[i + 1 :]:
                if not a & b and not any(_akin(x, y) for x in a for y in b):
                    message = (
                        f"'{child}' is declared to come from '{min(a)}' ({one or 'no source'}) and "
                        f"from '{min(b)}' ({other or 'no source'})"
                    )
                    yield Disagreement("parent", (child, min(a), min(b)), message)


def _akin(a: str, b: str) -> bool:
    """Whether two names may be of one model, or of one and its mirror or quantisation."""
    one, other = parse_name(a), parse_name(b)
    return (
        may_be_same(one, other) or namesakes(one, other) or variant(one).name == variant(other).name
    )


def join(parts: Iterable[Lineage]) -> Lineage:
    """All declarations together; the date named first stays."""
    links: dict[DeclaredLink, None] = {}
    licences: dict[str, tuple[str, ...]] = {}
    dates: dict[str, str] = {}
    models: dict[str, None] = {}
    founders: dict[str, None] = {}
    remarks: dict[str, None] = {}
    for part in parts:
        for link in part.links:
            links.setdefault(link)
        models.update(dict.fromkeys(part.models))
        founders.update(dict.fromkeys(part.founders))
        remarks.update(dict.fromkeys(part.remarks))
        for name, found in part.licences.items():
            licences[name] = tuple(dict.fromkeys((*licences.get(name, ()), *found)))
        for name, date in part.dates.items():
            dates.setdefault(name, date)
    return Lineage(tuple(links), licences, dates, tuple(models), tuple(founders), tuple(remarks))
