"""Likely parents of an atlas, kept between runs as its maps and its tree are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict

from cladist.phylogeny.ancestry import Descent
from cladist.registry.kept import Kept

__all__ = ["kept_parents"]


def kept_parents(
    kept: Kept, on: Sequence[object], make: Callable[[], Sequence[Descent]]
) -> tuple[Descent, ...]:
    """Likely parents that depend on `on` alone.

    Examples
    --------
    >>> kept_parents(Kept(), ["x"], lambda: [Descent("a", None, 0.0, 1.0, "", 0.0)])[0].model
    'a'
    """
    _, data = kept.result(["parents", *on], lambda: ({}, {"all": [asdict(d) for d in make()]}))
    return tuple(Descent(**d) for d in data["all"])
