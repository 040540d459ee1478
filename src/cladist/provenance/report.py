"""The provenance report of one model: what is known of it, how surely, and from what.

`build_report` gathers everything as plain typed data; `provenance.page` shows it to people. No
claim is made that the tests of `cladist.kinship` do not make, and each says how sure it is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

from cladist.core.lineage import DeclaredLink
from cladist.core.progress import Progress, silent
from cladist.core.tree import Tree
from cladist.errors import CoverageError, InputError
from cladist.fitting import require_answers
from cladist.kinship.evidence.functional import read_functions
from cladist.kinship.inference.assumed import no_exclusion
from cladist.kinship.inference.decision import Policy
from cladist.kinship.inference.facts import Gatherer
from cladist.kinship.inference.family_fits import family_fits
from cladist.kinship.inference.family_sets import FamilySet, family_set
from cladist.kinship.inference.function_descent import direction_of_functions
from cladist.kinship.inference.identify import identify
from cladist.kinship.inference.pair_test import (
    KinshipResult,
    basis_of,
    judge_candidates,
    judge_declared,
)
from cladist.kinship.inference.parentage import Direction, direction
from cladist.provenance.audit import links_of
from cladist.provenance.conditions import Conditions, Limit, conditions_of, limits_of
from cladist.provenance.context import Ancestry, context_tree, likely_ancestry, nearest_models
from cladist.provenance.duplicates import Duplicate, duplicates
from cladist.provenance.exhibits import Exhibit, exhibits
from cladist.provenance.making import UNTOLD, Making
from cladist.provenance.material import Material
from cladist.registry import Registry

__all__ = ["FORMAT", "Claim", "Foundation", "Link", "Relative", "Report", "build_report"]

FORMAT = "cladist-report/1"
RELATIVES = 10
"""Nearest models that are tested; their p-values are adjusted for one another (Holm). As many as
`compare relatives` and the page list, so that all three tell the same numbers."""

Strength = Literal["shown", "not shown", "cannot tell"]
LinkFinding = Literal["confirmed", "contradicted", "cannot tell", "not tested", "not here"]


@dataclass(frozen=True)
class Claim:
    """A statement of the summary, how strong it is, and how sure, each in a sentence."""

    topic: str
    statement: str
    strength: Strength
    certainty: str


@dataclass(frozen=True)
class Relative:
    """A near model: evidence of kinship in units of its spread, and the test of the pair."""

    model: str
    family: str
    evidence: float
    test: KinshipResult
    copy: Duplicate | None


@dataclass(frozen=True)
class Foundation:
    """Families with probabilities, that of none of them, and what calibrated them.

    problem  why there are no probabilities, '' where there are
    note     which members of the registry could not be counted, '' where all were
    kept     the families that cannot be excluded, as `identify` and the page tell them; None
             where there are no probabilities
    """

    families: tuple[tuple[str, float, str], ...]
    none: float | None
    prior_none: float
    queries: int
    problem: str = ""
    note: str = ""
    kept: FamilySet | None = None

    SURE: ClassVar[float] = 0.95
    """Probability from which on a family is named."""

    @property
    def named(self) -> tuple[str, float, str] | None:
        """The family that is named as the foundation, its probability and nearest member: the one
        answer that cannot be excluded, if it is as probable as that."""
        if self.kept is None or self.kept.open or self.families[0][1] < self.SURE:
            return None
        return self.families[0]


@dataclass(frozen=True)
class Link:
    """A declared link of the model, and what was measured of it; no test without both models."""

    child: str
    parent: str
    relation: str
    source: str
    finding: LinkFinding
    test: KinshipResult | None


@dataclass(frozen=True)
class Report:
    """All of it; sections in the order of the page."""

    model: str
    conditions: Conditions
    claims: tuple[Claim, ...]
    relatives: tuple[Relative, ...]
    foundation: Foundation
    ancestry: Ancestry | None
    directions: tuple[Direction, ...]
    links: tuple[Link, ...]
    disagreements: tuple[str, ...]
    tree: Tree | None
    tree_groups: Mapping[str, str]
    exhibits: tuple[Exhibit, ...]
    limits: tuple[Limit, ...]
    alpha: float
    calibrated: bool
    basis: str

    def names(self) -> tuple[str, ...]:
        """Names of all models that the report speaks of, which no sentence may alter."""
        near = [r.model for r in self.relatives]
        linked = [n for k in self.links for n in (k.child, k.parent)]
        return tuple(dict.fromkeys([self.model, *near, *linked]))


def build_report(
    registry: Registry,
    material: Material,
    model: str,
    *,
    alpha: float = 0.01,
    making: Making = UNTOLD,
    seed: int = 0,
    progress: Progress = silent,
) -> Report:
    """Everything about `model`, which must be one of the material's.

    making   who makes it, when and from which files: it stands in the report, and in the command
             that makes the report again

    Errors: `CoverageError` for a model without answers, `InputError` for a rate outside 0 to 1.
    Cost: that of the tests of some ten pairs; with up to 40 models also 20 replicates of the tree.
    """
    pairs, lineage = material.pairs, material.lineage
    require_answers(registry, material.assay, pairs.models, [model])
    i = pairs.index(model)
    labels = material.labels()
    steps = 6
    progress("testing relatives", 0, steps)
    policy = Policy(alpha)
    made = material.gatherer(registry, labels, seed)
    relatives = _relatives(material, made, model, policy)
    progress("testing relatives", 1, steps)
    links = _links(made, links_of(lineage, model), model, policy)
    progress("testing relatives", 2, steps)
    foundation = _foundation(material, made, model)
    progress("testing relatives", 3, steps)
    directions = _directions(material, relatives, model, seed)
    progress("testing relatives", 4, steps)
    wanted = [k.parent for k in links if k.test] + [k.child for k in links if k.test]
    tree = context_tree(material, model, wanted, seed=seed)
    progress("testing relatives", 5, steps)
    shown = _pairs_to_show(relatives, links, model)
    found = tuple(e for other in shown for e in exhibits(material, model, other, made))
    progress("testing relatives", 6, steps)
    calibrated, basis = made.calibration is not None, basis_of(made)
    conditions = conditions_of(registry, material, model, alpha, making, seed)
    family = _families(material)
    groups = {n: family.get(n, "") for n in (tree.leaves() if tree else ())}
    report = Report(
        model, conditions, (), relatives, foundation,
        likely_ancestry(material, i) if calibrated else None,
        directions, links,
        tuple(d.message for d in lineage.disagreements() if model in d.models),
        tree, groups, found,
        limits_of(material, conditions, calibrated, labels is not None, basis),
        alpha, calibrated, basis,
    )  # fmt: skip
    from dataclasses import replace

    from cladist.provenance.claims import claims_of

    return replace(report, claims=claims_of(report))


def _families(material: Material) -> Mapping[str, str]:
    labels = material.labels()
    if labels is None:
        return {}
    return dict(zip(material.pairs.models, labels.families, strict=True))


def _relatives(
    material: Material, made: Gatherer, model: str, policy: Policy
) -> tuple[Relative, ...]:
    """The nearest models, each tested, and those that are copies named as such."""
    pairs, family = material.pairs, _families(material)
    i = pairs.index(model)
    near = nearest_models(pairs, i, RELATIVES)
    copies = {
        (d.b if d.a == model else d.a): d
        for d in duplicates([material.responses[k] for k in (i, *near)], material.prompts)
        if model in (d.a, d.b)
    }
    results = judge_candidates(made, model, [pairs.models[k] for k in near], policy)
    tests = {r.b: r for r in results}
    return tuple(
        Relative(
            pairs.models[k],
            family.get(pairs.models[k], ""),
            float(pairs.score[i, k] + pairs.tokenizer[i, k]),
            tests[pairs.models[k]],
            copies.get(pairs.models[k]),
        )
        for k in near
    )


def _directions(
    material: Material, relatives: Sequence[Relative], model: str, seed: int
) -> tuple[Direction, ...]:
    """Which of two is the ancestor, for the nearest that are related."""
    related = [r for r in relatives if r.test.verdict == "related"]
    if not related:
        return ()
    dates = material.lineage.dates
    if material.assay.protocol.decoding.asks == "distribution":
        read = read_functions(material.responses)
        return tuple(
            direction_of_functions(
                read, model, r.model, dates=(dates.get(model, ""), dates.get(r.model, ""))
            )
            for r in related[:5]
        )
    rare = material.rarity()
    return tuple(
        direction(
            material.pairs, rare, model, r.model,
            dates=(dates.get(model, ""), dates.get(r.model, "")), seed=seed,
        )
        for r in related[:5]
    )  # fmt: skip


def _links(
    made: Gatherer,
    declared: Sequence[DeclaredLink],
    model: str,
    policy: Policy,
) -> tuple[Link, ...]:
    """Declared links of a model, each tested where both are here.

    A link is a question that somebody asked, so p is not adjusted for the nearest models, which
    nobody named; that it may be called unrelated is controlled over all links.
    """
    names = set(made.pairs.models)
    here = [_other(k, model) for k in declared]
    here = list(dict.fromkeys(o for o in here if o in names and o != model))
    found = {r.b: r for r in judge_declared(made, model, here, policy)}
    out = []
    for k in declared:
        test = found.get(_other(k, model))
        word = "not here" if test is None else _FINDINGS[test.verdict]
        out.append(Link(k.child, k.parent, k.relation, k.source, word, test))
    return tuple(out)


def _other(k: DeclaredLink, model: str) -> str:
    return k.parent if k.child == model else k.child


_FINDINGS: Mapping[str, LinkFinding] = {
    "related": "confirmed",
    "unrelated": "contradicted",
    "inconclusive": "cannot tell",
    "not tested": "not tested",
}


def _foundation(material: Material, made: Gatherer, model: str, prior: float = 0.5) -> Foundation:
    labels = material.labels()
    if labels is None:
        why = "no families are declared; give --labels or --declared"
        return Foundation((), None, prior, 0, why)
    try:
        fits = family_fits(made, model, prior)
        found = identify(material.pairs, labels, fits.model, model)
    except (CoverageError, InputError) as problem:
        return Foundation((), None, prior, 0, str(problem))
    rows = zip(found.families, found.probabilities, found.members, strict=True)
    listed = tuple((name, p, member[0]) for name, p, member in rows)[:6]
    doubts = material.doubted.get(model, ())
    kept = family_set(material.pairs, labels, fits.sets, found, refused=no_exclusion(doubts))
    return Foundation(listed, found.none, prior, fits.model.queries, note=found.note, kept=kept)


def _pairs_to_show(
    relatives: tuple[Relative, ...], links: tuple[Link, ...], model: str
) -> list[str]:
    """The nearest relative, and the declared parent where that is another."""
    out = [relatives[0].model]
    declared = [k.parent for k in links if k.child == model and k.test is not None]
    return list(dict.fromkeys(out + declared))[:2]
