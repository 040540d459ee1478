"""cladist tree place: a model on a tree that is there already."""

from __future__ import annotations

from collections.abc import Sequence
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
    TreeNumberOption,
    metric_of,
    note,
    one_line,
    out,
    print_json,
    progress_bars,
)


def place(
    model: Annotated[str, typer.Argument(help="A model of the registry.")],
    tree: Annotated[Path, typer.Option("--tree", "-t", help="The tree: Newick, NEXUS, ...")],
    tree_number: TreeNumberOption = None,
    registry: RegistryOption = DEFAULT_REGISTRY,
    assay: AssayOption = "",
    metric: MetricOption = "",
    replicates: Annotated[
        int,
        typer.Option(
            "--support", min=0, help="How often to draw the probes anew for the confidence."
        ),
    ] = 20,
    seed: Annotated[int, typer.Option(min=0, help="Of the resampling.")] = 0,
    file: Annotated[
        Path | None, typer.Option("--out", "-o", help="Write the tree with the model on it.")
    ] = None,
    json: JsonOption = False,
) -> None:
    """Where does one more model belong on a tree that exists?

    The rest of the tree stays as it is.

    The branch is that on which the model's distances to all leaves fit best; they must be of the
    kind that the tree was made of (the same assay and --metric). Confidence is the share of
    redrawn probe sets that choose the same branch. All leaves must be in the registry.

    Examples:

    `cladist tree place newcomer --tree family.nwk`

    `cladist tree place newcomer -t family.nwk --support 100 --out larger.nwk`
    """
    from cladist.formats.files import require_place, write_text
    from cladist.registry import Registry
    from cladist.workflows.place import place as run
    from cladist.workflows.tree_files import Annotations, read_tree, writer_of

    writer = writer_of(file) if file is not None else None
    given = read_tree(tree, tree_number, hear=note)
    require_place(file)
    with Registry.open(registry, create=False) as store, progress_bars(json, WEIGHING):
        made = run(
            store,
            model,
            given,
            assay=assay,
            metric=metric_of(metric),
            replicates=replicates,
            seed=seed,
        )
    found = made.found
    if file is not None and writer is not None:
        write_text(file, writer(made.tree, Annotations({})))
        note(f"wrote the tree of {len(given) + 1} models to {file}")
    if json:
        print_json(made.to_dict())
        return
    console = out()
    console.print(f"{one_line(model)} joins {_clade(found.below)}")
    if found.confidence is None:
        console.print("  confidence  not assessed (--support 0)")
    else:
        console.print(f"  confidence  {found.confidence:.0%} of {replicates} redrawn probe sets")
    console.print(
        f"  own branch  {found.pendant:.4g}; misfit of its distances {found.residual:.1%}"
    )
    for below, share in found.rivals:
        shown = f"{share:.0%}" if replicates else "next best"
        console.print(f"  or          {_clade(below)} ({shown})")


def _clade(names: Sequence[str]) -> str:
    if len(names) == 1:
        return one_line(names[0], 60)
    shown = ", ".join(one_line(n, 40) for n in names[:4])
    return f"the clade of {shown}" + (f" and {len(names) - 4} more" if len(names) > 4 else "")
