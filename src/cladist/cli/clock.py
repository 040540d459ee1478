"""cladist tree clock: how fast models drift from where they began, by family."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cladist.cli.common import (
    DEFAULT_REGISTRY,
    WEIGHING,
    AssayOption,
    JsonOption,
    MetricOption,
    RegistryOption,
    note,
    one_line,
    out,
    print_json,
    progress_bars,
    table,
)
from cladist.cli.names import known_dates, named_here
from cladist.cli.tree import clock_data, clock_line
from cladist.cli.tree_files import TreeNumberOption, read_tree

if TYPE_CHECKING:
    from cladist.phylogeny.dating import Speeds


def clock(
    dates: Annotated[
        Path | None,
        typer.Option(
            help="CSV with columns model and date (2024, 2024-03 or 2024-03-15); without, the "
            "release dates that are known."
        ),
    ] = None,
    groups: Annotated[
        Path | None,
        typer.Option("--labels", help="CSV with columns model and group, or family: speeds by it."),
    ] = None,
    tree: Annotated[
        Path | None,
        typer.Option("--tree", "-t", help="Take this tree instead of the registry's models."),
    ] = None,
    tree_number: TreeNumberOption = None,
    registry: RegistryOption = DEFAULT_REGISTRY,
    assay: AssayOption = "",
    metric: MetricOption = "",
    root: Annotated[
        str,
        typer.Option(help="dates, midpoint or mad. A rooted tree of --tree keeps its root."),
    ] = "dates",
    json: JsonOption = False,
) -> None:
    """How fast does behaviour change with release dates?

    Root-to-tip regression: how far models lie from the root against their dates.

    With --labels also the speed of every group of three or more dated models, and a test of
    whether one speed would do for all. Relatives share most of their path from the root, so
    intervals and p-values are too narrow; and a root chosen by dates flatters the clock.

    Examples:

    `cladist tree clock --dates released.csv`

    `cladist tree clock --dates released.csv --labels families.csv --root mad --json`

    `cladist tree clock --dates released.csv --tree family.nwk`
    """
    from cladist import api
    from cladist.compare import resolve_assay
    from cladist.errors import UsageError
    from cladist.formats.columns import read_column, read_groups
    from cladist.phylogeny.dating import Speeds, dates_of, family_speeds, root_to_tip
    from cladist.registry import Registry

    if root == "none":
        raise UsageError("a clock needs a root; use --root dates, midpoint or mad")
    told = read_column(dates, "date") if dates is not None else {}
    when = dates_of(told, str(dates)) if told else {}
    known = read_groups(groups) if groups is not None else {}
    if tree is not None:
        made = read_tree(tree, tree_number)
    else:
        with Registry.open(registry, create=False) as store, progress_bars(json, WEIGHING):
            chosen = resolve_assay(store, assay)
            made = api.family_tree(store, chosen, metric=metric or None, root="none")
    leaves = made.leaves()
    known = named_here(known, leaves, groups)
    when = named_here(when, leaves, dates)
    if dates is None:
        found = known_dates(leaves)
        if not found:
            raise UsageError("no release date of these models is known: give --dates FILE")
        when = dates_of(found, "known facts")
    said = "as the tree has it"
    if not made.rooted:
        rooting = api.root_tree(made, root, (), when)
        made, said = rooting.tree, rooting.note
    whole = root_to_tip(made, when)
    speeds = family_speeds(made, when, known) if known else Speeds({}, float("nan"), float("nan"))
    if json:
        print_json(
            {
                "root": said,
                "clock": clock_data(whole),
                "groups": {g: clock_data(c) for g, c in speeds.clocks.items()},
                "equal_speeds": None if speeds.p != speeds.p else {"f": speeds.f, "p": speeds.p},
            }
        )
        return
    note(f"root: {said}")
    out().print(clock_line(whole))
    if known:
        _show(speeds)


def _show(speeds: Speeds) -> None:
    numbers = ("models", "a year", "95% from", "to", "R²", "p")
    rows = table("group", *numbers, right=numbers)
    for group, c in sorted(speeds.clocks.items(), key=lambda g: (-g[1].models, g[0])):
        cells = (f"{v:.3g}" for v in (c.rate, c.low, c.high))
        rows.add_row(one_line(group, 40), str(c.models), *cells, f"{c.r2:.2f}", f"{c.p:.2g}")
    out().print(rows)
    if speeds.p == speeds.p:
        out().print(f"one speed for all: F {speeds.f:.3g}, p {speeds.p:.2g}")
    else:
        out().print(
            "one speed for all: cannot be tested, it needs two groups of three dated models"
        )
