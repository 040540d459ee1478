"""How fast do models drift from where they began, and do families differ?"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from cladist.core.assay import Assay, Metric
from cladist.core.progress import NOBODY, Listener
from cladist.core.results import Result, plain
from cladist.core.tree import Tree
from cladist.errors import UsageError
from cladist.phylogeny.dating import Clock, Speeds, family_speeds, root_to_tip
from cladist.registry import Registry
from cladist.workflows.named import ColumnLike, dates_here, groups_here
from cladist.workflows.trees import Root, family_tree, root_tree

__all__ = ["Clocked", "clock", "clock_data", "clock_line"]


@dataclass(frozen=True, repr=False)
class Clocked(Result):
    """The regression over all dated models, and over groups.

    root    how the tree was rooted
    speeds  of groups; None where none were given
    """

    root: str
    whole: Clock
    speeds: Speeds | None

    def rows(self) -> list[dict[str, Any]]:
        """A row for all models, then a row a group."""
        clocks = {} if self.speeds is None else self.speeds.clocks
        made = [{"group": "all", **clock_data(self.whole)}]
        return [*made, *({"group": g, **clock_data(c)} for g, c in clocks.items())]

    def to_dict(self) -> dict[str, Any]:
        """The answer as plain data."""
        speeds = self.speeds or Speeds({}, float("nan"), float("nan"))
        return {
            "root": self.root,
            "clock": clock_data(self.whole),
            "groups": {g: clock_data(c) for g, c in speeds.clocks.items()},
            "equal_speeds": None if speeds.p != speeds.p else {"f": speeds.f, "p": speeds.p},
        }

    def headline(self) -> str:
        """The regression over all models."""
        return clock_line(self.whole)


def clock(
    source: Tree | Registry,
    *,
    dates: ColumnLike = None,
    groups: ColumnLike = None,
    root: Root = "dates",
    assay: str | Assay = "",
    metric: Metric | None = None,
    listener: Listener = NOBODY,
) -> Clocked:
    """Root-to-tip regression: how far models lie from the root against their release dates.

    Parameters
    ----------
    source : Tree or Registry
        A tree, which keeps its root if it has one, or whose models to make one of.
    dates : path, mapping or None
        Release dates; None takes those that are known.
    groups : path, mapping or None
        Whose speeds are told apart.
    root : {'dates', 'midpoint', 'mad'}
        Where the root is put.
    assay : str or Assay
        What to compare by, where the registry has several.
    metric : str or None
        Instead of the assay's own.
    listener : Listener
        Told of remarks.

    Raises
    ------
    UsageError
        Where no date is known, or for root 'none'.
    InputError
        For a table that cannot be read.

    Examples
    --------
    >>> import cladist
    >>> made = cladist.Tree.from_linkage([[0, 1, 2.0, 2], [2, 3, 6.0, 3]], ["a", "b", "c"])
    >>> cladist.clock(made, dates={"a": "2020", "b": "2021", "c": "2022"}).whole.models
    3
    """
    if root == "none":
        raise UsageError("a clock needs a root; use --root dates, midpoint or mad")
    made = source
    if isinstance(made, Registry):
        made = family_tree(made, assay, metric=metric, root="none")
    leaves = made.leaves()
    known = groups_here(groups, leaves, listener.hear)
    when = dates_here(dates, leaves, listener.hear)
    if dates is None and not when:
        raise UsageError("no release date of these models is known: give --dates FILE")
    said = "as the tree has it"
    if not made.rooted:
        rooting = root_tree(made, root, (), when)
        made, said = rooting.tree, rooting.note
    speeds = family_speeds(made, when, known) if known else None
    return Clocked(said, root_to_tip(made, when), speeds)


def clock_line(clock: Clock) -> str:
    """A root-to-tip regression in a line."""
    origin = f", root at {clock.origin:.1f}" if clock.rate > 0 else ""
    return (
        f"clock of {clock.models} dated models: {clock.rate:.3g} a year "
        f"(95% {clock.low:.3g} to {clock.high:.3g}), R² {clock.r2:.2f}, p {clock.p:.2g}{origin}; "
        "relatives are not independent, so the interval is too narrow"
    )


def clock_data(clock: Clock) -> dict[str, Any]:
    """A regression for JSON, which knows no NaN."""
    made: dict[str, Any] = plain(asdict(clock))
    return made
