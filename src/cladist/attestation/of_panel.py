"""Verdicts among the models of a panel: pairs, families, and a whole registry's lineage."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from cladist import catalog
from cladist.attestation.answers import answers_to, json_bytes, protocol_from, protocol_to
from cladist.attestation.case import (
    ANSWERS,
    PROTOCOL,
    Case,
    labels_from,
    labels_to,
    plain,
    sets_from,
)
from cladist.attestation.envelope import strict_json
from cladist.core.assay import Protocol
from cladist.core.lineage import DeclaredLink, Lineage
from cladist.core.secret import Secret
from cladist.errors import InputError
from cladist.formats.labels import DeclaredModel
from cladist.kinship.inference.assumed import no_exclusion
from cladist.kinship.inference.decision import Policy
from cladist.kinship.inference.facts import Gatherer, gatherer
from cladist.kinship.inference.family_fits import fit_families
from cladist.kinship.inference.family_sets import family_set
from cladist.kinship.inference.identify import identify
from cladist.kinship.inference.labels import Labels
from cladist.kinship.inference.pair_test import judge_candidates, judge_declared
from cladist.kinship.inference.pairs import PairEvidence, pair_evidence
from cladist.kinship.panel.fitted import fit_panel
from cladist.provenance.audit import Audit, audit
from cladist.provenance.material import Material
from cladist.provenance.relations import Control

__all__ = [
    "Ask",
    "again_audit",
    "again_families",
    "again_kinship",
    "audit_case",
    "families_case",
    "kinship_case",
]

LINEAGE, DECLARED = "lineage.json", "declared.json"


@dataclass(frozen=True)
class Ask:
    """Tests of one model against others.

    how     'candidates' (p adjusted over all of them) or 'declared'
    adjust  method of adjustment, for candidates
    """

    model: str
    others: tuple[str, ...]
    how: str = "candidates"
    adjust: str = "holm"


def kinship_case(
    made: Gatherer,
    protocol: Protocol,
    asks: Sequence[Ask],
    policy: Policy,
    *,
    members: int | None = None,
    extra: Mapping[str, bytes] | None = None,
    secret: tuple[Secret, str] | None = None,
) -> Case:
    """Tests of pairs, with all models that `made` measures them by.

    members  how many models, the first ones, are a panel's; None where all are
    extra    other files that are signed along, as the page of a report
    secret   of the draw, and the model that was asked by it
    """
    files = {PROTOCOL: protocol_to(protocol), ANSWERS: answers_to(made.responses)}
    files |= labels_to(made.labels)
    question = {
        "tests": [plain(asdict(a)) for a in asks],
        "policy": asdict(policy),
        "members": members,
        "seed": made.seed,
    }
    if made.doubted:
        question["doubted"] = {m: list(d) for m, d in sorted(made.doubted.items())}
    result = _tests(made, asks, policy)
    drawn, asked = secret or (None, "")
    return Case("kinship", question, files | dict(extra or {}), result, drawn, asked)


def again_kinship(question: Mapping[str, Any], files: Mapping[str, bytes], told: Any) -> Any:
    """The tests of pairs again."""
    protocol = protocol_from(files[PROTOCOL], PROTOCOL)
    responses = sets_from(files, ANSWERS, protocol)
    labels = labels_from(files, len(responses))
    members = question["members"]
    panel = None if members is None else np.arange(len(responses)) < int(members)
    prompts = [p.text for p in protocol.probes.probes]
    pairs = pair_evidence(responses, panel)
    doubted = {str(m): tuple(map(str, d)) for m, d in question.get("doubted", {}).items()}
    made = gatherer(
        responses, pairs, labels, prompts=prompts, seed=int(question["seed"]), doubted=doubted
    )
    asks = [
        Ask(str(t["model"]), tuple(t["others"]), str(t["how"]), str(t["adjust"]))
        for t in question["tests"]
    ]
    return _tests(made, asks, Policy(**question["policy"]))


def _tests(made: Gatherer, asks: Sequence[Ask], policy: Policy) -> Any:
    found = []
    for a in asks:
        if a.how == "declared":
            rows = judge_declared(made, a.model, a.others, policy)
        elif a.how == "candidates" and a.adjust in ("holm", "bh", "by", "none"):
            rows = judge_candidates(made, a.model, a.others, policy, a.adjust)  # type: ignore[arg-type]
        else:
            raise InputError(f"a test of the kind {a.how!r:.40}, {a.adjust!r:.40} is not known")
        found.append([asdict(r) for r in rows])
    return plain(found)


def families_case(asked: Gatherer, protocol: Protocol, model: str, prior: float) -> Case:
    """Families of a registry with probabilities, and those that cannot be excluded.

    Raises `InputError` where no families are declared, or too few to calibrate on, and
    `CoverageError` for a model whose answers say nothing of its descent.
    """
    if asked.labels is None:
        raise InputError("without declared families there are no probabilities to state")
    asked.require_voice(model)
    files = {PROTOCOL: protocol_to(protocol), ANSWERS: answers_to(asked.responses)}
    files |= labels_to(asked.labels)
    question: dict[str, Any] = {"model": model, "prior_none": prior}
    if model in asked.doubted:
        question["refused"] = no_exclusion(asked.doubted[model])
    result = _families(asked.pairs, asked.labels, model, prior, question.get("refused", ""))
    return Case("families", question, files, result)


def again_families(question: Mapping[str, Any], files: Mapping[str, bytes], told: Any) -> Any:
    """The probabilities of families again."""
    protocol = protocol_from(files[PROTOCOL], PROTOCOL)
    responses = sets_from(files, ANSWERS, protocol)
    labels = labels_from(files, len(responses))
    if labels is None:
        raise InputError("the pack declares no families")
    prior, refused = float(question["prior_none"]), str(question.get("refused", ""))
    return _families(pair_evidence(responses), labels, str(question["model"]), prior, refused)


def _families(pairs: PairEvidence, labels: Labels, model: str, prior: float, refused: str) -> Any:
    fits = fit_families(pairs, labels, prior=prior, without=model)
    found = identify(pairs, labels, fits.model, model)
    chosen = family_set(pairs, labels, fits.sets, found, refused=refused)
    return plain({**asdict(found), "set": chosen.to_dict()})


def audit_case(
    material: Material,
    found: Audit,
    *,
    rate: float,
    control: Control,
    policy: Policy,
    secret: tuple[Secret, str] | None = None,
) -> Case:
    """An audit: all answers, what is declared, and what was found.

    secret   of the draw, and the model that was asked by it
    """
    lineage = material.lineage
    files = {
        PROTOCOL: protocol_to(material.assay.protocol),
        ANSWERS: answers_to(material.responses),
        LINEAGE: json_bytes(plain(asdict(lineage))),
        DECLARED: json_bytes({m: asdict(d) for m, d in material.declared.items()}),
    }
    question = {"fdr": rate, "control": control, "policy": asdict(policy)}
    drawn, asked = secret or (None, "")
    return Case("audit", question, files, plain(asdict(found)), drawn, asked)


def again_audit(question: Mapping[str, Any], files: Mapping[str, bytes], told: Any) -> Any:
    """The audit again."""
    protocol = protocol_from(files[PROTOCOL], PROTOCOL)
    responses = tuple(sets_from(files, ANSWERS, protocol))
    declared = strict_json(files[DECLARED], DECLARED)
    panel = fit_panel(responses, [p.text for p in protocol.probes.probes])
    material = Material(
        catalog.assay().on(protocol), responses, panel.pairs, panel.flags,
        _lineage(strict_json(files[LINEAGE], LINEAGE)), {},
        {str(m): DeclaredModel(**d) for m, d in declared.items()},
    )  # fmt: skip
    control: Control = "by" if question["control"] == "by" else "bh"
    policy = Policy(**question["policy"])
    return plain(asdict(audit(material, rate=question["fdr"], control=control, policy=policy)))


def _lineage(data: Mapping[str, Any]) -> Lineage:
    return Lineage(
        tuple(DeclaredLink(**k) for k in data["links"]),
        {str(m): tuple(found) for m, found in data["licences"].items()},
        {str(m): str(date) for m, date in data["dates"].items()},
        tuple(data["models"]),
        tuple(data["founders"]),
        tuple(data["remarks"]),
    )
