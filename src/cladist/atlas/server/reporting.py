"""The report on one model of an atlas, as a file: the one of `cladist report`, no other words."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path

from cladist.atlas.build import Atlas
from cladist.atlas.kin import AnswerKin
from cladist.provenance.making import Making, given
from cladist.provenance.pdf import check_pdf, pdf_of
from cladist.registry import Registry
from cladist.workflows.reporting import Reported, report

__all__ = ["FORMS", "report_on"]


def _pages(made: Reported) -> bytes:
    return pdf_of(made.to_html(), made.making.created)


FORMS: Mapping[str, tuple[str, Callable[[Reported], bytes]]] = {
    "pdf": ("application/pdf", _pages),
    "json": ("application/json", lambda made: made.to_json().encode("utf-8", "replace")),
}
"""Forms -> type and how they are made. No page: it would be one of ours, with others' words."""


def report_on(atlas: Atlas, registry: Path, i: int, form: str) -> bytes:
    """The report on model i, with the labels and declarations that the atlas was made with.

    Raises `MissingExtraError` for a PDF where the extra `pdf` is not installed, before any work.
    """
    if form == "pdf":
        check_pdf()
    wishes = atlas.wishes
    sources = {
        "--declared": [wishes.declared] if wishes.declared else [],
        "--labels": [wishes.labels] if wishes.labels else [],
    }
    making = Making(
        datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"), "", str(registry), given(sources),
        (f"report.{form}",),
    )  # fmt: skip
    alpha = atlas.kin.tests.policy.alpha if isinstance(atlas.kin, AnswerKin) else wishes.alpha
    with Registry.open(registry, create=False) as store:
        made = report(
            store,
            atlas.source.names[i],
            declared=[wishes.declared] if wishes.declared else [],
            labels=wishes.labels,
            assay=atlas.source.assay,
            alpha=alpha,
            making=making,
        )
        return FORMS[form][1](made)
