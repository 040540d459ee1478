"""From models to a report, an audit and a bill of materials, on models that ship with cladist.

    python examples/provenance.py FOLDER

Needs `pip install 'cladist[gguf]'`. The registry is too small for calibrated claims of kinship, and
the report says so; contradictions and licences need no calibration.
"""

from __future__ import annotations

import sys
from pathlib import Path

import cladist
from cladist.compare import resolve_assay
from cladist.core.lineage import DeclaredLink, Lineage, join
from cladist.formats.cyclonedx import write_cyclonedx
from cladist.provenance.audit import audit
from cladist.provenance.material import gather
from cladist.provenance.page import html_page
from cladist.provenance.report import build_report
from cladist.provenance.sources import read_declared
from cladist.provenance.statement import statement_of

MODELS = ("tiny-scripture", "tiny-scripture-poems", "tiny-stage")


def main(folder: Path) -> None:
    with cladist.open_registry(folder / "lab") as lab:
        for name in MODELS:
            cladist.extract(f"builtin:{name}", lab)
        # What is declared: a true link, and a wrong date.
        declared = Lineage(
            (DeclaredLink("tiny-scripture-poems", "tiny-scripture", "finetune", "the model card"),),
            dates={"tiny-scripture": "2026", "tiny-scripture-poems": "2025"},
        )
        lineage = join([read_declared([], lab.models()), declared])
        material = gather(lab, resolve_assay(lab), lineage)
        for finding in audit(material).findings:
            print(f"{finding.level}: {finding.message}")
        report = build_report(lab, material, "tiny-scripture-poems")
    for claim in report.claims:
        print(f"{claim.topic}: {claim.statement} [{claim.strength}]")
    (folder / "report.html").write_text(html_page(report), encoding="utf-8")
    statement = statement_of(report, "2026-01-31T12:00:00Z")
    (folder / "model.cdx.json").write_text(write_cyclonedx(statement), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
