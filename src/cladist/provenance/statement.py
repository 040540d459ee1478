"""From a report to what standards state: relatives with their role and grounds."""

from __future__ import annotations

import re
from collections.abc import Mapping

from cladist.errors import InputError
from cladist.formats.statement import Basis, Role, StatedKin, Statement
from cladist.kinship.inference.pair_test import KinshipResult
from cladist.provenance.report import Report

__all__ = ["statement_of"]


def statement_of(report: Report, created: str) -> Statement:
    """The statement of a report; `created` is an ISO time in UTC to the second.

    Declared parents and children are ancestors and descendants, unless the measurement
    contradicts them: then they are left out and named in the properties. Models shown to be kin
    are ancestors or descendants where dates say so, and variants otherwise. Behaviour alone makes
    nobody an ancestor. Raises `InputError` when the declarations run in a circle.
    """
    wrong = [m for m in report.disagreements if "descend from each other" in m or "own parent" in m]
    if wrong:
        raise InputError(f"{wrong[0]}; a pedigree cannot be written from that")
    c = report.conditions
    kin: dict[str, StatedKin] = {}
    refuted = []
    for k in report.links:
        other, role = (k.parent, "ancestor") if k.child == report.model else (k.child, "descendant")
        if k.finding == "contradicted":
            refuted.append(other)
            continue
        basis: Basis = "declared and measured" if k.finding == "confirmed" else "declared"
        found = _numbers(k.test) if k.test else {}
        kin.setdefault(other, StatedKin(other, _role(role), basis, k.relation, found))
    older = {d.b: d for d in report.directions if d.basis == "dates"}
    for r in report.relatives:
        if r.test.verdict != "related" or r.model in kin or r.model in refuted:
            continue
        told = older.get(r.model)
        role = "variant"
        if told is not None and r.copy is None:
            role = "ancestor" if told.ancestor == r.model else "descendant"
        relation = "same answers" if r.copy else ""
        kin[r.model] = StatedKin(r.model, _role(role), "measured", relation, _numbers(r.test))
    first = report.relatives[0]
    properties = {
        "cladist:assay": c.assay,
        "cladist:assay-digest": c.assay_digest,
        "cladist:protocol-digest": c.protocol_digest,
        "cladist:answers-digest": c.answers,
        "cladist:dna": c.dna,
        "cladist:probes": f"{c.answered} of {c.probes}",
        "cladist:models-compared": str(c.models - 1),
        "cladist:alpha": f"{report.alpha:g}",
        "cladist:calibrated": "yes" if report.calibrated else "no",
        "cladist:basis": report.basis,
        "cladist:nearest": first.model,
        "cladist:nearest-verdict": first.test.verdict,
        "cladist:fingerprint": c.fingerprint,
        "cladist:parameters": c.metadata.get("parameters", ""),
        "cladist:declared-but-contradicted": ", ".join(refuted),
    }
    if report.foundation.none is not None and report.foundation.families:
        if report.foundation.named is not None:  # a name that stands in a bill is taken for true
            name, p, _ = report.foundation.named
            properties["cladist:foundation"] = name
            properties["cladist:foundation-probability"] = f"{p:.3f}"
        properties["cladist:foundation-none"] = f"{report.foundation.none:.3f}"
    hashed = re.fullmatch(r"[0-9a-f]{64}", c.fingerprint)
    return Statement(
        c.name, c.uri, hashed[0] if hashed else "", c.licence,
        c.metadata.get("architecture", ""), c.metadata.get("parameters", ""),
        tuple(kin.values()), tuple(f"{k.title}: {k.text}" for k in report.limits),
        {k: v for k, v in properties.items() if v}, created, c.versions.get("cladist", ""),
    )  # fmt: skip


def _role(word: str) -> Role:
    roles: Mapping[str, Role] = {"ancestor": "ancestor", "descendant": "descendant"}
    return roles.get(word, "variant")


def _numbers(t: KinshipResult) -> dict[str, str]:
    found = {
        "cladist:verdict": t.verdict,
        "cladist:reason": t.reason,
        "cladist:reason-code": t.code,
    }
    for key, value in (("p", t.p), ("excess", t.excess), ("p-probes", t.p_probes)):
        if value == value:
            found[f"cladist:{key}"] = f"{value:.3g}"
    return found | {"cladist:alpha": f"{t.alpha:g}", "cladist:probes": str(t.probes)}
