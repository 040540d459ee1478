"""CycloneDX 1.6 ML-BOM: the model as a component, its relatives as pedigree.

Ancestors, descendants and variants are components of their own; on what grounds each stands there
is in properties under 'cladist:', since CycloneDX has no field for a measured relation
(cyclonedx.org/docs/1.6/json, component.pedigree).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from cladist.formats.statement import StatedKin, Statement, spdx_licence

__all__ = ["write_cyclonedx"]

_ROLES = {"ancestor": "ancestors", "descendant": "descendants", "variant": "variants"}


def write_cyclonedx(s: Statement) -> str:
    """The statement as CycloneDX JSON text; the same statement gives the same bytes."""
    component: dict[str, Any] = {
        "type": "machine-learning-model",
        "bom-ref": "model",
        "name": s.name,
        "description": f"Language model, asked at {s.uri}",
    }
    if s.sha256:
        component["hashes"] = [{"alg": "SHA-256", "content": s.sha256}]
    if s.licence:
        found = spdx_licence(s.licence)
        component["licenses"] = [{"license": {"id": found} if found else {"name": s.licence}}]
    parameters = {"modelArchitecture": s.architecture} if s.architecture else {}
    component["modelCard"] = {
        "bom-ref": "model-card",
        "modelParameters": {"task": "text-generation", **parameters},
        "considerations": {"technicalLimitations": list(s.limits)},
    }
    pedigree: dict[str, Any] = {}
    for number, k in enumerate(s.kin):
        pedigree.setdefault(_ROLES[k.role], []).append(_relative(k, number))
    if pedigree:
        pedigree["notes"] = (
            "Relations are declared, measured by cladist from answers, or both; see the properties "
            "of each. Measured relations come with their error rate and are no proof of copying."
        )
        component["pedigree"] = pedigree
    component["properties"] = _properties(s.properties)
    document = {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{s.uuid}",
        "version": 1,
        "metadata": {
            "timestamp": s.created,
            "tools": {
                "components": [{"type": "application", "name": "cladist", "version": s.version}]
            },
            "component": component,
        },
    }
    return json.dumps(document, ensure_ascii=False, indent=2) + "\n"


def _relative(k: StatedKin, number: int) -> dict[str, Any]:
    about = {"cladist:basis": k.basis, "cladist:relation": k.relation, **k.properties}
    return {
        "type": "machine-learning-model",
        "bom-ref": f"relative-{number}",
        "name": k.name,
        "properties": _properties(about),
    }


def _properties(found: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"name": k, "value": v} for k, v in sorted(found.items()) if v]
