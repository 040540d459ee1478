"""cladist tree network: what a tree of a registry's models cannot tell."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

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
    listed with those others. A merge shows like this, but so does a shared manner of answering:
    it is a reason to look, no verdict. --plot draws and --out writes a split network, for 4 to 70
    models: a box in it says that two groupings are both supported.

    Examples:

    `cladist tree network`

    `cladist tree network base-a base-b merged child-a child-b --out splits.nex --plot splits.svg`
    """
    from cladist.compare import resolve_assay, tree_distances
    from cladist.errors import UsageError
    from cladist.formats.files import write_text
    from cladist.formats.trees.nexus import WeightedSplit, write_nexus
    from cladist.phylogeny.joining import neighbor_joining
    from cladist.phylogeny.network import split_network
    from cladist.phylogeny.treelikeness import conflicts, suspects, treelikeness
    from cladist.registry import Registry
    from cladist.workflows.named import groups_here

    if file is not None and file.suffix.lower() not in (".nex", ".nexus"):
        raise UsageError(f"'{file.name}': a network is written as NEXUS; use .nex")
    if groups is not None and plot is None:
        raise UsageError("--labels colours a picture: add --plot FILE")
    with Registry.open(registry, create=False) as store, progress_bars(json, WEIGHING):
        chosen = resolve_assay(store, assay)
        known = groups_here(groups, store.models(), note)
        matrix = tree_distances(store, chosen, models or None, metric or None)
    likeness = treelikeness(matrix)
    tree = neighbor_joining(matrix)
    found = conflicts(tree, matrix, excess)
    flagged = suspects(found, likeness)
    fit = None
    if file is not None or plot is not None:
        splits = split_network(matrix)
        fit = splits.fit
        note(f"{len(splits.splits)} splits explain {fit:.1%} of the squared distances")
    if plot is not None:
        from cladist.phylogeny.draw_network import draw_network

        draw_network(splits, plot, known or None)
        note(f"drew the network to {plot}")
    if file is not None:
        text = write_nexus(
            [tree],
            matrix,
            [WeightedSplit(members, weight) for members, weight in splits.splits],
            splits.cycle,
            matrix.ids,
        )
        write_text(file, text)
        note(f"wrote the splits to {file}")
    ranked = sorted(likeness.by_model.items(), key=lambda d: (-d[1], d[0]))
    if json:
        print_json(
            {
                "assay": chosen.short,
                "metric": matrix.metric,
                "delta": likeness.delta,
                "quartets": likeness.quartets,
                "models": [{"model": n, "delta": d} for n, d in ranked],
                "conflicts": [asdict(c) for c in found],
                "suspects": [asdict(s) for s in flagged],
                "explained": fit,
            }
        )
        return
    named = {s.name: s for s in flagged}
    rows = table(
        "model",
        "delta",
        "nearer than the tree says to",
        right=("delta",),
        title=f"mean delta {likeness.delta:.2f} of {likeness.quartets} quartets",
    )
    for name, delta in ranked:
        partners = named[name].partners if name in named else ()
        shown = ", ".join(one_line(p, 40) for p in partners[:5])
        if len(partners) > 5:
            shown += f" and {len(partners) - 5} more"
        rows.add_row(one_line(name, 60), f"{delta:.2f}", shown)
    out().print(rows)
