"""Dates as people write them, as years with fractions."""

from __future__ import annotations

import re
from calendar import isleap, monthrange
from collections.abc import Mapping
from datetime import date

from cladist.errors import InputError

__all__ = ["dates_of", "year_of", "year_range"]

_DATE = re.compile(r"(\d{4})(?:-(\d{1,2})(?:-(\d{1,2}))?)?")


def year_of(text: str) -> float:
    """'2024', '2024-03' or '2024-03-15' as a year with fraction; a part left out is its middle.

    Raises `InputError` for anything else.
    """
    low, high = year_range(text)
    return (low + high) / 2


def year_range(text: str) -> tuple[float, float]:
    """Begin and end of the year, month or day that a date names, as years with fractions.

    Raises `InputError` for anything but '2024', '2024-03' and '2024-03-15'.
    """
    match = _DATE.fullmatch(text.strip())
    if not match:
        raise InputError(f"date {text[:40]!r} is not like 2024, 2024-03 or 2024-03-15")
    year, month, day = (int(g) if g else None for g in match.groups())
    assert year is not None
    days = 366 if isleap(year) else 365
    if month is None:
        return float(year), year + 1.0
    try:
        first = date(year, month, day or 1)
    except ValueError as problem:
        raise InputError(f"date {text[:40]!r}: {problem}") from problem
    span = 1 if day else monthrange(year, month)[1]
    passed = first.timetuple().tm_yday - 1
    return year + passed / days, year + (passed + span) / days


def dates_of(table: Mapping[str, str], source: str = "dates") -> dict[str, float]:
    """`year_of` all of a table model -> date; errors name the table and the model."""
    out = {}
    for model, text in table.items():
        try:
            out[model] = year_of(text)
        except InputError as problem:
            raise InputError(f"{source}, model '{model[:60]}': {problem}") from problem
    return out
