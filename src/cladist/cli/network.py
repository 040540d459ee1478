"""cladist tree network: what a tree of a registry's models cannot tell."""

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
    listening,
    metric_of,
    note,
    one_line,
    out,
    print_json,
    table,
)

if TYPE_CHECKING:
    from cladist.workflows.network import StudiedNetwork


def network(
    models: Annotated[list[str] | None, typer.Argument(help="Only these models.")] = None,
    registry: RegistryOption = DEFAULT_REGISTRY,
    assay: AssayOption = "",
    metric: MetricOption = "",
    excess: Annotated[
        float,
        typer.Option(min=0, help="Robust standard deviations of misfit that make a conflict."),
    ] = 6.0,
    file: Annotated[
        Path | None,
        typer.Option(
            "--out",
            "-o",
            help="Write distances, splits and the tree as NEXUS (.nex) for SplitsTree.",
        ),
    ] = None,
    plot: Annotated[
        Path | None, typer.Option(help="Draw the split network (.svg, .png, .pdf).")
    ] = None,
    groups: Annotated[
        Path | None,
        typer.Option("--labels", help="CSV with columns model and group, or family, for colours."),
    ] = None,
    json: JsonOption = False,
) -> None:
    """Where is the evidence no tree?

    Says how treelike every model is, and which may be merges of two families.

    Delta is 0 where distances fit a tree, and 1 at worst. Models conflict with the tree when
    they are nearer to others than it says; the fewest models that explain all conflicts are
    listed with those others. A merge shows like this, but so does a shared style of answering:
    it is a reason to look, no verdict. --plot draws and --out writes a split network, for 4 to 70
    models: a box in it says that two groupings are both supported.

    Examples:

    `cladist tree network`

    `cladist tree network base-a base-b merged child-a child-b --out splits.nex --plot splits.svg`
    """
    import cladist
    from cladist.errors import UsageError
    from cladist.formats.files import require_place
    from cladist.workflows.named import groups_here
    from cladist.workflows.network import require_nexus

    if file is not None:
        require_nexus(file)
    if groups is not None and plot is None:
        raise UsageError("--labels colours a picture: add --plot FILE")
    require_place(file, plot)
    with cladist.open_registry(registry, create=False) as store, listening(json, WEIGHING) as who:
        known = groups_here(groups, store.models(), note)
        found = cladist.network(
            store,
            models or None,
            assay=assay,
            metric=metric_of(metric),
            excess=excess,
            listener=who,
        )
    if file is not None or plot is not None:
        count, fit = len(found.splits.splits), found.splits.fit
        note(f"{count} splits explain {fit:.1%} of the squared distances")
    if plot is not None:
        found.draw(plot, known or None)
        note(f"drew the network to {plot}")
    if file is not None:
        found.save(file)
        note(f"wrote the splits to {file}")
    if json:
        print_json(found.to_dict())
    else:
        _show(found)


def _show(found: StudiedNetwork) -> None:
    likeness, named = found.likeness, {s.name: s for s in found.suspects}
    rows = table(
        "model",
        "delta",
        "nearer than the tree says to",
        right=("delta",),
        title=f"mean delta {likeness.delta:.2f} of {likeness.quartets} quartets",
    )
    for name, delta in found.ranked():
        partners = named[name].partners if name in named else ()
        shown = ", ".join(one_line(p, 40) for p in partners[:5])
        if len(partners) > 5:
            shown += f" and {len(partners) - 5} more"
        rows.add_row(one_line(name, 60), f"{delta:.2f}", shown)
    out().print(rows)
