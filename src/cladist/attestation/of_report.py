"""A provenance report: its page of data signed as it is, the verdicts in it computed again."""

from __future__ import annotations

from cladist.attestation.case import Case
from cladist.attestation.of_panel import Ask, kinship_case
from cladist.kinship.inference.decision import Policy
from cladist.kinship.inference.facts import gatherer
from cladist.provenance.material import Material
from cladist.provenance.report import Report

__all__ = ["report_case"]


def report_case(material: Material, report: Report, text: str, seed: int) -> Case:
    """A report with `text`, its JSON, as a file; tests of relatives and of declared links.

    What else the report says (probabilities, trees, exhibits) is signed as it stands.
    """
    made = gatherer(
        material.responses, material.pairs, material.labels(), flags=material.flags, seed=seed,
        doubted=material.doubted,
    )  # fmt: skip
    asks = [Ask(report.model, tuple(r.model for r in report.relatives))]
    tested = [k for k in report.links if k.test is not None]
    others = [k.parent if k.child == report.model else k.child for k in tested]
    if others:
        asks.append(Ask(report.model, tuple(dict.fromkeys(others)), "declared"))
    return kinship_case(
        made, material.assay.protocol, asks, Policy(report.alpha),
        extra={"report.json": text.encode("utf-8", "replace")},
    )  # fmt: skip
