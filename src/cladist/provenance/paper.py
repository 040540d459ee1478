"""The style sheet of a report: the screen's, and what stands around each page on paper."""

from __future__ import annotations

from functools import lru_cache
from importlib.resources import files
from typing import Literal

from cladist.errors import InputError
from cladist.provenance.report import Report

__all__ = ["PAPERS", "Paper", "style_of", "when"]

Paper = Literal["", "a4", "letter"]
PAPERS = {"": "", "a4": "A4", "letter": "letter"}
"""Sizes of paper by their names in options."""


def style_of(report: Report, paper: Paper) -> str:
    """The whole style sheet. Raises `InputError` for another paper."""
    if paper not in PAPERS:
        raise InputError(f"paper '{paper[:20]}' is unknown; use a4 or letter")
    return _style() + _running(report, paper)


def when(created: str) -> str:
    """The time of a report for people.

    >>> when("2026-11-30T04:17:50Z")
    '2026-11-30 04:17:50 UTC'
    """
    if not created:
        return "date not told"
    return created.replace("T", " ", 1).replace("Z", " UTC")


@lru_cache(maxsize=1)
def _style() -> str:
    return (files("cladist") / "data" / "report.css").read_text("utf-8")


def _running(report: Report, paper: Paper) -> str:
    """Rules for paper: its size, the model's name above, date, tool and page number below."""
    c = report.conditions
    made = f"cladist {c.versions.get('cladist', '')}, {when(c.making.created)}"
    margins = (
        ("top-left", f"'{_css('Provenance of ' + report.model[:70])}'"),
        ("top-right", f"'{_css('alpha ' + format(report.alpha, 'g'))}'"),
        ("bottom-left", f"'{_css(made)}'"),
        ("bottom-right", "'Page ' counter(page) ' of ' counter(pages)"),
    )
    rules = "".join(f"@{place} {{ content: {said}; }} " for place, said in margins)
    size = f"size: {PAPERS[paper]}; " if paper else ""
    return f"@page {{ {size}margin: 20mm 16mm 18mm; font: 8pt sans-serif; {rules}}}\n"


def _css(text: str) -> str:
    """Text within a string of a style sheet: whatever could end it is written by number."""
    shown = "".join(c if c.isprintable() else " " for c in text)
    return "".join(c if c.isalnum() or c in " -_.," else f"\\{ord(c):06x}" for c in shown)
