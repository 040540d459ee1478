"""The page of a report as PDF, set by WeasyPrint from the very same HTML.

One layout serves the screen, a browser's printer and this: a court reads what the page says.
WeasyPrint knows paged media (page numbers, running headers, rows that are not cut) and every script
that the machine has a font for; it needs the library Pango, which packages of systems have.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

from cladist.errors import CladistError, MissingExtraError

__all__ = ["check_pdf", "pdf_of"]


def check_pdf() -> None:
    """Raise what would keep a PDF from being made, before anything else is done.

    `MissingExtraError` without WeasyPrint, `CladistError` without the library that it needs.
    """
    _weasyprint()


def pdf_of(page: str, created: str) -> bytes:
    """The PDF of a page of `provenance.page.html_page`; nothing is loaded from anywhere.

    Parameters
    ----------
    page
        The whole page.
    created
        Time of the report in UTC, as 2026-01-31T12:00:00Z: the same page and time give the same
        bytes.

    Returns
    -------
    bytes
        PDF 1.7 with bookmarks and page numbers.

    Raises
    ------
    MissingExtraError
        Without WeasyPrint.
    CladistError
        Without Pango.

    Examples
    --------
    >>> pdf_of(html_page(report), "2026-01-31T12:00:00Z")[:5]  # doctest: +SKIP
    b'%PDF-'
    """
    weasyprint = _weasyprint()
    with _quiet():
        document = weasyprint.HTML(string=page, url_fetcher=_refuse).render()
        document.metadata.created = created or None
        document.metadata.generator = "cladist"
        made = document.write_pdf(pdf_identifier=b"cladist")
    return bytes(made)


def _refuse(url: str, *_: Any, **__: Any) -> NoReturn:
    raise ValueError(f"a report loads nothing, and '{url[:80]}' was asked for")


@contextmanager
def _quiet() -> Iterator[None]:
    """No remarks on style rules that only browsers know, and no clock in fonts."""
    import logging

    log, before = logging.getLogger("weasyprint"), os.environ.get("SOURCE_DATE_EPOCH")
    level = log.level
    log.setLevel(logging.ERROR)
    os.environ.setdefault("SOURCE_DATE_EPOCH", "0")
    try:
        yield
    finally:
        log.setLevel(level)
        if before is None:
            os.environ.pop("SOURCE_DATE_EPOCH", None)


def _weasyprint() -> Any:
    try:
        import weasyprint
    except ModuleNotFoundError as problem:
        raise MissingExtraError("a report as PDF", "pdf") from problem
    except OSError as problem:
        raise CladistError(
            "a report as PDF needs the library Pango, which is not on this machine: install it "
            "(apt install libpango-1.0-0 libpangoft2-1.0-0, brew install pango, and so on), or "
            "write .html and print that from any browser"
        ) from problem
    return weasyprint
