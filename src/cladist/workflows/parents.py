"""Who descends from whom among the models of a registry?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Any

from cladist.compare import resolved
from cladist.core.assay import Assay
from cladist.core.progress import NOBODY, Listener
from cladist.core.results import Results
from cladist.core.text import printable
from cladist.descent import Parent, ParentRule, parents_of
from cladist.fitting import fitted_panel, gathered
from cladist.formats.cells import csv_text
from cladist.registry import Registry
from cladist.workflows.named import ColumnLike, columns_here
from cladist.workflows.relatives import MOST_TESTED

__all__ = ["Parents", "as_csv", "as_dot", "parents"]

USUAL = ParentRule()

RESAMPLED = 100
"""Models up to which probes are resampled unless told otherwise."""


class Parents(Results[Parent]):
    """The most likely parent of every model."""

    def __init__(self, items: Sequence[Parent], rule: ParentRule, assay: str) -> None:
        super().__init__(items, what="models")
        self.rule = rule
        self.assay = assay

    def to_dict(self) -> dict[str, Any]:
        """The answer as plain data."""
        return {
            "assay": self.assay,
            "least": self.rule.least,
            "replicates": self.rule.replicates,
            "confidence": self.rule.confidence,
            "not_told": sum(not p.told for p in self),
            "models": [asdict(p) for p in self],
        }

    def to_csv(self) -> str:
        """A line a model, with a header."""
        return as_csv(self)

    def to_dot(self) -> str:
        """A graph for Graphviz."""
        return as_dot(self)


def parents(
    registry: Registry,
    models: Sequence[str] | None = None,
    *,
    assay: str | Assay = "",
    dates: ColumnLike = None,
    rule: ParentRule = USUAL,
    listener: Listener = NOBODY,
) -> Parents:
    """The most likely parent of every model among the others.

    Parameters
    ----------
    registry : Registry
        Whose models are meant.
    models : sequence of str or None
        Only these.
    assay : str or Assay
        What to compare by, where the registry has several.
    dates : path, mapping or None
        Release dates; no parent is later than its child.
    rule : ParentRule
        When a parent is named.
    listener : Listener
        Told of progress and remarks.

    Raises
    ------
    InputError
        For fewer than two models, or a date that cannot be read.

    Examples
    --------
    >>> import cladist
    >>> with cladist.toy_registry() as lab:
    ...     found = cladist.parents(lab, ["m00-base", "m00-chat", "m01-base"])
    >>> found
    <Parents: 3 models>
    >>> {found[1].parent, found[0].parent} & {"m00-base", "m00-chat"} != set()
    True
    """
    chosen = resolved(registry, assay)
    when = None
    if dates is not None:
        when = columns_here(dates, "date", registry.models(), listener.hear)
    count = len(models) if models else registry.count_dnas(chosen)
    used = rule
    if rule.replicates is None:
        used = replace(rule, replicates=20 if count <= RESAMPLED else 0)
    if 2 <= count <= MOST_TESTED and (why := _uncalibrated(registry, chosen)):
        listener.hear(
            f"remark: {why}; among so few models who is named is the likeliest of those here, "
            "and no finding of kinship"
        )
    found = parents_of(
        registry, chosen, models or None, dates=when, rule=used, progress=listener.progress
    )
    return Parents(found, used, chosen.short)


def _uncalibrated(registry: Registry, assay: Assay) -> str:
    """Why nobody can be called related in this registry, '' where it can be tested."""
    if assay.method.metric != "kinship":
        return ""
    return gathered(registry, assay, fitted_panel(registry, assay), None).missing


def as_csv(found: Sequence[Parent]) -> str:
    """A line a model, with a header."""
    return csv_text([list(asdict(found[0])), *(list(asdict(p).values()) for p in found)])


def as_dot(found: Sequence[Parent]) -> str:
    """A graph for Graphviz; edges bear the confidence and are drawn thinner for less of it."""
    lines = ["digraph ancestry {", "  rankdir=LR;", '  node [shape=box, fontname="sans-serif"];']
    lines += [f"  {_quoted(p.model)};" for p in found]
    lines += [
        f'  {_quoted(p.parent)} -> {_quoted(p.model)} [label="{p.confidence:.0%}", '
        f"penwidth={0.3 + 2 * p.confidence:.2f}];"
        for p in found
        if p.parent is not None
    ]
    return "\n".join([*lines, "}"]) + "\n"


def _quoted(name: str) -> str:
    """A quoted word of DOT; control characters are escaped, so it stays on one line."""
    return '"' + printable(name).replace("\\", "\\\\").replace('"', '\\"') + '"'
