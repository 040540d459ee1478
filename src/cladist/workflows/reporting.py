"""What is known of where a model comes from, and how surely?"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, Literal, TypedDict, Unpack

from cladist.compare import resolved
from cladist.core.assay import Assay
from cladist.core.progress import NOBODY, Listener
from cladist.core.results import Result, plain
from cladist.errors import UsageError
from cladist.formats.files import replacing, write_text
from cladist.provenance.making import UNTOLD, Making
from cladist.provenance.material import Material, ReportScope, gather
from cladist.provenance.page import html_page
from cladist.provenance.pdf import pdf_of
from cladist.provenance.report import Report, build_report
from cladist.provenance.sources import read_declared
from cladist.provenance.statement import statement_of
from cladist.provenance.twin import as_json
from cladist.registry import Registry
from cladist.workflows.named import LabelsLike, families_here, tell

__all__ = ["ENDINGS", "PageForm", "ReportOptions", "Reported", "Standard", "report"]

Standard = Literal["cyclonedx", "spdx", "card"]
"""CycloneDX 1.6 ML-BOM, SPDX 3 with its AI profile, or the block of a model card."""

ENDINGS = {".html": "page", ".htm": "page", ".pdf": "PDF", ".json": "data"}
"""Endings of files -> what is written."""


class ReportOptions(TypedDict, total=False):
    """What a report says of itself.

    making   who makes it, when, and from which files
    seed     of everything that is resampled
    reading  how much of the registry is looked at; None for all
    """

    making: Making
    seed: int
    reading: ReportScope | None


@dataclass(frozen=True, kw_only=True)
class PageForm:
    """How the page of a report looks.

    paper     size of printed pages
    evidence  probes shown for, and against, kinship of a pair
    unfold    prompts are open on the screen; on paper they always are
    """

    paper: Literal["a4", "letter"] = "a4"
    evidence: int = 3
    unfold: bool = False


@dataclass(frozen=True, repr=False)
class Reported(Result):
    """A report on one model: claims with how sure they are, and all that they rest on."""

    model: str
    found: Report
    material: Material
    making: Making = UNTOLD

    def rows(self) -> list[dict[str, Any]]:
        """A row a claim."""
        return [plain(asdict(c)) for c in self.found.claims]

    def to_dict(self) -> dict[str, Any]:
        """The whole report as plain data; numbers that are not there are None."""
        made: dict[str, Any] = json.loads(self.to_json())
        return made

    def to_json(self) -> str:
        """The report as JSON text."""
        return as_json(self.found)

    def to_html(self, form: PageForm | None = None) -> str:
        """The page of the report: it holds no scripts and loads nothing."""
        how = form or PageForm()
        twin = sha256(self.to_json().encode("utf-8", "replace")).hexdigest()
        return html_page(
            self.found,
            paper=how.paper,
            evidence_count=how.evidence,
            unfold=how.unfold,
            twin=twin,
        )

    def save(self, path: str | Path, form: PageForm | None = None) -> None:
        """Write it: .html, .pdf or .json.

        Raises `UsageError` for another ending, `InputError` for a place that cannot be written,
        `MissingExtraError` for a PDF where the extra `pdf` is not installed.
        """
        file = Path(path)
        kind = ENDINGS.get(file.suffix.lower())
        if kind is None:
            raise UsageError(f"{file.name}: the ending tells the form; use .html, .pdf or .json")
        if kind == "PDF":
            pages = pdf_of(self.to_html(form), self.making.created)
            with replacing(file) as opened:
                opened.write(pages)
        else:
            write_text(file, self.to_html(form) if kind == "page" else self.to_json())

    def to_standard(self, form: Standard, created: str) -> str:
        """Declared and measured lineage in a form of a standard, stated at a time.

        Declared parents stand as ancestors unless the measurement contradicts them; models shown
        to be kin stand beside them, with verdict, p-value and rate. `created` is an ISO time in
        UTC to the second. Raises `InputError` when the declarations run in a circle.
        """
        from cladist.formats.cyclonedx import write_cyclonedx
        from cladist.formats.modelcard import write_block
        from cladist.formats.spdx import write_spdx

        writers = {"cyclonedx": write_cyclonedx, "spdx": write_spdx, "card": write_block}
        return writers[form](statement_of(self.found, created))

    def headline(self) -> str:
        """On which model it is, and how many claims it makes."""
        return f"report on {self.model}, {len(self.found.claims)} claims"


def report(
    registry: Registry,
    model: str,
    *,
    declared: Sequence[str | Path] = (),
    labels: LabelsLike = None,
    assay: str | Assay = "",
    alpha: float = 0.01,
    listener: Listener = NOBODY,
    **options: Unpack[ReportOptions],
) -> Reported:
    """Everything that is known of where a model comes from, and how surely.

    Parameters
    ----------
    registry : Registry
        Where the model is, beside those it is held against.
    model : str
        The model in question.
    declared : sequence of str or Path
        Tables, model cards, recipes, folders of these.
    labels : path, mapping or None
        Families of the models.
    assay : str or Assay
        What to compare by, where the registry has several.
    alpha : float
        False-positive rate of verdicts.
    listener : Listener
        Told of progress and remarks.
    **options
        See `ReportOptions`.

    Raises
    ------
    UsageError
        For an unknown model.
    InputError
        For fewer than two models, or a source that cannot be read.

    Examples
    --------
    >>> import cladist
    >>> with cladist.toy_registry() as lab:
    ...     made = cladist.report(lab, "m00-chat", labels=cladist.toy_families())
    >>> made.to_html().startswith("<!doctype html>")
    True
    """
    chosen = resolved(registry, assay)
    registry.model(model)
    models = registry.models()
    lineage = read_declared([str(d) for d in declared], models)
    tell(lineage, listener.hear)
    families = families_here(labels, models, listener.hear)
    reading = options.get("reading")
    material = gather(registry, chosen, lineage, families, listener.progress, reading)
    making = options.get("making", UNTOLD)
    found = build_report(
        registry,
        material,
        model,
        alpha=alpha,
        making=making,
        seed=options.get("seed", 0),
        progress=listener.progress,
    )
    return Reported(model, found, material, making)
