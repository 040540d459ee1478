"""Audit of a registry: what is declared of its models against what they show.

    contradiction   declarations that cannot all be true, or that dates, copies or the measured
                    evidence speak against
    undocumented    kin that no declaration connects (`provenance.relations`)
    licence         terms that do not fit along a declared or measured line of descent
    duplicate       one model under several names
    unconfirmed     a declared link whose models have no more in common than unrelated ones
    untested        a declared link that could not be tested, and why

Each finding is an error, a warning or a note. Only relations that are shown are warnings or
worse; what merely could not be confirmed, or tested, is a note. What was not tested is counted
apart, as silence about it is no reassurance.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from cladist.core.dates import year_range
from cladist.core.lineage import DeclaredLink, Lineage
from cladist.core.progress import Progress, silent
from cladist.errors import InputError
from cladist.kinship.inference.decision import (
    DEFAULT,
    Decision,
    PairFacts,
    Policy,
    test_declared,
    untestable,
)
from cladist.provenance.duplicates import Duplicate, duplicates
from cladist.provenance.licences import conflicts
from cladist.provenance.material import Material
from cladist.provenance.relations import (
    Control,
    Declarations,
    Relation,
    Tested,
    held_against,
    undocumented,
)

__all__ = ["LEVELS", "Audit", "Finding", "audit"]

Kind = Literal["contradiction", "undocumented", "licence", "duplicate", "unconfirmed", "untested"]
Level = Literal["error", "warning", "note"]
LEVELS: tuple[Level, ...] = ("error", "warning", "note")


@dataclass(frozen=True)
class Finding:
    """One thing to look at.

    models  those concerned; of a line of descent the child first
    q       adjusted p-value where it was tested, None for what is plain to see
    detail  numbers and sources behind it
    """

    kind: Kind
    level: Level
    models: tuple[str, ...]
    message: str
    q: float | None = None
    detail: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Audit:
    """Findings, worst first, and what they rest on.

    rate       false discovery rate that undocumented relations keep to
    control    'bh' or 'by': under which dependence it does
    tests      models held against families; 0 when nothing could be tested, and `basis` says why
    withdrawn  findings whose strongest pair is not called related
    absent     declared links of which a model is not here
    untested   declared links among the models here that could not be tested
    """

    findings: tuple[Finding, ...]
    models: int
    links: int
    rate: float
    control: Control
    tests: int
    withdrawn: int
    basis: str
    absent: int = 0
    untested: int = 0

    @property
    def could_not_test(self) -> bool:
        """Whether something was to be tested and could not be."""
        return self.tests == 0 or self.untested > 0

    def worst(self) -> Level | None:
        """The highest level among the findings, None without any."""
        return min((f.level for f in self.findings), key=LEVELS.index, default=None)


def audit(
    material: Material,
    *,
    rate: float = 0.05,
    control: Control = "by",
    policy: Policy = DEFAULT,
    progress: Progress = silent,
) -> Audit:
    """Hold declarations against evidence. See the module's head for what is found.

    With too few models for a calibration only what needs none is looked at, and `basis` says so.
    `InputError` for a rate outside 0 to 1 or a date that cannot be read.
    """
    if not 0 < rate < 1:
        raise InputError(f"a false discovery rate of {rate} is outside 0 to 1")
    lineage, names = material.lineage, set(material.pairs.models)
    found = [
        Finding("contradiction", "error", d.models, d.message, detail={"what": d.kind})
        for d in lineage.disagreements()
    ]
    found.extend(_dates(lineage))
    copies = duplicates(material.responses, material.prompts)
    found.extend(_copies(lineage, copies))
    twice = {frozenset((d.a, d.b)) for d in copies}
    held: Declarations | None = None
    try:
        held = held_against(material.responses, material.pairs, material.families(), material.flags)
        tested = undocumented(held, rate=rate, control=control, policy=policy, progress=progress)
    except InputError as problem:
        tested = Tested((), 0, 0, control, f"relations were not tested: {problem}")
    shown = [r for r in tested.relations if frozenset((r.model, r.other)) not in twice]
    found.extend(_relation(r, tested) for r in shown)
    links = _links(material, held, tested, replace(policy, beta=rate))
    found.extend(links)
    edges = [(k.child, p, "declared") for k in lineage.links for p in (k.parent,)]
    edges += [
        (m, a, "declared, at a remove") for m in _children(lineage) for a in lineage.ancestors(m)
    ]
    edges += [e for r in shown for e in _directed(lineage, r.model, r.other, "measured kin")]
    edges += [e for d in copies for e in _directed(lineage, d.a, d.b, "the same answers")]
    found.extend(_licences(lineage, edges))
    order = {
        "contradiction": 0,
        "undocumented": 1,
        "licence": 2,
        "duplicate": 3,
        "unconfirmed": 4,
        "untested": 5,
    }
    found.sort(
        key=lambda f: (LEVELS.index(f.level), order[f.kind], f.q or 0.0, -_excess(f), f.models)
    )
    inside = sum(k.child in names and k.parent in names for k in lineage.links)
    return Audit(
        tuple(found), len(names), inside, rate, tested.control, tested.tests, tested.withdrawn,
        tested.basis, len(lineage.links) - inside, sum(f.kind == "untested" for f in links),
    )  # fmt: skip


def _excess(finding: Finding) -> float:
    return float(finding.detail.get("excess", 0.0))


def _children(lineage: Lineage) -> list[str]:
    return list(dict.fromkeys(k.child for k in lineage.links))


def _dates(lineage: Lineage) -> Iterator[Finding]:
    for k in lineage.links:
        child, parent = lineage.dates.get(k.child, ""), lineage.dates.get(k.parent, "")
        if child and parent and year_range(parent)[0] >= year_range(child)[1]:
            message = (
                f"'{k.child}' ({child}) is declared to come from '{k.parent}', which is later "
                f"({parent})"
            )
            yield Finding(
                "contradiction", "error", (k.child, k.parent), message,
                detail={"what": "dates", "source": k.source},
            )  # fmt: skip


def _copies(lineage: Lineage, copies: list[Duplicate]) -> Iterator[Finding]:
    linked = {frozenset((k.child, k.parent)) for k in lineage.links}
    family = lineage.components([m for d in copies for m in (d.a, d.b)])
    for d in copies:
        detail = {"equal": d.equal, "probes": d.probes, "upper_95": d.upper}
        said = (
            f"{d.equal} of {d.probes} answers of '{d.a}' and '{d.b}' are the same to the character"
        )
        a, b = lineage.parents(d.a), lineage.parents(d.b)
        if frozenset((d.a, d.b)) in linked:
            yield Finding(
                "duplicate", "note", (d.a, d.b), f"{said}; one names the other", None, detail
            )
        elif family[d.a] == family[d.b]:
            message = f"{said}; they are declared relatives"
            yield Finding("duplicate", "note", (d.a, d.b), message, None, detail)
        elif a and b:
            message = f"{said}, but they name unrelated parents: '{a[0]}' and '{b[0]}'"
            yield Finding("contradiction", "error", (d.a, d.b), message, None, detail)
        else:
            message = f"{said}; no declaration connects them"
            yield Finding("duplicate", "warning", (d.a, d.b), message, None, detail)


def _relation(r: Relation, tested: Tested) -> Finding:
    message = (
        f"'{r.model}' and '{r.other}' are kin, and no declaration connects them (q = {r.q:.2g} "
        f"among {tested.tests} questions)"
    )
    detail = {
        "excess": r.excess, "p": r.p, "p_probes": r.p_probes, "p_mismatch": r.p_mismatch,
        "family_members": r.members,
    }  # fmt: skip
    return Finding("undocumented", "warning", (r.model, r.other), message, r.q, detail)


def _links(
    material: Material, held: Declarations | None, tested: Tested, policy: Policy
) -> list[Finding]:
    """Declared links that the evidence speaks against, does not confirm, or cannot test."""
    pairs = material.pairs
    place = {m: k for k, m in enumerate(pairs.models)}
    links = [k for k in material.lineage.links if k.child in place and k.parent in place]
    links = [
        k
        for k in links
        if k.child != k.parent and pairs.digest[place[k.child]] != pairs.digest[place[k.parent]]
    ]
    if held is None:
        return [_untested(k, tested.basis) for k in links]
    facts = [held.made.facts(place[k.child], place[k.parent], policy) for k in links]
    decisions = test_declared(facts, policy)
    elsewhere: dict[str, Relation] = {}
    for r in tested.relations:
        elsewhere.setdefault(r.model, r)
        elsewhere.setdefault(r.other, r)
    open_ = sum(d.verdict != "related" for d in decisions) / max(len(decisions), 1)
    out = []
    for k, f, d in zip(links, facts, decisions, strict=True):
        if untestable(d):
            out.append(_untested(k, d.sentence))
        elif d.verdict != "related":
            out.append(_link(k, f, d, elsewhere.get(k.child), open_))
    return out


def _untested(k: DeclaredLink, why: str) -> Finding:
    message = f"'{k.child}' is declared to come from '{k.parent}', which was not tested: {why}"
    return Finding("untested", "note", (k.child, k.parent), message, detail={"source": k.source})


def _link(
    k: DeclaredLink, facts: PairFacts, decided: Decision, other: Relation | None, open_: float
) -> Finding:
    """A declared link that was tested and is not shown."""
    both = (k.child, k.parent)
    detail = {
        "excess": facts.excess, "p_unrelated": facts.p, "kin_p": facts.kin_p,
        "verdict": decided.verdict, "reason": decided.reason, "source": k.source,
    }  # fmt: skip
    if decided.verdict == "unrelated":
        message = f"'{k.child}' and its declared parent '{k.parent}' are unrelated: " + (
            decided.sentence
        )
        return Finding("contradiction", "error", both, message, None, detail)
    if other is not None and decided.reason == "above-alpha":
        toward = other.other if other.model == k.child else other.model
        message = (
            f"'{k.child}' is declared to come from '{k.parent}' and shows no kinship with it "
            f"(p = {facts.p:.2g}), but does with '{toward}'"
        )
        return Finding("contradiction", "error", both, message, other.q, detail)
    message = (
        f"'{k.child}' is declared to come from '{k.parent}', which could not be confirmed: "
        f"{decided.sentence}; so it is with {open_:.0%} of the declared links here"
    )
    return Finding("unconfirmed", "note", both, message, None, detail)


def _directed(lineage: Lineage, a: str, b: str, basis: str) -> list[tuple[str, str, str]]:
    """(child, parent, basis) by dates; both ways round when they do not tell."""
    first, second = lineage.dates.get(a, ""), lineage.dates.get(b, "")
    if first and second:
        if year_range(first)[0] >= year_range(second)[1]:
            return [(a, b, f"{basis}, the later one")]
        if year_range(second)[0] >= year_range(first)[1]:
            return [(b, a, f"{basis}, the later one")]
    basis += ", if it descends from it"
    return [(a, b, basis), (b, a, basis)]


def _licences(lineage: Lineage, edges: list[tuple[str, str, str]]) -> Iterator[Finding]:
    seen: set[tuple[str, str]] = set()
    for child, parent, basis in edges:
        if (child, parent) in seen:
            continue
        seen.add((child, parent))
        above, below = lineage.licence(parent), lineage.licence(child)
        for c in conflicts(above, below, child):
            sure = "if" not in basis
            # How a model is named here need not be how it is published.
            level: Level = "warning" if sure and c.rule != "name" else "note"
            message = f"'{child}' from '{parent}' ({basis}): {c.message}"
            detail = {
                "rule": c.rule, "parent_licence": above, "child_licence": below, "basis": basis,
                "licence_source": c.source,
            }  # fmt: skip
            yield Finding("licence", level, (child, parent), message, None, detail)


def links_of(lineage: Lineage, model: str) -> list[DeclaredLink]:
    """Declared links that a model is part of, its own parents first."""
    up = [k for k in lineage.links if k.child == model]
    return up + [k for k in lineage.links if k.parent == model and k.child != model]
