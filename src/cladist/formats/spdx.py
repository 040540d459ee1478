"""SPDX 3.0.1 with the AI profile, as JSON-LD.

The model is an ai_AIPackage; relatives are packages of their own, bound by relationships
(descendantOf, ancestorOf, hasVariant), and every relationship carries the grounds and numbers as
an annotation (spdx.github.io/spdx-spec/v3.0.1).
"""

from __future__ import annotations

import json
from typing import Any

from cladist.formats.statement import StatedKin, Statement, licence_ref

__all__ = ["write_spdx"]

CONTEXT = "https://spdx.org/rdf/3.0.1/spdx-context.jsonld"
_TYPES = {"ancestor": "descendantOf", "descendant": "ancestorOf", "variant": "hasVariant"}


def write_spdx(s: Statement) -> str:
    """The statement as SPDX JSON-LD text; the same statement gives the same bytes."""
    base = f"urn:uuid:{s.uuid}#"
    info = "_:creation"

    def element(kind: str, ending: str, /, **fields: Any) -> dict[str, Any]:
        return {"type": kind, "spdxId": base + ending, "creationInfo": info, **fields}

    def package(ending: str, title: str, /, **fields: Any) -> dict[str, Any]:
        return element(
            "ai_AIPackage", ending, name=title, software_primaryPurpose="model", **fields
        )

    model = package("model", s.name, software_sourceInfo=f"asked at {s.uri}")
    if s.sha256:
        model["verifiedUsing"] = [{"type": "Hash", "algorithm": "sha256", "hashValue": s.sha256}]
    if s.limits:
        model["ai_limitation"] = " ".join(s.limits)
    if s.architecture:
        model["ai_typeOfModel"] = [s.architecture]
    note = json.dumps(dict(sorted(s.properties.items())), ensure_ascii=False)
    graph: list[dict[str, Any]] = [
        {
            "type": "CreationInfo",
            "@id": info,
            "specVersion": "3.0.1",
            "created": s.created,
            "createdBy": [base + "tool-agent"],
            "createdUsing": [base + "tool"],
        },
        element("SoftwareAgent", "tool-agent", name=f"cladist {s.version}"),
        element("Tool", "tool", name=f"cladist {s.version}"),
        model,
        _annotation(element, "about", base + "model", note),
    ]
    graph += [*_licence(element, base, s), *_relatives(element, package, base, s)]
    ids = [e["spdxId"] for e in graph if "spdxId" in e]
    document = element(
        "SpdxDocument", "document", name=f"Provenance of {s.name}",
        profileConformance=["core", "software", "ai", "simpleLicensing"],
        rootElement=[base + "model"], element=ids,
    )  # fmt: skip
    whole = {"@context": CONTEXT, "@graph": [*graph, document]}
    return json.dumps(whole, ensure_ascii=False, indent=2) + "\n"


def _licence(element: Any, base: str, s: Statement) -> list[dict[str, Any]]:
    graph: list[dict[str, Any]] = []
    if s.licence:
        expression = licence_ref(s.licence)
        graph.append(
            element(
                "simplelicensing_LicenseExpression",
                "licence",
                simplelicensing_licenseExpression=expression,
            )
        )
        graph.append(
            element(
                "Relationship", "licensed", relationshipType="hasDeclaredLicense",
                **{"from": base + "model", "to": [base + "licence"]},
            )
        )  # fmt: skip
    return graph


def _relatives(element: Any, package: Any, base: str, s: Statement) -> list[dict[str, Any]]:
    """Relatives, how each is related, and on which grounds."""
    graph: list[dict[str, Any]] = []
    for number, k in enumerate(s.kin):
        graph.append(package(f"relative-{number}", k.name))
        graph.append(
            element(
                "Relationship", f"relation-{number}", relationshipType=_TYPES[k.role],
                comment=f"{k.basis}{': ' + k.relation if k.relation else ''}",
                **{"from": base + "model", "to": [f"{base}relative-{number}"]},
            )
        )  # fmt: skip
        graph.append(
            _annotation(element, f"grounds-{number}", f"{base}relation-{number}", _grounds(k))
        )
    return graph


def _annotation(element: Any, name: str, subject: str, statement: str) -> dict[str, Any]:
    made: dict[str, Any] = element(
        "Annotation", name, annotationType="other", subject=subject, statement=statement,
        contentType="application/json",
    )  # fmt: skip
    return made


def _grounds(k: StatedKin) -> str:
    about = {"cladist:basis": k.basis, "cladist:relation": k.relation, **k.properties}
    return json.dumps({n: v for n, v in sorted(about.items()) if v}, ensure_ascii=False)
