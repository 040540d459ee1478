"""Licences along a line of descent: where the terms of a parent and a child do not fit.

The table in data/licences.toml says what of a licence binds a derivative. An edge is flagged for
people to look at; nothing here is legal advice, and a licence that is not in the table flags
nothing.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Literal

__all__ = ["Licence", "LicenceConflict", "conflicts", "licence_of"]

Rule = Literal["non-commercial", "derivatives", "share-alike", "terms", "name"]


@dataclass(frozen=True, slots=True)
class Licence:
    """What of a licence binds a derivative; see data/licences.toml for the columns."""

    key: str
    commercial: str
    flows: bool
    same: bool
    derivatives: bool
    name: str
    source: str


@dataclass(frozen=True, slots=True)
class LicenceConflict:
    """Terms of a parent that the child's do not fit."""

    rule: Rule
    message: str
    source: str


@lru_cache(maxsize=1)
def _table() -> dict[str, Licence]:
    data = tomllib.loads((files("cladist") / "data" / "licences.toml").read_text("utf-8"))
    out: dict[str, Licence] = {}
    for key, row in data.items():
        made = Licence(
            key,
            row["commercial"],
            row.get("flows", False),
            row.get("same", False),
            row.get("derivatives", True),
            row.get("name", ""),
            row["source"],
        )
        out.update(dict.fromkeys(row["ids"], made))
    return out


def licence_of(name: str) -> Licence | None:
    """The licence of an id as model cards write it; None when it is not in the table."""
    return _table().get(name.strip().casefold())


def conflicts(parent: str, child: str, child_name: str = "") -> list[LicenceConflict]:
    """What does not fit between the licences of a parent and of what descends from it.

    Licences are given by id; one that is unknown, or blank, gives no conflict. `child_name` is
    for licences that prescribe how names begin.
    """
    above, below = licence_of(parent), licence_of(child)
    if above is None or below is None:
        return []
    out = []

    def add(rule: Rule, message: str) -> None:
        out.append(LicenceConflict(rule, message, above.source))

    if not above.derivatives:
        add("derivatives", f"'{parent}' does not let derivatives be shared")
    if above.commercial == "no" and below.commercial != "no":
        add("non-commercial", f"'{parent}' forbids commercial use, '{child}' allows it")
    if above.same and below.key != above.key:
        add("share-alike", f"'{parent}' wants derivatives under itself, not under '{child}'")
    if above.flows and below.key != above.key and not above.same:
        add("terms", f"'{parent}' has terms that derivatives carry on, '{child}' does not say them")
    short = child_name.rpartition("/")[2]
    if above.name and child_name and not _begins(short, above.name):
        add("name", f"'{parent}' wants the names of derivatives to begin with '{above.name}'")
    return out


def _begins(name: str, word: str) -> bool:
    plain = "".join(c for c in name.casefold() if c.isalnum())
    return plain.startswith("".join(c for c in word.casefold() if c.isalnum()))
