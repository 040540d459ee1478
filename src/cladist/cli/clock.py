"""cladist tree clock: how fast models drift from where they began, by family."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer

from cladist.cli.common import (
    DEFAULT_REGISTRY,
    WEIGHING,
    AssayOption,
    JsonOption,
    MetricOption,
    RegistryOption,
    TreeNumberOption,
    listening,
    metric_of,
    note,
    one_line,
    out,
    print_json,
    table,
)

if TYPE_CHECKING:
    from cladist.core.tree import Tree
    from cladist.phylogeny.dating import Speeds
    from cladist.workflows.trees import Root


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
    from cladist.registry import Registry
    from cladist.workflows.clock import clock as run
    from cladist.workflows.clock import clock_line
    from cladist.workflows.tree_files import read_tree

    with ExitStack() as stack:
        listener = stack.enter_context(listening(json, WEIGHING if tree is None else ""))
        source: Tree | Registry
        if tree is not None:
            source = read_tree(tree, tree_number, hear=note)
        else:
            source = stack.enter_context(Registry.open(registry, create=False))
        made = run(
            source,
            dates=dates,
            groups=groups,
            root=cast("Root", root),
            assay=assay,
            metric=metric_of(metric),
            listener=listener,
        )
    if json:
        print_json(made.to_dict())
        return
    note(f"root: {made.root}")
    out().print(clock_line(made.whole))
    if made.speeds is not None:
        _show(made.speeds)


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
